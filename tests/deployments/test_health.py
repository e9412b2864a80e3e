"""A container is well when it does what it is there for, and says what is wrong when it does not."""

import base64
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import psutil
import pytest

from deployments import health
from steadypost.domain.watched import FLOWS
from steadypost.store import Store, watches

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_whoever_is_silent_is_named():
    heard = dict.fromkeys(FLOWS, NOW) | {"publish": NOW - timedelta(minutes=2)}
    del heard["reconcile"]

    assert ["publish has been silent for 120 s", "no run has been on watch for reconcile yet"] == list(
        health.silent(heard, NOW)
    )
    assert [] == list(health.silent(dict.fromkeys(FLOWS, NOW), NOW))


def test_a_worker_that_stands_still_is_none(wait_until):
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import time; time.sleep(60)",
            "prefect",
            "worker",
            "start",
            "--pool",
            "steadypost",
        ]
    )
    seen = psutil.Process(process.pid)
    try:
        wait_until(lambda: health._is_worker(seen), description="the worker runs")
        process.send_signal(signal.SIGSTOP)
        wait_until(lambda: not health._is_worker(seen), description="it is seen to hang")
    finally:
        process.kill()
        process.wait()


def test_a_store_that_is_away_is_said_without_its_password(monkeypatch):
    monkeypatch.setenv("STEADYPOST_STORE_URL", "postgresql+psycopg://me:hush@127.0.0.1:9/none")

    said = list(health.worker())

    assert any("the store cannot say" in line for line in said)
    assert "hush" not in "".join(said)


def test_with_everybody_on_watch_only_the_worker_is_missed(monkeypatch, tmp_path):
    monkeypatch.setenv("STEADYPOST_STORE_URL", url := f"sqlite:///{tmp_path / 'store.db'}")
    monkeypatch.setattr(health, "_is_worker", lambda _: False)
    with Store.create(url) as store:
        for flow in FLOWS:
            store.write(watches.take, flow, run_id=flow, now=datetime.now(UTC))

        assert ["no worker runs here, or it hangs"] == list(health.worker())


class Server(BaseHTTPRequestHandler):
    """Prefect's server, as far as it is asked."""

    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        self.send_response(self.server.answers.get(self.path, 200))
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    serving = HTTPServer(("127.0.0.1", 0), Server)
    serving.asked, serving.answers = [], {}
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    monkeypatch.setenv("PREFECT_SERVER_API_PORT", str(serving.server_port))
    monkeypatch.setenv("PREFECT_SERVER_API_AUTH_STRING", "steadypost:secret")
    yield serving
    serving.shutdown()
    serving.server_close()


def test_a_server_is_asked_for_its_database_and_with_its_password(server):
    assert [] == list(health.server())
    signed = "Basic " + base64.b64encode(b"steadypost:secret").decode()
    assert [("/api/ready", signed), ("/api/admin/version", signed)] == server.asked


def test_a_server_without_its_database_is_not_well(server):
    server.answers["/api/ready"] = 503

    assert ["ready is answered with 503"] == list(health.server())


def test_a_server_that_is_not_there_is_not_well(monkeypatch):
    monkeypatch.setenv("PREFECT_SERVER_API_PORT", "9")

    assert 2 == len(list(health.server()))
