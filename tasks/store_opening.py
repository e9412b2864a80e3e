"""Opens the store for a run, waiting ever longer, out of step, within its deadline while it is away.

A run that failed instead would be replaced at once: a storm of runs.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from steadypost.store import SchemaMismatch, StoreAway

Log = logging.Logger | logging.LoggerAdapter[logging.Logger]

FIRST_WAIT = timedelta(seconds=0.5)
"""How long to wait after the first try; doubled each time. A database that restarts is back within seconds."""

LONGEST_WAIT = timedelta(seconds=10)
"""No wait grows beyond this: due posts go out soon after the store is back."""

OTHER_TABLES_WAIT = timedelta(minutes=2)
"""How long to wait for another version's tables: a migration may be under way; else only other code helps."""


Found = TypeVar("Found")


@dataclass(kw_only=True)
class Patience:
    """How a run waits for the store, and how long."""

    within: timedelta
    log: Log
    sleep: Callable[[float], None] = time.sleep
    ticks: Callable[[], float] = time.monotonic
    dice: random.Random = field(default_factory=random.SystemRandom)

    def opened(self, open_it: Callable[[], Found]) -> Found:
        """Open the store, or read what a run cannot begin without, as soon as it is there; raises what ``open_it`` raises
        when the time is over.

        Where the store is, is asked anew each time: the block that says so may have been mended meanwhile.
        """
        began, tries = self.ticks(), 0
        while True:
            try:
                return open_it()
            except (StoreAway, SchemaMismatch) as why:
                wait = wait_after(tries, self.dice.random())
                waited = timedelta(seconds=self.ticks() - began)
                if waited + wait > longest(why, self.within):
                    raise
                self.log.log(
                    logging.WARNING if tries == 0 else logging.DEBUG, "waiting for the store: %s", why
                )
            self.sleep(wait.total_seconds())
            tries += 1


def wait_after(tries: int, chance: float) -> timedelta:
    """Say how long to wait after the n-th try in vain: growing, capped, its upper half left to chance."""
    grown = min(LONGEST_WAIT, FIRST_WAIT * (1 << min(tries, 10)))
    return grown / 2 + grown / 2 * chance


def longest(why: StoreAway | SchemaMismatch, within: timedelta) -> timedelta:
    """Give the longest wait."""
    return min(within, OTHER_TABLES_WAIT) if isinstance(why, SchemaMismatch) else within
