"""What came of an ask: ``Published``, ``Refused``, ``Deferred``, ``NotSubmitted`` or ``Unconfirmed``.

A value with a phase, never an exception. What is not positively recognised is ``Unconfirmed``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from steadypost.domain.causes import Cause as Cause  # noqa: PLC0414 - most who read an outcome ask for its cause
from steadypost.domain.causes import Scope as Scope  # noqa: PLC0414 - the same
from steadypost.domain.remote_id import RemoteId


class Phase(StrEnum):
    """How far an attempt had come. The order is the order of declaration."""

    CLAIMED = "claimed"
    """A worker holds the lease; nothing has been touched."""
    OPENED = "opened"
    """A browser is at the page."""
    SIGNED_IN = "signed_in"
    """The page shows the account we mean."""
    COMPOSED = "composed"
    """The composer holds exactly what we want said."""
    ARMED = "armed"
    """The store has "about to ask". From here only evidence moves the delivery."""
    CLICKED = "clicked"
    """The one click was given, or was being given."""
    ANSWERED = "answered"
    """The network answered something."""

    @property
    def is_armed(self) -> bool:
        """Whether it lies at or behind the point from which the network may know."""
        order = list(Phase)
        return order.index(self) >= order.index(Phase.ARMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The network answered with an id."""

    remote_id: RemoteId
    lacking: str = ""
    """What is not as ordered although the post is live, for people: a lost picture, another visibility. Empty if
    nothing.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The network said no, and would say no again."""

    cause: Cause
    code: str
    """The network's own code, or ``-`` where it gave none."""
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """The network said: not now. Nothing was posted."""

    cause: Cause
    code: str
    why: str
    until: datetime | None = None
    """When it may be asked again, if the network named an instant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSubmitted:
    """Provably nothing was sent: never armed, the part was not reached, or nothing had passed the gate."""

    cause: Cause
    why: str
    phase: Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class Unconfirmed:
    """It was asked, and the end is unknown. Only a look, or a person, can tell."""

    cause: Cause
    why: str
    phase: Phase


Outcome = Published | Refused | Deferred | NotSubmitted | Unconfirmed


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one ask brought, part by part: ``outcomes[i]`` belongs to part ``first + i``."""

    outcomes: tuple[Outcome, ...]
    first: int = 0
    """The index of the first part this attempt was to make live (a thread may resume)."""
    at_large: bool = False
    """Whether its browser was killed and not seen dead, so that it may still act. Other attempts that answered cannot.
    """

    @classmethod
    def same_for_all(cls, outcome: Outcome, parts: int, first: int = 0) -> Answer:
        """Say the same of every part from ``first`` on: it ended before any part had its turn."""
        return cls(outcomes=(outcome,) * max(1, parts - first), first=first)

    @property
    def headline(self) -> Outcome:
        """The outcome that decides: the first that is not ``Published``, else the last."""
        return next((o for o in self.outcomes if not isinstance(o, Published)), self.outcomes[-1])
