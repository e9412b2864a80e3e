"""What looks found, and what that says of each unconfirmed delivery.

A look gives a ``Sighting``; each ``Wanted`` part gets one ``Evidence`` of three values: not seeing a post proves
nothing by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from steadypost.domain.clock import Offset
from steadypost.domain.likeness import Said
from steadypost.domain.network import Name, Network, Place
from steadypost.domain.outcome import Cause
from steadypost.domain.remote_id import RemoteId


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPost:
    """One entry of a list, as the network told it or the page painted it."""

    id: RemoteId
    author: str
    """The author's handle, without ``@``."""
    said: Said
    reply_to: RemoteId | None = None
    """The post it answers; ``None`` when it answers nothing."""
    parent_known: bool = True
    """Whether it is known what it answers; a painted list often does not say."""
    media: tuple[str | None, ...] | None = None
    """The description of each of its pictures, ``None`` where that is not told; ``None`` for the whole when it is not
    known how many there are."""
    quotes: bool = False
    """Whether it shows another post that none of its words leads to. Nothing of ours is sent so."""
    poll: bool = False
    """Whether it has a poll. Nothing of ours is sent so; an edit by hand may add one."""
    pinned: bool = False
    reposted: bool = False
    promoted: bool = False
    readable: bool = True
    """Whether its content was told. An entry of which only the id is known may be anything."""
    versions: tuple[RemoteId, ...] = ()
    """Every id it has had, when it was edited."""
    made: datetime | None = None
    """When it was made, by the network's clock, where the network says so beside its id."""
    dated: datetime | None = None
    """When its author dated it. It proves nothing, and counts only where the name of what is looked for is lost."""
    options: Mapping[str, str] = field(default_factory=dict)
    """How it went out beside its words, as far as the network tells: its content warning, who may see it."""

    @property
    def ids(self) -> frozenset[RemoteId]:
        """Every id it has or had."""
        return frozenset({self.id, *self.versions})

    @property
    def text(self) -> str:
        """Its text, for people and logs."""
        return self.said.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """As whom, and how, something is asked for: it will show itself so, whatever the account's block says by then."""

    identity: str = ""
    """The network's own name for the account (a DID, a number), which outlives a handle. Empty where not told."""
    options: Mapping[str, str] = field(default_factory=dict)
    """How it goes out beside its words, by the names of ``SeenPost.options``; of what is left out nothing is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What one look saw."""

    account: str
    """The handle that the page said was signed in, without ``@``; empty when none was."""
    at: datetime
    identity: str = ""
    """Who that is by the network's own name for it, as in ``Appearance``."""
    posts: tuple[SeenPost, ...] = ()
    reached_back_to: datetime | None = None
    """The list is without a gap from ``at`` back to here, by the network's clock; ``None`` when it cannot say."""
    trouble: Cause | None = None
    """Why the look saw nothing: signed out, a wall, an error, an empty page."""
    why: str = ""
    place: Place = Place.PROFILE
    post: RemoteId | None = None
    """Whose page, for ``Place.THREAD``."""
    told: bool = False
    """Whether the network told the posts to the page. What a page only paints is incomplete and proves no absence."""
    offset: Offset | None = None
    """How far the network's clock was ahead of this machine's during the look; ``None`` when it did not say."""
    dated_behind: bool = False
    """Whether the network's own numbers show its answers to be later than their ``Date``: that one is a proxy's."""
    missing: frozenset[RemoteId] = frozenset()
    """The posts of which the network said that there is nothing at their own address."""
    hidden: frozenset[RemoteId] = frozenset()
    """The posts at whose own address the network shows nothing, and does not say that they are gone."""
    named: Mapping[Name, RemoteId | None] = field(default_factory=dict)
    """The id of each part asked for by name, ``None`` when it is certainly not there. Unknown parts are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One part that was asked for and whose end is unknown."""

    delivery_id: int
    n: int
    network: Network = field(repr=False)
    """The network whose rules apply."""
    handle: str
    text: str
    began_at: datetime
    """When the attempt was armed, by this machine's clock. The post cannot be older than this."""
    ended_at: datetime
    """When the attempt had ended for certain: answered, or its executor seen dead."""
    reply_to: RemoteId | None = None
    """The post it answers; ``None`` when it answers nothing."""
    parent_known: bool = True
    """Whether its parent's id is known. That of a thread's part is not while the part before it is unconfirmed too."""
    media: tuple[str, ...] = ()
    """The descriptions of its pictures, empty where it has none."""
    offset: Offset | None = None
    """How far the network's clock was ahead of this machine's when it was armed; ``None`` when that is not known."""
    strayed: timedelta = timedelta(0)
    """How far the network's clock was seen to be from that ``offset`` since, at most."""
    answered: frozenset[RemoteId] = frozenset()
    """The ids that answers to it named, believed or not: such a post may be this one, whatever the clocks say."""
    name: Name | None = None
    """What it was to be called, where its network lets us name a post."""
    options: Mapping[str, str] = field(default_factory=dict)
    """How it was to go out beside its words, by the same names as ``SeenPost.options``."""
    identity: str = ""
    """As whom it was asked for; empty where that is not known."""

    @property
    def key(self) -> tuple[int, int]:
        """Which part this is."""
        return (self.delivery_id, self.n)


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """It is live, and this is it."""

    remote_id: RemoteId


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """A look that would have shown it did not. One such look alone proves nothing."""

    why: str
    alike: RemoteId | None = None
    """A live post of the account with the same words, from before the attempt: a network may refuse to repeat it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CannotTell:
    """This look says nothing about it."""

    why: str
    unread: tuple[tuple[Place, RemoteId | None], ...] = ()
    """What else has to be read before it could be said to be absent, or be told apart from a post that may be it."""
    twins: tuple[RemoteId, ...] = ()
    """The posts of which each may be this one, and fits no other delivery; the oldest first."""


Evidence = Present | Absent | CannotTell
