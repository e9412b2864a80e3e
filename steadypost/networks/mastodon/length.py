"""How long a post is on Mastodon: warning and text, in grapheme clusters.

A link counts what the server reserves, a bare domain its letters, ``@user@domain`` only ``@user``. An address whose
top-level domain does not exist is no link, and one may follow upon a word of a script without spaces.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import regex

from steadypost.networks import domains

_BEFORE_LINK = r"(?<![A-Za-z0-9@＠$#＃])"
_HOST = r"(?:[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}_-]*[\p{L}\p{M}\p{N}])?\.)+(?P<ending>xn--[a-z0-9-]+|[\p{L}\p{M}]{2,})"
_BALANCED = r"\((?:[^\s<>()?]|\([^\s<>()?]*\))+\)"
_PATH_END = r"(?:[^\s<>()?!*\"'「」:;=,.$%\[\]~&|@]|" + _BALANCED + ")"
_PATH = rf"/(?:(?:[^\s<>()?]|{_BALANCED})*{_PATH_END})?"
_QUERY = r"\?[^\s<>\"「」]*[\p{L}\p{N}_&=#/-]"

_LINK = regex.compile(rf"{_BEFORE_LINK}https?://{_HOST}(?::\d+)?(?:{_PATH})?(?:{_QUERY})?", regex.IGNORECASE)
_MENTION = regex.compile(
    r"(?<![=/\p{L}\p{N}_])(?P<name>@[a-z0-9_]+(?:[a-z0-9_.-]*[a-z0-9_])?)@[\p{L}\p{N}_.-]*[\p{L}\p{N}_]",
    regex.IGNORECASE,
)
_CLUSTER = regex.compile(r"\X")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text that does not count its letters."""

    start: int
    end: int
    counts: str
    """What is counted in its place."""


def length(text: str, *, warning: str = "", per_link: int = 23) -> int:
    """Count a post as its server does."""
    return graphemes(warning + _counted(text, per_link))


def graphemes(text: str) -> int:
    """Count the characters that a reader sees."""
    return sum(1 for _ in _CLUSTER.finditer(text))


def links(text: str) -> list[tuple[int, int]]:
    """Say where the links of a text are."""
    return [match.span() for match in _LINK.finditer(text) if domains.exists(match["ending"].lower())]


def mentions(text: str) -> list[tuple[int, int]]:
    """Say where a text names an account of another server."""
    return [match.span() for match in _MENTION.finditer(text)]


def _counted(text: str, per_link: int) -> str:
    """Give the text that is counted in place of this one."""
    pieces, at = [], 0
    for one in _spans(text, per_link):
        pieces += [text[at : one.start], one.counts]
        at = one.end
    return "".join([*pieces, text[at:]])


def _spans(text: str, per_link: int) -> Iterator[Span]:
    """Give what counts otherwise, from left to right; a mention within a link is part of the link."""
    found = [Span(*one, "x" * per_link) for one in links(text)]
    found += [Span(*match.span(), match["name"]) for match in _MENTION.finditer(text)]
    at = 0
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if one.start >= at:
            yield one
            at = one.end
