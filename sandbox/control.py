"""The control port: the truth, a person's hands, and the weather. Whoever is tested has no token for it."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.clock import BadClock
from sandbox.faults import FAULTS, BadWeather
from sandbox.ledger import NoSuchAccount, NoSuchPost, Post
from sandbox.length import links_in
from sandbox.uploads import mime_of
from sandbox.variant import AXES, BadVariant, read_variant
from sandbox.world import World

CLOCK_KEYS: Final = ("offset_s", "drift_ppm", "jump_s")

DOT: Final = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""The smallest picture."""


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
        except (BadWeather, BadVariant, BadRequest, BadClock) as error:
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


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def with_another_link(text: str, link: str) -> str:
    """Give a text with its last link replaced; at the end of a text that has none."""
    links = links_in(text)
    if not links:
        return f"{text} {link}"
    return text[: links[-1].start] + link + text[links[-1].end :]


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

    async def sheets(self, _request: Request) -> Any:
        """What was answered to the sheets that came by themselves."""
        return self._ledger.sheets

    # -- the build of the page

    async def variant(self, _request: Request) -> Any:
        """Today's build."""
        return self._world.variant.describe()

    async def build(self, request: Request) -> Any:
        """Ship another build, to every page that is opened from now on."""
        body = await _body(request, "variant")
        seed = body.get("seed", self._world.settings.seed)
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise BadRequest(f"seed must be a whole number, not {seed!r}")
        self._world.variant = read_variant(body["variant"], seed=seed)
        return self._world.variant.describe()

    async def axes(self, _request: Request) -> Any:
        """Every axis with its choices, today's first."""
        return {name: {"says": axis.says, "choices": dict(axis.choices)} for name, axis in AXES.items()}

    # -- a person's hands

    async def hand_post(self, request: Request) -> Any:
        """Post as a person would from elsewhere, past all weather and limits."""
        body = await _body(request, "account", "text")
        return {"id": self._post_by_hand(body["account"], body["text"], body).id}

    async def hand_again(self, request: Request) -> Any:
        """Say what a post says once more: with another link, under another post, or both."""
        body = await _body(request, "id")
        post = self._ledger.live(body["id"])
        text = post.text if body.get("link") is None else with_another_link(post.text, str(body["link"]))
        by = body.get("account", post.author)
        return {"id": self._post_by_hand(by, text, {"reply_to": post.reply_to, **body, "id": None}).id}

    def _post_by_hand(self, account: str, text: str, more: Mapping[str, Any]) -> Post:
        reply_to = more.get("reply_to")
        if reply_to is not None:
            self._ledger.live(reply_to)
        owner = self._ledger.account(account).handle
        media = [self._picture(owner, one) for one in more.get("media") or []]
        return self._ledger.create(
            owner, text, reply_to=reply_to, media=media, origin="hand", post_id=more.get("id")
        )

    def _picture(self, owner: str, told: Any) -> str:
        """Take in a picture: `{"alt", "content"}`, the content in base64; without content it is a dot of its own."""
        if not isinstance(told, Mapping):
            raise BadRequest('media must be a list of {"alt", "content"}')
        try:
            content = base64.b64decode(told["content"], validate=True) if told.get("content") else DOT
        except ValueError as error:
            raise BadRequest("media: content must be base64") from error
        mime = mime_of(content)
        if mime is None:
            raise BadRequest("media: content is no picture that the network takes")
        return self._ledger.keep_media(owner, content, mime, alt=told.get("alt")).id

    async def edit(self, request: Request) -> Any:
        """Say something else in a post; the id of the new version."""
        body = await _body(request, "id", "text")
        return {"id": self._ledger.edit(body["id"], body["text"]).id}

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
        self._world.forget()
        return {}

    # -- the clock

    async def clock(self, _request: Request) -> Any:
        """Both clocks: the network's, and the machine's."""
        return self._world.clock.describe()

    async def set_clock(self, request: Request) -> Any:
        """Set the network's clock: `offset_s`, `drift_ppm`, or `jump_s` from where it is."""
        body = await _body(request)
        unknown = sorted(set(body) - set(CLOCK_KEYS))
        if unknown or not all(_is_number(value) for value in body.values()):
            raise BadRequest(f"the clock takes numbers for {', '.join(CLOCK_KEYS)}, not {body!r}")
        self._world.clock.set(offset_s=body.get("offset_s"), drift_ppm=body.get("drift_ppm"))
        self._world.clock.jump(body.get("jump_s", 0.0))
        return self._world.clock.describe()

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
        ("GET", "/sheets"): control.sheets,
        ("GET", "/variant"): control.variant,
        ("PUT", "/variant"): control.build,
        ("GET", "/axes"): control.axes,
        ("POST", "/hand-post"): control.hand_post,
        ("POST", "/hand-again"): control.hand_again,
        ("POST", "/edit"): control.edit,
        ("POST", "/delete"): control.delete,
        ("GET", "/clock"): control.clock,
        ("PUT", "/clock"): control.set_clock,
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
