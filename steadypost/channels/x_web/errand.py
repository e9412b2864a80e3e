"""What the parent sends into the runner, and the words of their talk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from steadypost.channels.port import Access, LookRequest, Order
from steadypost.channels.x_web.waiting import ANSWER_WITHIN
from steadypost.domain.outcome import Cause, Outcome
from steadypost.domain.remote_id import RemoteId

ARM = "arm"
"""The question before the click: may I?"""

KNOWN = "known"
"""Not a question but news that must not be lost: ``(n, outcome)``, told the moment it is known."""

CLOCK = "clock"
"""News before the question: how far X's clock is ahead of this machine's."""

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
class RemoveErrand:
    """Take this post down, for a person who said so."""

    access: Access
    post: RemoteId


@dataclass(frozen=True, slots=True)
class Recording:
    """What pages are made of, without texts, names and secrets."""

    pages: Mapping[str, str]
    """Each as HTML, by what it shows."""
    cause: Cause | None = None
    why: str = ""


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


REFUSES = frozenset({Cause.TARGET_CLOSED, Cause.MEDIA_REFUSED})
"""What is so for good: it would be so again."""
