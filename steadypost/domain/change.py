"""What a person may change of a delivery, judged by its state; if not, why, and what is possible instead.

A change never touches what a worker holds, or what is or may be live. The store judges under the delivery's lock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from steadypost.domain.delivery import Delivery, State, WhenLate
from steadypost.domain.lengths import spoken
from steadypost.domain.parts import PartState

WAITS = frozenset({State.SCHEDULED, State.HELD, State.QUARANTINED})
"""Freely changeable: nothing of it is live or under way."""

RESTS = frozenset({State.REFUSED, State.MISSED})
"""Ended without anything sent: its wording can be changed, and a person can send it again."""


class Op(StrEnum):
    """What is to be changed."""

    EDIT = "edit"
    """Its wording, or its late rule."""
    MOVE = "move"
    """Its time."""
    RESCHEDULE = "reschedule"
    """Its time, also after it missed the first one."""
    RETRY = "retry"
    """What it says; and what the network refused, or what broke its attempts, goes out again."""


TAKE_DOWN = "'steadypost delete {0} --from-network'"


@dataclass(frozen=True, slots=True)
class Barred:
    """A delivery that is not changed: why, and what is possible instead."""

    why: str
    remedy: str


def barred(op: Op, delivery: Delivery) -> Barred | None:
    """Say why this change is not possible; ``None`` when it is."""
    if delivery.state in WAITS:
        return None
    if delivery.state in _allowed_at_rest(op):
        return None
    return _bar(op, delivery)


def _allowed_at_rest(op: Op) -> frozenset[State]:
    match op:
        case Op.EDIT | Op.RETRY:
            return RESTS
        case Op.RESCHEDULE:
            return frozenset({State.MISSED})
        case Op.MOVE:
            return frozenset()
        case _:
            assert_never(op)


def _bar(op: Op, delivery: Delivery) -> Barred:
    number = delivery.id
    copy = f"'steadypost copy {number} --when TIME' posts it as a new one"
    match delivery.state:
        case State.SENDING:
            return Barred(
                "it is being sent now",
                f"wait for its answer ('steadypost show {number}'); if nothing was sent, change it then",
            )
        case State.PARTIAL:
            live = sum(part.state is PartState.LIVE for part in delivery.parts)
            return Barred(
                f"{live} of its {len(delivery.parts)} parts {'is' if live == 1 else 'are'} live",
                f"'steadypost cancel {number}' stops the rest; {copy}",
            )
        case State.UNCONFIRMED | State.NEEDS_REVIEW:
            return Barred(
                "it may be live: it was asked for and the answer is not known",
                f"a look finds out by itself; if you looked: 'steadypost resolve {number}'",
            )
        case State.PUBLISHED:
            return Barred("it is live", f"take it down: {TAKE_DOWN.format(number)}; {copy}")
        case State.REMOVED:
            return Barred("it was live, and was seen gone", copy)
        case State.CANCELLED:
            return Barred("it was cancelled", f"'steadypost undo' brings it back; {copy}")
        case State.MISSED:
            return Barred(
                "it missed its time", f"give it another: steadypost reschedule {number} --when +10m"
            )
        case State.REFUSED:
            return Barred(
                "the network refused it, and would refuse it again",
                f"change it and let it go out: steadypost edit {number} --text TEXT --retry",
            )
        case State.SCHEDULED | State.HELD | State.QUARANTINED:
            raise AssertionError(f"{op} of what is {delivery.state} is not barred")
        case _:
            assert_never(delivery.state)


def moved(op: Op, delivery: Delivery, due_at: datetime, now: datetime) -> Delivery | Barred:
    """Give a delivery another time, or say why not."""
    bar = barred(op, delivery)
    if bar is not None:
        return bar
    after = replace(delivery, due_at=due_at, next_at=_next_at(delivery, due_at))
    if after.is_late(now):
        rule = spoken(delivery.late_after or timedelta())
        late = f"{due_at:%Y-%m-%d %H:%M} UTC has passed by more than it may be late ({rule})"
        return Barred(late, "give it a time to come, such as +10m")
    if delivery.state is State.MISSED or _held_for_being_late(delivery, now):
        return after.move(State.SCHEDULED, cause=None, why="", broken=0, deferred=0)
    return after


def _next_at(delivery: Delivery, due_at: datetime) -> datetime:
    """Keep a wait that follows an attempt: it may be there until a first copy can no longer come to life."""
    return due_at if delivery.attempts == 0 else max(due_at, delivery.next_at)


def _held_for_being_late(delivery: Delivery, now: datetime) -> bool:
    """Whether it waits for a person because its time passed: a new time is the answer."""
    return delivery.state is State.HELD and delivery.when_late is WhenLate.ASK and delivery.is_late(now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is to follow from now on when a delivery is late."""

    late_after: timedelta | None
    when_late: WhenLate


def edited(
    delivery: Delivery,
    *,
    retry: bool,
    was_held_for_wording: bool,
    concern: str,
    now: datetime,
) -> Delivery | Barred:
    """Become the delivery with other words, or say why not; ``concern`` is why it needs approval, if it does."""
    bar = barred(Op.RETRY if retry else Op.EDIT, delivery)
    if bar is not None:
        return bar
    if delivery.state in RESTS:
        return _let_go(delivery, concern, now) if retry else delivery
    if delivery.state is State.QUARANTINED:
        return _let_go(delivery, concern, now) if retry else delivery
    if concern:
        return (
            replace(delivery, why=concern)
            if delivery.state is State.HELD
            else delivery.move(State.HELD, why=concern)
        )
    if delivery.state is State.HELD and was_held_for_wording:
        return delivery.move(State.SCHEDULED, why="")
    return delivery


def _let_go(delivery: Delivery, concern: str, now: datetime) -> Delivery | Barred:
    if concern:
        return Barred(
            f"as it is now it would be held: {concern}", "add --allow-repeat or --as-is if you mean it"
        )
    if delivery.state is State.MISSED or delivery.is_late(now):
        return Barred(
            "its time has passed by more than it may be late",
            f"give it another: add --when +10m, or steadypost reschedule {delivery.id} --when +10m",
        )
    return delivery.move(
        State.SCHEDULED,
        next_at=max(delivery.due_at, now, delivery.next_at if delivery.attempts else now),
        broken=0,
        deferred=0,
        cause=None,
        why="",
    )


def can_be_taken_down(delivery: Delivery) -> Barred | None:
    """Say why a person cannot take a delivery's posts down; nothing when every part that may be live has its id.

    Posts seen gone may be asked for again, so that a removal whose answer was lost can be completed.
    """
    number = delivery.id
    match delivery.state:
        case State.PUBLISHED | State.REMOVED:
            return None
        case State.PARTIAL:
            return Barred("the rest of it still waits to be sent", f"first: steadypost cancel {number}")
        case State.SENDING:
            return Barred("it is being sent now", f"wait for its answer: steadypost show {number}")
        case State.UNCONFIRMED | State.NEEDS_REVIEW if any(
            part.state is PartState.ASKED for part in delivery.parts
        ):
            return Barred(
                "it may be live, and its address is not known",
                f"a look finds out by itself; if you looked: steadypost resolve {number} --live ADDRESS",
            )
        case State.NEEDS_REVIEW if _some_live(delivery):
            return Barred(
                "a person is to say what becomes of the rest", f"first: steadypost resolve {number} --drop"
            )
        case State.CANCELLED if _some_live(delivery):
            return None
        case State.CANCELLED | State.REFUSED | State.MISSED:
            return Barred("nothing of it is live", f"see 'steadypost show {number}'")
        case _:
            return Barred("nothing of it is live", f"what waits is taken back: steadypost cancel {number}")


def _some_live(delivery: Delivery) -> bool:
    return any(part.state is PartState.LIVE for part in delivery.parts)


def can_be_undone(delivery: Delivery) -> Barred | None:
    """Say why a change of this delivery cannot be undone any more; nothing when nothing went out since."""
    untouched = all(part.state is PartState.WAITING for part in delivery.parts)
    if untouched and delivery.state in WAITS | RESTS | {State.CANCELLED}:
        return None
    return _bar(Op.EDIT, delivery)
