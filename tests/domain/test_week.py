"""The picture of the week shows what became of each post, behind and ahead, and lies about none."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest

from steadypost.domain.delivery import State
from steadypost.domain.figures import DuePost
from steadypost.domain.week import AHEAD, BAD, GOOD, LATE, OTHER, colour_of, shown_until, week

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
HOUR, DAY, WITHIN = timedelta(hours=1), timedelta(days=1), timedelta(minutes=5)


def due_posts(at, state=State.SCHEDULED, **more):
    return DuePost(account="alice", at=at, state=state, **more)


def live(at, late=timedelta(0)):
    return due_posts(at, State.PUBLISHED, live_at=at + late, recorded_at=at + late)


def hours(drawn):
    """Read each hour that shows posts: how many of what, as its words say."""
    ET.fromstring(drawn)  # noqa: S314 - our own
    return re.findall(r"<title>([^<]+)</title>.*?>(\d+)</text>", drawn)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (live(NOW - HOUR), GOOD),
        (live(NOW - timedelta(minutes=1)), GOOD),
        (live(NOW - HOUR, late=timedelta(minutes=20)), LATE),
        (due_posts(NOW - HOUR), BAD),
        (due_posts(NOW - HOUR, State.MISSED), BAD),
        (due_posts(NOW - timedelta(minutes=1)), AHEAD),
        (due_posts(NOW - timedelta(minutes=1), State.REFUSED), OTHER),
        (due_posts(NOW + DAY), AHEAD),
        (due_posts(NOW + DAY, State.HELD), OTHER),
        (due_posts(NOW + DAY, State.CANCELLED, ended_at=NOW), ""),
        (due_posts(NOW - HOUR, State.CANCELLED, ended_at=NOW - DAY), ""),
        (due_posts(NOW - HOUR, State.CANCELLED, ended_at=NOW), BAD),
    ],
)
def test_each_post_is_shown_as_it_fared(one, expected):
    """Live is live as soon as it is, and what was taken back in time is nobody's to wait for."""
    assert expected == colour_of(one, now=NOW, within=WITHIN)


def test_an_hour_shows_all_that_became_of_its_posts():
    """Five that are live are green beside one that is not, and the number is of all of them."""
    five = [live(NOW - HOUR) for _ in range(5)]
    drawn = week([*five, due_posts(NOW - HOUR, State.MISSED)], now=NOW, within=WITHIN, zone="UTC")

    assert [("5 live on time, 1 not live as promised", "6")] == hours(drawn)
    widths = dict(re.findall(r'width="([\d.]+)" height="\d+" fill="(#\w+)"/>', drawn.partition("<title>")[2]))
    assert {"22.5": GOOD, "4.5": BAD}.items() <= widths.items()


def test_it_looks_a_week_ahead_as_well_as_back():
    """And no further: what lies beyond has no row."""
    ahead = [due_posts(NOW + n * DAY) for n in range(1, 10)]
    behind = [live(NOW - n * DAY) for n in range(1, 10)]
    drawn = week([*ahead, *behind], now=NOW, within=WITHIN, zone="UTC")

    assert (7, 6) == (drawn.count("1 to come"), drawn.count("1 live on time"))
    assert NOW + 8 * DAY == shown_until(NOW)


def test_hours_are_those_of_the_zone_which_it_names():
    """Half past eleven in the evening by UTC is half past one tomorrow in Berlin."""
    drawn = week([due_posts(NOW.replace(hour=23, minute=30))], now=NOW, within=WITHIN, zone="Europe/Berlin")
    x, y = re.search(rf'<rect x="([\d.]+)" y="(\d+)"[^>]*fill="{AHEAD}"', drawn).groups()
    at = drawn.index("Tue 05 May")

    assert "times of Europe/Berlin" in drawn
    assert 96 + 1 * 30 + 1 == float(x)
    assert int(y) - 2 + 19 == int(re.search(r'y="(\d+)"', drawn[drawn.rindex("<text", 0, at) : at])[1])
