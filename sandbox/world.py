"""What both ports share: the ledger, the weather and the settings of this sandbox."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.requests import Request

from sandbox.clock import Clock
from sandbox.faults import Where
from sandbox.ledger import DAY_MS, Account, Ledger
from sandbox.passing import Passing
from sandbox.telling import Shaper
from sandbox.variant import Variant
from sandbox.weather import Gust, Weather

COOKIE_DOMAIN: Final = "127.0.0.1"
COOKIE_LIFE_S: Final = 30 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this sandbox was started."""

    accounts: Sequence[str] = ("alice", "bob", "carol")
    premium: Sequence[str] = ()
    seed: int = 1
    latency_ms: float = 0.0
    page_latency_ms: float = 0.0
    lag_ms: int = 0
    duplicate_window_ms: int = DAY_MS
    clock_offset_s: float = 0.0
    clock_drift_ppm: float = 0.0
    variant: Variant = field(default_factory=Variant)
    connections: str = "fresh"
    """`fresh`, `kept` or `http2`: see `sandbox.serve.CONNECTIONS`."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who a request comes from, and in what state their session is."""

    account: Account | None
    trouble: str | None = None
    """A `login` weather other than `expired`, which simply leaves no account signed in."""
    is_veiled: bool = False
    """Whether the page hides who is signed in, and lists are those for strangers."""

    @property
    def handle(self) -> str | None:
        """Whose requests these are, if signed in."""
        return self.account.handle if self.account else None


class World(Passing):
    """One sandbox."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.clock = Clock(offset_s=settings.clock_offset_s, drift_ppm=settings.clock_drift_ppm)
        self.variant = settings.variant
        self.weather = Weather(seed=settings.seed)
        self.ledger = Ledger(
            settings.accounts,
            seed=settings.seed,
            lag_ms=settings.lag_ms,
            premium=settings.premium,
            clock=self.clock,
        )
        self.shaper = Shaper(self.ledger)
        self._met: dict[str, tuple[int, Gust | None]] = {}

    def visitor(self, request: Request, *, opening: bool = False) -> Visitor:
        """Who is asking. Only opening a page counts as an event for `login` weather."""
        token = request.cookies.get("auth_token")
        account = self.ledger.signed_in(token)
        if account is None:
            return Visitor(None)
        gust = self._session_weather(account, str(token), opening=opening)
        if gust is None:
            return Visitor(account)
        if gust.name == "nobody_signed_in":
            return Visitor(account, is_veiled=True)
        if gust["state"] == "expired":
            return Visitor(None)
        if gust["state"] == "other_account":
            return Visitor(self._somebody_else(account, gust["handle"]))
        return Visitor(account, trouble=str(gust["state"]))

    def _session_weather(self, account: Account, token: str, *, opening: bool) -> Gust | None:
        """What a page met when it was opened, its own requests meet too, until the weather changes."""
        if opening:
            gust = next(iter(self.weather.gusts(Where.SESSION, account.handle)), None)
            self._met[token] = (self.weather.generation, gust)
            return gust
        generation, met = self._met.get(token, (0, None))
        if met is not None and generation == self.weather.generation:
            return met
        gust = self.weather.glance(Where.SESSION, account.handle)
        # Cookies are one account's for as long as they live: no account becomes another between opening a page and
        # what that page asks for.
        return None if _is_somebody_else(gust) and not _is_somebody_else(met) else gust

    def _somebody_else(self, account: Account, handle: str | None) -> Account:
        if handle is not None:
            return self.ledger.account(handle)
        return next((a for a in self.ledger.accounts.values() if a is not account), account)

    def forget(self) -> None:
        """Start over with the same accounts, sessions and clock: no posts, no asks, fair weather, nothing to come."""
        self.forget_later()
        self.ledger.forget()
        self.weather.clear()

    def storage_state(self, handle: str) -> dict[str, Any]:
        """A new session for an account, as a browser context takes it."""
        token, csrf = self.ledger.sign_in(handle)
        user_id = self.ledger.account(handle).user_id
        values = {
            "auth_token": (token, True),
            "ct0": (csrf, False),
            "twid": (f"u%3D{user_id}", False),
            "guest_id": (f"v1%3A{user_id}", False),
            "kdt": (csrf[:40], True),
        }
        cookies = [_cookie(name, value, http_only=hidden) for name, (value, hidden) in values.items()]
        return {"cookies": cookies, "origins": []}

    def introduce(self) -> list[dict[str, Any]]:
        """Every account with a session to use, for the line that says the sandbox is ready."""
        return [
            {"handle": a.handle, "user_id": a.user_id, "storage_state": self.storage_state(a.handle)}
            for a in self.ledger.accounts.values()
        ]


def _is_somebody_else(gust: Gust | None) -> bool:
    return gust is not None and gust.params.get("state") == "other_account"


def _cookie(name: str, value: str, *, http_only: bool) -> dict[str, Any]:
    return {
        "name": name,
        "value": value,
        "domain": COOKIE_DOMAIN,
        "path": "/",
        "expires": int(time.time()) + COOKIE_LIFE_S,
        "httpOnly": http_only,
        "secure": False,
        "sameSite": "Lax",
    }
