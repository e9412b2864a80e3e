"""The other networks in a drill: X's API, Mastodon and Bluesky in their own weather, judged by the same invariants."""

from __future__ import annotations

import contextlib
import itertools
import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from rehearsal import truth
from rehearsal.audit import Audit, Broken, compare, percentile
from rehearsal.invariants import judge_network
from rehearsal.networks import BLUESKY, MASTODON, X_API, described, of_bluesky, of_x_api
from rehearsal.stack import Sandbox
from rehearsal.truth import Ledger
from sandbox.bluesky.client import BlueskySandbox
from sandbox.mastodon.client import MastodonProcess
from sandbox.x_api.client import XApiProcess
from steadypost.domain.delivery import State
from steadypost.domain.post import Part, Post
from steadypost.store import Store, intake

ACCOUNTS: Mapping[str, tuple[str, str]] = {
    "erin-x": (X_API, "erin"),
    "finn-mastodon": (MASTODON, "finn"),
    "gina-mastodon": (MASTODON, "gina"),
    "hugo-bluesky": (BLUESKY, "hugo.test"),
}
"""By their names in Steadypost: the channel, and the handle there."""

CHANNELS = (X_API, MASTODON, BLUESKY)

EVERY = 15.0
"""Seconds between two posts of one account: each is a sixth of what X's page has in the same time."""

WEATHER_EVERY = 20.0
"""Seconds from one weather of a network to the next."""

FAIR = 5.0
"""For so many of them it is fair."""

CALM_AT_LAST = 20.0
"""Seconds at the end in which every network is calm."""

ON_TIME = timedelta(seconds=60)

Rule = Mapping[str, Any]


def _rule(fault: str, **params: Any) -> Rule:
    return {"fault": fault, "params": params}


WEATHER: Mapping[str, tuple[Rule, ...]] = {
    X_API: (
        _rule("lost_after"),
        _rule("lost_before"),
        _rule("half_answer"),
        _rule("hang", seconds=12, happens=True),
        _rule("gateway_timeout"),
        _rule("gateway_timeout", happens=False),
        _rule("server_error", status=503),
        _rule("server_error", status=500, happens=True),
        _rule("rate_limited", seconds=8),
        _rule("duplicate", happens=True),
        _rule("forbidden", detail="This was said before."),
        _rule("errors_beside"),
        _rule("no_id"),
    ),
    MASTODON: (
        _rule("drop_response"),
        _rule("drop_request"),
        _rule("reset_connection"),
        _rule("create_then_5xx"),
        _rule("reject_before_create"),
        _rule("proxy_504_after"),
        _rule("proxy_504_before"),
        _rule("key_500"),
        _rule("timeline_error"),
        _rule("timeline_empty"),
    ),
    BLUESKY: (
        _rule("drop_after"),
        _rule("drop_before"),
        _rule("reset_after"),
        _rule("reset_before"),
        _rule("proxy_after"),
        _rule("proxy_before"),
        _rule("broken_after"),
        _rule("broken_before"),
        _rule("late", seconds=2.0),
        _rule("odd_body"),
        _rule("too_many", seconds=8),
        _rule("unavailable"),
    ),
}
"""What each network does to an ask, or to a look, by the names of its own sandbox."""


@dataclass(frozen=True, kw_only=True)
class OtherPost:
    """One post of the programme."""

    account: str
    at: float
    """Seconds from the beginning at which it is due."""
    texts: tuple[str, ...]


def posts(seed: int, seconds: float) -> tuple[OtherPost, ...]:
    """Draw what falls due: the same seed gives the same. One in six is a thread of two parts."""
    found = []
    for name in ACCOUNTS:
        chance = random.Random(f"{seed}:{name}:posts")  # noqa: S311 - repeatable, not secret
        for n in range(int((seconds - 10) / EVERY)):
            texts = [f"{name} reads the tide gauge, no. {n + 1}."]
            if chance.random() < 1 / 6:
                texts.append(f"{name} reads it again, after no. {n + 1}.")
            at = 3 + n * EVERY + chance.uniform(0, EVERY / 2)
            found.append(OtherPost(account=name, at=round(at, 2), texts=tuple(texts)))
    return tuple(found)


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change of a network's weather."""

    at: float
    channel: str
    rules: tuple[Rule, ...]
    """None: it is fair again."""


def weather(seed: int, seconds: float) -> tuple[Change, ...]:
    """Draw when which network has which weather: every kind once before any a second time."""
    found: list[Change] = []
    for channel in CHANNELS:
        chance = random.Random(f"{seed}:{channel}:weather")  # noqa: S311 - repeatable, not secret
        kinds = list(WEATHER[channel])
        chance.shuffle(kinds)
        at, drawn = 8.0 + chance.uniform(0, 5), itertools.cycle(kinds)
        while at + WEATHER_EVERY - FAIR < seconds - CALM_AT_LAST:
            handles = [handle for kind, handle in ACCOUNTS.values() if kind == channel]
            found += (
                Change(at=at, channel=channel, rules=({**next(drawn), "account": chance.choice(handles)},)),
                Change(at=at + WEATHER_EVERY - FAIR, channel=channel, rules=()),
            )
            at += WEATHER_EVERY
    return tuple(sorted(found, key=lambda one: one.at))


@dataclass(kw_only=True)
class Others:
    """Their sandboxes, and what happens there."""

    x_api: XApiProcess = field(default_factory=lambda: XApiProcess(accounts=("erin",)))
    mastodon: MastodonProcess = field(default_factory=lambda: MastodonProcess(accounts=("finn", "gina")))
    bluesky: BlueskySandbox = field(default_factory=lambda: BlueskySandbox(accounts=("hugo.test",)))
    hits: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CHANNELS, 0))
    """How often the weather struck, by channel."""
    failed: list[str] = field(default_factory=list)
    """What could not be done as planned."""

    def sandboxes(self) -> tuple[Sandbox, ...]:
        """Name them for the stack."""
        return self.x_api, self.mastodon, self.bluesky

    def sign_in(self) -> dict[str, dict[str, Any]]:
        """Give what an operator enters for each account; it holds secrets."""
        return {
            "erin-x": {
                "channel": X_API,
                "handle": "erin",
                "url": self.x_api.url,
                # A drill is over within the hour, and reads its posts again and again.
                "budget_per_day": "50",
                **self.x_api.keys["erin"],
            },
            **{
                f"{handle}-mastodon": {
                    "channel": MASTODON,
                    "handle": handle,
                    "url": self.mastodon.url,
                    "access_token": self.mastodon.tokens[handle],
                }
                for handle in ("finn", "gina")
            },
            "hugo-bluesky": {
                "channel": BLUESKY,
                "handle": "hugo.test",
                "url": self.bluesky.url,
                "password": self.bluesky.accounts["hugo.test"]["password"],
                "directory": self.bluesky.directory,
                "video_service": self.bluesky.video_service,
            },
        }

    def ledgers(self) -> tuple[Ledger, ...]:
        """Give every network's ledger."""
        return (
            Ledger(channel=X_API, made=lambda: list(of_x_api(self.x_api.ledger()))),
            Ledger(channel=MASTODON, made=lambda: truth.made(self.mastodon.ledger(), self.mastodon.asks())),
            Ledger(
                channel=BLUESKY,
                made=lambda: list(of_bluesky(self.bluesky.ledger(), self.bluesky.asks())),
                picture=described,
            ),
        )

    def change(self, one: Change) -> None:
        """Let a network have this weather from now on."""
        sandbox = self._sandbox(one.channel)
        self.hits[one.channel] += sum(int(rule["hits"]) for rule in sandbox.weather())
        sandbox.clear_weather()
        if one.rules:
            sandbox.weather(*one.rules)

    def _sandbox(self, channel: str) -> XApiProcess | MastodonProcess | BlueskySandbox:
        if channel == X_API:
            return self.x_api
        return self.mastodon if channel == MASTODON else self.bluesky


@contextlib.contextmanager
def weathering(others: Others, changes: Sequence[Change], began_at: datetime) -> Iterator[None]:
    """Let the weather change in a thread of its own; fair at the end."""
    over = threading.Event()

    def go() -> None:
        for one in changes:
            left = (began_at + timedelta(seconds=one.at) - datetime.now(UTC)).total_seconds()
            if over.wait(max(0.0, left)):
                return
            try:
                others.change(one)
            except Exception as error:  # noqa: BLE001 - the drill goes on; its report says what was not done
                others.failed.append(f"{one.channel} at {one.at:.0f} s: {type(error).__name__}: {error}")

    thread = threading.Thread(target=go, name="weather of the others", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=30)
        for channel in CHANNELS:
            others.change(Change(at=0.0, channel=channel, rules=()))


def schedule(seed: int, seconds: float, store: Store, began_at: datetime) -> frozenset[int]:
    """Take every post in ahead of its time; answer the deliveries."""
    return frozenset(
        added.delivery_id
        for due in posts(seed, seconds)
        for added in store.write(
            intake.add,
            Post(parts=tuple(Part(text=text) for text in due.texts)),
            accounts=[due.account],
            due_at=began_at + timedelta(seconds=due.at),
            allow_repeat=True,
            now=began_at,
        )
    )


# --- how it went


@dataclass(frozen=True, kw_only=True)
class Channel:
    """What one network's ledger says."""

    audit: Audit
    broken: tuple[Broken, ...]
    hits: int

    def as_dict(self) -> dict[str, Any]:
        """Give the figures."""
        due, late = self.audit.due(), self.audit.lateness()
        on_time = sum(one <= ON_TIME.total_seconds() for one in late)
        return {
            "due": len(due),
            "published": self.audit.count(State.PUBLISHED),
            "on_time": on_time,
            "availability": round(on_time / len(due), 4) if due else None,
            "before_a_person": sum(
                self.audit.count(state) for state in (State.NEEDS_REVIEW, State.QUARANTINED, State.HELD)
            ),
            "duplicates": self.audit.duplicates,
            "false_status": self.audit.false_status,
            "broken": [str(one) for one in self.broken],
            "settled_by_a_look": self.audit.settled(),
            "weather_hits": self.hits,
            "lateness_s": {"p50": percentile(late, 50), "p95": percentile(late, 95)},
        }

    def holds(self) -> bool:
        """Whether what must never happen did not."""
        return not (self.broken or self.audit.duplicates)


def judged(store: Store, others: Others) -> dict[str, Channel]:
    """Hold each network's ledger against the store."""
    return {
        str(ledger.channel): Channel(
            audit=compare(store, ledger),
            broken=tuple(judge_network(store, ledger)),
            hits=others.hits[str(ledger.channel)],
        )
        for ledger in others.ledgers()
    }
