"""How values spread: lateness, and how long troubles took."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from steadypost.domain.figures.posts import DuePost

NEVER = math.inf
"""How long something took that never happened: longer than all that did, and in every figure."""


def in_words(seconds: float | None) -> float | str | None:
    """Give a stretch of time to programs: JSON has no number for what never came."""
    return "never" if seconds == NEVER else seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """How values spread. A percentile is a value that occurred (nearest rank), never one between two."""

    n: int
    p50: float | None
    p90: float | None
    p95: float | None
    max: float | None

    @classmethod
    def of(cls, values: Iterable[float | timedelta]) -> Distribution:
        """Take values; stretches of time are told in seconds."""
        line = sorted(one.total_seconds() if isinstance(one, timedelta) else float(one) for one in values)

        def rank(share: float) -> float | None:
            return round(line[max(0, math.ceil(share * len(line)) - 1)], 3) if line else None

        return cls(n=len(line), p50=rank(0.50), p90=rank(0.90), p95=rank(0.95), max=rank(1.0))

    def as_dict(self) -> dict[str, float | int | str | None]:
        """Give it as plain values, for JSON."""
        ranks = {"p50": self.p50, "p90": self.p90, "p95": self.p95, "max": self.max}
        return {"n": self.n, **{name: in_words(value) for name, value in ranks.items()}}


def lateness(due_posts: Iterable[DuePost]) -> Distribution:
    """Tell how long after their time posts became live. What never did is in no percentile: see the outcomes."""
    return Distribution.of(
        max(timedelta(0), one.live_at - one.at)
        for one in due_posts
        if one.live_at is not None and not one.no_capacity
    )
