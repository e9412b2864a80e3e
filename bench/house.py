"""What the benches share: a house of real processes, posts for it, and how its processes are measured."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from rehearsal.stack import ROOT, Stack, must, start_worker, up
from rehearsal.waiting import until
from sandbox.client import SandboxProcess
from steadypost.domain.outcome import Answer, Cause, Phase, Unconfirmed
from steadypost.domain.post import Part, Post
from steadypost.domain.watched import JUDGED
from steadypost.store import AccountRecord, Store, intake, settling, watches
from steadypost.store import accounts as account_rows
from tasks.runs import RUN_ID

LOST = Answer(outcomes=(Unconfirmed(cause=Cause.NO_ANSWER, why="the answer was lost", phase=Phase.CLICKED),))
LEASE = timedelta(seconds=30)

BROWSER = "chrom"
SANDBOX = "sandbox"
SIGNS = {
    "-m sandbox": SANDBOX,
    "playwright": "drivers of the browsers",
    "runner_process": "browsers",
    "worker start": "worker",
    "server start": "server",
    "uvicorn": "server",
}
"""By which word of its command line a process is known."""


@contextmanager
def house(
    home: Path,
    people: Sequence[str],
    *,
    latency_ms: float = 0,
    browsers: int = 2,
    per_hour: int = 1000,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Stack]:
    """Start a house anew below ``home``, with a local X and its accounts, and no worker yet."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    state = home / "sandbox.json"
    sandbox = SandboxProcess(accounts=people, latency_ms=latency_ms, state_file=state)
    more = {"STEADYPOST_BROWSERS": str(browsers), **(settings or {})}
    with up(home.resolve(), sandbox=sandbox, settings=more) as stack:
        must(stack.run("rehearsal.accounts", str(state), "--per-hour", str(per_hour)), "the accounts")
        yield stack


def turn(stack: Stack, *switches: str) -> None:
    """Turn switches on or off, each named before its position; all others are on."""
    must(stack.run("bench.turn", *switches), "the switches")


def store_of(stack: Stack) -> Store:
    """Open a house's store, once the deployments or a worker have made it."""
    return Store.open(f"sqlite:///{stack.home}/steadypost.db")


def on_watch(stack: Stack, accounts: int = 1, *, within: float = 240) -> Store:
    """Start the worker and wait until runs are on watch and so many accounts are known; answers the store."""
    start_worker(stack)
    store = store_of(stack)
    until(
        lambda: {*JUDGED} <= {watch.flow for watch in store.read(watches.every)},
        "runs are on watch",
        within,
    )
    until(lambda: len(store.read(account_rows.every)) >= accounts, "the accounts are known", within)
    return store


def know(store: Store, people: Sequence[str]) -> None:
    """Write the accounts down before any run does, so that posts can be taken in."""
    for name in people:
        store.write(
            account_rows.put, AccountRecord(name=name, channel="x_web", handle=name), datetime.now(UTC)
        )


def enter(store: Store, account: str, text: str, due_at: datetime, **more: Any) -> int:
    """Take a post in; answers its delivery."""
    post = Post(parts=(Part(text=text),))
    now = min(datetime.now(UTC), due_at)
    (added,) = store.write(intake.add, post, accounts=[account], due_at=due_at, now=now, **more)
    return added.delivery_id


def leave_unconfirmed(store: Store, account: str, text: str, moment: datetime) -> None:
    """Ask for a post and lose the answer, by the store's own functions."""
    enter(store, account, text, moment)
    (claim,) = store.claim(worker="bench", now=moment, lease=LEASE, at_most=1, accounts=[account])
    if not store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=moment):
        raise RuntimeError("it could not be armed")
    store.write(settling.answered, claim.attempt_id, LOST, now=moment, jitter=0.5)


def bare(module: str, told: Mapping[str, Any]) -> tuple[float, Cost]:
    """Run a bare script to its end; answers when it began to ask, and what it cost from then on."""
    with (
        subprocess.Popen(
            [sys.executable, "-m", module], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process,
        measured([process.pid]) as cost,
    ):
        assert process.stdin is not None  # noqa: S101 - asked for above
        assert process.stdout is not None  # noqa: S101 - asked for above
        process.stdin.write(json.dumps(told))
        process.stdin.close()
        if process.stdout.readline().strip() != "ready":
            process.kill()
            raise RuntimeError(f"{module} did not come up")
        began = time.time()
        cost.restart()
        process.stdout.read()
    if process.returncode != 0:
        raise RuntimeError(f"{module} failed")
    return began, cost


@dataclass
class Cost:
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
                total += pss_mb(process.pid)
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


@contextmanager
def measured(roots: list[int]) -> Iterator[Cost]:
    """Sample process trees while a block runs."""
    cost = Cost(roots)
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


def kind_of(process: psutil.Process, watched: Mapping[str, str]) -> str:
    """Name what a process of a house is; ``watched`` are the flows on watch by their runs."""
    words, name = " ".join(process.cmdline()), process.name()
    if BROWSER in name:
        return "browsers"
    for sign, kind in SIGNS.items():
        if sign in words:
            return kind
    run = process.environ().get(RUN_ID)
    return "something else" if run is None else f"run of {watched.get(run, 'no lease')}"


def pss_mb(pid: int) -> float:
    """Read the memory that is a process's own, shared pages divided among their sharers."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def machine() -> dict[str, Any]:
    """Say on what this was measured."""
    return {"cores": os.cpu_count(), "python": sys.version.split()[0], "at": datetime.now(UTC).isoformat()}
