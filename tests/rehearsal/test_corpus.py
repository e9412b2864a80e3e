"""The corpus is large, the same for the same seed, and has in it what goes wrong."""

from __future__ import annotations

import ast
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

import rehearsal.corpus as package
from rehearsal.corpus import Item, corpus, for_account, pairs
from rehearsal.corpus.items import PARENTS
from rehearsal.corpus.pairs import CHANGES
from rehearsal.corpus.posts import SOURCES
from sandbox.length import weighted_length
from sandbox.shown import Picture, Said, show, tell
from sandbox.wording import as_stored


@pytest.fixture(scope="module")
def items() -> list[Item]:
    return corpus(7)


@pytest.fixture(scope="module")
def two() -> list[tuple[Item, Item]]:
    return list(pairs(7, 4000))


def test_it_is_the_same_for_the_same_seed(items, two):
    """And another for another."""
    assert items == corpus(7)
    assert items != corpus(8)
    assert two[:50] == list(pairs(7, 50))


def test_there_are_a_few_thousand_of_every_kind(items):
    """Each source gives something, and every way in which texts are difficult is there."""
    kinds = Counter(item.kind for item in items)

    assert 2500 <= len(items) <= 6000
    assert len(kinds) >= len(SOURCES)
    assert {
        "link_beside", "link_international", "only_link", "same_words_other_link", "same_answer", "begins_with_name",
        "only_emoji", "only_pictures", "long", "like_html", "white_space", "composition", "two_ways", "prefix", "quote",
    } <= set(kinds)  # fmt: skip


def test_texts_are_repeated_on_purpose(items):
    """The same words more than once, alone and under different parents."""
    said = Counter(item.text for item in items)

    assert max(said.values()) >= 8
    assert {item.reply_to for item in items if item.text == "Thank you!"} >= set(PARENTS)


def test_what_any_account_may_post(items):
    """Within the limit, with something in it; with premium the long ones as well."""
    postable = for_account(7)

    assert len(postable) < len(for_account(7, premium=True)) < len(items)
    for item in postable[::7]:
        assert weighted_length(item.text) <= 280
        assert item.media or item.text.strip()


def test_most_pairs_are_nearly_equal(two):
    """Some are equal, some have nothing to do with each other, and every change is made."""
    equal = sum(one == other for one, other in two) / len(two)
    changes = {other.kind.rpartition("+")[2] for _, other in two if "+" in other.kind}

    assert 0.08 < equal < 0.3
    assert changes >= {change.__name__.strip("_") for change in CHANGES} - {"line_ends", "name_less"}


def test_some_pairs_are_told_apart_by_nothing_that_is_seen(two):
    """The page shows the same of both, and only the network's own data say that they differ."""

    def alike(pair):
        one, other = (show(_said(item)) for item in pair)
        return one.seen == other.seen and one.replying_to == other.replying_to

    hidden = [
        pair for pair in two[:1500] if as_stored(pair[0].text) != as_stored(pair[1].text) and alike(pair)
    ]

    assert len(hidden) >= 20


def test_some_pairs_differ_only_as_they_were_sent(two):
    """The network keeps both the same: composed, and without space at the ends."""
    kept = [(as_stored(one.text), as_stored(other.text)) for one, other in two if one.text != other.text]

    assert sum(one == other for one, other in kept) >= 50
    assert all(unicodedata.is_normalized("NFC", text) for pair in kept for text in pair)


def test_every_post_can_be_told_and_painted(items):
    """From item to what the network shows of it, without a server."""
    for item in items[::5]:
        result = tell(_said(item))
        assert len(result["legacy"].get("extended_entities", {}).get("media", [])) == len(item.media)
        assert show(_said(item)).grave is None


def test_it_knows_nothing_of_the_product():
    """Whoever is judged by it must not be in it."""
    for path in Path(package.__file__).parent.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not {
            name for name in names if name.split(".")[0] in {"steadypost", "flows", "tasks", "blocks"}
        }


def _said(item: Item) -> Said:
    return Said(item.text, reply_to=item.parent, media=tuple(Picture(alt=alt) for alt in item.media))
