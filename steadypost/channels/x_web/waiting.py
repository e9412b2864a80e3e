"""How long to wait for X after the click."""

from __future__ import annotations

import time
from collections.abc import Callable

MARGIN = 1.5
"""Seconds before the deadline at which waiting ends, so that what is known still gets home."""

QUIET = 20.0
"""Seconds without a request on its way after which the page is not going to send one."""

ANSWER_WITHIN = 45.0
"""Seconds for X's answer to one part: half as long again as it was ever seen to take (1 to 30 s). After them the
part is unconfirmed. While it is waited for, nothing else of its account can go out that keeps its spacing; and what an
answer would have told, a look tells as well (decision 0021).
"""

LOOK_EVERY_MS = 1000.0
"""Milliseconds between two looks at what is known. An answer is heard at once; what ends a wait without one is not, and
each look takes processor time from the page.
"""


class Patience:
    """When to look again, and when to stop."""

    def __init__(
        self,
        remaining: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
        *,
        answer_within: float = ANSWER_WITHIN,
    ) -> None:
        self._remaining = remaining
        self._answer_within = answer_within
        self._clock = clock
        self._busy_at = clock()
        self._sent_at: float | None = None
        self._answered = 0

    def ended(self, *, waiting: bool, answered: int = 0) -> bool:
        """Whether nothing more is worth waiting for, with so many parts answered and perhaps one on its way."""
        moment = self._clock()
        if not waiting:
            self._sent_at = None
        elif self._sent_at is None or answered > self._answered:
            self._sent_at = moment
        self._answered = answered
        if waiting:
            self._busy_at = moment
        return (
            self._remaining() < MARGIN
            or moment - self._busy_at > QUIET
            or (self._sent_at is not None and moment - self._sent_at > self._answer_within)
        )
