"""Who is on watch is seen by their heartbeats, and not believed from what a dead one has left behind."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from deployments import on_watch
from steadypost.store import Store, watches


@pytest.fixture
def store(tmp_path):
    with Store.create(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened


def sits(store, flow, ago=0.0):
    store.write(watches.take, flow, run_id=f"{flow}-1", now=datetime.now(UTC) - timedelta(seconds=ago))


def test_a_heartbeat_of_a_moment_ago_is_not_enough(store, monkeypatch):
    """A worker that was just killed leaves fresh heartbeats: whoever starts the next must not take them for life."""
    monkeypatch.setattr(on_watch, "HEARTBEAT_WITHIN", 0.6)
    sits(store, "publish")

    assert on_watch.with_heartbeats(store) == set()


def test_a_flow_with_heartbeats_is_on_watch(store):
    """Seen as soon as it does; what has been silent for long is not waited for."""
    sits(store, "publish")
    sits(store, "reconcile", ago=60)
    heartbeats = threading.Timer(
        0.5, lambda: store.write(watches.heartbeat, "publish", run_id="publish-1", now=datetime.now(UTC))
    )
    heartbeats.start()
    began = time.monotonic()

    assert {"publish"} == on_watch.with_heartbeats(store)
    assert time.monotonic() - began < on_watch.HEARTBEAT_WITHIN
    heartbeats.join()


def test_nobody_is_waited_for_where_nobody_is(store):
    """At the very first start."""
    began = time.monotonic()

    assert on_watch.with_heartbeats(store) == set()
    assert time.monotonic() - began < 1
