"""The page port: one page for every address, and the JSON behind it."""

from __future__ import annotations

import hashlib
import html
import json
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.asking import Asking, usual_name
from sandbox.changing import Changing
from sandbox.clock import Clock
from sandbox.faults import Where
from sandbox.looking import VIEWS, Looking
from sandbox.shapes import ROOTS
from sandbox.uploads import Uploads
from sandbox.variant import words
from sandbox.weather import Gust
from sandbox.wire import Drip, Reset
from sandbox.world import Visitor, World

PAGE: Final = Path(__file__).parent / "page"

SCRIPTS: Final = tuple(sorted(path.name for path in PAGE.glob("*.js") if "worker" not in path.name))

RELEASE: Final = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(PAGE.iterdir()))).hexdigest()[
    :12
]
"""Changes whenever a file of the page does."""

QUERY_IDS: Final = {
    "CreateTweet": "oB-5XsHNAbjvARJEc8CZFw",
    "CreateNoteTweet": "iCUB42lIfXf9qPKctjE5rQ",
    "UserTweets": "E3opETHurmVJflFsUBVuUQ",
    "UserTweetsAndReplies": "bt4TKuFz4T7Ckk-VvQVSow",
    "HomeTimeline": "HJFjzBgCs16TqxewQOeLNg",
    "TweetDetail": "nBS-WpgA6ZG0CyNHD517JQ",
    "TweetResultByRestId": "zAz9764BcLZOJ0JU2wrd1A",
}
"""The names of this release; they change with every release of the real page."""

PUBLIC: Final = ("i/flow/", "i/status/", "i/web/status/", "account/access")
"""Addresses that need no session, besides profiles and posts."""

PRIVATE_WORDS: Final = frozenset(
    {"home", "compose", "intent", "i", "settings", "notifications", "explore", "messages"}
)
"""First words of addresses that need a session, and that no handle can be."""

TROUBLE_ADDRESSES: Final = {
    "challenge": "/i/flow/challenge",
    "locked": "/account/access",
    "consent": "/i/flow/consent",
}
"""Where the page leads while the session is in this state. A suspended account stays, under a banner."""


class Dated:
    """Date every answer by the network's clock."""

    def __init__(self, app: ASGIApp, *, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and the answer back with `date`."""

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (b"date", self._clock.date().encode())]
            await send(message)

        await self._app(scope, receive, dated)


class OneRequestPerConnection:
    """Close every connection after its answer: a browser repeats a request when a *reused* connection dies."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and the answer back with `connection: close`."""

        async def closing(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (b"connection", b"close")]
            await send(message)

        await self._app(scope, receive, closing)


class Site:
    """Serves the page and tells it what it must know."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._template = _template()

    async def page(self, request: Request) -> Response:
        """The one HTML document, or the way to where the session has to go first."""
        path = request.url.path.strip("/")
        visitor = self._world.visitor(request, opening=True)
        gusts = self._world.weather.gusts(Where.PAGE, visitor.handle)
        await self._world.wait(gust for gust in gusts if gust.name == "page_delay")
        await self._world.wait(
            [
                *self._world.weather.latency("page", visitor.handle),
                Gust("latency", {"ms": self._world.settings.page_latency_ms, "jitter_ms": 0}),
            ]
        )
        elsewhere = self._elsewhere(path, visitor)
        if elsewhere is not None:
            return RedirectResponse(elsewhere, 302)
        return self._travel(self._render(visitor, path), gusts)

    def _elsewhere(self, path: str, visitor: Visitor) -> str | None:
        """Where a visitor is led instead of this address."""
        if path.startswith(("i/flow/", "account/")):
            return None
        if visitor.trouble in TROUBLE_ADDRESSES:
            return TROUBLE_ADDRESSES[visitor.trouble]
        if path == "":
            return "/home" if visitor.account else "/i/flow/login"
        if visitor.account is None and _is_private(path):
            return "/i/flow/login"
        return None

    def _travel(self, page: str, gusts: list[Gust]) -> Response:
        for gust in gusts:
            match gust.name:
                case "page_drip":
                    return Drip(page, over=gust["seconds"], media_type="text/html")
                case "page_error_status":
                    return HTMLResponse(
                        "<title>X</title><h1>Something is technically wrong.</h1>", gust["status"]
                    )
                case "page_reset":
                    return Reset()
                case _:
                    continue
        return HTMLResponse(page)

    def _render(self, visitor: Visitor, path: str) -> str:
        bootstrap = json.dumps(self._bootstrap(visitor, path), ensure_ascii=False).replace("<", "\\u003c")
        variant = self._world.variant
        page = self._template.replace("%LANGUAGE%", variant.language).replace(
            "%DIRECTION%", variant.direction
        )
        return page.replace("%BOOTSTRAP%", bootstrap)

    def _bootstrap(self, visitor: Visitor, path: str) -> dict[str, Any]:
        """What the page is told when it opens: who is here, how things are called today, and its switches."""
        account = visitor.account
        switches = self._world.weather.gusts(Where.UI, visitor.handle)
        viewer = None
        # Addresses of one's own stay one's own: only what is public can be shown to strangers.
        veiled = visitor.is_veiled and not _is_private(path)
        if account is not None and not veiled:
            viewer = {
                "handle": account.handle,
                "name": account.name,
                "userId": account.user_id,
                "premium": account.premium,
            }
        return {
            "viewer": viewer,
            "veiled": veiled,
            "suspended": visitor.trouble == "suspended",
            "queryIds": QUERY_IDS,
            "people": [{"handle": a.handle, "name": a.name} for a in self._world.ledger.accounts.values()],
            "switches": [dict(gust.params) for gust in switches],
            "variant": self._world.variant.describe(),
            "words": dict(words(self._world.variant.language)),
        }

    async def error_log(self, request: Request) -> Response:
        """What the page reports when its ask was rejected."""
        self._world.ledger.error_logs.append(
            {"account": self._world.visitor(request).handle, **await request.json()}
        )
        return JSONResponse({})

    async def sheet(self, request: Request) -> Response:
        """What a person answered to a sheet that came by itself."""
        self._world.ledger.sheets.append(
            {"account": self._world.visitor(request).handle, **await request.json()}
        )
        return JSONResponse({})

    async def badge(self, _request: Request) -> Response:
        """What the page asks for all the time, so that its network is never idle."""
        return JSONResponse({"ntab_unread_count": 0})

    async def emoji(self, request: Request) -> Response:
        """A picture of one emoji, drawn with whatever font is here."""
        text = "".join(chr(int(code, 16)) for code in request.path_params["code"].split("-"))
        return Response(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 36 36"><text x="18" y="30" font-size="30" '
            f'text-anchor="middle">{html.escape(text)}</text></svg>',
            media_type="image/svg+xml",
        )


def _template() -> str:
    """The document with the addresses of today's scripts, all of which are fetched at once."""
    preloads = (f'<link rel="modulepreload" href="/assets/{RELEASE}/{name}">' for name in SCRIPTS)
    template = (PAGE / "index.html").read_text(encoding="utf-8")
    return template.replace("%PRELOADS%", "\n".join(preloads)).replace("%RELEASE%", RELEASE)


class Assets(StaticFiles):
    """The page's own files. Their address changes with their content, so a browser may keep them."""

    def file_response(self, *args: Any, **rest: Any) -> Response:
        """Say that the file stays as it is."""
        answer = super().file_response(*args, **rest)
        answer.headers["cache-control"] = "max-age=31536000, immutable"
        return answer


def _is_private(path: str) -> bool:
    return path.split("/", maxsplit=1)[0] in PRIVATE_WORDS and not path.startswith(PUBLIC)


async def _nothing_here(_request: Request) -> Response:
    return PlainTextResponse("", 404)


def make_site(world: World) -> Starlette:
    """The application of the page port."""
    site, uploads, asking, looking = Site(world), Uploads(world), Asking(world), Looking(world)

    changing = Changing(world)
    changes = {"DeleteTweet": changing.delete, "PinTweet": changing.pin}

    async def operate(request: Request) -> Response:
        operation = request.path_params["operation"]
        if usual_name(operation) in ROOTS and request.method == "POST":
            return await asking(request)
        if operation in changes and request.method == "POST":
            return await changing(request, changes[operation])
        if operation in VIEWS and request.method == "GET":
            return await looking(request)
        return await _nothing_here(request)

    closing = [Middleware(OneRequestPerConnection)] if world.settings.connections == "fresh" else []
    return Starlette(
        routes=[
            Mount(f"/assets/{RELEASE}", Assets(directory=PAGE)),
            Route("/i/api/graphql/{query_id}/{operation}", operate, methods=["GET", "POST"]),
            Route("/i/media/upload.json", uploads.upload, methods=["POST"]),
            Route("/1.1/media/metadata/create.json", uploads.describe, methods=["POST"]),
            Route("/1.1/client/error_log.json", site.error_log, methods=["POST"]),
            Route("/i/api/1.1/client/sheet.json", site.sheet, methods=["POST"]),
            Route("/i/api/2/badge_count.json", site.badge),
            Route("/media/{media_id}", uploads.show),
            Route("/emoji/{code}.svg", site.emoji),
            Route("/favicon.ico", _nothing_here),
            Route("/{path:path}", site.page),
        ],
        middleware=[Middleware(Dated, clock=world.clock), *closing],
    )
