"""How long a text is on Bluesky: in graphemes, as people count, and in bytes of UTF-8."""

from __future__ import annotations

from typing import Final

import regex

LONGEST: Final = 300
"""The most graphemes of a post."""

LONGEST_BYTES: Final = 3000
"""The most bytes of a post."""

_GRAPHEME: Final = regex.compile(r"\X")


def graphemes(text: str) -> int:
    """Count what people see as one character: a family emoji is one, a letter with its accents is one."""
    return sum(1 for _ in _GRAPHEME.finditer(text))


def size(text: str) -> int:
    """Count the bytes of UTF-8."""
    return len(text.encode("utf-8", "surrogatepass"))
