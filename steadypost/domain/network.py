"""What is true of one network: its ids, its lengths, when two texts are the same there. No input or output.

Each has a package ``steadypost/networks/<name>/`` with one ``Network``; everything else asks that value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from steadypost.domain.likeness import Grade, Said
from steadypost.domain.post import Part
from steadypost.domain.remote_id import RemoteId


class Place(StrEnum):
    """Where to look."""

    PROFILE = "profile"
    """The account's own posts."""
    REPLIES = "replies"
    """The account's posts and replies."""
    THREAD = "thread"
    """The page of one post, with what is above and below it."""
    NAMED = "named"
    """The posts themselves, asked for one by one under the names that we gave them."""


Need = tuple[Place, RemoteId | None]
"""A place that has to be read; the post is the one whose page it is, for ``Place.THREAD``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """What a part is called before it exists: a delivery's key, chosen once and stored, and the part's number."""

    key: str
    """32 random hexadecimal digits."""
    keyed_at: datetime
    """When the key was chosen, UTC, to the millisecond."""
    n: int
    """The part's index within the delivery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """A post that a person points at: its address, read."""

    id: RemoteId
    handle: str | None = None
    """Whose post the address says it is; some addresses, and bare ids, do not say."""
    part: int | None = None
    """Which part of the delivery it is, if the person said so."""
    server: str | None = None
    """The host, and port, of the server that shows it, where there are many and the address says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How much one account may say in one post. A network has a usual one; an account, or its server, another."""

    longest: int
    """The length of a text, as the network counts it."""
    whose: str = "an account"
    """Who may say so much, for people."""
    parts: int = 25
    """The most parts of a thread."""
    pictures: int = 4
    """The most pictures of a part."""
    longest_description: int = 1000
    """The most characters of a picture's description."""
    takes: Mapping[str, int] = field(default_factory=dict)
    """Which media types are taken, and the most bytes of one file of each."""
    longest_video: timedelta | None = None
    """How long a video may play; ``None``: as long as its bytes allow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """Why a network would not take a post as it is."""

    field: str
    """``text``, ``images``, ``parts`` or ``reply_to``."""
    value: str
    why: str
    remedy: str
    part: int | None = None
    """The index of the part; ``None`` when it is about the whole."""


NEITHER = "this is neither a post's address nor its id"
"""What is wrong with a pointer that ``read`` does not take."""


def nothing_against(parts: tuple[Part, ...], allowance: Allowance) -> Iterable[Objection]:  # noqa: ARG001
    """Take every post."""
    return ()


def free_of_charge(part: Part) -> Decimal:  # noqa: ARG001
    """Cost nothing."""
    return Decimal(0)


def as_pointed(pointer: Pointer, identity: str) -> RemoteId:  # noqa: ARG001
    """Take the id as it stands."""
    return pointer.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One network's facts."""

    name: str
    """The word for tables, and the name of its package."""
    title: str
    """What people call it."""

    remote_id: Callable[[object], RemoteId]
    """Take a value as a post's id, or raise ``NotAnId``."""
    order_key: Callable[[RemoteId], Any]
    """What ids sort by: a post made later never has a smaller one. ``None`` where ids have no order."""
    made_at: Callable[[RemoteId], datetime | None]
    """Read from an id when its post was made, by the network's clock; ``None`` where it does not tell."""
    address: Callable[[str, str, RemoteId], str]
    """Where people find a post: of the network's address, the handle and the id."""
    read: Callable[[str], Pointer]
    """Read a post's address or bare id as a person pastes it, or raise ``NotAnId``."""
    own_id: Callable[[Pointer, str], RemoteId] = as_pointed
    """Spell the id of an account's post as the network does, from a person's spelling and the account's identity (may
    be empty), or raise ``NotAnId``: one post must not have two ids here.
    """
    neither: str
    """The remedy for what ``read`` does not take."""

    compare: Callable[[str, Said], Grade]
    """Whether a post that was seen says, on this network, what was to be said."""
    needed: Callable[[str, RemoteId | None], tuple[Need, ...]]
    """Which places must be read before a part, of this text and parent, can be said to be absent."""
    allows: Allowance
    """What an account may say as a rule."""
    allows_by: Mapping[str, Allowance] = field(default_factory=dict)
    """The same by a channel that carries less than the network takes, by the channel's name."""
    needed_unnamed: Callable[[str, RemoteId | None], tuple[Need, ...]] | None = None
    """The same for a part whose name is lost with a restored backup. ``None``: names change nothing."""
    objections: Callable[[tuple[Part, ...], Allowance], Iterable[Objection]] = nothing_against
    """What the network would refuse in a post."""
    moving: frozenset[str] = frozenset({"image/gif", "image/png", "image/webp"})
    """The media types of pictures that may move. One of another type that does would be shown as a still picture."""
    price: Callable[[Part], Decimal] = free_of_charge
    """What making a part live costs, in US dollars."""

    slowest_creation: timedelta
    """How long after an attempt's end the network may still bring its post to life, as a rule."""
    settle: timedelta
    """The shortest time between two looks that prove absence: longer than the slowest creation and showing. Zero: one
    look.
    """
    shows_within: timedelta = timedelta(0)
    """How long a live post may be missing from lists on a bad day. No settle window may be shorter."""
    dated_apart: timedelta = timedelta(0)
    """How far the clock that dates its posts may be from the one that dates its answers. Zero: they are one clock."""
    unseen_for: timedelta | None = None
    """The longest gap between looks after which a missing post counts as never made. After a longer one a person may
    have seen and deleted it. ``None``: not considered.
    """
    hosts: tuple[str, ...] = ()
    """The names under which the network is itself, the present one first; empty where everybody may run a server."""
    everywhere: bool = False
    """Whether it is one network whichever of its servers is asked: who an account is, all of them tell alike."""
    repeats_refused: bool = False
    """Whether it refuses the same words again."""

    def allowance(self, channel: str) -> Allowance:
        """Say what an account of this channel may say as a rule."""
        return self.allows_by.get(channel, self.allows)
