"""What comes next for a delivery, and when: told from what is known now, changing nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from steadypost.domain.delivery import Delivery, PartState, State, WhenLate
from steadypost.domain.outcome import Cause
from steadypost.domain.quota import Full, Limits, Use, room


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that comes, or that is waited for."""

    kind: str
    """One word by which programs know it."""
    says: str
    at: datetime | None = None
    """When it comes, or until when it is waited for; ``None`` where nobody can say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Struck:
    """A strike that keeps a delivery back."""

    says: str
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What stands around a delivery, and decides when it may move."""

    limits: Limits
    uses: Sequence[Use]
    paused_until: datetime | None = None
    pause_cause: Cause | None = None
    pause_why: str = ""
    before_it: int = 0
    """How many deliveries of its account go out before it."""
    worker: str = ""
    lease_until: datetime | None = None
    verified: bool = False
    strikes: Sequence[Struck] = ()


def ahead(delivery: Delivery, around: Around, now: datetime) -> list[Step]:
    """Say what comes next, and before it what holds it up."""
    match delivery.state:
        case State.SCHEDULED | State.PARTIAL:
            return _to_go_out(delivery, around, now)
        case State.SENDING:
            worker = around.worker
            says = f"worker {worker} has it; if it stays silent, the delivery is taken back"
            return [Step(kind="in_hand", says=says, at=around.lease_until)]
        case State.UNCONFIRMED:
            return [
                Step(kind="look", says="is looked for on the network", at=max(now, delivery.next_at)),
                Step(
                    kind="person", says=f"or somebody who looked says so: 'steadypost resolve {delivery.id}'"
                ),
            ]
        case State.PUBLISHED if not around.verified:
            return [Step(kind="look", says="is to be seen with own eyes", at=max(now, delivery.next_at))]
        case State.HELD | State.QUARANTINED | State.NEEDS_REVIEW:
            return _for_a_person(delivery)
        case _:
            return [Step(kind="rest", says="nothing: it rests here")]


def _for_a_person(delivery: Delivery) -> list[Step]:
    if any(part.state is PartState.ASKED for part in delivery.parts):
        does = f"look at the account, then 'steadypost resolve {delivery.id}'"
    elif not delivery.in_order:
        does = f"a later part is live without an earlier one; 'steadypost resolve {delivery.id}'"
    else:
        does = f"'steadypost release {delivery.id}' or 'steadypost cancel {delivery.id}'"
    steps = [Step(kind="person", says=f"waits for a person: {does}")]
    if delivery.state is State.HELD and delivery.late_after and delivery.when_late is WhenLate.MISS:
        steps.append(Step(kind="missed", says="else is put aside as missed", at=_too_late(delivery)))
    return steps


def _to_go_out(delivery: Delivery, around: Around, now: datetime) -> list[Step]:
    if delivery.is_late(now):
        return [_aside(delivery, "by its own rule it is too late for it")]
    missing = sum(part.state is not PartState.LIVE for part in delivery.parts)
    largest = around.limits.largest_delivery
    if largest is not None and missing > largest:
        says = f"goes before a person: {missing} parts are more than the account may ever post at once"
        return [Step(kind="person", says=says, at=max(now, delivery.next_at))]
    holds = list(_holds(delivery, around, missing, now))
    goes = f"goes on at part {delivery.first_missing + 1}" if delivery.first_missing else "goes out"
    if any(hold.at is None for hold in holds):
        return [*holds, Step(kind="goes_out", says=f"{goes} after that")]
    at = max([now, delivery.next_at, *(hold.at for hold in holds if hold.at is not None)])
    steps = [*holds, Step(kind="goes_out", says=goes, at=at)]
    # A thread that has begun is always finished.
    if delivery.state is State.SCHEDULED and delivery.late_after is not None and at > _too_late(delivery):
        steps[-1] = _aside(delivery, "it would be too late for it by then", at=_too_late(delivery))
    return steps


def _holds(delivery: Delivery, around: Around, missing: int, now: datetime) -> list[Step]:
    """List what keeps it from going out when its moment has come."""
    when = max(now, delivery.next_at)
    holds = []
    if around.paused_until is not None and around.paused_until > when:
        cause = around.pause_cause
        says = f"the account {delivery.account} is left alone: {around.pause_why or cause}"
        if cause is not None and cause.needs_person:
            says += " (somebody has to mend that; a new session ends it at once)"
        holds.append(Step(kind="paused", says=says, at=around.paused_until))
    holds += [
        Step(kind="struck", says=struck.says, at=struck.until)
        for struck in around.strikes
        if struck.until is None or struck.until > when
    ]
    full = room(around.limits, around.uses, missing, when)
    if isinstance(full, Full):
        holds.append(Step(kind=full.reason, says=_FULL[full.reason], at=full.until))
    if around.before_it and delivery.next_at <= now:
        says = f"{around.before_it} of the account's deliveries were due before it"
        holds.append(Step(kind="behind", says=says, at=when))
    return holds


def _aside(delivery: Delivery, why: str, at: datetime | None = None) -> Step:
    if delivery.when_late is WhenLate.ASK:
        return Step(kind="person", says=f"is held for a person's word: {why}", at=at)
    return Step(kind="missed", says=f"is put aside as missed: {why}", at=at)


_FULL = {
    "quota_used": "the account's quota is used up",
    "quota_used_by_unknown": "the account's quota is used up, by posts in doubt too",
    "spacing": "the account's last post is too fresh",
}


def _too_late(delivery: Delivery) -> datetime:
    return delivery.due_at if delivery.late_after is None else delivery.due_at + delivery.late_after
