"""What a sighting proves, and what it does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from steadypost.domain.evidence import (
    CLOCK_SKEW,
    SLOWEST_CREATION,
    Absent,
    CannotTell,
    Present,
    SeenPost,
    Sighting,
    Wanted,
    as_shown,
    judge,
    same_text,
)
from steadypost.domain.outcome import Cause
from steadypost.domain.snowflake import id_at

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
FAR_BACK = NOON - timedelta(hours=1)
TEXT = "The harbour at dawn, seen from the old lighthouse on the pier"


def wanted(text=TEXT, *, delivery_id=1, n=0, **more):
    return Wanted(
        delivery_id=delivery_id,
        n=n,
        handle="alice",
        text=text,
        began_at=NOON,
        ended_at=NOON + 30 * SECOND,
        **more,
    )


def seen(text=TEXT, *, at=NOON + SECOND, number=1, **more):
    return SeenPost(id=id_at(at, sequence=number), author=more.pop("author", "Alice"), text=text, **more)


def sighting(*posts, back_to=FAR_BACK, **more):
    return Sighting(account="Alice", at=NOON + 60 * SECOND, posts=posts, reached_back_to=back_to, **more)


def verdict(one, sight, taken=()):
    return judge([one], sight, taken)[one.key]


# Finding -----------------------------------------------------------------------------------------------------


def test_found():
    """Our account, our text, our time: that is it."""
    assert Present(remote_id=seen().id) == verdict(wanted(), sighting(seen()))


def test_found_among_others_and_twice_in_one_list():
    """Other posts do not confuse it, and a list that shows it twice shows one post."""
    other = seen("Something else", number=2)

    assert Present(remote_id=seen().id) == verdict(wanted(), sighting(other, seen(), seen()))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Tea & cake", "Tea &amp; cake"),
        ("one\n\ntwo", "one two"),
        ("one two ", "  one\n\ntwo"),
        ("heart ❤️ and ☕️", "heart ❤ and ☕"),
        ("café", "cafe\N{COMBINING ACUTE ACCENT}"),
        ("Read https://example.org/a/very/long/path?x=1", "Read https://t.co/AbCdEf1234"),
        ("Read https://example.org/a/very/long/path?x=1", "Read example.org/a/very/lo…"),
        ("See example.org today", "See t.co/xyz today"),
        ("Dawn", "Dawn https://t.co/Pic1234567"),
        ("Dawn https://example.org", "Dawn https://t.co/a https://t.co/Pic1234567"),
    ],
    ids=["entities", "breaks", "blanks", "emoji", "accents", "t.co", "shown link", "bare", "picture", "both"],
)
def test_what_pages_do_to_texts(ours, theirs):
    """The text is the same after all that a page does to it (F02-S5)."""
    assert same_text(ours, seen(theirs))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Good morning", "Good evening"),
        ("Good morning", "Good morning all"),
        ("Good morning all", "Good morning"),
        ("https://example.org/one", "hello"),
        ("10% off", "20% off"),
    ],
)
def test_another_text(ours, theirs):
    """Whatever else is similar, another text is another post."""
    assert not same_text(ours, seen(theirs))


@pytest.mark.parametrize("tail", ["…", "… Show more", " …", ""])
def test_a_cut_text(tail):
    """A text that the page cut is ours when ours goes on where it was cut."""
    assert same_text(TEXT * 5, seen((TEXT * 5)[:200] + tail, cut=True))
    assert not same_text(TEXT * 5, seen("X" + (TEXT * 5)[:200] + tail, cut=True))


def test_a_text_cut_to_nothing():
    """Cut to a few letters it could be anybody's."""
    assert not same_text(TEXT, seen(TEXT[:10] + "…", cut=True))
    assert not same_text(TEXT, seen("…", cut=True))


# Not ours ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        seen(pinned=True),
        seen(reposted=True),
        seen(promoted=True),
        seen(author="mallory"),
        seen(at=NOON - CLOCK_SKEW - SECOND),
        seen(at=NOON + 30 * SECOND + SLOWEST_CREATION + SECOND),
        seen("Another text altogether"),
    ],
    ids=["pinned", "repost", "promoted", "another's", "before it began", "long after it ended", "text"],
)
def test_what_is_not_taken_for_ours(other):
    """None of these is the post we asked for; and as the list reaches back far enough, it is not there (F03)."""
    assert isinstance(verdict(wanted(), sighting(other)), Absent)


@pytest.mark.parametrize("at", [NOON - CLOCK_SKEW, NOON + 30 * SECOND + SLOWEST_CREATION])
def test_the_edges_of_its_time(at):
    """Clocks differ, and X may be slow; within that it is ours."""
    assert isinstance(verdict(wanted(), sighting(seen(at=at))), Present)


def test_an_id_that_is_taken():
    """A post that belongs to another delivery is not found again."""
    assert isinstance(verdict(wanted(), sighting(seen()), taken={seen().id}), Absent)


def test_the_parent():
    """Under another parent it is another post; where the page is silent about it, it may be ours; and the
    parent itself, though it say the same, is not.
    """
    parent, other = id_at(NOON - SECOND, sequence=7), id_at(NOON - SECOND, sequence=8)
    answering = wanted(reply_to=parent)

    assert isinstance(verdict(answering, sighting(seen(reply_to=other))), Absent)
    assert isinstance(verdict(answering, sighting(seen(reply_to=parent))), Present)
    assert isinstance(verdict(answering, sighting(seen())), Present)
    assert isinstance(verdict(answering, sighting(replace(seen(), id=parent))), Absent)


# Doubt -------------------------------------------------------------------------------------------------------


def test_two_that_fit():
    """Where two posts fit, nobody knows which of them is ours."""
    assert isinstance(verdict(wanted(), sighting(seen(), seen(number=2))), CannotTell)


def test_twins():
    """Two deliveries that say the same, and one post: nobody knows whose it is (F02-S4)."""
    twins = [wanted(delivery_id=1), wanted(delivery_id=2)]

    assert {CannotTell} == {type(one) for one in judge(twins, sighting(seen())).values()}


def test_neighbours():
    """Two deliveries whose beginnings are the same each get their own (F02-S4)."""
    ours = [wanted(TEXT + " one", delivery_id=1), wanted(TEXT + " two", delivery_id=2)]
    posts = [seen(TEXT + " one", number=1), seen(TEXT + " two", number=2)]

    assert {(1, 0): Present(remote_id=posts[0].id), (2, 0): Present(remote_id=posts[1].id)} == judge(
        ours, sighting(*posts)
    )


@pytest.mark.parametrize("account", ["bob", ""])
def test_signed_in_as_somebody_else(account):
    """A list that somebody else was shown says nothing (F03-S3)."""
    assert isinstance(verdict(wanted(), replace(sighting(seen()), account=account)), CannotTell)


@pytest.mark.parametrize("trouble", [Cause.SIGNED_OUT, Cause.CHALLENGE, Cause.PAGE_UNREACHABLE])
def test_a_look_that_is_none(trouble):
    """An error, a wall, an empty page: nothing is concluded (F17-S2, F25-S1)."""
    assert isinstance(verdict(wanted(), sighting(seen(), trouble=trouble)), CannotTell)


@pytest.mark.parametrize(
    ("back_to", "kind"),
    [
        (None, CannotTell),
        (NOON, CannotTell),
        (NOON - CLOCK_SKEW + SECOND, CannotTell),
        (NOON - CLOCK_SKEW, Absent),
    ],
)
def test_absence_needs_a_list_that_reaches_back(back_to, kind):
    """Not among the newest is not proof (F25): the list has to reach back past the attempt."""
    assert kind is type(verdict(wanted(), sighting(back_to=back_to)))


def test_as_shown_twice_is_as_shown_once():
    """What is reduced already stays as it is."""
    for text in (TEXT, "a  b\nhttps://example.org/x", "❤️ Tea &amp; cake"):
        assert as_shown(text) == as_shown(as_shown(text))
