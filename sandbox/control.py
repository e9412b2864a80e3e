"""The control port: the truth, a person's hands, and the weather. Whoever is tested has no token for it."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.faults import FAULTS, BadWeather
from sandbox.ledger import NoSuchAccount, NoSuchPost
from sandbox.world import World


class TokenRequired:
    """Answers nobody who does not show the token."""

    def __init__(self, app: ASGIApp, *, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what shows the token."""
        shown = dict(scope.get("headers", [])).get(b"authorization", b"")
        if scope["type"] == "http" and not hmac.compare_digest(shown, self._expected):
            await JSONResponse({"error": "a bearer token is required"}, 401)(scope, receive, send)
            return
        await self._app(scope, receive, send)


class BadRequest(ValueError):
    """Something was asked of the control port that it cannot understand."""


Handler = Callable[[Request], Awaitable[Any]]


def answering(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Turn plain data into JSON, and what went wrong into words with the right status."""

    async def answer(request: Request) -> Response:
        try:
            return JSONResponse(await handler(request))
        except (NoSuchAccount, NoSuchPost) as error:
            return JSONResponse({"error": str(error)}, 404)
        except (BadWeather, BadRequest) as error:
            return JSONResponse({"error": str(error)}, 422)

    return answer


async def _body(request: Request, *needed: str) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise BadRequest("the body must be JSON") from error
    missing = [name for name in needed if not isinstance(body, dict) or name not in body]
    if missing:
        raise BadRequest(f"the body needs {', '.join(missing)}")
    return dict(body)


async def _rules(request: Request) -> list[Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise BadRequest("the body must be JSON") from error
    return body if isinstance(body, list) else [body]


class Control:
    """Everything a person, a test or a demo may do to this sandbox."""

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

    async def error_logs(self, _request: Request) -> Any:
        """What pages reported about rejected asks."""
        return self._ledger.error_logs

    # -- a person's hands

    async def hand_post(self, request: Request) -> Any:
        """Post as a person would from elsewhere, past all weather and limits."""
        body = await _body(request, "account", "text")
        reply_to = body.get("reply_to")
        if reply_to is not None:
            self._ledger.live(reply_to)
        post = self._ledger.create(
            body["account"], body["text"], reply_to=reply_to, origin="hand", post_id=body.get("id")
        )
        return {"id": post.id}

    async def delete(self, request: Request) -> Any:
        """Take a post down."""
        self._ledger.delete((await _body(request, "id"))["id"])
        return {}

    async def pin(self, request: Request) -> Any:
        """Pin a post; without an id, unpin."""
        body = await _body(request, "account")
        self._ledger.pin(body["account"], body.get("id"))
        return {}

    async def repost(self, request: Request) -> Any:
        """Show somebody's post on an account's timeline."""
        body = await _body(request, "account", "id")
        return {"id": self._ledger.repost(body["account"], body["id"]).id}

    async def seed(self, request: Request) -> Any:
        """Give an account a past."""
        body = await _body(request, "account", "count")
        timing = {key: float(body[key]) for key in ("every_s", "youngest_s") if key in body}
        return {"ids": [post.id for post in self._ledger.seed(body["account"], int(body["count"]), **timing)]}

    async def sign_in(self, request: Request) -> Any:
        """A new session, as after a person signed in again."""
        return self._world.storage_state((await _body(request, "account"))["account"])

    async def revoke(self, request: Request) -> Any:
        """End every session of an account."""
        self._ledger.revoke((await _body(request, "account"))["account"])
        return {}

    async def forget(self, _request: Request) -> Any:
        """Start over: no posts, no asks, fair weather; accounts and sessions stay."""
        self._ledger.forget()
        self._world.weather.clear()
        return {}

    # -- the weather

    async def report(self, _request: Request) -> Any:
        """The rules in force, and how often each has hit."""
        return self._world.weather.report()

    async def put(self, request: Request) -> Any:
        """Replace the rules."""
        self._world.weather.put(self._for_people_here(await _rules(request)))
        return self._world.weather.report()

    async def add(self, request: Request) -> Any:
        """Add rules."""
        self._world.weather.add(self._for_people_here(await _rules(request)))
        return self._world.weather.report()

    def _for_people_here(self, rules: list[Any]) -> list[Any]:
        """The rules, unless one is about somebody who has no account: that would be calm weather in secret."""
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
        ("GET", "/error-logs"): control.error_logs,
        ("POST", "/hand-post"): control.hand_post,
        ("POST", "/delete"): control.delete,
        ("POST", "/pin"): control.pin,
        ("POST", "/repost"): control.repost,
        ("POST", "/seed"): control.seed,
        ("POST", "/sessions"): control.sign_in,
        ("POST", "/sessions/revoke"): control.revoke,
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
