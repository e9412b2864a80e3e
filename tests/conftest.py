"""What every test may lean on: waiting for a condition with a sentence, and a house of one's own."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, settings

# Before anybody imports Prefect: a test that asks it of nothing is to fail, and not to start a server in passing.
os.environ["PREFECT_SERVER_ALLOW_EPHEMERAL_MODE"] = "false"

# A loaded machine is no reason to fail.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Take an end from outside as Ctrl-C is taken: fixtures end what they started, and nothing is left running.

    Where several processes test, the one that leads them waits for the others' fixtures: left to itself it would give
    them seconds, and then kill them.
    """
    tests = os.getpid()
    leads = session.config.pluginmanager.hasplugin("dsession")
    ended = False

    def end(number: int, _: FrameType | None) -> None:
        nonlocal ended
        if os.getpid() != tests:
            # A child that was forked, and has to end as if it had never heard of this.
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        if ended:
            return  # the fixtures are at it, and are not to be interrupted
        ended = True
        if leads:
            _end_those_led()
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    if leads or hasattr(session.config, "workerinput"):
        # A terminal tells all of them at once, and the one that leads tells them again.
        signal.signal(signal.SIGINT, end)


LONG = ("rehearsal", "flows", "tasks", "cli")
"""The folders of tests that start whole houses: minutes in one file, which two processes cannot share."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first, so that no process is left alone with one at the end.

    Within a file, and among files of a kind, the order stays as it was shuffled.
    """
    here = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(here).parts[0] if item.path.is_relative_to(here) else ""
        return LONG.index(folder) if folder in LONG else len(LONG)

    items.sort(key=place)


def _end_those_led() -> None:
    """Tell them to end, and wait until nothing that they started is left."""
    led = psutil.Process().children()
    for one in led:
        one.terminate()
    ends = time.monotonic() + 90
    while time.monotonic() < ends and any(map(_has_work, led)):
        time.sleep(0.1)  # processes of other processes: nothing tells when they are gone


def _has_work(tests: psutil.Process) -> bool:
    """Whether something that it started is still there. What counts Python's own shared memory stays as long as it."""
    try:
        return any("resource_tracker" not in " ".join(child.cmdline()) for child in tests.children())
    except psutil.NoSuchProcess:
        return tests.is_running()


@pytest.fixture(scope="session")
def wait_until():
    """Wait for a condition; the description is what a failure says."""

    def wait(what: Callable[[], Any], *, description: str, within: float = 10.0) -> Any:
        ends = time.monotonic() + within
        while True:
            found = what()
            if found:
                return found
            if time.monotonic() > ends:
                pytest.fail(f"waited {within:g} s in vain until {description}")
            time.sleep(0.05)

    return wait
