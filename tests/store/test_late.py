"""What is too late follows its own rule; what waited through an outage goes out in order, and not all at once."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from steadypost.domain.delivery import State, WhenLate
from steadypost.store import accounts as account_rows
from steadypost.store import late as late_rows
from steadypost.store import notices, persons, reading, settling
from steadypost.store.acts import By
from tests.store.people import (
    HOUR,
    MINUTE,
    NOON,
    SECOND,
    an_id,
    claimed,
    claims,
    person,
    published,
    saying,
    scheduled,
)

DAY = timedelta(days=1)


def state(store, delivery_id):
    return store.read(reading.show, delivery_id).delivery.state


def test_a_post_that_asks_is_held_when_it_is_too_late(store):
    """Somebody is told, once, and nothing is sent."""
    one = scheduled(store, late_after=10 * MINUTE, when_late=WhenLate.ASK)

    assert [] == claims(store, NOON + 11 * MINUTE)

    told = store.read(reading.show, one).delivery
    assert State.HELD is told.state
    assert "may be 0:10:00 late" in told.why
    assert "a person has to say" in told.why
    [notice] = store.read(notices.every)
    assert f"'steadypost release {one}'" in notice.body
    # It waits there for as long as it takes, and is heard no second time.
    assert [] == late_rows.put_aside(store._database, NOON + DAY)
    assert [] == claims(store, NOON + DAY)
    assert 1 == len(store.read(notices.every))


def test_whoever_was_asked_is_believed(store):
    """Released, it goes out however late it is; its rule has had its say."""
    one = scheduled(store, late_after=10 * MINUTE, when_late=WhenLate.ASK)
    late_rows.put_aside(store._database, NOON + HOUR)

    store.write(persons.release, one, by=By(name="alice"), now=NOON + 2 * HOUR)

    assert one == claimed(store, NOON + 3 * HOUR).delivery_id
    assert store.read(reading.show, one).delivery.late_after is None


def test_a_repetition_that_asks_is_not_missed_while_it_is_held(store):
    """It waits for a person anyway; one that misses is put aside there too."""
    scheduled(store, saying("the same"), due_at=NOON + DAY)
    asks = scheduled(store, saying("the same"), late_after=MINUTE, when_late=WhenLate.ASK)
    misses = scheduled(store, saying("the same"), late_after=MINUTE)

    assert [misses] == late_rows.put_aside(store._database, NOON + HOUR)
    assert (State.HELD, State.MISSED) == (state(store, asks), state(store, misses))
    store.write(persons.release, asks, now=NOON + HOUR, by=By())
    assert asks == claimed(store, NOON + HOUR).delivery_id


def test_those_that_wait_for_an_answer_never_hide_those_that_are_late(store, monkeypatch):
    """However many are held because they are late, the next late one is found."""
    monkeypatch.setattr("steadypost.store.late.LATE_AT_ONCE", 2)
    for _ in range(4):
        scheduled(store, late_after=MINUTE, when_late=WhenLate.ASK)
    while late_rows.put_aside(store._database, NOON + HOUR):
        pass
    late = scheduled(store, due_at=NOON + HOUR, late_after=MINUTE)

    assert [late] == late_rows.put_aside(store._database, NOON + 2 * HOUR)


@pytest.mark.parametrize(
    ("late_after", "when_late", "ends"),
    [
        (None, WhenLate.MISS, State.SENDING),
        (4 * HOUR, WhenLate.MISS, State.SENDING),
        (HOUR, WhenLate.MISS, State.MISSED),
        (HOUR, WhenLate.ASK, State.HELD),
    ],
)
def test_a_post_that_was_due_during_an_outage(store, late_after, when_late, ends):
    """Sent late, missed, or asked about, as it says itself; with the reason on record."""
    one = scheduled(store, late_after=late_after, when_late=when_late)

    claims(store, NOON + 3 * HOUR)

    told = store.read(reading.show, one).delivery
    assert ends is told.state
    assert bool(told.why) == (ends is not State.SENDING)


def test_due_exactly_now_is_due(store):
    """And not an instant before."""
    one = scheduled(store)

    assert [] == claims(store, NOON - timedelta(microseconds=1))
    assert [one] == [claim.delivery_id for claim in claims(store, NOON)]


def played(store, begins, lasts, *, takes=5 * SECOND, step=10 * SECOND, browsers=2, workers=1):
    """Let workers take what they may, and give the instants at which posts became live, by account."""
    live, under_way = [], []
    now = begins
    while now < begins + lasts:
        for claim, at in [one for one in under_way if one[1] <= now]:
            store.write(
                settling.answered,
                claim.attempt_id,
                published(*(an_id(at) for _ in claim.parts)),
                now=at,
                jitter=0.5,
            )
            under_way.remove((claim, at))
        for n in range(workers):
            free = browsers - sum(claim.worker == str(n) for claim, _ in under_way)
            for claim in claims(store, now, worker=str(n), at_most=free):
                assert store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=now)
                under_way.append((claim, now + takes))
                live.append((claim.account, claim.due_at, now + takes))
        now += step
    return live


def test_after_an_outage_the_backlog_goes_out_in_order_and_within_its_limits(store):
    """
    Six hours away, twelve overdue: oldest first, never closer than the account's spacing, never more
    than its limit in any hour, by several workers as by one; what its own rule calls stale is missed.
    """
    store.write(account_rows.put, person("alice", per_hour=4, spacing=2 * MINUTE), NOON)
    for n in range(12):
        scheduled(store, due_at=NOON - 6 * HOUR + n * 30 * MINUTE, late_after=None if n % 4 else 2 * HOUR)

    live = played(store, NOON, 5 * HOUR / 2, step=MINUTE, workers=3)

    stale = [entry.delivery.due_at for entry in store.read(reading.queue, state=State.MISSED)]
    # The last of them was not too late when the outage ended; by its turn, its account's limits made it so.
    assert [NOON - 6 * HOUR, NOON - 4 * HOUR, NOON - 2 * HOUR] == stale
    times = [at for _, _, at in live]
    assert 9 == len(times)
    assert [due for _, due, _ in live] == sorted(due for _, due, _ in live)
    assert all(later - earlier >= 2 * MINUTE for earlier, later in pairwise(times))
    for first in times:
        assert sum(first <= at < first + HOUR for at in times) <= 4
    # It does not dawdle either: as many as the limit allows went out.
    assert times[-1] <= NOON + 2 * HOUR + 10 * MINUTE


def test_one_accounts_backlog_delays_nobody_else(store):
    """Bob's post of this minute goes out in this minute, whatever Alice has to catch up on."""
    store.write(account_rows.put, person("alice", per_hour=4, spacing=2 * MINUTE), NOON)
    for n in range(30):
        scheduled(store, due_at=NOON - 6 * HOUR + n * MINUTE)
    for n in range(6):
        scheduled(store, account="bob", due_at=NOON + n * 5 * MINUTE)

    live = played(store, NOON, 30 * MINUTE)

    assert [NOON + n * 5 * MINUTE for n in range(6)] == [due for name, due, _ in live if name == "bob"]
    assert all(at - due <= 20 * SECOND for name, due, at in live if name == "bob")
