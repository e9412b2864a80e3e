"""How much an account may publish, counted so that the network's own ledger never shows more.

A use is reserved in the claim's transaction and given back only when provably nothing was sent. In flight it counts as
of now; ended, from its end, the latest instant at which its post can have become live, known or not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from steadypost.domain.money import usd

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one account may publish in sliding windows; ``None`` sets no limit."""

    per_hour: int | None = None
    per_day: int | None = None
    spacing: timedelta = timedelta(0)
    """The least time between two deliveries of an account; the parts of a thread are one delivery."""
    budget_per_day: Decimal | None = None
    """The most that it may cost in any twenty-four hours, in US dollars, where its network charges."""
    budget_per_month: Decimal | None = None
    """The same for any thirty days."""

    @property
    def largest_delivery(self) -> int | None:
        """The most parts a delivery may have and still go out one day."""
        given = [limit for limit in (self.per_hour, self.per_day) if limit is not None]
        return min(given) if given else None

    @property
    def largest_cost(self) -> Decimal | None:
        """The most that a delivery may cost and still go out one day."""
        given = [limit for limit in (self.budget_per_day, self.budget_per_month) if limit is not None]
        return min(given) if given else None

    @property
    def longest_window(self) -> timedelta:
        """How far back uses matter."""
        money = timedelta(0)
        if self.budget_per_day is not None:
            money = DAY
        if self.budget_per_month is not None:
            money = MONTH
        return max(DAY, self.spacing, money)


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One reservation: so many posts, live by ``counted_at`` at the latest, or ``None`` in flight."""

    units: int
    counted_at: datetime | None
    unknown: bool = False
    """Whether the attempt's end is unknown."""
    cost: Decimal = Decimal(0)
    """What it costs, in US dollars. Reading costs money too, but no units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Free:
    """There is room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Full:
    """There is no room; ``until`` is the earliest instant that may change it, if one can be named."""

    reason: str
    until: datetime | None


def capacity(
    limits: Limits, uses: Sequence[Use], units: int, now: datetime, cost: Decimal = Decimal(0)
) -> Free | Full:
    """Judge whether ``units`` more posts fit at ``now``, and what they cost into the budget."""
    for limit, window in ((limits.per_hour, HOUR), (limits.per_day, DAY)):
        full = _window(limit, window, uses, units, now)
        if full is not None:
            return full
    return _budget(limits, uses, cost, now) or _spacing(limits.spacing, uses, now) or Free()


def _window(
    limit: int | None, window: timedelta, uses: Sequence[Use], units: int, now: datetime
) -> Full | None:
    if limit is None:
        return None
    counted = [use for use in uses if use.counted_at is None or use.counted_at > now - window]
    excess = sum(use.units for use in counted) + units - limit
    if excess <= 0:
        return None
    reason = "quota_used_by_unknown" if any(use.unknown for use in counted) else "quota_used"
    return Full(reason=reason, until=_frees_at(counted, excess, window))


def _frees_at(counted: Sequence[Use], excess: int, window: timedelta) -> datetime | None:
    """Find when enough settled uses have left the window; open ones leave at no known time."""
    settled = ((use.counted_at, Decimal(use.units)) for use in counted if use.counted_at is not None)
    return _leaves_at(settled, Decimal(excess), window)


def _leaves_at(
    settled: Iterable[tuple[datetime, Decimal]], excess: Decimal, window: timedelta
) -> datetime | None:
    for counted_at, amount in sorted(settled):
        excess -= amount
        if excess <= 0:
            return counted_at + window
    return None


BUDGETS: Mapping[str, Callable[[Limits], tuple[Decimal | None, timedelta]]] = {
    "budget_per_day": lambda limits: (limits.budget_per_day, DAY),
    "budget_per_month": lambda limits: (limits.budget_per_month, MONTH),
}
"""The budgets, by the reason they give: how much in which window."""


def spent(uses: Sequence[Use], window: timedelta, now: datetime) -> Decimal:
    """Add up what uses cost within a window, those under way included."""
    return sum((use.cost for use in _within(uses, window, now)), Decimal(0))


def _within(uses: Sequence[Use], window: timedelta, now: datetime) -> list[Use]:
    return [use for use in uses if use.counted_at is None or use.counted_at > now - window]


def _budget(limits: Limits, uses: Sequence[Use], cost: Decimal, now: datetime) -> Full | None:
    """Judge whether that much more may be spent. No budget holds what costs nothing."""
    if not cost:
        return None
    for reason, of in BUDGETS.items():
        budget, window = of(limits)
        excess = Decimal(0) if budget is None else spent(uses, window, now) + cost - budget
        if excess > 0:
            counted = _within(uses, window, now)
            settled = ((use.counted_at, use.cost) for use in counted if use.counted_at is not None)
            return Full(reason=reason, until=_leaves_at(settled, excess, window))
    return None


def never_fits(limits: Limits, units: int, cost: Decimal) -> bool:
    """Whether it exceeds what any day allows at once."""
    too_many = limits.largest_delivery is not None and units > limits.largest_delivery
    return too_many or (limits.largest_cost is not None and cost > limits.largest_cost)


def too_much(limits: Limits, units: int, cost: Decimal) -> str:
    """Say why something can never fit."""
    if limits.largest_cost is not None and cost > limits.largest_cost:
        return f"costs {usd(cost)}, more than the account's budget of {usd(limits.largest_cost)} ever allows"
    return f"has {units} parts to send, more than the account's limits ever allow at once"


def _spacing(spacing: timedelta, uses: Sequence[Use], now: datetime) -> Full | None:
    if spacing <= timedelta(0):
        return None
    if any(use.counted_at is None for use in uses):
        return Full(reason="spacing", until=None)
    last = max((use.counted_at for use in uses if use.counted_at is not None), default=None)
    if last is None or last + spacing <= now:
        return None
    return Full(reason="spacing", until=last + spacing)
