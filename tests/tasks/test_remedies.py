"""Remedies: every one can be carried out, answers in words, does no harm twice, and none of them asks."""

import subprocess
import sys
from datetime import timedelta

import pytest

from steadypost.browser.processes import ProcessId, ProcessTree, Registry
from steadypost.domain.checks import RULES
from steadypost.domain.delivery import State
from steadypost.domain.health import Kind
from steadypost.domain.remedy import Remedy
from steadypost.store import reading, vitals
from tasks import observations, remedies, runs
from tasks.remedies import APPLY, flow_of, remedy


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("STEADYPOST_HOME", str(tmp_path))
    return tmp_path


def test_every_remedy_is_known_and_every_one_is_used():
    """The domain's words and what is done are one list."""
    assert set(Remedy) == set(APPLY)
    assert set(Remedy) == {one for rule in RULES.values() for one in rule.remedies}


def test_a_remedy_meets_no_channel(house, channel, claimed):
    """Whatever is applied, nothing is asked and nothing is looked for: a remedy never asks."""
    claimed("Good morning.")
    for one in (Remedy.GIVE_BACK_LEASES, Remedy.REAP_BROWSERS, Remedy.HAND_OVER):
        remedy.fn(str(one), str(Kind.LEASES), "")

    assert [] == channel.asked == channel.looked


def test_leases_are_given_back(house, claimed, time, monkeypatch):
    """What a silent worker of this machine held goes again; held by the living it stays."""
    monkeypatch.setattr("tasks.living.this_host", lambda: house.worker)
    delivery_id = claimed("Good morning.").delivery_id

    assert "0 deliveries" in remedy.fn("give_back_leases", "leases", "")
    time.pass_by(seconds=60)
    assert "1 deliveries" in remedy.fn("give_back_leases", "leases", "")
    assert State.SCHEDULED is house.store.read(reading.show, delivery_id).delivery.state
    assert "0 deliveries" in remedy.fn("give_back_leases", "leases", "")


def test_browsers_without_a_parent_are_reaped(house, home):
    """A process that its parent left behind is ended, and seen dead."""
    left = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    parent = ProcessId.of(gone.pid) or ProcessId(gone.pid, 1.0)
    gone.wait()
    from steadypost.browser.processes import Host  # noqa: PLC0415

    (home / "run").mkdir()
    Registry(home / "run").write(
        ProcessTree(
            runner_id="left", host=str(Host.here()), parent=parent, folder=str(home / "profile"),
            runner=ProcessId.of(left.pid),
        )
    )  # fmt: skip

    assert "1 browsers" in remedy.fn("reap_browsers", "browsers", "")
    assert left.wait(5) != 0
    left.stdin.close()
    assert "0 browsers" in remedy.fn("reap_browsers", "browsers", "")


def test_an_api_that_is_away_is_an_answer(house, monkeypatch):
    """A remedy that cannot be done says so; the incident goes on counting."""
    monkeypatch.setattr(runs, "client", _refused)

    assert "Prefect's API did not do it" in remedy.fn("revive_flow", "on_watch", "publish")


def _refused():
    import httpx  # noqa: PLC0415

    raise httpx.ConnectError("refused")


def test_a_worker_that_stands_still_is_ended_and_another_started(house, home, monkeypatch):
    """SIGSTOP is not death: it holds its place and starts nothing."""
    stopped = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = []
    monkeypatch.setattr(
        runs, "workers", lambda: {stopped.pid: True} if stopped.poll() is None else dict.fromkeys(started)
    )
    monkeypatch.setattr(remedies.subprocess, "Popen", _popen(started))

    effect = remedy.fn("restart_worker", "worker", "")

    assert stopped.wait(5) is not None
    assert "1 that hung ended" in effect
    assert "prefect worker start" in " ".join(started[0])
    stopped.stdin.close()


def _popen(started):
    def start(command, **_):
        started.append(tuple(command))
        return type("Started", (), {"pid": 4711})

    return start


def test_a_worker_that_runs_is_left_alone(house, monkeypatch):
    """Somebody else was faster; two would do no harm, but nobody needs them."""
    monkeypatch.setattr(runs, "workers", lambda: {1: False})
    monkeypatch.setattr(remedies.subprocess, "Popen", _popen(begun := []))

    assert "a worker runs" == remedy.fn("restart_worker", "worker", "")
    assert [] == begun


def test_where_no_worker_ever_was_none_is_started(house, monkeypatch):
    """A run in a container of its own has none beside it. One started there would end with that run, and take along every
    run on watch that it had started meanwhile.
    """
    monkeypatch.setattr(runs, "workers", dict)
    monkeypatch.setattr(remedies.subprocess, "Popen", _popen(begun := []))

    assert "no worker was ever on this machine" in remedy.fn("restart_worker", "worker", "")
    assert [] == begun


def test_a_worker_that_is_gone_from_a_machine_that_had_one_is_started(house, home, monkeypatch, time):
    monkeypatch.setattr(runs, "workers", dict)
    monkeypatch.setattr(remedies.subprocess, "Popen", _popen(begun := []))
    house.store.write(vitals.note, observations._worker_here(), well=True, now=time())

    assert "a worker was started" in remedy.fn("restart_worker", "worker", "")
    assert 1 == len(begun)


def test_beside_a_supervisor_one_that_stands_still_is_ended_and_none_started(house, monkeypatch):
    """The supervisor of the container starts it again; a second one would be nobody's."""
    stopped = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    monkeypatch.setenv("STEADYPOST_WORKER", "kept")
    monkeypatch.setattr(runs, "workers", lambda: {stopped.pid: True} if stopped.poll() is None else {})
    monkeypatch.setattr(remedies.subprocess, "Popen", _popen(begun := []))

    effect = remedy.fn("restart_worker", "worker", "")

    assert stopped.wait(5) is not None
    assert "1 that hung ended; the supervisor" in effect
    assert [] == begun
    stopped.stdin.close()


def test_the_flow_that_is_revived_is_the_one_that_is_silent():
    """Looks are the readers', everything else is the publishers'."""
    assert "reconcile" == flow_of(Kind.ON_WATCH, "reconcile")
    assert "reconcile" == flow_of(Kind.UNCONFIRMED, "alice")
    assert "publish" == flow_of(Kind.DUE, "alice")


def test_the_pauses_leave_a_remedy_time_and_a_person_is_told_within_five_minutes():
    """All tries of any kind are over, and judged, before that."""
    from steadypost.domain.incident import HELPS_WITHIN, PAUSES  # noqa: PLC0415

    longest = max(len(rule.remedies) for rule in RULES.values())
    assert sum(PAUSES[:longest], timedelta(0)) + HELPS_WITHIN < timedelta(minutes=5)
