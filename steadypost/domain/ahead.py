"""What comes next for a delivery, and when, as far as is known now. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from steadypost.domain.delivery import Delivery, State, WhenLate
from steadypost.domain.holding import (
    Hold,
    Struck,
    full,
    in_order,
    open_before,
    paused,
    refused,
    struck,
    switched_off,
    unusable,
)
from steadypost.domain.money import usd
from steadypost.domain.observed import CircuitSeen, SwitchSeen
from steadypost.domain.outcome import Cause
from steadypost.domain.parts import PartState
from steadypost.domain.quota import BUDGETS, Free, Full, Limits, Use, capacity, spent


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One coming event, or one thing the delivery waits for."""

    kind: str
    """One word, for programs."""
    says: str
    at: datetime | None = None
    """When it comes, or how long it is waited for; ``None`` where unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """All that decides when a delivery may move."""

    limits: Limits
    uses: Sequence[Use]
    cost: Decimal = Decimal(0)
    """What its missing parts cost, in US dollars."""
    paused_until: datetime | None = None
    pause_cause: Cause | None = None
    pause_why: str = ""
    before_it: int = 0
    """How many deliveries of its account go out before it."""
    worker: str = ""
    lease_until: datetime | None = None
    verified: bool = False
    strikes: Sequence[Struck] = ()
    closed: str = ""
    """Why the account cannot be used as its block was saved."""
    off: SwitchSeen | None = None
    """The switch *Publish*, where it is off for the account."""
    circuits: Sequence[CircuitSeen] = ()
    """Those that are open."""
    judged: Hold | None = None
    """Where the circuits are not known: what the latest round of checks found of them."""
    wants_yes: bool = False
    """Whether it waits for a second person's yes."""
    looked_for_first: bool = False
    """Whether a backup was restored, and it may have been sent since that was made."""
    twin: str = ""
    """The account with the same handle that publishes instead of its own."""


def ahead(delivery: Delivery, around: Around, now: datetime) -> list[Step]:
    """List what holds the delivery up, then what comes next."""
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
                    kind="person", says=f"or a person who looked says so: 'steadypost resolve {delivery.id}'"
                ),
            ]
        case State.PUBLISHED if not around.verified:
            return [Step(kind="look", says="is to be checked on the network", at=max(now, delivery.next_at))]
        case State.HELD | State.QUARANTINED | State.NEEDS_REVIEW:
            return _for_a_person(delivery, wants_yes=around.wants_yes)
        case _:
            return [Step(kind="rest", says="nothing: it rests here")]


def _for_a_person(delivery: Delivery, *, wants_yes: bool) -> list[Step]:
    if any(part.state is PartState.ASKED for part in delivery.parts):
        does = f"look at the account, then 'steadypost resolve {delivery.id}'"
    elif not delivery.in_order:
        does = f"a later part is live without an earlier one; 'steadypost resolve {delivery.id}'"
    elif wants_yes:
        does = f"a second person's approval: 'steadypost approve {delivery.id}', or 'steadypost cancel {delivery.id}'"
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
    dearest = around.limits.largest_cost
    if dearest is not None and around.cost > dearest:
        says = (
            f"goes before a person: it costs {usd(around.cost)}, more than the account's budget ever allows"
        )
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
    fits = capacity(around.limits, around.uses, missing, when, around.cost)
    found = in_order(
        switched_off(around.off),
        refused(around.twin),
        unusable(around.closed),
        *struck(around.strikes, when),
        paused(around.paused_until, around.pause_cause, around.pause_why, when),
        *(_open_before(delivery, around, now) if delivery.next_at <= now else ()),
        full(fits, around.limits, costs=_costs(fits, around, when)),
    )
    steps = [Step(kind=one.kind, says=one.why, at=one.until) for one in found]
    if around.looked_for_first:
        # When that is settled depends on what is found.
        says = "a backup was restored: it may have been sent since that was made, and is looked for first"
        steps.append(Step(kind="look", says=says))
    if around.before_it and delivery.next_at <= now:
        says = f"{around.before_it} of the account's deliveries were due before it"
        steps.append(Step(kind="behind", says=says, at=when))
    return steps


def _aside(delivery: Delivery, why: str, at: datetime | None = None) -> Step:
    if delivery.when_late is WhenLate.ASK:
        return Step(kind="person", says=f"is held for a person's decision: {why}", at=at)
    return Step(kind="missed", says=f"is put aside as missed: {why}", at=at)


def _open_before(delivery: Delivery, around: Around, now: datetime) -> list[Hold]:
    """The circuits it waits for now; they may be closed by the time it is due."""
    return in_order(*open_before(delivery.account, around.circuits, now), around.judged)


def _costs(fits: Free | Full, around: Around, when: datetime) -> str:
    """Describe a used-up budget: how much is spent, and what this delivery needs."""
    if isinstance(fits, Free) or fits.reason not in BUDGETS:
        return ""
    budget, window = BUDGETS[fits.reason](around.limits)
    used = usd(spent(around.uses, window, when))
    return f"{used} of {usd(budget or around.cost)} is spent, and it costs {usd(around.cost)}"


def _too_late(delivery: Delivery) -> datetime:
    return delivery.due_at if delivery.late_after is None else delivery.due_at + delivery.late_after
