"""The HTML of a post, read back to the text that was written.

Entities are decoded once, links read by address, mentions by account; the line that a quote adds is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from steadypost.domain.likeness import Grade, Link, Piece, Said, compare

_QUOTE = "quote-inline"
_PLAIN = frozenset({"p", "br", "a", "span", "wbr"})
"""What Mastodon itself writes. Anything else was made from signs in the text that are not told any more."""
_VOID = frozenset({"br", "wbr", "img", "hr", "input"})
_BREAK = re.compile(r"[ \t]*\r?\n[ \t]*")


def said(content: str, mentions: Sequence[Mapping[str, Any]] = ()) -> Said:
    """Read a post's content as its server wrote it."""
    reader = _Reader(_named(mentions))
    reader.feed(content)
    reader.close()
    return Said(reader.pieces, guessed=reader.is_guess)


def has_quote(content: str) -> bool:
    """Whether its server wrote a line into it that names a quoted post."""
    reader = _Reader({})
    reader.feed(content)
    reader.close()
    return reader.has_quote


def is_mention(link: Link) -> bool:
    """Whether a piece names an account and is no address."""
    return link.short.startswith("@")


def _named(mentions: Sequence[Mapping[str, Any]]) -> dict[str, Link]:
    """Give every account that a post mentions, by the address of its page."""
    named = {}
    for one in mentions:
        url, acct = one.get("url"), one.get("acct")
        if isinstance(url, str) and isinstance(acct, str) and acct:
            named[url] = _mention(acct, url)
    return named


def _mention(acct: str, url: str) -> Link:
    """Give a mention: an account of the server itself may have been written with the server's name or without."""
    full = acct if "@" in acct else f"{acct}@{urlsplit(url).netloc}"
    return Link(f"@{full}", shown=f"@{acct}", short=f"@{acct}")


class _Reader(HTMLParser):
    """Collects the pieces of a text. Entities are decoded by the parser, once."""

    def __init__(self, mentions: Mapping[str, Link]) -> None:
        super().__init__(convert_charrefs=True)
        self._mentions = mentions
        self._out: list[Piece] = []
        self._words: list[str] = []
        self._anchor: str | None = None
        """Where the link that is open leads."""
        self._is_tag = False
        self._dropped: list[str] = []
        """The elements that are open within one that is left out, itself included."""
        self._between = False
        """Whether a paragraph has just ended: white space up to the next is the page's own."""
        self.is_guess = False
        self.has_quote = False

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The text in pieces, without the white space around it."""
        self._flush()
        return tuple(self._out)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element."""
        self._between = False
        told = {name: value or "" for name, value in attrs}
        classes = told.get("class", "").split()
        self.has_quote = self.has_quote or _QUOTE in classes
        if self._dropped or _QUOTE in classes:
            if tag not in _VOID:
                self._dropped.append(tag)
            return
        self.is_guess = self.is_guess or tag not in _PLAIN
        if tag == "br":
            self._words.append("\n")
        elif tag == "p":
            self._between_paragraphs()
        elif tag == "a":
            # Some servers name a tag by its class, some by what the link is to the post.
            is_tag = "hashtag" in classes or "tag" in told.get("rel", "").split()
            self._open_link(told.get("href", ""), is_tag=is_tag)

    def handle_endtag(self, tag: str) -> None:
        """Close an element."""
        self._between = tag == "p"
        if self._dropped:
            if tag in self._dropped:
                while self._dropped.pop() != tag:
                    pass
        elif tag == "a" and self._anchor is not None:
            self._close_link(self._anchor)

    def handle_data(self, data: str) -> None:
        """Take text. A line break in the source of a page is white space; the break that shows is an element."""
        if not self._dropped and not (self._between and data.isspace()):
            self._words.append(_BREAK.sub(self._source_break, data))

    def _source_break(self, found: re.Match[str]) -> str:
        at_edge = found.start() == 0 and (not self._words or self._words[-1].endswith("\n"))
        return "" if at_edge else " "

    def _between_paragraphs(self) -> None:
        if self._out or any(self._words):
            self._words.append("\n\n")

    def _open_link(self, href: str, *, is_tag: bool) -> None:
        self._flush()
        self._anchor, self._is_tag = href, is_tag

    def _close_link(self, href: str) -> None:
        shown = "".join(self._words)
        self._anchor = None
        if self._is_tag:
            return
        self._words = []
        mention = self._mentions.get(href)
        self.is_guess = self.is_guess or (mention is None and _is_named(href, shown))
        self._out.append(mention or _link(href, shown))

    def _flush(self) -> None:
        """Put the words so far down as one piece."""
        if words := "".join(self._words):
            self._out.append(words)
        self._words = []


def _is_named(href: str, shown: str) -> bool:
    """Whether other words stand for an address than its own: they were typed beside it, in signs that are gone."""
    if shown.startswith("@") or shown.endswith(("…", "...")):
        return False
    return compare(shown, Said((Link(href),))) is Grade.OTHER


def _link(href: str, shown: str) -> Piece:
    """Give a link; of an ``@name`` the server may not say whom it means, and then it leads nowhere that is known."""
    if shown.startswith("@"):
        return Link(None, shown=shown, short=shown)
    return Link(href, shown=shown, short=shown if shown.startswith(("http://", "https://")) else "")
