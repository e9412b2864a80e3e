"""Observing: each thing by itself; what cannot be seen is named, and keeps nothing else from being seen."""

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL, temporary_settings

from steadypost.domain.circuit import Revision, State
from steadypost.domain.circuit.memory import Memory as CircuitMemory
from steadypost.domain.health import Tolerances
from steadypost.domain.observed import BlocksSeen, Cannot, PrefectSeen, StoreSeen
from steadypost.store import StoreAway, vitals
from tasks import runs
from tasks.observations import Glance, Memory, observe, open_circuits
from tests.rooms import instead
from tests.tasks.conftest import NOW


@pytest.fixture
def memory(tmp_path, monkeypatch):
    monkeypatch.setenv("STEADYPOST_HOME", str(tmp_path))
    (tmp_path / "run").mkdir()
    return Memory(tolerances=Tolerances())


@pytest.fixture
def away(monkeypatch):
    def client():
        raise httpx.ConnectError("refused")

    monkeypatch.setattr(runs, "client", client)


def test_with_prefect_away_the_rest_is_seen(house, memory, away):
    """And the blocks as last read serve, where they ever were."""
    seen = observe(house, memory)

    assert isinstance(seen.prefect, Cannot)
    assert "ConnectError" in seen.prefect.why
    assert isinstance(seen.blocks, Cannot)
    assert isinstance(seen.store, StoreSeen)
    assert seen.machine.disk_free_mb > 0
    memory.blocks = known = BlocksSeen()
    assert known is observe(house, memory).blocks


def test_with_the_store_away_the_rest_is_seen(house, memory, away, monkeypatch):
    """Its password is in no word of it."""

    def refused(*_, **__):
        raise StoreAway("the store at postgresql://u:s3cret@h/d is away", remedy="wait")

    monkeypatch.setattr(house.store, "observe", refused)
    seen = observe(house, memory)

    assert isinstance(seen.store, Cannot)
    assert "s3cret" not in seen.store.why
    assert seen.machine.memory_free_mb > 0


def test_a_browser_is_left_behind_when_nobody_has_collected_it_within_a_round(
    house, memory, away, monkeypatch
):
    """One whose process has just died is collected by the run that comes next."""
    found = ["one"]
    monkeypatch.setattr("tasks.observations.orphans", lambda _: found)
    assert 0 == observe(house, memory).machine.orphans

    found[:] = ["one", "two"]
    assert 1 == observe(house, memory).machine.orphans
    found[:] = []
    assert 0 == observe(house, memory).machine.orphans


def test_a_worker_that_goes_between_two_rounds_makes_the_next_come_at_once(monkeypatch):
    """Not at the first glance, for somebody may be starting it anew; and not when it is known already."""
    there = {}
    monkeypatch.setattr(runs, "workers", lambda: there)

    def glances(*seen):
        for workers in seen:
            there.clear()
            there.update(workers)
            yield glance.alarms()

    runs_well, stands_still, gone = {1: False}, {1: True}, {}
    glance = Glance()
    assert [False, False] == list(glances(gone, gone)), "no round has seen one yet"
    glance.after(well=True)
    assert [False, False, False, True] == list(glances(gone, runs_well, stands_still, gone))
    glance.after(well=False)
    assert [False, False] == list(glances(gone, gone)), "it is known"


def test_a_glance_at_a_worker_that_is_known_reads_no_other_process(monkeypatch):
    """It comes every four seconds, for years, and a machine has hundreds of processes."""
    at_work = {1: False}
    scans = []
    monkeypatch.setattr(runs, "still_works", lambda pid: at_work.get(pid) is False)
    monkeypatch.setattr(runs, "workers", lambda: scans.append("all") or dict(at_work))
    glance = Glance()
    glance.after(well=True)

    assert [False, False, False] == [glance.alarms() for _ in range(3)]
    assert 1 == len(scans)
    at_work.clear()
    assert [False, True] == [glance.alarms() for _ in range(2)]
    at_work[2] = False
    assert [False, False] == [glance.alarms() for _ in range(2)], "another one is looked for, and found"
    assert 4 == len(scans)


def test_a_process_still_works_while_it_is_a_worker_that_moves():
    """Its number may be that of something else by now."""
    words = ["-c", "print(flush=True); input()", "prefect", "worker start", runs.POOL]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, *words], **pipes) as worker:
        worker.stdout.readline()  # until then it may still have the words of this process
        assert runs.still_works(worker.pid)
        worker.send_signal(signal.SIGSTOP)
        os.waitpid(worker.pid, os.WUNTRACED)
        assert not runs.still_works(worker.pid)
        worker.kill()
    assert not runs.still_works(worker.pid)
    assert not runs.still_works(os.getpid())


def test_a_round_waits_once_for_a_store_that_is_away(house, memory, away, monkeypatch):
    """Each question to one that is locked takes five seconds, and the next round would be late for it."""
    asked = []

    def refused(*_, **__):
        asked.append("the store")
        raise StoreAway("locked", remedy="wait")

    monkeypatch.setattr(house.store, "observe", refused)
    for asked_of in (vitals.note, vitals.every):
        instead(monkeypatch, house.store, asked_of, refused)
    monkeypatch.setattr(runs, "workers", lambda: {1: False})
    observe(house, memory)

    assert 1 == len(asked)


def test_what_prefect_does_not_answer_is_asked_once_more_and_no_more(monkeypatch):
    """Its client would go on for a minute and more, and the round with it."""
    asked = []

    class Busy(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(503)
            self.send_header("Retry-After", "0")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    monkeypatch.setattr(runs, "answers", lambda: None)
    with HTTPServer(("127.0.0.1", 0), Busy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/api"
        with temporary_settings({PREFECT_API_URL: url}), pytest.raises(PrefectHTTPStatusError):
            ask_for_flows()
        server.shutdown()

    assert 2 == len(asked)


def ask_for_flows():
    with runs.client() as api:
        api.read_flows()


def test_a_clock_that_is_set_is_seen_by_how_much(house, memory, away, time):
    """By what the time that passed says, and not the clock."""
    assert timedelta(0) == observe(house, memory).machine.clock_jump
    time.pass_by(hours=1)

    assert timedelta(minutes=59) < observe(house, memory).machine.clock_jump <= timedelta(hours=1)


def test_a_store_that_takes_its_time_has_not_moved_the_clock(house, memory, away, time, monkeypatch):
    """A round may wait for it in its middle: the clock and what ticks are read at one instant."""
    ticks = [1000.0]
    monkeypatch.setattr("tasks.observations.time.monotonic", lambda: ticks[0])
    looked = house.store.observe

    def slow(*words, **named):
        ticks[0] += 15
        time.pass_by(seconds=15)
        return looked(*words, **named)

    observe(house, memory)
    monkeypatch.setattr(house.store, "observe", slow)
    assert timedelta(0) == observe(house, memory).machine.clock_jump
    monkeypatch.setattr(house.store, "observe", looked)

    assert timedelta(0) == observe(house, memory).machine.clock_jump


def test_a_server_that_does_not_answer_holds_up_no_round(house, memory, monkeypatch):
    """It is asked once, by a question of our own: Prefect's client would repeat it for a minute."""
    asked = []

    def get(url, *, timeout, **_):
        asked.append((url, timeout))
        raise httpx.ReadTimeout("nothing came")

    monkeypatch.setattr(runs.httpx, "get", get)
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:1/api"}):
        assert isinstance(observe(house, memory).prefect, Cannot)
        assert [("http://127.0.0.1:1/api/health", runs.PATIENCE_S)] == asked
        assert not isinstance(observe(house, memory).prefect, PrefectSeen)


def test_a_circuit_says_whose_posts_wait_for_it():
    """An account's page and sign-in stop that account; what waits for a sign-in waits for a person."""
    down = CircuitMemory(state=State.OPEN, since=NOW, down_since=NOW, why="it is down")
    pages = {
        name: [Revision(number=1, memory=down)] for name in ("x-page-alice", "sign-in-bob", "notifications")
    }
    seen = {one.name: one for one in open_circuits(pages, {"alice": True, "bob": True})}

    assert (frozenset({"alice"}), False) == (seen["x-page-alice"].stops, seen["x-page-alice"].is_sign_in)
    assert (frozenset({"bob"}), True) == (seen["sign-in-bob"].stops, seen["sign-in-bob"].is_sign_in)
    assert frozenset() == seen["notifications"].stops
