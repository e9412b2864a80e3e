"""How long to wait for X after the click."""

from __future__ import annotations

import time
from collections.abc import Callable

MARGIN = 1.5
"""Seconds before the deadline at which waiting ends, so that what is known still gets home."""

QUIET = 20.0
"""Seconds without a request on its way after which the page is not going to send one."""

BRISK_FOR = 1.0
BRISK_MS = 5.0
CALM_MS = 25.0
"""How often to see whether the answer is there: often at first, when most answers come."""


class Patience:
    """When to look again, and when to stop."""

    def __init__(self, remaining: Callable[[], float], clock: Callable[[], float] = time.monotonic) -> None:
        self._remaining = remaining
        self._clock = clock
        self._began = self._busy_at = clock()

    def ended(self, *, waiting: bool) -> bool:
        """Whether nothing more is worth waiting for. A request on its way is, until the deadline."""
        moment = self._clock()
        if waiting:
            self._busy_at = moment
        return self._remaining() < MARGIN or moment - self._busy_at > QUIET

    def pause_ms(self) -> float:
        """How long until the next look."""
        return BRISK_MS if self._clock() - self._began < BRISK_FOR else CALM_MS
