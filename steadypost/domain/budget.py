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
    """One attempt, as far as the budget is concerned."""

    at: datetime
    again: bool
    """Whether it was a retry: another attempt at the same delivery came before it."""
    worked: bool = False
    """Whether it brought an id. One that is still under way has not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much may be tried again in vain within any minute."""

    share: float = 0.2
    """At most one retry in vain for five fresh attempts."""
    floor: int = 5
    """So many besides, however few are fresh: what a crash interrupted is made good at once."""
    every: timedelta = timedelta(seconds=6)
    """So often one may be tried again in any case: otherwise the end of the trouble would not be found."""
    within: timedelta = timedelta(minutes=1)
    """How far back attempts count."""

    def left(self, tries: Iterable[Try], now: datetime) -> int:
        """Say how many may be tried again now, after these attempts."""
        recent = [one for one in tries if now - self.within < one.at <= now]
        fresh = sum(not one.again for one in recent)
        in_vain = [one.at for one in recent if one.again and not one.worked]
        trickle = not in_vain or now - max(in_vain) >= self.every
        return max(int(trickle), math.floor(self.share * fresh) + self.floor - len(in_vain))
