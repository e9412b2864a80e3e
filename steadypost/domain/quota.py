"""How much an account may publish, counted so that the network's own ledger never shows more.

A use is a reservation: taken in the transaction of the claim, before anything is touched; given back only
when provably nothing was sent. While an attempt is in flight its post may become live at any moment, so it
counts as of now. Once it has ended it counts from that end, the latest instant at which its post can have
become live, and it counts just the same when nobody knows whether it did. That is why two posts can never
be closer on the network than the window says, however long an answer took.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one account may publish in sliding windows; ``None`` sets no limit."""

    per_hour: int | None = None
    per_day: int | None = None
    spacing: timedelta = timedelta(0)
    """The least time between two deliveries of an account; the parts of a thread are one delivery."""

    @property
    def largest_delivery(self) -> int | None:
        """The most parts a delivery may have and still go out one day."""
        given = [limit for limit in (self.per_hour, self.per_day) if limit is not None]
        return min(given) if given else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One reservation: so many posts, live by ``counted_at`` at the latest, or ``None`` in flight."""

    units: int
    counted_at: datetime | None
    unknown: bool = False
    """Whether the attempt ended and nobody knows how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Free:
    """There is room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Full:
    """There is no room; ``until`` is the earliest instant that may change it, if one can be named."""

    reason: str
    until: datetime | None


def room(limits: Limits, uses: Sequence[Use], units: int, now: datetime) -> Free | Full:
    """Judge whether ``units`` more posts fit at ``now``."""
    for limit, window in ((limits.per_hour, HOUR), (limits.per_day, DAY)):
        full = _window(limit, window, uses, units, now)
        if full is not None:
            return full
    return _spacing(limits.spacing, uses, now) or Free()


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
    settled = sorted((use.counted_at, use.units) for use in counted if use.counted_at is not None)
    for counted_at, units in settled:
        excess -= units
        if excess <= 0:
            return counted_at + window
    return None


def _spacing(spacing: timedelta, uses: Sequence[Use], now: datetime) -> Full | None:
    if spacing <= timedelta(0):
        return None
    if any(use.counted_at is None for use in uses):
        return Full(reason="spacing", until=None)
    last = max((use.counted_at for use in uses if use.counted_at is not None), default=None)
    if last is None or last + spacing <= now:
        return None
    return Full(reason="spacing", until=last + spacing)
