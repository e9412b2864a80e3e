"""A time as a person types it, alone and not in a column, brought to ISO 8601.

today 18:30   tomorrow 9am   Monday at 9:00       by the calendar of its zone
24.12.2026 18:30   12/24/2026 6:30 PM             where only one reading is a date
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from steadypost.domain.lengths import span
from steadypost.intake.dates import WEEKDAYS, Evidence, iso
from steadypost.intake.iso import is_iso
from steadypost.intake.refusal import Refusal, refusal

_DAYS = {"today": 0, "heute": 0, "tomorrow": 1, "morgen": 1}
_CLOCK = r"\d{1,2}(?:[:.h]\d\d){0,2}\s*(?:[ap]\.?m\.?|uhr|hrs|h)?"
_DAY_AND_CLOCK = re.compile(
    rf"(?:(?:next|on)\s+)?(?P<day>[^\W\d_]+),?\s+(?:(?:at|um)\s+)?(?P<clock>{_CLOCK}(?:\s*(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?)",
    re.IGNORECASE,
)
_CLOCK_ALONE = re.compile(rf"(?:(?:at|um)\s+)?{_CLOCK}", re.IGNORECASE)
_COUNTED = re.compile(r"\d{5,}(?:[.,]\d+)?")


def as_iso(when: str, today: date) -> str | Refusal | None:
    """Bring it to ISO 8601, or say why it cannot be; ``None`` when it is no date of these kinds."""
    text = " ".join(when.split())
    if _COUNTED.fullmatch(text):
        return None  # a table counts days like this, a person does not
    if text.casefold() in _DAYS or text.casefold() in WEEKDAYS:
        return refusal("when", when, "it names a day and no time", f"add the time: {text} 18:30")
    if span(text) is not None:
        remedy = f'write "+{text}" for {text} from now, or a day and a time: "today 18:30"'
        return refusal("when", when, "it does not say from when on it counts", remedy)
    if _CLOCK_ALONE.fullmatch(text):
        return refusal("when", when, "it names a time and no day", f"write today {text}, or tomorrow {text}")
    evidence = Evidence(alone=True)
    if found := _DAY_AND_CLOCK.fullmatch(text):
        day = _day(when, found["day"].casefold(), today)
        if isinstance(day, Refusal):
            return day
        if day is not None:
            text = f"{day.isoformat()} {found['clock']}"
    evidence.see(text)
    told = iso(text, evidence)
    if isinstance(told, Refusal):
        return refusal("when", when, told.why, told.remedy)
    return told if is_iso(told) else None


def _day(when: str, name: str, today: date) -> date | Refusal | None:
    if name in _DAYS:
        return today + timedelta(days=_DAYS[name])
    weekday = WEEKDAYS.get(name)
    if weekday is None:
        return None
    ahead = (weekday - today.weekday()) % 7
    if ahead == 0:
        why = f"today is a {today:%A}: it may mean today or in a week"
        return refusal(
            "when", when, why, f"write {today.isoformat()} or {(today + timedelta(days=7)).isoformat()}"
        )
    return today + timedelta(days=ahead)
