"""What a look found, and what that proves of each delivery in doubt.

A look at an account's timeline brings back a ``Sighting``: the posts it saw, and how far the list reached.
One sighting serves every delivery of the account. ``judge`` is pure: (what is wanted, what was seen) in,
one ``Evidence`` per wanted part out. Three values, never two: not seeing a post is not proof that it is
not there.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from steadypost.domain.outcome import Cause
from steadypost.domain.snowflake import RemoteId, made_at


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPost:
    """One entry of a timeline, as the page showed it."""

    id: RemoteId
    author: str
    """The author's handle, without ``@``."""
    text: str
    reply_to: RemoteId | None = None
    """The post it answers, when the page said so; ``None`` when it answers nothing or the page was silent."""
    pinned: bool = False
    reposted: bool = False
    promoted: bool = False
    cut: bool = False
    """Whether the page cut the text ("Show more")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What one look saw."""

    account: str
    """The handle the page said was signed in, without ``@``; empty when nobody was."""
    at: datetime
    posts: tuple[SeenPost, ...] = ()
    reached_back_to: datetime | None = None
    """The list is without a gap from ``at`` back to here; ``None`` when it cannot say."""
    trouble: Cause | None = None
    """What kept the look from being one: signed out, a wall, an error, an empty page."""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One part we asked for, and want to know about."""

    delivery_id: int
    n: int
    handle: str
    text: str
    began_at: datetime
    """When the attempt was armed. The post cannot be older than this."""
    ended_at: datetime
    """When the attempt had ended for certain: answered, or its browser seen dead."""
    reply_to: RemoteId | None = None
    """The parent it must have, when known."""

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
    """It was not there on a look that would have shown it. One such look alone proves nothing."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CannotTell:
    """This look says nothing about it."""

    why: str


Evidence = Present | Absent | CannotTell

CLOCK_SKEW = timedelta(seconds=15)
"""How far the network's clock and ours may differ."""

SLOWEST_CREATION = timedelta(minutes=5)
"""How long after an attempt's end X may still bring its post to life."""

SETTLE = timedelta(minutes=15)
"""How far apart two looks that miss a post must be, at the least, to prove that it is not there.

Longer than ``SLOWEST_CREATION`` and the slowest showing on record together: X's own profile lagged by ten
minutes on bad days (faults.md, F02-S2). An account's block may say otherwise.
"""

SHORTEST_CUT = 20
"""A text cut shorter than this could be anybody's."""

_URL = re.compile(
    r"(?:https?://|www\.)\S+|(?<![\w@.])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}(?:/\S*)?",
    re.IGNORECASE,
)
_LINK = "\N{LINK SYMBOL}"
_TRAILING = re.compile(rf"(?:\s*{_LINK})+$")
_INVISIBLE = re.compile(
    "[\N{VARIATION SELECTOR-15}\N{VARIATION SELECTOR-16}\N{ZERO WIDTH SPACE}"
    "\N{WORD JOINER}\N{ZERO WIDTH NO-BREAK SPACE}]"
)
_SPACE = re.compile(r"\s+")


def as_shown(text: str) -> str:
    """Reduce a text to what survives a page: links become one sign, white space one blank.

    X rewrites every link to t.co and shows it shortened, shows emoji as images whose description may
    lack the variation selector, sends entities, and adds line breaks around blocks.
    """
    plain = unicodedata.normalize("NFC", html.unescape(text))
    plain = _INVISIBLE.sub("", plain)
    plain = _URL.sub(_LINK, plain)
    return _SPACE.sub(" ", plain).strip()


def same_text(wanted: str, seen: SeenPost) -> bool:
    """Whether the page's text is the text we sent, allowing for what pages do to texts."""
    ours, theirs = as_shown(wanted), as_shown(seen.text)
    if seen.cut:
        theirs = theirs.rstrip(" …").removesuffix("Show more").rstrip(" …")
        return len(theirs) >= min(SHORTEST_CUT, len(ours)) and ours.startswith(theirs)
    # X appends the link of attached media to the text it shows.
    return ours == theirs or _TRAILING.sub("", ours) == _TRAILING.sub("", theirs) != ""


def judge(
    wanted: Sequence[Wanted], sighting: Sighting, taken: Collection[RemoteId] = ()
) -> Mapping[tuple[int, int], Evidence]:
    """Say of each wanted part what this sighting shows.

    A post is taken for ours only when it is by our account, made after the attempt began (its id tells)
    and not after it can have ended, says the full text, answers the right parent, is not pinned, reposted
    or promoted, belongs to no other delivery, and is the only one of which all this is true.
    """
    fits = {item.key: _candidates(item, sighting, taken) for item in wanted}
    claims: dict[RemoteId, int] = {}
    for candidates in fits.values():
        for seen in candidates:
            claims[seen.id] = claims.get(seen.id, 0) + 1
    return {item.key: _evidence(item, sighting, fits[item.key], claims) for item in wanted}


def _candidates(item: Wanted, sighting: Sighting, taken: Collection[RemoteId]) -> list[SeenPost]:
    if not _readable(item, sighting):
        return []
    distinct = {seen.id: seen for seen in sighting.posts if _fits(item, seen) and seen.id not in taken}
    return list(distinct.values())


def _readable(item: Wanted, sighting: Sighting) -> bool:
    return sighting.trouble is None and sighting.account.casefold() == item.handle.casefold()


def _fits(item: Wanted, seen: SeenPost) -> bool:
    if seen.pinned or seen.reposted or seen.promoted:
        return False
    if seen.author.casefold() != item.handle.casefold():
        return False
    if not item.began_at - CLOCK_SKEW <= made_at(seen.id) <= item.ended_at + SLOWEST_CREATION:
        return False
    if seen.id == item.reply_to:
        return False
    if item.reply_to and seen.reply_to and item.reply_to != seen.reply_to:
        return False
    return same_text(item.text, seen)


def _evidence(
    item: Wanted, sighting: Sighting, fits: Sequence[SeenPost], claims: Mapping[RemoteId, int]
) -> Evidence:
    if sighting.trouble is not None:
        return CannotTell(why=f"the look failed: {sighting.trouble}")
    if not _readable(item, sighting):
        return CannotTell(why=f"signed in as @{sighting.account or 'nobody'}, not @{item.handle}")
    if len(fits) == 1 and claims[fits[0].id] == 1:
        return Present(remote_id=fits[0].id)
    if fits:
        return CannotTell(why="more than one post or delivery fits")
    if sighting.reached_back_to is None or sighting.reached_back_to > item.began_at - CLOCK_SKEW:
        return CannotTell(why="the list did not reach back past the attempt")
    return Absent(why=f"not in a list that reaches back to {sighting.reached_back_to:%H:%M:%S}")


def proves_absence(missed_at: Collection[datetime], *, gone_at: datetime | None, settle: timedelta) -> bool:
    """Say whether looks that missed a part, each by a list that would have shown it, prove that it is not live.

    They do when two of them are a settle window apart, and none counts that began before the attempt's
    browser could provably act no more (``gone_at``): a click still to come is in no list.
    """
    since = absent_since(missed_at, gone_at=gone_at)
    return since is not None and max(missed_at) - since >= settle


def absent_since(missed_at: Collection[datetime], *, gone_at: datetime | None) -> datetime | None:
    """Give the instant of the first look that counts towards proof; ``None`` when none does."""
    if gone_at is None:
        return None
    return min((at for at in missed_at if at >= gone_at), default=None)
