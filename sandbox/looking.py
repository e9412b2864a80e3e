"""Everything that lists posts: profiles, home, a post's own page. Looking never causes a post."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from sandbox import shapes
from sandbox.ledger import Account, NoSuchAccount, NoSuchPost, Post, Repost
from sandbox.shapes import Json
from sandbox.snowflake import now_ms
from sandbox.weather import Gust
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
}
"""The view that each operation fills."""


@dataclass(frozen=True, slots=True)
class Sky:
    """The weather over one look."""

    gusts: Sequence[Gust]

    def get(self, fault: str) -> Gust | None:
        """The gust of this name, if it blows."""
        return next((gust for gust in self.gusts if gust.name == fault), None)

    @property
    def cut_at(self) -> int | None:
        """How many characters of a text are shown."""
        gust = self.get("show_more_at")
        return None if gust is None else int(gust["n"])

    @property
    def moment(self) -> int:
        """The moment that timelines show."""
        gust = self.get("timeline_stale")
        return now_ms() - (0 if gust is None else int(gust["seconds"] * 1000))

    def shows(self, post: Post) -> bool:
        """Whether a timeline has this post by now."""
        deleted = post.deleted_at is not None and post.deleted_at <= self.moment
        return not deleted and max(post.visible_at, post.created_at) <= self.moment

    def thin(self, entries: list[Json]) -> list[Json]:
        """The entries that are left of a timeline."""
        if self.get("timeline_empty") is not None:
            return []
        if (partial := self.get("timeline_partial")) is not None:
            # The newest goes first: it is the one somebody looks for.
            entries = [entry for n, entry in enumerate(entries) if n % partial["every"] != 0]
        if (cut := self.get("timeline_cut")) is not None:
            entries = entries[: cut["n"]]
        return entries


class Looking:
    """Answers looks."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ledger = world.ledger
        self._shaper = world.shaper

    async def __call__(self, request: Request) -> Response:
        """Answer one look, with the weather over it."""
        operation = request.path_params["operation"]
        visitor = self._world.visitor(request)
        sky = Sky(self._world.weather.in_view(VIEWS[operation], visitor.handle))
        await self._world.wait(self._world.weather.latency("timeline", visitor.handle))
        if (error := sky.get("timeline_error")) is not None:
            return PlainTextResponse("", error["status"])
        if sky.get("timeline_login_wall") is not None:
            return JSONResponse(shapes.refusal(32, None, with_data=False), 401)
        variables = _variables(request)
        try:
            return JSONResponse(self._answer(operation, variables, visitor, sky))
        except (NoSuchAccount, NoSuchPost, KeyError):
            return JSONResponse({"data": {}, "errors": [{"message": "Not found", "code": 144}]})

    def _answer(self, operation: str, variables: Json, visitor: Visitor, sky: Sky) -> Json:
        cursor = variables.get("cursor")
        match VIEWS[operation]:
            case "profile":
                return self._profile(variables["screen_name"], visitor, sky, cursor)
            case "replies":
                return self._with_replies(variables["screen_name"], visitor, sky, cursor)
            case "home":
                return shapes.home_timeline(self._paged(self._home_entries(sky), sky, cursor))
            case _:
                return self._conversation(variables["focalTweetId"], sky)

    # -- profiles

    def _profile(self, handle: str, visitor: Visitor, sky: Sky, cursor: str | None) -> Json:
        account = self._ledger.account(handle)
        if visitor.account is None:
            return shapes.user_timeline(self._paged(self._popular(account, sky), sky, cursor))
        own = [p for p in self._posts_of(account, sky) if p.reply_to is None]
        entries = [shapes.item(self._shaper.tweet(p, cut_at=sky.cut_at)) for p in own]
        entries += [
            shapes.item(self._shaper.repost(r, cut_at=sky.cut_at)) for r in self._reposts_of(account, sky)
        ]
        entries.sort(key=lambda entry: int(entry["sortIndex"]), reverse=True)
        pinned = self._pinned(account, sky) if cursor is None else None
        return shapes.user_timeline(self._paged(entries, sky, cursor, pinned))

    def _popular(self, account: Account, sky: Sky) -> list[Json]:
        """What strangers see: what was liked most, and nothing that is new."""
        old = [p for p in self._posts_of(account, sky) if p.reply_to is None and p.likes > 0]
        old.sort(key=lambda post: post.likes, reverse=True)
        return [shapes.item(self._shaper.tweet(p, cut_at=sky.cut_at)) for p in old[:PAGE_SIZE]]

    def _with_replies(self, handle: str, visitor: Visitor, sky: Sky, cursor: str | None) -> Json:
        account = self._ledger.account(handle)
        if visitor.account is None:
            return shapes.user_timeline(shapes.instructions([]))
        entries = [self._with_parent(post, sky) for post in self._posts_of(account, sky)]
        return shapes.user_timeline(self._paged(entries, sky, cursor))

    def _with_parent(self, post: Post, sky: Sky) -> Json:
        result = self._shaper.tweet(post, cut_at=sky.cut_at)
        if post.reply_to is None or not self._ledger.exists(post.reply_to):
            return shapes.item(result)
        parent = self._shaper.tweet(self._ledger.posts[post.reply_to], cut_at=sky.cut_at)
        return shapes.module([parent, result], prefix="profile-conversation")

    def _posts_of(self, account: Account, sky: Sky) -> list[Post]:
        return [p for p in self._newest_first() if p.author == account.handle and sky.shows(p)]

    def _newest_first(self) -> list[Post]:
        return sorted(self._ledger.posts.values(), key=lambda post: int(post.id), reverse=True)

    def _reposts_of(self, account: Account, sky: Sky) -> Iterable[Repost]:
        return (
            r
            for r in self._ledger.reposts
            if r.account == account.handle and r.at <= sky.moment and self._ledger.exists(r.post)
        )

    def _pinned(self, account: Account, sky: Sky) -> Json | None:
        if account.pinned is None or not self._ledger.exists(account.pinned) or sky.get("timeline_empty"):
            return None
        return shapes.item(self._shaper.tweet(self._ledger.posts[account.pinned], cut_at=sky.cut_at))

    # -- home and a post's own page

    def _home_entries(self, sky: Sky) -> list[Json]:
        posts = [p for p in self._newest_first() if sky.shows(p) and p.reply_to is None]
        return [shapes.item(self._shaper.tweet(p, cut_at=sky.cut_at)) for p in posts]

    def _conversation(self, post_id: str, sky: Sky) -> Json:
        """The post itself shows at once, to anyone who knows its id; only its replies lag behind."""
        post = self._ledger.live(post_id)
        above = [shapes.item(self._shaper.tweet(p)) for p in self._ledger.ancestors(post)]
        focal = shapes.item(self._shaper.tweet(post))
        below = [self._thread_under(p, sky) for p in self._ledger.replies_to(post.id) if sky.shows(p)]
        entries = [*above, focal, *sky.thin(below), shapes.cursor("Bottom", "0")]
        return shapes.conversation(shapes.instructions(entries))

    def _thread_under(self, reply: Post, sky: Sky) -> Json:
        """A reply, and below it what its own author went on to say."""
        chain = [reply]
        while (following := self._continuation(chain[-1], sky)) is not None:
            chain.append(following)
        results = [self._shaper.tweet(p, cut_at=sky.cut_at) for p in chain]
        return shapes.module(results, prefix="conversationthread")

    def _continuation(self, post: Post, sky: Sky) -> Post | None:
        own = (p for p in self._ledger.replies_to(post.id) if p.author == post.author and sky.shows(p))
        return next(own, None)

    # -- paging

    def _paged(
        self, entries: list[Json], sky: Sky, cursor: str | None, pinned: Json | None = None
    ) -> list[Json]:
        """One page of a timeline. A cursor is the place after which the next page begins."""
        left = sky.thin(entries)
        if cursor is not None:
            left = [entry for entry in left if int(entry["sortIndex"]) < int(cursor)]
        page = left[:PAGE_SIZE]
        last = page[-1]["sortIndex"] if len(left) > PAGE_SIZE else "0"
        shown = self._with_advertisements(page, sky)
        top = page[0]["sortIndex"] if page else str(now_ms())
        return shapes.instructions([*shown, shapes.cursor("Top", top), shapes.cursor("Bottom", last)], pinned)

    def _with_advertisements(self, entries: list[Json], sky: Sky) -> list[Json]:
        gust = sky.get("timeline_promoted")
        if gust is None:
            return entries
        shown: list[Json] = []
        for place, entry in enumerate(entries or [None]):
            if place % gust["every"] == 0:
                shown.append(_advertisement(place))
            if entry is not None:
                shown.append(entry)
        return shown


def _advertisement(place: int) -> Json:
    text = ADVERTISEMENTS[place % len(ADVERTISEMENTS)]
    moment = now_ms()
    post_id = str(1_900_000_000_000_000_000 + place)
    result = {
        "__typename": "Tweet",
        "core": {"user_results": {"result": shapes.user(ADVERTISER)}},
        "rest_id": post_id,
        "legacy": {
            "created_at": shapes.when(moment),
            "full_text": shapes.shortened(text)[0],
            "id_str": post_id,
            "user_id_str": ADVERTISER.user_id,
            "favorite_count": 3,
            "entities": {"urls": []},
        },
    }
    return shapes.item(result, prefix="promoted-tweet", promoted=True)


def _variables(request: Request) -> dict[str, Any]:
    try:
        found = json.loads(request.query_params.get("variables", "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
