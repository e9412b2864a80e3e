"""Retries in vain are few, whatever happens; retries that work cost nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadypost.domain.budget import Budget, Try

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
BUDGET = Budget()
SECOND = timedelta(seconds=1)


def nothing_works(second):
    return False


def play(seconds, fresh_every=None, *, works=nothing_works, budget=BUDGET, most=99):
    """Let fresh ones come at their pace, and try again all that may be; answer the tries."""
    tries = []
    for second in range(seconds):
        now = NOON + second * SECOND
        if fresh_every and second % fresh_every == 0:
            tries.append(Try(at=now, again=False))
        left = min(most, budget.left(tries, now))
        tries += [Try(at=now, again=True, worked=works(second))] * left
    return tries


@pytest.mark.parametrize("fresh_every", [None, 1, 5, 30])
def test_an_outage_is_not_fed(fresh_every):
    """An hour in which nothing works: in every minute a fifth of the fresh ones, five, and one every six seconds."""
    tries = play(3600, fresh_every)

    for minute in range(60):
        begin = NOON + 60 * minute * SECOND
        within = [one for one in tries if begin <= one.at < begin + 60 * SECOND]
        fresh = sum(not one.again for one in within)
        assert len(within) - fresh <= 0.2 * fresh + BUDGET.floor + 10
        assert len(within) - fresh >= BUDGET.floor


@pytest.mark.parametrize("ends", range(30, 100, 7))
def test_when_the_trouble_is_over_everything_goes_out(ends):
    """Whenever it ends: within seven seconds somebody has found out, and from then on no retry waits."""
    tries = play(ends + 60, works=lambda second: second >= ends, most=2)
    first = next(one for one in tries if one.worked)
    after = [one for one in tries if one.at >= first.at]

    assert first.at - (NOON + ends * SECOND) <= 7 * SECOND
    assert len(after) >= 50


def test_a_busy_house_that_is_well_never_notices():
    """One retry in ten, all of them working: nothing is spent."""
    tries = [Try(at=NOON + n * SECOND, again=n % 10 == 0, worked=n % 10 == 0) for n in range(60)]

    assert BUDGET.left(tries, NOON + 59 * SECOND) == BUDGET.floor + 10


@given(
    st.lists(st.tuples(st.integers(0, 120), st.booleans(), st.booleans()), max_size=80),
    st.integers(0, 120),
)
def test_the_order_in_which_they_are_read_does_not_matter(events, at):
    """Nor can there ever be fewer than none, or more than what the fresh ones saved."""
    tries = [Try(at=NOON + second * SECOND, again=again, worked=worked) for second, again, worked in events]
    left = BUDGET.left(tries, NOON + at * SECOND)

    assert 0 <= left <= BUDGET.floor + 0.2 * sum(not one.again for one in tries)
    assert left == BUDGET.left(list(reversed(tries)), NOON + at * SECOND)


def test_what_is_older_than_a_minute_changes_nothing():
    """So the store has to read back only this much."""
    recent = [Try(at=NOON - n * SECOND, again=True) for n in range(1, 8)]
    old = [Try(at=NOON - BUDGET.within - n * SECOND, again=True) for n in range(300)]

    assert BUDGET.left(recent, NOON) == BUDGET.left([*recent, *old], NOON)
