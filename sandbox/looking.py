"""Everything that lists posts: profiles, home, a post's own page. Looking never causes a post."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from sandbox import shapes
from sandbox.ledger import Account, NoSuchAccount, NoSuchPost
from sandbox.lists import GRAVES, PARTS_BELOW, Lists, Sky
from sandbox.shapes import Row, Told
from sandbox.snowflake import first_of
from sandbox.telling import SOURCE, user, when
from sandbox.wording import Json, escaped, no_entities
from sandbox.world import Visitor, World

PAGE_SIZE: Final = 20

ADVERTISER: Final = Account(handle="fine_ovens", user_id="1111111111111111111", name="Fine Ovens")

ADVERTISEMENTS: Final = (
    "Your bakery deserves better ovens. Now with free delivery.",
    "Learn to bake in a weekend. Places are limited!",
    "The oven that writes back. Order today & save 20 %.",
)

VIEWS: Final = {
    "UserTweets": "profile",
    "UserTweetsAndReplies": "replies",
    "HomeTimeline": "home",
    "TweetDetail": "status",
    "TweetResultByRestId": "post",
}
"""The view that each operation fills."""


class Looking:
    """Answers looks."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ledger = world.ledger

    async def __call__(self, request: Request) -> Response:
        """Answer one look, with the weather over it."""
        operation = request.path_params["operation"]
        visitor = self._world.visitor(request)
        sky = Sky(self._world.weather.in_view(VIEWS[operation], visitor.handle), self._world.clock)
        await self._world.wait(self._world.weather.latency("timeline", visitor.handle))
        if (error := sky.get("timeline_error")) is not None:
            return PlainTextResponse("", error["status"])
        if sky.get("timeline_login_wall") is not None:
            refused = shapes.refusal(32, None, with_data=False, moment=self._world.clock.now_ms())
            return JSONResponse(refused, 401)
        stale = sky.get("timeline_stale")
        headers = {"age": str(round(stale["seconds"]))} if stale is not None and stale["cached"] else {}
        try:
            found = Look(self._world, visitor, sky).answer(VIEWS[operation], _variables(request))
            return JSONResponse(found, headers=headers)
        except (NoSuchAccount, NoSuchPost, KeyError):
            return JSONResponse(shapes.missing())


class Look:
    """One look: who looks, and under which weather."""

    def __init__(self, world: World, visitor: Visitor, sky: Sky) -> None:
        self._clock = world.clock
        self._ledger = world.ledger
        self._sky = sky
        self._lists = Lists(world.ledger, sky)
        self._is_stranger = visitor.account is None or visitor.is_veiled or sky.get("public_list") is not None
        self._next = first_of(world.clock.now_ms())

    def answer(self, view: str, variables: Json) -> Json:
        """Give the body of the answer."""
        cursor = shapes.where(variables.get("cursor"))
        match view:
            case "profile":
                return self._profile(self._ledger.account(variables["screen_name"]), cursor)
            case "replies":
                return self._with_replies(self._ledger.account(variables["screen_name"]), cursor)
            case "home":
                return shapes.home_timeline(self._paged(self._lists.home(), cursor))
            case "post":
                return self._single(variables["tweetId"])
            case _:
                return self._conversation(variables["focalTweetId"], cursor)

    # -- profiles

    def _profile(self, account: Account, cursor: str | None) -> Json:
        if self._is_stranger:
            rows = self._lists.popular(account, PAGE_SIZE)
            return self._as_profile(self._paged(rows if cursor is None else [], None))
        pinned = self._pinned(account) if cursor is None else None
        return self._as_profile(self._paged(self._lists.posts_tab(account), cursor, pinned))

    def _with_replies(self, account: Account, cursor: str | None) -> Json:
        rows = [] if self._is_stranger else self._lists.replies_tab(account)
        return self._as_profile(self._paged(rows, cursor))

    def _as_profile(self, told: list[Json]) -> Json:
        shape = self._sky.get("timeline_shape")
        older = shape is not None and shape["kind"] == "timeline_v2"
        return shapes.user_timeline(told, name="timeline_v2" if older else "timeline")

    def _pinned(self, account: Account) -> Json | None:
        if (
            account.pinned is None
            or not self._ledger.exists(account.pinned)
            or self._sky.get("timeline_empty")
        ):
            return None
        post = self._ledger.last_version(account.pinned)
        return shapes.pinned(self._lists.told(post), self._sort_index())

    # -- a post's own page

    def _grave(self, post_id: str) -> Told | None:
        gust = self._sky.get("address_tombstone")
        return Told(post_id, GRAVES[gust["kind"]]()) if gust is not None and gust["id"] == post_id else None

    def _single(self, post_id: str) -> Json:
        if (grave := self._grave(post_id)) is not None:
            return shapes.single(grave.result)
        if not self._ledger.exists(post_id):
            return shapes.single(None)
        return shapes.single(self._lists.told(self._ledger.posts[post_id], whole=True).result)

    def _conversation(self, post_id: str, cursor: str | None) -> Json:
        """The post itself shows at once, to anyone who knows its id; only its replies lag behind."""
        if (grave := self._grave(post_id)) is not None:
            return shapes.conversation(shapes.instructions([self._entry(Row(0, [grave]))]))
        post = self._ledger.live(post_id)
        below = self._sky.thin(self._lists.below(post))
        if cursor is not None:
            return shapes.conversation(self._rest_of(below, cursor))
        above = [Row(0, [told]) for told in self._lists.above(post)]
        rows = [*above, Row(0, [self._lists.told(post, whole=True)])]
        entries = [*(self._entry(row) for row in rows), *(self._below(row) for row in below)]
        return shapes.conversation(shapes.instructions(entries))

    def _below(self, row: Row) -> Json:
        """A reply with what follows it; of a long thread the beginning, and where the rest is."""
        most = self._sky.parts(PARTS_BELOW)
        if len(row.told) <= most:
            return self._entry(row)
        module = self._entry(Row(row.place, row.told[:most], prefix=row.prefix, all_ids=row.all_ids))
        shapes.show_more(module, shapes.opaque(f"{row.told[0].id}:{most}"))
        return module

    def _rest_of(self, below: Sequence[Row], cursor: str) -> list[Json]:
        first, _, shown = cursor.partition(":")
        told = next((row.told for row in below if row.told[0].id == first), ())
        return shapes.rest_of_module(f"conversationthread-{first}", told[int(shown or 0) :])

    # -- paging

    def _paged(self, rows: list[Row], cursor: str | None, pinned: Json | None = None) -> list[Json]:
        """One page of a timeline. There is always a cursor; behind the last post it leads to an empty page."""
        left = self._sky.thin(rows)
        if cursor is not None:
            left = [row for row in left if row.place < int(cursor)]
        page = left[:PAGE_SIZE]
        entries = [self._entry(row) for row in self._with_advertisements(page)]
        top, bottom = (str(page[0].place), str(page[-1].place)) if page else (cursor or "0", cursor or "0")
        ends = [self._cursor("Top", top), self._cursor("Bottom", bottom)]
        return shapes.instructions([*entries, *ends], pinned)

    def _with_advertisements(self, rows: list[Row]) -> list[Row]:
        gust = self._sky.get("timeline_promoted")
        if gust is None:
            return rows
        shown: list[Row] = []
        for place, row in enumerate(rows or [None]):
            if place % gust["every"] == 0:
                shown.append(_advertisement(place, self._clock.now_ms()))
            if row is not None:
                shown.append(row)
        return shown

    def _entry(self, row: Row) -> Json:
        return shapes.entry(row, self._sort_index())

    def _cursor(self, kind: str, place: str) -> Json:
        return shapes.cursor(kind, shapes.opaque(place), self._sort_index())

    def _sort_index(self) -> int:
        self._next -= 1
        return self._next


def _advertisement(place: int, moment: int) -> Row:
    text = escaped(ADVERTISEMENTS[place % len(ADVERTISEMENTS)])
    post_id = str(1_900_000_000_000_000_000 + place)
    result = {
        "__typename": "Tweet",
        "rest_id": post_id,
        "core": {"user_results": {"result": user(ADVERTISER)}},
        "source": SOURCE,
        "legacy": {
            "created_at": when(moment),
            "conversation_id_str": post_id,
            "display_text_range": [0, len(text)],
            "full_text": text,
            "id_str": post_id,
            "user_id_str": ADVERTISER.user_id,
            "favorite_count": 3,
            "entities": no_entities(),
        },
    }
    return Row(0, [Told(post_id, result)], prefix="promoted-tweet", promoted=True)


def _variables(request: Request) -> dict[str, Any]:
    try:
        found = json.loads(request.query_params.get("variables", "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
