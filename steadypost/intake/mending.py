"""The rows that were refused, as a file in the form they came in, each with why: mended, it is imported again."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import tempfile
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import IO, Any

from steadypost.intake.csv_file import CsvSheet
from steadypost.intake.excel import ExcelSheet
from steadypost.intake.files import Listed, Row, Told
from steadypost.intake.refusal import in_the_form
from steadypost.intake.report import Entered, ImportReport
from steadypost.intake.sheet import BadCell, Cell, plain

_LIKE_AN_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
"""What the format of Excel would read as the code of a letter."""

WHY = "why"
"""The column that is added. An import passes it over."""


def write_refused(report: ImportReport, path: Path) -> int:
    """Write the refused rows; answer how many. Nothing is written where nothing was, or where the whole file was."""
    if report.listed is None or not report.to_mend:
        return 0
    _whole(path, lambda opened: _write(report, report.listed, path, opened))
    return len(report.to_mend)


def command(report: ImportReport, path: Path, told: Told, zone: str | None) -> str:
    """Give the command that imports the refused rows when they are mended: with what was said of the whole file, and
    with the order of its dates, which the rows that are left may not tell.
    """
    order = told.order or (report.listed.order if report.listed else None)
    words = ["steadypost", "import", str(path)]
    words += [word for name in told.accounts for word in ("--account", name)]
    words += [word for column, means in told.mapping.items() for word in ("--map", f"{column}={means}")]
    words += ["--dates", str(order)] if order else []
    words += ["--zone", zone] if zone else []
    return shlex.join(words)


def _write(report: ImportReport, listed: Listed | None, path: Path, opened: IO[bytes]) -> None:
    sheet = listed.sheet if listed else None
    if listed is None:
        return
    if isinstance(sheet, CsvSheet):
        _write_csv(report, listed, sheet, opened)
    elif isinstance(sheet, ExcelSheet):
        _write_excel(report, listed, sheet, opened)
    else:
        _write_json(report, opened, by_line=path.suffix.casefold() != ".json")


def _header(listed: Listed) -> list[str]:
    """The table's own header, or for one that had none the names of its fields."""
    header = listed.header
    if header is None:
        return []
    return list(header.names) or ["Date", "Message", "Link", "Image URL"][: len(header.fields)]


def _place(listed: Listed) -> int:
    """Where ``why`` stands: in its own column, if the file has one from the last time; else behind the others."""
    fields = listed.header.fields if listed.header else ()
    return fields.index(WHY) if WHY in fields else len(_header(listed))


def _with(cells: list[Any], at: int, value: Any) -> list[Any]:
    row = [*cells, *[None] * (at + 1 - len(cells))]
    row[at] = value
    return row


def _why(entered: Entered) -> str:
    return "; ".join(map(in_the_form, entered.refusals))


def _write_csv(report: ImportReport, listed: Listed, sheet: CsvSheet, opened: IO[bytes]) -> None:
    import io  # noqa: PLC0415

    # A mark, because a spreadsheet takes UTF-8 without one for its country's encoding.
    encoding = sheet.encoding if sheet.encoding in {"cp1252", "utf-16"} else "utf-8-sig"
    out = io.TextIOWrapper(opened, encoding=encoding, errors="replace", newline="", write_through=True)
    writer = csv.writer(out, delimiter=sheet.delimiter)
    at = _place(listed)
    writer.writerow(_with(list(_header(listed)), at, WHY))
    for row, entered in report.to_mend:
        writer.writerow(_with([plain(cell) for cell in row.original], at, _why(entered)))
    out.detach()


def _write_excel(report: ImportReport, listed: Listed, sheet: ExcelSheet, opened: IO[bytes]) -> None:
    from openpyxl import Workbook  # noqa: PLC0415 - a third of a second

    book = Workbook(write_only=True)
    page = book.create_sheet(sheet.title[:31])
    at = _place(listed)
    page.append(_with(list(_header(listed)), at, WHY))
    for row, entered in report.to_mend:
        page.append([_for_excel(page, cell) for cell in _with(list(row.original), at, _why(entered))])
    book.save(opened)


def _for_excel(page: Any, cell: Cell) -> Any:
    """Give a cell as Excel keeps it; a text stays a text, also one that begins like a formula."""
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE  # noqa: PLC0415

    if isinstance(cell, BadCell):
        # Not its formula, whose neighbours are not here; and not a text, which an import would take for one.
        return WriteOnlyCell(page, value="#N/A")
    if cell is None or isinstance(cell, bool | int | float | datetime | date | time):
        made = WriteOnlyCell(page, value=cell)  # type: ignore[arg-type]  # the stubs forget what openpyxl writes
        if isinstance(cell, datetime):
            made.number_format = "yyyy-mm-dd hh:mm:ss"
        return made
    text = _LIKE_AN_ESCAPE.sub("_x005F_", plain(cell))
    made = WriteOnlyCell(page, value=ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", text))
    made.data_type = "s"
    return made


def _write_json(report: ImportReport, opened: IO[bytes], *, by_line: bool) -> None:
    posts = [_object(row, entered) for row, entered in report.to_mend]
    if by_line:
        text = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in posts)
    else:
        text = json.dumps(posts, ensure_ascii=False, indent=2) + "\n"
    opened.write(text.encode(errors="replace"))


def _object(row: Row, entered: Entered) -> dict[str, Any]:
    value = row.original
    if not isinstance(value, dict):
        value = {"text": value if isinstance(value, str) else json.dumps(value)}
    return {**value, WHY: _why(entered)}


def _whole(path: Path, write: Callable[[IO[bytes]], None]) -> None:
    """Write it whole or not at all; what stood there before is replaced only then."""
    handle, name = tempfile.mkstemp(dir=path.absolute().parent, suffix=path.suffix)
    try:
        with os.fdopen(handle, "w+b") as opened:
            write(opened)
        Path(name).replace(path)
    except BaseException:  # also Ctrl-C leaves no half a file behind
        Path(name).unlink(missing_ok=True)
        raise
