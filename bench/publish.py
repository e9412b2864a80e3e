"""Posts per minute of the pipeline against a bare script, on the same sandbox, with the same number of browsers.

Both do the same 60 asks. The pipeline is everything: Prefect's server and worker, claims, leases, a task run
for each delivery, the composer read back, arming, recording. The bare script is `bench.bare`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from rehearsal.audit import audit, percentile
from rehearsal.stack import ROOT, Stack, must, start_worker, until_on_watch, up
from sandbox.client import SandboxProcess
from steadypost.domain.delivery import State
from steadypost.domain.post import Part, Post
from steadypost.store import Store, intake, reading

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
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True)
    sandbox = SandboxProcess(accounts=ACCOUNTS, latency_ms=latency_ms, state_file=HOME / "sandbox.json")
    with up(HOME.resolve(), sandbox=sandbox, settings={"STEADYPOST_BROWSERS": str(BROWSERS)}) as stack:
        bare = _bare(sandbox, _texts("bare", posts))
        pipeline = _pipeline(stack, _texts("steady", posts))
    return {
        "sandbox_latency_ms": latency_ms,
        "bare": bare,
        "pipeline": pipeline,
        "ratio": round(pipeline["posts_per_minute"] / bare["posts_per_minute"], 3),
        "beyond_bare_ms_per_post": round(
            BROWSERS * 60_000 * (1 / pipeline["posts_per_minute"] - 1 / bare["posts_per_minute"]), 1
        ),
        "beyond_bare_cpu_ms_per_post": round(pipeline["cpu_ms_per_post"] - bare["cpu_ms_per_post"], 1),
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
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.bare"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None  # noqa: S101 - asked for above
    assert process.stdout is not None  # noqa: S101 - asked for above
    with _measured([process.pid]) as cost:
        process.stdin.write(json.dumps(told))
        process.stdin.close()
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError("the bare script did not come up")
        began = time.time()
        cost.restart()
        process.stdout.read()
    if process.wait() != 0:
        raise RuntimeError("the bare script failed")
    return _figures(sandbox, posts, began, cost)


def _pipeline(stack: Stack, posts: Sequence[tuple[str, str]]) -> dict[str, Any]:
    must(stack.run("rehearsal.accounts", str(HOME / "sandbox.json"), "--per-hour", "1000"), "the accounts")
    # The bare script does not look back at its posts either. What a look costs is measured by itself.
    must(stack.run("bench.turn", "reconcile", "off"), "the switch")
    start_worker(stack)
    store = until_on_watch(stack)
    time.sleep(5)  # the browsers have come up, and the runs' own start is over: neither is being measured
    _schedule(store, _texts("warm", WARM))  # both have shown X once in each of their pages before it counts
    until(lambda: store.read(reading.counts).get(State.PUBLISHED, 0) == WARM, "the pages are warm", 120)
    due = _schedule(store, posts)
    roots = [process.popen.pid for process in stack.processes.values() if process.popen]
    with _measured([*roots, *([stack.sandbox.pid] if stack.sandbox.pid else [])]) as cost:
        until(lambda: datetime.now(UTC) >= due, "they are due", 30)
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
    now = datetime.now(UTC)
    due = now + timedelta(seconds=3)
    for account, text in posts:
        store.write(
            intake.add,
            Post(parts=(Part(text=text),)),
            accounts=[account],
            due_at=due,
            late_after=None,
            now=now,
        )
    return due


def lone_posts(
    stack: Stack, store: Store, count: int = 12, *, says: str = "of the harbour"
) -> dict[str, Any]:
    """What a post waits between its due second and its ask's arrival when nothing else is in its way."""
    now = datetime.now(UTC)
    due = {f"lone {n:02d} {says}": now + timedelta(seconds=3 + 2.37 * n) for n in range(count)}
    for text, moment in due.items():
        store.write(
            intake.add,
            Post(parts=(Part(text=text),)),
            accounts=["alice"],
            due_at=moment,
            late_after=None,
            now=now,
        )
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
    sandbox: SandboxProcess, posts: Sequence[tuple[str, str]], began: float, cost: _Cost
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


@dataclass
class _Cost:
    """CPU and memory of process trees, sampled: processes come and go, so the last seen value of each counts."""

    roots: list[int]
    peak_mb: float = 0.0
    _cpu: dict[int, float] = field(default_factory=dict)
    _before: dict[int, float] = field(default_factory=dict)
    _but: set[int] = field(default_factory=set)

    def sample(self) -> None:
        """Look at every process of the trees."""
        total = 0.0
        for process in self._tree():
            with suppress(psutil.Error, OSError):
                times = process.cpu_times()
                self._cpu[process.pid] = times.user + times.system
                total += _pss_mb(process.pid)
        self.peak_mb = max(self.peak_mb, total)

    def restart(self, but: Sequence[int] = ()) -> None:
        """Count CPU time from now on, and not that of ``but`` (memory counts for all)."""
        self.sample()
        self._before = dict(self._cpu)
        self._but = set(but)

    def cpu_s(self) -> float:
        """Tell the CPU seconds used since the restart."""
        return sum(
            used - self._before.get(pid, 0.0) for pid, used in self._cpu.items() if pid not in self._but
        )

    def _tree(self) -> list[psutil.Process]:
        found = []
        for root in self.roots:
            with suppress(psutil.Error):
                process = psutil.Process(root)
                found += [process, *process.children(recursive=True)]
        return found


def _pss_mb(pid: int) -> float:
    """Read the memory that is a process's own, shared pages divided among their sharers."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


@contextmanager
def _measured(roots: list[int]) -> Iterator[_Cost]:
    cost = _Cost(roots)
    end = threading.Event()

    def keep_sampling() -> None:
        while not end.wait(2):  # often enough for memory, and seldom enough not to slow down what is measured
            cost.sample()

    sampler = threading.Thread(target=keep_sampling, daemon=True)
    sampler.start()
    try:
        yield cost
    finally:
        cost.sample()
        end.set()
        sampler.join()


def until(what: Any, description: str, within: float, pace: float = 0.05) -> None:
    """Wait for a condition, looking every ``pace`` seconds; say what was waited for if it never comes."""
    ends = time.monotonic() + within
    while not what():
        if time.monotonic() > ends:
            raise RuntimeError(f"waited {within:.0f} s in vain until {description}")
        time.sleep(pace)


def machine() -> dict[str, Any]:
    """Say on what this was measured."""
    return {"cores": os.cpu_count(), "python": sys.version.split()[0], "at": datetime.now(UTC).isoformat()}
