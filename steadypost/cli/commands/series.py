"""``steadypost series``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from steadypost.cli import series_times, speech
from steadypost.cli.choosing import NUMBER
from steadypost.cli.command import command
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.cli.signing import signature_of, signed
from steadypost.cli.speech import Answer
from steadypost.domain import clock
from steadypost.store import Series
from steadypost.store import series as series_rows
from steadypost.store.acts import By

if TYPE_CHECKING:
    from rich.console import Console


@command("series")
@click.option("--all", "everything", is_flag=True, help="Also those that were ended.")
@click.option(
    "--end",
    "series_id",
    type=NUMBER,
    metavar="ID",
    help="End this one, and take back what of it waits. Needs --why.",
)
@signed(why_is_required=False)
def series(house: House, *, everything: bool, series_id: int | None, by: str | None, why: str) -> Answer:
    """List the posts that come again, or end one."""
    if series_id is None:
        with house.store() as store:
            those = store.read(series_rows.every, also_ended=everything)
        document: dict[str, Any] = {"series": [_document(one) for one in those]}
        return Answer(document=document, tell=lambda console: _tell(console, those))
    if not why.strip():
        raise Stop(
            Ending.USAGE, "usage", "--end needs a reason", "add --why TEXT; it is kept with what you do"
        )
    who = signature_of(by, why, why_is_required=True)
    with house.store() as store:
        taken_back = store.write(series_rows.end, series_id, by=By(name=who.by, why=who.why), now=clock.now())
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
        speech.tell(console, "There are no series.")
        return
    page = speech.table("id", "accounts", "next times, rule and post")
    for one in those:
        ended = f"ended: {speech.line(one.ended_why, 60)}" if one.ended_at else ""
        times = ended or ", ".join(local.replace("T", " ")[:16] for local in next_times(one))
        page.add_row(
            str(one.id),
            speech.line(", ".join(_accounts(one)[0]), 18),
            "\n".join(
                (
                    speech.line(one.text, 50),
                    f"{times or 'no more times'} ({one.zone})",
                    speech.line(one.rule, 60),
                    *(f"later for {', '.join(those)}" for those in _accounts(one)[1:]),
                )
            ),
        )
    console.print(page)
    speech.tell(
        console,
        "Leave one time out: steadypost skip ID DAY. Change it: steadypost edit --series ID --text TEXT",
    )


def next_times(one: Series) -> list[str]:
    """List the next times of a series, as the clock on the wall shows them."""
    return [series_times.shown(one, local) for local in series_times.ahead(one, clock.now(), 3)]


def _accounts(one: Series) -> list[tuple[str, ...]]:
    """List for whom it comes next, and after each later change of that."""
    [local] = series_times.ahead(one, clock.now(), 1) or [one.starts]
    return one.accounts_from(local)


def _document(one: Series) -> dict[str, Any]:
    return {
        "id": one.id,
        "accounts": list(_accounts(one)[0]),
        "rule": one.rule,
        "zone": one.zone,
        "starts": one.starts,
        "text": one.text,
        "source": one.source,
        "late_after_s": None if one.late_after is None else one.late_after.total_seconds(),
        "when_late": str(one.when_late),
        "planned_until": speech.iso(one.planned_until),
        "placed": one.placed,
        "next": [] if one.ended_at else next_times(one),
        "ended_at": speech.iso(one.ended_at),
        "ended_why": one.ended_why,
    }


commands = {"series": series}
