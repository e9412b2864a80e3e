"""What the server's rate limits say: which window is used up, and when it begins anew."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from steadypost.domain.clock import Offset
from steadypost.domain.outcome import Cause

LONGEST_TIME = 11
"""Digits of a time in seconds that the calendar still has; one in milliseconds has more."""

LONGEST_WINDOW = timedelta(days=2)
"""A reset further away than this is no time that a server would name."""


def until(headers: Mapping[str, str], offset: Offset | None, now: datetime) -> datetime | None:
    """Give the instant at which it may be asked again, by this machine's clock; ``None`` where none was named.

    The server names it by its own clock.
    """
    named = _reset(headers)
    if named is None:
        return None
    ours = named - offset.ahead + offset.within if offset is not None else named
    return ours if now < ours < now + LONGEST_WINDOW else None


def _reset(headers: Mapping[str, str]) -> datetime | None:
    told = headers.get("ratelimit-reset", "")
    if not told.isascii() or not told.isdigit() or len(told) > LONGEST_TIME:
        return None
    return datetime.fromtimestamp(int(told), UTC)


def cause(headers: Mapping[str, str]) -> Cause:
    """Say whether it is a day's limit that is used up, or one of a shorter window."""
    _, _, seconds = headers.get("ratelimit-policy", "").partition(";w=")
    is_day = seconds.isascii() and seconds.isdigit() and int(seconds) >= 86_400
    return Cause.DAILY_LIMIT if is_day else Cause.RATE_LIMIT
