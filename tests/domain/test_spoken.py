"""What a person hands in is read strictly: a slip is named, with what to do, and never guessed at."""

import pytest

from steadypost.domain.network import Pointer
from steadypost.domain.spoken import LONGEST_BY, LONGEST_WHY, SHOWN, CannotBeMeant, signature, spoken
from steadypost.networks.x import address

ID = "1986512345678901234"


def said(*live, absent=False, drop=False, by="Carol", why="I looked"):
    return spoken(
        live=live, absent=absent, drop=drop, by=by, why=why, read=address.read, remedy=address.REMEDY
    )


@pytest.mark.parametrize(
    ("written", "handle", "part"),
    [
        (ID, None, None),
        (f" https://x.com/Alice/status/{ID} ", "Alice", None),
        (f"https://x.com/Alice/status/{ID}?s=20&t=x", "Alice", None),
        (f"https://x.com/Alice/status/{ID}/photo/1", "Alice", None),
        (f"http://www.twitter.com/Alice/status/{ID}", "Alice", None),
        (f"mobile.twitter.com/Alice/status/{ID}", "Alice", None),
        (f"https://x.com/i/status/{ID}", None, None),
        (f"https://x.com/i/web/status/{ID}#m", None, None),
        (f"2=https://x.com/Alice/status/{ID}", "Alice", 1),
        (f" 3 = {ID}", None, 2),
        (f"1={ID}", None, 0),
    ],
)
def test_every_form_of_an_address_is_read(written, handle, part):
    """As a person copies it out of a browser, from whichever of X's names."""
    assert (Pointer(id=ID, handle=handle, part=part),) == said(written).live


@pytest.mark.parametrize(
    "written",
    [
        "",
        "it is live",
        "12345",
        f"https://example.com/Alice/status/{ID}",
        f"https://x.com.example.com/Alice/status/{ID}",
        f"https://x.com/Alice/status/{ID}0000",
        f"https://x.com/Alice/status/{ID}x",
        "https://x.com/Alice",
        f"javascript:https://x.com/Alice/status/{ID}",
        f"https://x.com/a_handle_too_long/status/{ID}",
        "9" * 20,
        f"0={ID}",
    ],
)
def test_what_is_no_address_is_refused(written):
    """With field, value, reason and remedy."""
    with pytest.raises(CannotBeMeant, match="live") as wrong:
        said(written)

    [one] = wrong.value.wrong
    assert ("live", written) == (one.field, one.value)
    assert one.why
    assert one.remedy


def test_everything_that_is_wrong_is_said_at_once():
    """Whoever mends it mends it once."""
    with pytest.raises(CannotBeMeant) as wrong:
        said(by=" ", why="x" * 2001)

    assert ["by", "why", "word"] == [one.field for one in wrong.value.wrong]


def test_a_reason_is_one_line_that_any_store_can_hold():
    """Line breaks become spaces; what cannot be kept is refused, whatever it looks like."""
    assert "seen by Alice 👨‍👩‍👧‍👦" == said(absent=True, why="seen\n  by\tAlice 👨‍👩‍👧‍👦 ").why
    for odd in ("a\x00b", "a\x1b[31mb", "a\ud800b"):
        with pytest.raises(CannotBeMeant, match="control"):
            said(absent=True, why=odd)


def test_a_reason_may_be_left_out_where_none_is_asked_for():
    """The name never."""
    assert "" == signature("Carol", " ", why_is_required=False).why
    with pytest.raises(CannotBeMeant):
        signature("Carol", " ")
    with pytest.raises(CannotBeMeant):
        signature("", "why not", why_is_required=False)


def test_what_is_kept_has_a_length():
    """To the character."""
    kept = said(absent=True, by="b" * LONGEST_BY, why="w" * LONGEST_WHY)

    assert (LONGEST_BY, LONGEST_WHY) == (len(kept.by), len(kept.why))
    with pytest.raises(CannotBeMeant, match="101 characters, and 100 are kept"):
        said(absent=True, by="b" * (LONGEST_BY + 1))


@pytest.mark.parametrize(("length", "shown"), [(SHOWN, "x" * SHOWN), (SHOWN + 1, "x" * (SHOWN - 1) + "…")])
def test_a_refused_value_is_shown_as_far_as_it_helps(length, shown):
    with pytest.raises(CannotBeMeant) as refused:
        said("x" * length)

    assert [shown] == [one.value for one in refused.value.wrong]


def test_parts_are_counted_from_one():
    with pytest.raises(CannotBeMeant, match="parts are counted from 1"):
        said(f"0={ID}")
