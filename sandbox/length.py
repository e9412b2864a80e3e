"""How long a text is in the network's eyes, and where its links are."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from types import ModuleType
from typing import Final

LIMIT: Final = 280
NOTE_LIMIT: Final = 25_000


def _resource_string(module: str, name: str) -> bytes:
    package = module.rpartition(".")[0]
    return resources.files(package).joinpath(name).read_bytes()


@contextmanager
def _old_resource_reader() -> Iterator[None]:
    """Lend `twitter_text` the one function of the missing `pkg_resources` that it uses, only while it is imported."""
    name = "pkg_resources"
    found = sys.modules.get(name)
    stand_in = ModuleType(name)
    stand_in.resource_string = _resource_string  # type: ignore[attr-defined]
    sys.modules[name] = stand_in
    try:
        yield
    finally:
        if found is None:
            del sys.modules[name]
        else:
            sys.modules[name] = found


with _old_resource_reader():
    from twitter_text import parse_tweet
    from twitter_text.extract_urls import extract_urls_with_indices


@dataclass(frozen=True, slots=True)
class Link:
    """A web address in a text, and where it stands."""

    url: str
    start: int
    end: int


def weighted_length(text: str) -> int:
    """The length that counts against the limit: a link is 23, CJK and emoji are 2."""
    return int(parse_tweet(text).weightedLength)


def links_in(text: str) -> list[Link]:
    """Every web address in the text, in order; also those without a scheme."""
    found = extract_urls_with_indices(text)
    return [Link(entity["url"], *entity["indices"]) for entity in found]
