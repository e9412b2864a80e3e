"""Take in a file of posts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from pydantic import Field

from flows.answering import answered, fitting, refused
from flows.house import at_work
from steadypost import settings
from steadypost.domain.clock import now
from steadypost.intake.dates import Order
from steadypost.intake.fields import CHOICES
from steadypost.intake.files import Told
from steadypost.intake.importing import import_file
from steadypost.intake.mending import write_refused
from steadypost.intake.refusal import excerpt
from steadypost.intake.report import Entered, ImportReport
from steadypost.intake.shelf import Shelf
from steadypost.intake.telling import counted, lines, markdown
from steadypost.store import SOMEBODY
from tasks.deadline import ended_within
from tasks.discreet import discreet

ENDS_WITHIN = timedelta(minutes=30)
"""A hundred thousand rows take ten minutes. Only one import runs at a time: one that hangs holds up the next."""

ARTIFACT = "import"
"""The key of the table by sheet row; each run has its own version."""

MOST_SAID = 20
"""So many rows stand in the run's state; its artifact has all."""


def named() -> str:
    """Name a run by its file; anything else in that field stays out of the name."""
    path = str(flow_run.parameters.get("path", ""))
    return f"import {excerpt(Path(path).name)}"


@flow(name="import", flow_run_name=named, retries=0, validate_parameters=False)
@discreet
@fitting(ARTIFACT)
def import_posts(  # noqa: PLR0917 - the fields of a form
    path: str = Field(
        default="",
        title="File",
        description=(
            "An Excel workbook, a CSV or JSON file, or an export of Buffer, Hootsuite, Typefully or Postiz, on the "
            "worker's machine, such as examples/posts.csv of the repository. "
            "A relative path counts from that machine's STEADYPOST_HOME."
        ),
        examples=["/home/alice/posts.xlsx"],
    ),
    dry_run: bool = Field(default=False, title="Dry run", description="Check every row and take in none."),
    update: bool = Field(
        default=False,
        title="Update",
        description="Change what waits where a row with a known key says otherwise.",
    ),
    dates: Literal["as the column tells", "day-first", "month-first"] = Field(
        default="as the column tells",
        title="Dates",
        description="How a date such as 05/06/2027 is read, where its column does not tell.",
    ),
    accounts: list[str] = Field(  # noqa: B008 - a field of the form
        default=[],
        title="Accounts",
        description="The accounts of rows that name none.",
        json_schema_extra={CHOICES: "accounts"},
    ),
    columns: dict[str, str] = Field(  # noqa: B008 - a field of the form
        default={},
        title="Columns",
        description='What a column is that has another name: {"Post copy": "text", "Notes": "ignore"}.',
    ),
    refused_to: str = Field(
        default="",
        title="Refused rows",
        description=(
            "A file to write the refused rows to, each with why, to be mended and imported again. "
            "Empty: one beside the file, with -refused in its name. A dry run writes none."
        ),
    ),
    by: str = Field(
        default="",
        title="Your name",
        description="Kept with the posts. Needed where a second person has to approve them.",
    ),
) -> State[dict[str, object]]:
    """Take in every row that can be; a table by sheet row says what became of each, and what to do."""
    machine = settings.read()
    if not path.strip():
        return refused(
            ["path: it is empty; write where the file is on the machine of the worker"], key=ARTIFACT
        )
    order = None if dates == "as the column tells" else Order(dates)
    file = machine.home / path.strip()
    with ended_within(ENDS_WITHIN), at_work(ENDS_WITHIN / 2) as store:
        report = import_file(
            store,
            file,
            now=now(),
            zone=machine.zone_for_naive,
            dry_run=dry_run,
            update=update,
            told=Told(order=order, accounts=tuple(accounts), mapping=columns),
            shelf=Shelf(machine.home / "images", keep=not dry_run),
            by=by.strip() or SOMEBODY,
        )
    mend = _to_be_mended(report, file, refused_to.strip(), machine.home)
    return _ended(report, mend)


def _to_be_mended(report: ImportReport, file: Path, wanted: str, home: Path) -> str:
    """Write the refused rows to a file of their own, and name it. That it cannot be written undoes no import."""
    if report.dry_run and not wanted:
        return ""
    to = home / wanted if wanted else file.with_name(f"{file.stem}-refused{file.suffix}")
    try:
        return str(to) if write_refused(report, to) else ""
    except OSError as error:
        get_run_logger().warning("the refused rows could not be written to %s: %s", to, error.strerror)
        return ""


def _ended(report: ImportReport, mend: str) -> State[dict[str, object]]:
    every = lines(report)
    said = [f"row {one.row}: {one.word}: {one.what}" for one in every if one.what][:MOST_SAID]
    file = [f"The refused rows, each with why: {excerpt(mend)}"] if mend else []
    entered: list[Entered] = [*report.accepted, *report.held, *report.already, *report.updated]
    page = markdown(report, excerpt(report.path.name), mend=mend)
    if report.refused and not entered:
        return refused([f"{counted(report)}.", *file, *said], key=ARTIFACT, page=page)
    words = "\n".join([f"{counted(report)}.", *file, *said])
    return answered(words, page=page, key=ARTIFACT, data=report.as_dict() | {"refused_to": mend})
