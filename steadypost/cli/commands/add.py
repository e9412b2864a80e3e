"""``steadypost add``."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from steadypost.cli import speech
from steadypost.cli.changes import held_remedy
from steadypost.cli.choosing import pictured
from steadypost.cli.command import command
from steadypost.cli.endings import Ending
from steadypost.cli.house import House
from steadypost.cli.signing import signature_of
from steadypost.cli.speech import Answer
from steadypost.domain import clock
from steadypost.domain.money import usd
from steadypost.intake import Entered, draft_of, enter, refused
from steadypost.intake.files import image_values
from steadypost.store import Store, reading

if TYPE_CHECKING:
    from rich.console import Console


@command("add")
@click.argument("texts", metavar="TEXT...", nargs=-1, required=True)
@click.option(
    "--account", "-a", "accounts", multiple=True, required=True, help="Who says it; may be repeated."
)
@click.option(
    "--when",
    "-w",
    required=True,
    help='"now", "+20m", "next-slot", "2026-11-24T18:30+01:00", or with --zone "tomorrow 9am", "24.11.2026 18:30".',
)
@click.option("--zone", default="", help="The zone of a time written without one.")
@pictured("A picture or a video. May be repeated.")
@click.option("--reply-to", default="", metavar="URL|ID", help="The post this one answers.")
@click.option(
    "--late-within", default="", metavar="6h", help='How late it may still go out; "never": never too late.'
)
@click.option(
    "--when-late",
    default="",
    metavar="miss|ask",
    help="What becomes of it after that: nothing is sent (miss), or a person is asked (ask).",
)
@click.option(
    "--repeat",
    default="",
    metavar="RULE",
    help='Comes again: "daily", "weekdays", "weekly", "monthly", or a rule such as "FREQ=WEEKLY;BYDAY=MO,WE".',
)
@click.option("--allow-repeat", is_flag=True, help="Let it go out although it reads like another one.")
@click.option("--label", "-l", "labels", multiple=True, help="What you file it under; may be repeated.")
@click.option("--as-is", is_flag=True, help="Take it as it is, even where it looks like a template.")
@click.option(
    "--split", is_flag=True, help="A text that is too long becomes a thread, cut between sentences."
)
@click.option("--by", metavar="NAME", help="Who you are, if not your login name.")
@click.option("--key", default="", help="Your own name for it; a second one with this key does not enter.")
def add(
    house: House,
    *,
    texts: tuple[str, ...],
    accounts: tuple[str, ...],
    when: str,
    zone: str,
    images: tuple[str, ...],
    reply_to: str,
    late_within: str,
    when_late: str,
    repeat: str,
    allow_repeat: bool,
    labels: tuple[str, ...],
    as_is: bool,
    split: bool,
    by: str | None,
    key: str,
) -> Answer:
    """Write one post; several TEXTs are a thread. A TEXT of - is read from standard input."""
    author = signature_of(by, "", why_is_required=False).by
    written = [sys.stdin.read() if text == "-" else text for text in texts]
    draft = draft_of(
        {
            "text": written[0] if len(written) == 1 else "",
            "parts": written if len(written) > 1 else [],
            "accounts": list(accounts),
            "when": when,
            "zone": zone,
            "images": [image_values(image) for image in images],
            "reply_to": reply_to,
            "late_within": late_within,
            "when_late": when_late,
            "repeat": repeat,
            "allow_repeat": allow_repeat,
            "labels": list(labels),
            "as_is": as_is,
            "split": split,
            "key": key,
        },
        "add",
    )
    with house.store() as store:
        entered = (
            refused("add", draft)
            if isinstance(draft, list)
            else enter(
                store,
                draft,
                now=clock.now(),
                source="cli",
                zone=house.settings.zone_for_naive,
                folder=Path.cwd(),
                by=author,
            )
        )
        times = _times(store, entered)
    ending = Ending.REFUSED if entered.refusals else Ending.OK
    return Answer(
        document={"entered": entered.as_dict()},
        tell=lambda console: _tell(console, entered, times, house.settings.zone),
        ending=ending,
    )


def _times(store: Store, entered: Entered) -> dict[int, datetime | None]:
    """Say when each of its deliveries is due: those of a series differ."""
    if entered.series is None:
        return {one.delivery_id: entered.due_at for one in entered.deliveries}
    return {
        one.delivery_id: store.read(reading.show, one.delivery_id).delivery.due_at
        for one in entered.deliveries
    }


def _tell(console: Console, entered: Entered, times: dict[int, datetime | None], zone: str) -> None:
    for one in entered.deliveries:
        due = f"{speech.brief(times[one.delivery_id], zone)} ({zone})"
        told = f"Delivery {one.delivery_id}, as {speech.plain(one.account)}: {one.state}"
        if one.known:
            told += "; it had come in before."
        elif str(one.state) == "held":
            because = (
                f"it reads like delivery {one.repeats}" if one.repeats else speech.plain(entered.concern)
            )
            said = [because] if because else []
            said += [f"it {speech.plain(one.approval)}"] if one.approval else []
            remedy = held_remedy(one.delivery_id, wants_yes=bool(one.approval))
            told += f", due {due}, because {'; and '.join(said)}.\n  → {remedy}"
        elif entered.late:
            told += "; its moment has passed by more than it may be late, so it will be missed."
        else:
            told += f", due {due}." + (f" It costs {usd(one.cost)}." if one.cost else "")
        speech.tell_lines(console, told)
    if entered.series is not None:
        first = speech.brief(entered.due_at, zone)
        told = f"Series {entered.series}: " + (
            "the deliveries of the coming week are these; more follow by themselves"
            if entered.deliveries
            else f"it begins on {first} ({zone}), and stands in the queue from a week before"
        )
        speech.tell(console, f"{told}. End it: steadypost series --end {entered.series} --why TEXT")
    for note in entered.notes:
        speech.tell(console, f"Note: {note}.")
    for problem in entered.refusals:
        speech.tell(console, f"Refused: {problem.field} {problem.value!r}: {problem.why}; {problem.remedy}")


commands = {"add": add}
