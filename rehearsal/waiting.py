"""Waiting for what other processes do: nothing tells when it is done, so it is asked for again and again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


class NotInTime(TimeoutError):
    """What was waited for did not come."""


def until(
    what: Callable[[], Any],
    description: str,
    within: float,
    *,
    pace: float = 0.1,
    given_up: Callable[[], bool] = lambda: False,
) -> Any:
    """Ask every ``pace`` seconds until the answer is true, and return it; ``NotInTime`` says what was waited for."""
    ends = time.monotonic() + within
    while not (found := what()):
        if time.monotonic() > ends or given_up():
            raise NotInTime(f"waited {within:g} s in vain until {description}")
        time.sleep(pace)  # nothing tells when another process is done
    return found
