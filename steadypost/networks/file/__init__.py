"""A file of posts, one JSON object a line: a network without an outside world, for trying and testing Steadypost.

A post's id is the name its part has, so a part is never there twice, and a look asks for it by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from steadypost.domain import videos
from steadypost.domain.likeness import Grade, Said, canonical
from steadypost.domain.network import Allowance, Name, Need, Network, Objection, Place, Pointer
from steadypost.domain.post import Part
from steadypost.domain.remote_id import NotAnId, RemoteId

MEGABYTE = 1024 * 1024

ALLOWS = Allowance(
    longest=10_000,
    parts=25,
    pictures=4,
    longest_description=10_000,
    takes={
        **dict.fromkeys(("image/png", "image/jpeg", "image/webp", "image/gif"), 15 * MEGABYTE),
        **dict.fromkeys(videos.KINDS, videos.LARGEST),
    },
)

_SHAPE = re.compile(r"[0-9a-f]{32}\.[0-9]{1,3}")


def remote_id(value: object) -> RemoteId:
    """Take a value as a post's id, or raise ``NotAnId``."""
    if not isinstance(value, str) or _SHAPE.fullmatch(value) is None:
        raise NotAnId(
            f"not a post id: {value!r} (expected 32 hexadecimal digits, a dot and the part's number)"
        )
    return RemoteId(value)


def id_of(name: Name) -> RemoteId:
    """Give the id of the part of this name."""
    return RemoteId(f"{name.key}.{name.n}")


def made_at(_: RemoteId) -> datetime | None:
    """Say that an id does not tell when its post was made."""
    return None


def order_key(_: RemoteId) -> None:
    """Say that ids have no order."""


def post_address(base_url: str, handle: str, given: RemoteId) -> str:  # noqa: ARG001 - the port's own form
    """Say where the post is."""
    return f"{base_url}#{given}"


def read(written: str) -> Pointer:
    """Read a post's address or its bare id."""
    return Pointer(id=remote_id(written.strip().rpartition("#")[2]))


def compare(ours: str, theirs: Said) -> Grade:
    """Say whether a line says what was to be said: every character of it."""
    return Grade.SAME if canonical(ours) == canonical(theirs.text) else Grade.OTHER


def needed(text: str, reply_to: RemoteId | None) -> tuple[Need, ...]:  # noqa: ARG001 - the port's own form
    """Ask for the part by its name."""
    return ((Place.NAMED, None),)


def needed_unnamed(text: str, reply_to: RemoteId | None) -> tuple[Need, ...]:  # noqa: ARG001 - the port's own form
    """Read the whole file: whatever was ever written stands in it."""
    return ((Place.PROFILE, None),)


def objections(parts: tuple[Part, ...], allowance: Allowance) -> Iterable[Objection]:
    """Say what is too long for a line."""
    if len(parts) > allowance.parts:
        yield Objection(
            field="parts",
            value=f"{len(parts)} parts",
            why=f"a thread has at most {allowance.parts}",
            remedy="make two threads",
        )
    for n, part in enumerate(parts):
        if len(part.text) > allowance.longest:
            yield Objection(
                part=n,
                field="text",
                value=part.text,
                why=f"it has {len(part.text)} characters, and a line holds {allowance.longest}",
                remedy=f"shorten it by {len(part.text) - allowance.longest}",
            )
        yield from videos.against(n, part.media, allowance, "a file")


NETWORK = Network(
    name="file",
    title="a file",
    remote_id=remote_id,
    order_key=order_key,
    made_at=made_at,
    address=post_address,
    read=read,
    neither="write the id that stands in the post's line",
    compare=compare,
    needed=needed,
    needed_unnamed=needed_unnamed,
    allows=ALLOWS,
    objections=objections,
    slowest_creation=timedelta(0),
    settle=timedelta(0),
)
