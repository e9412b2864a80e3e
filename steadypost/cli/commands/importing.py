"""``steadypost import``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from steadypost.cli import speech
from steadypost.cli.command import command
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.cli.signing import signature_of
from steadypost.cli.speech import Answer
from steadypost.cli.times import check_zone
from steadypost.domain import clock
from steadypost.intake import Entered, ImportReport, Told, import_file
from steadypost.intake.columns import wrong_mapping
from steadypost.intake.dates import Order
from steadypost.intake.mending import command as command_of
from steadypost.intake.mending import write_refused
from steadypost.intake.shelf import Shelf
from steadypost.intake.telling import Line, counted, lines
from steadypost.store import accounts as account_rows

if TYPE_CHECKING:
    from rich.console import Console

MOST_SHOWN = 50
"""So many rows that want something are shown to people; programs get all of them."""


@command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--dry-run", is_flag=True, help="Show what would become of every row of the sheet, and write nothing."
)
@click.option("--update", is_flag=True, help="Change what waits where a row with a known key says otherwise.")
@click.option(
    "--refused",
    "refused_to",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the refused rows there, each with why, to be mended and imported again.",
)
@click.option(
    "--account",
    "-a",
    "accounts",
    multiple=True,
    metavar="NAME",
    help="The account of rows that name none.",
)
@click.option(
    "--map",
    "mapping",
    multiple=True,
    metavar="COLUMN=FIELD",
    help='What a column is: --map "Post copy=text"; --map "Notes=ignore" passes it over, "*=ignore" all unknown ones.',
)
@click.option("--dates", type=click.Choice(["day-first", "month-first"]), help="How 05/06/2027 is read.")
@click.option("--zone", metavar="ZONE", help="The zone of times without one: Europe/Berlin.")
@click.option("--sheet", metavar="NAME", help="Which sheet of a workbook.")
@click.option("--encoding", metavar="NAME", help="The encoding of a CSV file, where it cannot be told.")
@click.option("--by", metavar="NAME", help="Who you are, if not your login name.")
def import_posts(
    house: House,
    file: Path,
    *,
    dry_run: bool,
    update: bool,
    refused_to: Path | None,
    accounts: Sequence[str],
    mapping: Sequence[str],
    dates: str | None,
    zone: str | None,
    sheet: str | None,
    encoding: str | None,
    by: str | None,
) -> Answer:
    """Take in a list of posts: Excel, CSV, JSON, or what Buffer, Hootsuite, Metricool and others write.

    Good rows enter; each wrong one is named by its row in the sheet, with what to do. Importing a file again is
    harmless: what came in before is not added twice, and what differs is told.
    """
    author = signature_of(by, "", why_is_required=False).by
    _check_target(file, refused_to)
    check_zone(zone)
    told = _told(accounts, mapping, dates=dates, sheet=sheet, encoding=encoding)
    with house.store() as store, _progress() as (opened, progress):
        for name in accounts:
            store.read(account_rows.one, name)
        report = import_file(
            store,
            file,
            now=clock.now(),
            zone=zone or house.settings.zone_for_naive,
            dry_run=dry_run,
            update=update,
            told=told,
            shelf=Shelf(house.settings.home / "images", keep=not dry_run),
            by=author,
            progress=progress,
            opened=opened,
        )
    written = _write_refused(report, refused_to)
    again = command_of(report, refused_to, told, zone) if refused_to and written else ""
    return Answer(
        document=report.as_dict() | {"refused_file": str(refused_to) if written else None},
        tell=lambda console: _tell(
            console, report, refused_to, written, zone=house.settings.zone, again=again
        ),
        ending=Ending.OK if report.is_whole else Ending.REFUSED,
    )


def _told(
    accounts: Sequence[str],
    mapping: Sequence[str],
    *,
    dates: str | None,
    sheet: str | None,
    encoding: str | None,
) -> Told:
    pairs = dict(_pair(one) for one in mapping)
    for problem in wrong_mapping(pairs):
        raise Stop(Ending.USAGE, "map", f"--map {problem.value}: {problem.why}", problem.remedy)
    return Told(
        order=Order(dates) if dates else None,
        accounts=tuple(accounts),
        mapping=pairs,
        sheet=sheet,
        encoding=encoding,
    )


def _pair(written: str) -> tuple[str, str]:
    column, sign, means = written.rpartition("=")
    if not sign or not column.strip() or not means.strip():
        raise Stop(
            Ending.USAGE, "map", f"--map {written!r} does not say what is what", 'write --map "COLUMN=FIELD"'
        )
    return column.strip(), means.strip()


def _check_target(file: Path, refused_to: Path | None) -> None:
    """Stop before anything enters where the refused rows could not be written."""
    if refused_to is None:
        return
    if refused_to.suffix.casefold() != file.suffix.casefold():
        message = f"--refused {refused_to}: the refused rows keep the form they came in"
        raise Stop(
            Ending.USAGE, "refused_file", message, f"name it {refused_to.with_suffix(file.suffix).name}"
        )
    if refused_to.absolute() == file.absolute():
        message = f"--refused {refused_to} would replace the file itself"
        raise Stop(Ending.USAGE, "refused_file", message, "name another file")
    if not refused_to.absolute().parent.is_dir():
        message = f"--refused {refused_to}: there is no folder {refused_to.absolute().parent}"
        raise Stop(Ending.USAGE, "refused_file", message, "make it, or name another")


def _write_refused(report: ImportReport, refused_to: Path | None) -> int:
    if refused_to is None:
        return 0
    try:
        return write_refused(report, refused_to)
    except OSError as wrong:
        message = (
            f"the refused rows could not be written to {refused_to} ({wrong.strerror}); the others are in"
        )
        raise Stop(Ending.REFUSED, "refused_file", message, "name another file and import again") from None


Opened = Callable[[int | None], None]


@contextmanager
def _progress() -> Iterator[tuple[Opened, Callable[[Entered], None]]]:
    """Show how far it is, on a terminal; programs and files get nothing of it."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn  # noqa: PLC0415

    console = Console(stderr=True)
    columns = ("rows", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("rows", total=None)
        try:
            yield (lambda total: bar.update(task, total=total)), (lambda _: bar.advance(task))
        except KeyboardInterrupt:
            message = f"stopped after at least {bar.tasks[0].completed:.0f} rows"
            remedy = "import the file again: what came in is not added twice"
            raise Stop(Ending.INTERRUPTED, "interrupted", message, remedy) from None


def _tell(
    console: Console, report: ImportReport, refused_to: Path | None, written: int, *, zone: str, again: str
) -> None:
    speech.tell(console, f"{speech.plain(report.path)}: {counted(report)}")
    if report.listed is not None:
        speech.tell(console, f"read as {report.listed.told}")
    every = lines(report)
    if not every:
        speech.tell(console, "There is no row below its header: nothing is to be taken in.")
    _tell_rows(console, every if report.dry_run else [one for one in every if one.what], zone)
    if written:
        speech.tell(console, f"{written} refused rows written to {speech.plain(refused_to)}")
        speech.tell(console, f"once they are corrected: {again}")
        if refused_to is not None and refused_to.absolute().parent != report.path.absolute().parent:
            folder = refused_to.absolute().parent
            speech.tell(
                console, f"images named by a relative path are looked for in {speech.plain(folder)} then"
            )
    elif report.to_mend and not report.dry_run:
        remedy = f"--refused refused{report.path.suffix}"
        speech.tell(console, f"to get the refused rows as a file, add {remedy} and import again")


def _tell_rows(console: Console, rows: Sequence[Line], zone: str) -> None:
    """Show rows of the sheet, and when they go out; where there are too many, those that want something."""
    wanting = [one for one in rows if one.what]
    shown = rows if len(rows) <= MOST_SHOWN else wanting[:MOST_SHOWN]
    if shown:
        timed = any(one.due_at for one in shown)
        page = speech.table("row", "", *([f"due ({zone})"] if timed else []), "what")
        for one in shown:
            when = [speech.brief(one.due_at, zone) if one.due_at else ""] if timed else []
            what = "\n".join(map(speech.plain, one.told or (one.says,)))
            page.add_row(str(one.row or "-"), one.word, *when, what)
        console.print(page)
    if left := len(rows) - len(shown):
        asks = len(wanting) - sum(1 for one in shown if one.what)
        more = f", {asks} of which want something" if asks else ""
        speech.tell(console, f"... and {left} more rows{more}; --json names all")


commands = {"import": import_posts}
