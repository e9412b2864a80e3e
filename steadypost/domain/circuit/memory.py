"""What a circuit remembers: the part that all processes share, and the window that each keeps for itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class State(StrEnum):
    """Where a circuit is. Only ``judge`` moves it, and each move is one new revision, written by one process."""

    CLOSED = "closed"
    """Calls go through, and their results are judged."""

    OPEN = "open"
    """Nothing goes through until its time is over; what waits is put off uncharged. A crash changes nothing."""

    HALF_OPEN = "half_open"
    """A few permitted calls test it. A dead holder's permit runs out by the clock; undecided too long, it opens again.
    """

    FORCED_OPEN = "forced_open"
    """Opened by a person. Only a person's word, or that word's end, moves it; then it is tried first."""

    DISABLED = "disabled"
    """A person turned it off: everything goes through, and nothing is judged."""

    METRICS_ONLY = "metrics_only"
    """A person set it to measure only: everything goes through, and it is noted when it would have opened."""


BY_A_PERSON = frozenset({State.FORCED_OPEN, State.DISABLED, State.METRICS_ONLY})
"""The states that only a person's word brings about."""

LETS_THROUGH = frozenset({State.CLOSED, State.DISABLED, State.METRICS_ONLY})
"""The states in which any process may call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """The right to make one of the few calls of a half-open circuit."""

    number: int
    """Never given twice within a generation."""
    holder: str
    until: datetime
    """When it is free again if its holder stays silent."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call in the window."""

    at: datetime
    failed: bool
    slow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Everything the next judgement depends on."""

    state: State = State.CLOSED
    generation: int = 0
    """Counts changes of state. A result that began in an older generation is late and tells nothing of this one."""
    since: datetime = LONG_AGO
    until: datetime | None = None
    """Open: when it may be tried. Half-open: when it must have been decided. By a person: when their word ends."""
    down_since: datetime | None = None
    """When it last stopped letting calls through, however often it was tried since; ``None`` while it does."""
    openings: int = 0
    """How often it has opened without having been calm in between."""
    cause: str = ""
    """What opened it, in the word that tables and tests agree on."""
    why: str = ""
    by: str = ""
    """The person whose word it obeys, or the process that saw what moved it."""
    word: str = ""
    """The mark of the last word of a person that it obeyed; a word is obeyed once."""

    permits: tuple[Permit, ...] = ()
    given: int = 0
    """How many permits this generation has given out so far."""
    good: int = 0
    bad: int = 0

    window: tuple[Call, ...] = ()
    """What this process saw since the circuit closed. Kept in no revision."""
    would_open: int = 0
    """How often it would have opened while it only measures. Kept in no revision either."""

    def shared(self) -> Memory:
        """Leave only what all processes must agree on."""
        return replace(self, window=(), would_open=0)


NEW = Memory()
"""A circuit before its first event."""
