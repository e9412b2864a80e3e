"""What makes two posts the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadypost.domain.post import Media, Part, Post, sameness


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
