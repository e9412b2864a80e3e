"""Two looks far enough apart prove that a part is not live; anything less proves nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from steadypost.domain.absence import Missed, absent_since, proves_absence, was_watched

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SETTLE = timedelta(minutes=10)
JUST_UNDER = SETTLE - timedelta(microseconds=1)
NO_TIME = timedelta(0)


def missed(after, *, network_after=None):
    """A look that began so long after noon, by this machine's clock and by the network's."""
    there = NOON + (after if network_after is None else network_after)
    return Missed(at=NOON + after, network_at=there)


def unclocked(after):
    return Missed(at=NOON + after, network_at=None)


@pytest.mark.parametrize(
    ("looks", "proven"),
    [
        ([], False),
        ([missed(NO_TIME)], False),
        ([missed(NO_TIME), missed(JUST_UNDER)], False),
        ([missed(NO_TIME), missed(SETTLE)], True),
        # Their order does not matter, nor how many are between the first and the last.
        ([missed(SETTLE), missed(JUST_UNDER), missed(NO_TIME)], True),
        # The first began before the executor was gone.
        ([missed(-JUST_UNDER), missed(JUST_UNDER)], False),
        # One of the clocks was moved: the shorter distance counts.
        ([missed(NO_TIME), missed(SETTLE, network_after=JUST_UNDER)], False),
        ([missed(NO_TIME), missed(JUST_UNDER, network_after=SETTLE)], False),
        # Where the network's clock is not known, a look proves nothing.
        ([unclocked(NO_TIME), unclocked(SETTLE)], False),
        ([unclocked(NO_TIME), missed(JUST_UNDER), missed(SETTLE)], False),
    ],
)
def test_two_looks_a_settle_window_apart_by_both_clocks(looks, proven):
    assert proven is proves_absence(looks, gone_at=NOON, settle=SETTLE)


@pytest.mark.parametrize(
    ("after", "proven"), [(NO_TIME, True), (SETTLE, True), (timedelta(microseconds=-1), False)]
)
def test_one_look_is_enough_where_the_network_shows_everything_at_once(after, proven):
    """Its clock is not needed then."""
    assert proven is proves_absence([unclocked(after)], gone_at=NOON, settle=NO_TIME)


@pytest.mark.parametrize("settle", [NO_TIME, SETTLE])
def test_nothing_is_proven_while_the_executor_may_still_act(settle):
    looks = [missed(NO_TIME), missed(2 * SETTLE)]

    assert not proves_absence(looks, gone_at=None, settle=settle)
    assert absent_since(looks, gone_at=None) is None
    assert not was_watched(looks, began_at=NOON, gone_at=None, alive_by=SETTLE, unseen_for=2 * SETTLE)


def test_proof_counts_from_the_first_look_after_the_executor_was_gone():
    looks = [missed(2 * SETTLE), missed(SETTLE), missed(-SETTLE), unclocked(NO_TIME)]

    assert NOON + SETTLE == absent_since(looks, gone_at=NOON)


@pytest.mark.parametrize(
    ("minutes", "watched"),
    [
        ([], False),
        ([5], True),
        ([6], False),
        ([5, 10], True),
        ([10, 5], True),
        ([5, 11], False),
        # From a quarter of an hour after the ask on, a missed post can no longer come to life.
        ([5, 10, 15, 90], True),
        ([5, 10, 14, 90], False),
    ],
)
def test_a_long_gap_between_looks_leaves_time_to_delete_a_post(minutes, watched):
    """The executor was gone at once; a post is live a quarter of an hour later at the latest."""
    looks = [missed(timedelta(minutes=one)) for one in minutes]

    assert watched is was_watched(
        looks,
        began_at=NOON,
        gone_at=NOON,
        alive_by=timedelta(minutes=15),
        unseen_for=timedelta(minutes=5),
    )


def test_a_look_from_before_the_end_of_the_executor_closes_no_gap():
    looks = [missed(timedelta(minutes=one)) for one in (2, 9)]
    rules = {"alive_by": timedelta(minutes=15), "unseen_for": timedelta(minutes=5)}

    assert not was_watched(looks, began_at=NOON, gone_at=NOON + timedelta(minutes=3), **rules)
    assert was_watched(
        [*looks, missed(timedelta(minutes=4))], began_at=NOON, gone_at=NOON + timedelta(minutes=3), **rules
    )
