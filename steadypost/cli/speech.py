"""How the command line speaks: a table for people, or one JSON document for programs."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from steadypost.cli.endings import Ending, Stop
from steadypost.domain import clock
from steadypost.settings import without_password

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command answers, in both forms."""

    document: Mapping[str, Any]
    """For programs. Keys are never renamed."""
    tell: Callable[[Console], None]
    """For people."""
    ending: Ending = field(default=Ending.OK)


def say(command: str, answer: Answer, *, as_json: bool) -> None:
    """Say what came of a command, on standard output."""
    if as_json:
        ok = answer.ending is Ending.OK
        _document({"command": command, "ok": ok, "exit": int(answer.ending), **answer.document})
    else:
        answer.tell(console())


def say_stop(command: str, stop: Stop, *, as_json: bool, zone: str = "UTC") -> None:
    """Say why a command ended: for programs on standard output, for people on standard error, by their clocks."""
    message, remedy = without_password(stop.message), without_password(stop.remedy)
    if as_json:
        error = {"kind": stop.kind, "message": message, "remedy": remedy}
        _document({"command": command, "ok": False, "exit": int(stop.ending), "error": error})
        return
    sys.stderr.write(f"steadypost: {by_clocks_of(zone, plain(message))}\n")
    if remedy:
        sys.stderr.write(f"  {by_clocks_of(zone, plain(remedy))}\n")


def console() -> Console:
    """Open standard output for people. Without a terminal there are no colours, and 80 columns unless told."""
    from rich.console import Console  # noqa: PLC0415 - nothing of it is needed for JSON

    return Console(highlight=False, markup=False, emoji=False)


def tell(page: Console, sentence: str) -> None:
    """Print one sentence on one line, however long: a command in it can be copied whole."""
    page.print(plain(sentence), soft_wrap=True)


def tell_lines(page: Console, sentences: str) -> None:
    """Print several sentences, each on a line of its own."""
    for sentence in sentences.split("\n"):
        tell(page, sentence)


def table(*columns: str, title: str | None = None) -> Table:
    """Lay out a table that needs no colour to be read; its last column takes what room there is."""
    from rich import box  # noqa: PLC0415 - as above
    from rich.table import Table  # noqa: PLC0415

    made = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False, show_edge=False)
    for at, column in enumerate(columns[:-1]):
        # On a narrow terminal the first stays: by its number, a row is found again.
        made.add_column(column, no_wrap=True, overflow="ellipsis", min_width=4 if at == 0 else None)
    made.add_column(columns[-1], ratio=1, overflow="fold")
    made.expand = True
    return made


NARROW = 72
"""A terminal of fewer columns shows less of names."""

_JOINERS = re.compile("[\u200c-\u200f\U000e0020-\U000e007f]")
"""Not printable, and harmless: what holds emoji and several scripts together."""


def plain(text: object) -> str:
    """Take out what a terminal would obey instead of show."""
    return "".join(letter if letter.isprintable() or _JOINERS.match(letter) else " " for letter in str(text))


def line(text: str, longest: int = 200) -> str:
    """Bring a text to one line."""
    joined = plain(" ".join(text.split()))
    return joined if len(joined) <= longest else joined[: longest - 1] + "…"


def moment(at: datetime | None, zone: str) -> str:
    """Write an instant for people, in the zone of this machine."""
    return "-" if at is None else f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"


def short(text: str, longest: int) -> str:
    """Bring a text to one line, on a narrow terminal to a shorter one: the columns behind it have to be seen."""
    return line(text, longest if width() >= NARROW else longest * 5 // 8)


by_clocks_of = clock.by_clocks_of


def width() -> int:
    """Say how many columns the reader has; 80 where that is not known."""
    return console().width


def fit(text: str, columns: int) -> str:
    """Cut a line to what fits into so many columns; wide letters take two."""
    from rich.cells import cell_len, set_cell_size  # noqa: PLC0415 - nothing of it is needed for JSON

    shown = plain(text)
    return shown if cell_len(shown) <= columns else set_cell_size(shown, columns - 1).rstrip() + "…"


def brief(at: datetime | None, zone: str) -> str:
    """Write an instant as people name it, to the minute: ``Mon 30 Nov 18:30``; the year where it is not near."""
    if at is None:
        return "-"
    shown = at.astimezone(ZoneInfo(zone))
    near = abs((at - clock.now()).days) < 180
    return f"{shown:%a %d %b %H:%M}" if near else f"{shown:%d %b %Y %H:%M}"


def iso(at: datetime | None) -> str | None:
    """Write an instant for programs: always in UTC, always with its offset."""
    return None if at is None else at.isoformat()


def _document(document: Mapping[str, Any]) -> None:
    # Plain ASCII: whatever the terminal's encoding, a program reads back what was meant.
    sys.stdout.write(json.dumps(document, indent=2) + "\n")
