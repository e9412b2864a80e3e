"""Why nothing is going out: one sentence from what was observed, the broadest reason first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from steadypost.domain.clock import ago
from steadypost.domain.holding import Hold, holds, switched_off
from steadypost.domain.observed import AccountSeen, Cannot, CircuitSeen, StoreSeen, SwitchSeen

HEARTBEAT_WITHIN = timedelta(seconds=30)
"""A run on watch sends a heartbeat every second; after so long it is gone or hangs."""

TAKEN_UP_WITHIN = timedelta(seconds=45)
"""What may go is taken up within a second; after this it is held up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that may keep a post from going out, as known at one moment."""

    at: datetime
    store: StoreSeen | Cannot
    publish_off: SwitchSeen | None = None
    """The switch *Publish*, when it is off."""
    off_for: Mapping[str, SwitchSeen] = field(default_factory=dict)
    """The same for accounts that are not among those it is on for, by name."""
    closed: Mapping[str, str] = field(default_factory=dict)
    """Accounts that cannot be signed in to, and why."""
    circuits: Sequence[CircuitSeen] = ()
    """Those that are open, with the accounts that wait for them."""
    judged: Mapping[str, Hold] = field(default_factory=dict)
    """Where the circuits are not known: what the latest round of checks found of them, by account."""
    under_way: int = 0
    """How many deliveries are being sent."""
    next_due: tuple[str, datetime] | None = None
    """The next that will be due, and its account."""
    unconfirmed: Mapping[str, int] = field(default_factory=dict)
    """How many deliveries of each account are unconfirmed."""
    for_a_person: int = 0
    """How many wait for a person's decision."""
    unseen: str = ""
    """What could not be asked, and why; empty when all could."""
    zone: str = "UTC"
    """The zone in which times are written."""

    def clock(self, at: datetime) -> str:
        """Write a time with its zone."""
        return f"{at.astimezone(ZoneInfo(self.zone)):%Y-%m-%d %H:%M:%S} {self.zone}"

    def off_of(self, account: str) -> SwitchSeen | None:
        """Say who turned publishing off for an account, and why; ``None`` when it is on."""
        return self.publish_off or self.off_for.get(account)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason why nothing goes out."""

    kind: str
    """One word, for programs."""
    says: str
    account: str = ""
    """The account; empty where it is about all."""
    until: datetime | None = None
    """When it ends by itself, where that is known."""


def reasons(facts: Facts) -> list[Reason]:
    """List what keeps posts from going out, the broadest first. Empty: they are going out."""
    if isinstance(facts.store, Cannot):
        return [Reason(kind="store_away", says=f"the store cannot be reached: {facts.store.why}")]
    if not facts.store.accounts:
        says = "no account is known yet: run 'steadypost account add'"
        return [Reason(kind="no_account", says=says)]
    if (off := switched_off(facts.publish_off)) is not None:
        return [Reason(kind=off.kind, says=off.why, until=off.until)]
    due = [one for one in facts.store.accounts if one.head is not None]
    heartbeat = facts.store.heartbeats.get("publish")
    deserted = heartbeat is None or facts.at - heartbeat > HEARTBEAT_WITHIN
    if deserted:
        return [Reason(kind="nobody_on_watch", says=_deserted(heartbeat, facts.at))]
    if not due:
        return [] if facts.under_way else [_nothing_due(facts)]
    return [reason for one in due if (reason := _of_account(one, facts)) is not None]


def sentence(facts: Facts) -> str:
    """Answer in one sentence."""
    found = reasons(facts)
    if not found:
        many = facts.under_way
        return (
            f"Posts are going out: {many} now." if many else "Posts are going out; the next is taken up now."
        )
    if len({(one.kind, one.says) for one in found}) == 1 or len(found) == 1:
        who = ", ".join(one.account for one in found if one.account)
        whose = f" for {who}" if who else ""
        begun = "Nothing goes out" if found[0].kind != "nothing_due" else "Nothing goes out now"
        return f"{begun}{whose} because {found[0].says}{_until(found[0].until, facts)}."
    told = "; ".join(f"{one.account}: {one.says}{_until(one.until, facts)}" for one in found)
    return f"Nothing goes out, by account: {told}."


def _deserted(heartbeat: datetime | None, now: datetime) -> str:
    if heartbeat is None:
        return (
            "no run has ever been on watch: run 'steadypost up', whose runs begin within a minute, "
            "or start a worker as docs/service.md says"
        )
    return f"no run is on watch: the last heartbeat of a run of publish was {ago(heartbeat, now)} ago"


def _nothing_due(facts: Facts) -> Reason:
    if facts.next_due is None:
        waits = f", and {facts.for_a_person} wait for a person's decision" if facts.for_a_person else ""
        return Reason(kind="nothing_due", says=f"the queue is empty{waits}")
    account, at = facts.next_due
    says = f"nothing is due: the next, of {account}, is at {facts.clock(at)}"
    return Reason(kind="nothing_due", says=says)


def _of_account(account: AccountSeen, facts: Facts) -> Reason | None:
    """Give the first thing that holds an account's queue; nothing when it moves."""
    return next(_holds(account, facts), None)


def _holds(account: AccountSeen, facts: Facts) -> Iterator[Reason]:
    name, head, now = account.name, account.head, facts.at
    if head is None:
        return
    for one in holds(
        account,
        now,
        off=facts.off_for.get(name),
        circuits=facts.circuits,
        judged=facts.judged.get(name),
        closed=facts.closed.get(name, ""),
        unconfirmed=facts.unconfirmed.get(name, 0),
    ):
        yield Reason(kind=one.kind, says=one.why, account=name, until=one.until)
    if head.next_at > now:
        says = (
            f"delivery {head.id} waits for its next attempt: {head.why or head.cause or 'no reason is known'}"
        )
        yield Reason(kind="waits", says=says, account=name, until=head.next_at)
    since = max(head.ready_since, account.claimed_at or head.ready_since)
    if now - since > TAKEN_UP_WITHIN:
        says = f"delivery {head.id} could have been taken up {ago(since, now)} ago and was not"
        yield Reason(kind="stuck", says=says, account=name)


def _until(until: datetime | None, facts: Facts) -> str:
    return f", until {facts.clock(until)}" if until else ""
