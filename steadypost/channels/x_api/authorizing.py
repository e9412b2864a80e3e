"""Signing an account in with OAuth 2.0 and PKCE: the address to open, and the exchange of the code that comes back.

The code is exchanged once. When that answer is lost, a person begins anew: nothing was posted.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from steadypost.channels.wire import Answered, Heard, Wire
from steadypost.channels.x_api.line import renewal
from steadypost.channels.x_api.secret import SCOPES, Grant, token_of
from steadypost.channels.x_api.sign_in import basic_of
from steadypost.domain import clock
from steadypost.domain.token import Token

X_API, X = "https://api.x.com", "https://x.com"

EXCHANGED_WITHIN = 20.0
"""Seconds. X takes a code for thirty."""


class NotAuthorized(Exception):
    """X did not sign the account in. The message says what it answered, and holds no secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorizing:
    """One sign-in that is under way."""

    client_id: str
    redirect: str
    """Where X sends the person's browser back to: as it was entered in the app's settings, letter for letter."""
    state: str = field(repr=False)
    """Comes back with the code, so that no code of another sign-in is taken."""
    verifier: str = field(repr=False)

    def address(self, base_url: str) -> str:
        """Give the page on which the account's owner allows the app to act."""
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect,
            "scope": " ".join(SCOPES),
            "state": self.state,
            "code_challenge": challenge_of(self.verifier),
            "code_challenge_method": "S256",
        }
        return f"{_pages(base_url)}/i/oauth2/authorize?{urlencode(asked)}"

    def form(self, code: str) -> dict[str, str]:
        """Ask for the first token."""
        return {
            "grant_type": "authorization_code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect,
            "code": code,
            "code_verifier": self.verifier,
        }


def begin(client_id: str, redirect: str, drawn: Callable[[int], str] = secrets.token_urlsafe) -> Authorizing:
    """Begin a sign-in; ``drawn`` gives so many random bytes as a text for addresses."""
    return Authorizing(client_id=client_id, redirect=redirect, state=drawn(24), verifier=drawn(48))


def challenge_of(verifier: str) -> str:
    """Give what X is shown of the verifier beforehand (RFC 7636, S256)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def exchange(
    under_way: Authorizing, code: str, base_url: str, *, client_secret: str = "", now: clock.Clock = clock.now
) -> tuple[Grant, Token]:
    """Exchange the code for the first pair of tokens, or raise ``NotAuthorized``."""
    client = Grant(client_id=under_way.client_id, client_secret=client_secret, refresh_token="")
    deadline = time.monotonic() + EXCHANGED_WITHIN
    heard = renewal(Wire(base_url, now=now), under_way.form(code), basic_of(client), deadline)
    told = _told(heard)
    refresh = told.get("refresh_token")
    if not isinstance(refresh, str) or not refresh:
        raise NotAuthorized("X gave no refresh token: allow the scope offline.access")
    grant = Grant(client_id=client.client_id, client_secret=client_secret, refresh_token=refresh)
    token = token_of(told, grant, refresh, now())
    if token is None:
        raise NotAuthorized("X's answer holds no access token")
    return grant, token


def _told(heard: Heard) -> dict[str, Any]:
    if not isinstance(heard, Answered):
        raise NotAuthorized(f"exchanging the code: {heard.why}")
    told = heard.json()
    if heard.status != 200 or not isinstance(told, dict):
        code = told.get("error") if isinstance(told, dict) else None
        named = f" ({code[:100]})" if isinstance(code, str) else ""
        raise NotAuthorized(f"exchanging the code: X answered HTTP {heard.status}{named}")
    return told


def _pages(base_url: str) -> str:
    """X's pages have another address than its API; a sandbox has one for both."""
    return X if base_url == X_API else base_url
