"""Time, handed in.

Everything that needs to know the time takes a ``Clock`` so that a test can hold it still and a
simulation can run weeks in seconds. All instants are aware and in UTC; a naive datetime is a defect.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Answers the present instant, aware, in UTC."""


def now() -> datetime:
    """Answer the present instant by the machine's own clock."""
    return datetime.now(UTC)


def utc(moment: datetime) -> datetime:
    """Bring an aware instant to UTC; refuse a naive one, because nobody can know what it meant."""
    if moment.tzinfo is None:
        raise ValueError(f"a time without zone cannot be placed: {moment.isoformat()}")
    return moment.astimezone(UTC)
