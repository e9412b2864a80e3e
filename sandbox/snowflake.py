"""Ids as the network makes them: decimal strings that tell their own time."""

from __future__ import annotations

from typing import Final

from sandbox.clock import Clock

EPOCH_MS: Final = 1_288_834_974_657
"""The moment at which the network's clock stood at zero."""

TIME_SHIFT: Final = 22


def time_of(snowflake: str) -> int:
    """When the thing with this id was made, in milliseconds since 1970 by the network's clock."""
    return (int(snowflake) >> TIME_SHIFT) + EPOCH_MS


def first_of(moment_ms: int) -> int:
    """The smallest id of a moment."""
    return (moment_ms - EPOCH_MS) << TIME_SHIFT


class Snowflakes:
    """A maker of ids that never repeat. They follow the network's clock, also when that is put back."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._made: dict[int, int] = {}

    def now(self) -> str:
        """An id for something that happens at this moment."""
        return self.at(self._clock.now_ms())

    def at(self, moment_ms: int) -> str:
        """An id for something that happens at a moment; several in one millisecond stay distinct and in order."""
        sequence = self._made.get(moment_ms, 0)
        self._made[moment_ms] = sequence + 1
        return str(first_of(moment_ms) + sequence)
