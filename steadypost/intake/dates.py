"""Dates as people and their tools write them, brought to ISO 8601.

    2026-12-24 18:30   2026/12/24 18:30   2026-12-24T18:30:00.000Z
    24.12.2026 18:30   24/12/2026 6:30 PM   12/24/2026 18:30     only when it is clear which number is the day
    24 December 2026, 18:30   Dec 24, 2026 6:30 PM   Thu, 24 Dec 2026 18:30:00 +0100   24. Dezember 2026 18 Uhr
    2026年12月24日(木) 18時30分   2026년 12월 24일 오후 6:30         as it is written in East Asia
    46380.770833                                                 how Excel counts days

Which of two numbers is the day is told by ``--dates``, or by the column itself: one date in it that can be read in one
order alone tells of all. A column that tells nothing, or both, is refused with both readings.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from steadypost.intake.iso import is_iso
from steadypost.intake.refusal import Refusal, excerpt, refusal


class Order(StrEnum):
    """Which of two numbers is the day."""

    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"


@dataclass(slots=True)
class Evidence:
    """What the dates of a column tell of their order."""

    told: Order | None = None
    day_first: str = ""
    """A date that can only be read with the day first."""
    month_first: str = ""
    alone: bool = False
    """Whether it is one date that a person typed: no column tells of its order, and no option either."""

    def see(self, written: str) -> None:
        """Take one more date into account."""
        if not (found := _NUMBERS.fullmatch(_without_weekday(as_typed(written))[1])):
            return
        first, second = int(found["first"]), int(found["second"])
        if 12 < first <= 31 and 1 <= second <= 12:
            self.day_first = self.day_first or written.strip()
        elif 12 < second <= 31 and 1 <= first <= 12:
            self.month_first = self.month_first or written.strip()

    @property
    def order(self) -> Order | None:
        """The order, if it is known."""
        if self.told:
            return self.told
        if bool(self.day_first) == bool(self.month_first):
            return None
        return Order.DAY_FIRST if self.day_first else Order.MONTH_FIRST

    @property
    def contradicts_itself(self) -> bool:
        """Whether it holds dates of both orders."""
        return bool(self.day_first and self.month_first)


_ZONE = r"(?:\s*(?P<zone>Z|(?:UTC|GMT)?\s?[+-]\d{1,2}(?::?\d\d)?|UTC|GMT))?"
_CLOCK = (
    r"(?P<clock>(?P<hour>\d{1,2})(?:(?:[:.h])(?P<minute>\d\d)(?:[:.](?P<second_>\d\d)(?:[.,]\d+)?)?)?"
    r"\s*(?P<half>[ap]\.?\s?m\.?)?(?:\s*(?P<oclock>Uhr|hrs|h))?)"
)
_WITH_CLOCK = rf"(?:(?:\s*,\s*|\s+(?:at|um|à|a las)\s+|\s+|[Tt]){_CLOCK}{_ZONE})?"
_FLAGS = re.IGNORECASE | re.ASCII

_NUMBERS = re.compile(
    rf"(?P<first>\d{{1,2}})(?P<sign>[./-])(?P<second>\d{{1,2}})(?P=sign)(?P<year>\d{{4}}|\d\d){_WITH_CLOCK}",
    _FLAGS,
)
_YEAR_FIRST = re.compile(
    rf"(?P<year>\d{{4}})(?P<sign>[./-])(?P<month>\d{{1,2}})(?P=sign)(?P<day>\d{{1,2}}){_WITH_CLOCK}", _FLAGS
)
_WORD = r"[^\W\d_]+"
_DAY_MONTH = re.compile(
    rf"(?:{_WORD}\.?,?\s+)?(?P<day>\d{{1,2}})(?:\.|st|nd|rd|th|er)?[\s-]*(?:de\s+|of\s+)?(?P<name>{_WORD})\.?,?[\s-]*"
    rf"(?:de\s+)?(?P<year>\d{{4}}){_WITH_CLOCK}",
    re.IGNORECASE,
)
_MONTH_DAY = re.compile(
    rf"(?:{_WORD}\.?,?\s+)?(?P<name>{_WORD})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}}){_WITH_CLOCK}",
    re.IGNORECASE,
)
_SERIAL = re.compile(r"(\d{5})(?:[.,](\d+))?", re.ASCII)
_FIRST_SERIAL, _LAST_SERIAL = 36_526, 73_050
"""The years 2000 to 2099."""
_EXCELS_DAY_ZERO = date(1899, 12, 30)

_NAMES = """
january jan januar janvier janv enero ene gennaio gen janeiro januari
february feb februar février févr fevrier febrero febbraio fevereiro fev februari
march mar märz maerz mrz mars marzo março marco maart mrt
april apr avril avr abril abr aprile
may mai mayo maggio mag maio mei
june jun juni juin junio giugno giu junho
july jul juli juillet juil julio luglio lug julho
august aug août aout agosto ago augustus
september sep sept septembre septiembre settembre set setembro
october oct oktober okt octobre octubre ottobre ott outubro out
november nov novembre noviembre novembro
december dec dezember dez décembre déc decembre diciembre dic dicembre dezembro
"""
_WEEKDAYS = """
monday mon mo montag lundi lun lunes lunedì lunedi maandag ma segunda
tuesday tue tues di dienstag mardi mar martes martedì martedi dinsdag terça
wednesday wed mi mittwoch mercredi mer miércoles miercoles mercoledì mercoledi woensdag wo quarta
thursday thu thur thurs do donnerstag jeudi jeu jueves giovedì giovedi donderdag quinta
friday fri fr freitag vendredi ven viernes venerdì venerdi vrijdag vr sexta
saturday sat sa samstag sonnabend samedi sam sábado sabado sabato zaterdag za
sunday sun so sonntag dimanche dim domingo domenica zondag zo
"""
WEEKDAYS = {name: n for n, line in enumerate(_WEEKDAYS.strip().splitlines()) for name in line.split()}
_WEEKDAY = re.compile(rf"(?P<name>{_WORD})\.?,?\s+(?=\S)")

MONTHS = {name: n for n, line in enumerate(_NAMES.strip().splitlines(), start=1) for name in line.split()}

HOW = 'write "2026-12-24 18:30"'


def iso(written: str, evidence: Evidence) -> str | Refusal:
    """Bring a time to ISO 8601, or say why it cannot be; what is no date of these kinds is given back as it is."""
    if is_iso(written):
        return written  # as it is: by it a row without a key is known again
    weekday, text = _without_weekday(as_typed(written))
    read = _iso(written, text, evidence)
    if weekday is None or isinstance(read, Refusal):
        return read
    if read == text and not is_iso(text):
        return written
    return _on_that_weekday(written, weekday, read)


_HYPHENS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"))

_EAST_ASIAN_DAY = re.compile(
    r"(?:(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]|(\d{4})[/.-](\d{1,2})[/.-](\d{1,2}))"
    r"\s?(?:\((?P<short>\w)\)|(?P<long>\w)(?:曜日?|요일))?"
)
_EAST_ASIAN_WEEKDAYS = {
    sign: name
    for signs in ("月火水木金土日", "월화수목금토일")
    for sign, name in zip(signs, ("mon", "tue", "wed", "thu", "fri", "sat", "sun"), strict=True)
}
_EAST_ASIAN_HALF = re.compile(r"(?P<day>.*?) ?(?:(?P<am>午前|上午|오전)|午後|下午|오후) ?(?P<clock>\d.*)")
_EAST_ASIAN_CLOCK = re.compile(r"(\d{1,2})\s?[時时点시](?:\s?(\d{1,2})\s?[分분])?")
_TYPESET = (
    (re.compile(r"(\d{1,2})\s*(?:Uhr|h)\s*(\d\d)\b", re.IGNORECASE), r"\1:\2"),
    (re.compile(r"\b(\d{1,2})\. (\d{1,2})\. (\d{4})\b"), r"\1.\2.\3"),
    (re.compile(r"\b(\d{4})\. ?(\d{1,2})\. ?(\d{1,2})\.(?= )"), r"\1.\2.\3"),
    (re.compile(r"(?<=\d) [-|] (?=\d)"), " "),
    (re.compile(r"^@(?=\w)"), ""),
    (re.compile(r"\(((?:UTC|GMT)(?: ?[+-]\d{1,2}(?::?\d\d)?)?)\)$"), r"\1"),
    (re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)?(?=Z|[+-]|$)"), r"\1-\2-\3 \4:\5"),
)
"""``18 Uhr 30``; ``24. 12. 2026``; ``2026. 12. 24. 18:30``; ``24.12.2026 - 18:30``; ``20261224T183000Z``;
``@December 24, 2026 6:30 PM (GMT+1)``."""


def as_typed(written: str) -> str:
    """Undo what typesetting does to a date: its spaces, hyphens and wide digits, and what ``_TYPESET`` shows."""
    text = " ".join(unicodedata.normalize("NFKC", written).split()).translate(_HYPHENS)
    for pattern, meant in _TYPESET:
        text = pattern.sub(meant, text)
    return text if text.isascii() else _in_east_asia(text)


def _in_east_asia(text: str) -> str:
    """Write a time with the signs for year, month, day and hour as others write theirs, its day of the week first."""
    text = _EAST_ASIAN_CLOCK.sub(lambda clock: f" {clock[1]}:{int(clock[2] or 0):02}", text)
    if found := _EAST_ASIAN_HALF.fullmatch(" ".join(text.split())):
        text = f"{found['day']} {found['clock']} {'AM' if found['am'] else 'PM'}"
    if (found := _EAST_ASIAN_DAY.match(text)) is None:
        return " ".join(text.split())
    year, month, day = (one for one in found.groups()[:6] if one)
    weekday = _EAST_ASIAN_WEEKDAYS.get(found["short"] or found["long"] or "", "")
    return " ".join(f"{weekday} {year}-{month}-{day} {text[found.end() :]}".split())


def _without_weekday(text: str) -> tuple[int | None, str]:
    """Take the day of the week off the front; 0 is Monday."""
    found = _WEEKDAY.match(text)
    weekday = WEEKDAYS.get(found["name"].casefold()) if found else None
    if found is None or weekday is None or MONTHS.get(found["name"].casefold()):
        return None, text  # mar. is a month as well
    return weekday, text[found.end() :]


def _on_that_weekday(written: str, weekday: int, read: str) -> str | Refusal:
    """Whoever writes the day of the week beside the date meant both; where they differ, one is a slip."""
    try:
        day = date.fromisoformat(read[:10])
    except ValueError:
        return read
    if day.weekday() == weekday:
        return read
    why = f"{day:%-d %B %Y} is a {day:%A}"
    return refusal("when", written, why, "correct the date, or the day of the week")


def _iso(written: str, text: str, evidence: Evidence) -> str | Refusal:
    if found := _YEAR_FIRST.fullmatch(text):
        return _moment(written, found, int(found["year"]), int(found["month"]), int(found["day"]))
    if found := _NUMBERS.fullmatch(text):
        return _by_order(written, found, evidence)
    if found := _SERIAL.fullmatch(text):
        return _serial(written, found)
    for pattern in (_DAY_MONTH, _MONTH_DAY):
        found = pattern.fullmatch(text)
        if found and (month := MONTHS.get(found["name"].casefold())):
            return _moment(written, found, int(found["year"]), month, int(found["day"]))
    return text


def of_cells(day: date, clock: str, evidence: Evidence) -> str | Refusal:
    """Put a day and a time of day together that stand in two cells."""
    return iso(f"{day.isoformat()} {clock}".strip(), evidence)


def _by_order(written: str, found: re.Match[str], evidence: Evidence) -> str | Refusal:
    first, second, year = int(found["first"]), int(found["second"]), int(found["year"])
    year += 2000 if year < 100 else 0
    order = evidence.order
    if order is None and first != second:
        return _undecided(written, found, (year, first, second), evidence)
    day, month = (first, second) if order is not Order.MONTH_FIRST else (second, first)
    if month > 12 and evidence.told is None and order:
        telling = evidence.day_first if order is Order.DAY_FIRST else evidence.month_first
        why = f"its column is written {order} ({excerpt(telling)}), and this date cannot be"
        return refusal("when", written, why, HOW)
    return _moment(written, found, year, month, day)


def _undecided(
    written: str, found: re.Match[str], numbers: tuple[int, int, int], evidence: Evidence
) -> Refusal:
    year, first, second = numbers
    orders = ((Order.DAY_FIRST, first, second), (Order.MONTH_FIRST, second, first))
    if evidence.alone:
        readings = [
            f"{year}-{month:02}-{day:02} for {_read(found, year, month, day)}"
            for _, day, month in orders
            if 1 <= month <= 12
        ]
        return refusal(
            "when", written, "it does not tell which number is the day", f"write {', or '.join(readings)}"
        )
    if evidence.contradicts_itself:
        why = (
            f"its column mixes two orders: {excerpt(evidence.day_first)} has the day first, "
            f"{excerpt(evidence.month_first)} the month"
        )
    else:
        why = "no date in this column tells which number is the day"
    readings = [
        f"{_read(found, year, month, day)} with --dates {order}"
        for order, day, month in orders
        if 1 <= month <= 12
    ]
    return refusal("when", written, why, f"it is {', or '.join(readings)}")


def _read(found: re.Match[str], year: int, month: int, day: int) -> str:
    try:
        return f"{date(year, month, day):%-d %B %Y}"
    except ValueError:
        return f"{found['first']}{found['sign']}{found['second']} of {year}"


def _moment(written: str, found: re.Match[str], year: int, month: int, day: int) -> str | Refusal:
    if found["clock"] is None:
        return refusal("when", written, "it names a day and no time", "add the time: 18:30")
    clock = _clock(found)
    if clock is None and found["half"] and int(found["hour"]) < 24:
        hour, minute, half = int(found["hour"]), found["minute"] or "00", found["half"].replace(" ", "")
        why = f"there is no {hour}:{minute} {half}"
        return refusal(
            "when", written, why, f"write {hour:02}:{minute}, or {hour % 12 or 12}:{minute} {half}"
        )
    if clock is None and not found["half"]:
        why, hour = "its clock has an hour and no minutes", int(found["hour"])
        return refusal(
            "when", written, why, f"write {hour}:00" + (f", or {hour} pm" if 1 <= hour <= 12 else "")
        )
    try:
        moment = datetime(year, month, day, *(clock or (99, 0, 0)))  # noqa: DTZ001 - its zone is told beside it
    except ValueError:
        return refusal("when", written, "no calendar has this time", HOW)
    return moment.isoformat(sep=" ") + _offset(found["zone"] or "")


def _clock(found: re.Match[str]) -> tuple[int, int, int] | None:
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second_"))
    half = (found["half"] or "").casefold()[:1]
    if half:
        if not 1 <= hour <= 12:
            return None
        return hour % 12 + (12 if half == "p" else 0), minute, second
    return None if found["minute"] is None and not found["oclock"] else (hour, minute, second)


def _offset(zone: str) -> str:
    if not zone:
        return ""
    if zone.upper() in {"Z", "UTC", "GMT"}:
        return "+00:00"
    sign, digits = zone.upper().removeprefix("UTC").removeprefix("GMT").strip()[0], re.sub(r"\D", "", zone)
    hours, minutes = (digits, "00") if len(digits) < 3 else (digits[:-2], digits[-2:])
    return f"{sign}{int(hours):02}:{minutes}"


def _serial(written: str, found: re.Match[str]) -> str | Refusal:
    days = int(found[1])
    if not _FIRST_SERIAL <= days <= _LAST_SERIAL:
        return refusal("when", written, "this number is no day of this century in Excel's count", HOW)
    if found[2] is None:
        return refusal("when", written, "it names a day (in Excel's count) and no time", HOW)
    seconds = round(float(f"0.{found[2]}") * 86_400)
    moment = datetime.combine(_EXCELS_DAY_ZERO + timedelta(days=days), datetime.min.time())
    return (moment + timedelta(seconds=seconds)).isoformat(sep=" ")
