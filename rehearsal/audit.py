"""Compares the store with the sandbox's ledger: the network is the judge."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.client import SandboxControl
from steadypost.domain.delivery import State
from steadypost.store import Store, Story

MOST = 100_000
"""How many deliveries an audit reads."""

NOTHING_DUE = frozenset({State.HELD, State.MISSED, State.CANCELLED, State.REFUSED})
"""A delivery that rests here was not to be published, by somebody's own rule or word."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One delivery beside what is live of it."""

    id: int
    account: str
    state: State
    text: str
    live: tuple[str, ...]
    late_s: float | None

    def late_by_words(self) -> str:
        """Say how long after its due second it was live."""
        return "-" if self.late_s is None else f"{self.late_s:.1f} s"


@dataclass(frozen=True, kw_only=True)
class Broken:
    """One broken invariant: its number (I1 to I8, see ``rehearsal.invariants``), and how it is broken, as a sentence."""

    number: int
    what: str

    def __str__(self) -> str:
        """Name the invariant first."""
        return f"I{self.number}: {self.what}"


@dataclass(kw_only=True)
class Audit:
    """What the comparison found."""

    rows: list[Row] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    """Every way in which the store and the ledger disagree."""
    duplicates: int = 0
    false_status: int = 0
    live: int = 0
    refused_at_entry: int = 0

    @property
    def wrong(self) -> list[str]:
        """Every way in which the store and the ledger disagree, as sentences."""
        return [one.what for one in self.broken]

    def note(self, number: int, what: str) -> None:
        """Note a broken invariant."""
        self.broken.append(Broken(number=number, what=what))

    def count(self, state: State) -> int:
        """How many deliveries are in a state."""
        return sum(row.state is state for row in self.rows)

    def lateness(self) -> list[float]:
        """How long after its due second each live delivery's first part was made, in seconds."""
        return [row.late_s for row in self.rows if row.late_s is not None]

    def is_right(self) -> bool:
        """Whether nothing is live twice, no status is false, and everything due is published."""
        due = [row for row in self.rows if row.state not in NOTHING_DUE]
        published = all(row.state is State.PUBLISHED for row in due)
        return bool(due) and published and self.duplicates == 0 and self.false_status == 0

    def report(self) -> dict[str, Any]:
        """Give the figures."""
        late = self.lateness()
        return {
            "deliveries": len(self.rows) + self.refused_at_entry,
            "published": self.count(State.PUBLISHED),
            "refused": self.count(State.REFUSED) + self.refused_at_entry,
            "missed": self.count(State.MISSED),
            "held": self.count(State.HELD),
            "unconfirmed": self.count(State.UNCONFIRMED),
            "live_in_ledger": self.live,
            "duplicates": self.duplicates,
            "false_status": self.false_status,
            "lateness_s": {"p50": percentile(late, 50), "p95": percentile(late, 95)},
        }


def percentile(values: Sequence[float], percent: int) -> float | None:
    """Give a percentile, linearly interpolated, rounded to milliseconds; ``None`` of nothing."""
    if not values:
        return None
    if len(values) == 1:
        return round(values[0], 3)
    return round(statistics.quantiles(values, n=100, method="inclusive")[percent - 1], 3)


def audit(store: Store, sandbox: SandboxControl, *, refused_at_entry: int = 0) -> Audit:
    """Hold every delivery against the ledger, and every live post that we asked for against the store."""
    found = Audit(refused_at_entry=refused_at_entry)
    live = {post["id"]: post for post in sandbox.live() if post["ask"]}
    found.live = len(live)
    copies = Counter((post["author"], post["text"], post["reply_to"]) for post in live.values())
    handles = {account.name: account.handle for account in store.accounts()}
    stories = [store.show(entry.delivery.id) for entry in store.queue(limit=MOST)]
    _duplicates(found, copies, stories, handles)
    claimed: dict[str, int] = {}
    for story in stories:
        _one(found, story, handles[story.delivery.account], live, claimed)
    for post_id in sorted(set(live) - set(claimed)):
        found.false_status += 1
        found.note(2, f"{post_id} is live by @{live[post_id]['author']}, and no delivery says so")
    return found


def _duplicates(
    found: Audit, copies: Mapping[Any, int], stories: Sequence[Story], handles: Mapping[str, str]
) -> None:
    """Count live copies beyond those that the store says were asked for by different deliveries."""
    wanted: dict[Any, int] = defaultdict(int)
    for story in stories:
        for part in story.post.parts:
            wanted[(handles[story.delivery.account], part.text)] += 1
    seen: Counter[Any] = Counter()
    for (author, text, _), count in copies.items():
        seen[(author, text)] += count
    for (author, text), count in seen.items():
        extra = count - max(1, wanted.get((author, text), 0))
        if extra > 0:
            found.duplicates += extra
            found.note(1, f"@{author} has {count} live copies of {text[:60]!r}")


def _one(found: Audit, story: Story, handle: str, live: Mapping[str, Any], claimed: dict[str, int]) -> None:
    delivery = story.delivery
    ids = tuple(part.remote_id for part in delivery.parts if part.remote_id)
    for part in delivery.parts:
        _part(found, story, handle, part.n, live)
    for remote_id in ids:
        claimed[remote_id] = delivery.id
    if delivery.state is State.PUBLISHED and len(ids) < len(delivery.parts):
        found.false_status += 1
        found.note(2, f"delivery {delivery.id} says published and lacks ids")
    first = live.get(ids[0]) if ids else None
    found.rows.append(
        Row(
            id=delivery.id,
            account=delivery.account,
            state=delivery.state,
            text=story.post.parts[0].text,
            live=ids,
            late_s=None if first is None else (_made(first) - delivery.due_at).total_seconds(),
        )
    )


def _part(found: Audit, story: Story, handle: str, n: int, live: Mapping[str, Any]) -> None:
    remote_id = story.delivery.parts[n].remote_id
    if remote_id is None:
        return
    post = live.get(remote_id)
    parts = story.post.parts
    number = 8
    if post is None and story.delivery.state is State.REMOVED:
        return
    if post is None:
        number, problem = 2, "is not live"
    elif post["author"] != handle:
        problem = f"is by @{post['author']}"
    elif post["text"].split() != parts[n].text.split():
        problem = "says something else"
    elif n > 0 and post["reply_to"] != story.delivery.parts[n - 1].remote_id:
        problem = "does not answer the part before it"
    elif n == 0 and post["reply_to"] != story.post.reply_to:
        problem = "answers something else"
    else:
        return
    found.false_status += 1
    found.note(number, f"delivery {story.delivery.id}, part {n + 1}: {remote_id} {problem}")


def _made(post: Mapping[str, Any]) -> datetime:
    return datetime.fromtimestamp(post["created_at"] / 1000, UTC)
