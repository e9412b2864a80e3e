"""What surely fits is never found too long by who measures."""

from hypothesis import given
from hypothesis import strategies as st

from steadypost.networks.x.bounds import surely_fits
from steadypost.networks.x.length import NotMeasured, weighted_length

PIECES = st.sampled_from(
    [
        "a.co",
        "https://a.example/b",
        "例え.テスト",
        "👩‍👩‍👧‍👦",
        "🇩🇪",
        "é",
        "क़",
        "漢字",
        " ",
        "\n",
        "www.x.de",
        "x" * 40,
        "t.co。de",
        "…",
    ]
)


@given(st.lists(PIECES | st.text(max_size=8), max_size=20).map("".join))
def test_what_surely_fits_is_not_longer(text):
    """Links, emoji, composed letters and all."""
    try:
        length = weighted_length(text.encode(errors="replace").decode())
    except NotMeasured:
        return

    for longest in (280, length - 1, length):
        assert not surely_fits(text, longest) or length <= longest


def test_an_ordinary_text_needs_no_measuring():
    """And a long one is measured."""
    assert surely_fits("Ten maps of the coast, drawn by hand: https://example.com/maps", 280)
    assert not surely_fits("x" * 281, 280)
