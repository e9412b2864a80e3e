"""How much may be tried again at all, by everybody together.

A retry is worth one fresh attempt's place in the queue while the network is well, and nothing while it is
not: then everything is retried, and the retries are what keeps it ill. So fresh attempts save up for retries,
and a retry that did not work has spent what they saved. One that worked has cost nothing: when the trouble is
over, what waited goes out as fast as it can.

The idea is the retry budget of Finagle (Twitter, 2016), with attempts read back from the store instead of a
counter in one process, so that it is the whole system's and survives its restarts.
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
