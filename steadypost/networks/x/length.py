"""How long a text is in X's eyes.

The counting is twitter-text's, by the package ``twitter-text-parser``: a link is 23, Chinese, Japanese, Korean
and emoji are 2. Three things about that package have to be known here:

* it reads its emoji table through ``pkg_resources``, which setuptools no longer has, so it is imported with a
  stand-in at hand;
* it takes seconds over a long run of ``a.a.a.`` and minutes over a longer one, so such a text is never measured;
* it misses a link without a scheme that is glued to a right-to-left or an astral character, so such a text is
  measured as if the link stood free, which is never shorter than what X counts.

It takes a fifth of a second to import: commands that only show the queue must not import this module.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.resources import files
from types import ModuleType
from typing import Any

LONGEST_MEASURED = 60_000
"""Characters; more than twice what any account may post, and still measured in half a second."""

_RUN_OF_DOTS = re.compile(r"(?:[^\s./]{0,63}\.){80}")
"""A run of dots that the package would take too long to measure, and that no reader wants."""

_GLUED = re.compile(
    r"(?<=[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010000-\U0010ffff])(?=[0-9A-Za-z][0-9A-Za-z-]*\.[A-Za-z]{2})"
)
"""Where a bare link may begin right behind a character that hides it from the package."""


class NotMeasured(ValueError):
    """This text cannot be measured in bearable time. The message says what is wrong with it."""


@contextmanager
def _lent_pkg_resources() -> Iterator[None]:
    """Lend the package the one function it asks of ``pkg_resources``, for as long as it is imported."""
    lent = ModuleType("pkg_resources")

    def resource_string(asking: str, name: str) -> bytes:
        return files(asking.rpartition(".")[0]).joinpath(name).read_bytes()

    vars(lent)["resource_string"] = resource_string
    before = sys.modules.get("pkg_resources")
    sys.modules["pkg_resources"] = lent
    try:
        yield
    finally:
        del sys.modules["pkg_resources"]
        if before is not None:
            sys.modules["pkg_resources"] = before


def _parser() -> Any:
    with _lent_pkg_resources():
        return import_module("twitter_text").parse_tweet


_parse = _parser()


def weighted_length(text: str) -> int:
    """Count a text as X does, or raise ``NotMeasured``."""
    if len(text) > LONGEST_MEASURED:
        raise NotMeasured(f"it has {len(text)} characters, more than any account may post")
    if _RUN_OF_DOTS.search(text):
        raise NotMeasured("it holds a run of dots without a space that nothing can read")
    normal = text.replace("\r\n", "\n").replace("\r", "\n")
    plain = int(_parse(normal).weightedLength)
    freed, spaces = _GLUED.subn(" ", normal)
    return max(plain, int(_parse(freed).weightedLength) - spaces) if spaces else plain


def links(text: str) -> list[tuple[int, int]]:
    """Say where the links of a text are; raises ``NotMeasured`` as ``weighted_length`` does."""
    if len(text) > LONGEST_MEASURED or _RUN_OF_DOTS.search(text):
        raise NotMeasured("it cannot be read in bearable time")
    found = import_module("twitter_text").extract_urls_with_indices(text)
    return [(int(one["indices"][0]), int(one["indices"][1])) for one in found]
