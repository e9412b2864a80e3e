"""The ports of the local Bluesky: two servers, the service for videos, and the control port."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.bluesky.site import Site
from sandbox.bluesky.videos import VideoService
from sandbox.bluesky.weather import FAULTS, BadWeather
from sandbox.bluesky.world import Settings, World
from sandbox.clock import BadClock
from sandbox.running import listen, run, url_of

CLOCK_KEYS: Final = ("offset_s", "drift_ppm")


class Control:
    """The control port: the truth, a person's hands, and the weather."""

    def __init__(self, world: World, token: str) -> None:
        self._world = world
        self._token = f"Bearer {token}"

    def app(self) -> Starlette:
        """Everything this port answers, to holders of the token."""
        return Starlette(routes=[Route("/{name}", self.answer, methods=["GET", "POST"])])

    async def answer(self, request: Request) -> Response:
        """Do one thing, named by the path; parameters are JSON."""
        shown = request.headers.get("authorization", "")
        if not hmac.compare_digest(shown, self._token):
            return JSONResponse({"error": "a bearer token is required"}, 401)
        body = json.loads(await request.body() or b"{}")
        does: Callable[..., Any] | None = getattr(self, f"do_{request.path_params['name']}", None)
        if does is None:
            return JSONResponse({"error": "no such thing"}, 404)
        try:
            return JSONResponse(does(**body))
        except (BadWeather, BadClock, KeyError, TypeError) as error:
            return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 422)

    # --- the truth

    def do_ledger(self) -> Any:
        """Every record that was ever written."""
        return [entry.told() for entry in self._world.repos.entries]

    def do_asks(self) -> Any:
        """Every request that asked for a record."""
        return self._world.asks

    def do_counts(self) -> Any:
        """The sums."""
        first, second = self._world.sessions
        sessions = {
            name: getattr(first, name) + getattr(second, name) for name in ("created", "refreshed", "reused")
        }
        return {**self._world.repos.counts(), "sessions": sessions, "requests": self._world.requests}

    # --- a person's hands

    def do_hand_post(
        self, account: str, text: str, reply: dict[str, Any] | None = None, rkey: str | None = None
    ) -> Any:
        """Post from elsewhere."""
        return self._world.repos.hand_post(self._repo(account), text, reply, rkey).told()

    def do_delete(self, uri: str) -> Any:
        """Take a post down."""
        return self._world.repos.delete(uri)

    def do_change(self, uri: str, text: str) -> Any:
        """Write another text over a post."""
        return self._world.repos.change(uri, text).told()

    def do_move(self, account: str) -> Any:
        """Have an account live on the other server."""
        repo = self._repo(account)
        repo.host = 1 - repo.host
        return {"host": self._world.urls[repo.host]}

    def do_rename(self, account: str, handle: str) -> Any:
        """Give an account another handle."""
        self._repo(account).handle = handle
        return {}

    def do_status(self, account: str, status: str | None = None) -> Any:
        """Suspend, take down, deactivate an account, or restore it."""
        self._repo(account).status = status
        return {}

    def do_password(self, account: str, password: str) -> Any:
        """Revoke the app password, and make another one."""
        self._repo(account).password = password
        return {}

    def do_revoke(self, account: str) -> Any:
        """End every session of an account."""
        for sessions in self._world.sessions:
            sessions.revoke(self._repo(account).did)
        return {}

    def do_lose_blobs(self, account: str) -> Any:
        """Drop files that no record refers to yet."""
        self._repo(account).blobs.clear()
        return {}

    def do_limits(
        self,
        image: int | None = None,
        access_seconds: float | None = None,
        points_hour: int | None = None,
        points_day: int | None = None,
    ) -> Any:
        """Set the limits of the servers: an old one takes pictures of 1,000,000 bytes."""
        self._world.repos.image_limit = image or self._world.repos.image_limit
        for sessions in self._world.sessions:
            sessions.access_s = access_seconds if access_seconds is not None else sessions.access_s
        self._world.points[3600] = points_hour or self._world.points[3600]
        self._world.points[86_400] = points_day or self._world.points[86_400]
        return {}

    def do_page(self, name: str, kind: str, content: str) -> Any:
        """Put up a page of a stranger."""
        self._world.pages[name] = (kind, bytes.fromhex(content))
        return {"url": f"{self._world.urls[0]}/pages/{name}"}

    def do_forget(self) -> Any:
        """Start over."""
        self._world.forget()
        return {}

    # --- clock and weather

    def do_clock(self, **how: float) -> Any:
        """Tell the clocks, or set the network's."""
        if "jump_s" in how:
            self._world.clock.jump(how.pop("jump_s"))
        if how:
            self._world.clock.set(**{name: how[name] for name in CLOCK_KEYS if name in how})
        return self._world.clock.describe()

    def do_weather(self, rules: list[dict[str, Any]] | None = None) -> Any:
        """Tell the rules in force, or replace them."""
        if rules is not None:
            self._world.weather.put(rules)
        return self._world.weather.report()

    def do_faults(self) -> Any:
        """Every fault there is."""
        return {name: {"params": params, "says": says} for name, (_, params, says) in FAULTS.items()}

    def _repo(self, account: str) -> Any:
        found = self._world.repos.find(account)
        if found is None:
            raise KeyError(account)
        return found


async def serve(settings: Settings, *, port: int = 0, control_port: int = 0, tied: bool = False) -> None:
    """Run a sandbox until it is told to end."""
    world, token = World(settings), secrets.token_urlsafe(24)
    *sites, videos, control = listeners = [listen(port), listen(0), listen(0), listen(control_port)]
    world.urls = [url_of(one) for one in sites]
    world.video_url = url_of(videos)
    state = {
        "url": world.urls[0],
        "second_url": world.urls[1],
        "video_url": world.video_url,
        "control_url": url_of(control),
        "control_token": token,
        "accounts": [
            {"handle": repo.handle, "did": repo.did, "password": repo.password}
            for repo in world.repos.all.values()
        ],
    }
    apps = [
        Site(world, 0).app(),
        Site(world, 1).app(),
        VideoService(world).app(),
        Control(world, token).app(),
    ]
    await run([*zip(apps, listeners, strict=True)], state, tied=tied)
