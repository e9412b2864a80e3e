"""What is said on one network alone stays so through changes, searches and exports."""

import csv
import io
from pathlib import Path

import pytest

from steadypost.domain.post import Media, Part, Post, Variant
from steadypost.intake import enter, import_file
from steadypost.intake.exporting import csv_of, json_of, lines
from steadypost.intake.per_network import written
from steadypost.intake.refusal import Refusal
from steadypost.intake.rewriting import Rewrite, redrafted, rewritten
from steadypost.store import (
    AccountRecord,
    Store,
    changing,
    reading,
    selecting,
    series,
    series_said,
    undoing,
)
from steadypost.store import accounts as account_rows
from steadypost.store.acts import By
from steadypost.store.operations import Editing
from steadypost.store.selecting import Selection

OWN = {"file": {"parts": ["Hello, at length", "and more"]}}
SUN = Media(path=Path("/sun.png"), kind="image/png", alt="the sun")


@pytest.fixture
def store(store, now):
    """Alice is on X, and Fred elsewhere."""
    store.write(
        account_rows.put, AccountRecord(name="fred", channel="file", network="file", handle="fred"), now
    )
    return store


@pytest.fixture
def both(store, draft, now):
    """One post of two texts, for both."""
    made = draft(text="Hello", accounts=["alice", "fred"], when="+2h", variants=OWN, labels=["launch"])
    return [one.delivery_id for one in enter(store, made, now=now, source="test").deliveries]


def said(store):
    return {
        one.delivery.account: [part.text for part in store.read(reading.show, one.delivery.id).post.parts]
        for one in store.read(reading.queue)
    }


def test_an_edited_delivery_keeps_its_own_networks_text(store, both, now):
    """The same words are replaced in both texts, the parts are counted anew, and undo brings both back."""
    before = said(store)
    those = Selection(ids=tuple(both))
    new = rewritten(store, those, Rewrite(replace=("Hello", "Good day")), now=now, folder=Path())

    done = store.write(changing.change, Editing(new=new), those, did="edit", by=By(), now=now)

    assert {"alice": ["Good day"], "fred": ["Good day, at length", "and more"]} == said(store)
    assert ["Good day", "Good day, at length"] == [one.text for one in done.changed]
    assert [1, 2] == [len(store.read(reading.show, one).delivery.parts) for one in both]
    store.write(undoing.undo, None, by=By(), now=now)
    assert before == said(store)


@pytest.mark.parametrize(("words", "found"), [("LENGTH", ["fred"]), ("hello", ["alice", "fred"]), ("no", [])])
def test_a_delivery_is_found_by_what_it_says_itself(store, both, words, found):
    """Not by what the other network is told."""
    entries = store.read(selecting.find, Selection(text=words)).entries

    assert found == [one.delivery.account for one in entries]


def test_an_export_has_both_texts_and_imports_to_the_same(store, both, now, tmp_path):
    """Here nothing is added; in an empty store the same posts are."""
    entries = store.read(selecting.find, Selection(ids=tuple(both))).entries
    rows = lines(entries, store.read(selecting.exported, {one.delivery.post_id for one in entries}))
    path = tmp_path / "posts.json"
    path.write_text(json_of(rows))

    assert 1 == len(import_file(store, path, now=now).already)
    with Store.create(f"sqlite:///{tmp_path / 'other.db'}") as other:
        for record in store.read(account_rows.every):
            other.write(account_rows.put, record, now)
        assert 1 == len(import_file(other, path, now=now).accepted)
        assert said(store) == said(other)
    [row] = csv.DictReader(io.StringIO(csv_of(rows)))
    assert ("Hello", "Hello, at length\n---\nand more") == (row["text"], row["text@file"])


def test_a_series_keeps_its_own_texts_and_changes_both(store, draft, now):
    """Its times say each its own; what is replaced is replaced in both; all of it anew is said everywhere."""
    made = draft(text="Hello", accounts=["alice", "fred"], zone="UTC", repeat="daily", variants=OWN)
    series_id = enter(store, made, now=now, source="test").series
    assert {"alice": ["Hello"], "fred": ["Hello, at length", "and more"]} == said(store)
    [one] = store.read(series.every)
    post = store.read(series_said.said_at, series_id, one.post_id, "2026-04-01T09:00:00")

    changed = redrafted(post, (), one.accounts, Rewrite(replace=("more", "less")))
    assert ("Hello", ["Hello, at length", "and less"]) == (changed.text, changed.variants["file"].parts)
    assert {} == redrafted(post, (), one.accounts, Rewrite(texts=("Anew",))).variants
    part = redrafted(post, (), one.accounts, Rewrite(parts={1: "Anew"}))
    assert isinstance(part, Refusal)
    assert "says something else on file" in part.why


@pytest.mark.parametrize(
    ("own", "draft_of_it"),
    [
        ((Part(text="Other", media=(SUN,)),), {"text": "Other"}),
        ((Part(text="Other"),), {"text": "Other", "images": []}),
        ((Part(text="Same"),), {"images": []}),
        (
            (Part(text="One"), Part(text="Two", media=(SUN,))),
            {"parts": ["One", "Two"], "images": [{"path": "/sun.png", "alt": "the sun", "part": 2}]},
        ),
    ],
)
def test_what_is_said_elsewhere_is_written_as_its_draft_was(own, draft_of_it):
    """Images are named only where they are not those of the post."""
    post = Post(parts=(Part(text="Same", media=(SUN,)),), variants=(Variant(network="file", parts=own),))

    made = written(post)["file"].model_dump(exclude_defaults=True)

    assert draft_of_it == made
