"""CSV as spreadsheets and other tools write it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from steadypost.intake.columns import is_known
from steadypost.intake.encodings import TOLD, encoding_of, lines
from steadypost.intake.sheet import FileRefused, Record, unreadable

_DELIMITERS = ",;\t"
_BAR = "|"
_NAMED = {",": "comma", ";": "semicolon", "\t": "tab", _BAR: "vertical bar"}
_BLANK = " \t\r\n\u00a0\x1a"
"""What fills no cell; the last is the mark with which old programs end a file."""
_EXCELS_HINT = re.compile(r"\ufeff?sep=([,;\t])\r?\n?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CsvSheet:
    """One CSV file, and how it is written."""

    path: Path
    encoding: str
    delimiter: str
    spaced: bool
    """Whether a space stands between a separator and a quote: it belongs to neither cell."""
    hinted: bool
    """Whether its first line is Excel's ``sep=;``, which no spreadsheet shows as a row."""

    @property
    def told(self) -> str:
        """How it was read."""
        return f"CSV, {TOLD.get(self.encoding, self.encoding)}, separated by {_NAMED[self.delimiter]}"

    def records(self) -> Iterator[Record]:
        """Give every record that holds anything; an empty one counts as a row."""
        source = lines(self.path, self.encoding)
        if self.hinted:
            next(source, "")
        reader = csv.reader(source, delimiter=self.delimiter, skipinitialspace=self.spaced, strict=True)
        row = 0
        while True:
            row += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as broken:
                raise _broken(self.path, row, str(broken)) from None
            if any(cell.strip(_BLANK) for cell in cells):
                yield Record(row, tuple(cells))


def open_csv(path: Path, encoding: str | None) -> CsvSheet:
    """Find out how a file is written, and read it once to its end: a quote never closed has swallowed posts."""
    found = encoding_of(path, encoding)
    sheet = _sheet(path, found)
    for _ in sheet.records():
        pass
    return sheet


def _sheet(path: Path, encoding: str) -> CsvSheet:
    opened = lines(path, encoding)
    first = next(opened, "")
    if hint := _EXCELS_HINT.fullmatch(first):
        return CsvSheet(path, encoding, hint[1], spaced=False, hinted=True)
    head = [first, *(line for line, _ in zip(opened, range(20), strict=False))]
    delimiter = _delimiter(head)
    spaced = all(f'"{delimiter} "' in line for line in head[:2])
    return CsvSheet(path, encoding, delimiter, spaced=spaced, hinted=False)


def _delimiter(head: list[str]) -> str:
    """Choose what finds most known columns in one of the first lines; only then by what comes most often."""

    def known(one: str) -> int:
        return max(sum(is_known(cell.strip().strip('"')) for cell in line.split(one)) for line in head)

    def often(one: str) -> int:
        return next((line.count(one) for line in head if line.strip()), 0)

    # A bar separates accounts and images within a cell: only a header tells that it separates cells.
    signs = _DELIMITERS + _BAR if known(_BAR) > 1 else _DELIMITERS
    return max(signs, key=lambda one: (known(one), often(one)))


def _broken(path: Path, row: int, told: str) -> FileRefused:
    if "unexpected end" in told or "field larger" in told:
        why = "a quote opened in this row is not closed, or a cell is longer than 128 kB"
        return unreadable(path, row, "", why, 'close it; write a quote inside a cell twice ("")')
    if "new-line" in told:
        return unreadable(path, row, "", "its lines end in a bare CR", "save it with usual line ends")
    return unreadable(
        path, row, "", "its quotes are not those of CSV", 'write a quote inside a cell twice ("")'
    )
