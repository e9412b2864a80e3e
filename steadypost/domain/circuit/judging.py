"""The judgement of a circuit: a pure function of (memory, event, now).

Refused and cancelled calls change nothing. A ticket of another generation, or whose permit has run out, comes too late.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from steadypost.domain.circuit.memory import BY_A_PERSON, LETS_THROUGH, Call, Memory, Permit, State
from steadypost.domain.circuit.settings import MOST_REMEMBERED, InARow, LastCalls, LastWhile, Settings

# --- what happens


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a call takes along, and its result brings back."""

    generation: int
    permit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wants:
    """A caller asks to call. Only a ``probe`` may be the trial of a circuit that is not ``by_itself``."""

    holder: str
    probe: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """A call came back, and its result says something about the dependency."""

    ticket: Ticket
    well: bool
    took: timedelta = timedelta(0)
    cause: str = ""
    why: str = ""
    by: str = ""
    until: datetime | None = None
    """The instant the other side named, if it did: until then it is not to be called again."""
    chance: float = 0.0
    """A number in [0, 1) that spreads the open time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A call that says nothing about the dependency: cancelled, refused for its content, broken by us."""

    ticket: Ticket


class Position(StrEnum):
    """What a person may say of a circuit."""

    AUTOMATIC = "automatic"
    """It judges by itself."""
    OPEN = "open"
    """Nothing goes through."""
    CLOSED = "closed"
    """It is closed now, once; from then on it judges by itself."""
    DISABLED = "disabled"
    """Everything goes through, and nothing is judged."""
    METRICS_ONLY = "metrics_only"
    """Everything goes through; it is noted when it would have opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A person's word."""

    position: Position
    mark: str
    """Differs from word to word, so that each is obeyed once, by the process that hears it first."""
    reason: str = ""
    by: str = ""
    until: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it is still in force."""
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """What failed has been replaced (a new session): its failures no longer mean anything."""

    why: str
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """Time went by, and nothing else."""

    chance: float = 0.0


Event = Wants | Came | Left | Said | Renewed | Passed

# --- what is said to it


@dataclass(frozen=True, slots=True)
class Go:
    """The call may be made, and its result is to come back with this ticket."""

    ticket: Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class No:
    """The call may not be made now. It failed nothing, and costs the caller no attempt."""

    state: State
    cause: str
    why: str
    until: datetime | None
    """The earliest instant that may change it, if one can be named."""


class Noted(StrEnum):
    """The answer to an event that asks nothing."""

    COUNTED = "counted"
    """It is in the memory now."""
    RETURNED = "returned"
    """Its permit is free again, and nothing else changed."""
    FENCED = "fenced"
    """It came too late to mean anything."""
    NOTHING = "nothing"
    """There was nothing to do."""


Verdict = Go | No | Noted


@dataclass(frozen=True, slots=True)
class Ruling:
    """The memory after the event, and the answer to it."""

    memory: Memory
    verdict: Verdict
    turns: tuple[Memory, ...] = field(default=())
    """Every new state it went through on the way, in order; the last one is where it is now."""


# --- the judgement


def judge(settings: Settings, memory: Memory, event: Event, now: datetime) -> Ruling:
    """Judge an event. The result depends on nothing but the arguments."""
    turned: list[Memory] = []

    def note(before: Memory, after: Memory) -> Memory:
        if after.generation != before.generation:
            turned.append(after)
        return after

    chance = event.chance if isinstance(event, Came | Passed) else 0.0
    current = _as_of(settings, memory, now, chance, note)
    after, verdict = _follow(settings, current, event, now)
    note(current, after)
    return Ruling(after, verdict, tuple(turned))


def _follow(settings: Settings, memory: Memory, event: Event, now: datetime) -> tuple[Memory, Verdict]:
    match event:
        case Wants():
            return _wants(settings, memory, event, now)
        case Came():
            return _came(settings, memory, event, now)
        case Left():
            return _left(memory, event)
        case Said():
            return _said(memory, event, now)
        case Renewed():
            return _renewed(memory, event, now)
        case Passed():
            return memory, Noted.NOTHING
        case _:
            assert_never(event)


def _turn(memory: Memory, to: State, now: datetime, **more: object) -> Memory:
    """Begin a new generation: nothing of the last one counts in it."""
    fresh = replace(
        memory,
        state=to,
        generation=memory.generation + 1,
        since=now,
        until=None,
        down_since=None if to in LETS_THROUGH else memory.down_since or now,
        permits=(),
        given=0,
        good=0,
        bad=0,
        window=(),
    )
    return replace(fresh, **more)  # type: ignore[arg-type]


# --- time


def _as_of(
    settings: Settings, memory: Memory, now: datetime, chance: float, note: Callable[[Memory, Memory], Memory]
) -> Memory:
    """Apply what has ended by time alone, before the event itself."""
    over = memory.until is not None and memory.until <= now
    if memory.state is State.HALF_OPEN:
        kept = tuple(permit for permit in memory.permits if permit.until > now)
        if not over:
            return replace(memory, permits=kept) if kept != memory.permits else memory
        undecided = "it was half-open for too long without being decided"
        return note(memory, replace(_open(settings, memory, now, chance), why=undecided, by=""))
    if memory.state in BY_A_PERSON and over:
        return note(memory, _released(memory, now, "the time of a person's word is over"))
    return memory


def _released(memory: Memory, now: datetime, why: str) -> Memory:
    """Go back to judging by itself. What was held open is tried first."""
    if memory.state is State.FORCED_OPEN:
        return _turn(memory, State.OPEN, now, until=now, why=why, by="")
    return _turn(memory, State.CLOSED, now, cause="", why=why, by="")


# --- a caller wants to call


def _wants(settings: Settings, memory: Memory, event: Wants, now: datetime) -> tuple[Memory, Verdict]:
    if memory.state in LETS_THROUGH:
        return memory, Go(Ticket(memory.generation))
    may_try = event.probe or settings.by_itself
    if memory.state is State.OPEN and may_try and memory.until is not None and memory.until <= now:
        memory = _turn(memory, State.HALF_OPEN, now, until=now + settings.longest_half_open, by=event.holder)
    if memory.state is not State.HALF_OPEN or not may_try:
        return memory, _no(memory)
    if len(memory.permits) + memory.good + memory.bad >= settings.permitted:
        return memory, _no(memory, until=min((one.until for one in memory.permits), default=None))
    number = memory.given + 1
    permit = Permit(number=number, holder=event.holder, until=now + settings.permit_lasts)
    after = replace(memory, given=number, permits=(*memory.permits, permit))
    return after, Go(Ticket(after.generation, number))


def _no(memory: Memory, until: datetime | None = None) -> No:
    return No(state=memory.state, cause=memory.cause, why=memory.why, until=until or memory.until)


# --- a call came back


def _is_current(memory: Memory, ticket: Ticket) -> bool:
    if ticket.generation != memory.generation:
        return False
    return ticket.permit is None or any(permit.number == ticket.permit for permit in memory.permits)


def _came(settings: Settings, memory: Memory, event: Came, now: datetime) -> tuple[Memory, Verdict]:
    if not _is_current(memory, event.ticket):
        return memory, Noted.FENCED
    slow = settings.slow_after is not None and event.took > settings.slow_after
    match memory.state:
        case State.CLOSED:
            seen = _remember(settings, memory, Call(now, not event.well, slow), now)
            if _has_enough(settings, seen, event):
                return _opened_by(settings, seen, event, now), Noted.COUNTED
            return seen, Noted.COUNTED
        case State.METRICS_ONLY:
            seen = _remember(settings, memory, Call(now, not event.well, slow), now)
            if _has_enough(settings, seen, event):
                seen = replace(seen, window=(), would_open=seen.would_open + 1)
            return seen, Noted.COUNTED
        case State.HALF_OPEN:
            return _tried(settings, memory, event, now, well=event.well and not slow), Noted.COUNTED
        case _:
            # Disabled: nothing is judged. Open, forced open: no call was let through in this generation.
            return memory, Noted.NOTHING


def _remember(settings: Settings, memory: Memory, call: Call, now: datetime) -> Memory:
    window = (*memory.window, call)
    match settings.window:
        case LastCalls(calls):
            window = window[-calls:]
        case LastWhile(span):
            window = tuple(one for one in window if one.at > now - span)[-MOST_REMEMBERED:]
        case InARow(failures):
            window = window[-failures:]
        case _:
            assert_never(settings.window)
    return replace(memory, window=window)


def _has_enough(settings: Settings, memory: Memory, event: Came) -> bool:
    """Whether what is in the window, or the instant that was named, opens the circuit."""
    if not event.well and event.until is not None:
        return True
    window = memory.window
    if isinstance(settings.window, InARow):
        return len(window) == settings.window.failures and all(call.failed for call in window)
    if len(window) < settings.minimum_calls:
        return False
    failed = sum(call.failed for call in window) / len(window)
    slow = sum(call.slow for call in window) / len(window)
    return failed >= settings.failure_rate or (settings.slow_after is not None and slow >= settings.slow_rate)


def _tried(settings: Settings, memory: Memory, event: Came, now: datetime, *, well: bool) -> Memory:
    """Count a trial, and decide as soon as the rest of them cannot change it."""
    after = replace(
        memory,
        permits=tuple(permit for permit in memory.permits if permit.number != event.ticket.permit),
        good=memory.good + well,
        bad=memory.bad + (not well),
    )
    needed = math.ceil(settings.success_ratio * settings.permitted - 1e-9)
    if after.good >= needed:
        return _turn(after, State.CLOSED, now, cause="", why="the trial went well", by=event.by)
    if after.bad > settings.permitted - needed or (not well and event.until is not None):
        return _opened_by(settings, after, event, now)
    return after


def _opened_by(settings: Settings, memory: Memory, event: Came, now: datetime) -> Memory:
    cause, why = event.cause, event.why
    if event.well:
        cause, why = "slow", f"calls take longer than {settings.slow_after}"
    opened = _open(settings, memory, now, event.chance)
    named = event.until if event.until is not None and event.until > now else opened.until
    return replace(opened, cause=cause, why=why, by=event.by, until=named)


def _open(settings: Settings, memory: Memory, now: datetime, chance: float) -> Memory:
    """Open, for longer than the last time unless it was calm in between. Why stays what it was."""
    calm = memory.state is State.CLOSED and now - memory.since >= settings.calm_after
    openings = 1 if calm else memory.openings + 1
    until = now + open_time(settings, openings, chance)
    return _turn(memory, State.OPEN, now, until=until, openings=openings)


def open_time(settings: Settings, openings: int, chance: float) -> timedelta:
    """Say how long to stay open the n-th time in a row: growing, capped, spread by chance."""
    grown = settings.first_open * settings.growth ** min(openings - 1, 30)
    return min(settings.longest_open, grown) * (1 - settings.jitter * chance)


def _left(memory: Memory, event: Left) -> tuple[Memory, Verdict]:
    if event.ticket.permit is None or not _is_current(memory, event.ticket):
        return memory, Noted.NOTHING
    kept = tuple(permit for permit in memory.permits if permit.number != event.ticket.permit)
    return replace(memory, permits=kept), Noted.RETURNED


# --- a person's word, and what makes old failures void


def _said(memory: Memory, event: Said, now: datetime) -> tuple[Memory, Verdict]:
    if event.mark == memory.word:
        return memory, Noted.NOTHING
    position = event.position if event.holds(now) else Position.AUTOMATIC
    told = {"why": event.reason, "by": event.by, "word": event.mark}
    match position:
        case Position.AUTOMATIC if memory.state in BY_A_PERSON:
            why = event.reason or "a person let it judge by itself again"
            return replace(_released(memory, now, why), word=event.mark, by=event.by), Noted.COUNTED
        case Position.AUTOMATIC:
            return memory, Noted.NOTHING
        case Position.CLOSED:
            return _turn(memory, State.CLOSED, now, openings=0, cause="", **told), Noted.COUNTED
        case Position.OPEN:
            told["cause"] = "a_person"
            return _turn(memory, State.FORCED_OPEN, now, until=event.until, **told), Noted.COUNTED
        case Position.DISABLED:
            return _turn(memory, State.DISABLED, now, until=event.until, cause="", **told), Noted.COUNTED
        case Position.METRICS_ONLY:
            return _turn(memory, State.METRICS_ONLY, now, until=event.until, cause="", **told), Noted.COUNTED
        case _:
            assert_never(position)


def _renewed(memory: Memory, event: Renewed, now: datetime) -> tuple[Memory, Verdict]:
    if memory.state not in {State.OPEN, State.HALF_OPEN}:
        return memory, Noted.NOTHING
    return _turn(memory, State.CLOSED, now, openings=0, cause="", why=event.why, by=event.by), Noted.COUNTED
