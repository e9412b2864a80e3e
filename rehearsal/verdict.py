"""What a demo came to: every network's ledger against the store, network by network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rehearsal.audit import Audit, Row, compare
from rehearsal.networks import Networks
from rehearsal.truth import Made
from steadypost.domain.delivery import State
from steadypost.store import Store

FIGURES = ("due", "published", "duplicates", "false_status", "answers_lost", "settled_by_a_look")
"""What is said of each channel."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the comparison with all ledgers found."""

    channels: Mapping[str, Audit]
    lost: Mapping[str, int]
    """How many answers each network lost on purpose."""
    refused: Sequence[str] = ()
    """What the import refused, a sentence for each row."""
    ledgers: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    """What each network holds, as plain data."""

    @property
    def whole(self) -> Audit:
        """Give all networks as one."""
        every = Audit(refused_at_entry=len(self.refused))
        for one in self.channels.values():
            every.add(one)
        return every

    def figures(self) -> dict[str, dict[str, int]]:
        """Give the figures of each channel."""
        return {
            channel: {
                "due": len(found.due()),
                "published": found.count(State.PUBLISHED),
                "duplicates": found.duplicates,
                "false_status": found.false_status,
                "answers_lost": self.lost[channel],
                "settled_by_a_look": found.settled(),
            }
            for channel, found in self.channels.items()
        }

    def not_out(self) -> list[str]:
        """Say of each that did not go out why, a line each."""
        rows = [_why(row) for row in self.whole.rows if row.state is not State.PUBLISHED]
        return [*rows, *(f"refused at intake: {sentence}" for sentence in self.refused)]

    def wrong(self) -> list[str]:
        """List every way in which a ledger and the store disagree, and every lost answer that no look has settled."""
        found = [f"{channel}: {one}" for channel, audit in self.channels.items() for one in audit.wrong]
        return found + [
            f"{channel}: {self.lost[channel]} answers were lost, and {audit.settled()} posts were settled by a look"
            for channel, audit in self.channels.items()
            if not self._is_settled(channel)
        ]

    def _is_settled(self, channel: str) -> bool:
        """Whether the weather struck this network, and looks found what it hid."""
        return 0 < self.lost[channel] <= self.channels[channel].settled()

    def is_right(self) -> bool:
        """Whether every network has everything that was due on it, once, and lost answers were settled by looks."""
        return all(audit.is_right() for audit in self.channels.values()) and not self.wrong()

    def report(self) -> dict[str, Any]:
        """Give the figures of all channels, and of each."""
        return {**self.whole.report(), "channels": self.figures()}


def _why(row: Row) -> str:
    return f"delivery {row.id} as {row.account}: {row.state}: {row.why or 'nothing is said of why'}"


def reach(store: Store, networks: Networks, refused: Sequence[str] = ()) -> Verdict:
    """Hold every network's ledger against the store."""
    ledgers = networks.ledgers()
    return Verdict(
        channels={str(ledger.channel): compare(store, ledger) for ledger in ledgers},
        lost=networks.hits(),
        refused=refused,
        ledgers={str(ledger.channel): [_told(one) for one in ledger.made()] for ledger in ledgers},
    )


def _told(post: Made) -> dict[str, Any]:
    return {
        "id": post.id,
        "author": post.author,
        "text": post.text,
        "reply_to": post.reply_to,
        "pictures": len(post.media),
        "live": post.live,
        "by_hand": post.by_hand,
    }
