"""Whether a process that had a request open may still act, and when nobody can say."""

from __future__ import annotations

import subprocess
import sys

import psutil
import pytest

from steadypost.browser import processes
from steadypost.browser.host import Host, note_container
from steadypost.channels import executor

ANOTHER = """
import sys
from steadypost.channels import executor
with executor.acting() as name:
    print(name, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def another():
    """Another process, with a request open; its executor's name."""
    with subprocess.Popen(
        [sys.executable, "-c", ANOTHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        process.name = process.stdout.readline().strip()
        yield process
        process.kill()


def test_a_process_that_lives_may_act_and_one_that_was_killed_may_not(another):
    assert True is executor.may_still_act(another.name)

    another.kill()
    another.wait()

    assert False is executor.may_still_act(another.name)


def test_a_clock_that_is_set_makes_nobody_dead(another, monkeypatch):
    """The kernel's time of boot, from which the time of day of a birth is reckoned, moves with the clock."""
    monkeypatch.setattr(psutil.Process, "create_time", lambda _: 1_700_000_000.0)

    assert True is executor.may_still_act(another.name)


def test_a_process_that_cannot_be_read_is_not_called_dead(another, monkeypatch):
    """A machine without a free file handle reads nothing, and that is no proof of anybody's death."""
    monkeypatch.setattr(executor, "birth", lambda _: None)
    monkeypatch.setattr(processes, "birth", lambda _: None)

    assert None is executor.may_still_act(another.name)


def test_a_container_that_had_this_home_before_acts_no_more(another, tmp_path, monkeypatch):
    """One that may live elsewhere is not known; one whose home this container has now, is over."""
    monkeypatch.setenv("STEADYPOST_RUN_DIR", str(tmp_path))
    here = Host.here()
    before = Host("box", here.boot, "7")
    name = another.name.replace(str(here), str(before))

    assert None is executor.may_still_act(name)

    note_container(tmp_path, before)
    note_container(tmp_path, here)

    assert False is executor.may_still_act(name)
    assert True is executor.may_still_act(another.name)
