"""``steadypost copy``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from steadypost.cli import speech
from steadypost.cli.changes import held_remedy
from steadypost.cli.choosing import NUMBER
from steadypost.cli.command import command
from steadypost.cli.commands.edit import refused
from steadypost.cli.endings import Ending
from steadypost.cli.house import House
from steadypost.cli.signing import signature_of, signed
from steadypost.cli.speech import Answer
from steadypost.domain import clock
from steadypost.intake import known_accounts, notes
from steadypost.intake.refusal import Refusal
from steadypost.intake.rewriting import Rewrite, redrafted
from steadypost.intake.validate import Accepted, judge
from steadypost.store import operations, reading, selecting
from steadypost.store.acts import By
from steadypost.store.operations import Copied

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console


@command("copy")
@click.argument("delivery_id", metavar="ID", type=NUMBER)
@click.option(
    "--account", "-a", "accounts", multiple=True, help="Who says it; else the same account. May be repeated."
)
@click.option(
    "--when",
    "-w",
    required=True,
    help='"+20m", "2026-11-24T18:30+01:00", or a local time with --zone: "tomorrow 9am", "24.11.2026 18:30".',
)
@click.option("--zone", default="", help="The zone of a time written without one.")
@click.option(
    "--text", "texts", multiple=True, metavar="TEXT", help="Say this instead; several are a thread."
)
@click.option("--replace", nargs=2, metavar="OLD NEW", help="Some words for others, wherever they stand.")
@click.option("--allow-repeat", is_flag=True, help="Let it go out although it says the same.")
@click.option("--as-is", is_flag=True, help="Take it as it is, even where it looks like a template.")
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@signed(why_is_required=False)
def copy(house: House, *, delivery_id: int, dry_run: bool, by: str | None, why: str, **given: Any) -> Answer:
    """Write a delivery once more: at another time, for another account, or in other words.

    The one it is of stays as it is. What would say the same twice is held; --allow-repeat lets it go out.
    """
    who, now = signature_of(by, why, why_is_required=False), clock.now()
    rewrite = Rewrite(texts=given["texts"] or None, replace=given["replace"] or None, as_is=given["as_is"])
    with house.store() as store:
        story = store.read(reading.show, delivery_id)
        labels = store.read(selecting.labels, [story.delivery.post_id])[story.delivery.post_id]
        accounts = given["accounts"] or [story.delivery.account]
        draft = redrafted(story.post, labels, accounts, rewrite)
        if isinstance(draft, Refusal):
            return refused([draft.at(f"delivery {delivery_id}")])
        timed = draft.model_copy(update={"when": given["when"], "zone": given["zone"]})
        judged = judge(
            timed,
            known_accounts(store),
            now=now,
            default_zone=house.settings.zone_for_naive,
            folder=Path.cwd(),
            source=f"copy of {delivery_id}",
        )
        if not isinstance(judged, Accepted):
            return refused(judged)
        done = store.write(
            operations.copy,
            judged.post,
            of=delivery_id,
            accounts=judged.accounts,
            due_at=judged.due_at,
            late_after=story.delivery.late_after,
            when_late=story.delivery.when_late,
            allow_repeat=given["allow_repeat"],
            concern=judged.concern,
            by=By(name=who.by, why=who.why),
            now=now,
            dry_run=dry_run,
        )
    noted = tuple(notes.of_zone(given["zone"], judged.due_at))
    document = {
        "change": done.change_id,
        "dry_run": dry_run,
        "of": delivery_id,
        "notes": list(noted),
        "deliveries": [
            {
                "id": one.delivery_id or None,
                "account": one.account,
                "state": str(one.state),
                "repeats": one.repeats,
            }
            for one in done.added
        ],
    }
    due = speech.brief(judged.due_at, house.settings.zone)
    return Answer(
        document=document,
        tell=lambda console: _tell(console, done, f"{due} ({house.settings.zone})", noted),
        ending=Ending.OK,
    )


def _tell(console: Console, done: Copied, due: str, noted: Sequence[str]) -> None:
    for one in done.added:
        name = f"Delivery {one.delivery_id}" if one.delivery_id else "A copy"
        will = one.state if one.delivery_id else f"would be {one.state}"
        held = f": it says the same as {one.repeats}" if one.repeats else ""
        speech.tell(console, f"{name}, as {speech.plain(one.account)}: {will}{held}, due {due}.")
        if one.approval:
            speech.tell(console, f"It {speech.plain(one.approval)}.")
        if one.delivery_id and (one.repeats or one.approval):
            speech.tell(console, f"  → {held_remedy(one.delivery_id, wants_yes=bool(one.approval))}")
    speech.tell(
        console,
        "Nothing was written."
        if done.change_id is None
        else f"To take it back: steadypost undo {done.change_id}",
    )
    for note in noted:
        speech.tell(console, note)


commands = {"copy": copy}
