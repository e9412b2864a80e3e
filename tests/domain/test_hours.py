"""The person on call is told within the hours chosen, by their own clocks."""

from datetime import UTC, datetime

import pytest

from steadypost.domain.hours import Hours

FRIDAY, SATURDAY = 8, 9


def at(day, hour, minute=0):
    return datetime(2026, 5, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "first", "last"),
    [
        (Hours.ANY, (0, 0), (23, 59)),
        (Hours.WAKING, (7, 0), (21, 59)),
        (Hours.DAY, (8, 0), (19, 59)),
        (Hours.WORKING, (9, 0), (17, 59)),
    ],
)
def test_from_the_first_minute_to_the_last(hours, first, last):
    assert hours.cover(at(FRIDAY, *first))
    assert hours.cover(at(FRIDAY, *last))


@pytest.mark.parametrize(
    ("hours", "before", "after"),
    [(Hours.WAKING, (6, 59), (22, 0)), (Hours.DAY, (7, 59), (20, 0)), (Hours.WORKING, (8, 59), (18, 0))],
)
def test_not_a_minute_before_or_after(hours, before, after):
    assert not hours.cover(at(FRIDAY, *before))
    assert not hours.cover(at(FRIDAY, *after))


@pytest.mark.parametrize("hours", list(Hours))
def test_only_working_hours_leave_out_the_weekend(hours):
    assert (hours is not Hours.WORKING) is hours.cover(at(SATURDAY, 12))
