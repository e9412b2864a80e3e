"""The network's own clock, from which all its times come; it may differ from the host's, which measures durations."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any, Final

FURTHEST_S: Final = 600.0
"""A clock further from the host's than this is a mistake in a test, not a network."""

STEEPEST_PPM: Final = 500_000.0
"""Half a second each second: steep enough to show within a test."""


class BadClock(ValueError):
    """A clock was asked for that no network has."""


def host_ms() -> int:
    """This moment in milliseconds since 1970, by the machine's clock."""
    return time.time_ns() // 1_000_000


class Clock:
    """A clock with an offset from the host's, a drift, and jumps."""

    def __init__(
        self, *, offset_s: float = 0.0, drift_ppm: float = 0.0, host: Callable[[], int] = host_ms
    ) -> None:
        self._host = host
        self._offset_ms = 0.0
        self._drift_ppm = 0.0
        self._since = host()
        self.set(offset_s=offset_s, drift_ppm=drift_ppm)

    def host_ms(self) -> int:
        """This moment by the machine's clock."""
        return self._host()

    def now_ms(self) -> int:
        """This moment by the network's clock."""
        return self._host() + self.offset_ms()

    def offset_ms(self) -> int:
        """How far the network is ahead of the host now."""
        return round(self._offset_ms + (self._host() - self._since) * self._drift_ppm / 1_000_000)

    def to_host(self, network_ms: int) -> int:
        """The host's time of a moment that the network's clock names, by what separates them now."""
        return network_ms - self.offset_ms()

    def date(self) -> str:
        """This moment as a `Date` header has it."""
        return formatdate(self.now_ms() / 1000, usegmt=True)

    def set(self, *, offset_s: float | None = None, drift_ppm: float | None = None) -> None:
        """Set what is given; the rest goes on from where it is."""
        offset_ms = float(self.offset_ms()) if offset_s is None else offset_s * 1000
        drift = self._drift_ppm if drift_ppm is None else drift_ppm
        _check(offset_ms / 1000, drift)
        self._since, self._offset_ms, self._drift_ppm = self._host(), offset_ms, drift

    def jump(self, seconds: float) -> None:
        """Put the clock forward, or with a negative number back, at once."""
        self.set(offset_s=self.offset_ms() / 1000 + seconds)

    def describe(self) -> dict[str, Any]:
        """Both clocks, as plain data."""
        host, offset = self._host(), self.offset_ms()
        return {
            "host_ms": host,
            "network_ms": host + offset,
            "offset_s": offset / 1000,
            "drift_ppm": self._drift_ppm,
        }


def _check(offset_s: float, drift_ppm: float) -> None:
    if abs(offset_s) > FURTHEST_S:
        raise BadClock(f"clock offset {offset_s:g} s: at most {FURTHEST_S:g} s ahead or behind")
    if abs(drift_ppm) > STEEPEST_PPM:
        raise BadClock(f"clock drift {drift_ppm:g} ppm: at most {STEEPEST_PPM:g} ppm either way")
