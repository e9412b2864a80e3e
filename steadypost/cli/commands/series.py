"""``steadypost series``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from steadypost.cli import speech
from steadypost.cli.command import command
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.cli.signing import signature_of, signed
from steadypost.cli.speech import Answer

if TYPE_CHECKING:
    from rich.console import Console

    from steadypost.store import Series


@command("series")
@click.option("--all", "everything", is_flag=True, help="Also those that were ended.")
@click.option(
    "--end",
    "series_id",
    type=click.IntRange(min=1),
    metavar="ID",
    help="End this one, and take back what of it waits. Needs --why.",
)
@signed(why_is_required=False)
def series(house: House, *, everything: bool, series_id: int | None, by: str | None, why: str) -> Answer:
    """List the posts that come again, or end one."""
    if series_id is None:
        with house.store() as store:
            those = store.series(also_ended=everything)
        document: dict[str, Any] = {"series": [_document(one) for one in those]}
        return Answer(document=document, tell=lambda console: _tell(console, those))
    if not why.strip():
        raise Stop(
            Ending.USAGE, "usage", "--end needs a reason", "add --why TEXT; it is kept with what you do"
        )
    who = signature_of(by, why, why_is_required=True)
    with house.store() as store:
        taken_back = store.end_series(series_id, by=who.by, why=who.why)
    document = {"ended": series_id, "taken_back": taken_back}
    told = ", ".join(map(str, taken_back)) or "none"
    return Answer(
        document=document,
        tell=lambda console: speech.tell(
            console, f"Series {series_id} is ended. Deliveries taken back: {told}."
        ),
    )


def _tell(console: Console, those: list[Series]) -> None:
    if not those:
        speech.tell(console, "Nothing comes again.")
        return
    page = speech.table("id", "accounts", "begins (local)", "zone", "rule", "post")
    for one in those:
        ended = f"[{speech.line(one.ended_why)}] " if one.ended_at else ""
        page.add_row(
            str(one.id),
            speech.line(", ".join(one.accounts), 24),
            one.starts.replace("T", " "),
            one.zone,
            speech.line(one.rule, 40),
            ended + speech.line(one.text),
        )
    console.print(page)


def _document(one: Series) -> dict[str, Any]:
    return {
        "id": one.id,
        "accounts": list(one.accounts),
        "rule": one.rule,
        "zone": one.zone,
        "starts": one.starts,
        "text": one.text,
        "source": one.source,
        "late_after_s": None if one.late_after is None else one.late_after.total_seconds(),
        "when_late": str(one.when_late),
        "planned_until": speech.iso(one.planned_until),
        "placed": one.placed,
        "ended_at": speech.iso(one.ended_at),
        "ended_why": one.ended_why,
    }


commands = {"series": series}
