"""Posts per minute of the whole pipeline against a bare script: same 60 asks, same sandbox, as many browsers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.house import Cost, bare, enter, house, measured, on_watch, turn
from rehearsal.audit import audit, percentile
from rehearsal.stack import Stack
from rehearsal.waiting import until
from sandbox.client import SandboxProcess
from steadypost.domain.delivery import State
from steadypost.store import Store, reading

HOME = Path("var/bench/publish")
POSTS = 60
BROWSERS = 2
WARM = 8
LATENCIES_MS = (1000, 300)
"""How long the sandbox takes to answer an ask: the short end of what X takes (1 to 30 s), and less than X
ever took, so that what the pipeline adds is not hidden behind waiting."""

ACCOUNTS = ("alice", "bob")


def measure(posts: int = POSTS) -> dict[str, Any]:
    """Run both in one go, for each latency; answers the figures, those at X's own latency first."""
    at_x, *shorter = [_measure(posts, latency) for latency in LATENCIES_MS]
    return {
        "posts": posts,
        "browsers": BROWSERS,
        "ratio_goal": 0.90,
        "memory_goal_mb": 2000,
        **at_x,
        "shorter": shorter,
    }


def _measure(posts: int, latency_ms: int) -> dict[str, Any]:
    with house(HOME, ACCOUNTS, latency_ms=latency_ms, browsers=BROWSERS) as stack:
        theirs = _bare(stack.sandbox, _texts("bare", posts))
        pipeline = _pipeline(stack, _texts("steady", posts))
    return {
        "sandbox_latency_ms": latency_ms,
        "bare": theirs,
        "pipeline": pipeline,
        "ratio": round(pipeline["posts_per_minute"] / theirs["posts_per_minute"], 3),
        "beyond_bare_ms_per_post": round(
            BROWSERS * 60_000 * (1 / pipeline["posts_per_minute"] - 1 / theirs["posts_per_minute"]), 1
        ),
        "beyond_bare_cpu_ms_per_post": round(pipeline["cpu_ms_per_post"] - theirs["cpu_ms_per_post"], 1),
    }


def _texts(run: str, posts: int) -> list[tuple[str, str]]:
    """The same number of texts of the same length for both, none of them twice."""
    return [
        (
            ACCOUNTS[n % len(ACCOUNTS)],
            f"{run.ljust(6)} {n:03d}: the tide tables for this harbour are out, see x.com",
        )
        for n in range(posts)
    ]


def _bare(sandbox: SandboxProcess, posts: Sequence[tuple[str, str]]) -> dict[str, Any]:
    told = {"url": sandbox.url, "sessions": sandbox.accounts, "posts": posts, "browsers": BROWSERS}
    began, cost = bare("bench.bare", told)
    return _figures(sandbox, posts, began, cost)


def _pipeline(stack: Stack, posts: Sequence[tuple[str, str]]) -> dict[str, Any]:
    # The bare script does not look back at its posts either. What a look costs is measured by itself.
    turn(stack, "reconcile", "off")
    store = on_watch(stack)
    time.sleep(5)  # the browsers have come up, and the runs' own start is over: neither is being measured
    _schedule(store, _texts("warm", WARM))  # both have shown X once in each of their pages before it counts
    until(lambda: store.read(reading.counts).get(State.PUBLISHED, 0) == WARM, "the pages are warm", 120)
    due = _schedule(store, posts)
    roots = [process.popen.pid for process in stack.processes.values() if process.popen]
    with measured([*roots, *([stack.sandbox.pid] if stack.sandbox.pid else [])]) as cost:
        until(lambda: datetime.now(UTC) >= due, "they are due", 30, pace=0.05)
        cost.restart(but=[stack.sandbox.pid] if stack.sandbox.pid else [])
        until(
            lambda: store.read(reading.counts).get(State.PUBLISHED, 0) == WARM + len(posts),
            "all are published",
            300,
        )
    figures = _figures(stack.sandbox, posts, due.timestamp(), cost)
    found = audit(store, stack.sandbox)
    lone = lone_posts(stack, store)
    return {
        **figures,
        "memory_peak_mb": round(cost.peak_mb),
        "duplicates": found.duplicates,
        "lone_post_wait_s": lone,
    }


def _schedule(store: Store, posts: Sequence[tuple[str, str]]) -> datetime:
    due = datetime.now(UTC) + timedelta(seconds=3)
    for account, text in posts:
        enter(store, account, text, due, late_after=None)
    return due


def lone_posts(
    stack: Stack, store: Store, count: int = 12, *, says: str = "of the harbour"
) -> dict[str, Any]:
    """What a post waits between its due second and its ask's arrival when nothing else is in its way."""
    now = datetime.now(UTC)
    due = {f"lone {n:02d} {says}": now + timedelta(seconds=3 + 2.37 * n) for n in range(count)}
    for text, moment in due.items():
        enter(store, "alice", text, moment, late_after=None)
    done = store.read(reading.counts)[State.PUBLISHED] + count
    until(
        lambda: store.read(reading.counts).get(State.PUBLISHED, 0) >= done,
        "the lone posts are published",
        120,
    )
    asked = {ask["text"]: ask["arrived_at"] / 1000 for ask in stack.sandbox.asks("alice")}
    waits = [asked[text] - moment.timestamp() for text, moment in due.items()]
    return {"n": count, "p50": percentile(waits, 50), "p95": percentile(waits, 95), "goal_p95": 5.0}


def _figures(
    sandbox: SandboxProcess, posts: Sequence[tuple[str, str]], began: float, cost: Cost
) -> dict[str, Any]:
    texts = {text for _, text in posts}
    made = [post["created_at"] / 1000 for post in sandbox.live() if post["text"] in texts]
    if len(made) != len(posts):
        raise RuntimeError(f"{len(made)} of {len(posts)} are live")
    seconds = max(made) - began
    return {
        "seconds": round(seconds, 2),
        "posts_per_minute": round(60 * len(posts) / seconds, 1),
        "cpu_ms_per_post": round(1000 * cost.cpu_s() / len(posts), 1),
    }
