"""Who has it is decided by a hash; whether it did harm, by figures; what follows, by both and the clock."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadypost.domain.rollout import (
    FEWEST,
    WATCH,
    Course,
    Group,
    Judgement,
    Move,
    Rollout,
    Verdict,
    check_steps,
    is_in,
    judge,
    next_move,
    place,
)

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
ROLLOUT = Rollout(switch="isolate_unconfirmed", steps=(10, 50, 100), step=0, before=0, since=NOON)
WELL = Judgement(verdict=Verdict.NO_WORSE, why="")
WORSE = Judgement(verdict=Verdict.WORSE, why="")
FEW = Judgement(verdict=Verdict.TOO_FEW, why="")


@given(st.text(), st.text(), st.floats(0, 100), st.floats(0, 100))
def test_who_is_in_a_share_is_in_every_larger_one(switch, subject, one, other):
    """Whatever they are called."""
    small, large = sorted([one, other])

    assert is_in(switch, subject, large) or not is_in(switch, subject, small)
    assert 0 <= place(switch, subject) < 100


# -- harm


@pytest.mark.parametrize(
    ("treated", "rest", "verdict"),
    [
        (Group(due=100, bad=0), Group(due=900, bad=0), Verdict.NO_WORSE),
        (Group(due=100, bad=2), Group(due=900, bad=18), Verdict.NO_WORSE),
        (Group(due=100, bad=10), Group(due=900, bad=9), Verdict.WORSE),
        (Group(due=10, bad=6), Group(due=900, bad=9), Verdict.WORSE),
        (Group(due=10, bad=0), Group(due=900, bad=9), Verdict.TOO_FEW),
        (Group(due=0, bad=0), Group(due=0, bad=0), Verdict.TOO_FEW),
        (Group(due=500, bad=0, never=1), Group(due=500, bad=100), Verdict.WORSE),
        (Group(due=100, bad=60), Group(due=100, bad=60), Verdict.NO_WORSE),
        (Group(due=100, bad=20), Group(due=0, bad=0), Verdict.WORSE),
        (Group(due=200, bad=2), Group(due=0, bad=0), Verdict.NO_WORSE),
    ],
)
def test_the_verdict(treated, rest, verdict):
    """Worse, no worse, or not known; what is never allowed is worse whatever the rest does."""
    assert judge(treated, rest).verdict is verdict


def test_chance_alone_hardly_ever_goes_back():
    """Two sides that fare alike: in a thousand rollouts of a hundred posts each, at most one in a hundred."""
    chance, went_back = random.Random(5), 0  # noqa: S311 - repeatable, not secret
    for _ in range(1000):
        bad = [sum(chance.random() < 0.02 for _ in range(n)) for n in (100, 900)]
        went_back += judge(Group(due=100, bad=bad[0]), Group(due=900, bad=bad[1])).verdict is Verdict.WORSE

    assert went_back <= 10


def test_what_harms_one_post_in_five_is_found_before_its_fiftieth():
    """With the rest at one in a hundred: as good as always."""
    chance, found = random.Random(5), 0  # noqa: S311 - repeatable, not secret
    for _ in range(500):
        bad = sum(chance.random() < 0.20 for _ in range(50))
        found += judge(Group(due=50, bad=bad), Group(due=450, bad=4)).verdict is Verdict.WORSE

    assert found >= 490


def test_a_group_that_cannot_be_is_refused():
    """More bad than due."""
    with pytest.raises(ValueError, match="5 bad of 3 due cannot be"):
        Group(due=3, bad=5)


# -- what follows


@pytest.mark.parametrize(
    ("judgement", "after", "step", "move"),
    [
        (WELL, timedelta(hours=47), 0, Move.WAIT),
        (WELL, WATCH, 0, Move.RAISE),
        (WELL, WATCH, 1, Move.RAISE),
        (WELL, WATCH, 2, Move.FINISH),
        (WORSE, timedelta(0), 0, Move.BACK),
        (WORSE, WATCH * 3, 2, Move.BACK),
        (FEW, WATCH * 3, 0, Move.WAIT),
    ],
)
def test_the_next_move(judgement, after, step, move):
    """Back at once; on only when its time is over and enough was seen."""
    assert next_move(replace(ROLLOUT, step=step), judgement, NOON + after) is move


def test_the_share_that_has_it():
    """By the step while it is watched; as before when it went back."""
    assert 10 == ROLLOUT.share
    assert 50 == replace(ROLLOUT, step=1).share
    assert 100 == replace(ROLLOUT, step=2, course=Course.DONE).share
    assert 5 == replace(ROLLOUT, step=1, before=5, course=Course.WENT_BACK).share


@pytest.mark.parametrize(
    ("steps", "says"),
    [([], "name at least one"), ([0, 50], "more than 0"), ([50, 101], "at most 100"), ([50, 10], "grow from"),
     ([10, 10], "grow from")],
)  # fmt: skip
def test_steps_that_cannot_be_meant(steps, says):
    """The error says what to write."""
    with pytest.raises(ValueError, match=says):
        check_steps(steps)


def test_enough_is_seen_at_twenty():
    """One fewer and nobody knows."""
    rest = Group(due=100, bad=0)

    assert judge(Group(due=FEWEST - 1, bad=0), rest).verdict is Verdict.TOO_FEW
    assert judge(Group(due=FEWEST, bad=0), rest).verdict is Verdict.NO_WORSE
