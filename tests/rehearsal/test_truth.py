"""The judge's own reckoning: what is the same ask, and what an account's limits left room for. Pure."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from rehearsal import truth
from rehearsal.texts import ODDS, Shape, Writer, corpus, other_link
from rehearsal.truth import Made, Rules, Timing
from steadypost.domain.span import Span

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def made(n, minute, text="Hello", reply_to=None, late=0.0, **more):
    """A post that was asked for at that minute, and came to life so many minutes later."""
    asked_at = NOON + minute * MINUTE
    told = {"asked_at": asked_at, "at": asked_at + late * MINUTE, **more}
    return Made(id=str(n), author="alice", text=text, reply_to=reply_to, **told)


@pytest.mark.parametrize(
    "other",
    [
        made(2, 1, text="Hello!"),
        made(2, 1, reply_to="7"),
        made(2, 1, media=("hash",)),
        made(2, 1, asked_at=None),
        made(2, 1, live=False),
    ],
)
def test_what_differs_in_anything_is_no_copy(other):
    """Text, parent, pictures; and what a person made, or what is gone."""
    assert [] == truth.copies([made(1, 0), other], Counter())
    assert [1] == [one.extra for one in truth.copies([made(1, 0), made(2, 1)], Counter())]


def test_a_quota_is_a_window_that_slides():
    """Three within an hour; a late rule of the clock, and not of the calendar."""
    three = [made(n, minute) for n, minute in enumerate((50, 70, 105))]

    assert [] == list(truth.over_quota(Rules(per_hour=3), three))
    assert ["3 posts within 1:00:00, and 2 are allowed"] == list(truth.over_quota(Rules(per_hour=2), three))
    # By clocks that may differ by five minutes nobody can be held to the second.
    assert [] == list(truth.over_quota(Rules(per_hour=2), three, slack=5 * MINUTE + timedelta(seconds=1)))


def test_what_comes_to_life_long_after_its_ask_counts_from_its_ask():
    """No distance can be kept from what X does after its answer was given up."""
    rules = Rules(spacing=2 * MINUTE)

    assert [] == list(truth.too_near(rules, [made(1, 0, late=10), made(2, 9.5)]))
    assert 1 == len(list(truth.too_near(rules, [made(1, 0, late=0.5), made(2, 2)])))
    # After 55 s nobody waits for its answer any more, and the next one is under way.
    assert [] == list(truth.too_near(rules, [made(1, 0, late=55 / 60), made(2, 2)]))


def test_nothing_is_asked_for_before_its_time_nor_after_its_late_rule():
    """By the clock of whoever asks, which may be off by a little."""
    one = made(1, 10)
    early = Timing(first="1", due_at=NOON + 11 * MINUTE)
    late = Timing(first="1", due_at=NOON, late_at=NOON + 5 * MINUTE)
    fine = Timing(first="1", due_at=NOON + 9 * MINUTE, late_at=NOON + 10 * MINUTE)

    assert 2 == len(list(truth.out_of_time([early, late, fine], {"1": one})))
    assert 1 == len(list(truth.out_of_time([early, late, fine], {"1": one}, slack=MINUTE)))


def test_a_full_account_is_full_from_the_last_that_is_allowed_until_the_first_leaves_the_window():
    """For a thread that is the earlier, the more parts it has."""
    posts = [made(1, 0), made(2, 20), made(3, 40)]

    assert [Span(NOON + 40 * MINUTE, NOON + HOUR)] == truth.full_spans(Rules(per_hour=3), posts, units=1)
    assert [Span(NOON + 20 * MINUTE, NOON + 80 * MINUTE)] == truth.full_spans(
        Rules(per_hour=3), posts, units=2
    )
    assert [] == truth.full_spans(Rules(), posts)


def test_the_same_words_with_another_link_differ_in_the_link_alone():
    """Wherever it stands; what has none gets one."""
    assert "New on our blog: https://elsewhere.example/3" == other_link(
        "New on our blog: https://a.example/one", 3
    )
    assert "Hello. https://elsewhere.example/3" == other_link("Hello.", 3)


def test_a_writer_writes_the_same_again_for_the_same_chance():
    """Every shape there is; without a picture, or leave to be long, none of these."""

    def written(**more):
        writer = Writer(chance=random.Random(7), corpus=corpus(), **more)  # noqa: S311 - repeatable, not secret
        return [writer.next(f"no. {n}") for n in range(400)]

    assert written() == written()
    assert set(ODDS) - {Shape.LONG, Shape.MEDIA_ONLY} == {draft.shape for draft in written()}
    assert Shape.LONG in {draft.shape for draft in written(longest=4000)}
