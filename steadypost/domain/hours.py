"""The hours in which a person may be told."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum


class Hours(StrEnum):
    """When the person on call wants messages, in their own zone."""

    ANY = "at any hour"
    WAKING = "07:00 to 22:00"
    DAY = "08:00 to 20:00"
    WORKING = "weekdays 09:00 to 18:00"

    def cover(self, there: datetime) -> bool:
        """Whether a moment is within them; ``there`` is the local time of the person on call."""
        begins, ends = _HOURS[self]
        if self is Hours.WORKING and there.weekday() >= _SATURDAY:
            return False
        return begins <= there.hour < ends


_HOURS = {Hours.ANY: (0, 24), Hours.WAKING: (7, 22), Hours.DAY: (8, 20), Hours.WORKING: (9, 18)}

_SATURDAY = 5
