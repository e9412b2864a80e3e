"""Stretches of time as people write them: ``20s``, ``1h30m``, ``2 hours``, ``3 days``."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}

_WORDS = {
    **dict.fromkeys(["s", "sec", "secs", "second", "seconds"], "s"),
    **dict.fromkeys(["m", "min", "mins", "minute", "minutes"], "m"),
    **dict.fromkeys(["h", "hr", "hrs", "hour", "hours"], "h"),
    **dict.fromkeys(["d", "day", "days"], "d"),
    **dict.fromkeys(["w", "week", "weeks"], "w"),
}

_ONE = re.compile(r"\s*([0-9]{1,6})\s*([a-z]+)(?:\s*(?:,|and)?\s*)")

LONGEST = timedelta(days=366 * 5)


def span(text: str) -> timedelta | None:
    """Read a stretch of time; ``None`` when it is not one, or longer than five years."""
    total, at, lowered = timedelta(0), 0, text.strip().casefold()
    while at < len(lowered):
        found = _ONE.match(lowered, at)
        if found is None or found[2] not in _WORDS:
            return None
        total += int(found[1]) * _UNITS[_WORDS[found[2]]]
        at = found.end()
    return total if at and total <= LONGEST else None


def spoken(length: timedelta) -> str:
    """Write a stretch of time the way ``span`` reads it, to its two largest units."""
    words = []
    for letter, unit in reversed(_UNITS.items()):
        count, length = divmod(length, unit)
        if count:
            words.append(f"{count}{letter}")
    return "".join(words[:2]) or "0s"
