"""The look: reads a list of posts and cannot cause one. Runs in a browser lane."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from typing import Any

from playwright.sync_api import Page

from steadypost.browser.desk import Desk
from steadypost.channels.port import Access, LookRequest, Place
from steadypost.channels.x_web.errand import Halt, LookErrand
from steadypost.channels.x_web.opening import ENOUGH_TO_JUDGE, go, leave, seat, tell_drift, time_for
from steadypost.channels.x_web.scripts import script
from steadypost.channels.x_web.survey import evaluate
from steadypost.channels.x_web.walls import wall
from steadypost.domain.clock import now
from steadypost.domain.evidence import CLOCK_SKEW, SeenPost, Sighting
from steadypost.domain.outcome import Cause
from steadypost.domain.snowflake import NotASnowflake, RemoteId, made_at, remote_id

SCRIPT = script("timeline")

LIST_WITHIN = 30.0
"""Seconds from the beginning of X's answer to a list, or to what stands in its place."""

STEP_WITHIN = 5.0
"""Seconds for more posts to appear after a step."""

STILL_FOR_MS = 700
"""After so long at its bottom with nothing being loaded, the list is taken to have ended."""

MOST_STEPS = 80
"""How far to scroll at most: some six hundred posts."""

MOST_OPENED = 3
"""How many posts that the list cut are opened to read the rest."""

KEEP = 2.0
"""Seconds of the deadline that are kept for coming home."""


def look(desk: Desk, errand: LookErrand) -> Sighting:
    """Read the list, back past an instant, and say how far it reached without a gap."""
    began = now()
    access, request = errand.access, errand.request
    try:
        page = seat(desk, access)
        reading = _read_list(desk, page, access, request)
        posts = _with_whole_texts(desk, page, access, request, reading.posts)
    except Halt as halt:
        leave(desk, access, halt)
        return Sighting(account="", at=began, trouble=halt.cause, why=halt.why)
    reach = reading.reach() if request.place is not Place.THREAD else None
    return Sighting(account=access.handle, at=began, posts=posts, reached_back_to=reach)


# --- reading


@dataclass(slots=True)
class Reading:
    """A list as it comes together, step by step."""

    handle: str
    seen: dict[tuple[RemoteId, bool], SeenPost] = field(default_factory=dict)
    whole: bool = True
    """Whether every step began with something the step before had ended with."""
    ended: bool = False
    """Whether there was nothing more to scroll to."""

    @property
    def posts(self) -> tuple[SeenPost, ...]:
        """All that was seen, in the list's order."""
        return tuple(self.seen.values())

    def take(self, posts: Sequence[Mapping[str, Any]]) -> None:
        """Add what one step saw."""
        for entry in posts:
            post = _seen_post(entry, first=not self.seen)
            if post is not None:
                self.seen.setdefault((post.id, post.pinned or post.reposted), post)

    def reach(self) -> datetime | None:
        """How far back the list is without a gap.

        A list is ordered by each conversation's last post, and an earlier post of a conversation stands above
        a later one. So a post shows how far the list has come only when an older one of ours follows it.
        """
        if not self.whole:
            return None
        own = [post.id for post in self.posts if self._ours(post)]
        settled = [upper for upper, lower in pairwise(own) if int(lower) < int(upper)]
        if self.ended and own:
            settled.append(own[-1])
        return min((made_at(post) for post in settled), default=None)

    def _ours(self, post: SeenPost) -> bool:
        plain = not (post.pinned or post.reposted or post.promoted)
        return plain and post.author.casefold() == self.handle.casefold()


def _read_list(desk: Desk, page: Page, access: Access, request: LookRequest) -> Reading:
    go(desk, page, _address(access, request), keep=KEEP)
    allowed = time_for(desk, LIST_WITHIN, keep=KEEP)
    step = evaluate(page, SCRIPT, {"after": None}, within=allowed)
    _check(step, access, request, allowed)
    tell_drift(desk, step["hits"])
    reading = Reading(access.handle)
    reading.take(step["posts"])
    for _ in range(MOST_STEPS):
        reach = reading.reach()
        if not step["keys"] or (reach and reach < request.back_to) or desk.remaining() < KEEP + STEP_WITHIN:
            break
        last = step["keys"][-1]
        step = evaluate(page, SCRIPT, {"after": last, "stillFor": STILL_FOR_MS}, within=STEP_WITHIN)
        reading.whole = reading.whole and last in step["keys"]
        reading.take(step["posts"])
        if not step["keys"] or step["keys"][-1] == last:
            reading.ended = bool(step["ended"]) and not step["failed"]
            break
    return reading


def _address(access: Access, request: LookRequest) -> str:
    """Where to look. The dummy query keeps every cache on the way from answering instead of X."""
    places = {
        Place.PROFILE: access.handle,
        Place.REPLIES: f"{access.handle}/with_replies",
        Place.THREAD: f"i/status/{request.post}",
    }
    return f"{access.base_url}/{places[request.place]}?t={time.time_ns() // 1_000_000}"


def _check(step: Mapping[str, Any], access: Access, request: LookRequest, allowed: float) -> None:
    """Raise unless this is the list that was asked for, seen by the account that asked."""
    who = step["who"]
    if found := wall(step["path"], step["alerts"], who=who, sign_in=step["signIn"]):
        raise Halt(*found)
    if who and who.casefold() != access.handle.casefold():
        raise Halt(Cause.OTHER_ACCOUNT, f"signed in as @{who}, not as @{access.handle}")
    if step["posts"]:
        if request.place is not Place.THREAD and not _is_own_list(step["path"], access.handle):
            raise Halt(Cause.UI_DRIFT, "the page led to another list")
        return
    if step["signIn"]:
        raise Halt(Cause.SIGNED_OUT, "the list asks to sign in")
    if step["failed"]:
        raise Halt(Cause.SERVER_ERROR, "the list could not be loaded")
    if step["gone"]:
        cause = Cause.TARGET_GONE if request.place is Place.THREAD else Cause.ODD_ANSWER
        raise Halt(cause, "the page says that it does not exist")
    if step["empty"]:
        # True of a new account only. It proves nothing, and is nobody's fault either.
        raise Halt(Cause.ODD_ANSWER, "the list is empty")
    if allowed < ENOUGH_TO_JUDGE:
        raise Halt(Cause.DEADLINE, "too little time was left for the list to appear")
    raise Halt(Cause.PAGE_UNREACHABLE if step["loading"] else Cause.UI_DRIFT, "the page shows no list")


def _is_own_list(path: str, handle: str) -> bool:
    return path.strip("/").split("/")[0].casefold() == handle.casefold()


def _seen_post(entry: Mapping[str, Any], *, first: bool) -> SeenPost | None:
    try:
        post_id = remote_id(entry["id"])
    except NotASnowflake:
        return None
    # Pinned posts and reposts carry the same mark; only the first of a list can be pinned.
    return SeenPost(
        id=post_id,
        author=entry["author"],
        text=entry["text"],
        pinned=entry["context"] and first,
        reposted=entry["context"] and not first,
        promoted=entry["promoted"],
        cut=entry["cut"],
    )


# --- what the list cut


def _with_whole_texts(
    desk: Desk, page: Page, access: Access, request: LookRequest, posts: tuple[SeenPost, ...]
) -> tuple[SeenPost, ...]:
    """Open the posts of interest that the list cut, as far as there is time, and read the rest."""
    cut = [post for post in posts if post.cut and _may_matter(post, access, request)]
    whole = {post.id: _opened(desk, page, access, post) for post in cut[:MOST_OPENED]}
    return tuple(whole.get(post.id, post) for post in posts)


def _may_matter(post: SeenPost, access: Access, request: LookRequest) -> bool:
    mine = post.author.casefold() == access.handle.casefold() and not (post.reposted or post.promoted)
    return mine and made_at(post.id) >= request.back_to - CLOCK_SKEW


def _opened(desk: Desk, page: Page, access: Access, post: SeenPost) -> SeenPost:
    """Read a post on its own page; give it back as it was if that does not work."""
    if desk.remaining() < KEEP + STEP_WITHIN:
        return post
    try:
        go(desk, page, f"{access.base_url}/i/status/{post.id}", keep=KEEP)
    except Halt:
        return post
    step = evaluate(page, SCRIPT, {"after": None}, within=time_for(desk, STEP_WITHIN, keep=KEEP))
    read = (_seen_post(entry, first=False) for entry in step["posts"])
    found = next((other for other in read if other and other.id == post.id and not other.cut), None)
    return replace(post, text=found.text, cut=False) if found else post
