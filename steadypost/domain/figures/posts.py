"""What became of a delivery that was due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from steadypost.domain.delivery import State

ON_TIME = timedelta(minutes=5)
"""``T``: how long after its time a post may be live, and on record, and still count as on time."""


class PostOutcome(StrEnum):
    """What became of a delivery that was due."""

    GOOD = "good"
    """Live once, on record, on time."""

    # Due, and not as promised.
    TWICE = "twice"
    """More than one copy is live."""
    LATE = "late"
    """Live, and later than it may be."""
    RECORDED_LATE = "recorded_late"
    """Live on time; that it is, was found out too late."""
    UNRECORDED = "unrecorded"
    """Live, and its id is not on record."""
    UNCONFIRMED = "unconfirmed"
    """Asked, and the answer is unknown."""
    OVERDUE = "overdue"
    """Still on its way when it should be live."""
    MISSED = "missed"
    """Put aside by its own late rule."""
    HELD_LATE = "held_late"
    """Held by its own late rule: it should be live, and a person is asked because it is not."""
    FOR_A_PERSON = "for_a_person"
    """Waits for a person, after it broke."""
    TAKEN_BACK_LATE = "taken_back_late"
    """Taken back by a person when it should have been live already."""
    REMOVED = "removed"
    """The network said it was live, and no look ever saw it."""

    # Not counted, and named all the same.
    PENDING = "pending"
    """Its time to be on time is not over."""
    HELD = "held"
    """Came in as a repetition, or is more than the account's limits ever allow, and waits for a word."""
    TAKEN_BACK = "taken_back"
    """A person took it back before it was late."""
    REFUSED = "refused"
    """The network refused what it says: the post is wrong, not the service."""
    NO_CAPACITY = "no_capacity"
    """The account's own limits, used up by posts that are live, left no room for it in time."""
    OUTAGE = "outage"
    """The network was away in its time; left out only where that is asked for."""


NOT_COUNTED = frozenset(
    {
        PostOutcome.PENDING,
        PostOutcome.HELD,
        PostOutcome.TAKEN_BACK,
        PostOutcome.REFUSED,
        PostOutcome.NO_CAPACITY,
        PostOutcome.OUTAGE,
    }
)
"""What was not due in time. Never silent: each figure names how many it leaves out, and why."""

DOWN = frozenset(
    {
        PostOutcome.LATE,
        PostOutcome.UNCONFIRMED,
        PostOutcome.OVERDUE,
        PostOutcome.MISSED,
        PostOutcome.HELD_LATE,
        PostOutcome.FOR_A_PERSON,
        PostOutcome.TAKEN_BACK_LATE,
    }
)
"""What shows that an account was not served: something was due and was not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DuePost:
    """One delivery, as figures see it."""

    account: str
    at: datetime
    """Its due time, or when it came in or was released as a repetition, if later. Releasing a post that is late, or
    giving it another time, does not move it.
    """
    state: State
    """What the store says of it."""
    live_at: datetime | None = None
    """When the last of its parts became live, by the id itself or by a ledger; ``None``: not known to be."""
    recorded_at: datetime | None = None
    """When its ids were on record."""
    twice: bool = False
    no_capacity: bool = False
    """Whether the account's limits left it none when it should have been live at the latest."""
    held_late: bool = False
    """Whether it is held because its own late rule asked for a person."""
    ended_at: datetime | None = None
    """When it came to rest without being live."""
    delivery_id: int | None = None

    def judged(self, *, within: timedelta = ON_TIME, now: datetime) -> PostOutcome:
        """Say what became of it."""
        latest = self.at + within
        if self.twice:
            return PostOutcome.TWICE
        if now < latest:
            return PostOutcome.PENDING
        if self.state is State.REMOVED:
            return PostOutcome.REMOVED
        if self.live_at is not None:
            return self._live(self.live_at, latest)
        return self._not_live(latest)

    def _live(self, live_at: datetime, latest: datetime) -> PostOutcome:
        if live_at > latest:
            return PostOutcome.NO_CAPACITY if self.no_capacity else PostOutcome.LATE
        if self.recorded_at is None:
            return PostOutcome.UNRECORDED
        return PostOutcome.GOOD if self.recorded_at <= latest else PostOutcome.RECORDED_LATE

    def _not_live(self, latest: datetime) -> PostOutcome:
        match self.state:
            case State.HELD if self.held_late:
                return PostOutcome.NO_CAPACITY if self.no_capacity else PostOutcome.HELD_LATE
            case State.HELD:
                return PostOutcome.HELD
            case State.REFUSED:
                return PostOutcome.REFUSED
            case State.CANCELLED:
                early = self.ended_at is not None and self.ended_at <= latest
                return PostOutcome.TAKEN_BACK if early else PostOutcome.TAKEN_BACK_LATE
            case State.NEEDS_REVIEW | State.QUARANTINED:
                return PostOutcome.FOR_A_PERSON
            case State.UNCONFIRMED:
                return PostOutcome.UNCONFIRMED
            case State.MISSED:
                return PostOutcome.NO_CAPACITY if self.no_capacity else PostOutcome.MISSED
            case _:
                return PostOutcome.NO_CAPACITY if self.no_capacity else PostOutcome.OVERDUE
