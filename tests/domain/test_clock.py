"""Instants are aware and in UTC, and one answer of a network tells how far its clock is ahead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadypost.domain.clock import MOVED, ago, now, offset_of, utc, was_moved

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
seconds = st.integers(-86_400, 86_400).map(lambda n: timedelta(seconds=n))


def test_now_is_aware_and_in_utc():
    assert timedelta(0) == now().utcoffset()


def test_a_time_of_another_zone_is_the_same_instant():
    there = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))

    assert NOON == utc(there)
    assert UTC is utc(there).tzinfo


def test_a_time_without_a_zone_is_refused_with_the_time():
    with pytest.raises(ValueError, match="2026-03-02T12:00:00"):
        utc(NOON.replace(tzinfo=None))


@given(ahead=seconds, took=st.integers(0, 60_000), at=st.floats(0, 1))
def test_the_true_offset_lies_within_what_an_answer_tells(ahead, took, at):
    """Wherever between asking and answering the network dated it, and however it cut the second."""
    sent, received = NOON, NOON + timedelta(milliseconds=took)
    dated = sent + (received - sent) * at + ahead
    told = offset_of(dated.replace(microsecond=0), sent, received)

    assert abs(told.ahead - ahead) <= told.within + timedelta(microseconds=2)


def test_a_slow_answer_tells_less():
    quick, slow = (offset_of(NOON, NOON, NOON + n * SECOND).within for n in (0, 10))

    assert SECOND / 2 == quick
    assert quick + 5 * SECOND == slow


def test_an_answer_that_came_before_it_was_asked_for_is_as_exact_as_a_quick_one():
    """A clock that was set back while the answer was on its way."""
    assert SECOND / 2 == offset_of(NOON, NOON, NOON - 10 * SECOND).within


@pytest.mark.parametrize("sign", [1, -1])
def test_a_clock_is_moved_when_it_leaves_the_steady_one_by_more_than_a_correction(sign):
    assert not was_moved(60 * SECOND, 60 * SECOND + sign * MOVED)
    assert was_moved(60 * SECOND, 60 * SECOND + sign * (MOVED + timedelta(milliseconds=1)))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7199, "120 min"),
        (7200, "2.0 h"),
        (90_000, "25.0 h"),
    ],
)
def test_how_long_ago_in_the_unit_that_people_use(seconds, said):
    assert said == ago(NOON - seconds * SECOND, NOON)
