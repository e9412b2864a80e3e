"""``steadypost import``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from steadypost.cli import speech
from steadypost.cli.command import command
from steadypost.cli.endings import Ending
from steadypost.cli.house import House
from steadypost.cli.speech import Answer
from steadypost.domain import clock

if TYPE_CHECKING:
    from rich.console import Console

    from steadypost.intake import ImportReport

MOST_SHOWN = 50
"""Of each kind so many are shown to people; programs get all of them."""


@command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would become of every row, and write nothing.")
def import_posts(house: House, file: Path, dry_run: bool) -> Answer:
    """Take in a CSV, JSON or JSON Lines file. Good rows enter; each wrong one is named with what to do.

    Importing a file again is harmless: what came in before is not added twice.
    """
    from steadypost.intake import import_file  # noqa: PLC0415 - half a second that the queue need not wait

    zone = house.settings.zone_for_naive
    with house.store() as store:
        report = import_file(store, file, now=clock.now(), zone=zone, dry_run=dry_run)
    return Answer(
        document=report.as_dict(),
        tell=lambda console: _tell(console, report),
        ending=Ending.REFUSED if report.refused else Ending.OK,
    )


def _tell(console: Console, report: ImportReport) -> None:
    would = "would be " if report.dry_run else ""
    some = [
        (f"{would}accepted", report.accepted),
        (f"{would}held", report.held),
        ("already there", report.already),
        (f"{would}refused", report.refused),
    ]
    speech.tell(
        console, f"{speech.plain(report.path)}: " + ", ".join(f"{len(page)} {name}" for name, page in some)
    )
    _tell_late(console, report)
    _tell_held(console, report)
    _tell_refused(console, report)


def _tell_late(console: Console, report: ImportReport) -> None:
    for one in report.late[:MOST_SHOWN]:
        speech.tell(console, f"{one.where}: too late by its own rule; it will be missed")


def _tell_held(console: Console, report: ImportReport) -> None:
    for entered in report.held[:MOST_SHOWN]:
        for one in entered.deliveries:
            if str(one.state) != "held":
                continue
            like = f"delivery {one.repeats}" if one.repeats else "an earlier row"
            word = f"; to let it go out: steadypost release {one.delivery_id}" if one.delivery_id else ""
            speech.tell(
                console, f"{entered.where}: held for {speech.plain(one.account)}, it reads like {like}{word}"
            )


def _tell_refused(console: Console, report: ImportReport) -> None:
    problems = [problem for entered in report.refused for problem in entered.refusals]
    if not problems:
        return
    page = speech.table("row", "field", "what is wrong")
    for problem in problems[:MOST_SHOWN]:
        value = f"{speech.line(problem.value)!r}: " if problem.value else ""
        page.add_row(
            problem.where,
            problem.field,
            f"{value}{speech.plain(problem.why)}; {speech.plain(problem.remedy)}",
        )
    console.print(page)
    if len(problems) > MOST_SHOWN:
        speech.tell(console, f"... and {len(problems) - MOST_SHOWN} more; --json names all")


commands = {"import": import_posts}
