"""Keeps secrets out of what people and machines read.

Known values (open sessions) are removed in every form; what looks like one (name, long hex or base64) by its shape.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

OUT = "***"

SHORTEST = 8
"""A value shorter than this is no secret, but would take letters out of every text."""

_NAMES = (
    "auth_token|auth_multi|ct0|kdt|twid|guest_id(?:_[a-z]+)?|personalization_id|att|_twitter_sess|"
    "x-csrf-token|csrf_?token|authorization|cookies?|set-cookie|passw(?:or)?d|passwd|pwd|secret|api_?key|"
    "access_?token|refresh_?token|token|session"
)
_SHAPES = (
    # As JSON writes a cookie, in either order of its fields, also within a string.
    re.compile(
        rf"""(?ix)(\\?["']name\\?["']\s*:\s*\\?["'](?:{_NAMES})\\?["']\s*,\s*\\?["']value\\?["']\s*:\s*\\?["'])[^"'\\]+"""
    ),
    re.compile(
        rf"""(?ix)(\\?["']value\\?["']\s*:\s*\\?["'])[^"'\\]+(?=\\?["']\s*,\s*\\?["']name\\?["']\s*:\s*\\?["'](?:{_NAMES}))"""
    ),
    # A whole header that signs in, to the end of its line.
    re.compile(r"(?i)(\b(?:(?:set-)?cookie|authorization)\s*:\s*)[^\r\n]+"),
    re.compile(r"(?i)(\bbearer\s+)[A-Za-z0-9._~+/%=-]{8,}"),
    # name=value, name: value, "name": "value".
    re.compile(
        rf"""(?ix)((?<![a-z0-9_])(?:{_NAMES})\\?["']?\s*[:=]\s*\\?["']?)(?!\*\*\*)[^\s"'\\,;&)}}\]]{{6,}}"""
    ),
    # The same by how a name ends, as ``clientSecret``; and as a file of cookies writes it, behind a tab.
    re.compile(
        r"""(?ix)((?<![\w-])[\w-]*(?:token|secret|passw(?:or)?d|jwt|(?:api|secret|private)_?key|session(?:_?id)?
        |oauth_\w+)(?:\\?["']?\s*[:=]\s*\\?["']?|\t))(?!\*\*\*)[^\s"'\\,;&)}\]]{12,}"""
    ),
    # The code with which a sign-in ends, in an address.
    re.compile(r"([?&]code=)[\w%~.-]{16,}"),
    # A signed token, an app password of Bluesky, a private key.
    re.compile(r"()(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"),
    re.compile(r"()(?<![\w-])[a-z2-7]{4}(?:-[a-z2-7]{4}){3}(?![\w-])"),
    re.compile(r"(?s)(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(?=-----END|\Z)"),
    # The password in an address.
    re.compile(r"(//[^/@:\s]*:)[^\s@/]+(?=@)"),
    re.compile(r"()(?<![0-9A-Za-z])[0-9a-f]{32,}(?![0-9A-Za-z])", re.IGNORECASE),
    re.compile(
        r"()(?<![A-Za-z0-9+/])(?=[A-Za-z0-9+/]*[A-Z])(?=[A-Za-z0-9+/]*[a-z])(?=[A-Za-z0-9+/]*[0-9])"
        r"[A-Za-z0-9+/]{100,}={0,2}"
    ),
)
_PLAIN_ID = re.compile(r"[0-9]{15,20}")
"""A post's id is a public number."""


class Redactor:
    """Takes secrets out of texts. It may be asked by every thread at once."""

    def __init__(self) -> None:
        self._known: tuple[str, ...] = ()

    def learn(self, values: Iterable[str]) -> None:
        """Know these as secrets from now on, instead of those known before, in every form they may take."""
        forms = {form for value in values if len(value) >= SHORTEST for form in _forms(value)}
        # The longest first: a secret may hold another one.
        self._known = tuple(sorted(forms, key=len, reverse=True))

    def __call__(self, text: str) -> str:
        """Give the text without them."""
        for secret in self._known:
            if secret in text:
                text = text.replace(secret, OUT)
        for shape in _SHAPES:
            text = shape.sub(_out, text)
        return text

    def of(self, value: Any) -> Any:
        """Give any value that JSON can write without them, keys and all."""
        match value:
            case str():
                return self(value)
            case Mapping():
                return {self(str(key)): self.of(one) for key, one in value.items()}
            case list() | tuple():
                return [self.of(one) for one in value]
            case _:
                return value


def _out(found: re.Match[str]) -> str:
    return found[0] if _PLAIN_ID.fullmatch(found[0]) else f"{found[1]}{OUT}"


def _forms(value: str) -> set[str]:
    plain = {value, quote(value, safe=""), json.dumps(value)[1:-1]}
    return plain | {base64.b64encode(one.encode(errors="replace")).decode().rstrip("=") for one in plain}


def of_session(session: Mapping[str, Any]) -> list[str]:
    """List what is secret of a session as Playwright keeps it: the values of its cookies and of its local storage."""
    cookies = [str(one.get("value", "")) for one in session.get("cookies") or ()]
    kept = [
        str(item.get("value", ""))
        for origin in session.get("origins") or ()
        for item in origin.get("localStorage") or ()
    ]
    return [value for value in (*cookies, *kept) if len(value) >= SHORTEST]
