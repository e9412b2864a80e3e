"""What every test may lean on: waiting for a condition with a sentence, and a house of one's own."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

# Before anybody imports Prefect: a test that asks it of nothing is to fail, and not to start a server in passing.
os.environ["PREFECT_SERVER_ALLOW_EPHEMERAL_MODE"] = "false"


def pytest_sessionstart() -> None:
    """Take an end from outside as Ctrl-C is taken: fixtures end what they started, and nothing is left running."""
    tests = os.getpid()

    def end(number: int, _: FrameType | None) -> None:
        if os.getpid() != tests:
            # A child that was forked, and has to end as if it had never heard of this.
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)


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
