"""What a channel is: three verbs, and the values they take and give.

``ask`` may cause a post; it acts once, and only after ``arm`` said yes. ``look`` and ``probe`` cannot cause
one and may be repeated. None of them raises for what a network does: the outcome is the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from steadypost.domain.evidence import Sighting
from steadypost.domain.outcome import Answer, Cause, Phase
from steadypost.domain.post import Part
from steadypost.domain.snowflake import RemoteId

Arm = Callable[[], bool]
"""Called once, when everything is ready and nothing has happened. ``False``: do not act."""

Progress = Callable[[Phase], None]
"""Told of each phase as it is reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a channel needs to be an account on its network. Never printed: it holds the session."""

    account: str
    """The account's name in Steadypost."""
    handle: str
    """The handle that must be signed in, without ``@``."""
    base_url: str
    """Where the network is, without a trailing slash: ``https://x.com``, or a sandbox."""
    session: Mapping[str, Any] = field(repr=False)
    """A usable Playwright storage state."""
    rules_accepted: bool
    """Whether the operator took responsibility for the network's rules on this account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to make live in one ask: the parts from ``first`` on, in order."""

    parts: tuple[Part, ...]
    first: int = 0
    """The index, within the delivery, of ``parts[0]``."""
    reply_to: RemoteId | None = None
    """What ``parts[0]`` answers: the post's target, or the last live part of a thread that resumes."""


class Place(StrEnum):
    """Where to look."""

    PROFILE = "profile"
    """The account's own posts."""
    REPLIES = "replies"
    """The account's posts and replies."""
    THREAD = "thread"
    """The page of one post, with what is above and below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookRequest:
    """Read one list, back past an instant."""

    place: Place
    back_to: datetime
    """Scroll until a post older than this was seen, or the list ends."""
    post: RemoteId | None = None
    """Whose page, for ``Place.THREAD``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Whether publishing could go ahead now, found out without publishing."""

    well: bool
    handle: str
    """Who is signed in; empty when nobody is."""
    cause: Cause | None = None
    why: str = ""
    drift: tuple[str, ...] = ()
    """Names of page elements that were found only by a fall-back."""
    picture: bytes = field(default=b"", repr=False)
    """What the page looked like when it was not as it should be."""
    page: str = field(default="", repr=False)
    """Its elements then, without scripts. Whoever keeps it takes the account's secrets out first."""


class Channel(Protocol):
    """One way to reach one network, opened for one attempt. ``deadline`` is ``time.monotonic()`` seconds;
    past it the work is dead, not merely waited for no longer.
    """

    def ask(self, access: Access, order: Order, *, arm: Arm, deadline: float, progress: Progress) -> Answer:
        """Make the order live, once."""
        ...

    def look(self, access: Access, request: LookRequest, *, deadline: float) -> Sighting:
        """Read a list of posts."""
        ...

    def probe(self, access: Access, *, deadline: float) -> Probe:
        """Open the composer, check everything publishing needs, and submit nothing."""
        ...
