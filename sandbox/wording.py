"""What the network does to a text: composes it, finds links, names and tags by twitter-text's rules, rewrites links."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from sandbox.length import LIMIT, links_in, weighted_length

Json: TypeAlias = dict[str, Any]

Kind: TypeAlias = Literal["url", "mention", "hashtag", "symbol"]

SHOWN_OF_PATH: Final = 15
"""After the host, so many characters of an address are shown, then an ellipsis; recorded answers agree."""

WEIGHS_MOST: Final = 2
LINK_WEIGHS: Final = 23

TAG_SIGNS: Final = frozenset(
    "_\u00b7\u200c\u200d\ua67e\u05be\u05f3\u05f4\uff5e\u301c\u309b\u309c\u30a0\u30fb\u3003\u0f0b\u0f0c"
)
"""Signs that may stand in a tag besides letters, marks and digits."""

_TAG = re.compile(r"[#\uff03](?![\ufe0f\u20e3])")
_MENTION = re.compile(
    r"(?:^|(?<=[^A-Za-z0-9_!#$%&*@\uff20]))[@\uff20]([A-Za-z0-9_]{1,20})"
    r"(?![A-Za-z0-9_@\uff20\u00c0-\u024f]|://)"
)
_SYMBOL = re.compile(r"(?:^|(?<=\s))\$([A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?)(?=$|[\s!-/:-@\[-`{-~])")
_SCHEME = re.compile(r"^https?://", re.IGNORECASE)
_WWW = re.compile(r"^www\.", re.IGNORECASE)
_LINE_END = re.compile(r"\r\n?")


@lru_cache(maxsize=4096)
def as_stored(text: str) -> str:
    """Give the text as the network keeps it: composed (NFC), one kind of line end, trimmed; inner blanks stay."""
    return unicodedata.normalize("NFC", _LINE_END.sub("\n", text)).strip()


def escaped(text: str) -> str:
    """Give a text as lists tell it: `&`, `<` and `>` as entities, once, and no other sign."""
    return html.escape(text, quote=False)


# -- what is in a text


@dataclass(frozen=True, slots=True)
class Span:
    """Something in a text that is more than letters."""

    kind: Kind
    start: int
    end: int
    value: str
    """The address as typed, the handle, the tag or the symbol, without its sign."""


@lru_cache(maxsize=4096)
def spans_of(text: str) -> tuple[Span, ...]:
    """Find links, names, tags and cashtags, in order; what stands in a link is only a link."""
    links = [Span("url", link.start, link.end, link.url) for link in links_in(text)]
    taken = [(link.start, link.end) for link in links]
    rest = [*_mentions(text), *_tags(text), *_symbols(text)]
    free = [one for one in rest if not any(one.start < end and start < one.end for start, end in taken)]
    return tuple(sorted([*links, *free], key=lambda one: one.start))


def _mentions(text: str) -> Iterator[Span]:
    return (Span("mention", m.start(), m.end(), m[1]) for m in _MENTION.finditer(text))


def _symbols(text: str) -> Iterator[Span]:
    return (Span("symbol", m.start(), m.end(), m[1]) for m in _SYMBOL.finditer(text))


def _tags(text: str) -> Iterator[Span]:
    for sign in _TAG.finditer(text):
        end = sign.end()
        while end < len(text) and is_tag_sign(text[end]):
            end += 1
        body = text[sign.end() : end]
        if _begins_afresh(text, sign.start()) and _is_tag(body) and not _goes_on(text, end):
            yield Span("hashtag", sign.start(), end, body)


def is_tag_sign(sign: str) -> bool:
    """Whether a sign may stand in a tag: letters with their marks, decimal digits, and a few joiners."""
    category = unicodedata.category(sign)
    return category[0] in "LM" or category == "Nd" or sign in TAG_SIGNS


def _begins_afresh(text: str, at: int) -> bool:
    if at == 0:
        return True
    before = text[at - 1]
    return before in "\ufe0e\ufe0f" or not (is_tag_sign(before) or before == "&")


def _is_tag(body: str) -> bool:
    return any(unicodedata.category(sign)[0] in "LM" for sign in body)


def _goes_on(text: str, end: int) -> bool:
    return text[end : end + 1] in {"#", "\uff03"} or text.startswith("://", end)


# -- links


@dataclass(frozen=True, slots=True)
class Link:
    """Where a link leads, and what is shown of it."""

    expanded: str
    display: str


@lru_cache(maxsize=4096)
def link_of(typed: str) -> Link:
    """Complete an address as the network does (`http://`); an international name leads to its ASCII form."""
    address = typed if _SCHEME.match(typed) else f"http://{typed}"
    return Link(expanded=_with_ascii_host(address), display=_display(address))


def _with_ascii_host(address: str) -> str:
    host = urlsplit(address).hostname or ""
    if host.isascii():
        return address
    ascii_host = host.encode("idna").decode("ascii")
    start = address.index("//") + 2
    end = start + len(re.split(r"[/?#:]", address[start:], maxsplit=1)[0])
    return address[:start] + ascii_host + address[end:]


def _display(address: str) -> str:
    bare = _WWW.sub("", _SCHEME.sub("", address))
    host = re.split(r"[/?#]", bare, maxsplit=1)[0]
    rest = bare[len(host) :]
    if rest == "/":
        return host
    return host + rest if len(rest) <= SHOWN_OF_PATH else f"{host}{rest[:SHOWN_OF_PATH]}…"


@lru_cache(maxsize=4096)
def short_link(post_id: str, what: str) -> str:
    """Give the short address of something in a post. The same address in another post has another one."""
    digest = hashlib.sha256(f"{post_id} {what}".encode()).digest()
    return "https://t.co/" + re.sub(r"[-_]", "x", base64.urlsafe_b64encode(digest).decode())[:10]


# -- rewriting


@dataclass(frozen=True, slots=True)
class Person:
    """A person who can be named in a text."""

    handle: str
    name: str
    user_id: str


People: TypeAlias = Mapping[str, Person]
"""All accounts, by handle in small letters."""


@dataclass(slots=True)
class Rewritten:
    """A text with its links rewritten, and the entities that say what they were."""

    text: str
    entities: Json = field(default_factory=dict)

    def count(self, end: str) -> int:
        """The length with something added."""
        return len(self.text) + len(end)


def no_entities() -> Json:
    """Every list of entities, empty."""
    return {"hashtags": [], "symbols": [], "timestamps": [], "urls": [], "user_mentions": []}


def rewrite(
    text: str, post_id: str, people: People, *, before: str = "", escape: Callable[[str], str] = escaped
) -> Rewritten:
    """Rewrite a text's links. Indices count code points of the text that comes out, `before` included."""
    out, entities, last = before, no_entities(), 0
    for span in spans_of(text):
        shown = _shown(span, text, post_id, people)
        if shown is None:
            continue
        out += escape(text[last : span.start])
        place, entity, words = shown
        entities[place].append({**entity, "indices": [len(out), len(out) + len(words)]})
        out += words
        last = span.end
    return Rewritten(out + escape(text[last:]), entities)


def _shown(span: Span, text: str, post_id: str, people: People) -> tuple[str, Json, str] | None:
    """Give the list an entity belongs to, the entity, and the words that stand for it in the text."""
    words = text[span.start : span.end]
    match span.kind:
        case "url":
            link, short = link_of(span.value), short_link(post_id, span.value)
            return "urls", {"display_url": link.display, "expanded_url": link.expanded, "url": short}, short
        case "mention":
            person = people.get(span.value.casefold())
            return None if person is None else ("user_mentions", mention(person), words)
        case "hashtag":
            return "hashtags", {"text": span.value}, words
        case _:
            return "symbols", {"text": span.value}, words


def mention(person: Person) -> Json:
    """Give an entity that names a person, as the account writes its own name."""
    return {"id_str": person.user_id, "name": person.name, "screen_name": person.handle}


# -- long texts


@lru_cache(maxsize=4096)
def is_long(text: str) -> bool:
    """Whether a text is over the limit, and so a note."""
    # Counting exactly is slow, and most texts are short, or long, whatever is in them.
    if WEIGHS_MOST * len(text) + LINK_WEIGHS * sum(span.kind == "url" for span in spans_of(text)) <= LIMIT:
        return False
    return sum(_weighs_one(sign) for sign in _without_links(text)) > LIMIT or weighted_length(text) > LIMIT


def _weighs_one(sign: str) -> bool:
    return sign.isalnum() and sign < "\u1100"


def _without_links(text: str) -> str:
    rest, last = "", 0
    for span in spans_of(text):
        if span.kind == "url":
            rest, last = rest + text[last : span.start], span.end
    return rest + text[last:]


@lru_cache(maxsize=1024)
def cut_to_limit(text: str) -> str:
    """Give the beginning of a long text that lists show: about to the limit, with an ellipsis, no link cut."""
    left = LIMIT - 1
    for n, sign in enumerate(text):
        left -= 1 if sign < "\u1100" else WEIGHS_MOST
        if left < 0:
            return cut_at(text, n)
    return cut_at(text, len(text))


def cut_at(text: str, characters: int) -> str:
    """Give the beginning of a text with an ellipsis; a link that would be cut in two is left out."""
    for span in spans_of(text):
        if span.kind == "url" and span.start < characters < span.end:
            characters = span.start
    return text[:characters].rstrip() + "…"
