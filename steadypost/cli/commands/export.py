"""``steadypost export``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from steadypost import private
from steadypost.cli import speech
from steadypost.cli.choosing import filtered, selection
from steadypost.cli.command import command
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.cli.speech import Answer
from steadypost.domain import clock
from steadypost.domain.change import WAITS
from steadypost.domain.delivery import State
from steadypost.intake import exporting
from steadypost.intake.exporting import Line
from steadypost.store import accounts as account_rows
from steadypost.store import selecting

if TYPE_CHECKING:
    from rich.console import Console


@command("export")
@click.argument("file", metavar="[FILE]", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option(
    "--format", "kind", type=click.Choice(["csv", "json", "ics"]), help="Else by the name of the file; csv."
)
@click.option(
    "--state", type=click.Choice([str(state) for state in State]), help="Only deliveries in this state."
)
@filtered
def export(house: House, *, file: Path | None, kind: str | None, state: str | None, **given: Any) -> Answer:
    """Write what waits as a table or a list that imports again to the same, or as a calendar (ics).

    Importing it into this store adds nothing; into an empty one, the same posts. A calendar also has what went out.
    """
    form = kind or _by_name(file)
    usual = frozenset(State) - {State.CANCELLED} if form == "ics" else WAITS
    states = frozenset({State(state)}) if state else usual
    with house.store() as store:
        if given["account"] is not None:
            store.read(account_rows.one, given["account"])
        found = store.read(selecting.find, selection(house, given, states=states)).entries
        series = store.read(selecting.times_of, [one.delivery.id for one in found])
        # A time of a series is the series', and a file of posts would make a post of its own of it.
        taken = [one for one in found if form == "ics" or one.delivery.id not in series]
        known = store.read(selecting.exported, {one.delivery.post_id for one in taken})
    rows = exporting.lines(taken, known)
    told = exporting.ics_of(rows, now=clock.now()) if form == "ics" else ""
    if form == "csv":
        unfit = [line.deliveries[0].id for line in rows if not line.fits_a_cell]
        if unfit:
            message = f"a table cannot say what delivery {unfit[0]} says: it holds a line --- or a |"
            raise Stop(Ending.REFUSED, "unfit", message, "write a list: add --format json")
        told = exporting.csv_of(rows)
    elif form == "json":
        told = exporting.json_of(rows)
    if file is not None:
        _write(file, told)
    document = {
        "format": form,
        "file": None if file is None else str(file),
        "posts": len(rows),
        "deliveries": sum(len(line.deliveries) for line in rows),
        "times_of_series_left_out": len(found) - len(taken),
        "content": told if file is None else None,
    }
    return Answer(
        document=document, tell=lambda console: _tell(console, file, told, rows, len(found) - len(taken))
    )


def _by_name(file: Path | None) -> str:
    ending = "" if file is None else file.suffix.removeprefix(".").casefold()
    if ending and ending not in {"csv", "json", "ics"}:
        message = f"{speech.line(str(file), 60)}: no file of this kind is written"
        raise Stop(Ending.USAGE, "usage", message, "name it .csv, .json or .ics, or add --format csv")
    return ending or "csv"


def _write(file: Path, told: str) -> None:
    """Write a file whole or not at all, readable by its owner only: it may hold drafts."""
    beside = file.with_name(f".{file.name}.part")
    try:
        private.by_default()
        beside.write_text(told, encoding="utf-8", newline="")
        beside.replace(file)
    except OSError as wrong:
        message = f"{file} cannot be written ({wrong.strerror})"
        raise Stop(
            Ending.REFUSED, "unwritable", message, "name a file in a folder that you may write"
        ) from None


def _tell(console: Console, file: Path | None, told: str, rows: list[Line], left_out: int) -> None:
    if file is None:
        click.echo(told, nl=False)
    else:
        many = sum(len(line.deliveries) for line in rows)
        speech.tell(console, f"{file}: {len(rows)} posts, {many} deliveries.")
    if left_out:
        note = f"Not in it: {left_out} times of series, which come by themselves (steadypost series)."
        click.echo(note, err=file is None)


commands = {"export": export}
