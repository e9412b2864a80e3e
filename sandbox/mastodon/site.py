"""The application of the API's port: which request goes where, and what every answer carries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from sandbox.mastodon.answers import limit_headers, refusal, throttled
from sandbox.mastodon.asking import Asking
from sandbox.mastodon.deleting import Deleting
from sandbox.mastodon.oauth import OAuth
from sandbox.mastodon.reading import Reading
from sandbox.mastodon.uploads import Uploads
from sandbox.mastodon.world import World, token_of
from sandbox.site import Dated

Handler = Callable[[Request], Awaitable[Response]]


class Gate:
    """What every request of one kind passes: the weather of all answers, and the limit of requests."""

    def __init__(self, world: World, kind: str, handler: Handler) -> None:
        self._world = world
        self._kind = kind
        self._handler = handler

    async def __call__(self, request: Request) -> Response:
        """Let a request through, or not."""
        token = token_of(request)
        holder = self._world.ledger.holder(token)
        strikes = self._world.weather.latency(self._kind, holder.username if holder else None)
        if limit := next((gust for gust in strikes if gust.name == "throttled"), None):
            return throttled(self._world, limit.params.get("reset_seconds"), by=limit["by"])
        left = self._world.count(token)
        if left < 0:
            ends = limit_headers(self._world, left=0, ends=self._world.window_ends())
            return refusal(429, "Too many requests", ends)
        await self._world.wait(gust for gust in strikes if gust.name == "latency")
        told = limit_headers(self._world, left=left, ends=self._world.window_ends())
        return Limited(await self._handler(request), told)


class Limited(Response):
    """An answer that says beside everything else what is left of the limit."""

    def __init__(self, answer: Response, told: Mapping[str, str]) -> None:
        super().__init__()
        self._answer = answer
        self._told = [(name.encode(), value.encode()) for name, value in told.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with these headers more."""

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = list(message.get("headers", []))
                # A limit that was reached says more than one that was not.
                named = {name for name, _ in own}
                message["headers"] = [*own, *(one for one in self._told if one[0] not in named)]
            await send(message)

        await self._answer(scope, receive, telling)


async def _nothing_here(_request: Request) -> Response:
    return refusal(404, "Record not found")


def make_site(world: World) -> Starlette:
    """The application of the API's port."""
    reading, uploads = Reading(world), Uploads(world)
    asking, oauth = Asking(world, uploads), OAuth(world)
    ways: list[tuple[str, str, str, Handler]] = [
        ("GET", "/api/v2/instance", "instance", reading.instance),
        ("GET", "/api/v1/accounts/verify_credentials", "account", reading.verify_account),
        ("GET", "/api/v1/apps/verify_credentials", "account", reading.verify_app),
        ("GET", "/api/v1/accounts/{id}/statuses", "timeline", reading.statuses),
        ("GET", "/api/v1/statuses/{id}", "timeline", reading.status),
        ("DELETE", "/api/v1/statuses/{id}", "timeline", Deleting(world)),
        ("GET", "/api/v1/statuses/{id}/history", "timeline", reading.history),
        ("GET", "/api/v1/statuses/{id}/context", "timeline", reading.context),
        ("POST", "/api/v2/media", "media", uploads.upload),
        ("GET", "/api/v1/media/{id}", "media", uploads.state),
        ("POST", "/api/v1/statuses", "create", asking),
        ("POST", "/api/v1/apps", "account", oauth.register),
        ("GET", "/oauth/authorize", "account", oauth.page),
        ("POST", "/oauth/authorize", "account", oauth.allow),
        ("POST", "/oauth/token", "account", oauth.token),
    ]
    routes = [
        Route(path, Gate(world, kind, handler).__call__, methods=[method])
        for method, path, kind, handler in ways
    ]
    return Starlette(
        routes=[*routes, Route("/{path:path}", _nothing_here)],
        middleware=[Middleware(Dated, clock=world.clock)],
    )
