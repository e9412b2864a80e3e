"""When a post is due, as a person writes it, and the one instant that is meant.

    now                              at once
    +20s   in 20 seconds   +1h30m    from the moment it comes in
    2026-11-24T18:30+01:00           an instant
    2026-11-24 18:30                 a local time; only with a zone
    tomorrow 9am   24.11.2026 18:30  the same, as people write it

A local time that the clocks skip, or pass twice, names no one instant. It is refused with the two that may be
meant, because every silent choice between them has put posts out an hour early or late.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

from steadypost.domain.lengths import span
from steadypost.intake.iso import WRITTEN
from steadypost.intake.refusal import Refusal, nearest, refusal
from steadypost.intake.typed import as_iso

FARTHEST = timedelta(days=366 * 5)
"""Nobody plans a post further ahead; a year that far off is a slip of the hand."""

NEXT_SLOT = "next-slot"
"""The next time of the week at which its accounts post and nothing is due yet; of what comes in: ``next_slot``."""

_RELATIVE = re.compile(r"(?:\+|in\s+)(?P<span>.+)|(?P<from_now>.+?)\s+from\s+now", re.IGNORECASE)
_ONE = re.compile(r"^(?:an?|one)\s+", re.IGNORECASE)

_ZONE_AT_ITS_END = re.compile(
    r".*\d.*?\s(?!(?:[ap]m|uhr|hrs)$)(?P<zone>[A-Za-z]{3,5})", re.IGNORECASE | re.DOTALL
)
_ZONE_BESIDE = re.compile(
    r"(?P<when>.*\d.*?)\s*[\[(]?(?P<zone>[A-Za-z_]+(?:/[A-Za-z_+-]+)+)[\])]?", re.DOTALL
)
"""A zone by its IANA name at the end of a time."""
_NO_YEAR = re.compile(
    r"(?P<day>\d{1,2}[./-]\d{1,2}\.?|\d{1,2}\.?\s+[^\W\d_]+\.?|[^\W\d_]+\.?\s+\d{1,2}),?\s+(?:at\s+|um\s+)?"
    r"(?P<clock>\d{1,2}(?:[:.h]\d\d)?\s*(?:[ap]\.?m\.?|uhr)?)",
    re.IGNORECASE,
)
_UNIX = re.compile(r"(\d{10})(?:\d{3})?", re.ASCII)
_AN_OFFSET = re.compile(r"(?:UTC|GMT)?\s*[+-]\d{1,2}(?::?\d\d)?", re.IGNORECASE)

ABBREVIATED = {
    "CEST": "Europe/Berlin",
    "MEZ": "Europe/Berlin",
    "MESZ": "Europe/Berlin",
    "CET": "Europe/Berlin",
    "BST": "Europe/London",
    "EST": "America/New_York",
    "EDT": "America/New_York",
    "ET": "America/New_York",
    "CST": "America/Chicago",
    "CDT": "America/Chicago",
    "MST": "America/Denver",
    "MDT": "America/Denver",
    "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles",
    "PT": "America/Los_Angeles",
    "AEST": "Australia/Sydney",
    "AEDT": "Australia/Sydney",
    "JST": "Asia/Tokyo",
}
"""What people write for a place whose clocks change; several places share most of them, so none is taken for one."""

HOW_TO_WRITE = (
    'write "2026-11-24T18:30+01:00", "2026-11-24 18:30" or "tomorrow 18:30" with a zone, "+20m", or "now"'
)
_SLOTS_AND_TIMES = f"{HOW_TO_WRITE}; 'steadypost slots ACCOUNT' names the next free one"
_PAST = re.compile(r"-\s*\d.*|.+\s+ago|(?:yesterday|last|gestern|hier|ayer|ieri|ontem)\b.*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A time as a clock on a wall shows it, in a zone."""

    shown: datetime
    """Without zone."""
    zone: ZoneInfo

    @property
    def earlier(self) -> datetime:
        """The first instant it may mean, by the offset in force before a change."""
        return self.shown.replace(tzinfo=self.zone, fold=0)

    @property
    def later(self) -> datetime:
        """The second instant it may mean, by the offset in force after a change."""
        return self.shown.replace(tzinfo=self.zone, fold=1)

    @property
    def is_skipped(self) -> bool:
        """Whether the clocks jump over it."""
        return _offset(self.earlier) < _offset(self.later)

    @property
    def comes_twice(self) -> bool:
        """Whether the clocks pass it twice."""
        return _offset(self.earlier) > _offset(self.later)

    def around_the_gap(self) -> tuple[datetime, datetime]:
        """Find the last whole minute before the clocks jump, and the first instant after."""
        before, after = self.later.astimezone(UTC), self.earlier.astimezone(UTC)
        old = before.astimezone(self.zone).utcoffset()
        while after - before > timedelta(seconds=1):
            middle = before + (after - before) / 2
            if middle.astimezone(self.zone).utcoffset() == old:
                before = middle
            else:
                after = middle
        jump = after.replace(microsecond=0)
        return (jump - timedelta(minutes=1)).astimezone(self.zone), jump.astimezone(self.zone)


def zone_beside(when: str, zone: str) -> tuple[str, str]:
    """Take a zone that stands at the end of a time, ``2026-11-24 18:30 Europe/Berlin``, where no other is named."""
    found = _ZONE_BESIDE.fullmatch(when.strip())
    if found is None or zone.strip() not in {"", found["zone"]}:
        return when, zone
    return found["when"], found["zone"]


def due(when: str, *, zone: str, default_zone: str | None, now: datetime) -> datetime | list[Refusal]:
    """Find the one instant that is meant, in UTC, or say why there is none.

    ``zone`` is the post's own (empty when it names none), ``default_zone`` the one its machine was given.
    """
    when, zone = zone_beside(when, zone)
    place = zone_named(zone.strip()) if zone.strip() else None
    unknown = [place] if isinstance(place, Refusal) else []
    if unknown:
        # The rest of what is said can still be judged, as if in UTC.
        zone, default_zone = "", "UTC"
    try:
        meant = _due(when.strip(), zone.strip(), default_zone, now)
    except OverflowError:
        meant = refusal("when", when, "no calendar reaches that far", HOW_TO_WRITE)
    if isinstance(meant, Refusal):
        return [*unknown, meant]
    if meant - now > FARTHEST:
        return [*unknown, refusal("when", when, "it is more than five years ahead", "check the year")]
    return unknown or meant


def _due(when: str, zone: str, default_zone: str | None, now: datetime) -> datetime | Refusal:
    if when.casefold() == "now":
        return now
    if relative := _RELATIVE.fullmatch(when):
        return _from_now(when, relative, now)
    if written := WRITTEN.fullmatch(when):
        return _written(when, written, zone, default_zone)
    if not when:
        remedy = f'{HOW_TO_WRITE}; "next-slot" is the next free time of its accounts'
        return refusal("when", when, "it says no time", remedy)
    typed = as_iso(when, now.astimezone(ZoneInfo(zone or default_zone or "UTC")).date())
    if isinstance(typed, Refusal):
        return typed
    if typed and (written := WRITTEN.fullmatch(typed)):
        return _written(when, written, zone, default_zone)
    if named := _ZONE_AT_ITS_END.fullmatch(when):
        why = f"{named['zone']} at its end is the name of no zone that is the same everywhere and all year"
        place = ABBREVIATED.get(named["zone"].upper(), "America/New_York")
        return refusal(
            "when", when, why, f'name the zone beside it (zone "{place}"), or write the offset: +01:00'
        )
    if city := _city(when):
        return refusal("when", when, "it names a place and not its zone", f'write "{city}"')
    if lacking := _NO_YEAR.fullmatch(when):
        return refusal("when", when, "it names no year", f'add the year: "{_with_year(lacking, now)}"')
    if counted := _UNIX.fullmatch(when):
        at = datetime.fromtimestamp(int(counted[1]), UTC)
        return refusal(
            "when", when, "this looks like a count of seconds since 1970", f'write "{at.isoformat()}"'
        )
    if "→" in when:
        first = when.partition("→")[0].strip()
        return refusal("when", when, "it names a beginning and an end", f'write one time: "{first}"')
    if when.casefold() == NEXT_SLOT:
        return refusal("when", when, "a free slot is found only for a post that comes in", _SLOTS_AND_TIMES)
    if _PAST.fullmatch(when):
        return refusal("when", when, "it is in the past, and a post goes out later or now", HOW_TO_WRITE)
    return refusal("when", when, "this is not a time in a known form", HOW_TO_WRITE)


def _with_year(lacking: re.Match[str], now: datetime) -> str:
    """Add the year in which it comes next; of two readings of a date that is this one."""
    day = lacking["day"]
    numbers = day.removesuffix(".").replace(".", "/").replace("-", "/").partition("/")
    sign = "" if not numbers[1] or day.endswith(".") else day[len(numbers[0])]
    sign = " " if any(letter.isalpha() for letter in day) else sign
    for year in (now.year, now.year + 1):
        written = f"{day}{sign}{year} {lacking['clock']}"
        read = as_iso(written, now.date())
        if isinstance(read, str) and read > now.isoformat(sep=" "):
            return written
    return f"{day}{sign}{now.year} {lacking['clock']}"


def is_moment(written: str) -> bool:
    """Whether a time is a moment of its own, and not counted from when it comes in."""
    relative = _RELATIVE.fullmatch(written.strip())
    return written.strip().casefold() != "now" and (relative is None or _length(relative) is None)


def _length(relative: re.Match[str]) -> timedelta | None:
    return span(_ONE.sub("1 ", (relative["span"] or relative["from_now"]).strip()))


def _from_now(when: str, relative: re.Match[str], now: datetime) -> datetime | Refusal:
    length = _length(relative)
    if length is None:
        return refusal("when", when, "this is not a stretch of time", 'write "+20s", "+1h30m" or "in 2 days"')
    return now + length


def _written(when: str, written: re.Match[str], zone: str, default_zone: str | None) -> datetime | Refusal:
    try:
        shown = datetime.fromisoformat(f"{written[1]}-{written[2]}-{written[3]}T{written[4]}:{written[5]}")
        # To the microsecond, as an export writes it: less would be another time than the one that came in.
        shown = shown.replace(
            second=int(written[6] or 0), microsecond=int((written[7] or "")[:6].ljust(6, "0"))
        )
    except ValueError as wrong:
        return refusal("when", when, f"no calendar has this time ({wrong})", HOW_TO_WRITE)
    if written[8]:
        return _with_offset(when, shown, written[8], zone)
    if not (zone or default_zone):
        return refusal(
            "when",
            when,
            "a time without zone means another instant in every country",
            f'name its zone, for instance Europe/Berlin (--zone, or "zone" in a file or form), set STEADYPOST_ZONE, '
            f'or write its offset ("{shown.isoformat()}+01:00")',
        )
    place = zone_named(zone or default_zone or "")
    return place if isinstance(place, Refusal) else _local(when, LocalTime(shown, place))


def _with_offset(when: str, shown: datetime, offset: str, zone: str) -> datetime | Refusal:
    """Take an instant by its offset; where a zone is named too, both have to agree."""
    instant = shown.replace(tzinfo=_fixed(offset))
    place = zone_named(zone) if zone else None
    if isinstance(place, ZoneInfo) and instant.astimezone(place).replace(tzinfo=None) != shown:
        there = instant.astimezone(place).isoformat()
        return refusal(
            "when",
            when,
            f"its offset is not the one of {zone} at that time",
            f"write {there} for that instant, or leave the offset or the zone out",
        )
    return instant.astimezone(UTC)


def _local(when: str, local: LocalTime) -> datetime | Refusal:
    if local.is_skipped:
        last, first = local.around_the_gap()
        return refusal(
            "when",
            when,
            f"the clocks of {local.zone.key} go forward and skip this time",
            f"write {last.isoformat()} (the last minute before) or {first.isoformat()} (the first after)",
        )
    if local.comes_twice:
        return refusal(
            "when",
            when,
            f"the clocks of {local.zone.key} go back and pass this time twice",
            f"write {local.earlier.isoformat()} (the first) or {local.later.isoformat()} (the second)",
        )
    return local.earlier.astimezone(UTC)


def zone_named(name: str) -> ZoneInfo | Refusal:
    """Give the zone of that name, or say which was probably meant."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return refusal("zone", name, "no zone has this name", _which_zone(name))


def _city(when: str) -> str:
    """Find the zone of which a time ends with the city."""
    before, _, last = when.rpartition(" ")
    name = last.strip("()[]").replace(" ", "_").casefold()
    zones = (
        sorted(zone for zone in available_timezones() if zone.casefold().endswith(f"/{name}")) if name else []
    )
    found = [zone for zone in zones if not zone.startswith(("Etc/", "posix/", "right/"))]
    return f"{before} {found[0]}" if found and before else ""


def _which_zone(name: str) -> str:
    """Say what was probably meant: a place, for what is called alike otherwise says another time."""
    if _AN_OFFSET.fullmatch(name):
        return 'write the offset with the time ("2026-12-24T18:30+02:00"), or name a place: "Europe/Berlin"'
    places = [one for one in available_timezones() if "/" in one and not one.startswith("Etc/")]
    meant = ABBREVIATED.get(name.upper()) or (None if " " in name.strip() else nearest(name, places))
    return f'"{meant}" was meant?' if meant else 'write an IANA name such as "Europe/Berlin"'


def _fixed(offset: str) -> timezone:
    if offset in "Zz":
        return UTC
    minutes = int(offset[1:3]) * 60 + int(offset[3:].removeprefix(":") or 0)
    if minutes >= 24 * 60:
        raise OverflowError(offset)
    return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))


def _offset(moment: datetime) -> timedelta:
    return moment.utcoffset() or timedelta(0)
