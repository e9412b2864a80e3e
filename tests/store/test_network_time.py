"""A network's ids and lists tell times by its own clock; quotas, lateness and records go by ours."""

from __future__ import annotations

from datetime import timedelta

import pytest

from steadypost.domain.clock import Offset
from steadypost.domain.evidence import Present, SeenPost
from steadypost.domain.likeness import plain
from steadypost.networks.x.snowflake import id_at
from steadypost.store import accounts as account_rows
from steadypost.store import figures, ledger, reading, settling
from steadypost.store import looks as look_rows
from tests.store.people import (
    MINUTE,
    NOON,
    SECOND,
    UNHEARD,
    answer,
    claimed,
    claims,
    person,
    published,
    scheduled,
)
from tests.store.test_figures import DAY

AHEAD = [timedelta(minutes=-10), timedelta(0), timedelta(minutes=10)]

SPACING = 20 * SECOND


def told(ahead):
    return Offset(ahead=ahead, within=SECOND)


def sent(store, ahead, at=NOON):
    """Arm what is due, with the clocks compared."""
    claim = claimed(store, at)
    assert store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=at, offset=told(ahead))
    return claim


def said_live(store, claim, *ids, at):
    store.write(settling.answered, claim.attempt_id, published(*ids), now=at, jitter=0.5)


def seen_live(store, claim, post_id, at):
    store.write(
        look_rows.saw,
        claim.delivery_id,
        {0: Present(remote_id=post_id)},
        now=at,
        next_at=at + MINUTE,
    )


@pytest.mark.parametrize("ahead", AHEAD)
def test_a_post_made_by_hand_counts_from_when_it_was_made(store, ahead):
    """On a network whose clock is fast it does not hold the account up; on one that is slow it is not forgotten."""
    store.write(account_rows.put, person("alice", spacing=SPACING), NOON)
    scheduled(store)
    by_hand = SeenPost(id=id_at(NOON - 5 * SECOND + ahead), author="Alice", said=plain("hello"))

    store.write(ledger.note_foreign, "alice", [by_hand], NOON, told(ahead))

    assert [] == claims(store, NOON + 14 * SECOND)
    assert 1 == len(claims(store, NOON + 16 * SECOND))


def test_a_post_made_by_hand_was_made_before_it_was_seen(store):
    """Also where the clocks could not be compared."""
    store.write(account_rows.put, person("alice", spacing=SPACING), NOON)
    scheduled(store)
    by_hand = SeenPost(id=id_at(NOON + 10 * MINUTE), author="Alice", said=plain("hello"))

    store.write(ledger.note_foreign, "alice", [by_hand], NOON)

    assert 1 == len(claims(store, NOON + 21 * SECOND))


@pytest.mark.parametrize("ahead", AHEAD)
def test_what_was_on_time_is_on_time_by_our_clock(store, ahead):
    """Lateness is not the difference of two clocks."""
    scheduled(store)
    claim = sent(store, ahead)
    said_live(store, claim, id_at(NOON + 2 * SECOND + ahead), at=NOON + 3 * SECOND)

    [one] = store.read(figures.due_posts, DAY)

    assert abs(one.live_at - (NOON + 2 * SECOND)) <= SECOND


@pytest.mark.parametrize("ahead", AHEAD)
def test_what_came_late_is_late_by_our_clock(store, ahead):
    """It is found by a look, long after it was asked for; it counts against the quota from when it was made."""
    store.write(account_rows.put, person("alice", spacing=SPACING), NOON)
    scheduled(store)
    scheduled(store)
    claim = sent(store, ahead)
    store.write(settling.answered, claim.attempt_id, answer(UNHEARD), now=NOON + 30 * SECOND, jitter=0.5)

    seen_live(store, claim, id_at(NOON + 7 * MINUTE + ahead), NOON + 7 * MINUTE + 5 * SECOND)

    [one] = [post for post in store.read(figures.due_posts, DAY) if post.delivery_id == claim.delivery_id]
    assert abs(one.live_at - (NOON + 7 * MINUTE)) <= SECOND
    recorded = store.read(reading.show, claim.delivery_id).published_at
    assert abs(recorded - (NOON + 7 * MINUTE)) <= SECOND
    assert [] == claims(store, NOON + 7 * MINUTE + 18 * SECOND)
    assert 1 == len(claims(store, NOON + 7 * MINUTE + 22 * SECOND))


def test_a_post_was_made_between_its_asking_and_its_answer(store):
    """What an id says beside that is a clock that is off."""
    scheduled(store)
    claim = sent(store, timedelta(0))
    said_live(store, claim, id_at(NOON + 9 * MINUTE), at=NOON + 3 * SECOND)

    [one] = store.read(figures.due_posts, DAY)

    assert NOON <= one.live_at <= NOON + 3 * SECOND
