"""Record keys: 13 letters that hold a time. Derived from the delivery, so that a second attempt is refused."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Final

_LETTERS: Final = "234567abcdefghijklmnopqrstuvwxyz"
_TID: Final = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

MOST_PARTS: Final = 200
"""Parts of one delivery follow each other by a microsecond, so that a thread is listed in its own order."""

_BACK: Final = 1 << 26
"""Over how many microseconds before the instant that it was chosen at a key's time is spread."""

_SPREAD: Final = timedelta(microseconds=_BACK + MOST_PARTS)


def encode(micros: int, clock: int) -> str:
    """Write a time in microseconds and ten bits of a clock's name as a key."""
    value = micros << 10 | clock
    return "".join(_LETTERS[value >> shift & 31] for shift in range(60, -1, -5))


def decode(tid: str) -> tuple[int, int]:
    """Read a key: microseconds and the clock's name. Raise ``ValueError`` when it is none."""
    if not is_tid(tid):
        raise ValueError(f"{tid!r} is not a record key that holds a time")
    value = 0
    for letter in tid:
        value = value << 5 | _LETTERS.index(letter)
    return value >> 10, value & 1023


def is_tid(value: str) -> bool:
    """Whether a record key holds a time."""
    return _TID.fullmatch(value) is not None


def made_at(tid: str) -> datetime:
    """Give the time that a key holds: that of the client that chose it, not the server's."""
    return _EPOCH + timedelta(microseconds=decode(tid)[0])


def chosen_by(tid: str) -> datetime:
    """Say when a key that holds this time was chosen at the latest, if it is ours: ours are spread over a time before."""
    return made_at(tid) + _SPREAD


def name(key: str, keyed_at: datetime, n: int) -> str:
    """Give the record key of a delivery's part."""
    if not 0 <= n < MOST_PARTS:
        raise ValueError(f"part {n}: a thread has at most {MOST_PARTS} parts")
    drawn = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")
    # Spread over the 67 seconds before that instant: with the clock's ten bits 36 bits in all, so that a thousand
    # deliveries keyed in one millisecond do not meet (odds of 1 in 100,000).
    back, clock = (drawn >> 10) % _BACK, drawn & 1023
    # Before the instant and never after it: some readers drop records that claim to be from the future.
    return encode(_micros(keyed_at) - MOST_PARTS - back + n, clock)


def created_at(keyed_at: datetime, n: int) -> str:
    """Give the time to be written into a part: parts follow each other by a millisecond, as they are read."""
    at = keyed_at.astimezone(UTC) + timedelta(milliseconds=n)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)
