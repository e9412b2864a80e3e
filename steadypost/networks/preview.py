"""How a post will look and count on one network, from the network's own rules; nothing is asked or written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from steadypost.domain import hashtags
from steadypost.domain.network import Allowance, Network, Objection
from steadypost.domain.post import Media, Part
from steadypost.networks.bluesky import facets
from steadypost.networks.bluesky.text import LONGEST_BYTES, size
from steadypost.networks.bluesky.text import graphemes as bluesky_length
from steadypost.networks.charges import CHARGES, cost
from steadypost.networks.mastodon import length as mastodon_length
from steadypost.networks.mastodon.limits import USUAL, Limits

LINK, MENTION, TAG = "link", "mention", "tag"


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A stretch of a text that the network makes something of."""

    start: int
    """In characters."""
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Count:
    """How much of what is allowed a text takes."""

    unit: str
    used: int | None
    """``None``: it cannot be counted; an objection says why."""
    allowed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartSeen:
    """One part, as the network counts it."""

    text: str
    counts: tuple[Count, ...]
    marks: tuple[Mark, ...]
    media: tuple[Media, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A whole post on one network."""

    parts: tuple[PartSeen, ...]
    objections: tuple[Objection, ...]
    cost: Decimal | None
    """In US dollars; ``None`` where posts are free."""


@dataclass(frozen=True, slots=True)
class _Rules:
    """How one network reads a text."""

    counts: Callable[[str, Allowance], tuple[Count, ...]]
    marks: Callable[[str], Iterable[Mark]]


def preview(network: Network, allowance: Allowance, channel: str, parts: Sequence[Part]) -> Seen:
    """Say how these parts will look and count, and what the network would refuse."""
    rules = RULES[network.name]
    return Seen(
        parts=tuple(
            PartSeen(
                text=part.text,
                counts=rules.counts(part.text, allowance),
                marks=_apart(rules.marks(part.text)),
                media=part.media,
            )
            for part in parts
        ),
        objections=tuple(network.objections(tuple(parts), allowance)),
        cost=cost(channel, parts) if channel in CHARGES else None,
    )


def _apart(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """Leave out what lies within another one: a tag in an address is no tag."""
    apart: list[Mark] = []
    for mark in sorted(marks, key=lambda one: (one.start, -one.end)):
        if not apart or mark.start >= apart[-1].end:
            apart.append(mark)
    return tuple(apart)


# --- each network

_NAME_ON_X = re.compile(
    r"(?<![A-Za-z0-9_!#$%&*@＠])[@＠][A-Za-z0-9_]{1,20}(?![A-Za-z0-9_@＠\u00c0-\u024f]|://)"
)
_NAME_HERE = re.compile(r"(?<![\w=/@])@[A-Za-z0-9_]+(?![\w@]|[.-]+[A-Za-z0-9_])")
"""An account of the same server: none has a dot or a hyphen in its name."""


def _found(pattern: re.Pattern[str], text: str) -> list[Mark]:
    return [Mark(*match.span(), MENTION) for match in pattern.finditer(text)]


def _tags(text: str) -> list[Mark]:
    return [Mark(*one, TAG) for one in hashtags.places(text)]


def _on_bluesky(text: str) -> list[Mark]:
    """Turn the positions of facets, which are bytes, into characters."""
    raw = text.encode("utf-8", "surrogatepass")

    def at(byte: int) -> int:
        return len(raw[:byte].decode("utf-8", "surrogatepass"))

    return [Mark(at(one.start), at(one.end), str(one.kind)) for one in facets.spans(text)]


def _bluesky_counts(text: str, allowance: Allowance) -> tuple[Count, ...]:
    return (
        Count("characters", bluesky_length(text), allowance.longest),
        Count("bytes", size(text), LONGEST_BYTES),
    )


def _on_mastodon(text: str) -> list[Mark]:
    links = [Mark(*one, LINK) for one in mastodon_length.links(text)]
    afar = [Mark(*one, MENTION) for one in mastodon_length.mentions(text)]
    return [*links, *afar, *_found(_NAME_HERE, text), *_tags(text)]


def _mastodon_counts(text: str, allowance: Allowance) -> tuple[Count, ...]:
    per_link = allowance.per_link if isinstance(allowance, Limits) else USUAL.per_link
    return (Count("characters", mastodon_length.length(text, per_link=per_link), allowance.longest),)


def _on_x(text: str) -> list[Mark]:
    from steadypost.networks.x.length import NotMeasured, links  # noqa: PLC0415 - takes 0.2 s

    try:
        found = [Mark(start, end, LINK) for start, end in links(text)]
    except NotMeasured:
        return []
    return [*found, *_found(_NAME_ON_X, text), *_tags(text)]


def _x_counts(text: str, allowance: Allowance) -> tuple[Count, ...]:
    from steadypost.networks.x.length import NotMeasured, weighted_length  # noqa: PLC0415 - as above

    try:
        used = weighted_length(text.encode(errors="replace").decode())
    except NotMeasured:
        used = None
    return (Count("weighted characters", used, allowance.longest),)


def _file_counts(text: str, allowance: Allowance) -> tuple[Count, ...]:
    return (Count("characters", len(text), allowance.longest),)


RULES: Mapping[str, _Rules] = {
    "bluesky": _Rules(_bluesky_counts, _on_bluesky),
    "mastodon": _Rules(_mastodon_counts, _on_mastodon),
    "x": _Rules(_x_counts, _on_x),
    "file": _Rules(_file_counts, lambda _: ()),
}
"""By the network's name; a test holds it to all networks there are."""
