"""Posts as JSON: a list, ``{"posts": [...]}``, one on each line, or what other tools' interfaces give."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steadypost.intake.encodings import encoding_of, lines
from steadypost.intake.refusal import Refusal, refusal
from steadypost.intake.sheet import FileRefused, unreadable

LARGEST_JSON = 64 * 1024 * 1024
"""A JSON list has to be held in memory; CSV and JSON Lines are read line by line, of any size."""

_BLANK = " \t\r\n"


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
        return unreadable(
            self.path,
            self.line,
            value,
            f"it is no list of posts in JSON: {why}",
            f"{remedy}; nothing entered",
        )

    def _go(self, to: int) -> None:
        self.line += self.text.count("\n", self.at, to)
        self.at = to


@dataclass(frozen=True, slots=True)
class Value:
    """One post as it stands in a file: the line it begins on, and what it says or why that cannot be made out."""

    line: int
    value: Any
    wrong: Refusal | None = None


def values_of(path: Path, encoding: str | None) -> Iterator[Value]:
    """Read a JSON file whole, or raise ``FileRefused``: broken JSON enters nothing."""
    size = path.stat().st_size
    if size > LARGEST_JSON:
        why = f"a JSON list has at most {LARGEST_JSON // 1024 // 1024} MB"
        raise unreadable(path, 0, f"{size} bytes", why, "write one post on each line, as .jsonl")
    reader = _Reader(path, path.read_text(encoding_of(path, encoding)))
    found = [_checked(line, value) for line, value in _json_values(reader)]
    return iter(_unwrapped(found))


def values_by_line(path: Path, encoding: str | None) -> Iterator[Value]:
    """Read one post from each line; a line that is wrong concerns no other."""
    for n, line in enumerate(lines(path, encoding_of(path, encoding)), start=1):
        if line.strip():
            yield _by_line(n, line)


def _by_line(n: int, line: str) -> Value:
    try:
        return _checked(n, _DECODER.decode(line))
    except (ValueError, RecursionError) as wrong:
        why = f"this line is not JSON ({getattr(wrong, 'msg', 'nested or written beyond reason')})"
        return Value(n, line, refusal("line", line, why, "write one whole post on each line"))


def _checked(line: int, value: Any) -> Value:
    if not isinstance(value, _Object):
        why = "a post is an object with fields"
        return Value(line, value, refusal("row", value, why, 'write {"text": ..., "accounts": ...}'))
    if value.twice is not None:
        why = "this field is there twice"
        return Value(line, value, refusal(value.twice, value[value.twice], why, "keep one of them"))
    return Value(line, value)


def _unwrapped(found: list[Value]) -> list[Value]:
    """Typefully's interface gives its drafts as the results of a page."""
    if len(found) == 1 and found[0].wrong is None and isinstance(found[0].value.get("results"), list):
        return [_checked(n, value) for n, value in enumerate(found[0].value["results"], start=1)]
    return found


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
