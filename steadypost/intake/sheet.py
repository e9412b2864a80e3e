"""A table as a spreadsheet shows it: rows with the numbers its owner sees, and cells as they were written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from steadypost.intake.refusal import Refusal, excerpt, refusal


@dataclass(frozen=True, slots=True)
class BadCell:
    """A cell of which the value cannot be known."""

    shown: str
    why: str
    remedy: str


Cell = str | int | float | bool | datetime | date | time | BadCell | None
"""What one cell holds. CSV knows text alone; Excel keeps numbers and dates as such."""


@dataclass(frozen=True, slots=True)
class Record:
    """One row that holds anything."""

    row: int
    """Its number in the spreadsheet: an empty row counts, a line break inside a cell does not."""
    cells: tuple[Cell, ...]
    hidden: bool = False
    """Whether its spreadsheet hides it, by hand or by a filter."""


class FileRefused(ValueError):
    """The file as a whole cannot be read."""

    def __init__(self, *refusals: Refusal) -> None:
        super().__init__("; ".join(map(str, refusals)))
        self.refusals = refusals


def name_of(path: Path) -> str:
    """Give a file's name as text: a file system allows names that no store and no terminal could hold."""
    return excerpt(path.name or path)


def unreadable(path: Path, row: int, value: object, why: str, remedy: str) -> FileRefused:
    """Say that a file cannot be read, and from which row on if that is known."""
    where = f"{name_of(path)}:{row}" if row else name_of(path)
    return FileRefused(refusal("file", value, why, remedy, where=where))


def letter(index: int) -> str:
    """Name a column as a spreadsheet does: A, B, ... Z, AA."""
    name, left = "", index + 1
    while left:
        left, rest = divmod(left - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def is_empty(cell: Cell) -> bool:
    """Whether there is nothing in a cell."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def plain(cell: Cell) -> str:
    """Write a cell as text: a whole number without a decimal point, a moment as ISO 8601 does."""
    match cell:
        case None:
            return ""
        case str():
            return cell
        case bool():
            return "yes" if cell else "no"
        case float() if cell.is_integer() and abs(cell) < 2**53:
            return str(int(cell))
        case datetime():
            return to_second(cell).isoformat(sep=" ")
        case date():
            return cell.isoformat()
        case time():
            return _clock(cell)
        case BadCell():
            return cell.shown
        case _:
            return str(cell)


def to_second(moment: datetime) -> datetime:
    """Round to the second: Excel keeps a time as a fraction of a day, and 18:30 comes out as 18:29:59.999997."""
    return (moment + timedelta(microseconds=500_000)).replace(microsecond=0)


def _clock(moment: time) -> str:
    return to_second(datetime.combine(date(2000, 1, 1), moment)).time().isoformat()
