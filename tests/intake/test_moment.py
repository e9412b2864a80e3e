"""One written time means one instant, or it is refused with the instants it may mean."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadypost.domain.lengths import span, spoken
from steadypost.intake import draft_of
from steadypost.intake.moment import due

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def meant(when, zone="", default_zone=None):
    return due(when, zone=zone, default_zone=default_zone, now=NOW)


@pytest.mark.parametrize(
    ("when", "zone", "expected"),
    [
        ("now", "", NOW),
        (" NOW ", "Europe/Berlin", NOW),
        ("+20s", "", NOW + timedelta(seconds=20)),
        ("in 20 seconds", "", NOW + timedelta(seconds=20)),
        ("+1h30m", "", NOW + timedelta(minutes=90)),
        ("In 2 days and 3 hours", "", NOW + timedelta(days=2, hours=3)),
        ("2026-07-01T10:00Z", "", datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ("2026-07-01 10:00:30.25+02:00", "", datetime(2026, 7, 1, 8, 0, 30, 250_000, tzinfo=UTC)),
        ("2026-07-01T10:00+0530", "", datetime(2026, 7, 1, 4, 30, tzinfo=UTC)),
        ("2026-07-01T10:00", "Europe/Berlin", datetime(2026, 7, 1, 8, tzinfo=UTC)),
        ("2026-07-01T10:00+02:00", "Europe/Berlin", datetime(2026, 7, 1, 8, tzinfo=UTC)),
    ],
)
def test_every_way_of_writing_a_time_means_its_instant(when, zone, expected):
    """What the README shows can be typed."""
    assert expected == meant(when, zone)


@pytest.mark.parametrize(
    "when",
    [
        "",
        "tomorrow",
        "12:30",
        "2026-07-01",
        "01/02/2026 10:00",
        "2026-13-01T10:00Z",
        "2026-02-29T10:00Z",
        "2026-07-01T24:01Z",
        "2026-07-01T10:00:60Z",
        "2026-07-01T10:00+24:00",
        "0001-01-01T00:00+14:00",
        "2062-01-01T00:00Z",
        "+",
        "+20",
        "-20s",
        "+999999w",
        "in a while",
        "२०२६-07-01T10:00Z",
    ],
)
def test_a_time_that_means_nothing_is_refused(when):
    """Nothing is guessed, and the refusal says how to write it."""
    [refusal] = meant(when)

    assert "when" == refusal.field
    assert refusal.why
    assert refusal.remedy


def test_a_time_without_zone_is_refused_until_somebody_names_one():
    """A naive time is another instant in every country."""
    [refusal] = meant("2026-07-01T10:00")
    assert "zone" in refusal.why

    assert meant("2026-07-01T10:00", "", "Asia/Tokyo") == datetime(2026, 7, 1, 1, tzinfo=UTC)
    assert meant("2026-07-01T10:00", "UTC", "Asia/Tokyo") == datetime(2026, 7, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("tomorow 9am", "tomorrow 18:30"),
        ("-1h", "it is in the past"),
        ("yesterday 9am", "it is in the past"),
        ("two hours ago", "it is in the past"),
        ("December 24, 2026 6:30 PM → 7:30 PM", 'write one time: "December 24, 2026 6:30 PM"'),
        ("", "next-slot"),
        ("2026-07-01 10:00", "--zone"),
    ],
)
def test_a_time_that_is_refused_says_what_to_type(when, told):
    """By the forms that people use."""
    [refusal] = meant(when)

    assert told in str(refusal)


@pytest.mark.parametrize(
    ("zone", "skipped", "last", "first"),
    [
        ("Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:59:00+01:00", "2026-03-29T03:00:00+02:00"),
        ("America/New_York", "2026-03-08T02:00", "2026-03-08T01:59:00-05:00", "2026-03-08T03:00:00-04:00"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-04T01:59:00+10:30", "2026-10-04T02:30:00+11:00"),
        ("Pacific/Apia", "2011-12-30T12:00", "2011-12-29T23:59:00-10:00", "2011-12-31T00:00:00+14:00"),
        ("America/Santiago", "2026-09-06T00:30", "2026-09-05T23:59:00-04:00", "2026-09-06T01:00:00-03:00"),
    ],
)
def test_a_time_the_clocks_skip_is_refused_with_its_neighbours(zone, skipped, last, first):
    """02:30 does not exist on that night; the two nearest instants that do are named, and may be typed."""
    [refusal] = meant(skipped, zone)
    assert last in refusal.remedy
    assert first in refusal.remedy

    assert meant(first) - meant(last) == timedelta(minutes=1)


@pytest.mark.parametrize(
    ("zone", "twice", "earlier", "later"),
    [
        ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"),
        ("America/New_York", "2026-11-01 01:00", "2026-11-01T01:00:00-04:00", "2026-11-01T01:00:00-05:00"),
        ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-05T01:45:00+11:00", "2026-04-05T01:45:00+10:30"),
        ("Africa/Casablanca", "2026-02-15T02:30", "2026-02-15T02:30:00+01:00", "2026-02-15T02:30:00+00:00"),
    ],
)
def test_a_time_that_comes_twice_is_refused_with_both(zone, twice, earlier, later):
    """The remedy shows both, and each of them is taken, also beside the zone."""
    [refusal] = meant(twice, zone)
    assert earlier in refusal.remedy
    assert later in refusal.remedy

    assert meant(earlier, zone) < meant(later, zone)


def test_an_offset_that_is_not_the_zones_is_refused():
    """Two statements that contradict each other are not resolved by taking one."""
    [refusal] = meant("2026-07-01T10:00+01:00", "Europe/Berlin")

    assert "2026-07-01T11:00:00+02:00" in refusal.remedy


@pytest.mark.parametrize(
    "zone", ["Europe/Berln", "../../etc/passwd", "/etc/localtime", "America", "Mars/Base", "\x00"]
)
def test_an_unknown_zone_is_refused_beside_what_else_is_wrong(zone):
    """Whatever stands in the field, the answer is a sentence."""
    assert ["zone"] == [one.field for one in meant("2026-07-01T10:00", zone)]
    assert ["zone", "when"] == [one.field for one in meant("whenever", zone)]


NAIVE = NOW.replace(tzinfo=None)
ZONES = sorted(available_timezones())


@given(
    shown=st.datetimes(min_value=NAIVE.replace(year=2020), max_value=NAIVE.replace(year=2030)),
    zone=st.sampled_from(ZONES),
)
def test_a_local_time_is_taken_exactly_when_it_names_one_instant(shown, zone):
    """In every zone there is: what is taken reads the same on the wall there; what is refused names two instants."""
    shown = shown.replace(microsecond=0)
    found = meant(shown.isoformat(), zone)

    place = ZoneInfo(zone)
    instants = {
        moment
        for fold in (0, 1)
        if (moment := shown.replace(tzinfo=place, fold=fold).astimezone(UTC))
        .astimezone(place)
        .replace(tzinfo=None)
        == shown
    }
    assert (len(instants) == 1) == isinstance(found, datetime)
    assert not isinstance(found, datetime) or instants == {found}


@given(st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=300)))
def test_a_stretch_of_time_is_read_as_it_is_spoken(length):
    """What is shown of a late rule can be typed in again, to its two largest units."""
    read = span(spoken(length))

    assert read is not None
    assert read <= length
    assert spoken(read) == spoken(length)


@pytest.mark.parametrize(
    ("zone", "remedy"),
    [
        ("PST", '"America/Los_Angeles" was meant?'),
        ("MEZ", '"Europe/Berlin" was meant?'),
        ("Berlin", '"Europe/Berlin" was meant?'),
        ("europe/berlin", '"Europe/Berlin" was meant?'),
        ("GMT+2", "write the offset with the time"),
        ("+02:00", "write the offset with the time"),
        ("W. Europe Standard Time", "write an IANA name"),
    ],
)
def test_an_unknown_zone_is_answered_with_a_place(zone, remedy):
    """What is merely spelt alike says another time."""
    [refusal] = meant("2026-07-01T10:00", zone)

    assert refusal.remedy.startswith(remedy)


def test_letters_for_a_zone_behind_a_time_are_named():
    """Summer time or not, and of which country, they do not say."""
    [refusal] = meant("2026-07-01 10:00 PST", "")

    assert ("PST at its end", True) == (refusal.why[:14], "America/Los_Angeles" in refusal.remedy)


@pytest.mark.parametrize(
    "written",
    [
        "2026-12-24 18:30 Europe/Berlin",
        "2026-12-24 18:30 (Europe/Berlin)",
        "2026-12-24T18:30:00+01:00[Europe/Berlin]",
        "24.12.2026 18:30 Europe/Berlin",
        "Dec 24, 2026 6:30 PM Europe/Berlin",
    ],
)
def test_a_zone_may_stand_beside_its_time(written, now):
    """As the zone of its own field; a post that comes again counts by it too."""
    meant = datetime(2026, 12, 24, 17, 30, tzinfo=UTC)
    draft = draft_of({"text": "Hello.", "accounts": ["alice"], "when": written}, "row 2")

    assert meant == due(written, zone="", default_zone="America/New_York", now=now)
    assert meant == due(written, zone="Europe/Berlin", default_zone=None, now=now)
    assert "Europe/Berlin" == draft.zone


def test_a_zone_beside_a_time_that_another_field_contradicts_is_refused(now):
    """Neither of the two is taken in silence."""
    assert isinstance(
        due("2026-12-24 18:30 Europe/Berlin", zone="Europe/London", default_zone=None, now=now), list
    )
