"""Time, handed in as a ``Clock``, for tests that hold it still and simulations. Instants are aware and in UTC."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]
"""Answers the present instant, aware, in UTC."""


def now() -> datetime:
    """Answer the present instant by the machine's own clock."""
    return datetime.now(UTC)


def utc(moment: datetime) -> datetime:
    """Bring an aware instant to UTC; refuse a naive one, whose zone is unknown."""
    if moment.tzinfo is None:
        raise ValueError(f"a time without zone cannot be placed: {moment.isoformat()}")
    return moment.astimezone(UTC)


_KEPT = re.compile(r"(?P<day>\d{4}-\d\d-\d\d) (?P<clock>\d\d:\d\d(?P<seconds>:\d\d)?) UTC")


def by_clocks_of(zone: str, text: str) -> str:
    """Tell the times of a text that was written down in UTC in the zone of its reader.

    What is stored says UTC, as ``2026-11-30 18:30 UTC``; every reader has a zone of their own.
    """

    def told(found: re.Match[str]) -> str:
        try:
            at = datetime.fromisoformat(f"{found['day']}T{found['clock']}+00:00").astimezone(ZoneInfo(zone))
        except (ValueError, OverflowError):
            return found[0]
        return f"{at:%Y-%m-%d %H:%M}{f':{at:%S}' if found['seconds'] else ''} ({zone})"

    return text if zone == "UTC" else _KEPT.sub(told, text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offset:
    """How far a network's clock is ahead of this machine's, measured by its answers."""

    ahead: timedelta
    """The network's time minus this machine's; negative when this machine is ahead."""
    within: timedelta
    """Its error, either way."""


def offset_of(date: datetime, sent_at: datetime, received_at: datetime) -> Offset:
    """Compare the clocks by one answer's ``Date`` (cut to the second) and when it was asked for and came.

    The middle is the best guess, half the way and half a second its error (RFC 9110, 6.6.1; SNTP, RFC 4330).
    """
    middle = sent_at + (received_at - sent_at) / 2
    half_second = timedelta(milliseconds=500)
    return Offset(
        ahead=date + half_second - middle, within=half_second + max(timedelta(0), received_at - sent_at) / 2
    )


MOVED = timedelta(seconds=1)
"""A clock that differs by more from the monotonic one was moved: corrections are far slower than that."""


def was_moved(passed: timedelta, ticked: timedelta) -> bool:
    """Whether a clock by which so much time passed was moved, while another one that cannot be moved ticked so much."""
    return abs(passed - ticked) > MOVED


def ago(since: datetime, now: datetime) -> str:
    """Say how long it has been, in the unit that people would use."""
    seconds = max(0.0, (now - since).total_seconds())
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
