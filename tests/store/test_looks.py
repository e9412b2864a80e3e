"""What a look finds, and what follows from it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from steadypost.domain.clock import Offset
from steadypost.domain.delivery import State
from steadypost.domain.evidence import Absent, CannotTell, Present, SeenPost, Sighting
from steadypost.domain.likeness import plain
from steadypost.domain.parts import PartState
from steadypost.domain.remote_id import RemoteId
from steadypost.domain.weighing import judge
from steadypost.networks.x import NETWORK as X
from steadypost.store import MayBeLive, ledger, looks, persons, reading, settling, unconfirmed
from steadypost.store import accounts as account_rows
from steadypost.store.acts import By
from tests.store.people import (
    HOUR,
    LEASE,
    MINUTE,
    NEVER,
    NOON,
    SECOND,
    UNHEARD,
    an_id,
    answer,
    armed,
    claims,
    person,
    published,
    saying,
    scheduled,
)
from tests.store.racing import together

SOON = NOON + 10 * SECOND
LATER = SOON + 10 * SECOND
NOTHING = CannotTell(why="the list did not reach back")


def unconfirmed_delivery(store, post=None, *outcomes, account="alice"):
    """A delivery that was asked for, and never heard of again."""
    delivery_id = scheduled(store, post, account=account)
    claim = armed(store)
    store.write(settling.answered, claim.attempt_id, answer(*(outcomes or (UNHEARD,))), now=NOON, jitter=0.5)
    return delivery_id


def state(store, delivery_id):
    return store.read(reading.show, delivery_id).delivery.state


def test_an_unconfirmed_delivery_says_what_to_look_for(store):
    """Text, parent, and the time from the arming to the answer: what judging needs, of every found part."""
    parent = an_id(NOON - HOUR)
    delivery_id = unconfirmed_delivery(store, saying("Indeed", "it is", reply_to=parent), UNHEARD, UNHEARD)

    assert frozenset() == store.read(unconfirmed.accounts_due, NOON + SECOND)
    [found] = store.read(unconfirmed.due, "alice", SOON)

    assert (delivery_id, "Alice", "x_web", False, {}) == (
        found.delivery_id,
        found.handle,
        found.channel,
        found.published,
        found.ids,
    )
    assert [("Indeed", parent), ("it is", None)] == [(one.text, one.reply_to) for one in found.wanted]
    assert {(NOON, NOON)} == {(one.began_at, one.ended_at) for one in found.wanted}


def test_a_silent_workers_unconfirmed_delivery_ends_with_its_rescue(store):
    """Nobody knows when a dead worker's post became live; until it was taken away it may have."""
    scheduled(store)
    armed(store)
    store.rescue(NOON + LEASE + MINUTE)

    [found] = store.read(unconfirmed.due, "alice", NOON + HOUR)

    assert NOON + LEASE + MINUTE == found.wanted[0].ended_at


def test_found(store):
    """A post that was found is published, with its id, and no longer counts as unknown."""
    store.write(account_rows.put, person("alice", per_hour=5), NOON)
    delivery_id = unconfirmed_delivery(store)
    found = an_id()

    after = store.write(
        looks.saw, delivery_id, {0: Present(remote_id=found)}, now=SOON, next_at=SOON + MINUTE
    )

    story = store.read(reading.show, delivery_id)
    assert after == story.delivery
    assert (State.PUBLISHED, None, SOON) == (after.state, after.cause, story.verified_at)
    assert [found] == [part.remote_id for part in after.parts]
    assert [(1, False)] == [(use.units, use.unknown) for use in store.read(reading.quota, "alice", SOON)]
    assert frozenset() == store.read(unconfirmed.accounts_due, NOON + HOUR)


def test_found_through_the_domain_s_own_judgement(store):
    """From a sighting to a published delivery, as the reconciling flow goes."""
    delivery_id = unconfirmed_delivery(store, saying("Good evening"))
    found = an_id()
    [waiting] = store.read(unconfirmed.due, "alice", SOON)
    seen = Sighting(
        account="alice",
        at=SOON,
        posts=(SeenPost(id=found, author="Alice", said=plain("Good evening")),),
        offset=Offset(ahead=0 * SECOND, within=SECOND),
    )

    store.write(
        looks.saw,
        delivery_id,
        {0: judge(waiting.wanted, seen, store.read(looks.taken_ids, "alice", {found}))[delivery_id, 0]},
        now=SOON,
        next_at=SOON,
    )

    assert State.PUBLISHED is state(store, delivery_id)


def test_not_found(store):
    """
    Not seeing is not proof: the delivery stays unconfirmed, counts against the quota, and is looked for again
    when we say.
    """
    store.write(account_rows.put, person("alice", per_hour=1), NOON)
    delivery_id = unconfirmed_delivery(store)
    for look, one in enumerate([Absent(why="not there"), NOTHING], start=1):
        after = store.write(
            looks.saw, delivery_id, {0: one}, now=SOON, next_at=SOON + look * MINUTE, at=SOON + look * SECOND
        )
        assert (State.UNCONFIRMED, look, SOON + look * MINUTE) == (after.state, after.looks, after.next_at)

    assert frozenset() == store.read(unconfirmed.accounts_due, SOON + 2 * MINUTE - SECOND)
    assert [True] == [use.unknown for use in store.read(reading.quota, "alice", SOON)]
    assert [Absent(why="not there"), NOTHING] == [
        look.evidence for look in store.read(reading.show, delivery_id).looks
    ]


def test_looking_comes_to_an_end(store):
    """After so many looks a person is asked, and no more load is made."""
    delivery_id = unconfirmed_delivery(store)
    for look in range(3):
        store.write(
            looks.saw,
            delivery_id,
            {0: NOTHING},
            now=SOON,
            next_at=SOON,
            most_looks=3,
            at=SOON + look * SECOND,
        )

    story = store.read(reading.show, delivery_id)
    assert State.NEEDS_REVIEW is story.delivery.state
    told = f"no answer within 30 s; 3 looks did not settle it; the last look: {NOTHING.why}"
    assert told == story.delivery.why
    assert frozenset() == store.read(unconfirmed.accounts_due, NOON + HOUR)
    assert [True] == [use.unknown for use in store.read(reading.quota, "alice", SOON)]


def test_found_after_all(store):
    """A post that turns up while it waits for a person is published; the person is not needed."""
    delivery_id = unconfirmed_delivery(store)
    store.write(looks.saw, delivery_id, {0: NOTHING}, now=SOON, next_at=SOON, most_looks=1)

    store.write(looks.saw, delivery_id, {0: Present(remote_id=an_id())}, now=SOON + SECOND, next_at=SOON)

    assert State.PUBLISHED is state(store, delivery_id)


def test_a_thread_found_part_by_part(store):
    """What is found is kept at once; what is not is looked for on."""
    delivery_id = unconfirmed_delivery(store, saying("one", "two"), UNHEARD, UNHEARD)
    first, second = an_id(), an_id()

    after = store.write(
        looks.saw, delivery_id, {0: Present(remote_id=first), 1: NOTHING}, now=SOON, next_at=SOON
    )

    assert (State.UNCONFIRMED, [first, None]) == (after.state, [part.remote_id for part in after.parts])
    [waiting] = store.read(unconfirmed.due, "alice", SOON)
    assert [(1, first)] == [(one.n, one.reply_to) for one in waiting.wanted]
    assert (
        State.PUBLISHED
        is store.write(looks.saw, delivery_id, {1: Present(remote_id=second)}, now=LATER, next_at=LATER).state
    )


def test_a_thread_whose_rest_was_never_sent_goes_on(store):
    """When all that was asked for is found and the rest provably was not sent, it goes on where it stopped."""
    delivery_id = unconfirmed_delivery(store, saying("one", "two"), UNHEARD, NEVER)
    first = an_id()

    assert (
        State.PARTIAL
        is store.write(looks.saw, delivery_id, {0: Present(remote_id=first)}, now=SOON, next_at=SOON).state
    )

    [claim] = claims(store, SOON)
    assert (1, first) == (claim.first, claim.reply_to)


def test_a_later_part_found_without_the_one_before(store):
    """A hole in a thread is never closed by sending: it stays unconfirmed until a person is asked."""
    delivery_id = unconfirmed_delivery(store, saying("one", "two"), UNHEARD, UNHEARD)

    store.write(
        looks.saw,
        delivery_id,
        {0: Absent(why="not there"), 1: Present(remote_id=an_id())},
        now=SOON,
        next_at=SOON,
        most_looks=2,
    )
    assert State.UNCONFIRMED is state(store, delivery_id)
    store.write(looks.saw, delivery_id, {0: Absent(why="not there")}, now=LATER, next_at=LATER, most_looks=2)

    assert State.NEEDS_REVIEW is state(store, delivery_id)


def test_two_reconcilers_find_the_same(store):
    """Two that look at the same time come to the same result, and the evidence shows both."""
    delivery_id = unconfirmed_delivery(store)
    found = {0: Present(remote_id=an_id())}

    together(
        4, lambda n: store.write(looks.saw, delivery_id, found, now=SOON, next_at=SOON, at=SOON + n * SECOND)
    )

    assert State.PUBLISHED is state(store, delivery_id)
    assert 4 == len(store.read(reading.show, delivery_id).looks)


@pytest.mark.parametrize("wrong", ["another's", "placeholder"])
def test_what_cannot_be_ours_is_not_taken(store, wrong):
    """A post that belongs to another delivery is not found twice."""
    scheduled(store)
    taken = an_id()
    store.write(settling.answered, armed(store).attempt_id, published(taken), now=NOON, jitter=0.5)
    delivery_id = unconfirmed_delivery(store)
    given = taken if wrong == "another's" else RemoteId("recovered_1700000000")

    store.write(looks.saw, delivery_id, {0: Present(remote_id=given)}, now=SOON, next_at=SOON)

    assert State.UNCONFIRMED is state(store, delivery_id)
    assert isinstance(store.read(reading.show, delivery_id).looks[0].evidence, CannotTell)


def test_a_published_delivery_is_seen_live(store):
    """The network's answer is believed, and seen again: then it is verified, once."""
    delivery_id = scheduled(store)
    given = an_id()
    store.write(settling.answered, armed(store).attempt_id, published(given), now=NOON, jitter=0.5)

    assert frozenset() == store.read(unconfirmed.accounts_due, NOON + SECOND)
    [found] = store.read(unconfirmed.due, "alice", SOON)
    assert (True, {0: given}, [0]) == (
        found.published,
        found.ids,
        [one.n for one in found.wanted],
    )

    store.write(looks.saw, delivery_id, {0: Present(remote_id=given)}, now=SOON, next_at=SOON)

    assert SOON == store.read(reading.show, delivery_id).verified_at
    assert frozenset() == store.read(unconfirmed.accounts_due, NOON + HOUR)


def test_a_published_delivery_that_is_not_seen(store):
    """It stays published: a list that does not show it proves nothing. After so many looks we look no more."""
    delivery_id = scheduled(store)
    store.write(settling.answered, armed(store).attempt_id, published(), now=NOON, jitter=0.5)
    for look, one in enumerate((Absent(why="not there"), NOTHING, Present(remote_id=an_id()))):
        store.write(looks.saw, delivery_id, {0: one}, now=SOON, next_at=SOON, at=SOON + look * SECOND)

    story = store.read(reading.show, delivery_id)
    assert (State.PUBLISHED, 3, None) == (story.delivery.state, story.delivery.looks, story.verified_at)
    assert 1 == len(store.read(unconfirmed.due, "alice", SOON, most_looks=4))
    assert frozenset() == store.read(unconfirmed.accounts_due, SOON, most_looks=3)


def test_evidence_about_what_moved_on_is_only_kept(store):
    """A look that comes home late changes nothing that is not unconfirmed."""
    delivery_id = scheduled(store)

    after = store.write(looks.saw, delivery_id, {0: Present(remote_id=an_id())}, now=SOON, next_at=SOON)

    assert (State.SCHEDULED, 1) == (after.state, len(store.read(reading.show, delivery_id).looks))


def test_a_post_made_by_hand_that_was_ours(store):
    """A post taken for somebody's own, and found to be a delivery's, is counted once."""
    delivery_id = unconfirmed_delivery(store)
    found = an_id()
    store.write(ledger.note_foreign, "alice", [SeenPost(id=found, author="Alice", said=plain("x"))], SOON)
    assert 2 == len(store.read(reading.quota, "alice", SOON))

    store.write(looks.saw, delivery_id, {0: Present(remote_id=found)}, now=SOON, next_at=SOON)

    assert 1 == len(store.read(reading.quota, "alice", SOON))
    assert 0 == store.write(
        ledger.note_foreign, "alice", [SeenPost(id=found, author="Alice", said=plain("x"))], SOON
    )


def test_release_needs_a_person_s_word(store):
    """What may be live is asked for again only when a person says that it is not; then its quota is free."""
    store.write(account_rows.put, person("alice", per_hour=1), NOON)
    delivery_id = unconfirmed_delivery(store)
    store.write(looks.saw, delivery_id, {0: NOTHING}, now=SOON, next_at=SOON, most_looks=1)

    with pytest.raises(MayBeLive):
        store.write(persons.release, delivery_id, now=SOON, by=By())
    store.write(persons.release, delivery_id, not_live=True, now=SOON, by=By())

    story = store.read(reading.show, delivery_id)
    assert (State.SCHEDULED, [PartState.WAITING]) == (
        story.delivery.state,
        [part.state for part in story.delivery.parts],
    )
    # X may bring a post to life some minutes after it was asked for: so long it is not asked for again.
    assert [] == claims(store, SOON)
    assert 1 == len(claims(store, SOON + X.slowest_creation))


def test_half_of_them_lose_their_answer(store):
    """Trouble with some stops none of the others: all go out, all unconfirmed deliveries are handed out."""
    for number in range(10):
        scheduled(store, account=("alice", "bob")[number % 2])
    for number, claim in enumerate(claims(store)):
        store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=NOON)
        said = answer(UNHEARD) if number % 2 else published()
        store.write(settling.answered, claim.attempt_id, said, now=NOON, jitter=0.5)

    due = {name: store.read(unconfirmed.due, name, SOON) for name in ("alice", "bob")}

    assert 5 == store.read(reading.counts)[State.UNCONFIRMED]
    assert 10 == sum(map(len, due.values()))
    assert replace(due["alice"][0]) in due["alice"]


@pytest.mark.parametrize("heard", [True, False])
def test_an_account_that_no_look_settles_keeps_no_other_from_being_looked_at(store, monkeypatch, heard):
    """A look that was none moves nothing: what it was for stays the longest waiting."""
    monkeypatch.setattr(unconfirmed, "DUE_AT_ONCE", 3)
    for number, account in enumerate(["alice"] * 4 + ["bob"]):
        scheduled(store, account=account)
        [claim] = claims(store, NOON + number * SECOND)
        store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=NOON + number * SECOND)
        said = published() if heard else answer(UNHEARD)
        store.write(settling.answered, claim.attempt_id, said, now=NOON + number * SECOND, jitter=0.5)

    assert {"alice", "bob"} == store.read(unconfirmed.accounts_due, LATER + MINUTE)
    assert [3, 1] == [len(store.read(unconfirmed.due, name, LATER + MINUTE)) for name in ("alice", "bob")]
