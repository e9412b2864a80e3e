"""What a person takes down is written down before, told to nobody after, and counted as it was."""

import pytest

from steadypost.domain import clock
from steadypost.domain.delivery import State
from steadypost.domain.evidence import Absent, Present
from steadypost.domain.figures import PostOutcome
from steadypost.domain.span import Span
from steadypost.store import (
    UnknownDelivery,
    figures,
    looks,
    notices,
    persons,
    reading,
    removals,
    settling,
    unconfirmed,
)
from steadypost.store.acts import By
from steadypost.store.removals import DID, NOT_DONE, CannotBeTakenDown
from tests.store.people import (
    HOUR,
    MINUTE,
    NEVER,
    NOON,
    SECOND,
    UNHEARD,
    an_id,
    answer,
    armed,
    published,
    saying,
    scheduled,
)

DORA = By(name="Dora", why="the wrong date")
SOON, LATER = NOON + MINUTE, NOON + HOUR
GONE = Absent(why="nothing is at its address")


def live(store, *texts):
    """A delivery that is published, and its ids."""
    scheduled(store, saying(*texts or ("The lamp is lit.",)))
    claim = armed(store)
    ids = [an_id(NOON + n * SECOND) for n in range(len(texts) or 1)]
    store.write(settling.answered, claim.attempt_id, published(*ids), now=NOON + SECOND, jitter=0.5)
    return claim.delivery_id, ids


def begun(store, delivery_id):
    return store.write(removals.begin, delivery_id, by=DORA, now=SOON)


def test_it_is_written_down_before_and_after(store):
    """Who and why stand there before anything is asked; that it is gone only when that was seen."""
    delivery_id, [first, second] = live(store, "One.", "Two.")

    plan = begun(store, delivery_id)

    assert [(1, second, "Two."), (0, first, "One.")] == [(one.n, one.id, one.text) for one in plan.parts]
    [act] = store.read(reading.show, delivery_id).acts
    assert ("Dora", "the wrong date", DID, "published") == (act.by, act.why, act.did, act.after)
    assert State.PUBLISHED is store.read(reading.show, delivery_id).delivery.state

    after = store.write(removals.gone, delivery_id, by=DORA, now=LATER)

    assert (State.REMOVED, "Dora took it down: the wrong date") == (after.state, after.why)
    assert [first, second] == [part.remote_id for part in after.parts]
    assert ["published", "removed"] == [act.after for act in store.read(reading.show, delivery_id).acts]


def test_nobody_is_told_of_what_a_person_took_down(store):
    """Neither as a message, nor as posts that count as published and are not shown, nor in the figures."""
    delivery_id, _ = live(store)
    begun(store, delivery_id)
    before = store.observe(LATER, claims_of=2 * HOUR)
    store.write(removals.gone, delivery_id, by=DORA, now=LATER)

    seen = store.observe(LATER, claims_of=2 * HOUR)
    due_posts = store.read(figures.due_posts, Span(NOON - HOUR, LATER), MINUTE)

    assert [] == store.read(notices.every)
    assert [(), ()] == [one.accounts[0].published for one in (before, seen)]
    assert [PostOutcome.GOOD] == [one.judged(now=LATER) for one in due_posts]


def test_whoever_dies_half_way_leaves_it_to_the_looks(store):
    """A look that finds it gone says whose doing that was, and tells nobody; one that finds it there changes nothing."""
    there, [kept] = live(store)
    begun(store, there)
    gone, _ = live(store, "Another.")
    begun(store, gone)

    assert frozenset() == store.read(unconfirmed.accounts_due, SOON + MINUTE)
    due = store.read(unconfirmed.due, "alice", SOON + removals.LOOKED_AT_AFTER)
    assert {there, gone} == {one.delivery_id for one in due}
    store.write(looks.saw, there, {0: Present(remote_id=kept)}, now=LATER, next_at=LATER)
    for at in (LATER, LATER + HOUR):
        store.write(looks.saw, gone, {0: GONE}, now=at, next_at=at)

    assert State.PUBLISHED is store.read(reading.show, there).delivery.state
    after = store.read(reading.show, gone).delivery
    assert (State.REMOVED, "Dora took it down: the wrong date") == (after.state, after.why)
    assert [] == store.read(notices.every)


def test_what_was_not_done_is_no_excuse_later(store):
    """Seen there after the removal, it was not taken down: if it vanishes then, somebody is told."""
    delivery_id, _ = live(store)
    begun(store, delivery_id)
    store.write(removals.not_done, delivery_id, by=DORA, now=SOON)

    assert {} == store.read(removals.taken_down, [delivery_id])
    assert [DID, NOT_DONE] == [act.did for act in store.read(reading.show, delivery_id).acts]
    for at in (LATER, LATER + HOUR):
        store.write(looks.saw, delivery_id, {0: GONE}, now=at, next_at=at)
    assert ["Delivery 1 of alice is not live any more"] == [one.title for one in store.read(notices.every)]


def test_the_same_again_is_the_same(store):
    """A lost answer is followed by the same command: it ends where it ended."""
    delivery_id, _ = live(store)
    for _ in range(2):
        begun(store, delivery_id)
        after = store.write(removals.gone, delivery_id, by=DORA, now=LATER)

    assert State.REMOVED is after.state


def test_what_is_live_of_a_thread_whose_rest_was_taken_back(store):
    """First the rest is taken back; then what is live of it can be taken down."""
    scheduled(store, saying("One.", "Two."))
    claim = armed(store)
    store.write(
        settling.answered,
        claim.attempt_id,
        answer(published(an_id()).outcomes[0], NEVER),
        now=NOON,
        jitter=0.5,
    )
    with pytest.raises(CannotBeTakenDown, match=f"steadypost cancel {claim.delivery_id}"):
        begun(store, claim.delivery_id)
    store.write(persons.cancel, claim.delivery_id, by=By(), now=clock.now())

    plan = begun(store, claim.delivery_id)
    after = store.write(removals.gone, claim.delivery_id, by=DORA, now=LATER)

    assert [0] == [part.n for part in plan.parts]
    assert State.REMOVED is after.state


def unconfirmed_delivery(store):
    scheduled(store)
    claim = armed(store)
    store.write(settling.answered, claim.attempt_id, answer(UNHEARD), now=NOON, jitter=0.5)
    return claim.delivery_id


def under_way(store):
    scheduled(store)
    return armed(store).delivery_id


def taken_back(store):
    delivery_id = scheduled(store)
    store.write(persons.cancel, delivery_id, by=By(), now=clock.now())
    return delivery_id


@pytest.mark.parametrize(
    ("come_to", "told"),
    [
        (scheduled, "steadypost cancel 1"),
        (taken_back, "nothing of it is live"),
        (under_way, "being sent now"),
        (unconfirmed_delivery, "its address is not known"),
    ],
    ids=["waits", "taken back", "being sent", "unconfirmed"],
)
def test_what_is_not_known_to_be_live_is_not_taken_down(store, come_to, told):
    """It says what is possible instead, and writes nothing down."""
    delivery_id = come_to(store)
    with pytest.raises(CannotBeTakenDown, match=told):
        begun(store, delivery_id)

    assert [] == [act for act in store.read(reading.show, delivery_id).acts if act.did == DID]


def test_there_has_to_be_such_a_delivery(store):
    with pytest.raises(UnknownDelivery):
        store.read(removals.planned, 99)
