"""How many retries are left to all processes together, as one process counts them."""

from __future__ import annotations

import time
from collections import deque
from datetime import datetime

from steadypost.domain.budget import Budget, Try
from steadypost.store import Store
from steadypost.store import attempts as attempt_rows

BUDGET = Budget()
"""What all processes together may try again."""

COUNT_EVERY = 1.0
"""Seconds between two countings of the recent attempts."""

MOST_LOOKS = 200
"""How many looks in vain are remembered."""


class RetryBudget:
    """Counts the recent attempts of all processes, and the looks in vain of this one."""

    def __init__(self) -> None:
        self._looks: deque[Try] = deque(maxlen=MOST_LOOKS)
        self.forget()

    def forget(self) -> None:
        """Count anew at the next question."""
        self._counted, self._left = float("-inf"), 0

    def left(self, store: Store, now: datetime) -> int:
        """Say how many deliveries that had an attempt before may be tried again now. Raises ``StoreAway``."""
        if time.monotonic() - self._counted >= COUNT_EVERY:
            self._left = BUDGET.left(store.read(attempt_rows.recent, now - BUDGET.within), now)
            self._counted = time.monotonic()
        return self._left

    def note_look(self, now: datetime, *, again: bool) -> None:
        """Count a look that could not be taken; ``again``: it was a repetition."""
        self._looks.append(Try(at=now, again=again))

    def has_room_for_a_look(self, store: Store, now: datetime) -> bool:
        """Say whether a failed look may be repeated at once. Raises ``StoreAway``."""
        tries = [*store.read(attempt_rows.recent, now - BUDGET.within), *self._looks]
        return BUDGET.left(tries, now) > 0
