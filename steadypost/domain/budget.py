"""The retry budget of the whole system: fresh attempts save up for retries, and a retry that failed spends.

As Finagle's (Twitter, 2016), but read back from the store's attempts, so that it is shared and survives restarts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One attempt, as the budget sees it."""

    at: datetime
    again: bool
    """Whether it was a retry: another attempt at the same delivery came before it."""
    worked: bool = False
    """Whether it brought an id. One that is still under way has not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How many retries may fail within any minute."""

    share: float = 0.2
    """At most one failed retry for five fresh attempts."""
    floor: int = 5
    """As many again without fresh attempts, so that what a crash interrupted resumes at once."""
    every: timedelta = timedelta(seconds=6)
    """One retry this often in any case: otherwise the end of a fault would go unnoticed."""
    within: timedelta = timedelta(minutes=1)
    """How far back attempts count."""

    def left(self, tries: Iterable[Try], now: datetime) -> int:
        """Count the retries allowed now, after these attempts."""
        recent = [one for one in tries if now - self.within < one.at <= now]
        fresh = sum(not one.again for one in recent)
        in_vain = [one.at for one in recent if one.again and not one.worked]
        trickle = not in_vain or now - max(in_vain) >= self.every
        return max(int(trickle), math.floor(self.share * fresh) + self.floor - len(in_vain))
