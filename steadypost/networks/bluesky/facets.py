"""What of a text becomes a link, mention or tag, by the rules of Bluesky's client. Positions are bytes of UTF-8.

A mention is a candidate: it stays plain text when its handle does not resolve.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import regex

from steadypost.networks import domains
from steadypost.networks.bluesky.text import graphemes, size

MOST_TAG: Final = 64
"""The most graphemes of a tag."""

MOST_TAG_BYTES: Final = 640

MOST_ADDRESS_BYTES: Final = 8192

# What JavaScript calls white space; Python's \s has other members.
_S: Final = r"\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_UNSEEN: Final = r"\u00ad\u2060\u200a\u200b\u200c\u200d\u20e2"

_EDGE: Final = r"(?:(?<=[a-zA-Z0-9_])(?![a-zA-Z0-9_])|(?<![a-zA-Z0-9_])(?=[a-zA-Z0-9_]))"
_MENTION: Final = regex.compile(rf"(?:^|[{_S}(])@([a-zA-Z0-9.-]+){_EDGE}")
_LINK: Final = regex.compile(
    rf"(?:^|(?<=[\n\r\u2028\u2029])|[{_S}(])"
    rf"([hH][tT][tT][pP][sS]?://[^{_S}]+|(?P<domain>[a-zA-Z][a-zA-Z0-9]*(?:\.[a-zA-Z0-9]+)+)[^{_S}]*)"
)
_TAG: Final = regex.compile(
    rf"(?:^|[{_S}])[#＃]((?!\ufe0f)[^{_S}{_UNSEEN}]*[^0-9{_S}\p{{P}}{_UNSEEN}]+[^{_S}{_UNSEEN}]*)"
)
_CASHTAG: Final = regex.compile(
    rf"(?:^|[{_S}(])\$([A-Za-z][A-Za-z0-9]{{0,4}})(?=[{_S}]|$|[.,;:!?)\"'\u2019])"
)
_ADDRESS: Final = regex.compile(rf"https?://[^{_S}/?#:]*[\p{{L}}\p{{N}}\p{{So}}]")
_ENDING: Final = regex.compile(r"\p{P}+$")


class Kind(StrEnum):
    """What a stretch of text is."""

    LINK = "link"
    MENTION = "mention"
    TAG = "tag"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text that means something."""

    kind: Kind
    start: int
    """In bytes of UTF-8."""
    end: int
    """In bytes, exclusive."""
    value: str
    """Where a link leads, the handle of a mention, or the words of a tag."""


def spans(text: str) -> tuple[Span, ...]:
    """Find every link, tag and possible mention of a text, in their order."""
    found = [*_mentions(text), *_links(text), *_tags(text), *_cashtags(text)]
    return tuple(sorted(found, key=lambda span: (span.start, span.end)))


def facets(text: str, dids: Mapping[str, str]) -> list[dict[str, Any]]:
    """Write the facets of a text as the network takes them; ``dids`` are the handles that resolved, in lower case."""
    return [written for span in spans(text) if (written := _written(span, dids)) is not None]


def mentioned(text: str) -> tuple[str, ...]:
    """Name the handles that have to be resolved before a text can be written, in lower case, each once."""
    return tuple(dict.fromkeys(span.value.lower() for span in spans(text) if span.kind is Kind.MENTION))


def _written(span: Span, dids: Mapping[str, str]) -> dict[str, Any] | None:
    feature: dict[str, Any]
    match span.kind:
        case Kind.LINK:
            feature = {"$type": "app.bsky.richtext.facet#link", "uri": span.value}
        case Kind.TAG:
            feature = {"$type": "app.bsky.richtext.facet#tag", "tag": span.value}
        case Kind.MENTION:
            if (did := dids.get(span.value.lower())) is None:
                return None
            feature = {"$type": "app.bsky.richtext.facet#mention", "did": did}
    return {"index": {"byteStart": span.start, "byteEnd": span.end}, "features": [feature]}


# --- each kind


def _mentions(text: str) -> Iterator[Span]:
    for match in _MENTION.finditer(text):
        handle = match[1]
        if has_known_ending(handle) or handle.endswith(".test"):
            yield _span(Kind.MENTION, text, match.start(1) - 1, match.end(1), handle)


def _links(text: str) -> Iterator[Span]:
    for match in _LINK.finditer(text):
        typed, domain = match[1], match["domain"]
        if domain is not None and not has_known_ending(domain):
            continue
        bare = _without_ending(typed)
        leads_to = bare if domain is None else f"https://{bare}"
        if _is_address(leads_to):
            yield _span(Kind.LINK, text, match.start(1), match.start(1) + len(bare), leads_to)


def _without_ending(typed: str) -> str:
    """Take off one mark at the end that belongs to the sentence, and a bracket that was opened before the link."""
    bare = typed[:-1] if typed[-1] in ".,;:!?" else typed
    return bare[:-1] if bare.endswith(")") and "(" not in bare else bare


def _is_address(leads_to: str) -> bool:
    """Whether the server takes it as an address with a host; one that it does not take would cost the whole post."""
    return _ADDRESS.match(leads_to) is not None and size(leads_to) <= MOST_ADDRESS_BYTES


def _tags(text: str) -> Iterator[Span]:
    for match in _TAG.finditer(text):
        tag = _ENDING.sub("", match[1])
        if tag and graphemes(tag) <= MOST_TAG and size(tag) <= MOST_TAG_BYTES:
            yield _span(Kind.TAG, text, match.start(1) - 1, match.start(1) + len(tag), tag)


def _cashtags(text: str) -> Iterator[Span]:
    for match in _CASHTAG.finditer(text):
        yield _span(Kind.TAG, text, match.start(1) - 1, match.end(1), f"${match[1].upper()}")


def _span(kind: Kind, text: str, start: int, end: int, value: str) -> Span:
    begins = size(text[:start])
    return Span(kind, begins, begins + size(text[start:end]), value)


# --- endings


def has_known_ending(domain: str) -> bool:
    """Whether a domain ends with a top-level domain that exists, in lower case as the network's client wants it."""
    _, dot, ending = domain.rpartition(".")
    return bool(dot) and ending == ending.lower() and domains.exists(ending)
