"""What was owed, read back from the store: when, what became of it, and whose fault that was."""

from __future__ import annotations

from datetime import timedelta

from steadypost.domain.delivery import State
from steadypost.domain.figures import Fate, availability
from steadypost.domain.outcome import Cause, Deferred, NotSubmitted, Phase
from steadypost.domain.quota import Limits
from steadypost.domain.snowflake import id_at
from steadypost.domain.span import Span
from tests.store.people import (
    HOUR,
    MINUTE,
    NEVER,
    NOON,
    SECOND,
    TOO_LONG,
    UNHEARD,
    an_id,
    answer,
    armed,
    claimed,
    person,
    published,
    saying,
    scheduled,
)

T = 5 * MINUTE
DAY = Span(NOON - HOUR, NOON + 24 * HOUR)
NIGHT = NOON + 24 * HOUR


def fates(store, window=DAY, now=NIGHT):
    return {one.delivery_id: one.judged(within=T, now=now) for one in store.owed(window, T)}


def out(store, at=NOON, **more):
    """Publish what is due, live a second after it was claimed."""
    claim = armed(store, at, **more)
    ids = [an_id(at) for _ in claim.parts]
    store.answered(claim.attempt_id, published(*ids, first=claim.first), at + 3 * SECOND, 0.5)
    return ids


def test_when_a_post_was_live_is_told_by_its_id(store):
    """Not by when somebody wrote it down; both are known."""
    one = scheduled(store)
    out(store, NOON + MINUTE)

    [owed] = store.owed(DAY)

    assert (one, "alice", NOON, State.PUBLISHED) == (owed.delivery_id, owed.account, owed.at, owed.state)
    assert timedelta(0) <= owed.live_at - (NOON + MINUTE) <= 3 * SECOND
    assert NOON + MINUTE + 3 * SECOND == owed.recorded_at
    assert {one: Fate.GOOD} == fates(store)
    assert [] == store.owed(Span(NOON + HOUR, NOON + 2 * HOUR))


def test_a_thread_is_live_with_its_last_part(store):
    """Half a thread is not."""
    one = scheduled(store, saying("one", "two"))
    claim = armed(store)
    store.answered(claim.attempt_id, answer(*published(an_id()).outcomes, NEVER), NOON + SECOND, 0.5)

    assert {one: Fate.OVERDUE} == fates(store)

    out(store, NOON + HOUR)

    assert {one: Fate.LATE} == fates(store)
    [owed] = store.owed(DAY)
    assert owed.live_at > NOON + HOUR


def test_what_is_not_live(store):
    """In doubt, refused, missed, taken back: each is told apart."""
    doubt = scheduled(store)
    store.answered(armed(store).attempt_id, answer(UNHEARD), NOON + SECOND, 0.5)
    refused = scheduled(store)
    store.answered(armed(store).attempt_id, answer(TOO_LONG), NOON + SECOND, 0.5)
    missed = scheduled(store, late_after=10 * MINUTE)
    store.miss_late(NOON + HOUR)
    back = scheduled(store)
    store.cancel(back, now=NOON + MINUTE)
    late_back = scheduled(store)
    store.cancel(late_back, now=NOON + HOUR)

    assert {
        doubt: Fate.IN_DOUBT,
        refused: Fate.REFUSED,
        missed: Fate.MISSED,
        back: Fate.TAKEN_BACK,
        late_back: Fate.TAKEN_BACK_LATE,
    } == fates(store)


def test_what_came_in_late_or_was_held_is_owed_from_then_on(store):
    """Nobody can be late with what was not there."""
    [late] = store.add(saying(), accounts=["alice"], due_at=NOON - 10 * HOUR, now=NOON)
    first = scheduled(store, saying("the same"), due_at=NOON + HOUR)
    held = scheduled(store, saying("the same"), due_at=NOON + HOUR)
    assert {first: Fate.OVERDUE, held: Fate.HELD, late.delivery_id: Fate.OVERDUE} == fates(store)

    store.release(held, now=NOON + 3 * HOUR)

    at = {one.delivery_id: one.at for one in store.owed(DAY)}
    assert {late.delivery_id: NOON, first: NOON + HOUR, held: NOON + 3 * HOUR} == at
    # Also when the window holds nothing of it but the release.
    assert [held] == [one.delivery_id for one in store.owed(Span(NOON + 2 * HOUR, NIGHT))]


def test_a_second_copy_counts_whatever_the_state_says(store):
    """It is published, and told in its own words: good it is not."""
    one = scheduled(store)
    first = armed(store)
    store.rescue(NOON + MINUTE)
    store.resolve(one, absent=True, by="alice", why="looked", now=NOON + MINUTE)
    second = armed(store, NOON + 30 * MINUTE)
    store.answered(second.attempt_id, published(id_at(NOON + 30 * MINUTE)), NOON + 30 * MINUTE, 0.5)
    store.answered(first.attempt_id, published(id_at(NOON + SECOND)), NOON + 31 * MINUTE, 0.5)

    assert {one: Fate.TWICE} == fates(store)


def test_an_accounts_own_limits_are_no_fault_of_the_service(store):
    """What they left no room for is named, not counted; what a doubt took of them is no excuse."""
    store.put_account(person("alice", per_hour=1), NOON)
    first, second = scheduled(store), scheduled(store)
    out(store)

    assert {first: Fate.GOOD, second: Fate.NO_ROOM} == fates(store)
    assert 1 == availability(store.owed(DAY, T), now=NIGHT, within=T).due

    store.put_account(person("bob", per_hour=1), NOON)
    doubt, third = (scheduled(store, account="bob") for _ in range(2))
    store.answered(armed(store, accounts=["bob"]).attempt_id, answer(UNHEARD), NOON + SECOND, 0.5)

    assert (Fate.IN_DOUBT, Fate.OVERDUE) == (fates(store)[doubt], fates(store)[third])


def test_limits_that_had_room_again_excuse_nothing(store):
    """An hour later there was room, and nobody went."""
    store.put_account(person("alice", per_hour=1), NOON)
    scheduled(store)
    late = scheduled(store, due_at=NOON + 2 * HOUR)
    out(store)

    assert Limits(per_hour=1) == store.account("alice").limits
    assert Fate.OVERDUE is fates(store)[late]


def test_when_the_network_was_away(store):
    """From the attempt that met it so to the one that found it back."""
    scheduled(store)
    away = NotSubmitted(cause=Cause.PAGE_UNREACHABLE, why="no answer", phase=Phase.OPENED)
    store.answered(claimed(store).attempt_id, answer(away), NOON + 20 * SECOND, 0.5)
    busy = Deferred(cause=Cause.SERVER_ERROR, code="503", why="over capacity")
    store.answered(armed(store, NOON + 5 * MINUTE).attempt_id, answer(busy), NOON + 5 * MINUTE, 0.5)
    out(store, NOON + 12 * MINUTE)

    [outage] = store.outages(DAY)

    assert ("alice", Span(NOON, NOON + 12 * MINUTE + 3 * SECOND)) == (outage.account, outage.span)
    told = availability(store.owed(DAY, T), now=NIGHT, within=T, but=[outage])
    assert (0, {Fate.OUTAGE: 1}) == (told.due, told.left_out)
