"""Sign-ins: access tokens of two hours, and refresh tokens that are used once and live a little longer."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from typing import Any, Final

from sandbox.bluesky.repos import Repo
from sandbox.clock import Clock

ACCESS_S: Final = 7200
REFRESH_S: Final = 90 * 86_400
GRACE_S: Final = 7200
"""How long a refresh token that was used still gives the token that came of it."""


class BadToken(Exception):
    """A token that is not good; its name is the protocol's."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@dataclass(slots=True)
class _Refresh:
    did: str
    expires_s: float
    next: str | None = None


class Sessions:
    """All sessions of one server."""

    def __init__(self, clock: Clock, name: str) -> None:
        self._clock = clock
        self._name = name
        self._secret = secrets.token_bytes(32)
        self._refresh: dict[str, _Refresh] = {}
        self._generation: dict[str, int] = {}
        self._signed_in: dict[str, list[float]] = {}
        self.access_s = float(ACCESS_S)
        self.created = 0
        self.refreshed = 0
        self.reused = 0
        """Uses of a refresh token that had been used before."""

    def forget(self) -> None:
        """Start counting anew; every token ends."""
        self._secret = secrets.token_bytes(32)
        self._refresh.clear()
        self._generation.clear()
        self._signed_in.clear()
        self.access_s = float(ACCESS_S)
        self.created = self.refreshed = self.reused = 0

    def may_sign_in(self, who: str) -> bool:
        """Count a sign-in: thirty in five minutes, three hundred a day."""
        now = self._clock.host_ms() / 1000
        past = self._signed_in.setdefault(who, [])
        past.append(now)
        return sum(at > now - 300 for at in past) <= 30 and sum(at > now - 86_400 for at in past) <= 300

    def create(self, repo: Repo) -> dict[str, str]:
        """A new session."""
        self.created += 1
        return self._pair(repo.did, secrets.token_hex(16))

    def refresh(self, token: str) -> tuple[str, dict[str, str]]:
        """The session that follows from a refresh token, and whose it is."""
        told = self._read(token, "com.atproto.refresh")
        kept = self._refresh.get(told["jti"])
        if kept is None or kept.expires_s <= self._now():
            raise BadToken("ExpiredToken", "Token has been revoked")
        if kept.next is None:
            kept.next = secrets.token_hex(16)
            kept.expires_s = min(kept.expires_s, self._now() + GRACE_S)
            self.refreshed += 1
        else:
            self.reused += 1
        return kept.did, self._pair(kept.did, kept.next)

    def whose(self, token: str) -> str:
        """The DID that an access token speaks for."""
        return str(self._read(token, "com.atproto.access")["sub"])

    def vouch(self, did: str, aud: str, lxm: str | None, ends_s: float) -> str:
        """A token that another service can read: for whom it may act, where, how, and until when."""
        told = {"scope": "service", "iss": did, "sub": did, "aud": aud, "exp": int(ends_s)}
        return self._signed(told | ({"lxm": lxm} if lxm else {}))

    def vouched(self, token: str) -> dict[str, Any]:
        """What such a token says."""
        return self._read(token, "service")

    def revoke(self, did: str) -> None:
        """End every session of an account."""
        self._generation[did] = self._generation.get(did, 0) + 1
        self._refresh = {jti: one for jti, one in self._refresh.items() if one.did != did}

    def _pair(self, did: str, jti: str) -> dict[str, str]:
        kept = self._refresh.get(jti)
        until = self._now() + REFRESH_S if kept is None else kept.expires_s
        self._refresh.setdefault(jti, _Refresh(did, until))
        access: dict[str, Any] = {
            "scope": "com.atproto.access",
            "sub": did,
            "exp": int(self._now() + self.access_s),
        }
        access["gen"] = self._generation.get(did, 0)
        refresh = {"scope": "com.atproto.refresh", "sub": did, "jti": jti, "exp": int(until)}
        return {"accessJwt": self._signed(access), "refreshJwt": self._signed(refresh)}

    def _now(self) -> float:
        return self._clock.now_ms() / 1000

    def _signed(self, told: dict[str, Any]) -> str:
        told = {"aud": self._name, **told, "iat": int(self._now())}
        body = ".".join(_encoded(json.dumps(one).encode()) for one in ({"alg": "HS256"}, told))
        return f"{body}.{_encoded(hmac.digest(self._secret, body.encode(), hashlib.sha256))}"

    def _read(self, token: str, scope: str) -> dict[str, Any]:
        body, _, mark = token.rpartition(".")
        if not hmac.compare_digest(mark, _encoded(hmac.digest(self._secret, body.encode(), hashlib.sha256))):
            raise BadToken("InvalidToken", "Token could not be verified")
        told: dict[str, Any] = json.loads(_decoded(body.partition(".")[2]))
        if told["scope"] != scope:
            raise BadToken("InvalidToken", "Bad token scope")
        if told["exp"] <= self._now() or self._is_revoked(told):
            raise BadToken("ExpiredToken", "Token has expired")
        return told

    def _is_revoked(self, told: dict[str, Any]) -> bool:
        # A refresh token that was revoked is not in the table any more.
        return "gen" in told and told["gen"] != self._generation.get(told["sub"], 0)


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
