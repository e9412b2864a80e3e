"""Sees to it that somebody is on watch: used when a worker starts, and harmless at any other time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from prefect.client.orchestration import get_client

from steadypost.domain.clock import now
from steadypost.store import Store
from tasks import runs

FRESH = timedelta(seconds=10)
"""A seat whose last beat is younger than this is held by somebody alive."""


def ensure_on_watch(store: Store, deployments: tuple[str, ...]) -> Iterator[str]:
    """Start a run of each deployment that nobody is on watch for, nor about to be."""
    beats = {watch.flow: watch.beat_at for watch in store.watches()}
    with get_client(sync_client=True) as client:
        for name in deployments:
            flow = name.partition("/")[0]
            beat = beats.get(flow)
            if beat is not None and now() - beat < FRESH:
                yield f"on watch: {flow} was"
                continue
            started = runs.start(client, flow)
            yield f"on watch: {flow} {'starts' if started else 'is about to be'}"
