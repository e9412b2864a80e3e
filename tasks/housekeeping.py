"""Deletes what is older than its rule allows, a batch a minute, beside the rounds of the watch."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from steadypost.store import StoreError, housekeeping
from tasks.house import House

EVERY = timedelta(minutes=1)
"""How long between two batches."""

AFTER_NOTHING = timedelta(hours=1)
"""The same after a batch that found nothing to delete."""


class Housekeeper:
    """The housekeeping of one process. Two at once do no harm: what one deleted, the other does not find."""

    def __init__(self, house: House, ticks: Callable[[], float] = time.monotonic) -> None:
        self._house = house
        self._ticks = ticks
        self._next = ticks()

    def is_time(self) -> bool:
        """Whether the next batch is due."""
        return self._ticks() >= self._next

    def sweep(self) -> int:
        """Delete one batch by every rule; answer how many rows. Never raises for a store that is away."""
        try:
            found = self._house.store.write(housekeeping.sweep, self._house.clock())
        except StoreError as away:
            self._house.log.warning("what is old could not be let go of: %s", away)
            found = {}
        gone = sum(found.values())
        self._next = self._ticks() + (EVERY if gone else AFTER_NOTHING).total_seconds()
        if gone:
            told = ", ".join(f"{count} of {name}" for name, count in found.items() if count)
            self._house.log.info("kept long enough: %s", told)
        return gone
