"""X: what is true of it, whether it is reached through its page or through its API."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from steadypost.domain import videos
from steadypost.domain.likeness import compare
from steadypost.domain.network import Allowance, Need, Network, Objection, Place
from steadypost.domain.post import Part, sameness
from steadypost.domain.remote_id import RemoteId
from steadypost.networks.x import address, bounds, snowflake
from steadypost.networks.x.prices import price

MEGABYTE = 1024 * 1024

ALLOWS = Allowance(
    longest=280,
    # More than X's composer takes in one thread.
    parts=25,
    pictures=4,
    longest_description=1000,
    takes={
        "image/png": 5 * MEGABYTE,
        "image/jpeg": 5 * MEGABYTE,
        "image/webp": 5 * MEGABYTE,
        "image/gif": 15 * MEGABYTE,
        # X itself takes 512 MB.
        **dict.fromkeys(videos.KINDS, videos.LARGEST),
    },
    longest_video=timedelta(seconds=140),
)
"""Of an account without a subscription."""

BY_PAGE = replace(
    ALLOWS, takes={kind: most for kind, most in ALLOWS.takes.items() if kind not in videos.KINDS}
)
"""No video is sent through the page."""

SLOWEST_CREATION = timedelta(minutes=5)
"""How long after an attempt's end X may still bring its post to life, as a rule."""

SHOWS_WITHIN = timedelta(minutes=10)
"""The slowest showing on record: a profile that lagged by ten minutes on bad days."""

SETTLE = timedelta(minutes=15)
"""Longer than the slowest creation and the slowest showing."""


def order_key(given: RemoteId) -> int:
    """Sort ids by their number."""
    return int(given)


def post_address(base_url: str, handle: str, given: RemoteId) -> str:
    """Give the address of a post for people."""
    return f"{base_url}/{handle}/status/{given}"


def needed(text: str, reply_to: RemoteId | None) -> tuple[Need, ...]:
    """Name every place that has to be read before a part can be said to be absent.

    Two wherever there are two: a list has been seen to leave a single post out. The list of plain posts leaves out
    what is a reply or begins with a name.
    """
    if reply_to is not None:
        return ((Place.REPLIES, None), (Place.THREAD, reply_to))
    if text.lstrip().startswith(("@", "\N{FULLWIDTH COMMERCIAL AT}")):
        return ((Place.REPLIES, None),)
    return ((Place.PROFILE, None), (Place.REPLIES, None))


def objections(parts: tuple[Part, ...], allowance: Allowance) -> Iterable[Objection]:
    """Say what X would refuse in a post."""
    if len(parts) > allowance.parts:
        yield Objection(
            field="parts",
            value=f"{len(parts)} parts",
            why=f"a thread has at most {allowance.parts}",
            remedy="make two threads",
        )
    for n, part in enumerate(parts):
        yield from _too_long(n, part.text, allowance)
        if len(part.media) > 1 and any(one.kind == "image/gif" for one in part.media):
            yield Objection(
                part=n,
                field="images",
                value=f"{len(part.media)} images",
                why=f"part {n + 1} has a GIF beside other images, and X takes one GIF alone",
                remedy="spread them over more parts",
            )
        if len(part.media) > allowance.pictures:
            yield Objection(
                part=n,
                field="images",
                value=f"{len(part.media)} images",
                why=f"part {n + 1} has {len(part.media)} images, and X takes {allowance.pictures}",
                remedy="spread them over more parts",
            )
        yield from videos.against(
            n, part.media, allowance, "X", instead="use an account of X's API (channel x_api), "
        )
        yield from _described(n, part, allowance)
    yield from _repeated(parts)


def _described(n: int, part: Part, allowance: Allowance) -> Iterable[Objection]:
    for one in part.media:
        over = len(one.alt) - allowance.longest_description
        if over > 0:
            yield Objection(
                part=n,
                field="images",
                value=one.path.name,
                why=f"its description has {len(one.alt)} characters, and X takes {allowance.longest_description}",
                remedy=f"shorten the description by {over}",
            )


def _too_long(n: int, text: str, allowance: Allowance) -> Iterable[Objection]:
    if bounds.surely_fits(text, allowance.longest):
        return
    from steadypost.networks.x.length import NotMeasured, weighted_length  # noqa: PLC0415 - takes 0.2 s

    try:
        # Half a character is refused elsewhere, and cannot be measured; anything may stand for it.
        length = weighted_length(text.encode(errors="replace").decode())
    except NotMeasured as unreadable:
        yield Objection(part=n, field="text", value=text, why=str(unreadable), remedy="shorten it")
        return
    if length > allowance.longest:
        yield Objection(
            part=n,
            field="text",
            value=text,
            why=f"X counts {length} and {allowance.whose} may post {allowance.longest}",
            remedy=f"shorten it by {length - allowance.longest}, or make it a thread",
        )


def _repeated(parts: tuple[Part, ...]) -> Iterable[Objection]:
    first_with: dict[str, int] = {}
    for n, part in enumerate(parts):
        same = first_with.setdefault(sameness(part.text), n)
        if same != n and part.text.strip():
            yield Objection(
                part=n,
                field="text",
                value=part.text,
                why=f"it reads the same as part {same + 1}, and X refuses a repetition",
                remedy="say it once",
            )


NETWORK = Network(
    name="x",
    title="X",
    remote_id=snowflake.remote_id,
    order_key=order_key,
    made_at=snowflake.made_at,
    address=post_address,
    read=address.read,
    neither=address.REMEDY,
    compare=compare,
    needed=needed,
    allows=ALLOWS,
    allows_by={"x_web": BY_PAGE},
    objections=objections,
    moving=frozenset({"image/gif"}),
    price=price,
    slowest_creation=SLOWEST_CREATION,
    settle=SETTLE,
    # Of a deleted post neither a list nor a count keeps a trace. Longer than most outages of a machine last: what was
    # under way in one goes out by itself afterwards.
    unseen_for=timedelta(minutes=30),
    shows_within=SHOWS_WITHIN,
    hosts=("x.com", "twitter.com"),
    repeats_refused=True,
)
