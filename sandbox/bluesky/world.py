"""What all ports share: accounts, sessions, clock, weather, and the list of everything that asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.bluesky.repos import Repo, Repos
from sandbox.bluesky.sessions import Sessions
from sandbox.bluesky.weather import Weather
from sandbox.clock import Clock

WINDOWS: Final = ((3600, 5000), (86_400, 35_000))
"""Points an account may spend: in an hour, and in a day."""

PRICES: Final = {"putRecord": 2, "createRecord": 3, "deleteRecord": 1}
CREATE_POINTS: Final = 3

VIDEO_DAY: Final = (25, 500_000_000)
"""Videos, and bytes of videos, that an account may upload in a day."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How this sandbox was started."""

    accounts: tuple[str, ...] = ("alice.test", "bob.test")
    seed: int = 1
    clock_offset_s: float = 0.0


@dataclass(slots=True)
class World:
    """One sandbox."""

    settings: Settings
    clock: Clock = field(init=False)
    repos: Repos = field(init=False)
    sessions: tuple[Sessions, Sessions] = field(init=False)
    """Those of the first server and of the second."""
    weather: Weather = field(init=False)
    asks: list[dict[str, Any]] = field(default_factory=list)
    requests: dict[str, int] = field(default_factory=dict)
    """How many requests came, by method."""
    spent: dict[str, list[tuple[float, int]]] = field(default_factory=dict)
    points: dict[int, int] = field(default_factory=lambda: dict(WINDOWS))
    urls: list[str] = field(default_factory=list)
    video_url: str = ""
    """Where videos are taken."""
    video_day: tuple[int, int] = VIDEO_DAY
    jobs: dict[str, Any] = field(default_factory=dict)
    """Videos that were handed in."""
    pages: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """Pages of strangers, for previews of links: media type and content by path."""

    def __post_init__(self) -> None:
        self.clock = Clock(offset_s=self.settings.clock_offset_s)
        self.repos = Repos(self.settings.accounts, self.clock)
        self.sessions = (Sessions(self.clock, "did:web:first"), Sessions(self.clock, "did:web:second"))
        self.weather = Weather(self.settings.seed)

    def forget(self) -> None:
        """Start over with the same accounts: no posts, no asks, no sessions, fair weather."""
        self.repos.forget()
        for sessions in self.sessions:
            sessions.forget()
        self.weather.put(())
        self.asks.clear()
        self.requests.clear()
        self.spent.clear()
        self.pages.clear()
        self.jobs.clear()
        self.points = dict(WINDOWS)
        self.clock.set(offset_s=self.settings.clock_offset_s, drift_ppm=0)

    def spend(self, repo: Repo, points: int) -> tuple[int, int, int] | None:
        """Charge an account: the window that is used up, its seconds and when it begins anew; or nothing."""
        now = self.clock.host_ms() / 1000
        spent = self.spent.setdefault(repo.did, [])
        for seconds, most in self.points.items():
            inside = [(at, one) for at, one in spent if at > now - seconds]
            if sum(one for _, one in inside) + points > most:
                first = inside[0][0] if inside else now
                return most, seconds, int(self.clock.now_ms() / 1000 + first + seconds - now) + 1
        spent.append((now, points))
        return None

    def document(self, repo: Repo) -> dict[str, Any]:
        """What the directory says of an account."""
        return {
            "@context": ["https://www.w3.org/ns/did/v1"],
            "id": repo.did,
            "alsoKnownAs": [f"at://{repo.handle}"],
            "verificationMethod": [],
            "service": [
                {
                    "id": "#atproto_pds",
                    "type": "AtprotoPersonalDataServer",
                    "serviceEndpoint": self.urls[repo.host],
                }
            ],
        }
