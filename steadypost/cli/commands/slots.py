"""``steadypost slots``: the times of the week at which an account posts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from steadypost.cli import speech
from steadypost.cli.command import command
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.cli.speech import Answer
from steadypost.cli.times import check_zone
from steadypost.domain import clock
from steadypost.store import accounts as account_rows
from steadypost.store import slots as rows
from steadypost.store.slots import DAYS, Slot

if TYPE_CHECKING:
    from rich.console import Console

_DAYS = {"daily": range(7), "weekdays": range(5), "weekend": range(5, 7)}
_WRITTEN = re.compile(r"(?P<days>[a-z,]+)\s+(?P<at>(?:[01]\d|2[0-3]):[0-5]\d)")


@command("slots")
@click.argument("account")
@click.option(
    "--add",
    "wanted",
    multiple=True,
    metavar="'DAYS HH:MM'",
    help='"weekdays 09:30", "mon,thu 18:00"; may be repeated.',
)
@click.option("--remove", "gone", multiple=True, metavar="'DAYS HH:MM'", help="Take these away.")
@click.option("--zone", metavar="ZONE", help="Whose clocks; else STEADYPOST_ZONE.")
def slots(
    house: House, *, account: str, wanted: tuple[str, ...], gone: tuple[str, ...], zone: str | None
) -> Answer:
    """List an account's slots, add some or take some away. 'steadypost add --when next-slot' takes the next free one."""
    check_zone(zone)
    place = zone or house.settings.zone
    adds, takes = ([slot for one in some for slot in _read(one, place)] for some in (wanted, gone))
    with house.store() as store:
        store.read(account_rows.one, account)
        if adds:
            store.write(rows.put, account, adds)
        missing = len(takes) - store.write(rows.take, account, takes) if takes else 0
        found = store.read(rows.every, account)
        free = store.read(rows.next_free, account, clock.now())
    document: dict[str, Any] = {
        "account": account,
        "slots": [{"day": one.day, "at": one.at, "zone": one.zone} for one in found],
        "next_free": speech.iso(free),
        "not_there": missing,
    }
    return Answer(
        document=document,
        tell=lambda console: _tell(console, account, found, free, house.settings.zone, missing),
    )


def _tell(  # noqa: PLR0917 - private, and every one of them is told
    console: Console,
    account: str,
    found: Sequence[Slot],
    free: datetime | None,
    zone: str,
    missing: int,
) -> None:
    if missing:
        speech.tell(
            console, f"Of those to be removed {missing} were not there: nothing is taken away for them."
        )
    if not found:
        speech.tell(console, f"{account} has no slots: steadypost slots {account} --add 'weekdays 09:30'")
        return
    for one in found:
        speech.tell(console, str(one))
    speech.tell(console, f"The next free one: {speech.brief(free, zone)} ({zone})")


def _read(written: str, zone: str) -> list[Slot]:
    found = _WRITTEN.fullmatch(written.strip().casefold())
    days = [] if found is None else [day for word in found["days"].split(",") for day in _days(word, DAYS)]
    if found is None or not days:
        message = f"{speech.line(written, 40)!r} names no slot"
        raise Stop(Ending.USAGE, "usage", message, "write 'weekdays 09:30', 'daily 12:00' or 'mon,thu 18:00'")
    return [Slot(day=day, at=found["at"], zone=zone) for day in sorted(set(days))]


def _days(word: str, names: Sequence[str]) -> Sequence[int]:
    if word in _DAYS:
        return _DAYS[word]
    return [names.index(word[:3])] if word[:3] in names else []


commands = {"slots": slots}
