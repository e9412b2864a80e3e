"""An id is never lost: whatever was believed, or said by a person, an answer that brings one is the truth."""

from __future__ import annotations

import pytest

from steadypost.domain.delivery import State
from steadypost.domain.evidence import Absent, Present
from steadypost.domain.network import Pointer
from steadypost.domain.outcome import Cause
from steadypost.domain.parts import PartState
from steadypost.networks.x import SLOWEST_CREATION
from steadypost.store import accounts as account_rows
from steadypost.store import late, looks, persons, reading, settling, unconfirmed
from steadypost.store.acts import By
from tests.store.people import (
    BROKEN,
    HOUR,
    LEASE,
    MINUTE,
    NEVER,
    NOON,
    TOO_LONG,
    UNHEARD,
    an_id,
    answer,
    armed,
    claimed,
    claims,
    person,
    published,
    saying,
    scheduled,
)
from tests.store.racing import together

LATER = NOON + SLOWEST_CREATION + LEASE
"""When what was said to be absent may be asked for again."""


@pytest.fixture
def lost(store):
    """An attempt that was armed and then fell silent; its answer waits somewhere."""
    store.write(account_rows.put, person("alice", per_hour=100), NOON)

    def lose(*texts, **more):
        scheduled(store, saying(*texts), **more)
        claim = armed(store)
        store.rescue(NOON + LEASE)
        return claim

    return lose


def absent(store, claim, now=NOON + MINUTE, **more):
    return store.write(
        persons.resolve, claim.delivery_id, absent=True, by=By(name="Carol", why="not there"), now=now, **more
    )


def stands(store, claim):
    delivery = store.read(reading.show, claim.delivery_id).delivery
    return delivery.state, [part.remote_id for part in delivery.parts]


def units(store, now=LATER):
    return sum(use.units for use in store.read(reading.quota, "alice", now))


def test_a_person_who_was_wrong_is_outweighed_before_anybody_asks_again(store, lost):
    """Said to be absent, and then the answer lands: it is published, and not asked for again."""
    claim = lost()
    absent(store, claim)
    found = an_id()

    settled = store.write(settling.answered, claim.attempt_id, published(found), now=LATER, jitter=0.5)

    assert settled.applied
    assert (State.PUBLISHED, [found]) == stands(store, claim)
    assert [] == claims(store, LATER + HOUR)
    assert 1 == units(store)


@pytest.mark.parametrize("outcome", [UNHEARD, BROKEN, TOO_LONG], ids=["unheard", "not submitted", "refused"])
def test_without_an_id_a_person_s_word_stands(store, lost, outcome):
    """They looked; the attempt only says what it did not learn."""
    claim = lost()
    absent(store, claim)

    settled = store.write(settling.answered, claim.attempt_id, answer(outcome), now=LATER, jitter=0.5)

    assert not settled.applied
    assert State.SCHEDULED is stands(store, claim)[0]
    assert answer(outcome) == store.read(reading.show, claim.delivery_id).attempts[0].answer
    assert 0 == units(store)


def test_what_was_dropped_and_is_live_is_published(store, lost):
    """Nothing stays cancelled while it is live."""
    claim = lost()
    absent(store, claim, drop=True)
    found = an_id()

    store.write(settling.answered, claim.attempt_id, published(found), now=LATER, jitter=0.5)

    assert (State.PUBLISHED, [found]) == stands(store, claim)
    assert ["alice"] == list(store.read(unconfirmed.accounts_due, LATER + MINUTE))
    assert 1 == units(store)


def test_what_was_missed_meanwhile_and_is_live_is_published(store, lost):
    """Nor missed."""
    claim = lost(late_after=MINUTE)
    absent(store, claim)
    late.put_aside(store._database, LATER)
    assert State.MISSED is stands(store, claim)[0]

    store.write(settling.answered, claim.attempt_id, published(), now=LATER, jitter=0.5)

    assert State.PUBLISHED is stands(store, claim)[0]


@pytest.mark.parametrize("outcome", [TOO_LONG, UNHEARD], ids=["refused", "unconfirmed"])
def test_what_the_next_attempt_was_refused_and_is_live_is_published(store, lost, outcome):
    """Nor refused; and what the next attempt never learnt is no longer unconfirmed."""
    claim = lost()
    absent(store, claim)
    store.write(settling.answered, armed(store, LATER).attempt_id, answer(outcome), now=LATER, jitter=0.5)

    store.write(settling.answered, claim.attempt_id, published(), now=LATER, jitter=0.5)

    assert State.PUBLISHED is stands(store, claim)[0]


def test_an_attempt_that_was_about_to_ask_again_is_stopped(store, lost):
    """Claimed and not yet armed: it is never armed, its quota is given back, and nothing it says moves anything."""
    claim = lost()
    absent(store, claim)
    again = claimed(store, LATER)
    found = an_id()

    store.write(settling.answered, claim.attempt_id, published(found), now=LATER, jitter=0.5)

    assert not store.write(settling.arm, again.attempt_id, fence=again.fence, now=LATER)
    assert not store.write(settling.answered, again.attempt_id, answer(BROKEN), now=LATER, jitter=0.5).applied
    assert (State.PUBLISHED, [found]) == stands(store, claim)
    assert 1 == units(store)
    assert [] == store.rescue(LATER + HOUR)


def test_a_second_copy_is_told_and_not_hidden(store, lost):
    """
    The next attempt is at its click when the first one's id lands. What it made is a second copy, by the
    person's word: the delivery keeps the first id, names the second, and both are counted.
    """
    claim = lost()
    absent(store, claim)
    again = armed(store, LATER)
    first, second = an_id(), an_id(LATER)

    assert store.write(settling.answered, claim.attempt_id, published(first), now=LATER, jitter=0.5).applied
    assert (State.SENDING, [first]) == stands(store, claim)
    store.write(settling.answered, again.attempt_id, published(second), now=LATER, jitter=0.5)

    assert (State.PUBLISHED, [first]) == stands(store, claim)
    delivery = store.read(reading.show, claim.delivery_id).delivery
    assert Cause.DUPLICATE is delivery.cause
    assert f"live twice, as {first} and as {second}" in delivery.why
    assert 2 == units(store)


def test_the_id_lands_when_the_second_copy_is_there_already(store, lost):
    """The other way round, the same."""
    claim = lost()
    absent(store, claim)
    second = an_id(LATER)
    store.write(settling.answered, armed(store, LATER).attempt_id, published(second), now=LATER, jitter=0.5)
    first = an_id()

    assert store.write(settling.answered, claim.attempt_id, published(first), now=LATER, jitter=0.5).applied

    delivery = store.read(reading.show, claim.delivery_id).delivery
    assert (State.PUBLISHED, [second]) == stands(store, claim)
    assert f"live twice, as {second} and as {first}" in delivery.why
    assert 2 == units(store)


def test_the_next_attempt_dies_at_its_click(store, lost):
    """The id that landed meanwhile is kept by rescue too."""
    claim = lost()
    absent(store, claim)
    armed(store, LATER)
    found = an_id()
    store.write(settling.answered, claim.attempt_id, published(found), now=LATER, jitter=0.5)

    store.rescue(LATER + HOUR)

    assert (State.PUBLISHED, [found]) == stands(store, claim)


def test_an_id_that_says_another_post_than_the_person(store, lost):
    """A person pointed at one post, the answer at another: both are named."""
    claim = lost()
    pointed, given = an_id(), an_id()
    store.write(
        persons.resolve,
        claim.delivery_id,
        live=[Pointer(id=pointed)],
        by=By(name="Carol", why="seen"),
        now=NOON + MINUTE,
    )

    store.write(settling.answered, claim.attempt_id, published(given), now=LATER, jitter=0.5)

    assert (State.PUBLISHED, [pointed]) == stands(store, claim)
    assert given in store.read(reading.show, claim.delivery_id).delivery.why


def test_a_thread_of_which_a_part_came_to_light_goes_before_a_person(store, lost):
    """They said that none of it was there; what the answer cannot tell is unconfirmed again."""
    claim = lost("one", "two", "three")
    absent(store, claim)
    found = an_id()

    store.write(
        settling.answered,
        claim.attempt_id,
        answer(*published(found).outcomes, UNHEARD, NEVER),
        now=LATER,
        jitter=0.5,
    )

    delivery = store.read(reading.show, claim.delivery_id).delivery
    assert (State.NEEDS_REVIEW, [found, None, None]) == stands(store, claim)
    assert [PartState.LIVE, PartState.ASKED, PartState.WAITING] == [part.state for part in delivery.parts]
    assert "answered late" in delivery.why
    assert [] == claims(store, LATER + HOUR)


def test_an_id_of_another_delivery_is_not_believed(store, lost):
    """However late it comes."""
    claim = lost()
    absent(store, claim)
    scheduled(store, account="alice", due_at=NOON)
    taken = an_id(NOON + MINUTE)
    other = armed(store, NOON + MINUTE)
    store.write(settling.answered, other.attempt_id, published(taken), now=NOON + MINUTE, jitter=0.5)

    assert not store.write(
        settling.answered, claim.attempt_id, published(taken), now=LATER, jitter=0.5
    ).applied
    assert State.SCHEDULED is stands(store, claim)[0]


def test_said_twice_it_counts_once(store, lost):
    """The outbox may hand the same answer in again."""
    claim = lost()
    absent(store, claim)
    given = published()
    store.write(settling.answered, claim.attempt_id, given, now=LATER, jitter=0.5)
    before = store.read(reading.show, claim.delivery_id)

    store.write(settling.answered, claim.attempt_id, given, now=LATER + MINUTE, jitter=0.5)

    assert before == store.read(reading.show, claim.delivery_id)


def test_the_word_and_the_answer_at_the_same_moment(store, lost):
    """Whoever comes first: it ends published with its id, and is not asked for again."""
    for _ in range(8):
        claim = lost()
        found = an_id()

        def act(number, claim=claim, found=found):
            if number == 0:
                store.write(
                    settling.answered, claim.attempt_id, published(found), now=NOON + MINUTE, jitter=0.5
                )
            else:
                try:
                    absent(store, claim, drop=number == 1)
                except ValueError:
                    return

        together(3, act)

        assert (State.PUBLISHED, [found]) == stands(store, claim)
    assert [] == claims(store, LATER + HOUR)


@pytest.mark.parametrize("words", [{}, {"drop": True}], ids=["absent", "dropped"])
def test_a_look_that_comes_home_after_a_person_spoke(store, lost, words):
    """It found what they had not seen: that is published, and not asked for again."""
    claim = lost()
    absent(store, claim, **words)
    found = an_id()

    store.write(looks.saw, claim.delivery_id, {0: Present(remote_id=found)}, now=LATER, next_at=LATER)

    assert (State.PUBLISHED, [found]) == stands(store, claim)
    assert [] == claims(store, LATER + HOUR)
    assert 1 == units(store)


def test_a_look_that_comes_home_before_the_next_click(store, lost):
    """The next attempt is never armed."""
    claim = lost()
    absent(store, claim)
    again = claimed(store, LATER)

    store.write(looks.saw, claim.delivery_id, {0: Present(remote_id=an_id())}, now=LATER, next_at=LATER)

    assert not store.write(settling.arm, again.attempt_id, fence=again.fence, now=LATER)
    assert State.PUBLISHED is stands(store, claim)[0]
    assert 1 == units(store)


def test_a_look_that_saw_nothing_moves_nobody(store, lost):
    """Not seeing is not evidence against a person's word, nor for it."""
    claim = lost()
    absent(store, claim)
    before = store.read(reading.show, claim.delivery_id).delivery

    store.write(looks.saw, claim.delivery_id, {0: Absent(why="not in the list")}, now=LATER, next_at=LATER)

    assert before == store.read(reading.show, claim.delivery_id).delivery
