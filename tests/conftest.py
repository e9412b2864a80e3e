"""What every test may lean on: waiting for a condition with a sentence, and a house of one's own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import pytest

# Before anybody imports Prefect: a test that asks it of nothing is to fail, and not to start a server in passing.
os.environ["PREFECT_SERVER_ALLOW_EPHEMERAL_MODE"] = "false"


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
