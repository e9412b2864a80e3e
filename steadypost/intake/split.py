"""Making a thread of a long text: cut between sentences, else between words, never within a link, mention or emoji.

Whether a part is short enough says whoever asks: each network counts in its own way. Nothing is added and nothing but
white space at a cut is lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

Fits = Callable[[str], bool]
"""Whether a text is short enough for one post."""

_SENTENCES = re.compile(r"(?<=[.!?…])[\"'”’»)]*\s+(?=[^\s])|(?<=[。！？])|\n+")
_WORDS = re.compile(r"\s+")
"""A link, a mention, a hashtag and an emoji hold no white space, so a cut between words is never within one."""

_ABBREVIATED = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|Dr|Mr|Mrs|Ms|Prof|St|No|approx|z\. ?B|d\. ?h|u\. ?a|bzw|ca|Nr)|\b\w|\b\d+)\.$",
    re.IGNORECASE,
)
"""Behind these a full stop ends no sentence."""


class TooLongToSplit(ValueError):
    """One word is longer than a post may be; the message is that word."""


def split(text: str, fits: Fits) -> list[str]:
    """Cut a text into parts each of which fits; raises ``TooLongToSplit``."""
    whole = text.strip()
    if fits(whole):
        return [whole]
    return list(_filled(_pieces(whole, fits), fits))


def _filled(pieces: Iterator[tuple[str, str]], fits: Fits) -> Iterator[str]:
    """Put pieces into as few parts as they fit in, each with the white space that stood before it."""
    part = ""
    for between, piece in pieces:
        if part and fits(part + between + piece):
            part += between + piece
            continue
        if part:
            yield part
        part = piece
    if part:
        yield part


def _pieces(text: str, fits: Fits) -> Iterator[tuple[str, str]]:
    """Give what is not to be cut: sentences, and the words of a sentence that is too long."""
    for between, sentence in _sentences(text):
        if fits(sentence):
            yield between, sentence
        else:
            yield from _words(between, sentence, fits)


def _sentences(text: str) -> Iterator[tuple[str, str]]:
    between, begins = "", 0
    for cut in _SENTENCES.finditer(text):
        quote = len(cut[0]) - len(cut[0].lstrip("\"'”’»)"))
        ends = cut.start() + quote
        if "\n" not in cut[0] and _ABBREVIATED.search(text[begins:ends]):
            continue
        if text[begins:ends].strip():
            yield between, text[begins:ends].strip()
            between, begins = text[ends : cut.end()], cut.end()
    if text[begins:].strip():
        yield between, text[begins:].strip()


def _words(before: str, sentence: str, fits: Fits) -> Iterator[tuple[str, str]]:
    between = before
    for word in _WORDS.split(sentence):
        if not fits(word):
            raise TooLongToSplit(word)
        yield between, word
        between = " "
