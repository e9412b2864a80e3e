"""The look: reads a list of posts and cannot cause one. Runs in a browser runner."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from playwright.sync_api import Page

from steadypost.browser.desk import Desk
from steadypost.channels.port import Access, LookRequest
from steadypost.channels.x_web.errand import Halt, LookErrand
from steadypost.channels.x_web.hearing import Ear
from steadypost.channels.x_web.numbering import is_dated_behind
from steadypost.channels.x_web.opening import (
    ENOUGH_TO_JUDGE,
    failure,
    go,
    leave,
    page_of,
    tell_drift,
    time_for,
)
from steadypost.channels.x_web.scripts import script
from steadypost.channels.x_web.session import user_id
from steadypost.channels.x_web.survey import evaluate
from steadypost.channels.x_web.told import Told, read
from steadypost.channels.x_web.walls import wall
from steadypost.domain.clock import now
from steadypost.domain.evidence import SeenPost, Sighting
from steadypost.domain.likeness import Link, Said
from steadypost.domain.network import Place
from steadypost.domain.outcome import Cause
from steadypost.domain.remote_id import RemoteId
from steadypost.networks.x.snowflake import NotASnowflake, made_at, remote_id

SCRIPT = script("timeline")

LIST_WITHIN = 30.0
"""Seconds from the beginning of X's answer to a list, or to what stands in its place."""

STEP_WITHIN = 5.0
"""Seconds for more posts to appear after a step."""

STILL_FOR_MS = 700
"""After so long at its bottom with nothing being loaded, the list is taken to have ended."""

LATE_BY = 15.0
"""Seconds without anything new for which more of a list is waited for that X has not told to its end."""

MOST_STEPS = 80
"""How far to scroll at most: some fifteen hundred posts where X's answers are heard, else five hundred."""

MOST_OPENED = 3
"""How many posts that the list cut are opened to read the rest."""

KEEP = 2.0
"""Seconds of the deadline that are kept for coming home."""


def look(desk: Desk, errand: LookErrand) -> Sighting:
    """Read the list, back past an instant, and say how far it reached without a gap."""
    began = now()
    access, request = errand.access, errand.request
    about = Sighting(account="", at=began, place=request.place, post=request.post)
    try:
        page = page_of(desk, access)
        ear = Ear(desk, page, access.base_url)
        reading = _read_list(desk, page, ear, errand)
        posts = _with_whole_texts(desk, page, ear, errand, reading.posts)
    except Halt as halt:
        leave(desk, access, halt)
        return replace(about, trouble=halt.cause, why=halt.why)
    return replace(
        about,
        account=reading.who,
        identity=user_id(access.secret) or "",
        posts=posts,
        reached_back_to=reading.reached_back_to,
        told=proves(reading.told, request.place),
        missing=reading.told.missing if reading.told else frozenset(),
        hidden=reading.told.hidden if reading.told else frozenset(),
        offset=ear.offset(),
        dated_behind=is_dated_behind(ear.read_already()),
    )


def proves(told: Told | None, place: Place) -> bool:
    """Whether what was told is a whole list: a post's page may have told of the post alone, or not loaded in full."""
    return told is not None and (place is not Place.THREAD or (told.ended and not told.hidden))


# --- reading


@dataclass(slots=True, kw_only=True)
class Reading:
    """A list as it comes together, step by step: what the network told of it, and what the page painted."""

    who: str = ""
    """The handle that the page shows as signed in."""
    told: Told | None = None
    """What the network told; ``None`` when that was not available."""
    painted: dict[RemoteId, SeenPost] = field(default_factory=dict)

    @property
    def posts(self) -> tuple[SeenPost, ...]:
        """All that was seen, in the list's order."""
        return self.told.posts if self.told else tuple(self.painted.values())

    @property
    def reached_back_to(self) -> datetime | None:
        """How far back the list is without a gap. A painted list never says: it leaves things out."""
        return self.told.reached_back_to if self.told else None

    def paint(self, posts: Sequence[Mapping[str, Any]], place: Place) -> None:
        """Add what one step showed."""
        for entry in posts:
            post = _painted_post(entry, place, first=not self.painted)
            if post is not None:
                self.painted.setdefault(post.id, post)


def _read_list(desk: Desk, page: Page, ear: Ear, errand: LookErrand) -> Reading:
    access, request = errand.access, errand.request
    go(desk, page, _address(access, request), keep=KEEP)
    allowed = time_for(desk, LIST_WITHIN, keep=KEEP)
    step = evaluate(page, SCRIPT, {"after": None}, within=allowed)
    reading = Reading(who=step["who"] or "", told=_told(ear, access, request))
    _check(step, reading, errand, allowed)
    tell_drift(desk, step["hits"])
    reading.paint(step["posts"], request.place)
    grew_at = desk.remaining()
    for _ in range(MOST_STEPS):
        if _is_enough(reading, request, step) or desk.remaining() < KEEP + STEP_WITHIN:
            break
        last = (step["keys"][-1], step["height"])
        asked = {
            "after": last[0],
            "height": last[1],
            "isHeard": reading.told is not None,
            "stillFor": STILL_FOR_MS,
        }
        step = evaluate(page, SCRIPT, asked, within=STEP_WITHIN)
        reading.paint(step["posts"], request.place)
        reading.told = _told(ear, access, request)
        if not step["keys"]:
            break
        if (step["keys"][-1], step["height"]) != last:
            grew_at = desk.remaining()
        elif not _is_to_come(reading) or grew_at - desk.remaining() > LATE_BY:
            break
    return reading


def _is_to_come(reading: Reading) -> bool:
    """Whether X has more of this list to tell: a page need not show that it waits for it."""
    return reading.told is not None and not (reading.told.ended or reading.told.failed)


def _told(ear: Ear, access: Access, request: LookRequest) -> Told | None:
    """Read what the network told of this list so far; ``None`` when its beginning is not to be had."""
    found = read(
        ear.lists(),
        request.place,
        access.handle,
        user_id=user_id(access.secret) or "",
        post=request.post if request.place is Place.THREAD else None,
    )
    said = found is not None and (found.posts or found.missing or found.hidden)
    return None if found is None or (found.failed and not said) else found


def _is_enough(reading: Reading, request: LookRequest, step: Mapping[str, Any]) -> bool:
    """Whether the list need not be followed any further."""
    if request.place is Place.THREAD or not step["keys"]:
        return True
    if reading.told and reading.told.ended:
        return True
    return reading.reached_back_to is not None and reading.reached_back_to < request.back_to


def _address(access: Access, request: LookRequest) -> str:
    """Where to look. The dummy query keeps every cache on the way from answering instead of X."""
    places = {
        Place.PROFILE: access.handle,
        Place.REPLIES: f"{access.handle}/with_replies",
        Place.THREAD: f"i/status/{request.post}",
    }
    return f"{access.base_url}/{places[request.place]}?t={time.time_ns() // 1_000_000}"


def _check(step: Mapping[str, Any], reading: Reading, errand: LookErrand, allowed: float) -> None:
    """Raise unless this is the list that was asked for, seen by the account that asked."""
    access, request = errand.access, errand.request
    if found := wall(step["path"], step["alerts"], who=reading.who or None, sign_in=step["signIn"]):
        raise Halt(*found)
    if reading.who and reading.who.casefold() != access.handle.casefold():
        raise Halt(Cause.OTHER_ACCOUNT, f"signed in as @{reading.who}, not as @{access.handle}")
    if reading.told or step["posts"]:
        if not reading.who:
            # A public list is shown to anybody. What it leaves out for strangers, nobody can say.
            raise Halt(Cause.UI_DRIFT, "the page does not say who is signed in")
        if request.place is not Place.THREAD and not _is_own_list(step["path"], access.handle):
            raise Halt(Cause.UI_DRIFT, "the page led to another list")
        if step["signIn"] and not reading.posts:
            raise Halt(Cause.SIGNED_OUT, "the list asks to sign in")
        if reading.told and not (reading.posts or reading.told.missing or reading.told.hidden):
            # True of a new account only. It proves nothing, and is nobody's fault either.
            raise Halt(Cause.ODD_ANSWER, "the list is empty")
        return
    if step["signIn"]:
        raise Halt(Cause.SIGNED_OUT, "the list asks to sign in")
    if step["failed"]:
        raise Halt(Cause.SERVER_ERROR, "the list could not be loaded")
    if step["gone"]:
        cause = Cause.TARGET_GONE if request.place is Place.THREAD else Cause.ODD_ANSWER
        raise Halt(cause, "the page says that it does not exist")
    if step["empty"]:
        raise Halt(Cause.ODD_ANSWER, "the list is empty")
    if failed := failure(step["failedCalls"], broken=step.get("broken", False)):
        raise failed
    if allowed < ENOUGH_TO_JUDGE:
        raise Halt(Cause.DEADLINE, "too little time was left for the list to appear")
    raise Halt(Cause.PAGE_UNREACHABLE if step["loading"] else Cause.UI_DRIFT, "the page shows no list")


def _is_own_list(path: str, handle: str) -> bool:
    return path.strip("/").split("/")[0].casefold() == handle.casefold()


def _painted_post(entry: Mapping[str, Any], place: Place, *, first: bool) -> SeenPost | None:
    """Read a post from what the page paints of it. It does not say which post a reply answers."""
    try:
        post_id = remote_id(entry["id"])
    except NotASnowflake:
        return None
    pieces = tuple(one if isinstance(one, str) else Link(None, one["shown"]) for one in entry["said"])
    # Pinned posts and reposts carry the same mark; only the first of a list can be pinned.
    return SeenPost(
        id=post_id,
        author=entry["author"],
        said=Said(pieces, cut=entry["cut"], painted=True),
        parent_known=place is Place.PROFILE,
        pinned=entry["context"] and first,
        reposted=entry["context"] and not first,
        promoted=entry["promoted"],
    )


# --- what the list cut


def _with_whole_texts(
    desk: Desk, page: Page, ear: Ear, errand: LookErrand, posts: tuple[SeenPost, ...]
) -> tuple[SeenPost, ...]:
    """Open the posts of interest that the list cut, as far as there is time, and read the rest."""
    cut = [post for post in posts if post.said.cut and _may_matter(post, errand)]
    whole = {post.id: _opened(desk, page, ear, errand.access, post) for post in cut[:MOST_OPENED]}
    return tuple(whole.get(post.id, post) for post in posts)


def _may_matter(post: SeenPost, errand: LookErrand) -> bool:
    mine = post.author.casefold() == errand.access.handle.casefold() and not (post.reposted or post.promoted)
    return mine and made_at(post.id) >= errand.request.back_to


def _opened(desk: Desk, page: Page, ear: Ear, access: Access, post: SeenPost) -> SeenPost:
    """Read a post on its own page; give it back as it was if that does not work."""
    if desk.remaining() < KEEP + STEP_WITHIN:
        return post
    request = LookRequest(place=Place.THREAD, back_to=made_at(post.id), post=post.id)
    try:
        go(desk, page, _address(access, request), keep=KEEP)
    except Halt:
        return post
    step = evaluate(page, SCRIPT, {"after": None}, within=time_for(desk, STEP_WITHIN, keep=KEEP))
    told = _told(ear, access, request)
    read_here = (
        told.posts if told else [_painted_post(one, Place.THREAD, first=False) for one in step["posts"]]
    )
    found = next((other for other in read_here if other and other.id == post.id and not other.said.cut), None)
    return replace(post, said=found.said, quotes=found.quotes if told else post.quotes) if found else post
