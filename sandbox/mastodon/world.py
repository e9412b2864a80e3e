"""What both ports share: the ledger, the weather and the settings of this server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from starlette.requests import Request

from sandbox.clock import Clock
from sandbox.faults import Where
from sandbox.mastodon.faults import FAULTS
from sandbox.mastodon.ledger import Account, Ledger, Person
from sandbox.mastodon.markup import Here
from sandbox.passing import Passing
from sandbox.weather import Weather

KINDS: Final = ("image/jpeg", "image/png", "image/gif", "image/webp", "video/mp4")

WINDOW_S: Final = 300
"""How long the requests of an account are counted together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this server was started."""

    accounts: Sequence[str] = ("alice", "bob", "carol")
    seed: int = 1
    latency_ms: float = 0.0
    """How long an answer to an ask takes; the post is live before."""
    lag_ms: int = 0
    """How long lists do not show a new post."""
    clock_offset_s: float = 0.0
    clock_drift_ppm: float = 0.0
    max_characters: int = 500
    requests: int = 300
    """How many requests an account may make in five minutes."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who a request comes from."""

    account: Account | None
    scopes: tuple[str, ...] = ()
    is_disabled: bool = False

    @property
    def handle(self) -> str | None:
        """Whose request it is, if signed in."""
        return self.account.username if self.account else None

    def may(self, scope: str) -> bool:
        """Whether the token's scopes cover this one: `write` covers `write:statuses`."""
        return scope in self.scopes or scope.split(":", maxsplit=1)[0] in self.scopes


class World(Passing):
    """One server."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.clock = Clock(offset_s=settings.clock_offset_s, drift_ppm=settings.clock_drift_ppm)
        self.weather = Weather(seed=settings.seed, faults=FAULTS)
        self.ledger = Ledger(settings.accounts, seed=settings.seed, clock=self.clock, lag_ms=settings.lag_ms)
        self.limits: dict[str, int] = {
            "max_characters": settings.max_characters,
            "characters_reserved_per_url": 23,
            "max_media_attachments": 4,
            "description_limit": 1500,
            "image_size_limit": 16_777_216,
            "image_matrix_limit": 33_177_600,
            "video_size_limit": 103_809_024,
            # How long an Idempotency-Key is remembered; the server does not tell.
            "key_life_ms": 3_600_000,
        }
        self.also_called: tuple[str, ...] = ()
        """Further names of this server: that of its accounts, where its pages have another."""
        self.address = ""
        """Where this server is; known once it listens."""
        self.used: dict[tuple[str, int], int] = {}
        """How many requests each token made in each window."""

    @property
    def here(self) -> Here:
        """What the markup of this server needs."""
        return Here(address=self.address, person=self.person)

    def person(self, name: str, domain: str | None) -> Person | None:
        """Whom a mention means."""
        return self.ledger.person(name, domain, (self.address.partition("://")[2], *self.also_called))

    def visitor(self, request: Request) -> Visitor:
        """Who is asking."""
        token = token_of(request)
        account = self.ledger.holder(token)
        if account is None:
            return Visitor(None)
        scopes = account.tokens[token]
        gust = next(iter(self.weather.gusts(Where.SESSION, account.username)), None)
        match gust["state"] if gust else None:
            case "revoked":
                return Visitor(None)
            case "disabled":
                return Visitor(account, scopes, is_disabled=True)
            case "other_account":
                return Visitor(self._somebody_else(account), scopes)
            case "read_only":
                return Visitor(account, ("read",))
            case _:
                return Visitor(account, scopes)

    def _somebody_else(self, account: Account) -> Account:
        return next((one for one in self.ledger.accounts.values() if one is not account), account)

    def iso(self, moment_ms: int) -> str:
        """A moment as the API writes it."""
        told = datetime.fromtimestamp(moment_ms / 1000, UTC)
        return told.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def window_ends(self) -> int:
        """When the present window of the limit ends, by the server's clock."""
        length = WINDOW_S * 1000
        return (self.clock.now_ms() // length + 1) * length

    def count(self, token: str) -> int:
        """Count one more request of a token; how many are left in this window."""
        window = (token, self.window_ends())
        self.used[window] = self.used.get(window, 0) + 1
        return self.settings.requests - self.used[window]

    def forget(self) -> None:
        """Start over with the same accounts, tokens and clock: no posts, no asks, fair weather, nothing to come."""
        self.forget_later()
        self.ledger.forget()
        self.weather.clear()
        self.used.clear()

    def set_limits(self, changed: Mapping[str, int]) -> dict[str, int]:
        """Change what this server allows."""
        self.limits.update(changed)
        return self.limits

    def introduce(self) -> list[dict[str, Any]]:
        """Every account with a token to use, for the line that says the server is ready."""
        return [
            {"handle": one.username, "user_id": one.id, "access_token": self.ledger.sign_in(one.username)}
            for one in self.ledger.accounts.values()
        ]


def token_of(request: Request) -> str:
    """The access token that a request shows."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.casefold() == "bearer" else ""
