"""A worker that ended is started again beside its runs; told to stop, these bring home what is under way."""

import sys
import threading
from datetime import UTC, datetime

import pytest

from deployments import supervisor
from deployments.supervisor import Supervisor, give_up, held
from steadypost.browser.host import CONTAINERS, Host, note_container
from steadypost.store import Store, watches

WELL = [sys.executable, "-c", ""]


@pytest.fixture
def keeping(monkeypatch, tmp_path):
    """Keep what a test says, in a thread; ended with the test."""
    monkeypatch.setattr(supervisor, "AGAIN_AFTER", (0.01,))
    monkeypatch.setattr(supervisor, "ASKED_AGAIN_AFTER", 0.01)
    kept = []

    def keep(command, started=WELL):
        begun, left = [], []

        def next_one():
            begun.append(command)
            return command

        one = Supervisor(next_one, leave=lambda: left.append(True), started=started)
        thread = threading.Thread(target=one.keep)
        thread.start()
        kept.append((one, thread))
        return one, begun, left, thread

    yield keep
    for one, thread in kept:
        one.stop()
        thread.join(10)


def test_a_worker_that_ended_is_started_again(keeping, wait_until):
    one, begun, left, _ = keeping([sys.executable, "-c", "raise SystemExit(3)"])

    wait_until(lambda: len(begun) >= 3, description="it was started three times")
    assert one.failures >= 1
    assert [] == left


def test_told_to_stop_it_kills_the_worker_and_then_leaves(keeping, wait_until):
    """Killed and not asked: a worker that is asked takes the runs along that it started."""
    one, _, left, thread = keeping([sys.executable, "-c", "import time; time.sleep(600)"])
    wait_until(lambda: one.running, description="the worker runs")

    one.stop()
    thread.join(10)

    assert -9 == one.running.returncode
    assert [True] == left


def test_somebody_is_seen_to_be_on_watch_whenever_a_worker_starts(keeping, wait_until, tmp_path):
    """Until that has worked once it is tried again: the server may come up after the worker."""
    tried = tmp_path / "tried"
    script = (
        f"import pathlib, sys; p = pathlib.Path({str(tried)!r}); n = len(p.read_text()) if p.exists() else 0;"
        "p.write_text('x' * (n + 1)); sys.exit(n < 1)"
    )
    keeping([sys.executable, "-c", "import time; time.sleep(600)"], started=[sys.executable, "-c", script])

    wait_until(
        lambda: tried.exists() and tried.read_text() == "xx", description="it was tried again", within=20
    )


def test_only_the_seats_of_runs_that_are_here_are_given_up(tmp_path, monkeypatch):
    """Another machine's run on watch is not relieved because this one is updated."""
    monkeypatch.setenv("STEADYPOST_HOME", str(tmp_path))
    monkeypatch.setenv("STEADYPOST_STORE_URL", url := f"sqlite:///{tmp_path / 'store.db'}")
    with Store.create(url) as store:
        store.write(watches.take, "publish", run_id="here", now=datetime.now(UTC))
        store.write(watches.take, "reconcile", run_id="elsewhere", now=datetime.now(UTC))

        assert ["publish"] == give_up({"here"})
        assert False is store.write(watches.heartbeat, "publish", run_id="here", now=datetime.now(UTC))
        assert True is store.write(watches.heartbeat, "reconcile", run_id="elsewhere", now=datetime.now(UTC))


def test_one_container_has_a_home_and_the_next_knows_that_it_is_over(tmp_path, monkeypatch, wait_until):
    """The second waits; then it knows of the first that nothing of it acts any more, and not the other way round."""
    monkeypatch.setenv("STEADYPOST_RUN_DIR", str(tmp_path))
    monkeypatch.setattr(supervisor, "ENDS_AFTER", 0.0)
    first, second = Host("first", "boot", "1"), Host("second", "boot", "2")
    let_go, has_it = threading.Event(), threading.Event()
    heres = {"one": first, "two": second}
    monkeypatch.setattr(Host, "here", lambda: heres[threading.current_thread().name])

    def hold(until):
        with held(tmp_path):
            has_it.set()
            until.wait(10)

    one = threading.Thread(target=hold, args=(let_go,), name="one")
    one.start()
    assert has_it.wait(10)
    has_it.clear()
    two = threading.Thread(target=hold, args=(done := threading.Event(),), name="two")
    two.start()

    assert not has_it.wait(0.3)
    let_go.set()
    assert has_it.wait(10)
    done.set()
    one.join(10)
    two.join(10)

    heres[threading.current_thread().name] = second
    assert (True, False) == (first.is_over(), second.is_over())
    heres[threading.current_thread().name] = first
    assert False is second.is_over()


def test_of_a_container_that_never_had_this_home_nothing_is_known(tmp_path, monkeypatch):
    monkeypatch.setenv("STEADYPOST_RUN_DIR", str(tmp_path))
    here = Host.here()

    assert False is Host("other", here.boot, "7").is_over()
    note_container(tmp_path, here)
    assert False is Host("other", here.boot, "7").is_over()
    assert str(here) == (tmp_path / CONTAINERS).read_text().strip()
