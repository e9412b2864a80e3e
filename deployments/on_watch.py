"""Sees to it that somebody is on watch: used when a worker starts, and harmless at any other time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

from prefect.client.orchestration import get_client

from steadypost.domain.clock import now
from steadypost.store import Store
from tasks import runs

FRESH = timedelta(seconds=10)
"""A seat whose last beat is older than this is held by nobody alive."""

BEATS_WITHIN = 3.0
"""Seconds in which whoever is alive beats again. A worker that was killed a moment ago has left fresh beats behind, and
whoever starts the next one asks in that very moment."""


def ensure_on_watch(store: Store, deployments: tuple[str, ...]) -> Iterator[str]:
    """Start a run of each deployment that nobody is on watch for, nor about to be."""
    alive = beating(store)
    with get_client(sync_client=True) as client:
        for name in deployments:
            flow = name.partition("/")[0]
            if flow in alive:
                yield f"on watch: {flow} was"
                continue
            started = runs.start(client, flow)
            yield f"on watch: {flow} {'starts' if started else 'is about to be'}"


def beating(store: Store) -> set[str]:
    """Name the flows whose seats beat: seen to, not believed from a beat of a moment ago."""
    before = {watch.flow: watch.beat_at for watch in store.watches() if now() - watch.beat_at < FRESH}
    ends = time.monotonic() + BEATS_WITHIN
    found: set[str] = set()
    while before.keys() - found and time.monotonic() < ends:
        time.sleep(0.25)
        found |= {
            watch.flow for watch in store.watches() if watch.beat_at > before.get(watch.flow, watch.beat_at)
        }
    return found
