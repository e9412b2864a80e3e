"""The sandboxes of all networks: starting them, their accounts, their ledgers in the form of ``rehearsal.truth``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from rehearsal import truth
from rehearsal.real.bluesky import RealBluesky
from rehearsal.real.mastodon import RealMastodon
from rehearsal.stack import Sandbox
from rehearsal.truth import Ledger, Made
from sandbox.bluesky.client import BlueskySandbox
from sandbox.client import SandboxProcess
from sandbox.mastodon.client import MastodonProcess
from sandbox.x_api.client import XApiProcess
from steadypost.domain.post import Media

DORA = "dora"
ERIK = "erik"
"""Dora has an account on each network that is not X's page; Erik is there to be mentioned."""

BLUESKY_ENDING = ".test"
"""A handle of Bluesky is a domain name."""

X_WEB, X_API, MASTODON, BLUESKY = "x_web", "x_api", "mastodon", "bluesky"
"""The channels, by their names in the store."""


class OneNetwork(Sandbox, Protocol):
    """A network beside X's page: a sandbox, or a server written elsewhere."""

    url: str

    def weather(self, *rules: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Replace the weather; with no rules, tell how those in force have hit."""

    def ledger(self) -> list[dict[str, Any]]:
        """Every post there is."""

    def asks(self) -> list[dict[str, Any]]:
        """Every request for a post, where the network keeps them."""


class OnMastodon(OneNetwork, Protocol):
    """Mastodon, with an access token of each account."""

    tokens: dict[str, str]


class OnBluesky(OneNetwork, Protocol):
    """Bluesky, with the app password of each account."""

    accounts: dict[str, dict[str, str]]
    video_service: str
    """Where videos are taken."""

    @property
    def directory(self) -> str:
        """Where it says who lives where."""


@dataclass(frozen=True, kw_only=True)
class Networks:
    """One server for each network."""

    page: SandboxProcess
    x_api: XApiProcess = field(default_factory=lambda: XApiProcess(accounts=(DORA, ERIK)))
    mastodon: OnMastodon = field(default_factory=lambda: MastodonProcess(accounts=(DORA, ERIK)))
    bluesky: OnBluesky = field(
        default_factory=lambda: BlueskySandbox(accounts=(DORA + BLUESKY_ENDING, ERIK + BLUESKY_ENDING))
    )

    def beside(self) -> tuple[Sandbox, ...]:
        """Name those that a stack without them does not have."""
        return self.x_api, self.mastodon, self.bluesky

    def urls(self) -> dict[str, str]:
        """Say where each network is, by its channel."""
        return {
            X_WEB: self.page.url,
            X_API: self.x_api.url,
            MASTODON: self.mastodon.url,
            BLUESKY: self.bluesky.url,
        }

    def sign_in(self) -> dict[str, dict[str, Any]]:
        """Give what an operator enters for Dora's account on each network; it holds secrets."""
        handle = DORA + BLUESKY_ENDING
        return {
            X_API: {"handle": DORA, "url": self.x_api.url, **self.x_api.keys[DORA]},
            MASTODON: {
                "handle": DORA,
                "url": self.mastodon.url,
                "access_token": self.mastodon.tokens[DORA],
            },
            BLUESKY: {
                "handle": handle,
                "url": self.bluesky.url,
                "password": self.bluesky.accounts[handle]["password"],
                "directory": self.bluesky.directory,
                "video_service": self.bluesky.video_service,
            },
        }

    def ledgers(self) -> tuple[Ledger, ...]:
        """Give every network's ledger."""
        return (
            Ledger(channel=X_WEB, made=lambda: truth.made(self.page.ledger(), self.page.asks())),
            Ledger(channel=X_API, made=lambda: list(of_x_api(self.x_api.ledger()))),
            Ledger(
                channel=MASTODON,
                made=lambda: truth.made(self.mastodon.ledger(), self.mastodon.asks()),
                # A real server gives no file back as it came.
                picture=described if isinstance(self.mastodon, RealMastodon) else truth.digest,
            ),
            Ledger(
                channel=BLUESKY,
                made=lambda: list(of_bluesky(self.bluesky.ledger(), self.bluesky.asks())),
                # The channel makes every picture anew, so that no file of ours is found there.
                picture=described,
            ),
        )

    def hits(self) -> dict[str, int]:
        """Count how often the weather struck, by channel."""
        return {
            X_WEB: _hits(self.page.weather()),
            X_API: _hits(self.x_api.weather()),
            MASTODON: _hits(self.mastodon.weather()),
            BLUESKY: _hits(self.bluesky.weather()),
        }


def real(page: SandboxProcess) -> Networks:
    """Mastodon and Bluesky on servers written elsewhere, and X's two ways, of which there are none, on sandboxes."""
    return Networks(
        page=page,
        mastodon=RealMastodon(accounts=(DORA, ERIK)),
        bluesky=RealBluesky(accounts=(DORA + BLUESKY_ENDING, ERIK + BLUESKY_ENDING)),
    )


LOSES = frozenset({"drop_response", "drop_after", "lost_after"})
"""What each sandbox calls an answer that is lost after the post was made."""


def _hits(rules: Iterable[Mapping[str, Any]]) -> int:
    return sum(int(rule["hits"]) for rule in rules if rule["fault"] in LOSES)


def described(media: Media) -> str:
    """Name a picture by the words for those who cannot see it."""
    return f"shows: {media.alt}"


# --- the ledgers, each in its own form


def of_x_api(ledger: Iterable[Mapping[str, Any]]) -> Iterator[Made]:
    """Read the ledger of X's API. It was made when it was asked for: that sandbox makes no post late."""
    for post in ledger:
        at = _instant(post["made_at_ms"])
        yield Made(
            id=post["id"],
            author=post["account"],
            text=post["text"],
            reply_to=post["reply_to"],
            media=tuple(post["media"]),
            at=at,
            asked_at=None if post["by_hand"] else at,
            live=post["live"],
        )


def of_bluesky(ledger: Iterable[Mapping[str, Any]], asks: Iterable[Mapping[str, Any]]) -> Iterator[Made]:
    """Read Bluesky's ledger. An ask is found by the key of its record, which the asker has chosen."""
    asked: dict[tuple[str, str], datetime] = {}
    for ask in asks:
        for key in ask["keys"]:
            asked.setdefault((ask["account"], key), _instant(ask["at_ms"]))
    for entry in ledger:
        at, record = _instant(entry["made_ms"]), entry["record"]
        key = (entry["account"], entry["uri"].rpartition("/")[2])
        yield Made(
            id=entry["uri"],
            author=entry["account"],
            text=record["text"],
            reply_to=record["reply"]["parent"]["uri"] if "reply" in record else None,
            media=tuple(f"shows: {one['alt']}" for one in record.get("embed", {}).get("images", ())),
            at=at,
            asked_at=None if entry["by"] == "hand" else asked.get(key, at),
            live=entry["live"],
        )


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
