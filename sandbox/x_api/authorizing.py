"""OAuth 2.0 with PKCE as X does it: a page to allow the app (told whose account it is), and the exchange of a code."""

from __future__ import annotations

import base64
import hashlib
import html
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from sandbox.x_api.struck import Answer
from sandbox.x_api.world import World

AUTHORIZE: Final = "/i/oauth2/authorize"

CODE_LIVES_S: Final = 30.0

SCOPES: Final = frozenset({"tweet.read", "tweet.write", "users.read", "media.write", "offline.access"})

PAGE: Final = {"content-type": "text/html; charset=utf-8"}

INVALID: Final[Answer] = (
    400,
    {"error": "invalid_request", "error_description": "Value passed for the authorization code was invalid."},
    {},
)


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a code stands for."""

    account: str
    client_id: str
    redirect: str
    challenge: str
    scope: str
    until: float


class Authorizing:
    """The codes of one sandbox."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._codes: dict[str, Allowed] = {}

    def page(self, method: str, asked: Mapping[str, str], form: Any) -> Answer:
        """Show the page, or take a person's yes and send the browser back with a code."""
        accounts = [
            one.handle for one in self._world.people.values() if one.client_id == asked.get("client_id")
        ]
        if not accounts or not _is_whole(asked):
            return (
                400,
                b"<!doctype html><p>Something went wrong. You weren't able to give access to the App.",
                PAGE,
            )
        if method == "GET":
            buttons = "".join(
                f'<button name="account" value="{html.escape(one)}">{html.escape(one)}</button>'
                for one in accounts
            )
            return 200, f'<!doctype html><form method="post">{buttons}</form>'.encode(), PAGE
        account = form.get("account") if isinstance(form, dict) else None
        told = {"state": asked["state"]}
        if account not in accounts:
            told["error"] = "access_denied"
        else:
            told["code"] = self._code(account, asked)
        return 302, b"", {"location": f"{asked['redirect_uri']}?{urlencode(told)}"}

    def _code(self, account: str, asked: Mapping[str, str]) -> str:
        code = secrets.token_urlsafe(32)
        with self._world.lock:
            self._codes[code] = Allowed(
                account,
                asked["client_id"],
                asked["redirect_uri"],
                asked["code_challenge"],
                asked["scope"],
                time.monotonic() + CODE_LIVES_S,
            )
        return code

    def exchange(self, form: Mapping[str, Any], authorization: str) -> Answer:
        """Exchange a code, once."""
        with self._world.lock:
            found = self._codes.pop(str(form.get("code", "")), None)
        if found is None or time.monotonic() > found.until or not _is_his(found, form, authorization):
            return INVALID
        told = self._world.sign_in(found.account)
        given = {**told, "scope": found.scope}
        if "offline.access" not in found.scope.split():
            del given["refresh_token"]
        return 200, given, {}


def _is_whole(asked: Mapping[str, str]) -> bool:
    scopes = set(asked.get("scope", "").split())
    return (
        asked.get("response_type") == "code"
        and asked.get("code_challenge_method") == "S256"
        and bool(asked.get("code_challenge"))
        and bool(asked.get("state"))
        and urlsplit(asked.get("redirect_uri", "")).scheme in {"http", "https"}
        and bool(scopes)
        and scopes <= SCOPES
    )


def _is_his(found: Allowed, form: Mapping[str, Any], authorization: str) -> bool:
    digest = hashlib.sha256(str(form.get("code_verifier", "")).encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    client = _client(authorization) or form.get("client_id")
    return (client, form.get("redirect_uri"), challenge) == (found.client_id, found.redirect, found.challenge)


def _client(authorization: str) -> str:
    """Read the app's name from its header; empty for a public client."""
    if not authorization.startswith("Basic "):
        return ""
    return base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")[0]
