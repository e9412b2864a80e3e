"""The control port: the truth, a person's hands, and the weather. Whoever is tested has no token for it."""

from __future__ import annotations

import base64
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import Route

from sandbox.control import CLOCK_KEYS, DOT, BadRequest, TokenRequired, answering
from sandbox.mastodon.faults import FAULTS
from sandbox.mastodon.ledger import SCOPES, Wish
from sandbox.mastodon.uploads import kind_of
from sandbox.mastodon.world import World


async def _body(request: Request, *needed: str) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise BadRequest("the body must be JSON") from error
    missing = [name for name in needed if not isinstance(body, dict) or name not in body]
    if missing:
        raise BadRequest(f"the body needs {', '.join(missing)}")
    return dict(body)


class Control:
    """Everything a person, a test or a demo may do to this server."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ledger = world.ledger

    # -- the truth

    async def ledger(self, request: Request) -> Any:
        """Every post ever made."""
        return self._ledger.entries(request.query_params.get("account"))

    async def asks(self, request: Request) -> Any:
        """Every request that asked for a post."""
        return self._ledger.ask_entries(request.query_params.get("account"))

    async def counts(self, _request: Request) -> Any:
        """The sums."""
        return self._ledger.counts()

    async def media(self, _request: Request) -> Any:
        """Every file that was taken."""
        return [one.entry() for one in self._ledger.media.values()]

    # -- a person's hands

    async def hand_post(self, request: Request) -> Any:
        """Post as a person would from elsewhere, past all weather and limits."""
        body = await _body(request, "account", "text")
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
        body = await _body(request, "id", "text")
        return {"id": self._ledger.edit(body["id"], body["text"]).id}

    async def delete(self, request: Request) -> Any:
        """Take a post down."""
        self._ledger.delete((await _body(request, "id"))["id"])
        return {}

    async def pin(self, request: Request) -> Any:
        """Pin a post; without an id, unpin all."""
        body = await _body(request, "account")
        pinned = self._ledger.account(body["account"]).pinned
        if body.get("id") is None:
            pinned.clear()
        else:
            pinned.add(self._ledger.live(body["id"]).id)
        return {}

    async def repost(self, request: Request) -> Any:
        """Boost a post."""
        body = await _body(request, "account", "id")
        return {"id": self._ledger.reblog(body["account"], body["id"]).id}

    async def seed(self, request: Request) -> Any:
        """Give an account a past."""
        body = await _body(request, "account", "count")
        every, youngest = float(body.get("every_s", 3600)), float(body.get("youngest_s", 3600))
        made = self._ledger.seed(body["account"], int(body["count"]), every_s=every, youngest_s=youngest)
        return {"ids": [one.id for one in made]}

    async def sign_in(self, request: Request) -> Any:
        """A new access token."""
        body = await _body(request, "account")
        return {"access_token": self._ledger.sign_in(body["account"], body.get("scopes", SCOPES))}

    async def revoke(self, request: Request) -> Any:
        """End every access token of an account."""
        self._ledger.revoke((await _body(request, "account"))["account"])
        return {}

    async def limits(self, request: Request) -> Any:
        """Change what the server allows."""
        body = await _body(request)
        unknown = sorted(set(body) - set(self._world.limits))
        if unknown:
            raise BadRequest(f"unknown limit {', '.join(unknown)}; there are {', '.join(self._world.limits)}")
        return self._world.set_limits(body)

    async def forget(self, _request: Request) -> Any:
        """Start over: no posts, no asks, fair weather; accounts and tokens stay."""
        self._world.forget()
        return {}

    # -- the clock

    async def clock(self, _request: Request) -> Any:
        """Both clocks: the server's, and the machine's."""
        return self._world.clock.describe()

    async def set_clock(self, request: Request) -> Any:
        """Set the server's clock: `offset_s`, `drift_ppm`, or `jump_s` from where it is."""
        body = await _body(request)
        if unknown := sorted(set(body) - set(CLOCK_KEYS)):
            raise BadRequest(f"the clock takes {', '.join(CLOCK_KEYS)}, not {', '.join(unknown)}")
        self._world.clock.set(offset_s=body.get("offset_s"), drift_ppm=body.get("drift_ppm"))
        self._world.clock.jump(body.get("jump_s", 0.0))
        return self._world.clock.describe()

    # -- the weather

    async def report(self, _request: Request) -> Any:
        """The rules in force, and how often each has hit."""
        return self._world.weather.report()

    async def put(self, request: Request) -> Any:
        """Replace the rules."""
        self._world.weather.put(await self._rules(request))
        return self._world.weather.report()

    async def add(self, request: Request) -> Any:
        """Add rules."""
        self._world.weather.add(await self._rules(request))
        return self._world.weather.report()

    async def _rules(self, request: Request) -> list[Any]:
        """The rules, unless one is about somebody who has no account: that would be calm weather in secret."""
        try:
            body = await request.json()
        except ValueError as error:
            raise BadRequest("the body must be JSON") from error
        rules = body if isinstance(body, list) else [body]
        for rule in rules:
            if isinstance(rule, dict) and rule.get("account") is not None:
                self._ledger.account(str(rule["account"]))
        return rules

    async def clear(self, _request: Request) -> Any:
        """Fair weather."""
        self._world.weather.clear()
        return []

    async def faults(self, _request: Request) -> Any:
        """Every fault there is, with its parameters and its promise."""
        return [fault.describe() for fault in FAULTS.values()]


def make_control(world: World, token: str) -> Starlette:
    """The application of the control port."""
    control = Control(world)
    routes = {
        ("GET", "/ledger"): control.ledger,
        ("GET", "/asks"): control.asks,
        ("GET", "/counts"): control.counts,
        ("GET", "/media"): control.media,
        ("POST", "/hand-post"): control.hand_post,
        ("POST", "/edit"): control.edit,
        ("POST", "/delete"): control.delete,
        ("POST", "/pin"): control.pin,
        ("POST", "/repost"): control.repost,
        ("POST", "/seed"): control.seed,
        ("POST", "/sessions"): control.sign_in,
        ("POST", "/sessions/revoke"): control.revoke,
        ("PUT", "/limits"): control.limits,
        ("GET", "/clock"): control.clock,
        ("PUT", "/clock"): control.set_clock,
        ("POST", "/forget"): control.forget,
        ("GET", "/weather"): control.report,
        ("PUT", "/weather"): control.put,
        ("POST", "/weather"): control.add,
        ("DELETE", "/weather"): control.clear,
        ("GET", "/faults"): control.faults,
    }
    return Starlette(
        routes=[
            Route(path, answering(handler), methods=[method]) for (method, path), handler in routes.items()
        ],
        middleware=[Middleware(TokenRequired, token=token)],
    )
