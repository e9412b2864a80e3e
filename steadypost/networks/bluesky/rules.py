"""What Bluesky takes, and when two texts are the same there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final

from steadypost.domain import videos
from steadypost.domain.likeness import Grade, Said, canonical
from steadypost.domain.network import Allowance, Need, Network, Objection, Place, Pointer
from steadypost.domain.post import Part
from steadypost.domain.remote_id import LONGEST, NotAnId, RemoteId
from steadypost.networks.bluesky import tid
from steadypost.networks.bluesky.text import LONGEST as LONGEST_TEXT
from steadypost.networks.bluesky.text import LONGEST_BYTES, graphemes, size
from steadypost.networks.bluesky.uri import NotAPost, Uri, page, parse, parse_page

KINDS: Final = ("image/jpeg", "image/png", "image/gif", "image/webp")

READ: Final = 50_000_000
"""Bytes of a file that is read. What goes out is made smaller by the channel, to what its server takes."""

VIDEO_DESCRIBED: Final = 1000
"""Characters of a video's description, as readers count them; ten times as many bytes."""

USUAL: Final = Allowance(
    longest=LONGEST_TEXT,
    parts=25,
    pictures=4,
    longest_description=2000,
    takes={**dict.fromkeys(KINDS, READ), "video/mp4": 100_000_000},
    longest_video=timedelta(minutes=3),
)
"""As of August 2026."""


def remote_id(value: object) -> RemoteId:
    """Take an address of a post; raise ``NotAnId``."""
    try:
        told = str(parse(value))
    except NotAPost as error:
        raise NotAnId(str(error)) from error
    if len(told) > LONGEST:
        raise NotAnId(f"{told[:80]}... is longer than {LONGEST} characters")
    return RemoteId(told)


def address(base_url: str, handle: str, value: RemoteId) -> str:
    """Give the page at which people read a post. Handles change, so the account is named by its DID."""
    del base_url, handle
    return page(parse(value))


def read(pasted: str) -> Pointer:
    """Read an address as a person pastes it; raise ``NotAnId``."""
    uri = _pasted(pasted.strip())
    return Pointer(id=remote_id(str(uri)), handle=None if uri.is_fixed else uri.repo)


def own_id(pointer: Pointer, identity: str) -> RemoteId:
    """Name the repository by its DID, as the server does: an address with a handle would be a second id of one post."""
    uri = parse(pointer.id)
    if uri.is_fixed and identity and uri.repo != identity:
        raise NotAnId(
            f"the post {uri} is in the repository of {uri.repo}, and the account's own is {identity}"
        )
    if not uri.is_fixed and not identity:
        raise NotAnId(
            f"{uri.repo} is a handle, and which repository that is has not been seen since the account was set up"
        )
    return pointer.id if uri.is_fixed else remote_id(str(Uri(identity, uri.rkey)))


def _pasted(pasted: str) -> Uri:
    try:
        return parse(pasted) if pasted.startswith("at://") else parse_page(pasted)
    except NotAPost as error:
        raise NotAnId(str(error)) from error


def compare(ours: str, theirs: Said) -> Grade:
    """Say whether a post says what was to be said. A record holds the very bytes that were written."""
    if theirs.text == ours:
        return Grade.SAME
    # The same to a reader, and yet not what was written: another program may have put it there.
    return Grade.UNCLEAR if canonical(theirs.text) == canonical(ours) else Grade.OTHER


def needed(text: str, reply_to: RemoteId | None) -> tuple[Need, ...]:
    """Name what has to be read before a post can be said to be absent: itself, under its own name."""
    del text, reply_to
    return ((Place.NAMED, None),)


def needed_unnamed(text: str, reply_to: RemoteId | None) -> tuple[Need, ...]:
    """Name what has to be read for a post whose name is lost: the list of the account's own records, which leaves out
    none. It is sorted by the times that their keys hold, and ours hold the moment at which they were chosen.
    """
    del text, reply_to
    return ((Place.PROFILE, None),)


# --- what it would refuse


def objections(parts: tuple[Part, ...], allowance: Allowance) -> Iterable[Objection]:
    """Say what the network would refuse in a post."""
    if len(parts) > min(allowance.parts, tid.MOST_PARTS):
        yield Objection(
            field="parts",
            value=str(len(parts)),
            why=f"a thread has at most {allowance.parts} parts",
            remedy="split it into several posts",
        )
    for n, part in enumerate(parts):
        yield from _of_text(n, part, allowance)
        yield from _of_pictures(n, part, allowance)


def _of_text(n: int, part: Part, allowance: Allowance) -> Iterator[Objection]:
    length, weight = graphemes(part.text), size(part.text)
    if length > allowance.longest:
        yield Objection(
            field="text",
            value=f"{length} characters",
            why=f"Bluesky takes {allowance.longest}",
            remedy=f"shorten it by {length - allowance.longest}",
            part=n,
        )
    elif weight > LONGEST_BYTES:
        yield Objection(
            field="text",
            value=f"{weight} bytes",
            why=f"Bluesky takes {LONGEST_BYTES}; letters with many marks and emoji of families weigh most",
            remedy=f"shorten it by {weight - LONGEST_BYTES} bytes",
            part=n,
        )
    if not part.text.strip() and not part.media:
        yield Objection(
            field="text",
            value="empty",
            why="there is nothing to say",
            remedy="write some text, or add a picture or a video",
            part=n,
        )


def _of_pictures(n: int, part: Part, allowance: Allowance) -> Iterator[Objection]:
    if len(part.media) > allowance.pictures:
        yield Objection(
            field="images",
            value=str(len(part.media)),
            why=f"Bluesky takes {allowance.pictures}",
            remedy=f"remove {len(part.media) - allowance.pictures}",
            part=n,
        )
    yield from videos.against(n, part.media, allowance, "Bluesky")
    for media in part.media:
        if media.kind not in allowance.takes and not media.is_video:
            yield Objection(
                field="images",
                value=f"{media.path.name} ({media.kind})",
                why=f"Bluesky takes {', '.join(sorted(allowance.takes))}",
                remedy="save it as one of these",
                part=n,
            )
        if media.is_video and (
            (length := graphemes(media.alt)) > VIDEO_DESCRIBED or size(media.alt) > 10 * VIDEO_DESCRIBED
        ):
            yield Objection(
                field="images",
                value=f"description of {media.path.name}, {length} characters",
                why=f"Bluesky takes {VIDEO_DESCRIBED} characters, and {10 * VIDEO_DESCRIBED:,} bytes, for a video",
                remedy="shorten it",
                part=n,
            )
        elif len(media.alt) > allowance.longest_description:
            yield Objection(
                field="images",
                value=f"description of {media.path.name}, {len(media.alt)} characters",
                why=f"Bluesky's own app shows {allowance.longest_description}",
                remedy="shorten it",
                part=n,
            )


NETWORK: Final = Network(
    name="bluesky",
    title="Bluesky",
    remote_id=remote_id,
    # The time in a key, like the one in a record, is what its author wrote there; the server's own is not told.
    # So neither tells which post is the later one.
    order_key=lambda _: None,
    made_at=lambda _: None,
    address=address,
    read=read,
    own_id=own_id,
    neither=(
        "Give the address of a post on Bluesky, https://bsky.app/profile/.../post/..., or its at:// address"
    ),
    compare=compare,
    needed=needed,
    needed_unnamed=needed_unnamed,
    allows=USUAL,
    objections=objections,
    moving=frozenset(),
    # A request that is still under way meets its own name when it is made again, so nothing has to be waited out.
    slowest_creation=timedelta(minutes=1),
    settle=timedelta(0),
    # The server forgets a deleted record altogether: the same answer comes for one that never was.
    unseen_for=timedelta(minutes=10),
    hosts=("bsky.social", "bsky.app"),
    everywhere=True,
)
