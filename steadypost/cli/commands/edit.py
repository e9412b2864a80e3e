"""``steadypost edit``."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from steadypost.cli import changes, series_times, speech
from steadypost.cli.choosing import NUMBER, chosen_to_say, pictured, those_meant
from steadypost.cli.command import command
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.cli.signing import signature_of, signed
from steadypost.cli.speech import Answer
from steadypost.cli.times import instant
from steadypost.domain import clock
from steadypost.domain.change import WAITS, Rule
from steadypost.intake import Refusal
from steadypost.intake.draft import Image
from steadypost.intake.files import image_values
from steadypost.intake.planning import plan_one
from steadypost.intake.rewriting import Rewrite, rewritten, series_rewritten
from steadypost.intake.rewriting import Rewrite as Wanted
from steadypost.intake.validate import late_rule
from steadypost.store import changing, series_changes
from steadypost.store.acts import By
from steadypost.store.operations import Editing
from steadypost.store.series_changes import Members

if TYPE_CHECKING:
    from rich.console import Console


@command("edit")
@chosen_to_say
@click.option(
    "--text",
    "texts",
    multiple=True,
    metavar="TEXT",
    help="What it says; several are a thread; - reads standard input.",
)
@click.option(
    "--part", "parts", multiple=True, metavar="N=TEXT", help="One part of a thread, counted from 1."
)
@click.option("--replace", nargs=2, metavar="OLD NEW", help="Some words for others, wherever they stand.")
@pictured("All its pictures, or its video, anew.")
@click.option("--no-images", is_flag=True, help="It has no images any more.")
@click.option("--reply-to", metavar="URL|ID", help='The post it answers; "" for none.')
@click.option(
    "--set-label", "labels", multiple=True, metavar="LABEL", help='All its labels anew; "" for none.'
)
@click.option(
    "--when", "-w", metavar="TIME", help="Also give it this time; a series: this time of the day, 18:30."
)
@click.option("--zone", default="", help="The zone of a time written without one.")
@click.option("--late-within", metavar="6h", help='How late it may still go out; "never": never too late.')
@click.option("--when-late", metavar="miss|ask", help="What becomes of it after that.")
@click.option(
    "--retry",
    is_flag=True,
    help="Let it go out again, where the network refused it or it broke its attempts.",
)
@click.option("--as-is", is_flag=True, help="Take it as it is, even where it looks like a template.")
@click.option("--allow-repeat", is_flag=True, help="Allow the same words as another post's.")
@click.option("--split", is_flag=True, help="A text that is too long becomes a thread.")
@click.option(
    "--series",
    "series_id",
    type=NUMBER,
    metavar="ID",
    help="What a series says, and when it comes, from --from on.",
)
@click.option(
    "--from",
    "since",
    metavar="TIME",
    help="With --series: from this local time on; else from its next time on.",
)
@click.option(
    "--add-account",
    "joining",
    multiple=True,
    metavar="NAME",
    help="With --series: it comes for this account too.",
)
@click.option(
    "--remove-account",
    "leaving",
    multiple=True,
    metavar="NAME",
    help="With --series: it comes for this account no more.",
)
@signed(why_is_required=False)
def edit(
    house: House, *, ids: tuple[int, ...], dry_run: bool, by: str | None, why: str, **given: Any
) -> Answer:
    """Change what waits, in one transaction. What is being sent or live stays, and says what is possible.

    The wording is judged by the same rules as a new post. To find deliveries by what they say, use --saying.
    """
    who = signature_of(by, why, why_is_required=False)
    now = clock.now()
    rewrite = _rewrite(given)
    signed_by = By(name=who.by, why=who.why)
    _refuse_accounts(given)
    if given["series_id"] is not None:
        return _series(house, rewrite, given, signed_by, now=now, dry_run=dry_run)
    with house.store() as store:
        those = those_meant(house, store, given, ids, WAITS)
        rule = _rule(given)
        due = None if given["when"] is None else _due(house, given, now)
        if not (rewrite.changes_anything or rule or due or given["retry"]):
            raise Stop(
                Ending.USAGE,
                "usage",
                "nothing is to be changed",
                "give --text, --replace, --when ...; see --help",
            )
        changes_words = rewrite.changes_anything or given["retry"]
        new = rewritten(store, those, rewrite, now=now, folder=Path.cwd()) if changes_words else {}
        if isinstance(new, list):
            return refused(new)
        work = Editing(
            new=new,
            rule=rule,
            due=due,
            retry=given["retry"],
            allow_repeat=given["allow_repeat"] or not rewrite.changes_anything,
        )
        done = store.write(changing.change, work, those, did="edit", by=signed_by, now=now, dry_run=dry_run)
        notes = changes.noted(store, done, given["zone"])
    return changes.answer(done, house.settings.zone, dry_run=dry_run, notes=notes)


def _due(house: House, given: dict[str, Any], now: datetime) -> Any:
    at = instant(house, given["when"], given["zone"], now)
    return lambda _: at


def _rewrite(given: dict[str, Any]) -> Rewrite:
    texts = tuple(sys.stdin.read() if text == "-" else text for text in given["texts"])
    images = tuple(Image.model_validate(image_values(one)) for one in given["images"])
    labels = tuple(one for one in given["labels"] if one.strip())
    return Wanted(
        texts=texts or None,
        parts=_parts(given["parts"]) or None,
        replace=given["replace"] or None,
        images=images if images or given["no_images"] else None,
        reply_to=given["reply_to"],
        labels=labels if given["labels"] else None,
        as_is=given["as_is"],
        split=given["split"],
    )


def _parts(written: tuple[str, ...]) -> dict[int, str]:
    parts = {}
    for one in written:
        number, mark, text = one.partition("=")
        if not (mark and number.strip().isdecimal()):
            raise Stop(
                Ending.USAGE, "usage", f"--part {speech.line(one, 40)!r}: it names no part", "write 2=TEXT"
            )
        parts[int(number)] = text
    return parts


def _rule(given: dict[str, Any]) -> Rule | None:
    late_within, when_late = given["late_within"], given["when_late"]
    if late_within is None and when_late is None:
        return None
    read = late_rule(late_within, when_late)
    if isinstance(read, list):
        raise Stop(
            Ending.USAGE, "usage", "; ".join(f"--{one.field}: {one.why}" for one in read), read[0].remedy
        )
    return read


def refused(wrong: list[Refusal]) -> Answer:
    """Say everything that is wrong with the new wording; nothing was changed."""

    def tell(console: Console) -> None:
        for one in wrong:
            which = f", {one.where}" if one.where else ""
            told = f"Refused{which}: {one.field} {one.value!r}: {one.why}; {one.remedy}"
            speech.tell(console, told)

    return Answer(
        document={"changed": [], "refusals": [one.as_dict() for one in wrong]},
        tell=tell,
        ending=Ending.REFUSED,
    )


def _series(
    house: House, rewrite: Rewrite, given: dict[str, Any], by: By, *, now: datetime, dry_run: bool
) -> Answer:
    members = Members(joining=given["joining"], leaving=given["leaving"])
    if not (rewrite.changes_anything or given["when"] is not None or members.joining or members.leaving):
        raise Stop(
            Ending.USAGE,
            "usage",
            "nothing is to be changed",
            "give --text, --replace, --when, --add-account ...; see --help",
        )
    _refuse_for_series(given)
    with house.store() as store:
        one = series_times.series(store, given["series_id"])
        since = series_times.first_from(one, given["since"], now)
        at = None if given["when"] is None else series_times.an_hour(one, given["when"])
        new = series_rewritten(store, one, rewrite, members, since=since, now=now, folder=Path.cwd())
        if isinstance(new, list):
            return refused(new)
        if new is not None and new.concern:
            raise Stop(
                Ending.REFUSED,
                "held",
                f"{new.concern}, and would go out again and again",
                "add --as-is if you mean it",
            )
        done = store.write(
            series_changes.reword,
            one.id,
            new,
            since=since,
            at=at,
            members=members if members.joining or members.leaving else None,
            by=by,
            now=now,
            dry_run=dry_run,
        )
        planned = [] if dry_run else plan_one(store, series_times.series(store, one.id), now=now)
    does = [
        *(["says it"] if new is not None else []),
        *([f"comes at {at}"] if at is not None else []),
        *(f"comes for {name} too" for name in members.joining),
        *(f"comes for {name} no more" for name in members.leaving),
    ]
    said = f"Series {one.id} {' and '.join(does)} from {since[:16].replace('T', ' ')} ({one.zone}) on."
    if planned:
        numbers = ", ".join(f"{added.delivery_id} ({added.account})" for added in planned)
        said += f"\nNew in the queue: {numbers}."
    return series_times.answer(done, house.settings.zone, said, dry_run=dry_run)


def _refuse_accounts(given: dict[str, Any]) -> None:
    """Only a series has accounts that join and leave; else one writes it once more, or cancels it."""
    if given["series_id"] is None and (given["joining"] or given["leaving"]):
        message = "--add-account and --remove-account are for a series"
        remedy = "name it with --series ID; for one post: 'steadypost copy ID --account NAME', 'steadypost cancel ID'"
        raise Stop(Ending.USAGE, "usage", message, remedy)
    if both := sorted({*given["joining"]} & {*given["leaving"]}):
        message = f"--add-account and --remove-account both name {', '.join(both)}"
        raise Stop(Ending.USAGE, "usage", message, "name an account once")


def _refuse_for_series(given: dict[str, Any]) -> None:
    """Stop at what cannot be changed of a series, rather than pass it over."""
    asked = {"--late-within": "late_within", "--when-late": "when_late", "--retry": "retry", "--zone": "zone"}
    if named := [option for option, name in asked.items() if given[name]]:
        message = f"{', '.join(named)} cannot be changed of a series from a time on"
        raise Stop(Ending.USAGE, "usage", message, "change its times one by one, or end it and begin another")


commands = {"edit": edit}
