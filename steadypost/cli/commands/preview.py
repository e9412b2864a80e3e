"""``steadypost preview``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from steadypost.cli import speech
from steadypost.cli.choosing import pictured
from steadypost.cli.command import command
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.cli.speech import Answer
from steadypost.domain import clock
from steadypost.domain.money import usd
from steadypost.domain.network import Objection
from steadypost.domain.post import Media
from steadypost.intake import Draft, Refusal, draft_of
from steadypost.intake.files import FileRefused, image_values, rows
from steadypost.intake.previewing import OnAccount, Previewed, Previewer
from steadypost.networks.preview import Count, PartSeen

if TYPE_CHECKING:
    from rich.console import Console

LEGEND = "‹ › becomes a link, a mention or a tag there."


@command("preview")
@click.argument("texts", metavar="[TEXT]...", nargs=-1)
@click.option("--account", "-a", "accounts", multiple=True, help="The account it is for; may be repeated.")
@pictured("A picture or a video. May be repeated.")
@click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Show every post of a file, as 'steadypost import' would take it in.",
)
def preview(
    house: House,
    *,
    texts: tuple[str, ...],
    accounts: tuple[str, ...],
    images: tuple[str, ...],
    path: Path | None,
) -> Answer:
    """Show how a post will look and count on each account's network; several TEXTs are a thread.

    Nothing is written and nothing is sent. A TEXT of - is read from standard input.
    The exit code is 1 where a network, or intake, would refuse it.
    """
    drafts = list(_written(texts, accounts, images) if path is None else _of_file(path, texts))
    folder = Path.cwd() if path is None else path.absolute().parent
    with house.store() as store:
        shows = Previewer.of(store, now=clock.now(), zone=house.settings.zone_for_naive, folder=folder)
    shown = [shows.show(draft, where) for where, draft in drafts]
    return Answer(
        document={"posts": [_document(one) for one in shown]},
        tell=lambda console: _tell(console, shown),
        ending=Ending.OK if all(one.may_enter for one in shown) else Ending.REFUSED,
    )


def _written(
    texts: tuple[str, ...], accounts: tuple[str, ...], images: tuple[str, ...]
) -> Iterator[tuple[str, Draft | list[Refusal]]]:
    """Read the one post of the command line."""
    if not texts or not accounts:
        missing = "TEXT" if not texts else "--account"
        raise Stop(
            Ending.USAGE, "usage", f"{missing}: nothing was given", "write TEXT and --account, or --file PATH"
        )
    said = [sys.stdin.read() if text == "-" else text for text in texts]
    values = {
        "text": said[0] if len(said) == 1 else "",
        "parts": said if len(said) > 1 else [],
        "accounts": list(accounts),
        "when": "now",
        "images": [image_values(image) for image in images],
    }
    yield "preview", draft_of(values, "preview")


def _of_file(path: Path, texts: tuple[str, ...]) -> Iterator[tuple[str, Draft | list[Refusal]]]:
    if texts:
        raise Stop(Ending.USAGE, "usage", "TEXT: there is a TEXT and a --file", "give one of the two")
    try:
        yield from ((row.where, row.draft) for row in rows(path) if not row.passed_over)
    except FileRefused as refused:
        yield refused.refusals[0].where, list(refused.refusals)


# --- for people


def _tell(console: Console, shown: list[Previewed]) -> None:
    if any(part.marks for one in shown for on in one.accounts for part in on.seen.parts):
        speech.tell(console, LEGEND)
    for one in shown:
        if len(shown) > 1:
            console.print()
            speech.tell(console, one.where)
        for on in one.accounts:
            _tell_account(console, on)
        for problem in one.refusals:
            _indented(console, f"Refused: {_problem(problem)}", 0)


def _tell_account(console: Console, on: OnAccount) -> None:
    console.print()
    price = f", {usd(on.seen.cost)}" if on.seen.cost is not None else ""
    count = len(on.seen.parts)
    thread = f", a thread of {count} parts" if count > 1 else ""
    speech.tell(console, f"{on.account}: {on.network}{thread}{price}")
    for n, part in enumerate(on.seen.parts, start=1):
        _tell_part(console, part, f"{n}/{count}" if count > 1 else "")
    for problem in on.seen.objections:
        _indented(console, f"Refused: {_problem(problem)}", 2)


def _tell_part(console: Console, part: PartSeen, number: str) -> None:
    for line in marked(part).split("\n"):
        _indented(console, line, 4)
    counted = "; ".join(map(_counted, part.counts))
    _indented(console, f"{number} {counted}".strip(), 2)
    for one in part.media:
        _indented(console, _picture(one), 2)


def marked(part: PartSeen) -> str:
    """Put brackets around what the network makes something of."""
    pieces, at = [], 0
    for mark in part.marks:
        pieces += [part.text[at : mark.start], "‹", part.text[mark.start : mark.end], "›"]
        at = mark.end
    return "".join([*pieces, part.text[at:]])


def _indented(console: Console, text: str, by: int) -> None:
    """Print within the width of the terminal, and nothing that it would obey."""
    from rich.padding import Padding  # noqa: PLC0415 - nothing of it is needed for JSON
    from rich.text import Text  # noqa: PLC0415 - as above

    console.print(Padding(Text(speech.plain(text), overflow="fold"), (0, 0, 0, by)))


def _counted(count: Count) -> str:
    if count.used is None:
        return f"{count.unit} cannot be counted (of {count.allowed})"
    over = f", {count.used - count.allowed} too many" if count.used > count.allowed else ""
    return f"{count.used} of {count.allowed} {count.unit}{over}"


def _picture(media: Media) -> str:
    measured = measure(media)
    pixels = f"{measured['width']}x{measured['height']}, " if measured["width"] else ""
    if media.is_video:
        pixels = f"{media.seconds:.1f} s, " if media.seconds else "of unknown length, "
    described = f'described: "{speech.line(media.alt, 60)}"' if media.alt else "no description"
    return f"{media.path.name}: {media.kind}, {pixels}{measured['bytes'] / 1000:,.0f} kB, {described}"


def measure(media: Media) -> dict[str, Any]:
    """Measure a picture as it lies on the disk; its pixels are unknown where it cannot be opened."""
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - only for pictures

    try:
        with Image.open(media.path) as picture:
            width, height = picture.size
    except (OSError, UnidentifiedImageError, ValueError, Image.DecompressionBombError):
        width = height = 0
    return {"bytes": media.path.stat().st_size, "width": width or None, "height": height or None}


def _problem(one: Refusal | Objection) -> str:
    return f"{one.field} {speech.line(one.value, 40)!r}: {one.why}; {one.remedy}"


# --- for programs


def _document(one: Previewed) -> dict[str, Any]:
    return {
        "where": one.where,
        "may_enter": one.may_enter,
        "accounts": [
            {
                "account": on.account,
                "channel": on.channel,
                "network": on.network,
                "cost_usd": None if on.seen.cost is None else str(on.seen.cost),
                "parts": [_part(part) for part in on.seen.parts],
                "objections": [_refusal(problem) for problem in on.seen.objections],
            }
            for on in one.accounts
        ],
        "refusals": [_refusal(problem) for problem in one.refusals],
    }


def _part(part: PartSeen) -> dict[str, Any]:
    return {
        "text": part.text,
        "counts": [{"unit": one.unit, "used": one.used, "allowed": one.allowed} for one in part.counts],
        "marks": [
            {"kind": one.kind, "start": one.start, "end": one.end, "text": part.text[one.start : one.end]}
            for one in part.marks
        ],
        "pictures": [
            {
                "path": str(one.path),
                "kind": one.kind,
                "alt": one.alt,
                "described": bool(one.alt),
                "seconds": one.seconds or None,
                **measure(one),
            }
            for one in part.media
        ],
    }


def _refusal(one: Refusal | Objection) -> dict[str, Any]:
    return {"field": one.field, "value": one.value, "why": one.why, "remedy": one.remedy}


commands = {"preview": preview}
