"""Ids as the network makes them: decimal strings that tell their own time."""

from __future__ import annotations

import time
from typing import Final

EPOCH_MS: Final = 1_288_834_974_657
"""The moment at which the network's clock stood at zero."""

TIME_SHIFT: Final = 22


def now_ms() -> int:
    """This moment in milliseconds since 1970, as every time in the ledger is written."""
    return time.time_ns() // 1_000_000


def time_of(snowflake: str) -> int:
    """When the thing with this id was made, in milliseconds since 1970."""
    return (int(snowflake) >> TIME_SHIFT) + EPOCH_MS


class Snowflakes:
    """A maker of ids that never repeat, and never go backwards for things made now."""

    def __init__(self) -> None:
        self._last = 0
        self._past: dict[int, int] = {}

    def now(self) -> str:
        """An id for something that happens at this moment."""
        self._last = max(self._last + 1, (now_ms() - EPOCH_MS) << TIME_SHIFT)
        return str(self._last)

    def at(self, moment_ms: int) -> str:
        """An id for something that happened in the past; several in one millisecond stay distinct."""
        sequence = self._past.get(moment_ms, 0)
        self._past[moment_ms] = sequence + 1
        return str(((moment_ms - EPOCH_MS) << TIME_SHIFT) + sequence)
