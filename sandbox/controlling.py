"""The control port that X's and Mastodon's sandboxes share: token, body, ledger, clock and weather."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.clock import BadClock
from sandbox.faults import BadWeather, Fault
from sandbox.ledger import NoSuchAccount, NoSuchPost
from sandbox.variant import BadVariant

if TYPE_CHECKING:
    from sandbox.mastodon.world import World as Server
    from sandbox.world import World

CLOCK_KEYS: Final = ("offset_s", "drift_ppm", "jump_s")


Place = TypeVar("Place", "World", "Server")


class TokenRequired:
    """Answers only holders of the token."""

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
        except (BadWeather, BadVariant, BadRequest, BadClock) as error:
            return JSONResponse({"error": str(error)}, 422)

    return answer


async def _json(request: Request) -> Any:
    try:
        return await request.json()
    except ValueError as error:
        raise BadRequest("the body must be JSON") from error


async def body_of(request: Request, *needed: str) -> dict[str, Any]:
    """The body's fields; every one that is needed must be among them."""
    body = await _json(request)
    missing = [name for name in needed if not isinstance(body, dict) or name not in body]
    if missing:
        raise BadRequest(f"the body needs {', '.join(missing)}")
    return dict(body)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class Common(Generic[Place]):
    """What the control port of either network does."""

    def __init__(self, world: Place, faults: Mapping[str, Fault]) -> None:
        self._world: Place = world
        self._faults = faults

    def routes(self) -> Mapping[tuple[str, str], Handler]:
        """What it does, by method and path."""
        return {
            ("GET", "/ledger"): self.entries,
            ("GET", "/asks"): self.asks,
            ("GET", "/counts"): self.counts,
            ("POST", "/delete"): self.delete,
            ("POST", "/sessions/revoke"): self.revoke,
            ("POST", "/forget"): self.forget,
            ("GET", "/clock"): self.clock,
            ("PUT", "/clock"): self.set_clock,
            ("GET", "/weather"): self.report,
            ("PUT", "/weather"): self.put,
            ("POST", "/weather"): self.add,
            ("DELETE", "/weather"): self.clear,
            ("GET", "/faults"): self.faults,
        }

    async def entries(self, request: Request) -> Any:
        """Every post ever made."""
        return self._world.ledger.entries(request.query_params.get("account"))

    async def asks(self, request: Request) -> Any:
        """Every request that asked for a post."""
        return self._world.ledger.ask_entries(request.query_params.get("account"))

    async def counts(self, _request: Request) -> Any:
        """The sums."""
        return self._world.ledger.counts()

    async def delete(self, request: Request) -> Any:
        """Take a post down."""
        self._world.ledger.delete((await body_of(request, "id"))["id"])
        return {}

    async def revoke(self, request: Request) -> Any:
        """End every session of an account."""
        self._world.ledger.revoke((await body_of(request, "account"))["account"])
        return {}

    async def forget(self, _request: Request) -> Any:
        """Start over: no posts, no asks, fair weather; accounts and sessions stay."""
        self._world.forget()
        return {}

    async def clock(self, _request: Request) -> Any:
        """Both clocks: the network's, and the machine's."""
        return self._world.clock.describe()

    async def set_clock(self, request: Request) -> Any:
        """Set the network's clock: `offset_s`, `drift_ppm`, or `jump_s` from where it is."""
        body = await body_of(request)
        unknown = sorted(set(body) - set(CLOCK_KEYS))
        if unknown or not all(_is_number(value) for value in body.values()):
            raise BadRequest(f"the clock takes numbers for {', '.join(CLOCK_KEYS)}, not {body!r}")
        self._world.clock.set(offset_s=body.get("offset_s"), drift_ppm=body.get("drift_ppm"))
        self._world.clock.jump(body.get("jump_s", 0.0))
        return self._world.clock.describe()

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
        """The rules; one about an unknown account is refused, for it would never strike."""
        body = await _json(request)
        rules = body if isinstance(body, list) else [body]
        for rule in rules:
            if isinstance(rule, dict) and rule.get("account") is not None:
                self._world.ledger.account(str(rule["account"]))
        return rules

    async def clear(self, _request: Request) -> Any:
        """Fair weather."""
        self._world.weather.clear()
        return []

    async def faults(self, _request: Request) -> Any:
        """Every fault there is, with its parameters and its promise."""
        return [fault.describe() for fault in self._faults.values()]


def application(routes: Mapping[tuple[str, str], Handler], token: str) -> Starlette:
    """The application of a control port, for holders of its token."""
    return Starlette(
        routes=[
            Route(path, answering(handler), methods=[method]) for (method, path), handler in routes.items()
        ],
        middleware=[Middleware(TokenRequired, token=token)],
    )
