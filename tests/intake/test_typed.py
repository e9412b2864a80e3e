"""Times as people type them, one by one."""

from datetime import UTC, datetime

import pytest

from steadypost.intake.differences import is_moment
from steadypost.intake.moment import due

NOW = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
"""A Monday evening, and Tuesday already in Berlin."""
BERLIN = "Europe/Berlin"


def at(when, zone=BERLIN):
    found = due(when, zone="", default_zone=zone or None, now=NOW)
    return found.isoformat() if isinstance(found, datetime) else [(one.why, one.remedy) for one in found]


@pytest.mark.parametrize(
    ("when", "meant"),
    [
        ("today 18:30", "2026-12-01T17:30:00+00:00"),
        ("tomorrow 9am", "2026-12-02T08:00:00+00:00"),
        ("Tomorrow at 6:30 PM", "2026-12-02T17:30:00+00:00"),
        ("morgen um 9 Uhr", "2026-12-02T08:00:00+00:00"),
        ("Monday 9:00", "2026-12-07T08:00:00+00:00"),
        ("this friday 10:00", "2026-12-04T09:00:00+00:00"),
        ("9am tomorrow", "2026-12-02T08:00:00+00:00"),
        ("18:30 on Friday", "2026-12-04T17:30:00+00:00"),
        ("18:30 24.12.2026", "2026-12-24T17:30:00+00:00"),
        ("6:30 pm, December 24, 2026", "2026-12-24T17:30:00+00:00"),
        ("Freitag 18 Uhr 30", "2026-12-04T17:30:00+00:00"),
        ("tomorrow noon", "2026-12-02T11:00:00+00:00"),
        ("noon on 24.12.2026", "2026-12-24T11:00:00+00:00"),
        ("day after tomorrow 9:00", "2026-12-03T08:00:00+00:00"),
        ("übermorgen um 9 Uhr", "2026-12-03T08:00:00+00:00"),
        ("demain à 9h30", "2026-12-02T08:30:00+00:00"),
        ("pasado mañana 9:00", "2026-12-03T08:00:00+00:00"),
        ("明日18時", "2026-12-02T17:00:00+00:00"),
        ("2026年12月24日 午後6時30分", "2026-12-24T17:30:00+00:00"),
        ("2026-12-24 18:30 UTC+1", "2026-12-24T17:30:00+00:00"),
        ("2026-12-24 18:30 +0530", "2026-12-24T13:00:00+00:00"),
        ("24th of December 2026 18:30", "2026-12-24T17:30:00+00:00"),
        ("in an hour", "2026-12-01T00:30:00+00:00"),
        ("2h from now", "2026-12-01T01:30:00+00:00"),
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
        ("Dec 24 6:30 PM", "it names no year", '"Dec 24 2026 6:30 PM"'),
        ("24. Dezember um 18 Uhr", "it names no year", '"24. Dezember 2026 18 Uhr"'),
        ("1798133400", "seconds since 1970", "2026-12-24T17:30:00+00:00"),
        ("1798133400000", "seconds since 1970", "2026-12-24T17:30:00+00:00"),
        ("3 Feb 9:00", "it names no year", '"3 Feb 2027 9:00"'),
        ("31/12 9:00", "it names no year", '"31/12/2026 9:00"'),
        ("next friday 10:00", "the coming one, or the one after", "2026-12-04 or 2026-12-11"),
        ("tomorrow at midnight", "the end of one day", "tomorrow 0:00"),
        ("2026-12-24 18:30 Berlin", "a place and not its zone", '"2026-12-24 18:30 Europe/Berlin"'),
        ("2026-12-24T18", "no minutes", "write 18:00"),
        ("2026-12-24 18:30 pm", "there is no 18:30 pm", "18:30, or 6:30 pm"),
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


@pytest.mark.parametrize(
    ("when", "is_one"),
    [
        ("in an hour", False),
        ("2h from now", False),
        ("+20m", False),
        ("now", False),
        ("next-slot", False),
        ("tomorrow 9am", True),
        ("in vain", True),
    ],
)
def test_what_counts_from_when_it_comes_in_never_differs_by_its_time(when, is_one):
    """A row that says it again later is the same row."""
    assert is_one == is_moment(when)


@pytest.mark.parametrize(
    ("when", "zone", "why"),
    [
        ("2026-10-04 02:15", "Australia/Lord_Howe", "skip this time"),
        ("2027-04-04 01:45", "Australia/Lord_Howe", "pass this time twice"),
        ("2026-10-25 02:30", "Europe/Berlin", "pass this time twice"),
        ("2027-03-28 02:30", "Europe/Berlin", "skip this time"),
        ("2018-11-04 00:30", "America/Sao_Paulo", "skip this time"),
    ],
)
def test_a_change_of_the_clocks_of_any_length_at_any_hour_is_told(when, zone, why):
    """Half an hour on Lord Howe, at midnight in Brazil."""
    found = due(when, zone="", default_zone=zone, now=datetime.fromisoformat(f"{when[:4]}-01-01T00:00Z"))

    assert why in " ".join(one.why for one in found)
