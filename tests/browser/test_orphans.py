"""What a killed parent leaves behind is found by the next one, and ended."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import steadypost
from steadypost.browser import BrowserIdentity, is_dead, reap_orphans
from steadypost.browser.processes import Host, ProcessId, ProcessTree, Registry, birth
from tests.browser.support import alive, job, process_tree, soon, wait_until

ROOT = Path(steadypost.__file__).parents[1]


@pytest.fixture
def parent(run_dir):
    """Start a parent whose runner is in the middle of a job; it is killed at the latest when the test ends."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.browser.parent_to_be_killed", str(run_dir)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            process.identity = BrowserIdentity.parse(process.stdout.readline().strip())
            yield process
        finally:
            process.kill()
    reap_orphans(run_dir)


def members(run_dir):
    (known,) = Registry(run_dir).all()
    return known, [process.pid for process in known.living()]


@pytest.mark.browser
def test_a_killed_parent_leaves_nothing_running(parent, run_dir):
    """The kernel ends the runner with its parent, the driver's pipe ends the browser, and the rest is cleared away."""
    known, pids = members(run_dir)
    assert len(pids) > 4

    parent.kill()
    parent.wait()
    wait_until(lambda: not known.runner.is_alive(), "the kernel ends the runner with its parent", within=1)
    reap_orphans(run_dir)

    assert not alive(pids)
    assert is_dead(parent.identity)
    assert not list(run_dir.glob("*"))
    assert not Path(known.folder).exists()


@pytest.mark.browser
def test_a_stopped_browser_of_a_killed_parent_is_ended_too(parent, run_dir):
    """It reads no pipe, so nobody but the next parent ends it; till then it counts as able to act."""
    known, pids = members(run_dir)
    os.killpg(parent.identity.group, signal.SIGSTOP)
    parent.kill()
    parent.wait()
    wait_until(lambda: not known.runner.is_alive(), "the kernel ends the runner with its parent", within=1)
    assert is_dead(parent.identity) is False

    assert reap_orphans(run_dir) == [known.runner_id]

    assert not alive(pids)
    assert is_dead(parent.identity) is True


@pytest.mark.browser
def test_a_living_parents_runner_is_left_alone(new_runner, run_dir):
    """Two workers share a folder: one's start must not end the other's browser."""
    runner = new_runner()

    assert [] == reap_orphans(run_dir)
    assert is_dead(str(runner.identity)) is False
    assert 1 == runner.run(job("echo", 1), deadline=soon())


@pytest.mark.browser
def test_the_registry_is_for_our_eyes_only(new_runner, run_dir):
    """One file per runner, readable by its user."""
    runner = new_runner()
    (path,) = run_dir.glob("*")

    assert 0o600 == path.stat().st_mode & 0o777
    assert json.loads(path.read_text())["runner_id"] == runner.process_tree.runner_id
    assert Registry(run_dir).all() == [runner.process_tree]


@pytest.mark.browser
def test_a_browser_lives_while_any_of_its_processes_does(new_runner):
    """A dead main process with a living child is not a dead browser."""
    runner = new_runner()
    text = str(runner.identity)
    assert BrowserIdentity.parse(text) == runner.identity
    assert is_dead(text) is False

    os.killpg(runner.identity.group, signal.SIGSTOP)
    # Counted once it is stopped: a browser that has just started still starts processes.
    pids = process_tree(runner)
    os.kill(runner.identity.chromium.pid, signal.SIGKILL)
    wait_until(lambda: not runner.identity.chromium.is_alive(), "the main process is dead")
    assert is_dead(text) is False

    os.killpg(runner.process_tree.runner.pid, signal.SIGKILL)
    wait_until(lambda: not runner.process_tree.runner.is_alive(), "the runner is dead")

    def both_say_the_same():
        # The runner's own group was killed a moment ago, and its members die one after the other.
        left = set(alive(pids))
        return left and {process.pid for process in runner.process_tree.living()} == left

    wait_until(both_say_the_same, "what is left is exactly the browser's stopped processes")

    runner.kill()
    assert not alive(pids)
    assert is_dead(text) is True


def test_another_place_can_not_be_judged_from_here():
    """Of another machine or another container we know nothing; of this one before its last start, everything is dead."""
    here = Host.here()
    me = ProcessId.of(os.getpid())

    def judged(**changes):
        return is_dead(str(BrowserIdentity(dataclasses.replace(here, **changes), me, os.getpgrp())))

    assert judged(name="elsewhere.1234") is None
    assert judged(namespace="1") is None
    assert judged(boot="0badb007") is True
    assert judged() is False


def test_a_number_given_to_somebody_else_is_not_our_browser():
    """A process number comes round again; the birth tells the two apart, and the newcomer is not killed."""
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as stranger:
        try:
            earlier = ProcessId(stranger.pid, birth(stranger.pid) - 5)
            known = ProcessTree(
                "cafe",
                str(Host.here()),
                earlier,
                "nowhere/steadypost-cafe",
                earlier,
                earlier,
                earlier.pid,
            )

            assert is_dead(known.identity())
            assert not known.living()
        finally:
            stranger.kill()


def test_files_of_an_earlier_start_are_cleared_away_without_killing(run_dir, tmp_path):
    """After a restart of the machine the recorded numbers mean strangers."""
    folder = tmp_path / "steadypost-cafe"
    folder.mkdir()
    me = ProcessId.of(os.getpid())
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as stranger:
        try:
            now = ProcessId.of(stranger.pid)
            before = str(dataclasses.replace(Host.here(), boot="0badb007"))
            Registry(run_dir).write(ProcessTree("cafe", before, me, str(folder), now, now, now.pid))

            assert ["cafe"] == reap_orphans(run_dir)
            assert stranger.poll() is None
            assert not folder.exists()
        finally:
            stranger.kill()


def test_a_file_that_can_not_be_read_is_left_for_a_person(run_dir):
    """Half a file is no order to kill, and no reason not to start."""
    run_dir.mkdir()
    (run_dir / "runner-cafe.json").write_text('{"runner_id": "ca')

    assert [] == reap_orphans(run_dir)
    assert (run_dir / "runner-cafe.json").exists()
