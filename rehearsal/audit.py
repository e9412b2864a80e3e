"""Compares the store with the sandbox's ledger, which judges (``rehearsal.truth``). Posts by hand count as neither."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from rehearsal import truth
from rehearsal.truth import Identity, Ledger, Made
from sandbox.client import SandboxControl
from steadypost.domain.delivery import State
from steadypost.domain.evidence import Present
from steadypost.domain.outcome import Unconfirmed
from steadypost.store import AccountRecord, Attempt, Store, Story, reading
from steadypost.store import accounts as account_rows

MOST = 100_000
"""How many deliveries an audit reads."""

NOTHING_DUE = frozenset({State.HELD, State.MISSED, State.CANCELLED, State.REFUSED})
"""A delivery that rests here was not to be published, by a person's own rule or word."""


SEEN_LATE = timedelta(minutes=5)
"""So long a list may show what was taken down, and who looks at it is told the truth of a moment ago."""


TAKEN_DOWN_AFTER = timedelta(seconds=2)
"""What is gone sooner than this was never really there; later, a person has taken it down."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One delivery beside what is live of it."""

    id: int
    account: str
    state: State
    text: str
    live: tuple[str, ...]
    late_s: float | None
    why: str = ""
    """Why it is not published, as the store says it."""
    was_unconfirmed: bool = False
    """Whether an ask for it ended without an answer."""
    was_found: bool = False
    """Whether a look has found it live."""

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
    twins: int = 0
    """Deliveries that took a post for theirs which a person had made by hand, alike in everything that can be told."""

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

    def due(self) -> list[Row]:
        """List what was to be published."""
        return [row for row in self.rows if row.state not in NOTHING_DUE]

    def settled(self) -> int:
        """Count what was published without an answer, and found by a look."""
        return sum(
            row.was_unconfirmed and row.was_found and row.state is State.PUBLISHED for row in self.rows
        )

    def add(self, other: Audit) -> None:
        """Take in what was found on another network."""
        self.rows = sorted([*self.rows, *other.rows], key=lambda row: row.id)
        self.broken += other.broken
        self.duplicates += other.duplicates
        self.false_status += other.false_status
        self.live += other.live
        self.refused_at_entry += other.refused_at_entry
        self.twins += other.twins

    def is_right(self) -> bool:
        """Whether nothing is live twice, no status is false, and everything due is published."""
        due = self.due()
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


def audit(
    store: Store,
    sandbox: SandboxControl,
    *,
    refused_at_entry: int = 0,
    channel: str | None = None,
) -> Audit:
    """Hold every delivery, or those of one channel, against the ledger of X's page."""
    ledger = Ledger(channel=channel, made=lambda: truth.made(sandbox.ledger(), sandbox.asks()))
    found = compare(store, ledger)
    found.refused_at_entry = refused_at_entry
    return found


def compare(store: Store, ledger: Ledger) -> Audit:
    """Hold every delivery to a network against its ledger, and every live post that we asked for against the store."""
    found = Audit()
    posts = ledger.made()
    live = {one.id: one for one in posts if one.live and not one.by_hand}
    found.live = len(live)
    accounts = {
        one.name: one for one in store.read(account_rows.every) if ledger.channel in {None, one.channel}
    }
    entries = [one for one in store.read(reading.queue, limit=MOST) if one.delivery.account in accounts]
    stories = [store.read(reading.show, entry.delivery.id) for entry in entries]
    _copies(found, posts, stories, accounts, ledger)
    seen = _Seen(posts={one.id: one for one in posts}, ledger=ledger)
    for story in stories:
        _one(found, story, accounts[story.delivery.account].handle, seen)
    for post_id in sorted(set(live) - seen.claimed):
        found.false_status += 1
        found.note(2, f"{post_id} is live by @{live[post_id].author}, and no delivery says so")
    return found


def _copies(
    found: Audit,
    posts: Sequence[Made],
    stories: Sequence[Story],
    accounts: Mapping[str, AccountRecord],
    ledger: Ledger,
) -> None:
    """Count what is live more often than there are deliveries that were to bring it to life."""
    wanted = truth.wanted(
        stories,
        {name: account.handle for name, account in accounts.items()},
        truth.identities(posts),
        picture=ledger.picture,
    )
    for one in truth.copies(posts, wanted):
        found.duplicates += one.extra
        found.note(1, f"@{one.identity.author} has {one.live} live copies of {_told(one.identity)}")


def _told(identity: Identity) -> str:
    return repr(identity.text[:60]) if identity.text else f"a post with {len(identity.media)} pictures alone"


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """The ledger, by id."""

    posts: Mapping[str, Made]
    ledger: Ledger
    claimed: set[str] = field(default_factory=set)
    """The ids that deliveries say are theirs."""


def _one(found: Audit, story: Story, handle: str, seen: _Seen) -> None:
    delivery = story.delivery
    ids = tuple(part.remote_id for part in delivery.parts if part.remote_id)
    wants = list(truth.asked_for(story.post, handle, picture=seen.ledger.picture))
    for part in delivery.parts:
        _part(found, story, part.n, wants[part.n], seen)
    seen.claimed.update(ids)
    if delivery.state is State.PUBLISHED and len(ids) < len(delivery.parts):
        found.false_status += 1
        found.note(2, f"delivery {delivery.id} says published and lacks ids")
    first = seen.posts.get(ids[0]) if ids else None
    found.rows.append(
        Row(
            id=delivery.id,
            account=delivery.account,
            state=delivery.state,
            text=wants[0].text,
            live=ids,
            late_s=None if first is None or not first.live else (first.at - delivery.due_at).total_seconds(),
            why=delivery.why,
            was_unconfirmed=any(_is_unconfirmed(attempt) for attempt in story.attempts),
            was_found=any(isinstance(look.evidence, Present) for look in story.looks),
        )
    )


def _is_unconfirmed(attempt: Attempt) -> bool:
    """Whether an ask ended with a part unknown."""
    return attempt.answer is not None and any(
        isinstance(outcome, Unconfirmed) for outcome in attempt.answer.outcomes
    )


def _part(found: Audit, story: Story, n: int, want: Identity, seen: _Seen) -> None:
    delivery = story.delivery
    remote_id = delivery.parts[n].remote_id
    if remote_id is None:
        return
    parent = story.post.reply_to if n == 0 else delivery.parts[n - 1].remote_id
    post = seen.posts.get(remote_id)
    broken = _gone(story, post) or (post and _differs(post, want, parent))
    if broken:
        found.false_status += 1
        number, problem = broken
        found.note(number, f"delivery {delivery.id}, part {n + 1}: {remote_id} {problem}")
    elif post is not None and post.by_hand:
        found.twins += 1


def _gone(story: Story, post: Made | None) -> tuple[int, str] | None:
    """Say what is wrong with an id of which nothing is live. Who takes down what was live makes no lie of it."""
    if (post is not None and post.live) or story.delivery.state is State.REMOVED:
        return None
    if post is None or post.deleted_at is None or post.deleted_at < post.at + TAKEN_DOWN_AFTER:
        return 2, "is not live"
    if story.verified_at is not None and story.verified_at > post.deleted_at + SEEN_LATE:
        return 2, "was seen when somebody had taken it down already"
    return None


def _differs(post: Made, want: Identity, parent: str | None) -> tuple[int, str] | None:
    """Say in what a post is not the one that was asked for."""
    if post.author.casefold() != want.author:
        return 8, f"is by @{post.author}"
    if post.text != want.text:
        return 8, "says something else"
    if post.media != want.media:
        return 8, "has other pictures"
    if post.reply_to != parent:
        return 8, "does not answer what it should"
    return None
