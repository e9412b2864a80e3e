"""Why nothing is going out: one sentence, told from what was observed, the widest reason first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from steadypost.domain.observed import AccountSeen, Cannot, CircuitSeen, StoreSeen, SwitchSeen
from steadypost.domain.quota import Full

BEATS_WITHIN = timedelta(seconds=30)
"""A run on watch beats every second; after so long it is gone or hangs."""

TAKEN_UP_WITHIN = timedelta(seconds=45)
"""What may go is taken up within a second. After this nobody does it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known at one moment of everything that may keep a post from going out."""

    at: datetime
    store: StoreSeen | Cannot
    publish_off: SwitchSeen | None = None
    """The switch *Publish*, when it is off."""
    closed: Mapping[str, str] = field(default_factory=dict)
    """Accounts that cannot be signed in to, and why."""
    circuits: Sequence[CircuitSeen] = ()
    """Those that are open."""
    under_way: int = 0
    """How many deliveries are being sent."""
    next_due: tuple[str, datetime] | None = None
    """The next that will be due, and its account."""
    in_doubt: Mapping[str, int] = field(default_factory=dict)
    """How many deliveries of each account are in doubt."""
    for_a_person: int = 0
    """How many wait for a person's word."""
    unseen: str = ""
    """What could not be asked, and why; empty when all could."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason why nothing goes out."""

    kind: str
    """One word by which programs know it."""
    says: str
    account: str = ""
    """Whose; empty where it is everybody's."""
    until: datetime | None = None
    """When it ends by itself, where that is known."""


def reasons(facts: Facts) -> list[Reason]:
    """List what keeps posts from going out, the widest first. Empty: nothing does, they are going out."""
    if isinstance(facts.store, Cannot):
        return [Reason(kind="store_away", says=f"the store cannot be reached: {facts.store.why}")]
    if not facts.store.accounts:
        says = "no account is known yet: add an X account block in Prefect's pages"
        return [Reason(kind="no_account", says=says)]
    if facts.publish_off is not None:
        return [Reason(kind="switched_off", says=_switched(facts.publish_off), until=facts.publish_off.until)]
    due = [one for one in facts.store.accounts if one.head is not None]
    beat = facts.store.beats.get("publish")
    deserted = beat is None or facts.at - beat > BEATS_WITHIN
    if deserted:
        return [Reason(kind="nobody_on_watch", says=_deserted(beat, facts.at))]
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
        return f"{begun}{whose} because {found[0].says}{_until(found[0].until)}."
    told = "; ".join(f"{one.account}: {one.says}{_until(one.until)}" for one in found)
    return f"Nothing goes out, by account: {told}."


def _switched(off: SwitchSeen) -> str:
    since = f" since {off.since:%Y-%m-%d %H:%M} UTC" if off.since else ""
    return f"publishing is turned off, by {off.by or 'somebody'}{since}: {off.reason or 'no reason given'}"


def _deserted(beat: datetime | None, now: datetime) -> str:
    if beat is None:
        return "nobody has ever been on watch: start a worker, then run python -m deployments"
    return f"nobody is on watch: the last run of publish was heard of {_ago(beat, now)} ago"


def _nothing_due(facts: Facts) -> Reason:
    if facts.next_due is None:
        waits = f", and {facts.for_a_person} wait for a person's word" if facts.for_a_person else ""
        return Reason(kind="nothing_due", says=f"the queue is empty{waits}")
    account, at = facts.next_due
    says = f"nothing is due: the next, of {account}, is at {at:%Y-%m-%d %H:%M:%S} UTC"
    return Reason(kind="nothing_due", says=says)


def _of_account(account: AccountSeen, facts: Facts) -> Reason | None:
    """Give the first thing that holds an account's queue; nothing when it moves."""
    return next(_holds(account, facts), None)


def _holds(account: AccountSeen, facts: Facts) -> Iterator[Reason]:
    name, head, now = account.name, account.head, facts.at
    if head is None:
        return
    if account.struck:
        yield Reason(kind="struck", says=f"an operator's stop is in force: {account.struck}", account=name)
    if account.paused_until is not None and account.paused_until > now:
        told = account.pause_why or str(account.pause_cause)
        mend = account.pause_cause is not None and account.pause_cause.needs_person
        says = f"the account is left alone ({told})" + (": somebody has to mend that" if mend else "")
        yield Reason(kind="paused", says=says, account=name, until=account.paused_until)
    if (closed := facts.closed.get(name)) is not None:
        yield Reason(kind="session_unusable", says=f"its sign-in cannot be used: {closed}", account=name)
    for circuit in facts.circuits:
        if _concerns(circuit, name):
            says = f"the circuit {circuit.name} has been open for {_ago(circuit.since, now)}: {circuit.why}"
            yield Reason(kind="circuit_open", says=says.rstrip(": "), account=name)
    if isinstance(account.room, Full):
        yield Reason(
            kind=account.room.reason, says=_full(account, facts), account=name, until=account.room.until
        )
    if head.next_at > now:
        says = (
            f"delivery {head.id} waits for its next attempt: {head.why or head.cause or 'no reason is known'}"
        )
        yield Reason(kind="waits", says=says, account=name, until=head.next_at)
    since = max(head.ready_since, account.claimed_at or head.ready_since)
    if now - since > TAKEN_UP_WITHIN:
        says = f"delivery {head.id} could have been taken up {_ago(since, now)} ago, and nobody does it"
        yield Reason(kind="stuck", says=says, account=name)


def _concerns(circuit: CircuitSeen, account: str) -> bool:
    """Whether a circuit holds up this account: its own, or one that everybody's posts go through."""
    return circuit.name in {f"x-page-{account}", f"sign-in-{account}"} or circuit.name.startswith(_EVERYBODYS)


_EVERYBODYS = ("browser", "store")


def _full(account: AccountSeen, facts: Facts) -> str:
    match account.room:
        case Full(reason="spacing"):
            return "its last post is too fresh by its own spacing"
        case Full(reason="quota_used_by_unknown"):
            doubts = facts.in_doubt.get(account.name, 0)
            told = f", {doubts} of it by posts in doubt" if doubts else ", by posts in doubt too"
            return f"its quota ({_limits(account)}) is used up{told}"
        case _:
            return f"its quota ({_limits(account)}) is used up"


def _limits(account: AccountSeen) -> str:
    given = [(account.limits.per_hour, "an hour"), (account.limits.per_day, "a day")]
    return ", ".join(f"{most} {window}" for most, window in given if most is not None) or "none"


def _until(until: datetime | None) -> str:
    return f", until {until:%Y-%m-%d %H:%M:%S} UTC" if until else ""


def _ago(since: datetime, now: datetime) -> str:
    seconds = max(0.0, (now - since).total_seconds())
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
