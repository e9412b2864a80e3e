"""What a look finds, and what follows from it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from steadypost.domain.delivery import PartState, State
from steadypost.domain.evidence import (
    SLOWEST_CREATION,
    Absent,
    CannotTell,
    Present,
    SeenPost,
    Sighting,
    judge,
)
from steadypost.domain.snowflake import RemoteId
from steadypost.store import MayBeLive
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


def in_doubt(store, post=None, *outcomes, account="alice"):
    """A delivery that was asked for, and never heard of again."""
    delivery_id = scheduled(store, post, account=account)
    claim = armed(store)
    store.answered(claim.attempt_id, answer(*(outcomes or (UNHEARD,))), NOON, 0.5)
    return delivery_id


def state(store, delivery_id):
    return store.show(delivery_id).delivery.state


def test_a_doubt_says_what_to_look_for(store):
    """Text, parent, and the time from the arming to the answer: what judging needs, of every part in doubt."""
    parent = an_id(NOON - HOUR)
    delivery_id = in_doubt(store, saying("Indeed", "it is", reply_to=parent), UNHEARD, UNHEARD)

    assert {} == store.looks_due(NOON + SECOND)
    [doubt] = store.looks_due(SOON)["alice"]

    assert (delivery_id, "Alice", "x_web", False, {}) == (
        doubt.delivery_id,
        doubt.handle,
        doubt.channel,
        doubt.published,
        doubt.ids,
    )
    assert [("Indeed", parent), ("it is", None)] == [(one.text, one.reply_to) for one in doubt.wanted]
    assert {(NOON, NOON)} == {(one.began_at, one.ended_at) for one in doubt.wanted}


def test_a_silent_workers_doubt_ends_with_its_rescue(store):
    """Nobody knows when a dead worker's post became live; until it was taken away it may have."""
    scheduled(store)
    armed(store)
    store.rescue(NOON + LEASE + MINUTE)

    [doubt] = store.looks_due(NOON + HOUR)["alice"]

    assert NOON + LEASE + MINUTE == doubt.wanted[0].ended_at


def test_found(store):
    """A post that was found is published, with its id, and no longer counts as unknown."""
    store.put_account(person("alice", per_hour=5), NOON)
    delivery_id = in_doubt(store)
    found = an_id()

    after = store.saw(delivery_id, {0: Present(remote_id=found)}, SOON, SOON + MINUTE)

    story = store.show(delivery_id)
    assert after == story.delivery
    assert (State.PUBLISHED, None, SOON) == (after.state, after.cause, story.verified_at)
    assert [found] == [part.remote_id for part in after.parts]
    assert [(1, False)] == [(use.units, use.unknown) for use in store.quota("alice", SOON)]
    assert {} == store.looks_due(NOON + HOUR)


def test_found_through_the_domain_s_own_judgement(store):
    """From a sighting to a published delivery, as the reconciling flow goes."""
    delivery_id = in_doubt(store, saying("Good evening"))
    found = an_id()
    [doubt] = store.looks_due(SOON)["alice"]
    seen = Sighting(
        account="alice", at=SOON, posts=(SeenPost(id=found, author="Alice", text="Good evening"),)
    )

    store.saw(
        delivery_id, {0: judge(doubt.wanted, seen, store.taken_ids("alice"))[delivery_id, 0]}, SOON, SOON
    )

    assert State.PUBLISHED is state(store, delivery_id)


def test_not_found(store):
    """
    Not seeing is not proof: the delivery stays in doubt, counts against the quota, and is looked for again
    when we say.
    """
    store.put_account(person("alice", per_hour=1), NOON)
    delivery_id = in_doubt(store)
    for look, one in enumerate([Absent(why="not there"), NOTHING], start=1):
        after = store.saw(delivery_id, {0: one}, SOON, SOON + look * MINUTE, at=SOON + look * SECOND)
        assert (State.UNCONFIRMED, look, SOON + look * MINUTE) == (after.state, after.looks, after.next_at)

    assert {} == store.looks_due(SOON + 2 * MINUTE - SECOND)
    assert [True] == [use.unknown for use in store.quota("alice", SOON)]
    assert [Absent(why="not there"), NOTHING] == [look.evidence for look in store.show(delivery_id).looks]


def test_looking_comes_to_an_end(store):
    """After so many looks a person is asked, and no more load is made (F01-S3)."""
    delivery_id = in_doubt(store)
    for look in range(3):
        store.saw(delivery_id, {0: NOTHING}, SOON, SOON, most_looks=3, at=SOON + look * SECOND)

    story = store.show(delivery_id)
    assert State.NEEDS_REVIEW is story.delivery.state
    assert "no answer within 30 s; 3 looks did not settle it" == story.delivery.why
    assert {} == store.looks_due(NOON + HOUR)
    assert [True] == [use.unknown for use in store.quota("alice", SOON)]


def test_found_after_all(store):
    """A post that turns up while it waits for a person is published; the person is not needed."""
    delivery_id = in_doubt(store)
    store.saw(delivery_id, {0: NOTHING}, SOON, SOON, most_looks=1)

    store.saw(delivery_id, {0: Present(remote_id=an_id())}, SOON + SECOND, SOON)

    assert State.PUBLISHED is state(store, delivery_id)


def test_a_thread_found_part_by_part(store):
    """What is found is kept at once; what is not is looked for on."""
    delivery_id = in_doubt(store, saying("one", "two"), UNHEARD, UNHEARD)
    first, second = an_id(), an_id()

    after = store.saw(delivery_id, {0: Present(remote_id=first), 1: NOTHING}, SOON, SOON)

    assert (State.UNCONFIRMED, [first, None]) == (after.state, [part.remote_id for part in after.parts])
    [doubt] = store.looks_due(SOON)["alice"]
    assert [(1, first)] == [(one.n, one.reply_to) for one in doubt.wanted]
    assert State.PUBLISHED is store.saw(delivery_id, {1: Present(remote_id=second)}, LATER, LATER).state


def test_a_thread_whose_rest_was_never_sent_goes_on(store):
    """When all that was asked for is found and the rest provably was not sent, it goes on where it stopped."""
    delivery_id = in_doubt(store, saying("one", "two"), UNHEARD, NEVER)
    first = an_id()

    assert State.PARTIAL is store.saw(delivery_id, {0: Present(remote_id=first)}, SOON, SOON).state

    [claim] = claims(store, SOON)
    assert (1, first) == (claim.first, claim.reply_to)


def test_a_later_part_found_without_the_one_before(store):
    """A hole in a thread is never closed by sending: it stays in doubt until a person is asked."""
    delivery_id = in_doubt(store, saying("one", "two"), UNHEARD, UNHEARD)

    store.saw(
        delivery_id, {0: Absent(why="not there"), 1: Present(remote_id=an_id())}, SOON, SOON, most_looks=2
    )
    assert State.UNCONFIRMED is state(store, delivery_id)
    store.saw(delivery_id, {0: Absent(why="not there")}, LATER, LATER, most_looks=2)

    assert State.NEEDS_REVIEW is state(store, delivery_id)


def test_two_reconcilers_find_the_same(store):
    """Two that look at the same time come to the same result (F25-S3), and the evidence shows both."""
    delivery_id = in_doubt(store)
    found = {0: Present(remote_id=an_id())}

    together(4, lambda n: store.saw(delivery_id, found, SOON, SOON, at=SOON + n * SECOND))

    assert State.PUBLISHED is state(store, delivery_id)
    assert 4 == len(store.show(delivery_id).looks)


@pytest.mark.parametrize("wrong", ["another's", "placeholder"])
def test_what_cannot_be_ours_is_not_taken(store, wrong):
    """A post that belongs to another delivery is not found twice."""
    scheduled(store)
    taken = an_id()
    store.answered(armed(store).attempt_id, published(taken), NOON, 0.5)
    delivery_id = in_doubt(store)
    given = taken if wrong == "another's" else RemoteId("recovered_1700000000")

    store.saw(delivery_id, {0: Present(remote_id=given)}, SOON, SOON)

    assert State.UNCONFIRMED is state(store, delivery_id)
    assert isinstance(store.show(delivery_id).looks[0].evidence, CannotTell)


def test_a_published_delivery_is_seen_with_own_eyes(store):
    """The network's answer is believed, and seen again: then it is verified, once."""
    delivery_id = scheduled(store)
    given = an_id()
    store.answered(armed(store).attempt_id, published(given), NOON, 0.5)

    assert {} == store.looks_due(NOON + SECOND)
    [doubt] = store.looks_due(SOON)["alice"]
    assert (True, {0: given}, [0]) == (doubt.published, doubt.ids, [one.n for one in doubt.wanted])

    store.saw(delivery_id, {0: Present(remote_id=given)}, SOON, SOON)

    assert SOON == store.show(delivery_id).verified_at
    assert {} == store.looks_due(NOON + HOUR)


def test_a_published_delivery_that_is_not_seen(store):
    """It stays published: a list that does not show it proves nothing. After so many looks we look no more."""
    delivery_id = scheduled(store)
    store.answered(armed(store).attempt_id, published(), NOON, 0.5)
    for look, one in enumerate((Absent(why="not there"), NOTHING, Present(remote_id=an_id()))):
        store.saw(delivery_id, {0: one}, SOON, SOON, at=SOON + look * SECOND)

    story = store.show(delivery_id)
    assert (State.PUBLISHED, 3, None) == (story.delivery.state, story.delivery.looks, story.verified_at)
    assert 1 == len(store.looks_due(SOON, most_looks=4))
    assert {} == store.looks_due(SOON, most_looks=3)


def test_evidence_about_what_moved_on_is_only_kept(store):
    """A look that comes home late changes nothing that is not in doubt."""
    delivery_id = scheduled(store)

    after = store.saw(delivery_id, {0: Present(remote_id=an_id())}, SOON, SOON)

    assert (State.SCHEDULED, 1) == (after.state, len(store.show(delivery_id).looks))


def test_a_post_made_by_hand_that_was_ours(store):
    """A post taken for somebody's own, and found to be a delivery's, is counted once."""
    delivery_id = in_doubt(store)
    found = an_id()
    store.note_foreign("alice", [SeenPost(id=found, author="Alice", text="x")], SOON)
    assert 2 == len(store.quota("alice", SOON))

    store.saw(delivery_id, {0: Present(remote_id=found)}, SOON, SOON)

    assert 1 == len(store.quota("alice", SOON))
    assert 0 == store.note_foreign("alice", [SeenPost(id=found, author="Alice", text="x")], SOON)


def test_release_needs_somebody_s_word(store):
    """What may be live is asked for again only when a person says that it is not; then its quota is free."""
    store.put_account(person("alice", per_hour=1), NOON)
    delivery_id = in_doubt(store)
    store.saw(delivery_id, {0: NOTHING}, SOON, SOON, most_looks=1)

    with pytest.raises(MayBeLive):
        store.release(delivery_id, now=SOON)
    store.release(delivery_id, not_live=True, now=SOON)

    story = store.show(delivery_id)
    assert (State.SCHEDULED, [PartState.WAITING]) == (
        story.delivery.state,
        [part.state for part in story.delivery.parts],
    )
    # X may bring a post to life some minutes after it was asked for: so long it is not asked for again.
    assert [] == claims(store, SOON)
    assert 1 == len(claims(store, SOON + SLOWEST_CREATION))


def test_half_of_them_lose_their_answer(store):
    """Trouble with some stops none of the others: all go out, all doubts are handed out (F01-S1, S4)."""
    for number in range(10):
        scheduled(store, account=("alice", "bob")[number % 2])
    for number, claim in enumerate(claims(store)):
        store.arm(claim.attempt_id, claim.fence, NOON)
        said = answer(UNHEARD) if number % 2 else published()
        store.answered(claim.attempt_id, said, NOON, 0.5)

    due = store.looks_due(SOON)

    assert 5 == store.counts()[State.UNCONFIRMED]
    assert 10 == sum(map(len, due.values()))
    assert replace(due["alice"][0]) in due["alice"]
