"""The control port: the truth, a person's hands, and the weather. What is tested has no token for it."""

from __future__ import annotations

import base64
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request

from sandbox.control import DOT
from sandbox.controlling import BadRequest, Common, application, body_of
from sandbox.mastodon.faults import FAULTS
from sandbox.mastodon.ledger import SCOPES, Wish
from sandbox.mastodon.uploads import kind_of
from sandbox.mastodon.world import World


class Control(Common[World]):
    """Everything a person, a test or a demo may do to this server."""

    def __init__(self, world: World) -> None:
        super().__init__(world, FAULTS)
        self._ledger = world.ledger

    # -- the truth

    async def media(self, _request: Request) -> Any:
        """Every file that was taken."""
        return [one.entry() for one in self._ledger.media.values()]

    # -- a person's hands

    async def hand_post(self, request: Request) -> Any:
        """Post as a person would from elsewhere, past all weather and limits."""
        body = await body_of(request, "account", "text")
        owner = self._ledger.account(body["account"]).username
        if body.get("reply_to") is not None:
            self._ledger.live(body["reply_to"])
        wish = Wish(
            text=body["text"],
            warning=str(body.get("warning") or ""),
            visibility=str(body.get("visibility") or "public"),
            reply_to=body.get("reply_to"),
            media=[self._file(owner, one) for one in body.get("media") or []],
        )
        at_ms = body.get("at_ms")
        return {"id": self._ledger.create(owner, wish, origin="hand", at_ms=at_ms).id}

    def _file(self, owner: str, told: dict[str, Any]) -> str:
        """Take in a file: `{"alt", "content"}`, the content in base64; without content it is a dot."""
        content = base64.b64decode(told["content"]) if told.get("content") else DOT
        kind = kind_of(content)
        if kind is None:
            raise BadRequest("media: content is no file that the server takes")
        return self._ledger.keep_media(owner, content, kind, description=told.get("alt")).id

    async def edit(self, request: Request) -> Any:
        """Say something else in a post; it keeps its id."""
        body = await body_of(request, "id", "text")
        return {"id": self._ledger.edit(body["id"], body["text"]).id}

    async def pin(self, request: Request) -> Any:
        """Pin a post; without an id, unpin all."""
        body = await body_of(request, "account")
        pinned = self._ledger.account(body["account"]).pinned
        if body.get("id") is None:
            pinned.clear()
        else:
            pinned.add(self._ledger.live(body["id"]).id)
        return {}

    async def repost(self, request: Request) -> Any:
        """Boost a post."""
        body = await body_of(request, "account", "id")
        return {"id": self._ledger.reblog(body["account"], body["id"]).id}

    async def seed(self, request: Request) -> Any:
        """Give an account a past."""
        body = await body_of(request, "account", "count")
        every, youngest = float(body.get("every_s", 3600)), float(body.get("youngest_s", 3600))
        made = self._ledger.seed(body["account"], int(body["count"]), every_s=every, youngest_s=youngest)
        return {"ids": [one.id for one in made]}

    async def sign_in(self, request: Request) -> Any:
        """A new access token."""
        body = await body_of(request, "account")
        return {"access_token": self._ledger.sign_in(body["account"], body.get("scopes", SCOPES))}

    async def limits(self, request: Request) -> Any:
        """Change what the server allows."""
        body = await body_of(request)
        unknown = sorted(set(body) - set(self._world.limits))
        if unknown:
            raise BadRequest(f"unknown limit {', '.join(unknown)}; there are {', '.join(self._world.limits)}")
        return self._world.set_limits(body)


def make_control(world: World, token: str) -> Starlette:
    """The application of the control port."""
    control = Control(world)
    routes = {
        **control.routes(),
        ("GET", "/media"): control.media,
        ("POST", "/hand-post"): control.hand_post,
        ("POST", "/edit"): control.edit,
        ("POST", "/pin"): control.pin,
        ("POST", "/repost"): control.repost,
        ("POST", "/seed"): control.seed,
        ("POST", "/sessions"): control.sign_in,
        ("PUT", "/limits"): control.limits,
    }
    return application(routes, token)
