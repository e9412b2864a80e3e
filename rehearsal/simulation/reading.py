"""Where simulated answers enter the product's own reading: ``answers.interpret`` for asks, ``told.read`` for lists."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from steadypost.channels.port import LookRequest
from steadypost.channels.x_web.answers import Asked, Received, interpret, whole
from steadypost.channels.x_web.hearing import offset
from steadypost.channels.x_web.told import Heard, Told, read
from steadypost.domain.clock import Offset
from steadypost.domain.evidence import Sighting
from steadypost.domain.network import Place
from steadypost.domain.outcome import Cause, Outcome, Phase, Unconfirmed
from steadypost.domain.remote_id import RemoteId

Json = dict[str, Any]

LOST = Unconfirmed(cause=Cause.NO_ANSWER, why="clicked, and no answer was seen", phase=Phase.CLICKED)

MOST_PAGES = 12
"""How far a list is read at the most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What X said to one request: nothing is understood yet."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


def outcomes(
    answers: Mapping[int, Answered],
    *,
    handle: str,
    parts: int,
    sent: Collection[int],
    armed_at: datetime,
    heard_at: datetime,
    ahead: Offset | None,
    reply_to: RemoteId | None,
) -> tuple[Outcome, ...]:
    """Say of every part of an ask what the product makes of what X said; both times by the host's own clock."""
    known: dict[int, Outcome] = {}
    for n, answer in sorted(answers.items()):
        others = {one.remote_id for one in known.values() if hasattr(one, "remote_id")}
        asked = Asked(
            handle=handle,
            armed_at=armed_at,
            offset=ahead,
            others=frozenset(others | ({reply_to} if reply_to is not None else set())),
        )
        received = Received(status=answer.status, body=answer.body, headers=answer.headers)
        known[n] = interpret(received, asked, heard_at)
    return whole(known, sent, parts, stopped=True, fallback=LOST)


# --- lists

OPERATION = {Place.PROFILE: "UserTweets", Place.REPLIES: "UserTweetsAndReplies", Place.THREAD: "TweetDetail"}

PAGE_TAKES = timedelta(seconds=0.4)
"""How long one answer of a list takes, by the host's clock."""


def sighting(
    fetch: Callable[[str | None], Json],
    *,
    handle: str,
    request: LookRequest,
    at: datetime,
    date: Callable[[], str],
) -> Sighting:
    """Read a list page by page, as the channel's look does, through the product's reader, without a page to scroll."""
    about = Sighting(account="", at=at, place=request.place, post=request.post)
    heard: list[Heard] = []
    cursor: str | None = None
    told: Told | None = None
    for _ in range(MOST_PAGES):
        body = fetch(cursor)
        heard.append(_heard(body, request, handle=handle, cursor=cursor, at=at, date=date()))
        told = read(heard, request.place, handle, post=request.post)
        cursor = _following(body)
        if told is None or told.failed or told.ended or cursor is None or _is_enough(told, request):
            break
    if told is None or not (told.posts or told.missing):
        return replace(about, trouble=Cause.ODD_ANSWER, why="the list is empty")
    return replace(
        about,
        account=handle,
        posts=told.posts,
        reached_back_to=told.reached_back_to,
        told=True,
        missing=told.missing,
        offset=offset(heard),
    )


def compared(date: str, at: datetime) -> Offset | None:
    """Compare the clocks by the answers with which the composer's page came."""
    return offset([Heard(url="", date=date, sent_at=at - PAGE_TAKES, came_at=at)])


def _heard(
    body: Json, request: LookRequest, *, handle: str, cursor: str | None, at: datetime, date: str
) -> Heard:
    asked: Json = {"screen_name": handle} if request.post is None else {"focalTweetId": request.post}
    if cursor is not None:
        asked["cursor"] = cursor
    query = urlencode({"variables": json.dumps(asked)})
    url = f"https://x.com/i/api/graphql/0/{OPERATION[request.place]}?{query}"
    return Heard(url=url, body=json.dumps(body), date=date, sent_at=at - PAGE_TAKES, came_at=at)


def _is_enough(told: Told, request: LookRequest) -> bool:
    return told.reached_back_to is not None and told.reached_back_to < request.back_to


def _following(body: Json) -> str | None:
    """Find where the list goes on, as the page does: by the cursor at its bottom, or at the end of a thread."""
    found = re.findall(r'"value": "([^"]+)", "cursorType": "(?:Bottom|ShowMore)"', json.dumps(body))
    return found[-1] if found else None
