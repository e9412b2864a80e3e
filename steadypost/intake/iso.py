"""A time as ISO 8601 writes it."""

from __future__ import annotations

import re

WRITTEN = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?\s*([Zz]|[+-]\d\d(?::?\d\d)?)?", re.ASCII
)


def is_iso(written: str) -> bool:
    """Whether a time is written as ISO 8601 does; it may still be one that no calendar has."""
    return WRITTEN.fullmatch(written.strip()) is not None
