"""What makes two posts the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadypost.domain.post import Media, Part, Post, Variant, digest_of, sameness


def post(*texts):
    return Post(parts=tuple(Part(text=text) for text in texts))


@pytest.mark.parametrize(
    "again",
    [
        "good MORNING, harbour!",
        "  Good   morning,\n\nharbour! ",
        "1/ Good morning, harbour!",
        "1/5 Good morning, harbour!",
        "(1/5) Good morning, harbour!",
        "1. Good morning, harbour!",
        "2) Good morning, harbour!",
        "Good morning, harbour! #dawn #sea",
        "Ｇood morning, harbour!",
    ],
)
def test_the_same_to_a_reader(again):
    """Case, spacing, numbering, trailing hashtags and the width of letters make no new post."""
    assert post("Good morning, harbour!").fingerprint == post(again).fingerprint


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Good morning", "Good evening"),
        ("10:30 doors open", "18:30 doors open"),
        ("1.5 million", "2.5 million"),
        ("#dawn", "#dusk"),
        ("1/2", "1/3"),
        ("Buy #one today", "Buy #two today"),
    ],
)
def test_not_the_same(one, other):
    """A time, a sum, a hashtag in mid-sentence: what makes a difference to a reader is a difference."""
    assert post(one).fingerprint != post(other).fingerprint


def test_threads():
    """The same parts in the same order; and two parts are not their sum."""
    assert post("One", "Two").fingerprint == post("one", "TWO").fingerprint
    assert post("One", "Two").fingerprint != post("Two", "One").fingerprint
    assert post("One Two").fingerprint != post("One", "Two").fingerprint


def test_pictures_without_words():
    """Two pictures without words are two posts; the same picture again is the same post."""

    def showing(name):
        return Post(parts=(Part(text="", media=(Media(path=Path("/pictures") / name, kind="image/png"),)),))

    assert showing("1.png").fingerprint != showing("2.png").fingerprint
    assert showing("1.png").fingerprint == showing("1.png").fingerprint


def test_nothing_is_the_same_as_nothing():
    """A text of nothing but what is left out keeps something to be told apart by."""
    assert "#dawn" == sameness("  #dawn ")


def test_a_post_has_a_part():
    """One without any is no post."""
    with pytest.raises(ValueError, match="at least one"):
        Post(parts=())


def test_what_is_said_on_one_network_alone():
    """On every other network the post says what it says everywhere."""
    both = Post(
        parts=(Part(text="Everywhere"),),
        variants=(
            Variant(network="mastodon", parts=(Part(text="There #one"), Part(text="and there"))),
            Variant(network="bluesky", parts=(Part(text="Blue #two"),)),
        ),
    )

    assert ("There #one", "and there") == tuple(part.text for part in both.parts_for("mastodon"))
    assert ("Blue #two",) == tuple(part.text for part in both.parts_for("bluesky"))
    assert both.parts == both.parts_for("x")
    assert both.fingerprint == both.fingerprint_for("x")
    assert post("There #one", "and there").fingerprint == both.fingerprint_for("mastodon")
    assert {"one", "two"} == both.tags


def test_a_picture_that_holds_something_else_now(tmp_path):
    path = tmp_path / "harbour.png"
    path.write_bytes(b"the harbour")
    picture = Media(path=path, kind="image/png", digest=digest_of(path))

    assert not picture.was_changed
    path.write_bytes(b"another harbour")
    assert picture.was_changed


def test_a_picture_of_which_too_little_is_known_counts_as_unchanged(tmp_path):
    """No digest was kept, or the file cannot be read: the step that reads it says what is wrong."""
    path = tmp_path / "harbour.png"
    path.write_bytes(b"the harbour")

    assert not Media(path=path, kind="image/png").was_changed
    assert not Media(path=tmp_path / "gone.png", kind="image/png", digest=digest_of(path)).was_changed


def test_what_a_picture_held_makes_no_other_post():
    """A digest is for finding a changed file; posts that name the same file and words are the same."""
    path = Path("/pictures/1.png")

    assert Media(path=path, kind="image/png", digest="a") == Media(path=path, kind="image/png", digest="b")
