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
from steadypost.domain.parts import DeliveryPart, PartState, parts_after, parts_seen
from steadypost.domain.remote_id import RemoteId
from steadypost.domain.waits import (
    FIRST_LOOK,
    LONGEST_UNCONFIRMED,
    MOST_BROKEN_ATTEMPTS,
    MOST_LOOKS,
    wait_before_retry,
)


class State(StrEnum):
    """Where a delivery stands. Each state says what it means, who moves it, and what a crash leaves."""

    HELD = "held"
    """May be a repetition, needs approval, or is late and its rule asks first. A person or its late rule ends
    it.
    """

    SCHEDULED = "scheduled"
    """Waiting for its moment. A worker's claim moves it. A crash leaves it as it is."""

    SENDING = "sending"
    """A worker holds its lease. After arming the network may already know. When a crash lets the lease run out,
    rescue moves it: to ``scheduled`` if never armed, else to ``unconfirmed``.
    """

    PARTIAL = "partial"
    """Some parts of a thread are live, the rest provably not. Claimed again, it goes on at the first missing part."""

    UNCONFIRMED = "unconfirmed"
    """Asked and never learnt; counts against the quota. Only a look, a person's word or that attempt's late answer
    moves it.
    """

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
    """Was live and is seen gone. Never posted again by itself; only a person who sees it there again moves it."""


CAME_TO_LIGHT = frozenset({State.PUBLISHED, State.NEEDS_REVIEW})
"""Where a delivery goes when an unexpected id comes to light.

A person may have said that it is not there and be wrong. An id outweighs every other word, so a way leads from every
waiting state and every end to ``published``, or to a person where only some parts came to light.
"""

MOVES: Mapping[State, frozenset[State]] = {
    State.HELD: CAME_TO_LIGHT | {State.SCHEDULED, State.CANCELLED, State.MISSED},
    State.SCHEDULED: CAME_TO_LIGHT
    # Refused again only when a person takes back that a refused one, changed, is to go out.
    | {State.SENDING, State.HELD, State.MISSED, State.CANCELLED, State.QUARANTINED, State.REFUSED}
    # A backup was restored: it may have been asked for since that was made.
    | {State.UNCONFIRMED},
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
    # Unconfirmed, as above, when a backup was restored.
    State.PARTIAL: CAME_TO_LIGHT | {State.SENDING, State.CANCELLED, State.UNCONFIRMED},
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
    # Changed, it may wait for a second person's yes first; so with what was refused or missed.
    State.QUARANTINED: CAME_TO_LIGHT | {State.SCHEDULED, State.HELD, State.CANCELLED},
    State.PUBLISHED: frozenset({State.REMOVED}),
    # A person changed what the network refused, and lets it go out.
    State.REFUSED: CAME_TO_LIGHT | {State.SCHEDULED, State.HELD},
    # A person gave it another time.
    State.MISSED: CAME_TO_LIGHT | {State.SCHEDULED, State.HELD},
    # A person takes back that it was taken back, while nothing of it ever went out.
    State.CANCELLED: CAME_TO_LIGHT
    | {State.SCHEDULED, State.HELD, State.QUARANTINED}
    # The rest of a thread was taken back, and a person took down what of it was live.
    | {State.REMOVED},
    # It was believed gone, and a person sees it live.
    State.REMOVED: CAME_TO_LIGHT,
}
"""The graph. What is not here does not happen."""

CLAIMABLE = frozenset({State.SCHEDULED, State.PARTIAL})
"""What a worker may take when its moment has come."""

FINAL = frozenset({State.PUBLISHED, State.REFUSED, State.MISSED, State.CANCELLED, State.REMOVED})
"""Where a delivery may rest for good: only what the network shows, or a person, moves it on."""

FOR_A_PERSON = frozenset({State.HELD, State.NEEDS_REVIEW, State.QUARANTINED})
"""Where a delivery waits for a person."""


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


class ImpossibleMove(ValueError):
    """The graph has no such move."""

    def __init__(self, origin: State, target: State) -> None:
        super().__init__(f"a delivery cannot move from {origin} to {target}")
        self.origin = origin
        self.target = target


DELETED = (
    "it is not there now, and there was no look for a while after it was asked for: a person may have deleted it since. "
    "If it was not deleted, let it go out again"
)
"""Why a person decides about what may have been live before the first look."""


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
    """A person is asked before it is sent again."""


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
    """When it is to go out. Lateness is measured from here; only a person moves it."""
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
    """How many attempts in a row ended through account, network or host."""
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
        told = f"was due {due} and may be {self.late_after} late; that time has passed"
        if self.when_late is WhenLate.MISS:
            return self.move(State.MISSED, why=f"{told}{before}")
        asks = f"{told}; a person has to say whether it goes out all the same{before}"
        return self if self.state is State.HELD else self.move(State.HELD, why=asks)

    def settle(self, answer: Answer, now: datetime, jitter: float, *, patient: bool = True) -> Delivery:
        """Take the network's answer and become the delivery that follows; not ``patient``, what was not sent goes
        again at once.
        """
        after = replace(self, parts=parts_after(self.parts, answer))
        return after._follow(answer, now, jitter if patient else None)  # noqa: SLF001 - it is this very class

    def _follow(self, answer: Answer, now: datetime, jitter: float | None) -> Delivery:
        """Move by an answer that has been applied to the parts."""
        if self.first_missing == len(self.parts):
            return self.move(State.PUBLISHED, broken=0, deferred=0, cause=None, why="")
        for one in answer.outcomes:
            if isinstance(one, Unconfirmed):
                told: dict[str, object] = {"looks": 0, "cause": one.cause, "why": one.why}
                return self.move(State.UNCONFIRMED, next_at=now + FIRST_LOOK, **told)
        if not self.in_order:
            return self.move(
                State.NEEDS_REVIEW,
                cause=Cause.EARLIER_PART,
                why=f"part {self.first_missing + 1} is not live, but a later one is or may be",
            )
        return self._not_live(answer.headline, now, jitter)

    def _not_live(self, outcome: Outcome, now: datetime, jitter: float | None) -> Delivery:
        """Go on from an answer that says the next part is provably not live."""
        begun = self.first_missing > 0
        again = State.PARTIAL if begun else State.SCHEDULED
        match outcome:
            case Refused(cause=cause, why=why):
                return self.move(State.NEEDS_REVIEW if begun else State.REFUSED, cause=cause, why=why)
            case Deferred(cause=cause, why=why, until=until):
                # The network itself said "not now": that is obeyed, patient or not.
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

    def make_unconfirmed(self, why: str, next_at: datetime) -> Delivery:
        """Become a delivery of which every missing part may be live, whatever was known of it."""
        if self.first_missing == len(self.parts):
            raise ImpossibleMove(self.state, State.UNCONFIRMED)
        parts = tuple(
            part if part.state is PartState.LIVE else DeliveryPart(n=part.n, state=PartState.ASKED)
            for part in self.parts
        )
        changes: dict[str, object] = {
            "parts": parts,
            "next_at": next_at,
            "looks": 0,
            "cause": Cause.NO_ANSWER,
            "why": why,
        }
        if self.state is State.UNCONFIRMED:
            return replace(self, **changes)  # type: ignore[arg-type]
        return self.move(State.UNCONFIRMED, **changes)

    def weigh(
        self,
        found: Mapping[int, RemoteId],
        absent: Collection[int] = (),
        *,
        now: datetime,
        next_at: datetime,
        on_absence: OnAbsence = OnAbsence.ASK_AGAIN,
        unconfirmed_since: datetime | None = None,
        most_looks: int = MOST_LOOKS,
        jitter: float = 0.5,
        perhaps_deleted: bool = False,
        alike: RemoteId | None = None,
        planned: bool = True,
    ) -> Delivery:
        """Become the delivery that follows from a look: ``found`` are parts with their ids, ``absent`` those *proven*
        not live.

        ``perhaps_deleted``: what is absent may have been live before. ``alike`` is an older live post with the same
        words. A look that was not ``planned`` is not counted.
        """
        after = replace(self, parts=parts_seen(self.parts, found, absent))
        if after.first_missing == len(after.parts):
            return after.move(State.PUBLISHED, broken=0, deferred=0, looks=0, cause=None, why="")
        if self.state is State.NEEDS_REVIEW:
            return after
        if any(part.state is PartState.ASKED for part in after.parts):
            return after._still_unconfirmed(now, next_at, unconfirmed_since or now, most_looks, planned)  # noqa: SLF001 - it is this very class
        if not after.in_order:
            missing = f"part {after.first_missing + 1} is not live, but a later one is"
            return after.move(State.NEEDS_REVIEW, cause=Cause.EARLIER_PART, why=missing)
        if not absent:
            # Everything that was asked for is there; what is missing was provably never sent.
            return after.move(State.PARTIAL, next_at=now, looks=0)
        if perhaps_deleted:
            return after.move(State.NEEDS_REVIEW, why=self._because(DELETED))
        return after._proven_absent(now, on_absence, jitter, alike)  # noqa: SLF001 - it is this very class

    def _because(self, more: str) -> str:
        return f"{self.why}; {more}" if self.why else more

    def _still_unconfirmed(
        self, now: datetime, next_at: datetime, since: datetime, most_looks: int, planned: bool
    ) -> Delivery:
        looks = self.looks + planned
        if looks < most_looks and now - since < LONGEST_UNCONFIRMED:
            return replace(self, looks=looks, next_at=next_at)
        told = self._because(f"{looks} looks did not settle it")
        return self.move(State.NEEDS_REVIEW, looks=looks, why=told)

    def _repeated(self, alike: RemoteId | None) -> Delivery:
        """End what the network refused as a repetition: asked again, it would be refused again."""
        if alike is None:
            told = "no list that would show it does; a person can see which of the two is wrong"
            return self.move(State.NEEDS_REVIEW, why=self._because(told))
        told = f"{alike} is live with the same words, and the network does not take them twice"
        end = State.NEEDS_REVIEW if self.first_missing > 0 else State.REFUSED
        return self.move(end, why=self._because(told))

    def _proven_absent(
        self, now: datetime, on_absence: OnAbsence, jitter: float, alike: RemoteId | None
    ) -> Delivery:
        """Ask again what is proven not to be live, unless the operator wants a person to decide."""
        if self.cause is Cause.DUPLICATE:
            return self._repeated(alike)
        told = f"{self.why}; looks have proven that it is not live" if self.why else "proven not to be live"
        if on_absence is OnAbsence.ASK_A_PERSON:
            return self.move(
                State.NEEDS_REVIEW, why=f"{told}; this account asks a person before asking again"
            )
        again = State.PARTIAL if self.first_missing > 0 else State.SCHEDULED
        after = self._broke(again, self.cause or Cause.NO_ANSWER, told, now, jitter)
        return replace(after, looks=0)
