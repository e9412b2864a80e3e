"""Posts that come again: a rule of RFC 5545, read as a clock on a wall, through every change of the clocks.

    daily, weekdays, weekly, monthly, every Monday   in words
    FREQ=WEEKLY;BYDAY=MO,WE;BYHOUR=9,17;BYMINUTE=30  in full

A rule counts local times of its zone. What those mean as instants is RFC 5545's own answer (section 3.3.5): a
local time that the clocks skip is read by the offset before the change, so 02:30 goes out at 03:30 that night;
one that comes twice goes out the first time only. Nothing goes out twice, and no day is left out, because a
clock was changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from steadypost.intake.dates import WEEKDAYS
from steadypost.intake.refusal import Refusal, refusal

WORDS = {
    "daily": "FREQ=DAILY",
    "weekdays": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    "weekly": "FREQ=WEEKLY",
    "monthly": "FREQ=MONTHLY",
    "yearly": "FREQ=YEARLY",
    "weekends": "FREQ=WEEKLY;BYDAY=SA,SU",
    "every day": "FREQ=DAILY",
    "every weekday": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    "every week": "FREQ=WEEKLY",
    "every month": "FREQ=MONTHLY",
    "every year": "FREQ=YEARLY",
}

FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
"""Not hourly or more often: of an hour that is skipped, or comes twice, no rule says what it means by it.
``FREQ=DAILY;BYHOUR=9,10,11`` says it."""

_WEEKDAY = "(?:MO|TU|WE|TH|FR|SA|SU)"
_SHAPES = {
    "FREQ": "|".join(FREQUENCIES),
    "INTERVAL": "[1-9][0-9]{0,3}",
    "COUNT": "[1-9][0-9]{0,5}",
    "UNTIL": r"[0-9]{8}(?:T[0-9]{6}Z?)?",
    "BYDAY": rf"(?:[+-]?[1-9][0-9]?)?{_WEEKDAY}(?:,(?:[+-]?[1-9][0-9]?)?{_WEEKDAY})*",
    "BYMONTHDAY": r"-?[1-9][0-9]?(?:,-?[1-9][0-9]?)*",
    "BYMONTH": r"(?:[1-9]|1[0-2])(?:,(?:[1-9]|1[0-2]))*",
    "BYSETPOS": r"-?[1-9][0-9]{0,2}(?:,-?[1-9][0-9]{0,2})*",
    "BYHOUR": r"(?:1?[0-9]|2[0-3])(?:,(?:1?[0-9]|2[0-3]))*",
    "BYMINUTE": r"[0-5]?[0-9](?:,[0-5]?[0-9])*",
    "WKST": _WEEKDAY,
}

HOW_TO_WRITE = 'write "daily", "weekdays", "weekly", "monthly", or a rule such as "FREQ=WEEKLY;BYDAY=MO,WE"'

_ZONES_AT_MOST = timedelta(days=1, hours=2)
"""No two zones, and no offset of one to UTC, are further apart; Samoa once skipped a whole day."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time a rule names."""

    local: str
    """As the clock on the wall shows it, ``2026-03-29T02:30:00``: by this it is known again."""
    at: datetime
    """The instant it means."""


@dataclass(frozen=True)
class Repetition:
    """A rule, the zone whose clocks it follows, and the local time it begins with."""

    rule: str
    zone: ZoneInfo
    starts: datetime
    """Without zone."""

    @cached_property
    def _rule(self) -> rrule:
        found = rrulestr(_for_the_wall(self.rule, self.zone), dtstart=self.starts)
        if not isinstance(found, rrule):
            raise TypeError(f"{self.rule} is more than one rule")
        return found

    def between(self, since: datetime, until: datetime) -> Iterator[Occurrence]:
        """Give what falls from ``since`` up to, and without, ``until``, each instant once."""
        last = until.astimezone(self.zone).replace(tzinfo=None) + _ZONES_AT_MOST
        lately: list[datetime] = []
        for shown in self._rule:
            if shown > last:
                return
            at = instant(shown, self.zone)
            # A local time that was skipped may mean the very instant of another one.
            if since <= at < until and at not in lately:
                yield Occurrence(local=shown.isoformat(), at=at)
            lately = [*lately[-50:], at]

    @property
    def first(self) -> datetime | None:
        """The first local time the rule names, from its beginning on; ``None``: it never comes."""
        return next(iter(self._rule), None)


def instant(shown: datetime, zone: ZoneInfo) -> datetime:
    """Say which instant a local time means, by RFC 5545, section 3.3.5."""
    return shown.replace(tzinfo=zone, fold=0).astimezone(UTC)


def repetition(written: str, *, zone: ZoneInfo, starts: datetime) -> Repetition | Refusal:
    """Read a rule that begins at a local time, or say why it is not valid."""
    rule = rule_of(written)
    if isinstance(rule, Refusal):
        return rule
    made = Repetition(rule, zone, starts)
    try:
        first = made.first
    except (ValueError, OverflowError) as wrong:
        return refusal("repeat", written, f"no calendar has this rule ({wrong})", HOW_TO_WRITE)
    if first is None:
        return refusal("repeat", written, "its time never comes", "check its days, its months and its end")
    if first != starts:
        return refusal(
            "repeat",
            written,
            f"its first time is not one of the rule: {starts:%a %Y-%m-%d %H:%M} is left out by it",
            f"begin when the rule does: {first:%Y-%m-%d %H:%M}, with the zone {zone.key}",
        )
    return made


def rule_of(written: str) -> str | Refusal:
    """Bring what is written to a rule, whenever it begins; or say what is wrong with the writing."""
    asked = written.strip()
    rule = WORDS.get(asked.casefold()) or _on_days(asked) or asked.upper().removeprefix("RRULE:")
    problem = _wrong(rule)
    return refusal("repeat", written, *problem) if problem else rule


def _on_days(asked: str) -> str:
    """Read days of the week, ``every Monday`` or ``mon, wed and fri``; empty where it is something else."""
    names = re.split(r"\s*(?:,|&|\band\b|\bund\b)\s*|\s+", asked.casefold().removeprefix("every ").strip())
    days = {WEEKDAYS.get(name, WEEKDAYS.get(name.removesuffix("s"), -1)) for name in names if name}
    if not days or -1 in days:
        return ""
    return f"FREQ=WEEKLY;BYDAY={','.join(_DAYS[day] for day in sorted(days))}"


_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def _wrong(rule: str) -> tuple[str, str] | None:
    """Say what is wrong with the writing of a rule, and what to do; nothing when it is well written."""
    pairs = [part.partition("=") for part in rule.split(";")]
    names = [name for name, _, _ in pairs]
    parts = {name: value for name, _, value in pairs}
    if any(not mark for _, mark, _ in pairs):
        return "this is neither a word it knows nor a rule", HOW_TO_WRITE
    for name, value in parts.items():
        if name not in _SHAPES:
            return f"no part of a rule that could be meant is called {name}", f"use {', '.join(_SHAPES)}"
        if names.count(name) > 1:
            return f"{name} is there twice", "keep one of them"
        if not re.fullmatch(_SHAPES[name], value):
            return f"{name} cannot be {value!r}", _REMEDIES.get(name, "see RFC 5545, section 3.3.10")
    return _together(parts)


def _together(parts: Mapping[str, str]) -> tuple[str, str] | None:
    if "FREQ" not in parts:
        return "it does not say how often", f"add FREQ={'|'.join(FREQUENCIES)}"
    if {"COUNT", "UNTIL"} <= parts.keys():
        return "it ends twice, by COUNT and by UNTIL", "keep one of them"
    if parts["FREQ"] in {"DAILY", "WEEKLY"} and re.search("[0-9]", parts.get("BYDAY", "")):
        return "only a month or a year has a first or a last weekday", "use FREQ=MONTHLY or FREQ=YEARLY"
    return None


_REMEDIES = {
    "FREQ": f"use {', '.join(FREQUENCIES)}; several times a day are FREQ=DAILY;BYHOUR=9,12,15",
    "UNTIL": "write the last day, 20261231, or its last instant, 20261231T225959Z",
    "BYDAY": "write days as MO,TU,WE,TH,FR,SA,SU, in a month also as 1MO or -1FR",
}


def _for_the_wall(rule: str, zone: ZoneInfo) -> str:
    """Bring an end that is written in UTC to the clock on the wall, by which the rest of the rule counts.

    An end that is a mere day holds all of that day.
    """

    def local(found: re.Match[str]) -> str:
        written = found[1]
        if "T" not in written:
            return f"UNTIL={written}T235959"
        if not written.endswith("Z"):
            return f"UNTIL={written}"
        ends = datetime.strptime(written, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return f"UNTIL={ends.astimezone(zone):%Y%m%dT%H%M%S}"

    return re.sub(r"UNTIL=([0-9TZ]+)", local, rule)
