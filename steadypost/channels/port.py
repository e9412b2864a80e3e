"""What a channel is: four verbs, and the values they take and give. No verb raises for what a network does.

``ask`` may cause a post: once, after ``arm``. ``look`` and ``probe`` cannot, ``remove`` takes one down; all three may
be repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from steadypost.domain import clock
from steadypost.domain.clock import Offset
from steadypost.domain.evidence import Appearance, Sighting
from steadypost.domain.network import Name, Network, Place
from steadypost.domain.outcome import Answer, Cause, Phase
from steadypost.domain.post import Part
from steadypost.domain.remote_id import RemoteId
from steadypost.domain.token import Tokens

Arm = Callable[[], bool]
"""Called once, when everything is ready and nothing has happened. ``False``: do not act."""

Progress = Callable[[Phase], None]
"""Told of each phase as it is reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a channel needs to be an account on its network. Its secret is never printed."""

    account: str
    """The account's name in Steadypost."""
    handle: str
    """The handle that must be signed in, without ``@``."""
    base_url: str
    """Where the network is, without a trailing slash: ``https://x.com``, or a sandbox."""
    secret: Mapping[str, Any] = field(repr=False)
    """What signs the account in, in the channel's own form: a Playwright storage state, a token, an app password."""
    rules_accepted: bool = True
    """Whether the operator took responsibility for the network's rules on this account."""
    options: Mapping[str, str | bool] = field(default_factory=dict)
    """How the account posts, where its network leaves a choice: visibility, language, labels. No secret."""

    @property
    def network(self) -> str:
        """Where the network is, as one word for tables: host and port."""
        return urlsplit(self.base_url).netloc


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to make live in one ask: the parts from ``first`` on, in order."""

    parts: tuple[Part, ...]
    key: str
    """The delivery's key: 32 random hexadecimal digits, chosen once, stored before the first attempt, and the same in
    every attempt. A network that lets us name a post is given a name made of it."""
    keyed_at: datetime
    """When the key was chosen, UTC, to the millisecond."""
    first: int = 0
    """The index, within the delivery, of ``parts[0]``."""
    live: tuple[RemoteId, ...] = ()
    """The ids of the delivery's parts before ``first``: all of them are live."""
    reply_to: RemoteId | None = None
    """What ``parts[0]`` answers: the post's target, or the last live part of a thread that resumes."""
    live_at: datetime | None = None
    """When the last of ``live`` was made, at the latest, by this machine's clock."""

    def name(self, index: int) -> Name:
        """Give the name of ``parts[index]``."""
        return Name(key=self.key, keyed_at=self.keyed_at, n=self.first + index)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookRequest:
    """Read one place: a list back past an instant, one post's page, or posts by their names."""

    place: Place
    back_to: datetime
    """Scroll until a post older than this was seen, or the list ends."""
    post: RemoteId | None = None
    """Whose page, for ``Place.THREAD``."""
    names: tuple[Name, ...] = ()
    """The parts that are asked for, for ``Place.NAMED``; ``Sighting.named`` answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Whether publishing could go ahead now, found out without publishing."""

    well: bool
    handle: str
    """The handle that is signed in; empty when none is."""
    cause: Cause | None = None
    why: str = ""
    drift: tuple[str, ...] = ()
    """What was found only by a fall-back: elements of a page, fields of an answer."""
    picture: bytes = field(default=b"", repr=False)
    """What the page looked like when it was not as it should be."""
    page: str = field(default="", repr=False)
    """Its elements then, without scripts. The account's secrets are taken out before it is kept."""


@dataclass(frozen=True, slots=True)
class RemoveReport:
    """How far the removal of a post came. That the post is gone is a look's to say."""

    asked: bool
    """Whether the request for it left, or may have."""
    cause: Cause | None = None
    why: str = ""
    """What the network said, where that was no plain yes."""


class Channel(Protocol):
    """One way to reach one network, opened for one attempt. ``deadline`` is ``time.monotonic()`` seconds;
    past it the work is dead, not merely waited for no longer.
    """

    executor: str
    """What may act for this attempt, as a text to record when it is armed: a browser, this process while a request is
    open. Its ``Kind`` says of it later whether it still may. Empty: nothing that outlives the call.
    """
    offset: Offset | None
    """How far the network's clock is ahead of this machine's, as what was opened so far told; known before ``arm`` is
    called where the network tells it.
    """
    appears: Appearance
    """As whom, and how, what is asked for will show itself; known before ``arm`` is called, as far as it is told."""

    def ask(self, access: Access, order: Order, *, arm: Arm, deadline: float, progress: Progress) -> Answer:
        """Make the order live, once."""
        ...

    def look(self, access: Access, request: LookRequest, *, deadline: float) -> Sighting:
        """Read a list of posts."""
        ...

    def probe(self, access: Access, *, deadline: float) -> Probe:
        """Check everything publishing needs, and submit nothing."""
        ...

    def remove(self, access: Access, post: RemoteId, *, deadline: float) -> RemoveReport:
        """Take one of the account's own posts down. Nothing of ours calls this by itself: a person said which."""
        ...


# --- what a channel is given, and what kind of channel it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a process has for the channels it opens. A channel takes what it needs, and nothing is made ready before."""

    browser: Callable[[], AbstractContextManager[Any]]
    """Lends a browser; raises ``BrowserError`` where none is to be had."""
    home: Path
    """A directory of this machine that is Steadypost's own."""
    tokens: Tokens | None = None
    now: clock.Clock = clock.now


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What the channel's own steps may take until it can tell what became of them. Less, and the deadline would end
    them before.
    """

    ask: timedelta
    look: timedelta
    probe: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One way to reach one network: its name, and how it is opened. Each channel's package has one."""

    name: str
    """As accounts carry it: ``x_web``, ``mastodon``."""
    network: Network
    open: Callable[[Means], AbstractContextManager[Channel]]
    """Open it for one attempt, look or probe."""
    needs: Needs
    needs_browser: bool = False
    may_still_act: Callable[[str], bool | None] = lambda _: False
    """Whether an executor that an attempt recorded may still act; ``None``: that cannot be seen from this machine."""
    end: Callable[[str], bool | None] | None = None
    """End an executor whose worker fell silent, and answer like ``may_still_act``; ``None``: it ends by itself."""
