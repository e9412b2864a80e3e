"""``steadypost add``."""

from __future__ import annotations

import sys
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

    from steadypost.intake import Entered


@command("add")
@click.argument("texts", metavar="TEXT...", nargs=-1, required=True)
@click.option(
    "--account", "-a", "accounts", multiple=True, required=True, help="Who says it; may be repeated."
)
@click.option(
    "--when",
    "-w",
    required=True,
    help='"now", "+20m", "2026-11-24T18:30+01:00", or a local time with --zone.',
)
@click.option("--zone", default="", help="The zone of a time written without one.")
@click.option(
    "--image", "-i", "images", multiple=True, metavar="PATH[::ALT[::PART]]", help="May be repeated."
)
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
    key: str,
) -> Answer:
    """Write one post; several TEXTs are a thread. A TEXT of - is read from standard input."""
    from steadypost.intake import draft_of, enter, refused  # noqa: PLC0415 - half a second that the queue need not wait
    from steadypost.intake.files import image_values  # noqa: PLC0415

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
            )
        )
    ending = Ending.REFUSED if entered.refusals else Ending.OK
    return Answer(
        document={"entered": entered.as_dict()},
        tell=lambda console: _tell(console, entered, house.settings.zone),
        ending=ending,
    )


def _tell(console: Console, entered: Entered, zone: str) -> None:
    for one in entered.deliveries:
        told = f"Delivery {one.delivery_id}, as {speech.plain(one.account)}: {one.state}"
        if one.repeats is not None:
            told += (
                f"; it reads like delivery {one.repeats}. Release it: steadypost release {one.delivery_id}"
            )
        elif one.known:
            told += "; it had come in before."
        elif entered.late:
            told += "; its moment has passed by more than it may be late, so it will be missed."
        else:
            told += f", due {speech.moment(entered.due_at, zone)} ({zone})."
        speech.tell(console, told)
    if entered.series is not None:
        told = (
            f"Series {entered.series}: the deliveries of the coming week are these; more follow by themselves"
        )
        speech.tell(console, f"{told}. End it: steadypost series --end {entered.series} --why TEXT")
    for problem in entered.refusals:
        speech.tell(console, f"Refused: {problem.field} {problem.value!r}: {problem.why}; {problem.remedy}")


commands = {"add": add}
