"""A row of a table, and the post it stands for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from itertools import zip_longest
from typing import Any

from steadypost.intake import dates
from steadypost.intake.columns import PER_NETWORK, Header
from steadypost.intake.dates import Evidence
from steadypost.intake.draft import Draft
from steadypost.intake.explaining import draft_of
from steadypost.intake.refusal import Refusal, refusal
from steadypost.intake.sheet import BadCell, Cell, is_empty, letter, plain, to_second

_SWITCHES = ("allow_repeat", "as_is", "split")
"""The fields that are yes or no."""
_YES = frozenset({"yes", "true", "1", "y", "ja", "oui", "si", "sí", "x", "wahr", "vrai"})
_NO = frozenset({"no", "false", "0", "n", "nein", "non", "", "falsch", "faux"})
_WENT_OUT = frozenset({"published", "sent", "posted", "error", "failed", "deleted"})
_SEVERAL_ADDRESSES = re.compile(r"[\s,;|]+(?=https?://)|[\s,;|]+$")
_FARTHEST_EXACT = 2**53
"""A spreadsheet keeps no number beyond this to its last digit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a person said of a file beside what stands in it."""

    order: dates.Order | None = None
    accounts: tuple[str, ...] = ()
    """For whom a row is that names nobody."""
    mapping: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None
    sheet: str | None = None
    networks: Mapping[str, str] = field(default_factory=dict)
    """On which network each account is, for a table with a column for each network."""


class PassedOver(Exception):
    """A row that is to be left alone: the tool it comes from had sent it already."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def post_of(
    header: Header, cells: Sequence[Cell], where: str, evidence: Evidence, told: Told
) -> Draft | list[Refusal]:
    """Take one row, or say what is wrong with it; raises ``PassedOver`` for what went out elsewhere."""
    if wrong := list(_unplaced(header, cells)) + list(_bad_cells(header, cells)):
        return [one.at(where) for one in wrong]
    values = {
        name: cell
        for name, cell in zip(header.fields, cells, strict=False)
        if name is not None and not is_empty(cell)
    }
    if (state := plain(values.get("state"))).strip().casefold() in _WENT_OUT:
        raise PassedOver(f"its state is {state.strip().casefold()}")
    if plain(values.get("draft")).strip().casefold() in _YES:
        raise PassedOver("it is a draft there")
    told = _for_its_networks(values, told)
    when = _when(values, evidence)
    said = {name: plain(values.get(name)).strip().casefold() for name in _SWITCHES}
    wrong = [when] if isinstance(when, Refusal) else []
    wrong += [
        refusal(name, cell, "this is neither yes nor no", 'write "yes" or "no"')
        for name, cell in said.items()
        if cell not in _YES | _NO
    ]
    wrong += [*_wrong_alts(values), *_wrong_link(values)]
    made = draft_of(
        _values(header, {name: _as_shown(cell) for name, cell in values.items()}, told)
        | {"when": "" if isinstance(when, Refusal) else when}
        | {name: cell in _YES for name, cell in said.items()},
        where,
    )
    if wrong:
        more = made if isinstance(made, list) else []
        return [_placed(one, header).at(where) for one in [*wrong, *more]]
    return made


def _for_its_networks(values: Mapping[str, Cell], told: Told) -> Told:
    """Keep those of the accounts for which a row is by its columns for each network; raises ``PassedOver``."""
    said = {name.removeprefix("on@"): plain(cell) for name, cell in values.items() if name.startswith("on@")}
    off = {network for network, cell in said.items() if cell.strip().casefold() not in _YES}
    if not off or not told.accounts:
        return told
    left = tuple(one for one in told.accounts if told.networks.get(one) not in off)
    if not left:
        raise PassedOver("it is for other networks there")
    return replace(told, accounts=left)


def _placed(problem: Refusal, header: Header) -> Refusal:
    """Name the column as its owner finds it, where it has another name than the field."""
    return replace(problem, field=header.named(problem.field)) if header.tool else problem


def _unplaced(header: Header, cells: Sequence[Cell]) -> Iterator[Refusal]:
    """A cell that stands under no name would be lost in silence."""
    for at, cell in enumerate(cells):
        if is_empty(cell):
            continue
        if at >= len(header.fields):
            why = f"it has {len(cells)} cells, and the header {len(header.fields)}"
            remedy = "put quotes around a cell that holds the separator or a line break"
            yield refusal("row", " | ".join(map(plain, cells)), why, remedy)
            return
        if at in header.not_taken:
            why = f"column {letter(at)} ({header.names[at]}) cannot be taken from a table of {header.tool}"
            remedy = (
                "write it in the column of the text or the images, as docs/intake.md says, and empty the cell"
            )
            yield refusal("row", plain(cell), why, remedy)
        elif header.fields[at] is None and not (at < len(header.names) and header.names[at]):
            why = f"column {letter(at)} has no name, and this row has something in it"
            yield refusal("row", plain(cell), why, "name the column, or empty the cell")


_ERRORS = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#ERROR!"}
    | {"#NV", "#BEZUG!", "#WERT!", "#ZAHL!"}
)
"""What a spreadsheet writes into CSV for a formula that ended in an error, in English and German."""


def _bad_cells(header: Header, cells: Sequence[Cell]) -> Iterator[Refusal]:
    for at, cell in enumerate(cells):
        name = header.fields[at] if at < len(header.fields) else None
        if isinstance(cell, BadCell) and name:
            yield refusal(name, cell.shown, f"column {letter(at)}: {cell.why}", cell.remedy)
        if name and isinstance(cell, str) and cell.strip() in _ERRORS:
            why = f"column {letter(at)}: this formula ended in an error"
            yield refusal(name, cell, why, "correct the formula")
        if name in {"reply_to", "key"} and isinstance(cell, int | float) and abs(cell) >= _FARTHEST_EXACT:
            why = "the spreadsheet keeps it as a number and has lost its last digits"
            yield refusal(name, cell, why, "format the column as text and enter it again")


def looks_like_a_date(cell: Cell) -> bool:
    """Whether a cell is a date, in whatever order its numbers stand."""
    if isinstance(cell, date):
        return True
    if not isinstance(cell, str):
        return False
    read = dates.iso(cell, Evidence(told=dates.Order.MONTH_FIRST))
    other = dates.iso(cell, Evidence(told=dates.Order.DAY_FIRST))
    return any(isinstance(one, str) and one[:4].isdecimal() and "-" in one for one in (read, other))


# -- when


def _when(values: Mapping[str, Cell], evidence: Evidence) -> str | Refusal:
    """Bring the moment to the form in which intake reads it."""
    if "when" in values:
        return _moment(values["when"], evidence)
    day, clock = values.get("date"), values.get("time")
    if isinstance(day, datetime):
        day = day.date() if clock is not None else day
    if clock is None or isinstance(day, datetime):
        return _moment(day, evidence)
    if isinstance(day, date):
        share = clock if isinstance(clock, float) else None
        return dates.of_cells(day, plain(clock) if share is None else _of_day(share), evidence)
    if isinstance(day, float | int):
        share = _share(clock)
        return _moment(float(day) + share if share is not None else day, evidence)
    return dates.iso(f"{plain(day)} {plain(clock)}", evidence)


def _of_day(share: float) -> str:
    """Write a share of a day, as a spreadsheet counts, as a time of day."""
    seconds = round((share % 1) * 86_400) % 86_400
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _share(clock: Cell) -> float | None:
    if isinstance(clock, time):
        return (clock.hour * 3600 + clock.minute * 60 + clock.second) / 86_400
    return clock if isinstance(clock, float) and 0 <= clock < 1 else None


def _moment(cell: Cell, evidence: Evidence) -> str | Refusal:
    match cell:
        case None:
            return ""
        case bool():
            return refusal("when", plain(cell), "this is no time", dates.HOW)
        case datetime():
            return str(to_second(cell))
        case date() | time():
            lacks = "it names a day and no time" if isinstance(cell, date) else "it names a time and no day"
            return refusal("when", plain(cell), lacks, dates.HOW)
        case float() | int():
            return dates.iso(repr(cell).removesuffix(".0"), evidence)
        case _:
            return dates.iso(plain(cell), evidence)


# -- the rest


def _values(header: Header, cells: Mapping[str, str], told: Told) -> dict[str, Any]:
    """Give a row's cells the shape of a draft."""
    own = {name: cell for name, cell in cells.items() if name in Draft.model_fields}
    values: dict[str, Any] = {"accounts": [], "when": "", **own}
    several = [name.strip() for name in cells.get("accounts", "").split("|") if name.strip()]
    values["accounts"] = several or list(told.accounts)
    values["labels"] = _labels(cells.get("labels", ""), header)
    values |= _spoken(_with_link(cells.get("text", ""), cells.get("link", "")), header)
    values["images"] = _described(cells)
    values["variants"] = _variants(cells, header)
    return values


def _as_shown(cell: Cell) -> str:
    """Write a cell as its owner sees it: a text that says TRUE is kept as a yes by Excel."""
    return ("TRUE" if cell else "FALSE") if isinstance(cell, bool) else plain(cell)


def _labels(written: str, header: Header) -> list[str]:
    signs = r"[|,]" if header.tool else r"\|"
    return [name.strip() for name in re.split(signs, written) if name.strip()]


def _with_link(text: str, link: str) -> str:
    """Other tools keep a link beside the text and send both."""
    link = link.strip()
    return text if not link or link in text else f"{text.rstrip()} {link}".strip()


def _spoken(text: str, header: Header) -> dict[str, Any]:
    parts = [part.strip() for part in header.next_part.split(text)]
    return {"text": "", "parts": parts} if len(parts) > 1 else {"text": text, "parts": []}


def _variants(cells: Mapping[str, str], header: Header) -> dict[str, dict[str, Any]]:
    """Take what is said on one network alone; an empty cell says the same there as everywhere."""
    found: dict[str, dict[str, Any]] = {}
    for name, cell in cells.items():
        base, at, network = name.partition("@")
        if not at or base not in PER_NETWORK:
            continue
        one = found.setdefault(network, {})
        if base == "text":
            one |= _spoken(cell, header)
        else:
            one["images"] = [] if cell.strip() == "-" else images(cell)
    return found


def images(cell: str) -> list[dict[str, Any]]:
    """Take the images of one cell: ours, separated by ``|``, or addresses as other tools list them."""
    if "::" not in cell and re.match(r"\s*https?://", cell):
        found = [one for one in _SEVERAL_ADDRESSES.split(cell.strip()) if one]
    else:
        found = [one for one in cell.split("|") if one.strip()]
    return [image_values(one) for one in found]


_SEVERAL_ALTS = re.compile(r"\s*\|\|?\s*")


def _described(cells: Mapping[str, str]) -> list[dict[str, Any]]:
    """Take the images of a row, from one column or several, with what they show where columns of their own say it."""
    shown, found = dict(_numbered(cells, "alt")), []
    for at, cell in _numbered(cells, "images"):
        alts = _SEVERAL_ALTS.split(shown.get(at, ""))
        for one, alt in zip_longest(images(cell), alts):
            if one is not None:
                found.append({**one, "alt": one["alt"] or alt or ""})
    return found


def _numbered(cells: Mapping[str, Any], name: str) -> list[tuple[int, Any]]:
    """List a field's columns by their number; one without a number comes first."""
    those = {one: one.partition("#")[2] or "0" for one in cells if one.partition("#")[0] == name}
    return sorted((int(number), cells[one]) for one, number in those.items())


def _wrong_alts(values: Mapping[str, Cell]) -> list[Refusal]:
    """Say where a description stands beside no image: it would be lost."""
    shown = {at: len(images(plain(cell))) for at, cell in _numbered(values, "images")}
    return [
        refusal(
            "alt", plain(cell), "it describes an image that is not there", "name the image, or empty the cell"
        )
        for at, cell in _numbered(values, "alt")
        if len(_SEVERAL_ALTS.split(plain(cell).strip())) > shown.get(at, 0)
    ]


_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|[^\s/@]+\.[a-z]{2,}(?:/\S*)?", re.IGNORECASE)


def _wrong_link(values: Mapping[str, Cell]) -> list[Refusal]:
    """Say where a link is not the address itself: a spreadsheet shows other words for it, and they would be posted."""
    link = plain(values.get("link")).strip()
    if not link or all(_ADDRESS.fullmatch(one) for one in re.split(r"[\s,;|]+", link)):
        return []
    return [refusal("link", link, "this is no address", "write the address itself: https://...")]


def image_values(written: str) -> dict[str, Any]:
    """Take an image as it stands in one cell: ``path::what it shows``, and perhaps ``::part``."""
    path, _, alt = written.partition("::")
    before, found, part = alt.rpartition("::")
    if found and part.strip().isdecimal():
        return {"path": path.strip(), "alt": before.strip(), "part": int(part)}
    return {"path": path.strip(), "alt": alt.strip()}
