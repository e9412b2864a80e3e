"""Signing in as Mastodon does: app, permission on a page, code, token. The page is told whose account it is."""

from __future__ import annotations

import hmac
import html
import secrets
import time
from dataclasses import dataclass, field
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from sandbox.mastodon.answers import refusal, unprocessable
from sandbox.mastodon.world import World

CODE_LIVES_S: Final = 600.0

KNOWN_SCOPES: Final = frozenset(
    {"read", "write", "profile", "follow", "push"}
    | {f"read:{one}" for one in ("accounts", "statuses", "notifications")}
    | {f"write:{one}" for one in ("accounts", "media", "statuses")}
)


@dataclass(frozen=True, slots=True)
class App:
    """A program that registered."""

    client_id: str
    client_secret: str = field(repr=False)
    name: str
    redirects: tuple[str, ...]
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code stands for."""

    app: App
    account: str
    redirect: str
    scopes: tuple[str, ...]
    until: float


class OAuth:
    """The apps and the codes of one server."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._apps: dict[str, App] = {}
        self._codes: dict[str, Grant] = {}

    async def register(self, request: Request) -> Response:
        """Register an app."""
        told = await _fields(request)
        redirects = tuple(told.get("redirect_uris", "").split())
        scopes = frozenset(told.get("scopes", "read").split())
        if not told.get("client_name"):
            return unprocessable("Validation failed: Application name can't be blank")
        if not redirects:
            return unprocessable("Validation failed: Redirect URI can't be blank")
        if not scopes <= KNOWN_SCOPES:
            return unprocessable("Validation failed: Scopes doesn't match configured on the server.")
        name, secret = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        app = App(name, secret, told["client_name"], redirects, scopes)
        self._apps[app.client_id] = app
        return JSONResponse(
            {
                "id": str(len(self._apps)),
                "name": app.name,
                "website": None,
                "scopes": sorted(scopes),
                "redirect_uri": redirects[0],
                "redirect_uris": list(redirects),
                "client_id": app.client_id,
                "client_secret": app.client_secret,
            }
        )

    async def page(self, request: Request) -> Response:
        """Ask whose account the app may act for."""
        asked = dict(request.query_params)
        if (wrong := self._wrong(asked)) is not None:
            return wrong
        buttons = "".join(
            f'<button name="account" value="{html.escape(one)}">{html.escape(one)}</button>'
            for one in self._world.ledger.accounts
        )
        app = self._apps[asked["client_id"]]
        said = f"<p>{html.escape(app.name)} would like to: {html.escape(asked.get('scope', 'read'))}</p>"
        return HTMLResponse(
            f'<!doctype html><title>Authorize</title>{said}<form method="post">{buttons}</form>'
        )

    async def allow(self, request: Request) -> Response:
        """Take a person's yes, and show the code."""
        asked = dict(request.query_params)
        if (wrong := self._wrong(asked)) is not None:
            return wrong
        account = (await _fields(request)).get("account", "")
        if account not in self._world.ledger.accounts:
            return refusal(404, "Record not found")
        code = secrets.token_urlsafe(32)
        self._codes[code] = Grant(
            self._apps[asked["client_id"]],
            account,
            asked["redirect_uri"],
            tuple(asked.get("scope", "read").split()),
            time.monotonic() + CODE_LIVES_S,
        )
        return HTMLResponse(f"<!doctype html><title>Code</title><code>{code}</code>")

    def _wrong(self, asked: dict[str, str]) -> Response | None:
        app = self._apps.get(asked.get("client_id", ""))
        if app is None:
            return HTMLResponse("<p>Client authentication failed due to unknown client.</p>", 401)
        if asked.get("redirect_uri") not in app.redirects:
            return HTMLResponse("<p>The redirect URI included is not valid.</p>", 400)
        if asked.get("response_type") != "code":
            return HTMLResponse("<p>The authorization server does not support this response type.</p>", 400)
        if not set(asked.get("scope", "read").split()) <= app.scopes:
            return HTMLResponse("<p>The requested scope is invalid, unknown, or malformed.</p>", 400)
        return None

    async def token(self, request: Request) -> Response:
        """Exchange a code, once."""
        told = await _fields(request)
        app = self._apps.get(told.get("client_id", ""))
        if app is None or not hmac.compare_digest(app.client_secret, told.get("client_secret", "")):
            return _no(401, "invalid_client", "Client authentication failed due to unknown client.")
        if told.get("grant_type") != "authorization_code":
            return _no(400, "unsupported_grant_type", "The authorization grant type is not supported.")
        grant = self._codes.pop(told.get("code", ""), None)
        fits = grant is not None and grant.app is app and grant.redirect == told.get("redirect_uri")
        if grant is None or not fits or time.monotonic() > grant.until:
            return _no(400, "invalid_grant", "The provided authorization grant is invalid, expired, revoked.")
        token = self._world.ledger.sign_in(grant.account, grant.scopes)
        return JSONResponse(
            {
                "access_token": token,
                "token_type": "Bearer",
                "scope": " ".join(grant.scopes),
                "created_at": self._world.clock.now_ms() // 1000,
            }
        )


def _no(status: int, code: str, words: str) -> JSONResponse:
    return JSONResponse({"error": code, "error_description": words}, status)


async def _fields(request: Request) -> dict[str, str]:
    """Read a form or a document."""
    if request.headers.get("content-type", "").startswith("application/json"):
        told = await request.json()
        return {name: str(value) for name, value in told.items()} if isinstance(told, dict) else {}
    return {name: str(value) for name, value in (await request.form()).items()}
