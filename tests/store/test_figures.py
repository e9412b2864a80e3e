"""What was due, read back from the store: when, what became of it, and whose fault that was."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from steadypost.domain.change import Op
from steadypost.domain.delivery import State, WhenLate
from steadypost.domain.figures import PostOutcome, availability
from steadypost.domain.outcome import Cause, Deferred, NotSubmitted, Phase
from steadypost.domain.quota import Limits
from steadypost.domain.span import Span
from steadypost.networks.x.snowflake import id_at
from steadypost.store import Incoming, approving, changing, figures, intake, persons, settling
from steadypost.store import accounts as account_rows
from steadypost.store import late as late_rows
from steadypost.store.acts import By
from steadypost.store.operations import Moving
from steadypost.store.selecting import Selection
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


def outcomes(store, window=DAY, now=NIGHT):
    return {
        one.delivery_id: one.judged(within=T, now=now) for one in store.read(figures.due_posts, window, T)
    }


def out(store, at=NOON, **more):
    """Publish what is due, live a second after it was claimed."""
    claim = armed(store, at, **more)
    ids = [an_id(at) for _ in claim.parts]
    store.write(
        settling.answered,
        claim.attempt_id,
        published(*ids, first=claim.first),
        now=at + 3 * SECOND,
        jitter=0.5,
    )
    return ids


def test_when_a_post_was_live_is_told_by_its_id(store):
    """Not by when somebody wrote it down; both are known."""
    one = scheduled(store)
    out(store, NOON + MINUTE)

    [due_posts] = store.read(figures.due_posts, DAY)

    assert (one, "alice", NOON, State.PUBLISHED) == (
        due_posts.delivery_id,
        due_posts.account,
        due_posts.at,
        due_posts.state,
    )
    assert timedelta(0) <= due_posts.live_at - (NOON + MINUTE) <= 3 * SECOND
    assert NOON + MINUTE + 3 * SECOND == due_posts.recorded_at
    assert {one: PostOutcome.GOOD} == outcomes(store)
    assert [] == store.read(figures.due_posts, Span(NOON + HOUR, NOON + 2 * HOUR))


def test_a_thread_is_live_with_its_last_part(store):
    """Half a thread is not."""
    one = scheduled(store, saying("one", "two"))
    claim = armed(store)
    store.write(
        settling.answered,
        claim.attempt_id,
        answer(*published(an_id()).outcomes, NEVER),
        now=NOON + SECOND,
        jitter=0.5,
    )

    assert {one: PostOutcome.OVERDUE} == outcomes(store)

    out(store, NOON + HOUR)

    assert {one: PostOutcome.LATE} == outcomes(store)
    [due_posts] = store.read(figures.due_posts, DAY)
    assert due_posts.live_at > NOON + HOUR


def test_what_is_not_live(store):
    """Unconfirmed, refused, missed, taken back: each is told apart."""
    unconfirmed = scheduled(store)
    store.write(settling.answered, armed(store).attempt_id, answer(UNHEARD), now=NOON + SECOND, jitter=0.5)
    refused = scheduled(store)
    store.write(settling.answered, armed(store).attempt_id, answer(TOO_LONG), now=NOON + SECOND, jitter=0.5)
    missed = scheduled(store, late_after=10 * MINUTE)
    late_rows.put_aside(store._database, NOON + HOUR)
    back = scheduled(store)
    store.write(persons.cancel, back, now=NOON + MINUTE, by=By())
    late_back = scheduled(store)
    store.write(persons.cancel, late_back, now=NOON + HOUR, by=By())

    assert {
        unconfirmed: PostOutcome.UNCONFIRMED,
        refused: PostOutcome.REFUSED,
        missed: PostOutcome.MISSED,
        back: PostOutcome.TAKEN_BACK,
        late_back: PostOutcome.TAKEN_BACK_LATE,
    } == outcomes(store)


def test_what_came_in_late_or_was_held_is_due_from_then_on(store):
    """Nobody can be late with what was not there."""
    [late] = store.write(intake.add, saying(), accounts=["alice"], due_at=NOON - 10 * HOUR, now=NOON)
    first = scheduled(store, saying("the same"), due_at=NOON + HOUR)
    held = scheduled(store, saying("the same"), due_at=NOON + HOUR)
    assert {
        first: PostOutcome.OVERDUE,
        held: PostOutcome.HELD,
        late.delivery_id: PostOutcome.OVERDUE,
    } == outcomes(store)

    store.write(persons.release, held, now=NOON + 3 * HOUR, by=By())

    at = {one.delivery_id: one.at for one in store.read(figures.due_posts, DAY)}
    assert {late.delivery_id: NOON, first: NOON + HOUR, held: NOON + 3 * HOUR} == at
    # Also when the window holds nothing of it but the release.
    assert [held] == [one.delivery_id for one in store.read(figures.due_posts, Span(NOON + 2 * HOUR, NIGHT))]


def test_what_our_own_outage_made_late_is_not_good_whoever_releases_it(store):
    """Ten that ask, held by three hours in which nobody published: due all the while, and late once released."""
    ten = [scheduled(store, late_after=10 * MINUTE, when_late=WhenLate.ASK) for _ in range(10)]
    late_rows.put_aside(store._database, NOON + 3 * HOUR)

    held = availability(store.read(figures.due_posts, DAY, T), now=NIGHT, within=T)
    for one in ten:
        store.write(persons.release, one, by=By(name="alice"), now=NOON + 3 * HOUR)
        out(store, NOON + 3 * HOUR)
    released = availability(store.read(figures.due_posts, DAY, T), now=NIGHT, within=T)

    assert (10, 0, {PostOutcome.HELD_LATE: 10}) == (held.due, held.good, held.bad)
    assert (10, 0, {PostOutcome.LATE: 10}) == (released.due, released.good, released.bad)
    # Nor does a window that holds nothing of them but the release.
    assert [] == store.read(figures.due_posts, Span(NOON + 2 * HOUR, NIGHT), T)


def moved(store, number, to, *, now, op=Op.MOVE):
    return store.write(
        changing.change,
        Moving(due=lambda _: to, op=op),
        Selection(ids=(number,)),
        did=str(op),
        by=By(name="alice"),
        now=now,
    )


HELD_LATE = {"late_after": 10 * MINUTE, "when_late": WhenLate.ASK}


@pytest.mark.parametrize(
    ("rule", "op", "put_aside"),
    [
        (HELD_LATE, Op.MOVE, True),
        ({"late_after": 10 * MINUTE}, Op.RESCHEDULE, True),
        ({}, Op.MOVE, False),
    ],
    ids=["held by its late rule", "missed by its late rule", "overdue, and without a rule"],
)
def test_what_our_own_outage_made_late_is_not_good_at_another_time_either(store, rule, op, put_aside):
    """Who gives it a new time after its own has passed does not make it on time, whatever window is asked for."""
    one = scheduled(store, **rule)
    if put_aside:
        late_rows.put_aside(store._database, NOON + 3 * HOUR)
    assert moved(store, one, NOON + 5 * HOUR, now=NOON + 3 * HOUR, op=op).changed
    out(store, NOON + 5 * HOUR)

    assert {one: PostOutcome.LATE} == outcomes(store)
    assert [NOON] == [due.at for due in store.read(figures.due_posts, DAY, T)]
    # The window of its own time has it, though its new one is outside; the window of the new one does not.
    assert {one: PostOutcome.LATE} == outcomes(store, Span(NOON - HOUR, NOON + HOUR))
    assert {} == outcomes(store, Span(NOON + 4 * HOUR, NIGHT))


def test_a_time_that_was_changed_while_nothing_was_late_is_the_time(store):
    """Before it was due, or while it could still be on time; also of what waited for a person and not for us."""
    early, just = scheduled(store), scheduled(store)
    scheduled(store, saying("the same"), due_at=NOON + 20 * HOUR)
    again = scheduled(store, saying("the same"))
    assert moved(store, early, NOON + 5 * HOUR, now=NOON - MINUTE).changed
    assert moved(store, just, NOON + 6 * HOUR, now=NOON + T).changed
    assert moved(store, again, NOON + 7 * HOUR, now=NOON + 3 * HOUR).changed
    store.write(persons.release, again, now=NOON + 4 * HOUR, by=By())
    for n in (5, 6, 7):
        out(store, NOON + n * HOUR)

    assert {early: PostOutcome.GOOD, just: PostOutcome.GOOD, again: PostOutcome.GOOD} == {
        one: outcome for one, outcome in outcomes(store).items() if one in {early, just, again}
    }


def test_a_second_move_hides_no_first(store):
    """Late at its first time, moved; moved again before the second had come; and taken back: late all the while."""
    one, other = scheduled(store), scheduled(store, due_at=NOON + MINUTE)
    moved(store, one, NOON + 5 * HOUR, now=NOON + 3 * HOUR)
    moved(store, one, NOON + 8 * HOUR, now=NOON + 4 * HOUR)
    moved(store, other, NOON + 9 * HOUR, now=NOON + 3 * HOUR)
    out(store, NOON + 8 * HOUR)
    store.write(persons.cancel, other, now=NOON + 8 * HOUR, by=By())

    assert {one: PostOutcome.LATE, other: PostOutcome.TAKEN_BACK_LATE} == outcomes(store)


def test_what_waited_for_a_second_persons_yes_is_not_late_by_our_fault(store):
    """Nothing could go out before the yes, also where its late rule asks; it is due from then on."""
    store.write(account_rows.put, replace(person("alice"), approvers="Bob"), NOON)
    incoming = Incoming(post=saying(), accounts=("alice",), due_at=NOON, by="Ann", **HELD_LATE)
    [[one]] = store.write(intake.add_all, [incoming], NOON - HOUR)
    late_rows.put_aside(store._database, NOON + 3 * HOUR)
    assert {one.delivery_id: PostOutcome.HELD} == outcomes(store)

    those = Selection(ids=(one.delivery_id,))
    assert store.write(approving.approve, those, by=By(name="Bob"), now=NOON + 3 * HOUR).changed
    out(store, NOON + 3 * HOUR)

    assert {one.delivery_id: PostOutcome.GOOD} == outcomes(store)


def test_a_repetition_that_was_released_in_time_and_then_held_late_is_due_from_its_first_release(store):
    """Two words were needed; only the first was ours to wait for."""
    scheduled(store, saying("the same"))
    out(store)
    rule = {"late_after": 10 * MINUTE, "when_late": WhenLate.ASK, "due_at": NOON + HOUR}
    again = scheduled(store, saying("the same"), **rule)
    assert PostOutcome.HELD is outcomes(store)[again]

    store.write(persons.release, again, now=NOON + MINUTE, by=By())
    late_rows.put_aside(store._database, NOON + 4 * HOUR)
    assert PostOutcome.HELD_LATE is outcomes(store)[again]
    store.write(persons.release, again, now=NOON + 5 * HOUR, by=By())
    out(store, NOON + 5 * HOUR)

    assert PostOutcome.LATE is outcomes(store)[again]
    assert NOON + HOUR == next(
        one.at for one in store.read(figures.due_posts, DAY) if one.delivery_id == again
    )


def test_a_second_copy_counts_whatever_the_state_says(store):
    """It is published, and told in its own words: good it is not."""
    one = scheduled(store)
    first = armed(store)
    store.rescue(NOON + MINUTE)
    store.write(persons.resolve, one, absent=True, by=By(name="alice", why="looked"), now=NOON + MINUTE)
    second = armed(store, NOON + 30 * MINUTE)
    store.write(
        settling.answered,
        second.attempt_id,
        published(id_at(NOON + 30 * MINUTE)),
        now=NOON + 30 * MINUTE,
        jitter=0.5,
    )
    store.write(
        settling.answered,
        first.attempt_id,
        published(id_at(NOON + SECOND)),
        now=NOON + 31 * MINUTE,
        jitter=0.5,
    )

    assert {one: PostOutcome.TWICE} == outcomes(store)


def test_an_accounts_own_limits_are_no_fault_of_the_service(store):
    """What they left no room for is named, not counted; what an unconfirmed delivery took of them is no excuse."""
    store.write(account_rows.put, person("alice", per_hour=1), NOON)
    first, second = scheduled(store), scheduled(store)
    out(store)

    assert {first: PostOutcome.GOOD, second: PostOutcome.NO_CAPACITY} == outcomes(store)
    assert 1 == availability(store.read(figures.due_posts, DAY, T), now=NIGHT, within=T).due

    store.write(account_rows.put, person("bob", per_hour=1), NOON)
    unconfirmed, third = (scheduled(store, account="bob") for _ in range(2))
    store.write(
        settling.answered,
        armed(store, accounts=["bob"]).attempt_id,
        answer(UNHEARD),
        now=NOON + SECOND,
        jitter=0.5,
    )

    assert (PostOutcome.UNCONFIRMED, PostOutcome.OVERDUE) == (
        outcomes(store)[unconfirmed],
        outcomes(store)[third],
    )


def test_limits_that_had_room_again_excuse_nothing(store):
    """An hour later there was room, and nobody went."""
    store.write(account_rows.put, person("alice", per_hour=1), NOON)
    scheduled(store)
    late = scheduled(store, due_at=NOON + 2 * HOUR)
    out(store)

    assert Limits(per_hour=1) == store.read(account_rows.one, "alice").limits
    assert PostOutcome.OVERDUE is outcomes(store)[late]


def test_when_the_network_was_away(store):
    """From the attempt that met it so to the one that found it back."""
    scheduled(store)
    away = NotSubmitted(cause=Cause.PAGE_UNREACHABLE, why="no answer", phase=Phase.OPENED)
    store.write(
        settling.answered, claimed(store).attempt_id, answer(away), now=NOON + 20 * SECOND, jitter=0.5
    )
    busy = Deferred(cause=Cause.SERVER_ERROR, code="503", why="over capacity")
    store.write(
        settling.answered,
        armed(store, NOON + 5 * MINUTE).attempt_id,
        answer(busy),
        now=NOON + 5 * MINUTE,
        jitter=0.5,
    )
    out(store, NOON + 12 * MINUTE)

    [outage] = store.read(figures.outages, DAY)

    assert ("alice", Span(NOON, NOON + 12 * MINUTE + 3 * SECOND)) == (outage.account, outage.span)
    told = availability(store.read(figures.due_posts, DAY, T), now=NIGHT, within=T, but=[outage])
    assert (0, {PostOutcome.OUTAGE: 1}) == (told.due, told.left_out)
