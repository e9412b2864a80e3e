"""``steadypost incidents``: what was wrong, what was tried, when it was over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from steadypost.cli import speech
from steadypost.cli.command import command
from steadypost.cli.house import House
from steadypost.cli.speech import Answer
from steadypost.domain.incident import Incident
from steadypost.domain.lengths import spoken
from steadypost.store import incidents as incident_rows

if TYPE_CHECKING:
    from rich.console import Console


@command("incidents")
@click.option("--open", "only_open", is_flag=True, help="Only what is still so.")
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=50,
    show_default=True,
    help="At most so many, the latest.",
)
def incidents(house: House, *, only_open: bool, limit: int) -> Answer:
    """List what was wrong, what was tried about it, and when it was over; the latest first."""
    with house.store() as store:
        found = (
            store.read(incident_rows.still_open)[::-1][:limit]
            if only_open
            else store.read(incident_rows.latest, limit)
        )
    zone = house.settings.zone

    def tell(console: Console) -> None:
        if not found:
            speech.tell(console, "No incident is open." if only_open else "There were no incidents.")
            return
        page = speech.table(f"since ({zone})", "over", "what", "found, and tried")
        for one in found:
            tries = "".join(f"\n→ {one_try.remedy}: {speech.plain(one_try.effect)}" for one_try in one.tries)
            page.add_row(
                speech.moment(one.opened_at, zone),
                spoken(one.over_at - one.opened_at) if one.over_at else "no",
                speech.line(one.name, 24),
                speech.by_clocks_of(zone, speech.line(one.what) + tries),
            )
        console.print(page)

    return Answer(document={"incidents": [_document(one) for one in found]}, tell=tell)


def _document(one: Incident) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": str(one.kind),
        "about": one.about,
        "verdict": str(one.verdict),
        "what": one.what,
        "opened_at": speech.iso(one.opened_at),
        "told_at": speech.iso(one.told_at),
        "over_at": speech.iso(one.over_at),
        "tries": [
            {"n": tried.n, "remedy": str(tried.remedy), "at": speech.iso(tried.at), "effect": tried.effect}
            for tried in one.tries
        ],
    }


commands = {"incidents": incidents}
