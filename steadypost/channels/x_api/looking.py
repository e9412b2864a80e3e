"""A look: the account's own posts since an instant. Reading costs money by post and day, so it asks for no more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from steadypost.channels.port import LookRequest
from steadypost.channels.x_api import requests
from steadypost.channels.x_api.answers import Trouble, told_or_trouble
from steadypost.channels.x_api.line import Identity, Line
from steadypost.channels.x_api.reading import is_missing, page_of, single
from steadypost.domain.evidence import SeenPost, Sighting
from steadypost.domain.network import Place
from steadypost.domain.outcome import Cause
from steadypost.domain.remote_id import RemoteId
from steadypost.networks.x.snowflake import made_at

BEFORE = timedelta(seconds=30)
"""How far past the instant in question a look reads: X cuts times to the second."""

MOST_PAGES = 8

_TOO_LONG = Trouble(
    cause=Cause.ODD_ANSWER, why="there are more own posts since the attempt than one look reads"
)


def nothing(request: LookRequest, at: datetime, trouble: Trouble) -> Sighting:
    """Say that a look came to nothing."""
    return Sighting(
        account="", at=at, trouble=trouble.cause, why=trouble.why, place=request.place, post=request.post
    )


def sighting(line: Line, identity: Identity, request: LookRequest, at: datetime, deadline: float) -> Sighting:
    """Read what the look is for."""
    since = _since(line, request)
    found = _Reading(line, identity, deadline)
    trouble = found.list(since, replies=request.place is not Place.PROFILE)
    if trouble is None and request.place is Place.THREAD and request.post is not None:
        trouble = found.one(request.post) if found.is_whole else _TOO_LONG
    if trouble is not None:
        return nothing(request, at, trouble)
    return Sighting(
        account=identity.handle,
        identity=identity.user_id,
        at=at,
        posts=tuple(found.posts.values()),
        reached_back_to=found.reached_back_to(since),
        place=request.place,
        post=request.post,
        told=True,
        offset=line.offset,
        missing=frozenset(found.missing),
    )


def _since(line: Line, request: LookRequest) -> datetime:
    """Say from when on, by X's clock and cut to the second, posts are asked for."""
    offset = line.offset  # read once: it is gone as soon as this machine's clock is moved
    ahead = offset.ahead if offset else timedelta(0)
    back_to = min(request.back_to, request.back_to + ahead)
    return (back_to - BEFORE).astimezone(UTC).replace(microsecond=0)


class _Reading:
    """What one look has read so far."""

    def __init__(self, line: Line, identity: Identity, deadline: float) -> None:
        self._line = line
        self._identity = identity
        self._deadline = deadline
        self.posts: dict[RemoteId, SeenPost] = {}
        self.missing: set[RemoteId] = set()
        self.is_whole = False
        self.has_gap = False

    def reached_back_to(self, since: datetime) -> datetime | None:
        """Say how far back the list is without a gap, of which posts since then were asked for."""
        if self.has_gap:
            return None
        return since if self.is_whole else min(map(made_at, self.posts), default=None)

    def list(self, since: datetime, *, replies: bool) -> Trouble | None:
        """Read own posts since then, page by page."""
        path, following = requests.timeline_path(self._identity.user_id), None
        for _ in range(MOST_PAGES):
            told = self._told(path, requests.timeline_query(since, following, replies=replies))
            if isinstance(told, Trouble):
                return told
            page = page_of(told, self._identity.handle)
            if page is None:
                return Trouble(cause=Cause.ODD_ANSWER, why="X answered with a list of an unknown form")
            self.posts |= {post.id: post for post in page.posts}
            self.has_gap = self.has_gap or page.has_gap
            following = page.following
            if following is None:
                self.is_whole = True
                return None
        return None

    def one(self, post: RemoteId) -> Trouble | None:
        """Read one post at its own address."""
        told = self._told(requests.POSTS, requests.post_query(post))
        if isinstance(told, Trouble):
            return told
        found = single(told, post, "")
        if found is not None:
            self.posts.setdefault(found.id, found)
        elif is_missing(told, post):
            self.missing.add(post)
        else:
            return Trouble(
                cause=Cause.ODD_ANSWER, why=f"X neither told the post {post} nor said that it is gone"
            )
        return None

    def _told(self, path: str, query: dict[str, str]) -> Any:
        heard = self._line.get(path, query, self._deadline)
        return told_or_trouble(heard, "reading own posts", self._line.now(), 200)
