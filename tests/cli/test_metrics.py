"""Metrics and health: an answer within two seconds whatever the store does, and "ok" only for what is known to be."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from steadypost.cli.endpoint import Endpoint, Reader, Reading, health
from steadypost.domain.health import Kind, failing, ok, unknown
from steadypost.domain.incident import opened
from steadypost.domain.post import Part, Post
from steadypost.store import Store, incidents, intake, watches

MINUTE = timedelta(minutes=1)


def asked(port, path="/health"):
    """Ask, and give the code, the body, and how long it took."""
    began = time.monotonic()
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode(), time.monotonic() - began
    except HTTPError as said:
        return said.code, said.read().decode(), time.monotonic() - began


@pytest.fixture
def served():
    """Serve a store that is opened as told."""
    servers = []

    def serve(opens):
        reader = Reader(opens, every=MINUTE, on_time=5 * MINUTE)
        server = Endpoint(0, reader)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        reader.start()
        thread.start()
        servers.append((server, thread, reader))
        return server.server_port

    yield serve
    for server, thread, reader in servers:
        server.shutdown()
        thread.join()
        server.server_close()
        reader.stop()
        reader.join(timeout=3)


@pytest.fixture
def hung():
    """A store's address at which somebody takes every connection and never says a word."""
    listener = socket.create_server(("127.0.0.1", 0))
    taken = []
    ending = threading.Event()

    def take():
        listener.settimeout(0.1)
        while not ending.is_set():
            try:
                taken.append(listener.accept()[0])
            except TimeoutError:
                continue

    thread = threading.Thread(target=take)
    thread.start()
    yield f"postgresql+psycopg://alice:s3cret@127.0.0.1:{listener.getsockname()[1]}/x"
    ending.set()
    thread.join()
    for one in [*taken, listener]:
        one.close()


def values(text):
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_well_is_said_only_of_what_was_found_to_be_well(store, served):
    """Lately, and everything: nothing checked, one unknown, one failing or an old round are all 503."""
    port = served(lambda: Store.open(f"sqlite:///{store._database.engine.url.database}"))
    moment = datetime.now(UTC)

    def word():
        code, body, _ = asked(port)
        told = json.loads(body)
        assert (code == 200) == (told["status"] == "ok")
        return told["status"], told["wrong"]

    assert "unknown" == word()[0]
    store.write(incidents.keep_checks, [ok(Kind.STORE, "fine"), ok(Kind.DISK, "room")], moment)
    assert ("ok", []) == word()
    store.write(
        incidents.keep_checks, [ok(Kind.STORE, "fine"), unknown(Kind.READER, "a login wall", "alice")], moment
    )
    assert ("unknown", ["reader of alice: unknown: a login wall"]) == word()
    store.write(incidents.keep_checks, [failing(Kind.DUE, "hangs", "alice"), ok(Kind.STORE, "fine")], moment)
    assert ("failing", ["due of alice: failing: hangs"]) == word()
    store.write(incidents.keep_checks, [ok(Kind.STORE, "fine")], moment - 10 * MINUTE)
    assert "unknown" == word()[0]


def test_a_store_that_hangs_is_degraded_within_two_seconds(hung, served):
    """Somebody takes the connection and says nothing: for one who asks, and for ten at once."""
    port = served(lambda: Store.open(hung, patience=timedelta(seconds=1)))
    found = []

    def ask():
        found.append(asked(port))

    for many in (1, 10):
        found.clear()
        threads = [threading.Thread(target=ask) for _ in range(many)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert [503] * many == [code for code, _, _ in found]
        assert all(json.loads(body)["status"] == "degraded" for _, body, _ in found)
        # Each waits by itself; that ten take longer to be served on a machine that others use is not the store's doing.
        assert max(took for _, _, took in found) < (2 if many == 1 else 5)
        assert "s3cret" not in "".join(body for _, body, _ in found)
    code, body, took = asked(port, "/metrics")
    assert (200, {("steadypost_up",): 0.0}) == (code, values(body))
    assert took < 2
    assert 200 == asked(port, "/live")[0]


def test_a_store_that_is_gone_is_degraded_and_comes_back_by_itself(home, store, served):
    """No restart, and no last value: while it is away nothing but that is told."""
    path = store._database.engine.url.database
    store.write(incidents.keep_checks, [ok(Kind.STORE, "fine")], datetime.now(UTC))
    there = threading.Event()

    def opens():
        if not there.is_set():
            return Store.open(
                "postgresql+psycopg://alice:s3cret@127.0.0.1:9/x", patience=timedelta(seconds=1)
            )
        return Store.open(f"sqlite:///{path}")

    port = served(opens)
    code, body, took = asked(port)
    assert (503, "degraded") == (code, json.loads(body)["status"])
    assert took < 2
    assert "s3cret" not in body
    assert {("steadypost_up",): 0.0} == values(asked(port, "/metrics")[1])

    there.set()

    assert 200 == asked(port)[0]
    assert 1.0 == values(asked(port, "/metrics")[1])["steadypost_up",]


def test_what_prometheus_is_told(store, served):
    """In its own format, as its own parser reads it."""
    moment = datetime.now(UTC)
    for n in range(3):
        store.write(
            intake.add,
            Post(parts=(Part(text=f"Post {n}"),)),
            accounts=["alice"],
            due_at=moment - 10 * MINUTE,
            now=moment,
        )
    store.write(watches.take, "publish", run_id="run", now=moment)
    bad = failing(Kind.DUE, "hangs: auth_token=0123456789abcdef", "alice")
    store.write(incidents.keep_checks, [bad, ok(Kind.STORE, "fine")], moment)
    store.write(incidents.enter, opened(bad, moment))

    code, body, _ = asked(served(lambda: store), "/metrics")
    told = values(body)

    assert 200 == code
    assert 3 == told["steadypost_deliveries", ("state", "scheduled")]
    assert 3 == told["steadypost_due", ("account", "alice")]
    assert 600 <= told["steadypost_oldest_due_age_seconds", ("account", "alice")] < 700
    assert told["steadypost_heartbeat_age_seconds", ("flow", "publish")] < 60
    assert 1 == told["steadypost_check", ("about", "alice"), ("kind", "due"), ("verdict", "failing")]
    assert 0 == told["steadypost_check", ("about", "alice"), ("kind", "due"), ("verdict", "ok")]
    assert 1 == told["steadypost_incidents_open", ("about", "alice"), ("kind", "due")]
    assert (1, 0) == (told["steadypost_up",], told["steadypost_healthy",])
    # Names are labels; what anybody wrote is none.
    assert "0123456789abcdef" not in body
    assert "hangs" not in body


def test_a_reading_that_was_under_way_is_no_answer_to_a_later_question():
    """It may have begun before what somebody asks about."""
    begun, goes_on = threading.Event(), threading.Event()

    class Slow:
        def read(self, *_, **__):
            begun.set()
            goes_on.wait(10)
            raise RuntimeError("auth_token=0123456789abcdef")

        def close(self):
            pass

    reader = Reader(Slow, every=MINUTE, on_time=MINUTE)
    reader.start()
    assert reader.fresh(timedelta(seconds=0.05)) is None
    assert begun.wait(5)
    goes_on.set()

    later = reader.fresh(timedelta(seconds=5))

    assert isinstance(later, Reading)
    assert "RuntimeError" in later.away
    assert "0123456789abcdef" not in later.away
    assert "degraded" == health(later)[0]
    reader.stop()
    reader.join(timeout=3)


def test_it_is_a_process_of_its_own_on_loopback(store, call, home):
    """It says where it is, answers, and ends when it is told to, without a word more; a port that is taken is refused."""
    store.write(incidents.keep_checks, [ok(Kind.STORE, "fine")], datetime.now(UTC))
    process = subprocess.Popen(
        [sys.executable, "-m", "steadypost.cli", "metrics", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        port = int(re.search(r"127\.0\.0\.1:(\d+)", process.stdout.readline())[1])
        assert 200 == asked(port)[0]
        assert 404 == asked(port, "/")[0]
        assert 2 == call("metrics", "--port", str(port)).code
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=20)
    assert (0, "") == (process.returncode, said)
