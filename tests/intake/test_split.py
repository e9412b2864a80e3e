"""A long text becomes a thread, cut between sentences and never within what belongs together."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steadypost.intake.split import TooLongToSplit, split
from steadypost.networks.x.length import weighted_length


def up_to(longest):
    return lambda text: weighted_length(text) <= longest


def test_a_text_that_fits_is_one():
    """Nothing is cut for its own sake."""
    assert ["Short. And fine."] == split("Short. And fine.", up_to(280))


def test_it_is_cut_between_sentences():
    """Each part holds as many as fit."""
    assert ["One is here. Two is", "three."] != split("One is here. Two is three.", up_to(20))
    assert ["One is here.", "Two is three."] == split("One is here. Two is three.", up_to(20))


@pytest.mark.parametrize(
    "text", ["It costs 1.5 and e.g. Dr. Smith pays. " * 3, "At 10:30 it was No. 5 that won. " * 3]
)
def test_an_abbreviation_ends_no_sentence(text):
    """Neither does a number."""
    assert all(part[0] in "IA" for part in split(text.strip(), up_to(60)))


@pytest.mark.parametrize("whole", ["https://example.com/a/very/long/path", "@somebody", "👩‍👩‍👧‍👦", "#हिन्दी"])
def test_what_belongs_together_stays_together(whole):
    """A link, a mention, an emoji and a hashtag are never cut."""
    parts = split(" ".join([f"word {whole} more words"] * 12), up_to(60))

    assert 12 == sum(part.split().count(whole) for part in parts)


def test_one_word_that_is_too_long_is_named():
    """Nobody can say where it might be cut."""
    with pytest.raises(TooLongToSplit, match="xxx"):
        split("short " + "x" * 50 + " end", up_to(30))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["Word", "of", "it.", "Really?", "日本語。", "a,", "https://x.example/abc", "\n\n", "🙂"]
        ),
        min_size=1,
        max_size=60,
    )
)
def test_nothing_is_lost_and_every_part_fits(words):
    """Whatever the text: only white space at a cut goes."""
    text = " ".join(words).strip() or "a"

    parts = split(text, up_to(40))

    assert "".join(text.split()) == "".join("".join(parts).split())
    assert all(weighted_length(part) <= 40 for part in parts)
