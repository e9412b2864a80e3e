"""The browser that probes have for themselves."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from steadypost.browser import Loan, Pool

UNUSED_FOR = 60.0
"""Seconds after which the browser of probes is ended: longer than any circuit of X's waits between two trials."""


class ProbeBrowser:
    """A browser of its own for probes, there only while something is being tried.

    A page that hangs under a probe takes no publisher's place, and while all is well it costs no memory.
    """

    def __init__(self, start: Callable[[], Pool]) -> None:
        self._start = start
        self._lock = threading.Lock()
        self._pool: Pool | None = None
        self._users = 0
        self._unused_since = 0.0

    @contextlib.contextmanager
    def lend(self, within: float, *, key: str | None = None) -> Iterator[Loan]:
        """Lend it, as a pool does."""
        with self._lock:
            self._users += 1
            pool = self._pool = self._pool or self._start()
        try:
            with pool.lend(within, key=key) as lane:
                yield lane
        finally:
            with self._lock:
                self._users -= 1
                self._unused_since = time.monotonic()

    def rest(self) -> None:
        """End it when nothing was tried for a while; beside the caller, who has posts waiting."""
        with self._lock:
            if self._pool is None or self._users or time.monotonic() - self._unused_since < UNUSED_FOR:
                return
            pool, self._pool = self._pool, None
        threading.Thread(target=pool.close, name="probe-browser-ends", daemon=True).start()

    def close(self) -> None:
        """End it now."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()
