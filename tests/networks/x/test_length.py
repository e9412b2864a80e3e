"""No part is ever longer, as X counts, than its account may post."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadypost.intake import Accepted, Draft, KnownAccount, judge
from steadypost.networks.x import NETWORK as X
from steadypost.networks.x import length as lengths
from steadypost.networks.x.length import NotMeasured, weighted_length

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

FAMILY = "👨‍👩‍👧‍👦"
SCOTLAND = "🏴󠁧󠁢󠁳󠁣󠁴󠁿"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hello", 5),
        ("日本語", 6),
        (FAMILY, 2),
        (SCOTLAND, 2),
        ("🇧🇷", 2),
        ("https://example.com/a/very/long/path?with=much&behind=it", 23),
        ("x.com", 23),
        ("see x.com now", 31),
        ("a\r\nb", 3),
        ("e\u0301", 1),
        ("שלום", 4),
    ],
)
def test_a_text_is_counted_as_x_counts_it(text, expected):
    """Links are 23, wide characters and emoji 2, line breaks 1."""
    assert expected == weighted_length(text)


@pytest.mark.parametrize("before", ["עברית", "عربي", "😀", "🏴"])
def test_a_link_that_hides_behind_a_character_is_counted(before):
    """The package misses a bare link glued to such a character; X does not."""
    assert weighted_length(f"{before}x.com") >= weighted_length(f"{before} x.com") - 1


@pytest.mark.parametrize("text", ["a." * 12_000, "x" * 60_001, "日本。" + "b." * 90])
def test_a_text_that_would_be_measured_for_minutes_is_not(text):
    """Nobody waits for a text that no account may post or no reader can read."""
    begun = time.process_time()

    with pytest.raises(NotMeasured):
        weighted_length(text)

    assert time.process_time() - begun < 1


PIECES = st.lists(
    st.one_of(
        st.text(max_size=30),
        st.sampled_from(
            [FAMILY, SCOTLAND, "🇧🇷", "日本語", "https://example.com/x", "x.com", " ", "\r\n", "שלום", "é"]
        ),
    ),
    max_size=30,
).map("".join)


@given(PIECES)
def test_what_is_counted_is_never_less_than_the_package_says(text):
    """Our count is the package's own, or the more careful one."""
    normal = text.replace("\r\n", "\n").replace("\r", "\n")
    theirs = lengths._parse(normal).weightedLength

    assert weighted_length(text) >= theirs
    assert weighted_length(text) == theirs or lengths._GLUED.search(normal)


@given(PIECES, st.integers(min_value=1, max_value=400))
def test_no_part_that_is_too_long_comes_in(text, longest):
    """For one account or several, alone or in a thread."""
    known = {
        "alice": KnownAccount(name="alice", network=X, longest=longest),
        "bob": KnownAccount(name="bob", network=X, longest=25_000),
    }
    draft = Draft(parts=["A first part.", text], accounts=["bob", "alice"], when="now")

    judged = judge(draft, known, now=NOW)

    if isinstance(judged, Accepted):
        assert all(0 < weighted_length(part.text) <= longest for part in judged.post.parts)
    elif weighted_length(text.strip()) > longest:
        assert "parts[2]" in {one.field for one in judged}
