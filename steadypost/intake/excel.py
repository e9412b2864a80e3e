"""Excel's workbooks, read by openpyxl: what a cell shows, not the formula behind it.

Nothing is calculated here. A formula that was never calculated by a spreadsheet has no value, and a row that needs
it is refused; passing it over would lose what it would have said.
"""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadypost.intake.columns import is_header
from steadypost.intake.refusal import nearest
from steadypost.intake.sheet import BadCell, Cell, Record, is_empty, unreadable

if TYPE_CHECKING:
    from openpyxl import Workbook

LARGEST = 256 * 1024 * 1024
"""Unpacked. A hundred thousand posts take a tenth of it; a small file that unpacks to more is no list of posts."""

HEADER_WITHIN = 20
"""A title may stand above the header; nobody looks further down for it."""

_SAVE = "open it in a spreadsheet and save it as .xlsx again, or as CSV UTF-8"
_NOT_CALCULATED = BadCell("=...", "this formula was never calculated", "open and save the file in Excel once")


@dataclass(frozen=True, slots=True)
class ExcelSheet:
    """One sheet of a workbook."""

    path: Path
    title: str
    rows: tuple[Record, ...] = field(repr=False)

    @property
    def told(self) -> str:
        """How it was read."""
        return f"Excel, sheet {self.title!r}"

    def records(self) -> Iterator[Record]:
        """Give every row that holds anything."""
        return iter(self.rows)


def open_excel(path: Path, title: str | None) -> ExcelSheet:
    """Read the sheet that is meant: the one that is named, or the only one with a header of posts."""
    whole, formulas = _inside(path)
    try:
        found = _read(path, whole=whole, formulas=formulas)
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, OSError, SyntaxError) as broken:
        why = f"it cannot be read as a workbook ({type(broken).__name__})"
        raise unreadable(path, 0, path.name, why, _SAVE) from None
    return ExcelSheet(path, *_meant(path, found, title))


def _meant(
    path: Path, found: Mapping[str, tuple[Record, ...]], title: str | None
) -> tuple[str, tuple[Record, ...]]:
    if title is not None:
        if title in found:
            return title, found[title]
        near = nearest(title, found)
        remedy = f'"{near}" was meant?' if near else f"its sheets are {', '.join(found)}"
        raise unreadable(path, 0, title, "no sheet has this name", remedy)
    filled = {name: rows for name, rows in found.items() if rows}
    fitting = [
        name for name, rows in filled.items() if any(is_header(one.cells) for one in rows[:HEADER_WITHIN])
    ]
    if len(fitting) > 1:
        why = f"{len(fitting)} of its sheets look like lists of posts"
        raise unreadable(path, 0, ", ".join(fitting), why, f'say which: --sheet "{fitting[0]}"')
    name = next(iter(fitting or filled), None)
    if name is None:
        raise unreadable(path, 0, "", "it is empty", "fill in a sheet with a header")
    return name, filled[name]


def _inside(path: Path) -> tuple[bool, bool]:
    """Look at the archive: whether cells are merged or rows hidden, whether there are formulas; refuse what unpacks to
    too much.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = sum(one.file_size for one in archive.infolist())
            if sizes > LARGEST:
                why = f"it unpacks to {sizes // 1024 // 1024} MB"
                raise unreadable(path, 0, path.name, why, "save it as CSV UTF-8")
            sheets = [one for one in archive.namelist() if one.startswith("xl/worksheets/")]
            parts = [archive.read(one) for one in sheets if one.endswith(".xml")]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError) as broken:
        why = f"it is no .xlsx workbook ({type(broken).__name__})"
        raise unreadable(path, 0, path.name, why, _SAVE) from None
    whole = any(b"<mergeCell " in one or _HIDDEN_ROW.search(one) for one in parts)
    return whole, any(b"<f" in one for one in parts)


_HIDDEN_ROW = re.compile(rb"""<row\b[^>]*\shidden=["'](?:1|true)""")


def _read(path: Path, *, whole: bool, formulas: bool) -> dict[str, tuple[Record, ...]]:
    with warnings.catch_warnings():
        # What a workbook has beside its cells (styles, validations, extensions) is nothing to us.
        warnings.simplefilter("ignore")
        values = _open(path, values=True, whole=whole)
        written = _open(path, values=False, whole=False) if formulas else None
        try:
            return {
                sheet.title: tuple(_records(sheet, written[sheet.title] if written else None))
                for sheet in values.worksheets
                if sheet.sheet_state == "visible"
            }
        finally:
            values.close()
            if written:
                written.close()


def _open(path: Path, *, values: bool, whole: bool) -> Workbook:
    from openpyxl import load_workbook  # noqa: PLC0415 - a third of a second that CSV need not wait

    # Only a workbook that is read as a whole says which cells are merged, and which rows are hidden.
    return load_workbook(path, read_only=not whole, data_only=values, keep_links=False)


def _records(sheet: Any, written: Any) -> Iterator[Record]:
    if hasattr(sheet, "reset_dimensions"):
        sheet.reset_dimensions()  # other tools write a wrong one, and rows would be cut off
    if written is not None:
        written.reset_dimensions()
    covered = _covered(sheet)
    shape = getattr(sheet, "row_dimensions", {})
    hidden = {row for row, one in shape.items() if one.hidden}
    formulas = written.iter_rows(values_only=True) if written is not None else iter(())
    for row, cells in enumerate(sheet.iter_rows(), start=1):
        behind = next(formulas, ())
        taken = [_value(cell) for cell in cells]
        for at, formula in enumerate(behind):
            if at < len(taken) and taken[at] is None and isinstance(formula, str) and formula.startswith("="):
                taken[at] = _NOT_CALCULATED
        for at, value in covered.get(row, {}).items():
            if at < len(taken):
                taken[at] = value
        if not all(map(is_empty, taken)):
            yield Record(row, tuple(taken), hidden=row in hidden)


def _covered(sheet: Any) -> dict[int, dict[int, Cell]]:
    """A cell that is merged over several rows says the same in each of them, as it is shown."""
    found: dict[int, dict[int, Cell]] = {}
    for area in getattr(getattr(sheet, "merged_cells", None), "ranges", ()):
        value = _value(sheet.cell(area.min_row, area.min_col))
        for row in range(area.min_row + 1, area.max_row + 1):
            found.setdefault(row, {})[area.min_col - 1] = value
    return found


def _value(cell: Any) -> Cell:
    from openpyxl.utils.escape import unescape  # noqa: PLC0415 - see _open

    value = cell.value
    match value:
        case datetime() if value.time() == time() and not _shows_time(cell):
            return value.date()
        case timedelta():
            return _clock(value)
        case str() if value.startswith("#") and cell.data_type == "e":
            return BadCell(value, "this formula ended in an error", "correct the formula")
        case str():
            # As the format writes what XML cannot: a line end of another system is _x000D_.
            return unescape(value) if "_x" in value else value
        case int() | float() | bool() | datetime() | date() | time() | None:
            return value
        case _:
            return str(value)


def _shows_time(cell: Any) -> bool:
    shown = str(cell.number_format).casefold()
    return "h" in shown or "s" in shown.replace("general", "")


def _clock(length: timedelta) -> Cell:
    """A time of day that is formatted as a stretch of time."""
    if timedelta(0) <= length < timedelta(days=1):
        return (datetime(2000, 1, 1) + length).time()  # noqa: DTZ001 - only the clock is taken
    return BadCell(str(length), "this is a stretch of time", "write a date with its time")
