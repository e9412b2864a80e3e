"""``steadypost notices``: what a person was told, and what still waits to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from steadypost.cli import speech
from steadypost.cli.command import command
from steadypost.cli.house import House
from steadypost.cli.speech import Answer
from steadypost.store import Notice
from steadypost.store import notices as notice_rows

if TYPE_CHECKING:
    from rich.console import Console


@command("notices")
@click.option("--waiting", is_flag=True, help="Only what has not got through yet.")
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=50,
    show_default=True,
    help="At most so many, the latest.",
)
def notices(house: House, *, waiting: bool, limit: int) -> Answer:
    """List the messages to persons, and those that are still to be sent, with why."""
    with house.store() as store:
        found = [one for one in store.read(notice_rows.every) if one.sent_at is None or not waiting][-limit:]
    zone = house.settings.zone

    def tell(console: Console) -> None:
        if not found:
            speech.tell(
                console, "No notice is waiting to be sent." if waiting else "There are no notices yet."
            )
            return
        page = speech.table(f"since ({zone})", "told", "what")
        for one in found:
            why = f"\n→ {speech.plain(one.trouble)}" if one.sent_at is None and one.trouble else ""
            page.add_row(
                speech.moment(one.created_at, zone),
                speech.moment(one.sent_at, zone) if one.sent_at else f"not yet, {one.tries} tries",
                speech.by_clocks_of(zone, speech.line(one.title) + why),
            )
        console.print(page)

    return Answer(document={"notices": [_document(one) for one in found]}, tell=tell)


def _document(one: Notice) -> dict[str, Any]:
    return {
        "id": one.id,
        "key": one.key,
        "title": one.title,
        "body": one.body,
        "delivery": one.delivery_id,
        "created_at": speech.iso(one.created_at),
        "sent_at": speech.iso(one.sent_at),
        "tries": one.tries,
        "trouble": one.trouble,
    }


commands = {"notices": notices}
