"""What the parent sends into the lane, and the words of their talk."""

from __future__ import annotations

from dataclasses import dataclass

from steadypost.channels.port import Access, LookRequest, Order
from steadypost.channels.x_web.waiting import ANSWER_WITHIN
from steadypost.domain.outcome import Cause, Outcome

ARM = "arm"
"""The question before the click: may I?"""

KNOWN = "known"
"""Not a question but news that must not be lost: ``(n, outcome)``, told the moment it is known."""

DRIFT = "drift"
"""News as well: names of elements that were found only by a fall-back."""


@dataclass(frozen=True, slots=True)
class AskErrand:
    """Make this live, once."""

    access: Access
    order: Order
    answer_within: float = ANSWER_WITHIN
    """Seconds for X's answer to each part."""


@dataclass(frozen=True, slots=True)
class LookErrand:
    """Read this list."""

    access: Access
    request: LookRequest


@dataclass(frozen=True, slots=True)
class ProbeErrand:
    """See whether an ask could go ahead."""

    access: Access


@dataclass(frozen=True, slots=True)
class AskReport:
    """What a finished ask brought, part by part, counted from the order's first."""

    outcomes: tuple[Outcome, ...]


class Halt(Exception):
    """It cannot go on from here, and nothing has been sent."""

    def __init__(self, cause: Cause, why: str) -> None:
        super().__init__(f"{cause}: {why}")
        self.cause = cause
        self.why = why


class TargetGone(Halt):
    """The page of the post that is to be answered says that there is no such post."""

    def __init__(self) -> None:
        super().__init__(Cause.TARGET_GONE, "X's page of the post to answer says that it does not exist")
