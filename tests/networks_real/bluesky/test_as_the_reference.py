"""Held against Bluesky's own client: the same links, tags, mentions and lengths in texts drawn by chance."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import regex

from rehearsal.real.bluesky import node, why_not
from steadypost.networks.bluesky.facets import spans
from steadypost.networks.bluesky.text import graphemes, size

pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(why_not() is not None, reason=why_not() or ""),
]

PIECES = (
    *" \n\t\u3000\u00a0\u200b\ufeff",
    *"()[].,;:!?'\"_-/#＃@$&%=+",
    *"aZß7é家👍",
    "e\u0301",
    "👨‍👩‍👧‍👦",
    "🏳️‍🌈",
    "🇩🇪",
    "क्षि",
    "\u0e33",
    "\ufe0f",
    "1️⃣",
    "example.com",
    "EXAMPLE.com",
    "sub.example.org/a_(b)",
    "https://example.com/ä",
    "http://x",
    "https://",
    "bücher.de",
    "xn--p1ai",
    "рф",
    "nope.notatld",
    "a.b.c",
    "bob.bsky.social",
    "alice.test",
    "Grüße",
    "हिन्दी",
    "ไทย",
    "2026",
    "AAPL",
    "＃タグ",
)


def texts(count, seed):
    chance = random.Random(seed)  # noqa: S311 - texts, not secrets
    return ["".join(chance.choices(PIECES, k=chance.randint(1, 14))) for _ in range(count)]


def told(drawn):
    with node(Path(__file__).with_name("facets.js")) as client:
        out, _ = client.communicate("\n".join(map(json.dumps, drawn)).encode(), timeout=120)
    return [json.loads(line) for line in out.splitlines()]


def ours(text):
    return [{"start": s.start, "end": s.end, "kind": s.kind.value, "value": s.value} for s in spans(text)]


def without_host(facet):
    """Whether it is a link without any host. The client makes one; its server then refuses the post, or people an error
    page.
    """
    host = regex.match(r"https?://([^/?#:]*)", facet["value"]) if facet["kind"] == "link" else None
    return host is not None and regex.search(r"[\p{L}\p{N}\p{So}]", host[1]) is None


def too_long_in_half_letters(tag):
    """Whether a tag is longer than the client takes, which counts halves of letters, and not than the network does."""
    return tag["kind"] == "tag" and len(tag["value"].encode("utf-16-le")) // 2 > 64


def test_the_same_facets_and_lengths():
    drawn = texts(6000, seed=20261129)
    answers = told(drawn)
    theirs = [
        sorted(
            (one for one in answer["facets"] if not without_host(one)),
            key=lambda one: (one["start"], one["end"]),
        )
        for answer in answers
    ]
    mine = [[one for one in ours(text) if not too_long_in_half_letters(one)] for text in drawn]
    different = [one for one in zip(drawn, mine, theirs, strict=True) if one[1] != one[2]]

    assert [] == different
    assert sum(map(len, theirs)) > 1000
    assert [(graphemes(text), size(text)) for text in drawn] == [
        (answer["graphemes"], answer["bytes"]) for answer in answers
    ]


def test_the_client_finds_something():
    """A client that answers nothing would agree with everything."""
    kinds = {one["kind"] for one in told(["#tag https://example.com @bob.bsky.social"])[0]["facets"]}

    assert {"tag", "link", "mention"} == kinds
