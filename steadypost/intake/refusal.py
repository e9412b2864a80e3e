"""Why something did not enter, in words a person can act on."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

from steadypost.domain.secrets import Redactor

_discreet = Redactor()
"""Knows secrets by their shape; whoever refuses has no session open."""

LOOKED_AT = 20_000
"""Of a value so many characters are looked at before it is cut."""

SHOWN = 80
"""Of a refused value so many characters are shown: enough to find it, not enough to fill a screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One thing that is wrong with one post."""

    where: str
    """Which one: ``posts.csv:7``, ``compose``."""
    field: str
    value: str
    why: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.field} {self.value!r}: {self.why}; {self.remedy}"

    def at(self, where: str) -> Refusal:
        """Say the same of another place."""
        return replace(self, where=where)

    def as_dict(self) -> dict[str, str]:
        """Give the five words by which programs know it."""
        return asdict(self)


def refusal(field: str, value: object, why: str, remedy: str, *, where: str = "") -> Refusal:
    """Write a refusal with its value cut to what can be shown."""
    return Refusal(where=where, field=field, value=excerpt(value), why=why, remedy=remedy)


def excerpt(value: object) -> str:
    """Cut a value to one short line that any terminal and any store can hold, without what looks like a secret.

    That goes first: of half a secret nobody could tell any more that it is one.
    """
    text = " ".join(_discreet(str(value)[:LOOKED_AT]).split())
    plain = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return plain if len(plain) <= SHOWN else plain[: SHOWN - 1] + "…"


def in_the_form(one: Refusal) -> str:
    """Say it without its place, to a person who sees the form or the row: the field, its value, why, what to do."""
    value = f" {one.value!r}" if one.value else ""
    return f"{one.field}{value}: {one.why}; {one.remedy}"


def nearest(name: str, known: Iterable[str], *, alike: float = 0.6) -> str | None:
    """Find the known name that was probably meant."""
    by_plain = {candidate.casefold(): candidate for candidate in known}
    found = difflib.get_close_matches(name.strip().casefold(), by_plain, n=1, cutoff=alike)
    return by_plain[found[0]] if found else None
