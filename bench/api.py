"""The networks' APIs against bare scripts: posts per minute, memory, idle CPU (``api``); many accounts at once
(``crowd``).

The house does all that it always does but look at published posts, which the bare scripts do not either.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from bench.house import SANDBOX, bare, enter, kind_of, machine, on_watch, pss_mb, turn
from blocks import AccountBlock
from rehearsal.accounts import Limits, made
from rehearsal.audit import MOST, percentile
from rehearsal.networks import BLUESKY, MASTODON, X_API, of_bluesky, of_x_api
from rehearsal.stack import Stack, must, up
from rehearsal.truth import Made
from rehearsal.truth import made as of_mastodon
from rehearsal.waiting import until
from sandbox.bluesky.client import BlueskySandbox
from sandbox.client import SandboxProcess
from sandbox.mastodon.client import MastodonProcess
from sandbox.running import write_state
from sandbox.x_api.client import XApiProcess
from steadypost.domain.delivery import State
from steadypost.store import Store, reading

HOME = Path("var/bench/api")
PEOPLE = ("alice", "bob", "carol", "dave")
POSTS = 30
"""Of each account on each network."""

LATENCY_MS = 100
AT_ONCE = 4
"""How many asks are under way at a time: the bare scripts have one thread for each account."""

CROWD = 200
IDLE_S = 30.0
CHANNELS = (X_API, MASTODON, BLUESKY)


@dataclass(frozen=True, kw_only=True)
class Networks:
    """One sandbox for each API."""

    x_api: XApiProcess
    mastodon: MastodonProcess
    bluesky: BlueskySandbox

    @classmethod
    def of(cls, people: Sequence[str], crowd: Sequence[str] = ()) -> Networks:
        """Make them, each with its latency; the crowd is on Mastodon alone."""
        return cls(
            x_api=XApiProcess(accounts=people, latency_ms=LATENCY_MS),
            mastodon=MastodonProcess(accounts=(*people, *crowd), latency_ms=LATENCY_MS, requests=1_000_000),
            bluesky=BlueskySandbox(accounts=[f"{one}.test" for one in people]),
        )

    def accounts(self, people: Sequence[str]) -> dict[str, dict[str, str]]:
        """Give what an operator enters, by the account's name in Steadypost; it holds secrets."""
        told: dict[str, dict[str, str]] = {}
        for one in people:
            handle = f"{one}.test"
            told[f"{one}-x"] = {
                "channel": X_API,
                "handle": one,
                "url": self.x_api.url,
                **self.x_api.keys[one],
            }
            told[f"{one}-b"] = {
                "channel": BLUESKY,
                "handle": handle,
                "url": self.bluesky.url,
                "directory": self.bluesky.directory,
                "video_service": self.bluesky.video_service,
                "password": self.bluesky.accounts[handle]["password"],
            }
        return told | self.crowd(people)

    def crowd(self, people: Sequence[str]) -> dict[str, dict[str, str]]:
        """Give those on Mastodon alone."""
        return {
            f"{one}-m": {
                "channel": MASTODON,
                "handle": one,
                "url": self.mastodon.url,
                "access_token": self.mastodon.tokens[one],
            }
            for one in people
        }

    def made(self, channel: str) -> list[Made]:
        """Read one network's ledger."""
        if channel == X_API:
            return list(of_x_api(self.x_api.ledger()))
        if channel == MASTODON:
            return of_mastodon(self.mastodon.ledger(), self.mastodon.asks())
        return list(of_bluesky(self.bluesky.ledger(), self.bluesky.asks()))


def measure() -> dict[str, Any]:
    """Measure four accounts on each network; what else the machine was doing stands beside the figures."""
    return _beside_the_load(_small)


def measure_crowd() -> dict[str, Any]:
    """Measure two hundred accounts, each with one post that is due in the same second."""
    return _beside_the_load(_crowd)


def _beside_the_load(what: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    shutil.rmtree(HOME, ignore_errors=True)
    first = os.getloadavg()
    return {
        "machine": machine(),
        "latency_ms": LATENCY_MS,
        **what(),
        "load_at_first": first,
        "load_at_last": os.getloadavg(),
    }


@contextmanager
def _house(networks: Networks, accounts: Sequence[str], home: Path) -> Iterator[tuple[Stack, Store]]:
    """Start a house without browsers, with these accounts."""
    home.mkdir(parents=True)
    beside = (networks.x_api, networks.mastodon, networks.bluesky)
    settings = {"STEADYPOST_AT_ONCE": str(AT_ONCE), "STEADYPOST_BROWSERS": "1"}
    with up(home.resolve(), sandbox=SandboxProcess(), beside=beside, settings=settings) as stack:
        told = {**networks.accounts(PEOPLE[:1] if len(accounts) > len(PEOPLE) else accounts)}
        told |= networks.crowd(accounts)
        networks.bluesky.weather({"fault": "slow", "params": {"seconds": LATENCY_MS / 1000}})
        write_state(stack.home / "accounts.json", told)
        must(stack.run("bench.api", str(stack.home / "accounts.json")), "the accounts")
        turn(stack, "reconcile", "off")
        store = on_watch(stack, len(told), within=400)
        yield stack, store


# --- four accounts on each network


def _small() -> dict[str, Any]:
    networks = Networks.of(PEOPLE)
    with _house(networks, PEOPLE, HOME / "small") as (stack, store):
        accounts = networks.accounts(PEOPLE)
        _published(store, {name: [f"warm house {name}"] for name in accounts})
        idle = _idle(stack)
        return {
            "idle": idle,
            "throughput": {channel: _throughput(networks, store, accounts, channel) for channel in CHANNELS},
            "after": _held(stack),
        }


def _throughput(
    networks: Networks, store: Store, accounts: Mapping[str, Mapping[str, str]], channel: str
) -> dict[str, Any]:
    there = {name: one for name, one in accounts.items() if one["channel"] == channel}
    count = POSTS * len(there)
    texts = {one["handle"]: _texts(f"bare {channel}", one["handle"]) for one in there.values()}
    load = os.getloadavg()[0]
    began, theirs = _bare(list(there.values()), texts)
    # Each ledger is read once its posts are in it.
    without = _rate(networks.made(channel), began, theirs, count)
    due, mine = _published(store, {name: _texts("steady", one["handle"]) for name, one in there.items()})
    mine_rate = _rate(networks.made(channel), due.timestamp(), set(mine), count)
    return {
        "posts": count,
        "bare_per_minute": without,
        "house_per_minute": mine_rate,
        "ratio": round(mine_rate / without, 3),
        "ratio_goal": 0.90,
        "load": [round(load, 1), round(os.getloadavg()[0], 1)],
    }


def _texts(run: str, handle: str) -> list[str]:
    return [f"{run} {handle} {n:03d}: the tide tables for this harbour are out" for n in range(POSTS)]


def _rate(posts: Sequence[Made], began: float, texts: set[str], count: int) -> float:
    at = [one.at.timestamp() for one in posts if one.text in texts]
    if len(at) != count:
        raise RuntimeError(f"{len(at)} of {count} are in the ledger")
    return round(60 * count / (max(at) - began), 1)


def _bare(
    accounts: Sequence[Mapping[str, str]], texts: Mapping[str, Sequence[str]]
) -> tuple[float, set[str]]:
    began, _ = bare("bench.api_bare", {"accounts": accounts, "texts": texts})
    return began, {text for every in texts.values() for text in every}


def _published(store: Store, texts: Mapping[str, Sequence[str]]) -> tuple[datetime, list[str]]:
    """Have these posts published, all due at one moment; answer it, and what they say."""
    due = datetime.now(UTC) + timedelta(seconds=2 + 0.02 * sum(map(len, texts.values())))
    done = store.read(reading.counts)[State.PUBLISHED] + sum(map(len, texts.values()))
    for account, every in texts.items():
        for text in every:
            enter(store, account, text, due, allow_repeat=True)
    until(
        lambda: store.read(reading.counts).get(State.PUBLISHED, 0) >= done, "all are published", 400, pace=0.5
    )
    return due, [text for every in texts.values() for text in every]


# --- what it holds, and what it does when nothing is due


def _idle(stack: Stack) -> dict[str, Any]:
    """Watch it while nothing is due."""
    before = _cpu(stack)
    began = time.monotonic()
    time.sleep(IDLE_S)  # idling is what is measured
    after, seconds = _cpu(stack), time.monotonic() - began
    used = {kind: after[kind] - before.get(kind, 0.0) for kind in after}
    return {
        "seconds": round(seconds, 1),
        "cpu_percent_of_a_core": round(100 * sum(used.values()) / seconds, 1),
        "cpu_goal": 5.0,
        "by_kind_percent": {kind: round(100 * one / seconds, 1) for kind, one in sorted(used.items())},
        **_held(stack),
    }


def _cpu(stack: Stack) -> dict[str, float]:
    found: dict[str, float] = {}
    for kind, process in _processes(stack):
        times = process.cpu_times()
        found[kind] = found.get(kind, 0.0) + times.user + times.system
    return found


def _held(stack: Stack) -> dict[str, Any]:
    held: dict[str, float] = {}
    for kind, process in _processes(stack):
        held[kind] = held.get(kind, 0.0) + pss_mb(process.pid)
    return {
        "memory_mb": round(sum(held.values())),
        "memory_goal_mb": 650,
        "by_kind_mb": {kind: round(one) for kind, one in sorted(held.items())},
    }


def _processes(stack: Stack) -> Iterator[tuple[str, psutil.Process]]:
    """Give every process of the house; the sandboxes are none of it."""
    for pid in stack.pids():
        try:
            process = psutil.Process(pid)
            kind = kind_of(process, {})
        except psutil.Error:
            continue
        if kind != SANDBOX:
            yield kind, process


# --- many accounts in one second


def _crowd() -> dict[str, Any]:
    """Let one post of each fall due in the same second."""
    people = [f"crowd{n:03d}" for n in range(CROWD)]
    networks = Networks.of(PEOPLE[:1], people)
    with _house(networks, people, HOME / "crowd") as (stack, store):
        load = os.getloadavg()[0]
        due, mine = _published(store, {f"{one}-m": [f"{one} is here"] for one in people})
        texts = set(mine)
        waits = [(one.at - due).total_seconds() for one in networks.made(MASTODON) if one.text in texts]
        late = [
            one for one in store.read(reading.queue, limit=MOST) if one.delivery.state is not State.PUBLISHED
        ]
        return {
            "accounts": CROWD,
            "out": len(waits),
            "not_out": len(late),
            "at_once": AT_ONCE,
            "all_out_s": round(max(waits), 1),
            "goal_s": 20.0,
            "p50_s": percentile(waits, 50),
            "p95_s": percentile(waits, 95),
            "load": round(load, 1),
            **_held(stack),
        }


# --- the accounts, saved by a program of its own inside the stack


def _save(path: Path) -> None:
    told: dict[str, dict[str, str]] = json.loads(path.read_text())
    limits = Limits(per_hour=10_000, per_day=100_000, spacing_seconds=0)
    for name, one in told.items():
        block = made(one.pop("channel"), one, limits)
        for budget in {"budget_per_day", "budget_per_month"} & set(type(block).model_fields):
            setattr(block, budget, None)
        # Past the check whether another block is the same account, which reads all that are there for each.
        super(AccountBlock, block).save(name, overwrite=True)


if __name__ == "__main__":
    _save(Path(sys.argv[1]))
