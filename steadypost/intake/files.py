"""Lists of posts in files, read row by row.

A table (CSV, or a sheet of an Excel workbook) has a header:

    key           your own name for the row; optional
    text          what to say; a line that holds only --- begins the next part of a thread
    text@x        what to say there instead; also text@mastodon, text@bluesky, images@x ...
    accounts      one or more, separated by |
    when          "2026-11-24 18:30" with a zone, "24.11.2026 18:30", "Nov 24, 2026 6:30 PM", "+20m", or "now"
    zone          the zone of a time written without one
    repeat        daily, weekdays, weekly, monthly, or a rule of RFC 5545; empty: it comes once
    images        path::what it shows, several separated by |; path::what it shows::2 puts it on part 2; also https://
    reply_to      the address or the id of a post
    late_within   how late it may still go out: 30m, 2h, 1d, never; 6h when empty
    when_late     what becomes of it then: miss (nothing is sent) or ask (a person is asked); miss when empty
    allow_repeat  yes or no
    as_is         yes: it is meant, whatever it looks like; else what looks like an unfilled template is held
    split         yes: a text that is too long becomes a thread, cut between sentences
    labels        what you file it under, several separated by |; what has a label can be struck

JSON: a list of posts, or {"posts": [...]}, with the fields of ``Draft``; JSON Lines: one post on each line.

A file that cannot be read to its end enters nothing at all: what stands behind the damage is not known. A row that is
wrong concerns nobody but itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from steadypost.intake import cells, objects
from steadypost.intake.cells import PassedOver, Told, image_values
from steadypost.intake.columns import COLUMNS, NEEDED, Header, is_header, read_header, simple
from steadypost.intake.csv_file import CsvSheet, open_csv
from steadypost.intake.dates import Evidence, Order
from steadypost.intake.draft import Draft
from steadypost.intake.excel import HEADER_WITHIN, ExcelSheet, open_excel
from steadypost.intake.explaining import draft_of
from steadypost.intake.json_file import Value, values_by_line, values_of
from steadypost.intake.other_tools import HOOTSUITE
from steadypost.intake.refusal import Refusal
from steadypost.intake.sheet import Cell, FileRefused, Record, is_empty, name_of, plain, unreadable
from steadypost.intake.wrong_file import holds_a_session

__all__ = ["COLUMNS", "FileRefused", "Listed", "Row", "Told", "draft_of", "image_values", "listed", "rows"]

_TABLES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm")
_KINDS = (*_TABLES, ".json", ".jsonl", ".ndjson")


HIDDEN = "its row is hidden in the sheet, by hand or by a filter; show it and import again if it is meant"


@dataclass(frozen=True, slots=True)
class Row:
    """One post of a file: where it stands, and what it says, or why that cannot be made out."""

    where: str
    draft: Draft | list[Refusal]
    number: int = 0
    """The row of the sheet, or the line of a JSON file."""
    original: tuple[Cell, ...] | Any = ()
    """What stood there, as it was written."""
    passed_over: str = ""
    """Why it is left alone: it went out elsewhere already, is a draft there, or is hidden."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A file that can be read: how, and its rows."""

    told: str
    """How it was read, for people."""
    sheet: CsvSheet | ExcelSheet | None = None
    """``None`` for JSON."""
    header: Header | None = None
    total: int | None = field(default=None)
    """How many rows it has."""
    order: Order | None = None
    """In which order its dates are written, where its column tells or a person said so."""
    make: Any = field(repr=False)

    def rows(self) -> Iterator[Row]:
        """Read it row by row."""
        found: Iterator[Row] = self.make()
        return found


def rows(path: Path, told: Told | None = None) -> Iterator[Row]:
    """Read a file row by row, or raise ``FileRefused`` before the first."""
    return listed(path, told or Told()).rows()


def listed(path: Path, told: Told) -> Listed:
    """Open a file and find out how it is written, or raise ``FileRefused``."""
    if holds_a_session(path):
        why = "it looks like a session, not like a list of posts, and nothing of it is shown"
        remedy = "name the file with your posts; a session belongs into its account's block alone"
        raise unreadable(path, 0, "", why, remedy)
    suffix = path.suffix.casefold()
    if suffix == ".xls":
        why = "this is the workbook of Excel 2003 and before"
        raise unreadable(path, 0, suffix, why, "save it as .xlsx")
    if suffix == ".numbers":
        why = "Numbers keeps it in its own form"
        raise unreadable(path, 0, suffix, why, "choose File, Export To, Excel or CSV there")
    if suffix == ".ods":
        raise unreadable(path, 0, suffix, "this is a workbook of LibreOffice", "save it as .xlsx or as CSV")
    if suffix not in _KINDS:
        raise unreadable(
            path, 0, suffix or path, "this kind of file is not known", f"use {', '.join(_KINDS)}"
        )
    _check_readable(path)
    return _table(path, suffix, told) if suffix in _TABLES else _objects(path, suffix, told)


def _check_readable(path: Path) -> None:
    try:
        if path.is_fifo():  # it can be read only once, and opening it may last for ever
            raise unreadable(path, 0, str(path), "it is a pipe", "write it to a file first")
        with path.open("rb") as opened:
            opened.read(1)
    except OSError as wrong:
        why = f"it cannot be read ({wrong.strerror or 'unreadable'})"
        raise unreadable(path, 0, str(path), why, "check its name and its rights") from None


# -- tables


def _table(path: Path, suffix: str, told: Told) -> Listed:
    excel = suffix in {".xlsx", ".xlsm"}
    sheet = open_excel(path, told.sheet) if excel else open_csv(path, told.encoding)
    header = _header(sheet, told)
    if header.wrong:
        raise FileRefused(*header.wrong)
    evidence, total = _evidence(sheet, header, told)
    whose = f", columns of {header.tool}" if header.tool else ""
    return Listed(
        told=f"{sheet.told}{whose}",
        sheet=sheet,
        header=header,
        total=total,
        order=evidence.order,
        make=lambda: _table_rows(sheet, header, evidence, told),
    )


def _header(sheet: CsvSheet | ExcelSheet, told: Told) -> Header:
    """Find the row that names the columns; titles may stand above it."""
    first: list[Record] = []
    for record in sheet.records():
        if is_header(record.cells) or _is_mapped(record, told):
            where = f"{name_of(sheet.path)}:{record.row}"
            return read_header(
                record.cells, record.row, where, told.mapping, accounts_told=bool(told.accounts)
            )
        first.append(record)
        if len(first) >= HEADER_WITHIN:
            break
    return _without_header(sheet.path, first, told)


def _is_mapped(record: Record, told: Told) -> bool:
    """Whether a row has a name that ``--map`` explains; what else is wrong with it is said of it as a header."""
    names = {simple(plain(cell)) for cell in record.cells if not is_empty(cell)}
    return any(simple(name) in names for name in told.mapping)


def _without_header(path: Path, first: list[Record], told: Told) -> Header:
    if not first:
        raise unreadable(path, 1, "", "it is empty", f"begin with a header: {','.join(COLUMNS)}")
    if _is_hootsuites(first[0]):
        header = Header(fields=HOOTSUITE[: max(len(one.cells) for one in first)], tool="Hootsuite")
        if told.accounts:
            return header
        why = "this is Hootsuite's table, which names no account"
        raise unreadable(path, first[0].row, "", why, "say for which accounts it is: --account NAME")
    cells_ = " | ".join(plain(cell) for cell in first[0].cells)
    near = [name for name in NEEDED if name in cells_.casefold()]
    remedy = f"let the first row name the columns: {','.join(COLUMNS)}"
    if near or all(isinstance(cell, str) for cell in first[0].cells if cell is not None):
        remedy += "; or say which column is what: --map COLUMN=text"
    raise unreadable(
        path, first[0].row, cells_, "none of its first rows is a header that is known here", remedy
    )


def _is_hootsuites(record: Record) -> bool:
    """A date, a message, and perhaps a link and images; nothing above them."""
    filled = [cell for cell in record.cells if not is_empty(cell)]
    return 2 <= len(record.cells) <= len(HOOTSUITE) and len(filled) > 1 and cells.looks_like_a_date(filled[0])


def _evidence(sheet: CsvSheet | ExcelSheet, header: Header, told: Told) -> tuple[Evidence, int]:
    """Go through the dates of the whole file before any is read: one of them may tell of all."""
    evidence, total = Evidence(told=told.order or header.order), 0
    at = next((n for n, name in enumerate(header.fields) if name in {"when", "date"}), None)
    for record in sheet.records():
        if record.row <= header.row:
            continue
        total += 1
        if at is not None and at < len(record.cells) and isinstance(record.cells[at], str):
            evidence.see(plain(record.cells[at]))
    return evidence, total


def _table_rows(
    sheet: CsvSheet | ExcelSheet, header: Header, evidence: Evidence, told: Told
) -> Iterator[Row]:
    name = name_of(sheet.path)
    for record in sheet.records():
        if record.row <= header.row:
            continue
        where = f"{name}:{record.row}"
        if record.hidden:
            yield Row(where, [], record.row, record.cells, HIDDEN)
            continue
        try:
            draft = cells.post_of(header, record.cells, where, evidence, told)
        except PassedOver as left:
            yield Row(where, [], record.row, record.cells, left.why)
        else:
            yield Row(where, draft, record.row, record.cells)


# -- JSON


def _objects(path: Path, suffix: str, told: Told) -> Listed:
    if suffix == ".json":
        found = list(values_of(path, told.encoding))
        return Listed(told="JSON", total=len(found), make=lambda: _object_rows(path, iter(found), told))
    return Listed(
        told="JSON Lines", make=lambda: _object_rows(path, values_by_line(path, told.encoding), told)
    )


def _object_rows(path: Path, values: Iterator[Value], told: Told) -> Iterator[Row]:
    for one in values:
        where = f"{name_of(path)}:{one.line}"
        if one.wrong is not None:
            yield Row(where, [one.wrong.at(where)], one.line, one.value)
            continue
        try:
            draft = objects.post_of(one.value, where, told)
        except PassedOver as left:
            yield Row(where, [], one.line, one.value, left.why)
        else:
            yield Row(where, draft, one.line, one.value)
