"""Ends the process of a run that hangs past its deadline, by the interpreter's own watchdog (a C thread).

Prefect's timeout cannot interrupt a wait in C. Stacks are written without values; exit code 1 starts another run.
"""

from __future__ import annotations

import contextlib
import faulthandler
import sys
import time
from collections.abc import Iterator
from datetime import timedelta

AGAIN_AFTER = 1.0
"""Seconds after which a deadline is moved on. Each time the watchdog is another thread, which has its price."""


class Deadline:
    """The end of one block, by the monotonic clock."""

    def __init__(self, length: timedelta) -> None:
        self._length = length.total_seconds()
        self._set_at = time.monotonic()

    @property
    def at(self) -> float:
        """When the process ends."""
        return self._set_at + self._length

    def again(self) -> None:
        """Restart the time, for a loop in which each cycle has this deadline."""
        if time.monotonic() - self._set_at >= AGAIN_AFTER:
            self._set_at = time.monotonic()
            _arm()


_deadlines: list[Deadline] = []
"""Those in force; the nearest counts."""


@contextlib.contextmanager
def ended_within(length: timedelta) -> Iterator[Deadline]:
    """End this process unless the block is left in time. Blocks may be nested."""
    _deadlines.append(deadline := Deadline(length))
    _arm()
    try:
        yield deadline
    finally:
        _deadlines.remove(deadline)
        _arm()


def _arm() -> None:
    if not _deadlines:
        faulthandler.cancel_dump_traceback_later()
        return
    left = max(0.001, min(one.at for one in _deadlines) - time.monotonic())
    # Not sys.stderr: a test, or Prefect, may have put something there that is no file.
    faulthandler.dump_traceback_later(left, exit=True, file=sys.__stderr__ or 2)
