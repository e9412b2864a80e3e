"""What the benches share works without a house: their posts, their unconfirmed deliveries, what they measure."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from bench.house import Cost, bare, enter, kind_of, know, leave_unconfirmed, measured, pss_mb
from rehearsal.waiting import NotInTime, until
from steadypost.domain.delivery import State
from steadypost.store import Store, reading
from tasks.runs import RUN_ID

MINUTE = timedelta(minutes=1)


@pytest.fixture
def store(tmp_path):
    """A store that knows Alice and Bob."""
    with Store.create(f"sqlite:///{tmp_path}/store.db") as store:
        know(store, ("alice", "bob"))
        yield store


@pytest.mark.parametrize("due", [-MINUTE, MINUTE], ids=["past", "to come"])
def test_a_post_comes_in_for_its_time(store, due):
    at = datetime.now(UTC) + due
    shown = store.read(reading.show, enter(store, "alice", "High water", at))

    assert (State.SCHEDULED, at, "alice") == (
        shown.delivery.state,
        shown.delivery.due_at,
        shown.delivery.account,
    )


def test_the_same_words_come_in_twice_only_where_that_is_said(store):
    at = datetime.now(UTC)
    ids = [enter(store, "alice", "High water", at), enter(store, "alice", "High water", at)]
    meant = enter(store, "alice", "High water", at, allow_repeat=True)

    assert [State.SCHEDULED, State.HELD] == [store.read(reading.show, one).delivery.state for one in ids]
    assert State.SCHEDULED is store.read(reading.show, meant).delivery.state


def test_what_is_left_unconfirmed_was_asked_for_and_never_learnt(store):
    for n in range(3):
        leave_unconfirmed(store, "bob", f"Lost at sea {n}", datetime.now(UTC) - n * MINUTE)

    assert 3 == store.read(reading.counts)[State.UNCONFIRMED]


def test_waiting_says_what_was_waited_for():
    with pytest.raises(NotInTime, match="in vain until the tide turns"):
        until(lambda: False, "the tide turns", within=0, pace=0)
    assert "it did" == until(lambda: "it did", "the tide turns", within=0)


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        (["python", "-m", "sandbox.mastodon"], "sandbox"),
        (["python", "-m", "steadypost.browser.runner_process"], "browsers"),
        (["python", "-m", "prefect", "worker", "start"], "worker"),
        (["python", "-m", "prefect", "server", "start"], "server"),
        (["node", "playwright/cli.js"], "drivers of the browsers"),
        (["python", "-m", "prefect.engine"], "run of publish"),
    ],
)
def test_a_process_is_known_by_its_command_or_its_run(command, kind):
    process = SimpleNamespace(cmdline=lambda: command, name=lambda: command[0], environ=lambda: {RUN_ID: "r"})

    assert kind == kind_of(process, {"r": "publish"})


def test_a_browser_s_own_processes_are_browsers_whatever_they_were_called_with():
    process = SimpleNamespace(cmdline=lambda: ["--type=gpu"], name=lambda: "chromium", environ=dict)

    assert "browsers" == kind_of(process, {})


def test_what_is_none_of_these_is_something_else():
    process = SimpleNamespace(cmdline=lambda: ["bash"], name=lambda: "bash", environ=dict)

    assert "something else" == kind_of(process, {})


# More than is waited for: the kernel tells a process's time in whole ticks, its two parts rounded down.
SPENDS = "import time; end = time.process_time() + 0.5\nwhile time.process_time() < end: pass\ninput()"


def test_processor_time_is_that_of_the_tree_since_the_restart_and_memory_that_of_all():
    with subprocess.Popen([sys.executable, "-c", SPENDS], stdin=subprocess.PIPE) as process:
        with measured([process.pid]) as cost:
            until(lambda: cost.sample() or cost.cpu_s() >= 0.3, "it has spent its time", within=60)
            cost.restart()
            since = cost.cpu_s()
        process.communicate(b"\n")

    assert 0 <= since < 0.1
    assert cost.peak_mb >= 1


def test_what_is_left_out_costs_no_processor_time():
    cost = Cost([])
    cost._cpu = {1: 5.0, 2: 3.0}
    cost._but = {2}

    assert 5.0 == cost.cpu_s()


def test_memory_is_read_of_a_process_that_lives():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        held = pss_mb(process.pid)
        process.communicate(b"\n")

    assert held > 0


def test_a_bare_script_that_does_not_come_up_is_named(monkeypatch, tmp_path):
    (tmp_path / "silent.py").write_text("import sys; sys.stdin.read()\n")
    monkeypatch.setattr("bench.house.ROOT", tmp_path)

    with pytest.raises(RuntimeError, match="silent did not come up"):
        bare("silent", {})


def test_a_bare_script_that_breaks_off_is_named(monkeypatch, tmp_path):
    (tmp_path / "broken.py").write_text(
        "import sys; sys.stdin.read(); print('ready', flush=True); sys.exit(3)\n"
    )
    monkeypatch.setattr("bench.house.ROOT", tmp_path)

    with pytest.raises(RuntimeError, match="broken failed"):
        bare("broken", {})


def test_a_bare_script_is_given_its_work_and_waited_for(monkeypatch, tmp_path):
    (tmp_path / "working.py").write_text(
        "import json, sys; told = json.load(sys.stdin); print('ready', flush=True)\n"
        "open('done', 'w').write(told['post'])\n"
    )
    monkeypatch.setattr("bench.house.ROOT", tmp_path)
    before = datetime.now(UTC).timestamp()
    began, cost = bare("working", {"post": "High water"})

    assert "High water" == (tmp_path / "done").read_text()
    assert before <= began <= datetime.now(UTC).timestamp()
    assert cost.cpu_s() >= 0
