"""Sees to it that each flow has its run on watch: used when a worker starts, and harmless at any other time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

from prefect.client.orchestration import get_client

from steadypost.domain.clock import now
from steadypost.store import Store, watches
from tasks import places, runs
from tasks.bulkheads import this_host
from tasks.sharing import PUBLISH, lead_of

FRESH = timedelta(seconds=10)
"""The holder of a lease with an older heartbeat is dead."""

HEARTBEAT_WITHIN = 3.0
"""Seconds in which a living run heartbeats again: a worker killed a moment ago has left fresh heartbeats."""


def ensure_on_watch(store: Store, deployments: tuple[str, ...]) -> Iterator[str]:
    """Start a run of each deployment that has none on watch, or about to be."""
    alive = with_heartbeats(store)
    with get_client(sync_client=True) as client:
        for name in deployments:
            flow = runs.flow_of(name)
            if flow in alive:
                yield f"on watch: {flow} was"
                continue
            if "@" in flow and not (PUBLISH in alive and is_elsewhere(store)):
                # It helps a publisher on another machine.
                continue
            # After a power cut dead runs hold both places of the deployment, and a new one would be cancelled.
            for ended in places.free(client, flow, store, now()):
                yield f"on watch: {flow}: run {ended} held a place and did nothing, and was ended"
            started = runs.start(client, flow)
            yield f"on watch: {flow} {'starts' if started else 'is about to be'}"


def is_elsewhere(store: Store) -> bool:
    """Whether the publisher that has the watch is on another machine."""
    lead = lead_of(store)
    return lead is not None and lead.host != this_host()


def with_heartbeats(store: Store) -> set[str]:
    """Name the flows whose leases are renewed: seen to, not believed from a heartbeat of a moment ago."""
    before = {
        watch.flow: watch.heartbeat_at
        for watch in store.read(watches.every)
        if now() - watch.heartbeat_at < FRESH
    }
    ends = time.monotonic() + HEARTBEAT_WITHIN
    found: set[str] = set()
    while before.keys() - found and time.monotonic() < ends:
        time.sleep(0.25)
        found |= {
            watch.flow
            for watch in store.read(watches.every)
            if watch.heartbeat_at > before.get(watch.flow, watch.heartbeat_at)
        }
    return found
