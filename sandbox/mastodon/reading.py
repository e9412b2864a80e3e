"""Everything that only reads: the server, the account, its posts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.faults import Where
from sandbox.mastodon.answers import refusal, refuse_visitor
from sandbox.mastodon.entities import account_entity, instance_entity, status_entity
from sandbox.mastodon.ledger import Status
from sandbox.mastodon.markup import render
from sandbox.mastodon.world import Visitor, World, token_of
from sandbox.weather import Gust

DEFAULT_PAGE, LARGEST_PAGE = 20, 40

NOT_FOUND = "Record not found"


class Reading:
    """Answers what is asked about this server and its posts."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ledger = world.ledger

    async def instance(self, _request: Request) -> Response:
        """What the server says of itself, publicly."""
        return JSONResponse(instance_entity(self._world))

    async def verify_account(self, request: Request) -> Response:
        """Whose token this is."""
        visitor = self._world.visitor(request)
        if visitor.account is not None and visitor.may("profile"):
            refused = refuse_visitor(visitor, "profile")
        else:
            refused = refuse_visitor(visitor, "read:accounts")
        if refused is not None or visitor.account is None:
            return refused or refusal(401, "The access token is invalid")
        return JSONResponse(account_entity(self._world, visitor.account))

    async def verify_app(self, request: Request) -> Response:
        """Which program has this token, and what it may do."""
        visitor = self._world.visitor(request)
        if visitor.account is None:
            return refusal(401, "The access token is invalid")
        return JSONResponse({"name": "sandbox", "website": None, "scopes": list(visitor.scopes)})

    async def status(self, request: Request) -> Response:
        """One post at its own address."""
        visitor = self._world.visitor(request)
        found = self._shown(request.path_params["id"], visitor)
        if found is None:
            return refusal(404, NOT_FOUND)
        return JSONResponse(status_entity(self._world, found, visitor.account))

    async def history(self, request: Request) -> Response:
        """What a post said at first, and after each edit."""
        visitor = self._world.visitor(request)
        found = self._shown(request.path_params["id"], visitor)
        if found is None:
            return refusal(404, NOT_FOUND)
        told = status_entity(self._world, found, visitor.account)
        names = ("account", "media_attachments", "sensitive", "spoiler_text", "created_at", "emojis")
        entry = {name: told[name] for name in names}
        texts = [*found.before, found.wish.text]
        return JSONResponse([{**entry, "content": render(text, self._world.here)} for text in texts])

    async def context(self, request: Request) -> Response:
        """What is above and below a post."""
        visitor = self._world.visitor(request)
        found = self._shown(request.path_params["id"], visitor)
        if found is None:
            return refusal(404, NOT_FOUND)
        gusts = self._world.weather.gusts(Where.TIMELINE, visitor.handle)
        above = [self._ledger.statuses[one] for one in self._above(found)]
        below = self._shown_now(list(self._below(found)), visitor, gusts)
        return JSONResponse(
            {
                "ancestors": [status_entity(self._world, one, visitor.account) for one in above],
                "descendants": [status_entity(self._world, one, visitor.account) for one in below],
            }
        )

    async def statuses(self, request: Request) -> Response:
        """The posts of an account, the newest first."""
        visitor = self._world.visitor(request)
        if token_of(request) and (refused := refuse_visitor(visitor, "read:statuses")) is not None:
            return refused
        author = next((a for a in self._ledger.accounts.values() if a.id == request.path_params["id"]), None)
        if author is None:
            return refusal(404, NOT_FOUND)
        gusts = self._world.weather.gusts(Where.TIMELINE, visitor.handle)
        if error := next((gust for gust in gusts if gust.name == "timeline_error"), None):
            return refusal(error["status"], "An error occurred")
        own = [one for one in self._ledger.newest_first() if one.author == author.username]
        found = self._page(self._shown_now(own, visitor, gusts), request)
        told = [status_entity(self._world, one, visitor.account) for one in found]
        return JSONResponse(told, headers=self._links(request, found))

    # -- which posts

    def _shown(self, status_id: str, visitor: Visitor) -> Status | None:
        found = self._ledger.statuses.get(status_id)
        return found if found is not None and found.live and _may_see(found, visitor) else None

    def _shown_now(self, posts: list[Status], visitor: Visitor, gusts: list[Gust]) -> list[Status]:
        """What lists have of these posts today."""
        strikes = {gust.name: gust for gust in gusts}
        now = self._world.clock.now_ms()
        if "timeline_empty" in strikes:
            return []
        if "timeline_stale" in strikes:
            now -= int(strikes["timeline_stale"]["seconds"] * 1000)
        omitted = strikes.get("timeline_omits")
        return [
            one
            for one in posts
            if one.visible_at <= now
            and _may_see(one, visitor)
            and not (omitted and re.search(omitted["text"], one.wish.text))
        ]

    def _page(self, posts: list[Status], request: Request) -> list[Status]:
        asked = request.query_params
        limit = min(max(1, _number(asked.get("limit"), DEFAULT_PAGE)), LARGEST_PAGE)
        if _is_true(asked.get("exclude_reblogs")):
            posts = [one for one in posts if one.reblog_of is None]
        if _is_true(asked.get("exclude_replies")):
            posts = [one for one in posts if one.wish.reply_to is None]
        if "max_id" in asked:
            posts = [one for one in posts if int(one.id) < _number(asked["max_id"], 0)]
        if "since_id" in asked:
            posts = [one for one in posts if int(one.id) > _number(asked["since_id"], 0)]
        if "min_id" in asked:
            posts = [one for one in posts if int(one.id) > _number(asked["min_id"], 0)]
            return posts[-limit:]
        return posts[:limit]

    def _links(self, request: Request, found: list[Status]) -> dict[str, str]:
        if not found:
            return {}
        page = f"{self._world.address}{request.url.path}"
        older, newer = f"{page}?max_id={found[-1].id}", f"{page}?min_id={found[0].id}"
        return {"link": f'<{older}>; rel="next", <{newer}>; rel="prev"'}

    def _above(self, status: Status) -> list[str]:
        chain: list[str] = []
        while (parent := status.wish.reply_to) is not None and self._ledger.exists(parent):
            chain.insert(0, parent)
            status = self._ledger.statuses[parent]
        return chain

    def _below(self, status: Status) -> Iterator[Status]:
        for answer in self._ledger.replies_to(status.id):
            yield answer
            yield from self._below(answer)


def _may_see(status: Status, visitor: Visitor) -> bool:
    """Strangers are shown what is public and what is unlisted."""
    return status.wish.visibility in {"public", "unlisted"} or visitor.handle == status.author


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text is not None and text.isdecimal() else otherwise


def _is_true(text: str | None) -> bool:
    return text is not None and text.casefold() in {"true", "1", "t", "on"}
