"""Times as people type them, one by one."""

from datetime import UTC, datetime

import pytest

from steadypost.intake.moment import due

NOW = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
"""A Monday evening, and Tuesday already in Berlin."""
BERLIN = "Europe/Berlin"


def at(when, zone=BERLIN):
    found = due(when, zone=zone, default_zone=None, now=NOW)
    return found.isoformat() if isinstance(found, datetime) else [(one.why, one.remedy) for one in found]


@pytest.mark.parametrize(
    ("when", "meant"),
    [
        ("today 18:30", "2026-12-01T17:30:00+00:00"),
        ("tomorrow 9am", "2026-12-02T08:00:00+00:00"),
        ("Tomorrow at 6:30 PM", "2026-12-02T17:30:00+00:00"),
        ("morgen um 9 Uhr", "2026-12-02T08:00:00+00:00"),
        ("Monday 9:00", "2026-12-07T08:00:00+00:00"),
        ("next friday 10:00", "2026-12-04T09:00:00+00:00"),
        ("24.12.2026 18:30", "2026-12-24T17:30:00+00:00"),
        ("12/24/2026 6:30 PM", "2026-12-24T17:30:00+00:00"),
        ("24 December 2026, 18:30", "2026-12-24T17:30:00+00:00"),
        ("Thu, 24 Dec 2026 18:30:00 +0100", "2026-12-24T17:30:00+00:00"),
        ("2026-12-24 9am", "2026-12-24T08:00:00+00:00"),
    ],
)
def test_what_can_only_mean_one_thing(when, meant):
    """Today and tomorrow are those of the zone, not of Greenwich."""
    assert meant == at(when)


@pytest.mark.parametrize(
    ("when", "why", "remedy"),
    [
        (
            "3/4/2027 10:00",
            "which number is the day",
            "2027-04-03 for 3 April 2027, or 2027-03-04 for 4 March 2027",
        ),
        ("Tuesday 10:00", "today is a Tuesday", "2026-12-01 or 2026-12-08"),
        ("tomorrow", "a day and no time", "tomorrow 18:30"),
        ("24.12.2026", "a day and no time", "18:30"),
        ("9am", "a time and no day", "tomorrow 9am"),
        ("18:30", "a time and no day", "today 18:30"),
        ("tomorrow 25:00", "no calendar has this time", "write"),
        ("Friday 24.12.2026 10:00", "24 December 2026 is a Thursday", "correct the date"),
        ("soon 10:00", "not a time in a known form", "now"),
        ("24.12. 18:30", "it names no year", "18:30"),
        ("Dec 24 6:30 PM", "it names no year", "18:30"),
        ("24. Dezember um 18 Uhr", "it names no year", "18:30"),
        ("1798133400", "seconds since 1970", "2026-12-24T17:30:00+00:00"),
        ("1798133400000", "seconds since 1970", "2026-12-24T17:30:00+00:00"),
        ("2h", "from when on", '"+2h" for 2h from now'),
        ("30 minutes", "from when on", '"+30 minutes" for 30 minutes from now'),
    ],
)
def test_what_may_mean_two_is_refused_with_both(when, why, remedy):
    """Never guessed."""
    [(told, how)] = at(when)

    assert why in told
    assert remedy in how


def test_a_day_of_no_zone_is_refused():
    """Tomorrow begins at another moment in each zone."""
    [(told, _)] = at("tomorrow 9am", zone="")

    assert "zone" in told


def test_a_clock_that_is_put_forward_is_told_as_ever():
    """27 March 2027, the day before the clocks are."""
    [(told, _)] = at("28.03.2027 02:30")

    assert "02:30" in told or "clocks" in told
