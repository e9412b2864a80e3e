"""The hashtags of a text, by twitter-text's rule: a letter or mark is needed, none within a word or a link."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

SIGNS = "#\uff03"

_JOINING = frozenset(
    "_\u200c\u200d\ua67e\u05be\u05f3\u05f4\uff5e\u301c\u309b\u309c\u30a0\u30fb\u3003\u0f0b\u0f0c\u00b7"
)
"""What twitter-text takes into a tag beside letters, marks and digits."""

_LINK = re.compile(r"https?://\S+|(?<![\w@#\uff03])[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}/\S*", re.IGNORECASE)


def hashtags(text: str) -> Iterator[str]:
    """Give the tags of a text as they are written, without the sign."""
    return (text[start + 1 : end] for start, end in places(text))


def places(text: str) -> Iterator[tuple[int, int]]:
    """Say where the tags of a text are, their signs included."""
    plain = _LINK.sub(lambda link: " " * len(link[0]), text)
    for at, letter in enumerate(plain):
        if letter in SIGNS and (at == 0 or _may_precede(plain[at - 1])):
            found = _word(plain, at + 1)
            after = plain[at + 1 + len(found) : at + 4 + len(found)]
            if any(_is_letter(one) for one in found) and after[:1] not in set(SIGNS) and after != "://":
                yield at, at + 1 + len(found)


def _word(text: str, begins: int) -> str:
    ends = begins
    while ends < len(text) and _belongs(text[ends]):
        ends += 1
    return text[begins:ends]


def _is_letter(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LM"


def _belongs(letter: str) -> bool:
    return _is_letter(letter) or unicodedata.category(letter) == "Nd" or letter in _JOINING


def _may_precede(letter: str) -> bool:
    """Whether a tag may begin behind this; a variation selector belongs to the emoji before it."""
    return letter in "\ufe0e\ufe0f" or not (_belongs(letter) or letter in "&" + SIGNS)
