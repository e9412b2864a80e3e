"""A post that comes again follows the clocks of its zone: once each time, through every change of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from steadypost.intake.moment import LocalTime
from steadypost.intake.refusal import Refusal
from steadypost.intake.repeat import Repetition, instant, repetition

BERLIN, NEW_YORK, SAMOA = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("Pacific/Apia")
DAY = timedelta(days=1)


def read(rule, *, zone=BERLIN, starts=datetime(2026, 3, 2, 9)):  # noqa: DTZ001 - a clock on a wall
    made = repetition(rule, zone=zone, starts=starts)
    assert isinstance(made, Repetition), made
    return made


def times(made, days=14):
    since = instant(made.starts, made.zone)
    return [
        f"{one.at.astimezone(made.zone):%a %d %H:%M%z}" for one in made.between(since, since + days * DAY)
    ]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("daily", ["Mon 02 09:00+0100", "Tue 03 09:00+0100", "Wed 04 09:00+0100"]),
        ("FREQ=DAILY;COUNT=2", ["Mon 02 09:00+0100", "Tue 03 09:00+0100"]),
        ("weekly", ["Mon 02 09:00+0100", "Mon 09 09:00+0100"]),
        ("rrule:freq=weekly;byday=mo,we", ["Mon 02 09:00+0100", "Wed 04 09:00+0100", "Mon 09 09:00+0100"]),
        ("FREQ=DAILY;BYHOUR=9,17;COUNT=3", ["Mon 02 09:00+0100", "Mon 02 17:00+0100", "Tue 03 09:00+0100"]),
        ("FREQ=DAILY;UNTIL=20260303", ["Mon 02 09:00+0100", "Tue 03 09:00+0100"]),
        # Nine in Berlin is eight in UTC: the last instant itself is still meant.
        ("FREQ=DAILY;UNTIL=20260303T080000Z", ["Mon 02 09:00+0100", "Tue 03 09:00+0100"]),
        ("FREQ=DAILY;UNTIL=20260303T075959Z", ["Mon 02 09:00+0100"]),
    ],
)
def test_what_a_rule_names(rule, expected):
    """In a word, or as RFC 5545 writes it; an end in UTC is an instant, an end by day holds that day."""
    assert expected == times(read(rule))[: len(expected)]
    if "COUNT" in rule or "UNTIL" in rule:
        assert expected == times(read(rule))


def test_weekdays_leave_the_weekend_out():
    """From Friday to Monday."""
    friday = read("weekdays", starts=datetime(2026, 3, 6, 9))  # noqa: DTZ001

    assert ["Fri 06", "Mon 09", "Tue 10"] == [one[:6] for one in times(friday)][:3]


def test_a_night_in_which_the_clocks_skip_the_time():
    """Half past two does not exist on 29 March in Berlin: it goes out an hour later that night, once."""
    night = read("daily", starts=datetime(2026, 3, 28, 2, 30))  # noqa: DTZ001

    assert ["Sat 28 02:30+0100", "Sun 29 03:30+0200", "Mon 30 02:30+0200"] == times(night)[:3]


def test_a_night_in_which_the_time_comes_twice():
    """Half past two comes twice on 25 October: it goes out the first time only."""
    night = read("daily", starts=datetime(2026, 10, 24, 2, 30))  # noqa: DTZ001

    assert ["Sat 24 02:30+0200", "Sun 25 02:30+0200", "Mon 26 02:30+0100"] == times(night)[:3]


def test_two_times_that_become_one_instant_are_one_post():
    """02:30, skipped, means what 03:30 says itself."""
    night = read("FREQ=DAILY;BYHOUR=2,3;BYMINUTE=30", starts=datetime(2026, 3, 29, 2, 30))  # noqa: DTZ001

    assert ["Sun 29 03:30+0200", "Mon 30 02:30+0200", "Mon 30 03:30+0200"] == times(night)[:3]


def test_a_day_that_a_country_skipped():
    """Samoa had no 30 December 2011: what was planned for it is the thirty-first's, and goes out once."""
    made = read("daily", zone=SAMOA, starts=datetime(2011, 12, 29, 9))  # noqa: DTZ001

    assert ["Thu 29 09:00-1000", "Sat 31 09:00+1400", "Sun 01 09:00+1400"] == times(made)[:3]


ZONES = sorted(available_timezones() - {"localtime"})


@given(
    zone=st.sampled_from(ZONES),
    starts=st.datetimes(datetime(2015, 1, 1), datetime(2037, 1, 1)).map(  # noqa: DTZ001
        lambda one: one.replace(second=0, microsecond=0)
    ),
)
@example(zone="Australia/Lord_Howe", starts=datetime(2026, 10, 3, 2, 15))  # noqa: DTZ001 - a change by half an hour
@example(zone="Africa/Casablanca", starts=datetime(2026, 2, 14, 2, 30))  # noqa: DTZ001 - four changes a year
@example(zone="America/Havana", starts=datetime(2026, 3, 7, 0, 30))  # noqa: DTZ001 - midnight is skipped
@example(zone="Antarctica/Troll", starts=datetime(2026, 3, 28, 1, 30))  # noqa: DTZ001 - a change by two hours
@example(zone="Pacific/Apia", starts=datetime(2011, 12, 25, 10, 0))  # noqa: DTZ001 - 30 December is skipped
@example(zone="Asia/Pyongyang", starts=datetime(2018, 5, 4, 23, 45))  # noqa: DTZ001 - half an hour, for good
@settings(max_examples=150, deadline=None)
def test_every_day_once_at_its_time_in_every_zone(zone, starts):
    """A year of any zone: each day has its post, at the time the clocks show, or, where they skip it, right after.

    In order, no instant twice, and between two days as much time as passed on the clocks, give or take a change.
    """
    place = ZoneInfo(zone)
    made = read("daily", zone=place, starts=starts)
    since = instant(starts, place)

    found = list(made.between(since, since + 370 * DAY))

    by_label = {one.local: one.at for one in found}
    assert len(found) == len(by_label) == len({one.at for one in found})
    for n in range(368):
        shown = starts + n * DAY
        at = by_label.get(shown.isoformat())
        if at is None:
            # Only where that very instant belongs to another day's time: a whole day was skipped.
            assert instant(shown, place) in by_label.values()
            continue
        seen = at.astimezone(place).replace(tzinfo=None)
        skipped = seen - shown
        assert timedelta(0) <= skipped <= timedelta(hours=24)
        # Judged by the code that refuses such times where a post comes once.
        wall = LocalTime(shown, place)
        assert bool(skipped) == wall.is_skipped
        if wall.comes_twice:
            assert at == wall.earlier.astimezone(UTC) < wall.later.astimezone(UTC)
    assert all(before.at < after.at for before, after in pairwise(found))


@given(since=st.integers(0, 400), days=st.integers(0, 60), cut=st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_a_window_cut_in_two_names_the_same_times(since, days, cut):
    """However often it is planned, and wherever the last planning stopped."""
    made = read("FREQ=DAILY;BYHOUR=2,3,14;BYMINUTE=30", zone=NEW_YORK, starts=datetime(2026, 1, 1, 2, 30))  # noqa: DTZ001
    begins = datetime(2026, 1, 1, tzinfo=UTC) + since * DAY / 7
    middle, ends = begins + min(cut, days) * DAY, begins + days * DAY

    whole = list(made.between(begins, ends))

    assert whole == [*made.between(begins, middle), *made.between(middle, ends)]


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("sometimes", "neither a word"),
        ("FREQ=HOURLY", "FREQ cannot be 'HOURLY'"),
        ("FREQ=DAILY;FREQ=WEEKLY", "FREQ is there twice"),
        ("BYDAY=MO", "how often"),
        ("FREQ=DAILY;COUNT=0", "COUNT cannot be '0'"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL cannot be '0'"),
        ("FREQ=DAILY;INTERVAL=-1", "INTERVAL cannot be '-1'"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20270101", "ends twice"),
        ("FREQ=DAILY;UNTIL=tomorrow", "UNTIL cannot be 'TOMORROW'"),
        ("FREQ=DAILY;UNTIL=20261399", "no calendar has this rule"),
        ("FREQ=DAILY;UNTIL=20250101", "its time never comes"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "its time never comes"),
        ("FREQ=WEEKLY;BYDAY=1MO", "first or a last weekday"),
        ("FREQ=WEEKLY;BYDAY=XX", "BYDAY cannot be 'XX'"),
        ("FREQ=DAILY;BYHOUR=25", "BYHOUR cannot be '25'"),
        ("FREQ=DAILY;BYEASTER=0", "no part of a rule that could be meant is called BYEASTER"),
        ("FREQ=WEEKLY;BYDAY=TU", "its first time is not one of the rule: Mon 2026-03-02 09:00"),
        ("DTSTART:20260101T090000\nRRULE:FREQ=DAILY", "no part of a rule"),
    ],
)
def test_a_rule_that_cannot_be_meant(rule, why):
    """Field, value, why and what to do."""
    refused = repetition(rule, zone=BERLIN, starts=datetime(2026, 3, 2, 9))  # noqa: DTZ001

    assert isinstance(refused, Refusal)
    assert "repeat" == refused.field
    assert why in refused.why
    assert refused.remedy


def test_where_it_may_begin_is_said():
    """With the time to write instead."""
    refused = repetition("FREQ=WEEKLY;BYDAY=TU", zone=BERLIN, starts=datetime(2026, 3, 2, 9))  # noqa: DTZ001

    assert "2026-03-03 09:00" in refused.remedy
    assert "Tuesday" == date(2026, 3, 3).strftime("%A")
