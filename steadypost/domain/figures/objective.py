"""The error budget: how much an objective allows to go wrong, and how fast that is spent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from steadypost.domain.figures.available import Availability, availability
from steadypost.domain.figures.posts import ON_TIME, DuePost
from steadypost.domain.span import Span

OBJECTIVE = 0.99
"""The share of due deliveries that is to be good."""

BURN_WINDOWS = (timedelta(hours=1), timedelta(hours=6), timedelta(days=3))
"""The windows of burn rates: those of Google's SRE Workbook, chapter 5, table 5-8."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What an objective allows to go wrong, and how much of that is spent."""

    objective: float
    due: int
    bad: int

    def __post_init__(self) -> None:
        if not 0 < self.objective < 1:
            raise ValueError(f"an objective lies between 0 and 1, both excluded, not at {self.objective}")

    @property
    def allowed(self) -> float:
        """How many may be bad."""
        return (1 - self.objective) * self.due

    @property
    def left(self) -> float | None:
        """The share of it that is left; negative when more went wrong than may. ``None``: nothing was due."""
        return 1 - self.bad / self.allowed if self.due else None

    @property
    def burn(self) -> float | None:
        """How many times as fast as allowed it is spent: at 1 it lasts exactly as long as the window."""
        return (self.bad / self.due) / (1 - self.objective) if self.due else None

    def as_dict(self) -> dict[str, float | int | None]:
        """Give it as plain values, for JSON."""
        told = {"allowed": self.allowed, "left": self.left, "burn_rate": self.burn}
        return {
            "objective": self.objective,
            "bad": self.bad,
            **{name: None if value is None else round(value, 4) for name, value in told.items()},
        }


def budget(of: Availability, objective: float = OBJECTIVE) -> Budget:
    """Set an availability against its objective."""
    return Budget(objective=objective, due=of.due, bad=of.due - of.good)


def burn_rates(
    due_posts: Sequence[DuePost],
    window: Span,
    *,
    now: datetime,
    within: timedelta = ON_TIME,
    objective: float = OBJECTIVE,
) -> dict[timedelta, float | None]:
    """Tell how fast the budget was spent at the end of a window, over each of ``BURN_WINDOWS`` that it holds."""
    until = min(now, window.until)

    def burn(length: timedelta) -> float | None:
        lately = [one for one in due_posts if until - length <= one.at]
        return budget(availability(lately, now=now, within=within), objective).burn

    return {length: burn(length) for length in BURN_WINDOWS if length <= window.length}
