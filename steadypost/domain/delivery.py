"""The life of one delivery: one post on its way to one account."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from steadypost.domain.outcome import (
    Answer,
    Cause,
    Deferred,
    NotSubmitted,
    Outcome,
    Published,
    Refused,
    Scope,
    Unconfirmed,
)
from steadypost.domain.snowflake import RemoteId


class State(StrEnum):
    """Where a delivery stands. Each state says what it means, who moves it, and what a crash leaves."""

    HELD = "held"
    """Came in looking like a repetition, or its moment passed and its own rule asks a person first. Somebody
    releases or cancels it; its late rule may end it."""

    SCHEDULED = "scheduled"
    """Waiting for its moment. A worker's claim moves it. A crash leaves it as it is."""

    SENDING = "sending"
    """A worker holds its lease. Before arming nothing has happened; after arming the network may already
    know. A crash leaves it here until the lease runs out; then rescue moves it: back to ``scheduled`` when
    it was never armed, to ``unconfirmed`` when it was."""

    PARTIAL = "partial"
    """Some parts of a thread are live and the rest provably are not. Claimed again at its moment, to go on
    at the first missing part."""

    UNCONFIRMED = "unconfirmed"
    """We asked and never learnt. Only evidence moves it: a look, a person's word, or that attempt's own
    answer, come late. It counts against the quota."""

    PUBLISHED = "published"
    """Every part is live, with its id."""

    REFUSED = "refused"
    """The network said no, and would say no again."""

    MISSED = "missed"
    """Its moment passed by more than its own late rule allows, and nothing was sent."""

    CANCELLED = "cancelled"
    """A person took it back before anything, or anything more, was sent."""

    QUARANTINED = "quarantined"
    """It broke its attempts too often before anything was sent. A person decides."""

    NEEDS_REVIEW = "needs_review"
    """Evidence stayed away, or a thread cannot go on by itself. A person decides."""

    REMOVED = "removed"
    """It was live and is seen gone. Never posted again by itself."""


CAME_TO_LIGHT = frozenset({State.PUBLISHED, State.NEEDS_REVIEW})
"""Where a delivery goes when an id comes to light that nobody expected any more.

A person said that it is not there, or took it back, and was wrong: an answer that was lost for hours lands
after all, or the person looks again. By then the delivery may be anywhere. An id outweighs every other
word, so from wherever it waits, and from every end that says "not live", a way leads to ``published``, or,
when only a part of it came to light, to a person. Otherwise something would be cancelled, refused or missed
while it is live.
"""

MOVES: Mapping[State, frozenset[State]] = {
    State.HELD: CAME_TO_LIGHT | {State.SCHEDULED, State.CANCELLED, State.MISSED},
    State.SCHEDULED: CAME_TO_LIGHT
    | {State.SENDING, State.HELD, State.MISSED, State.CANCELLED, State.QUARANTINED},
    State.SENDING: frozenset(
        {
            State.PUBLISHED,
            State.REFUSED,
            State.SCHEDULED,
            State.PARTIAL,
            State.UNCONFIRMED,
            State.QUARANTINED,
            State.NEEDS_REVIEW,
        }
    ),
    State.PARTIAL: CAME_TO_LIGHT | {State.SENDING, State.CANCELLED},
    State.UNCONFIRMED: frozenset(
        {
            State.PUBLISHED,
            State.SCHEDULED,
            State.PARTIAL,
            State.NEEDS_REVIEW,
            # The very attempt's own answer, that came after its lease had run out.
            State.REFUSED,
            State.QUARANTINED,
            # A person looked, it is not there, and it is not to be sent either.
            State.CANCELLED,
        }
    ),
    State.NEEDS_REVIEW: frozenset({State.PUBLISHED, State.SCHEDULED, State.PARTIAL, State.CANCELLED}),
    State.QUARANTINED: CAME_TO_LIGHT | {State.SCHEDULED, State.CANCELLED},
    State.PUBLISHED: frozenset({State.REMOVED}),
    State.REFUSED: CAME_TO_LIGHT,
    State.MISSED: CAME_TO_LIGHT,
    State.CANCELLED: CAME_TO_LIGHT,
    State.REMOVED: frozenset(),
}
"""The graph. What is not here does not happen."""

CLAIMABLE = frozenset({State.SCHEDULED, State.PARTIAL})
"""What a worker may take when its moment has come."""

FINAL = frozenset({State.PUBLISHED, State.REFUSED, State.MISSED, State.CANCELLED, State.REMOVED})
"""Where a delivery may rest for good: only what the network shows moves it on."""

FOR_A_PERSON = frozenset({State.HELD, State.NEEDS_REVIEW, State.QUARANTINED})
"""Where a delivery waits for somebody."""


def check_graph(moves: Mapping[State, frozenset[State]] = MOVES) -> None:
    """Hold the graph to what it promises; run when this module is loaded, so a wrong edit never starts."""
    if set(moves) != set(State):
        raise ValueError("every state needs its row in MOVES")
    if State.SENDING in moves[State.UNCONFIRMED]:
        raise ValueError("between 'we never learnt' and 'ask again' there is always a look")
    entering = {state for state, targets in moves.items() if State.SENDING in targets}
    if entering != CLAIMABLE:
        raise ValueError("only a claim leads to sending, and every claimable state can be claimed")
    reached = {State.HELD, State.SCHEDULED}
    while grown := {target for state in reached for target in moves[state]} - reached:
        reached |= grown
    if reached != set(State):
        raise ValueError(f"no way leads to {sorted(set(State) - reached)}")


check_graph()


class PartState(StrEnum):
    """Where one part stands."""

    WAITING = "waiting"
    """Not sent."""
    ASKED = "asked"
    """It may or may not be live."""
    LIVE = "live"
    """It has its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPart:
    """One part of a delivery with its own id and state; ``n`` counts from 0."""

    n: int
    state: PartState = PartState.WAITING
    remote_id: RemoteId | None = None

    def __post_init__(self) -> None:
        if (self.state is PartState.LIVE) != (self.remote_id is not None):
            raise ValueError("a part is live exactly when it has its id")


class ImpossibleMove(ValueError):
    """The graph has no such move."""

    def __init__(self, origin: State, target: State) -> None:
        super().__init__(f"a delivery cannot move from {origin} to {target}")
        self.origin = origin
        self.target = target


MOST_BROKEN_ATTEMPTS = 5
"""After so many attempts that a delivery broke by itself it is quarantined."""

FIRST_WAIT = timedelta(seconds=10)
"""How long a delivery waits after its first attempt that ended before the click; doubled each time."""

LONGEST_WAIT = timedelta(minutes=15)
"""No wait between attempts grows beyond this."""

FIRST_LOOK = timedelta(seconds=5)
"""How soon an unconfirmed delivery is looked for; X's own profile shows a post after about eight seconds."""


MOST_LOOKS = 20
"""After so many looks that could not tell, a person is asked; of a published post no more is asked."""

LONGEST_DOUBT = timedelta(hours=24)
"""After so long a person is asked, however few looks there could be: X may not let us look at all."""


class WhenLate(StrEnum):
    """What follows when a delivery's moment has passed by more than its late rule allows; each says so itself."""

    MISS = "miss"
    """It is put aside as missed, and nothing is sent."""
    ASK = "ask"
    """It is held for a person, who lets it go out all the same, or takes it back."""


class OnAbsence(StrEnum):
    """What follows when a part that was asked for is proven not to be live; an operator says so by account."""

    ASK_AGAIN = "ask_again"
    """It is asked again, as a new attempt."""
    ASK_A_PERSON = "ask_a_person"
    """Nobody asks again before a person has."""


def wait_before_retry(earlier: int, jitter: float) -> timedelta:
    """Grow exponentially, capped, spread by ``jitter`` in [0, 1) over the upper half ("equal jitter").

    The rule is the one in AWS's "Exponential Backoff And Jitter" (2015).
    """
    grown = min(LONGEST_WAIT, FIRST_WAIT * (1 << min(earlier, 20)))
    return grown / 2 + grown / 2 * jitter


def _wait(earlier: int, jitter: float | None) -> timedelta:
    return timedelta(0) if jitter is None else wait_before_retry(earlier, jitter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One post on its way to one account: the unit of state, of isolation and of quota."""

    id: int
    post_id: int
    account: str
    state: State
    due_at: datetime
    """The moment somebody wants it out. Lateness is measured from here; it never moves."""
    next_at: datetime
    """The earliest instant at which a worker, or a look, may take it up again."""
    parts: tuple[DeliveryPart, ...]
    late_after: timedelta | None = None
    """Its late rule: how long after ``due_at`` it may still go out; ``None`` is for ever."""
    when_late: WhenLate = WhenLate.MISS
    """What becomes of it after that."""
    attempts: int = 0
    """How many attempts were claimed, of whatever end."""
    broken: int = 0
    """How many attempts in a row ended before the click through the delivery's own doing."""
    deferred: int = 0
    """How many attempts in a row ended through somebody else's (the account, the network, the host)."""
    looks: int = 0
    """How many looks have not settled it."""
    cause: Cause | None = None
    """Why it is not published, in the word that tables and tests agree on."""
    why: str = ""
    """The same as a sentence for people."""

    @property
    def first_missing(self) -> int:
        """The index of the first part that is not live; the number of parts when all are."""
        return next((part.n for part in self.parts if part.state is not PartState.LIVE), len(self.parts))

    @property
    def in_order(self) -> bool:
        """Whether nothing is live, or may be, from the first missing part on: only then can it go on."""
        return all(part.state is PartState.WAITING for part in self.parts[self.first_missing :])

    def move(self, to: State, **changes: object) -> Delivery:
        """Follow the graph to another state, or raise ``ImpossibleMove``."""
        if to not in MOVES[self.state]:
            raise ImpossibleMove(self.state, to)
        return replace(self, state=to, **changes)  # type: ignore[arg-type]

    def is_late(self, now: datetime) -> bool:
        """Whether its late rule forbids starting it now. A thread that has begun is always finished."""
        return (
            self.late_after is not None
            and self.state is not State.PARTIAL
            and now > self.due_at + self.late_after
        )

    def put_aside(self) -> Delivery:
        """Follow its own late rule, now that it is too late for it."""
        due = f"{self.due_at:%Y-%m-%d %H:%M:%S} UTC"
        before = f"; before that: {self.why}" if self.why else ""
        told = f"was due {due}, may be {self.late_after} late, and was later"
        if self.when_late is WhenLate.MISS:
            return self.move(State.MISSED, why=f"{told}{before}")
        asks = f"{told}; somebody is to say whether it goes out all the same{before}"
        return self if self.state is State.HELD else self.move(State.HELD, why=asks)

    def settle(self, answer: Answer, now: datetime, jitter: float, *, patient: bool = True) -> Delivery:
        """Take the network's answer and become the delivery that follows from it.

        Not ``patient``, what was provably not sent goes again at once, as in older systems.
        """
        after = replace(self, parts=_parts_after(self.parts, answer))
        return after._follow(answer, now, jitter if patient else None)  # noqa: SLF001 - it is this very class

    def _follow(self, answer: Answer, now: datetime, jitter: float | None) -> Delivery:
        """Move by an answer whose parts have come home."""
        if self.first_missing == len(self.parts):
            return self.move(State.PUBLISHED, broken=0, deferred=0, cause=None, why="")
        if any(isinstance(outcome, Unconfirmed) for outcome in answer.outcomes):
            return self._unconfirmed(answer, now)
        if not self.in_order:
            return self.move(
                State.NEEDS_REVIEW,
                cause=Cause.EARLIER_PART,
                why=f"part {self.first_missing + 1} is not live, but a later one is or may be",
            )
        return self._not_live(answer.headline, now, jitter)

    def _unconfirmed(self, answer: Answer, now: datetime) -> Delivery:
        doubt = next(outcome for outcome in answer.outcomes if isinstance(outcome, Unconfirmed))
        return self.move(
            State.UNCONFIRMED, next_at=now + FIRST_LOOK, looks=0, cause=doubt.cause, why=doubt.why
        )

    def _not_live(self, outcome: Outcome, now: datetime, jitter: float | None) -> Delivery:
        """Go on from an answer that says the next part is provably not live."""
        begun = self.first_missing > 0
        again = State.PARTIAL if begun else State.SCHEDULED
        match outcome:
            case Refused(cause=cause, why=why):
                return self.move(State.NEEDS_REVIEW if begun else State.REFUSED, cause=cause, why=why)
            case Deferred(cause=cause, why=why, until=until):
                # The network itself said "not now": to that we listen, patient or not.
                waited = now + wait_before_retry(self.deferred, 0.5 if jitter is None else jitter)
                return self.move(
                    again,
                    next_at=max(until, now) if until else waited,
                    deferred=self.deferred + 1,
                    cause=cause,
                    why=why,
                )
            case NotSubmitted(cause=cause, why=why) if cause.scope is Scope.ITEM:
                return self._broke(again, cause, why, now, jitter)
            case NotSubmitted(cause=cause, why=why):
                wait = _wait(self.deferred, jitter)
                return self.move(again, next_at=now + wait, deferred=self.deferred + 1, cause=cause, why=why)
            case Published() | Unconfirmed():
                raise AssertionError("settled before")
            case _:
                assert_never(outcome)

    def _broke(self, again: State, cause: Cause, why: str, now: datetime, jitter: float | None) -> Delivery:
        """Charge the delivery with an attempt it broke by itself; at the limit, ask a person."""
        broken = self.broken + 1
        if broken >= MOST_BROKEN_ATTEMPTS:
            end = State.NEEDS_REVIEW if again is State.PARTIAL else State.QUARANTINED
            return self.move(end, broken=broken, cause=cause, why=why)
        wait = _wait(self.broken, jitter)
        return self.move(again, next_at=now + wait, broken=broken, cause=cause, why=why)

    def weigh(
        self,
        found: Mapping[int, RemoteId],
        absent: Collection[int] = (),
        *,
        now: datetime,
        next_at: datetime,
        on_absence: OnAbsence = OnAbsence.ASK_AGAIN,
        doubted_since: datetime | None = None,
        most_looks: int = MOST_LOOKS,
        jitter: float = 0.5,
    ) -> Delivery:
        """Become the delivery that follows from a look: ``found`` are its parts that were seen, with their
        ids, and ``absent`` those now *proven* not to be live. What was merely not seen stays in doubt.
        """
        after = replace(self, parts=_parts_seen(self.parts, found, absent))
        if after.first_missing == len(after.parts):
            return after.move(State.PUBLISHED, broken=0, deferred=0, looks=0, cause=None, why="")
        if self.state is State.NEEDS_REVIEW:
            return after
        if any(part.state is PartState.ASKED for part in after.parts):
            return after._still_in_doubt(now, next_at, doubted_since or now, most_looks)  # noqa: SLF001 - it is this very class
        if not after.in_order:
            missing = f"part {after.first_missing + 1} is not live, but a later one is"
            return after.move(State.NEEDS_REVIEW, cause=Cause.EARLIER_PART, why=missing)
        if not absent:
            # Everything that was asked for is there; what is missing was provably never sent.
            return after.move(State.PARTIAL, next_at=now, looks=0)
        return after._proven_absent(now, on_absence, jitter)  # noqa: SLF001 - it is this very class

    def _still_in_doubt(self, now: datetime, next_at: datetime, since: datetime, most_looks: int) -> Delivery:
        looks = self.looks + 1
        if looks < most_looks and now - since < LONGEST_DOUBT:
            return replace(self, looks=looks, next_at=next_at)
        told = f"{looks} looks did not settle it"
        return self.move(State.NEEDS_REVIEW, looks=looks, why=f"{self.why}; {told}" if self.why else told)

    def _proven_absent(self, now: datetime, on_absence: OnAbsence, jitter: float) -> Delivery:
        """Ask again what is proven not to be live, unless X or the operator wants a person to decide."""
        told = f"{self.why}; looks have proven that it is not live" if self.why else "proven not to be live"
        if self.cause is Cause.DUPLICATE:
            # X says a copy is live, and none of ours is: asking again brings the same answer.
            return self.move(State.NEEDS_REVIEW, why=told)
        if on_absence is OnAbsence.ASK_A_PERSON:
            return self.move(
                State.NEEDS_REVIEW, why=f"{told}; this account asks a person before asking again"
            )
        again = State.PARTIAL if self.first_missing > 0 else State.SCHEDULED
        after = self._broke(again, self.cause or Cause.NO_ANSWER, told, now, jitter)
        return replace(after, looks=0)


def _parts_seen(
    parts: tuple[DeliveryPart, ...], found: Mapping[int, RemoteId], absent: Collection[int]
) -> tuple[DeliveryPart, ...]:
    """Give the parts that were seen their ids, and take those back that are not there. A live part stays live."""
    changed = list(parts)
    for n, part in enumerate(parts):
        if part.state is PartState.LIVE:
            continue
        if n in found:
            changed[n] = DeliveryPart(n=n, state=PartState.LIVE, remote_id=found[n])
        elif n in absent:
            changed[n] = DeliveryPart(n=n)
    return tuple(changed)


def _parts_after(parts: tuple[DeliveryPart, ...], answer: Answer) -> tuple[DeliveryPart, ...]:
    """Bring the answer's outcomes home to their parts. A part that is live stays live."""
    changed = list(parts)
    for offset, outcome in enumerate(answer.outcomes):
        n = answer.first + offset
        if parts[n].state is PartState.LIVE:
            continue
        match outcome:
            case Published(remote_id=remote_id):
                changed[n] = DeliveryPart(n=n, state=PartState.LIVE, remote_id=remote_id)
            case Unconfirmed():
                changed[n] = DeliveryPart(n=n, state=PartState.ASKED)
            case Refused() | Deferred() | NotSubmitted():
                changed[n] = DeliveryPart(n=n)
            case _:
                assert_never(outcome)
    return tuple(changed)
