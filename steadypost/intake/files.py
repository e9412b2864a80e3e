"""Lists of posts in files, read row by row.

CSV: UTF-8, with a header, separated by comma, semicolon or tab.

    key           your own name for the row; optional
    text          what to say; a line that holds only --- begins the next part of a thread
    accounts      one or more, separated by |
    when          "2026-11-24T18:30+01:00", "2026-11-24 18:30" with a zone, "+20m", or "now"
    zone          the zone of a time written without one
    repeat        daily, weekdays, weekly, monthly, or a rule of RFC 5545; empty: it comes once
    images        path::what it shows, several separated by |; path::what it shows::2 puts it on part 2
    reply_to      the address or the id of a post
    late_within   how late it may still go out: 30m, 2h, 1d, never; 6h when empty
    when_late     what becomes of it then: miss (nothing is sent) or ask (a person is asked); miss when empty
    allow_repeat  yes or no
    labels        what you file it under, several separated by |; what has a label can be struck

JSON: a list of posts, or {"posts": [...]}, with the fields of ``Draft``; JSON Lines: one post on each line.

A file that cannot be read to its end (another encoding, a quote never closed) enters nothing at all: what stands
behind the damage is not known. A row that is wrong concerns nobody but itself.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from steadypost.intake.draft import Draft, Image
from steadypost.intake.refusal import Refusal, excerpt, nearest, refusal

COLUMNS = (
    "key",
    "text",
    "accounts",
    "when",
    "zone",
    "repeat",
    "images",
    "reply_to",
    "late_within",
    "when_late",
    "allow_repeat",
    "labels",
)

NEEDED = ("text", "accounts", "when")

LARGEST_JSON = 64 * 1024 * 1024
"""A JSON list has to be held in memory; CSV and JSON Lines are read line by line, of any size."""

_DELIMITERS = ",;\t"
_EXCELS_HINT = re.compile(r"sep=([,;\t])\r?\n?", re.IGNORECASE)
_NEXT_PART = re.compile(r"^[ \t]*---[ \t]*\r?$", re.MULTILINE)
_YES = frozenset({"yes", "true", "1", "y"})
_NO = frozenset({"no", "false", "0", "n", ""})
_BLANK = " \t\r\n"


class FileRefused(ValueError):
    """The file as a whole cannot be read."""

    def __init__(self, *refusals: Refusal) -> None:
        super().__init__("; ".join(map(str, refusals)))
        self.refusals = refusals


@dataclass(frozen=True, slots=True)
class Row:
    """One post of a file: the line it begins on, and what it says, or why that cannot be made out."""

    where: str
    draft: Draft | list[Refusal]


def rows(path: Path) -> Iterator[Row]:
    """Read a file row by row, or raise ``FileRefused`` before the first."""
    readers = {
        ".csv": _csv_rows,
        ".tsv": _csv_rows,
        ".json": _json_rows,
        ".jsonl": _json_lines,
        ".ndjson": _json_lines,
    }
    reader = readers.get(path.suffix.casefold())
    if reader is None:
        kind = path.suffix or path
        raise _unreadable(path, 0, kind, "this kind of file is not known", f"use {', '.join(readers)}")
    _check_text(path)
    return reader(path)


def draft_of(values: Mapping[str, Any], where: str) -> Draft | list[Refusal]:
    """Take the fields of one post, or say which of them cannot be meant."""
    try:
        return Draft.model_validate(dict(values))
    except ValidationError as invalid:
        return [_explained(dict(error), where) for error in invalid.errors(include_url=False)]


# -- the file as text


def _check_text(path: Path) -> None:
    """Read the whole file once, so that a file in another encoding enters nothing."""
    try:
        if path.is_fifo():  # it can be read only once, and opening it may last for ever
            raise _unreadable(path, 0, str(path), "it is a pipe", "write it to a file first")
        with path.open("rb") as opened:
            for n, line in enumerate(opened, start=1):
                _check_line(path, n, line)
    except OSError as unreadable:
        told = unreadable.strerror or "unreadable"
        raise _unreadable(
            path, 0, str(path), f"it cannot be read ({told})", "check its name and its rights"
        ) from None


def _check_line(path: Path, n: int, line: bytes) -> None:
    if n == 1 and line.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _unreadable(path, n, "UTF-16", "it is written in UTF-16", "save it as UTF-8")
    if b"\0" in line:
        raise _unreadable(
            path, n, "NUL", "this line holds a NUL character: it is not text", "save it as UTF-8 text"
        )
    try:
        line.decode()
    except UnicodeDecodeError as wrong:
        value = line[max(0, wrong.start - 20) : wrong.end + 20].decode("latin-1")
        raise _unreadable(path, n, value, "this line is not in UTF-8", "save it as UTF-8") from None


def _lines(path: Path) -> Iterator[str]:
    """Give the lines with their ends, as the csv module wants them."""
    with path.open("rb") as opened:
        for n, line in enumerate(opened):
            yield line.decode("utf-8-sig" if n == 0 else "utf-8")


def _name(path: Path) -> str:
    """Give a file's name as text: a file system allows names that no store and no terminal could hold."""
    return excerpt(path.name or path)


def _unreadable(path: Path, line: int, value: object, why: str, remedy: str) -> FileRefused:
    where = f"{_name(path)}:{line}" if line else _name(path)
    return FileRefused(refusal("file", value, why, remedy, where=where))


# -- CSV


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What the first lines say of all others."""

    columns: tuple[str, ...]
    delimiter: str


def _csv_rows(path: Path) -> Iterator[Row]:
    sheet = None
    for _ in _records(path):
        # To the end before anything enters: a quote that is never closed has swallowed posts.
        pass
    for line, cells in _records(path):
        if sheet is None:
            sheet = _header(path, line, cells)
        else:
            yield _csv_row(sheet, f"{_name(path)}:{line}", cells)
    if sheet is None:
        raise _unreadable(path, 1, "", "it is empty", f"begin with a header: {','.join(COLUMNS)}")


def _records(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Give every record that holds anything, with the line it begins on."""
    lines = _lines(path)
    delimiter, skipped, first = _delimiter(lines)
    reader = csv.reader(_with_first(first, lines), delimiter=delimiter, strict=True)
    begins = skipped + 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as broken:
            raise _broken_csv(path, begins, str(broken)) from None
        if any(cell.strip() for cell in cells):
            yield begins, cells
        begins = skipped + reader.line_num + 1


def _with_first(first: str, lines: Iterator[str]) -> Iterator[str]:
    yield first
    yield from lines


def _delimiter(lines: Iterator[str]) -> tuple[str, int, str]:
    """Choose the delimiter that finds most known columns in the header; text is never guessed at."""
    first, skipped = next(lines, ""), 0
    if hint := _EXCELS_HINT.fullmatch(first):
        return hint[1], 1, next(lines, "")
    while first and not first.strip():
        first, skipped = next(lines, ""), skipped + 1
    found = max(_DELIMITERS, key=lambda one: sum(_plain(cell) in COLUMNS for cell in first.split(one)))
    return found, skipped, first


def _plain(name: str) -> str:
    return name.strip().strip('"').strip().casefold().replace(" ", "_").replace("-", "_")


def _broken_csv(path: Path, line: int, told: str) -> FileRefused:
    if "unexpected end" in told or "field larger" in told:
        why = "a quote opened in this row is not closed, or a cell is longer than 128 kB"
        return _unreadable(path, line, told, why, 'close it; write a quote inside a cell twice ("")')
    if "new-line" in told:
        return _unreadable(path, line, told, "its lines end in a bare CR", "save it with usual line ends")
    return _unreadable(
        path, line, told, "its quotes are not those of CSV", 'write a quote inside a cell twice ("")'
    )


def _header(path: Path, line: int, cells: list[str]) -> _Sheet:
    columns = tuple(_plain(cell) for cell in cells)
    known = [column for column in columns if column in COLUMNS]
    if not known:
        remedy = f"let the first line name the columns: {','.join(COLUMNS)}"
        raise _unreadable(path, line, ",".join(cells), "it has no header", remedy)
    if wrong := [problem.at(f"{_name(path)}:{line}") for problem in _wrong_columns(columns)]:
        raise FileRefused(*wrong)
    return _Sheet(columns, _delimiter(_lines(path))[0])


def _wrong_columns(columns: Sequence[str]) -> Iterator[Refusal]:
    """Say everything that is wrong with a header at once: a column nobody reads would be lost in silence."""
    meant = {column: nearest(column, COLUMNS) for column in columns if column not in COLUMNS}
    for column, known in meant.items():
        remedy = f'"{known}" was meant?' if known else f"take it out; the columns are {', '.join(COLUMNS)}"
        yield refusal("header", column, "no column has this name", remedy)
    for column in dict.fromkeys(columns):
        if column in COLUMNS and columns.count(column) > 1:
            yield refusal("header", column, "this column is there twice", "keep one of them")
    for column in NEEDED:
        if column not in columns and column not in meant.values():
            yield refusal("header", column, "this column is missing", f"add it: {','.join(COLUMNS)}")


def _csv_row(sheet: _Sheet, where: str, cells: list[str]) -> Row:
    if len(cells) != len(sheet.columns):
        why = f"it has {len(cells)} cells, and the header {len(sheet.columns)}"
        remedy = f"put quotes around a cell that holds {sheet.delimiter!r} or a line break"
        return Row(where, [refusal("row", sheet.delimiter.join(cells), why, remedy, where=where)])
    values = {column: cell for column, cell in zip(sheet.columns, cells, strict=True) if cell.strip()}
    repeat = values.get("allow_repeat", "").strip().casefold()
    if repeat not in _YES | _NO:
        why = "this is neither yes nor no"
        return Row(where, [refusal("allow_repeat", repeat, why, 'write "yes" or "no"', where=where)])
    return Row(where, draft_of(_csv_values(values) | {"allow_repeat": repeat in _YES}, where))


def _csv_values(cells: Mapping[str, str]) -> dict[str, Any]:
    """Give a row's cells the shape of a draft."""
    values: dict[str, Any] = {"accounts": [], "when": "", **cells}
    for several in ("accounts", "labels"):
        values[several] = [name.strip() for name in cells.get(several, "").split("|") if name.strip()]
    parts = [part.strip() for part in _NEXT_PART.split(cells.get("text", ""))]
    if len(parts) > 1:
        values |= {"text": "", "parts": parts}
    if "images" in cells:
        values["images"] = [image_values(image) for image in cells["images"].split("|") if image.strip()]
    return values


def image_values(written: str) -> dict[str, Any]:
    """Take an image as it stands in one cell: ``path::what it shows``, and perhaps ``::part``."""
    path, _, alt = written.partition("::")
    before, found, part = alt.rpartition("::")
    if found and part.strip().isdecimal():
        return {"path": path.strip(), "alt": before.strip(), "part": int(part)}
    return {"path": path.strip(), "alt": alt.strip()}


# -- JSON


class _Object(dict[str, Any]):
    """A JSON object that remembers whether it named a field twice."""

    twice: str | None = None


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    made = _Object()
    for name, value in pairs:
        if name in made:
            made.twice = name
        made[name] = value
    return made


_DECODER = json.JSONDecoder(object_pairs_hook=_object)


class _Reader:
    """A position in a JSON text that knows its line."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.text, self.at, self.line = path, text, 0, 1

    def peek(self) -> str:
        """Skip what is blank, and see the next character without taking it."""
        end = self.at
        while end < len(self.text) and self.text[end] in _BLANK:
            end += 1
        self._go(end)
        return self.text[end : end + 1]

    def take(self, expected: str) -> None:
        """Step over one character that has to be there."""
        found = self.peek()
        if not found or found not in expected:
            raise self.broken(f"here {' or '.join(expected)} is expected, not {found!r}")
        self._go(self.at + 1)

    def value(self) -> Any:
        """Read one whole value."""
        self.peek()
        try:
            value, end = _DECODER.raw_decode(self.text, self.at)
        except json.JSONDecodeError as wrong:
            self._go(wrong.pos)
            raise self.broken(wrong.msg) from None
        except (RecursionError, ValueError):
            raise self.broken("this is nested or written beyond reason") from None
        self._go(end)
        return value

    def broken(self, why: str, remedy: str = "correct it") -> FileRefused:
        """Say that the file is not a list of posts from here on."""
        value = self.text[self.at : self.at + 40]
        return _unreadable(
            self.path,
            self.line,
            value,
            f"it is no list of posts in JSON: {why}",
            f"{remedy}; nothing entered",
        )

    def _go(self, to: int) -> None:
        self.line += self.text.count("\n", self.at, to)
        self.at = to


def _json_rows(path: Path) -> Iterator[Row]:
    size = path.stat().st_size
    if size > LARGEST_JSON:
        why = f"a JSON list has at most {LARGEST_JSON // 1024 // 1024} MB"
        raise _unreadable(path, 0, f"{size} bytes", why, "write one post on each line, as .jsonl")
    reader = _Reader(path, path.read_text("utf-8-sig"))
    # All of it is read before the first row is given: broken JSON enters nothing.
    found = list(_json_values(reader))
    return (_json_row(f"{_name(path)}:{line}", value) for line, value in found)


def _json_values(reader: _Reader) -> Iterator[tuple[int, Any]]:
    begins = reader.peek()
    if begins == "[":
        yield from _elements(reader)
    elif begins == "{" and _has_posts(reader.text):
        yield from _wrapped(reader)
    elif begins:
        while reader.peek():
            yield reader.line, reader.value()
    else:
        raise reader.broken("it is empty")
    if reader.peek():
        raise reader.broken("something follows after the end")


def _has_posts(text: str) -> bool:
    return re.match(r'\s*\{\s*"posts"\s*:', text) is not None


def _wrapped(reader: _Reader) -> Iterator[tuple[int, Any]]:
    reader.take("{")
    reader.value()
    reader.take(":")
    yield from _elements(reader)
    if reader.peek() == ",":
        raise reader.broken("a second field beside the posts", 'write nothing but {"posts": [...]}')
    reader.take("}")


def _elements(reader: _Reader) -> Iterator[tuple[int, Any]]:
    reader.take("[")
    if reader.peek() == "]":
        reader.take("]")
        return
    while True:
        reader.peek()
        line = reader.line
        yield line, reader.value()
        closes = reader.peek() == "]"
        reader.take(",]")
        if closes:
            return


def _json_lines(path: Path) -> Iterator[Row]:
    for n, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        where = f"{_name(path)}:{n}"
        try:
            value = _DECODER.decode(line)
        except (ValueError, RecursionError) as wrong:
            why = f"this line is not JSON ({getattr(wrong, 'msg', 'nested or written beyond reason')})"
            yield Row(where, [refusal("line", line, why, "write one whole post on each line", where=where)])
            continue
        yield _json_row(where, value)


def _json_row(where: str, value: Any) -> Row:
    if not isinstance(value, _Object):
        why = "a post is an object with fields"
        return Row(where, [refusal("row", value, why, 'write {"text": ..., "accounts": ...}', where=where)])
    if value.twice is not None:
        why = "this field is there twice"
        return Row(where, [refusal(value.twice, value[value.twice], why, "keep one of them", where=where)])
    return Row(where, draft_of(value, where))


# -- what pydantic says, in our words

_EXPLAINED = {
    "missing": ("it is missing", "add it"),
    "string_type": ("it has to be a text", "write it in quotes"),
    "string_unicode": ("it holds half a character", "write the whole character, or leave it out"),
    "list_type": ("it has to be a list", "write it in [ ]"),
    "bool_parsing": ("this is neither yes nor no", "write true or false"),
    "bool_type": ("this is neither yes nor no", "write true or false"),
}


def _explained(error: dict[str, Any], where: str) -> Refusal:
    location = error["loc"]
    name = str(location[0]) + "".join(
        f"[{at + 1}]" if isinstance(at, int) else f".{at}" for at in location[1:]
    )
    kind = error["type"]
    if kind == "extra_forbidden":
        known = Draft.model_fields if len(location) == 1 else Image.model_fields
        meant = nearest(str(location[-1]), known)
        remedy = f'"{meant}" was meant?' if meant else f"the fields are {', '.join(known)}"
        return refusal(name, error["input"], "no field has this name", remedy, where=where)
    why, remedy = _EXPLAINED.get(kind, (str(error["msg"]), "correct it"))
    value = "" if kind == "missing" else error["input"]
    return refusal(name, value, why, remedy, where=where)
