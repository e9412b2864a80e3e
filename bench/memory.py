"""Whether the house's memory stays the same over many posts, browsers renewed as usual: ``python -m bench memory``."""

from __future__ import annotations

import sys
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from bench.house import SANDBOX, enter, house, kind_of, on_watch, pss_mb
from rehearsal.audit import percentile
from steadypost.domain.delivery import State
from steadypost.store import Store, reading, watches

HOME = Path("var/bench/memory")
POSTS = 500
ACCOUNTS = ("alice", "bob", "carol")
SAMPLE_EVERY = 2.0


def measure(posts: int = POSTS) -> dict[str, Any]:
    """Publish them as fast as they go, and compare the first fifth with the last."""
    with house(HOME, ACCOUNTS, latency_ms=50, per_hour=10_000) as stack:
        store = on_watch(stack, len(ACCOUNTS))
        due = datetime.now(UTC) + timedelta(seconds=3)
        for n in range(posts):
            text = f"Log of the harbour, entry {n:04d}: nothing to report"
            enter(store, ACCOUNTS[n % len(ACCOUNTS)], text, due)
        samples = _sample_until(stack.pids, store, posts)
    return _figures(samples, posts)


def _sample_until(pids: Any, store: Store, posts: int) -> list[dict[str, Any]]:
    samples: list[dict[str, Any]] = []
    ends = time.monotonic() + 3600
    while (done := store.read(reading.counts)[State.PUBLISHED]) < posts:
        if time.monotonic() > ends:
            raise RuntimeError(f"only {done} of {posts} were published within an hour")
        watched = {lease.run_id: lease.flow for lease in store.read(watches.every)}
        samples.append({"posts": done, **_look(pids(), watched)})
        threading.Event().wait(SAMPLE_EVERY)
    return samples


def _look(pids: list[int], watched: Mapping[str, str]) -> dict[str, Any]:
    """Sum up what the processes hold: the browsers, and the rest but for the sandbox, which remembers every post."""
    held: defaultdict[str, float] = defaultdict(float)
    count = 0
    for pid in pids:
        try:
            process = psutil.Process(pid)
            kind, size = kind_of(process, watched), pss_mb(pid)
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
