"""Whether the house's memory stays the same over many posts: every process of it, sampled as they go out.

The browsers leak, slowly and for ever, and are renewed by their uses, their memory and their age; what is measured is
what that leaves. Run by itself: ``python -m bench memory``.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from bench.publish import _pss_mb, until
from rehearsal.audit import percentile
from rehearsal.stack import must, start_worker, up
from sandbox.client import SandboxProcess
from steadypost.domain.delivery import State
from steadypost.domain.post import Part, Post
from steadypost.store import Store, intake, reading, watches
from steadypost.store import accounts as account_rows
from tasks.runs import RUN_ID

HOME = Path("var/bench/memory")
POSTS = 500
ACCOUNTS = ("alice", "bob", "carol")
SAMPLE_EVERY = 2.0
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


def measure(posts: int = POSTS) -> dict[str, Any]:
    """Publish them as fast as they go, and compare the first fifth with the last."""
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True)
    sandbox = SandboxProcess(accounts=ACCOUNTS, latency_ms=50, state_file=HOME / "sandbox.json")
    with up(HOME.resolve(), sandbox=sandbox, settings={"STEADYPOST_BROWSERS": "2"}) as stack:
        must(
            stack.run("rehearsal.accounts", str(HOME / "sandbox.json"), "--per-hour", "10000"), "the accounts"
        )
        start_worker(stack)
        store = Store.open(f"sqlite:///{HOME.resolve()}/steadypost.db")
        until(
            lambda: {"publish", "reconcile"} <= {watch.flow for watch in store.read(watches.every)},
            "somebody is on watch",
            120,
        )
        until(lambda: len(store.read(account_rows.every)) == len(ACCOUNTS), "the accounts are known", 60)
        now = datetime.now(UTC)
        for n in range(posts):
            text = f"Log of the harbour, entry {n:04d}: nothing to report"
            store.write(
                intake.add,
                Post(parts=(Part(text=text),)),
                accounts=[ACCOUNTS[n % len(ACCOUNTS)]],
                due_at=now + timedelta(seconds=3),
                now=now,
            )
        samples = _sample_until(stack.pids, store, posts)
    return _figures(samples, posts)


def _sample_until(pids: Any, store: Store, posts: int) -> list[dict[str, Any]]:
    samples: list[dict[str, Any]] = []
    ends = time.monotonic() + 3600
    while (done := store.read(reading.counts)[State.PUBLISHED]) < posts:
        if time.monotonic() > ends:
            raise RuntimeError(f"only {done} of {posts} were published within an hour")
        on_watch = {lease.run_id: lease.flow for lease in store.read(watches.every)}
        samples.append({"posts": done, **_look(pids(), on_watch)})
        threading.Event().wait(SAMPLE_EVERY)
    return samples


def _look(pids: list[int], on_watch: Mapping[str, str]) -> dict[str, Any]:
    """Sum up what the processes hold: the browsers, and the rest but for the sandbox, which remembers every post."""
    held: defaultdict[str, float] = defaultdict(float)
    count = 0
    for pid in pids:
        try:
            process = psutil.Process(pid)
            kind, size = _kind(process, on_watch), _pss_mb(pid)
        except (psutil.Error, OSError):
            continue
        if kind != SANDBOX:
            count += 1
            held[kind] += size
    return {
        "browsers_mb": held.pop("browsers", 0.0),
        "rest_mb": sum(held.values()),
        "processes": count,
        "rest": held,
    }


def _kind(process: psutil.Process, on_watch: Mapping[str, str]) -> str:
    words, name = " ".join(process.cmdline()), process.name()
    if BROWSER in name:
        return "browsers"
    for sign, kind in SIGNS.items():
        if sign in words:
            return kind
    run = process.environ().get(RUN_ID)
    return "something else" if run is None else f"run of {on_watch.get(run, 'no lease')}"


def _figures(samples: list[dict[str, Any]], posts: int) -> dict[str, Any]:
    begin = [one for one in samples if posts * 0.1 <= one["posts"] < posts * 0.3]
    end = [one for one in samples if one["posts"] >= posts * 0.8]
    told: dict[str, Any] = {"posts": posts, "samples": len(samples)}
    for what in ("browsers_mb", "rest_mb", "processes"):
        first = percentile([one[what] for one in begin], 50)
        last = percentile([one[what] for one in end], 50)
        if not first or not last:
            raise RuntimeError(f"{what}: nothing was seen of it among {len(begin)} and {len(end)} samples")
        told[what] = {
            "p50_posts_10_to_30_percent": round(first, 1),
            "p50_last_fifth": round(last, 1),
            "ratio": round(last / first, 3),
            "peak": round(max(one[what] for one in samples), 1),
        }
        print(what, told[what], file=sys.stderr)
    told["rest_by_kind_mb"] = {
        kind: [_of(kind, begin), _of(kind, end)]
        for kind in sorted({kind for one in samples for kind in one["rest"]})
    }
    return told


def _of(kind: str, samples: list[dict[str, Any]]) -> float:
    """Give what this kind held in the middle of these samples, in MB; 0 where there was none of it."""
    return round(percentile([one["rest"][kind] for one in samples], 50) or 0.0, 1)
