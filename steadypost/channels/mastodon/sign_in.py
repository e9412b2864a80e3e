"""Signing an account in: the app is registered at the server, a person allows it, and its code becomes a token.

Each request is sent once. A code is good for one exchange: when its answer is lost, a person begins anew.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from steadypost.channels.mastodon.api import AGENT, STEP, TOKEN, Api
from steadypost.channels.port import Access
from steadypost.channels.wire import Answered, Heard, Wire
from steadypost.domain import clock

SCOPES = "read write:statuses write:media"
"""What the token may do: read the account and its posts, post, and hand in files."""

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
"""The server shows the code, and the person copies it."""


class SignInFailed(Exception):
    """The server did not sign the account in. The message says what it answered, and holds no secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """Steadypost, as a server knows it."""

    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignIn:
    """The sign-in of one account at one server."""

    base_url: str
    now: clock.Clock = clock.now

    def register(self) -> App:
        """Make the server know Steadypost, or raise ``SignInFailed``."""
        told = self._post(
            "/api/v1/apps",
            {"client_name": AGENT, "redirect_uris": OUT_OF_BAND, "scopes": SCOPES},
            "registering the app",
        )
        return App(
            client_id=_word(told, "client_id", "registering the app"),
            client_secret=_word(told, "client_secret", "registering the app"),
        )

    def address(self, app: App) -> str:
        """Give the page on which the account's owner allows the app to act."""
        asked = {
            "response_type": "code",
            "client_id": app.client_id,
            "redirect_uri": OUT_OF_BAND,
            "scope": SCOPES,
        }
        return f"{self.base_url}/oauth/authorize?{urlencode(asked)}"

    def token(self, app: App, code: str) -> str:
        """Exchange the code for an access token, or raise ``SignInFailed``."""
        form = {
            "grant_type": "authorization_code",
            "client_id": app.client_id,
            "client_secret": app.client_secret,
            "redirect_uri": OUT_OF_BAND,
            "scope": SCOPES,
            "code": code,
        }
        return _word(self._post("/oauth/token", form, "exchanging the code"), TOKEN, "exchanging the code")

    def handle(self, token: str) -> str:
        """Ask whose token it is, or raise ``SignInFailed``."""
        access = Access(account="", handle="", base_url=self.base_url, secret={TOKEN: token})
        heard = Api(access, deadline=time.monotonic() + STEP, now=self.now).account()
        return _word(_told(heard, "reading the account"), "username", "reading the account")

    def _post(self, path: str, form: Mapping[str, str], what: str) -> Mapping[str, Any]:
        headers = {"accept": "application/json", "user-agent": AGENT}
        wire = Wire(self.base_url, headers=headers, now=self.now)
        return _told(wire.send("POST", path, deadline=time.monotonic() + STEP, data=form), what)


def _told(heard: Heard, what: str) -> Mapping[str, Any]:
    if not isinstance(heard, Answered):
        raise SignInFailed(f"{what}: {heard.why}")
    told = heard.json()
    if heard.status not in {200, 201} or not isinstance(told, Mapping):
        raise SignInFailed(f"{what}: the server answered HTTP {heard.status}{_code(told)}")
    return told


def _code(told: Any) -> str:
    """Give the server's own word for what is wrong: a code of OAuth's, or its sentence."""
    error = told.get("error") if isinstance(told, Mapping) else None
    return f" ({error[:200]})" if isinstance(error, str) else ""


def _word(told: Mapping[str, Any], name: str, what: str) -> str:
    word = told.get(name)
    if not isinstance(word, str) or not word:
        raise SignInFailed(f"{what}: the server's answer has no {name}")
    return word
