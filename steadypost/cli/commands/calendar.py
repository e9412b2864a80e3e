"""``steadypost calendar``: a week or a month, in the reader's zone."""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from steadypost.cli import speech
from steadypost.cli.choosing import a_day
from steadypost.cli.command import command
from steadypost.cli.commands.queue import entry_document
from steadypost.cli.house import House
from steadypost.cli.speech import Answer
from steadypost.domain import clock
from steadypost.domain.delivery import FOR_A_PERSON, State
from steadypost.store import Entry, selecting
from steadypost.store import accounts as account_rows
from steadypost.store.selecting import Selection

if TYPE_CHECKING:
    from rich.console import Console

MARKS = {
    State.PUBLISHED: "✓",
    State.REFUSED: "✗ refused",
    State.MISSED: "✗ missed",
    State.REMOVED: "✗ removed",
    State.HELD: "? held",
    State.NEEDS_REVIEW: "? needs review",
    State.QUARANTINED: "? quarantined",
    State.UNCONFIRMED: "? unconfirmed",
    State.SENDING: "→ now",
    State.PARTIAL: "→ partly live",
    State.SCHEDULED: "",
}
"""How each state is marked; what was taken back is left out."""

MOST_A_DAY = 20
"""Of one day so many are shown to people."""


@command("calendar")
@click.argument("day", metavar="[DAY]", required=False)
@click.option("--month", is_flag=True, help="The whole month of that day, in numbers.")
@click.option("--account", "-a", metavar="NAME", help="Only deliveries of this account.")
def calendar(house: House, *, day: str | None, month: bool, account: str | None) -> Answer:
    """Show the week from today on, or from a day: today, tomorrow, 2026-12-01. Times are in your zone."""
    zone = ZoneInfo(house.settings.zone)
    first = a_day("DAY", day or "today", zone)
    days = _month(first) if month else [first + timedelta(days=n) for n in range(7)]
    since = datetime.combine(days[0], time(), zone)
    until = datetime.combine(days[-1] + timedelta(days=1), time(), zone)
    with house.store() as store:
        if account is not None:
            store.read(account_rows.one, account)
        those = Selection(
            account=account, since=since, until=until, states=frozenset(State) - {State.CANCELLED}
        )
        found = store.read(selecting.find, those)
    by_day: dict[date, list[Entry]] = defaultdict(list)
    for entry in found.entries:
        by_day[entry.delivery.due_at.astimezone(zone).date()].append(entry)
    document = {
        "zone": zone.key,
        "days": [
            {"day": one.isoformat(), "deliveries": [entry_document(entry) for entry in by_day[one]]}
            for one in days
        ],
        "taken_back": found.at_rest.get(State.CANCELLED, 0),
    }

    def tell(console: Console) -> None:
        if month:
            console.print(_grid(days, by_day, zone))
        else:
            for line in _week(days, by_day, zone):
                speech.tell(console, line)
        for line in _foot(found.at_rest.get(State.CANCELLED, 0), house, zone):
            speech.tell(console, line)

    return Answer(document=document, tell=tell)


def _month(day: date) -> list[date]:
    """Give the days of a month, from the Monday before its first to the Sunday after its last."""
    first, last = day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])
    begins, ends = first - timedelta(days=first.weekday()), last + timedelta(days=6 - last.weekday())
    return [begins + timedelta(days=n) for n in range((ends - begins).days + 1)]


def _week(days: Sequence[date], by_day: dict[date, list[Entry]], zone: ZoneInfo) -> Iterator[str]:
    width = speech.width()
    today = clock.now().astimezone(zone).date()
    for day in days:
        entries = by_day[day]
        name = f"{day:%a %d %b}" + (" (today)" if day == today else "")
        yield f"{name}: {len(entries) or 'nothing'}"
        for entry in entries[:MOST_A_DAY]:
            yield speech.fit(_line(entry, zone), width)
        if len(entries) > MOST_A_DAY:
            yield f"  ... and {len(entries) - MOST_A_DAY} more: steadypost queue --all --day {day}"


def _line(entry: Entry, zone: ZoneInfo) -> str:
    one = entry.delivery
    mark = f" {MARKS[one.state]}" if MARKS.get(one.state) else ""
    at = one.due_at.astimezone(zone)
    parts = f" [{len(one.parts)} parts]" if len(one.parts) > 1 else ""
    return f"  {at:%H:%M} {speech.line(one.account, 16)} #{one.id}{mark}{parts}  {speech.line(entry.text)}"


def _grid(days: Sequence[date], by_day: dict[date, list[Entry]], zone: ZoneInfo) -> Any:
    """Draw a month: of each day how many, and how many of them need a person."""
    page = speech.table(*(f"{day:%a}" for day in days[:7]), title=f"{days[10]:%B %Y}, in {zone.key}")
    for begins in range(0, len(days), 7):
        page.add_row(*(_cell(day, by_day[day], days[10].month) for day in days[begins : begins + 7]))
    return page


def _cell(day: date, entries: Sequence[Entry], month: int) -> str:
    number = f"{day.day:2}" if day.month == month else f"({day.day})"
    if not entries:
        return f"{number}"
    asks = sum(entry.delivery.state in FOR_A_PERSON for entry in entries)
    failed = sum(entry.delivery.state in {State.REFUSED, State.MISSED, State.REMOVED} for entry in entries)
    return f"{number}: {len(entries)}" + (f" {asks}?" if asks else "") + (f" {failed}✗" if failed else "")


def _foot(taken_back: int, house: House, zone: ZoneInfo) -> Iterator[str]:
    named = "" if house.settings.zone_is_given else " (set STEADYPOST_ZONE to see yours)"
    yield f"Times are in {zone.key}{named}."
    yield "✓ live, → under way, ? asks a person, ✗ did not go out."
    if taken_back:
        yield f"Not shown: {taken_back} taken back (steadypost queue --state cancelled)."


commands = {"calendar": calendar}
