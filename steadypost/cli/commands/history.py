"""``steadypost history`` and ``steadypost undo``: what persons did, and taking it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from steadypost.cli import changes, speech
from steadypost.cli.choosing import NUMBER
from steadypost.cli.command import command
from steadypost.cli.house import House
from steadypost.cli.signing import signature_of, signed
from steadypost.cli.speech import Answer
from steadypost.domain import clock
from steadypost.store import accounts as account_rows
from steadypost.store import reading, undoing
from steadypost.store.acts import By
from steadypost.store.undoing import Change

if TYPE_CHECKING:
    from rich.console import Console

NAMED = 6
"""Of the deliveries of a change so many are named to people."""


@command("history")
@click.argument("delivery_id", metavar="[ID]", type=NUMBER, required=False)
@click.option("--account", "-a", metavar="NAME", help="Only what concerns this account.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="At most so many."
)
def history(house: House, *, delivery_id: int | None, account: str | None, limit: int) -> Answer:
    """List what persons changed, the newest first: who, what, why, and by which number it is undone."""
    with house.store() as store:
        if account is not None:
            store.read(account_rows.one, account)
        if delivery_id is not None:
            store.read(reading.show, delivery_id)
        found, more = store.read(undoing.history, limit=limit, delivery_id=delivery_id, account=account)
    zone = house.settings.zone
    return Answer(
        document={"history": [_document(one) for one in found], "more": more},
        tell=lambda console: _tell(console, found, more, zone),
    )


def _tell(console: Console, found: list[Change], more: int, zone: str) -> None:
    if not found:
        speech.tell(console, "There are no changes yet.")
        return
    page = speech.table("change", f"when ({zone})", "who", "what, and why")
    for one in found:
        what = _what(one)
        why = f": {speech.line(one.why)}" if one.why else ""
        undone = f" (undone by {speech.line(one.undone_by, 30)})" if one.undone_at else ""
        page.add_row(
            "-" if one.id is None else str(one.id),
            speech.brief(one.at, zone),
            speech.line(one.by, 14),
            speech.plain(what) + why + undone,
        )
    console.print(page)
    if more:
        speech.tell(console, f"{more} older are not shown: add --limit {len(found) + more}")


def _what(one: Change) -> str:
    numbers = ", ".join(map(str, one.deliveries[:NAMED]))
    others = f" and {len(one.deliveries) - NAMED} more" if len(one.deliveries) > NAMED else ""
    if not numbers:
        return f"{one.did} {one.account}" if one.account else one.did
    several = "deliveries" if len(one.deliveries) > 1 else "delivery"
    return f"{one.did}, {several} {numbers}{others}" if " " in one.did else f"{one.did} {numbers}{others}"


def _document(one: Change) -> dict[str, Any]:
    return {
        "change": one.id,
        "at": speech.iso(one.at),
        "by": one.by,
        "did": one.did,
        "why": one.why,
        "deliveries": list(one.deliveries),
        "account": one.account,
        "undone_at": speech.iso(one.undone_at),
        "undone_by": one.undone_by or None,
    }


@command("undo")
@click.argument("change_id", metavar="[CHANGE]", type=NUMBER, required=False)
@click.option("--dry-run", is_flag=True, help="Say what would be taken back, and change nothing.")
@signed(why_is_required=False)
def undo(house: House, *, change_id: int | None, dry_run: bool, by: str | None, why: str) -> Answer:
    """Take a change back, the latest when none is named. What went out since stays as it went out."""
    who = signature_of(by, why, why_is_required=False)
    with house.store() as store:
        change, done = store.write(
            undoing.undo, change_id, by=By(name=who.by, why=who.why), now=clock.now(), dry_run=dry_run
        )
    zone = house.settings.zone
    plain = changes.answer(done, zone, dry_run=dry_run)

    def tell(console: Console) -> None:
        because = f" ({speech.line(change.why)})" if change.why else ""
        would = (
            "Would take back"
            if dry_run
            else "Taken back"
            if done.changed or not done.stays
            else "Not taken back"
        )
        speech.tell(
            console,
            f"{would}: {change.did} by {change.by}, {speech.brief(change.at, zone)} ({zone}){because}.",
        )
        changes.tell_rows(console, done, zone, dry_run=dry_run)

    return Answer(document={**plain.document, "did": change.did}, tell=tell, ending=plain.ending)


commands = {"history": history, "undo": undo}
