"""One ``steadypost up`` for a home: a lock, which also tells other commands that it runs, and since when."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from steadypost import private
from steadypost.cli.endings import Ending, Stop

LOCK = "up.lock"

TRIES = 10
"""How often it is tried, a tenth of a second apart: ``started`` holds the lock for an instant."""


@contextlib.contextmanager
def alone(home: Path) -> Iterator[None]:
    """Let one of them run for a home."""
    with os.fdopen(os.open(home / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, private.FILE), "w") as file:
        for left in reversed(range(TRIES)):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not left:
                    message = f"another 'steadypost up' runs for {home}"
                    remedy = "end that one, or set STEADYPOST_HOME"
                    raise Stop(Ending.REFUSED, "runs_already", message, remedy) from None
            time.sleep(0.1)  # nothing tells when the other has given it up
        os.utime(file.fileno())
        yield


def started(home: Path) -> datetime | None:
    """Say when the ``steadypost up`` that runs for a home was started; ``None`` where none runs."""
    with contextlib.suppress(OSError), (home / LOCK).open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
    return None
