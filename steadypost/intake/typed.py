"""A time as a person types it, alone and not in a column, brought to ISO 8601.

today 18:30   9am tomorrow   Monday at 9:00       by the calendar of its zone
24.12.2026 18:30   12/24/2026 6:30 PM             where only one reading is a date
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from steadypost.domain.lengths import span
from steadypost.intake.dates import WEEKDAYS, Evidence, as_typed, iso
from steadypost.intake.iso import is_iso
from steadypost.intake.refusal import Refusal, refusal

_DAYS = {
    name: days
    for days, names in enumerate(
        (
            (
                "today",
                "heute",
                "aujourd'hui",
                "aujourd’hui",
                "hoy",
                "oggi",
                "hoje",
                "vandaag",
                "今日",
                "오늘",
            ),
            ("tomorrow", "tmrw", "morgen", "demain", "mañana", "domani", "amanhã", "明日", "내일"),
            ("day after tomorrow", "übermorgen", "après-demain", "pasado mañana", "dopodomani", "明後日"),
        )
    )
    for name in names
}
_CLOCK = r"\d{1,2}(?:[:.h]\d\d){0,2}\s*(?:[ap]\.?m\.?|uhr|hrs|h)?"
_ZONE = r"(?:\s*(?:Z|UTC|GMT|(?:UTC|GMT)?\s?[+-]\d{1,2}(?::?\d\d)?))?"
_AT = r"(?:(?:at|um|à|alle|às|a las)\s+)?"
_DAY_AND_CLOCK = re.compile(
    rf"(?:the\s+)?(?:(?P<which>next|this|on|nächsten|nächste)\s+)?(?P<day>[^\d_]+?),?\s*{_AT}(?P<clock>{_CLOCK}{_ZONE})",
    re.IGNORECASE,
)
_CLOCK_FIRST = re.compile(
    r"(?:at\s+)?(?P<clock>\d{1,2}(?:[:.h]\d\d)?\s*[ap]\.?m\.?|\d{1,2}[:.h]\d\d|noon)(?:\s+uhr)?,?\s+(?:on\s+)?"
    r"(?P<day>(?![ap]\.?m\b)[^\W\d_].*|\d{1,4}[./ -].*|\d{1,2}(?:st|nd|rd|th).*)",
    re.IGNORECASE,
)
_NOON = re.compile(r"\b(?:noon|midday|mittags?)\b", re.IGNORECASE)
_MIDNIGHT = re.compile(r"\b(?:midnight|mitternacht|minuit)\b", re.IGNORECASE)
_CLOCK_ALONE = re.compile(rf"(?:(?:at|um)\s+)?{_CLOCK}", re.IGNORECASE)
_COUNTED = re.compile(r"\d{5,}(?:[.,]\d+)?")


def as_iso(when: str, today: date) -> str | Refusal | None:
    """Bring it to ISO 8601, or say why it cannot be; ``None`` when it is no date of these kinds."""
    text = _NOON.sub("12:00", as_typed(when))
    if _COUNTED.fullmatch(text):
        return None  # a table counts days like this, a person does not
    if _MIDNIGHT.search(text):
        remedy = "write 0:00 with the day that begins then: tomorrow 0:00"
        return refusal("when", when, "midnight is the end of one day and the beginning of another", remedy)
    if first := _CLOCK_FIRST.fullmatch(text):
        text = f"{first['day']} {first['clock']}"
    if text.casefold() in _DAYS or text.casefold() in WEEKDAYS:
        return refusal("when", when, "it names a day and no time", f"add the time: {text} 18:30")
    if span(text) is not None:
        remedy = f'write "+{text}" for {text} from now, or a day and a time: "today 18:30"'
        return refusal("when", when, "it does not say from when on it counts", remedy)
    if _CLOCK_ALONE.fullmatch(text):
        return refusal("when", when, "it names a time and no day", f"write today {text}, or tomorrow {text}")
    evidence = Evidence(alone=True)
    if found := _DAY_AND_CLOCK.fullmatch(text):
        day = _day(when, found["day"].casefold(), (found["which"] or "").casefold(), today)
        if isinstance(day, Refusal):
            return day
        if day is not None:
            text = f"{day.isoformat()} {found['clock']}"
    evidence.see(text)
    told = iso(text, evidence)
    if isinstance(told, Refusal):
        return refusal("when", when, told.why, told.remedy)
    return told if is_iso(told) else None


def _day(when: str, name: str, which: str, today: date) -> date | Refusal | None:
    if name in _DAYS:
        return today + timedelta(days=_DAYS[name])
    weekday = WEEKDAYS.get(name)
    if weekday is None:
        return None
    found = today + timedelta(days=(weekday - today.weekday()) % 7)
    later = found + timedelta(days=7)
    if found == today:
        why = f"today is a {today:%A}: it may mean today or in a week"
    elif which.startswith(("next", "nächst")):
        why = f"next {found:%A} may mean the coming one, or the one after"
    else:
        return found
    return refusal("when", when, why, f"write {found.isoformat()} or {later.isoformat()}")
