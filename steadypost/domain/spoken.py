"""A person's word as text, read strictly; the command line and Prefect's forms get the same refusals."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from steadypost.domain.network import NEITHER, Pointer
from steadypost.domain.remote_id import NotAnId

LONGEST_WHY = 2_000
LONGEST_BY = 100

SHOWN = 80
"""How many characters of a refused value are shown."""

_UNKEEPABLE = frozenset({"Cc", "Cs"})
"""What no store can hold, or no terminal should be sent: control characters and halves of characters."""

_OF_A_PART = re.compile(r"\s*([0-9]{1,3})\s*=(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Misspoken:
    """One thing that is wrong with the input."""

    field: str
    value: str
    why: str
    remedy: str

    def __str__(self) -> str:
        value = f" {self.value!r}" if self.value else ""
        return f"{self.field}{value}: {self.why}; {self.remedy}"


class CannotBeMeant(ValueError):
    """The input is not valid; everything wrong with it at once."""

    def __init__(self, wrong: Sequence[Misspoken]) -> None:
        super().__init__("\n".join(map(str, wrong)))
        self.wrong = tuple(wrong)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who acts, and why."""

    by: str
    why: str


def signature(by: str, why: str, *, why_is_required: bool = True) -> Signature:
    """Take a name and a reason, or raise ``CannotBeMeant``."""
    wrong: list[Misspoken] = []
    signed = Signature(by=_by(by, wrong), why=_why(why, wrong, required=why_is_required))
    if wrong:
        raise CannotBeMeant(wrong)
    return signed


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """What a person said of a delivery, and who they are."""

    live: tuple[Pointer, ...]
    absent: bool
    drop: bool
    by: str
    why: str


Reader = Callable[[str], Pointer]
"""Reads a post's address or id, or raises ``NotAnId``."""


def spoken(
    *,
    live: Sequence[str],
    absent: bool,
    drop: bool,
    by: str,
    why: str,
    read: Reader,
    remedy: str,
) -> Spoken:
    """Read what a person says of a delivery, or raise ``CannotBeMeant``. ``remedy`` says what ``read`` takes."""
    wrong: list[Misspoken] = []
    said = Spoken(
        live=_live(live, read, remedy, wrong),
        absent=absent,
        drop=drop,
        by=_by(by, wrong),
        why=_why(why, wrong, required=True),
    )
    if not (live or absent or drop):
        say = "say that it is live (with its address), that it is absent, or that it is to be dropped"
        wrong.append(_misspoken("word", "", "nothing is said about the delivery", say))
    if wrong:
        raise CannotBeMeant(wrong)
    return said


def _live(written: Sequence[str], read: Reader, remedy: str, wrong: list[Misspoken]) -> tuple[Pointer, ...]:
    found = []
    for one in written:
        of_a_part = _OF_A_PART.fullmatch(one)
        part = None if of_a_part is None else int(of_a_part[1]) - 1
        try:
            pointer = read(one if of_a_part is None else of_a_part[2])
        except NotAnId:
            wrong.append(_misspoken("live", one, NEITHER, f"{remedy}; for part 2 of a thread, 2=…"))
            continue
        if part is not None and part < 0:
            wrong.append(_misspoken("live", one, "parts are counted from 1", "write 1=… for the first part"))
        found.append(Pointer(id=pointer.id, handle=pointer.handle, part=part))
    return tuple(found)


def _by(given: str, wrong: list[Misspoken]) -> str:
    return _line("by", given, LONGEST_BY, "say who you are", wrong)


def _why(given: str, wrong: list[Misspoken], *, required: bool) -> str:
    if not required and not given.strip():
        return ""
    return _line("why", given, LONGEST_WHY, "say why: it is kept with the change", wrong)


def _line(name: str, given: str, longest: int, remedy: str, wrong: list[Misspoken]) -> str:
    said = " ".join(given.split())
    if not said:
        wrong.append(_misspoken(name, given, "it is empty", remedy))
    elif len(said) > longest:
        told = f"it has {len(said)} characters, and {longest} are kept"
        wrong.append(_misspoken(name, said, told, "make it shorter"))
    elif any(unicodedata.category(letter) in _UNKEEPABLE for letter in said):
        told = "it holds control characters"
        wrong.append(_misspoken(name, said, told, "write it in letters, marks and spaces"))
    return said


def _misspoken(field: str, value: str, why: str, remedy: str) -> Misspoken:
    plain = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in value)
    shown = plain if len(plain) <= SHOWN else plain[: SHOWN - 1] + "…"
    return Misspoken(field=field, value=shown, why=why, remedy=remedy)
