"""Arming, answers, fencing and rescue."""

from __future__ import annotations

from datetime import timedelta

import pytest

from steadypost.domain.clock import Offset
from steadypost.domain.delivery import State
from steadypost.domain.outcome import Answer, Cause, Deferred, NotSubmitted, Phase, Published
from steadypost.domain.parts import PartState
from steadypost.domain.remote_id import RemoteId
from steadypost.networks.x.snowflake import id_at
from steadypost.store import UnknownAttempt, looks, reading, settling, unconfirmed
from steadypost.store import accounts as account_rows
from tests.store.people import (
    BROKEN,
    HOUR,
    LEASE,
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
    claims,
    person,
    published,
    saying,
    scheduled,
)
from tests.store.racing import together


def parts(store, delivery_id):
    return [part.state for part in store.read(reading.show, delivery_id).delivery.parts]


def ids(store, delivery_id):
    return [part.remote_id for part in store.read(reading.show, delivery_id).delivery.parts]


def test_arming_says_yes_exactly_once(store):
    """Of eight that arm the same attempt, one hears yes: one ask."""
    scheduled(store)
    claim = claimed(store)

    yes = together(8, lambda _: store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=NOON))

    assert 1 == sum(yes)
    assert NOON == store.read(reading.show, claim.delivery_id).attempts[0].armed_at
    assert [PartState.ASKED] == parts(store, claim.delivery_id)


def test_who_was_refused_to_arm_says_nothing_about_who_was_not(store):
    """
    The same attempt is carried out twice at once. One arms and clicks; the other is refused, and its "nothing was
    sent" is true of itself alone: it must not put the delivery back into the queue.
    """
    delivery_id = scheduled(store)
    claim = armed(store)
    refused = NotSubmitted(cause=Cause.LEASE_LOST, why="it may not be asked any more", phase=Phase.COMPOSED)

    settled = store.write(settling.answered, claim.attempt_id, answer(refused), now=NOON + SECOND, jitter=0.5)
    attempt = store.read(reading.show, delivery_id).attempts[0]

    assert not settled.applied
    assert State.SENDING is settled.delivery.state
    assert (None, None) == (attempt.answered_at, attempt.gone_at)
    assert (
        State.PUBLISHED
        is store.write(
            settling.answered, claim.attempt_id, published(), now=NOON + MINUTE, jitter=0.5
        ).delivery.state
    )


def test_who_fails_before_arming_takes_the_attempt_from_its_double(store):
    """Before either has armed, the first word ends the attempt, and the other may not arm any more."""
    scheduled(store)
    claim = claimed(store)
    no_browser = NotSubmitted(cause=Cause.BROWSER_UNAVAILABLE, why="no free runner", phase=Phase.CLAIMED)

    settled = store.write(settling.answered, claim.attempt_id, answer(no_browser), now=NOON, jitter=0.5)

    assert State.SCHEDULED is settled.delivery.state
    assert not store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=NOON + SECOND)


def test_arming_needs_a_lease_that_holds(store):
    """A worker that was stopped before arming, and woke after its lease, may not ask."""
    scheduled(store)
    claim = claimed(store)

    assert not store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=NOON + LEASE)
    assert store.write(
        settling.arm, claim.attempt_id, fence=claim.fence, now=NOON + LEASE - timedelta(microseconds=1)
    )


def test_arming_needs_the_latest_claim(store):
    """Who was rescued and claimed over is fenced off, with the old number as with the new one."""
    delivery_id = scheduled(store)
    old = claimed(store, worker="old")
    store.rescue(NOON + LEASE)
    new = claimed(store, NOON + HOUR, worker="new")

    assert not store.write(settling.arm, old.attempt_id, fence=old.fence, now=NOON + HOUR)
    assert not store.write(settling.arm, old.attempt_id, fence=new.fence, now=NOON + HOUR)
    assert store.write(settling.arm, new.attempt_id, fence=new.fence, now=NOON + HOUR)
    assert 2 == len(store.read(reading.show, delivery_id).attempts)


def test_arming_what_was_answered_already(store):
    """An attempt that has ended does not begin again."""
    scheduled(store)
    claim = claimed(store)
    store.write(settling.answered, claim.attempt_id, answer(BROKEN), now=NOON, jitter=0.5)

    assert not store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=NOON)


def test_a_published_delivery_has_its_id(store):
    """The id is written with the state, and no lease is left behind."""
    delivery_id = scheduled(store)
    claim = armed(store)
    given = an_id()

    settled = store.write(
        settling.answered, claim.attempt_id, published(given), now=NOON + SECOND, jitter=0.5
    )

    story = store.read(reading.show, delivery_id)
    assert settled.applied
    assert settled.delivery == story.delivery
    assert (State.PUBLISHED, NOON + SECOND, None, None) == (
        story.delivery.state,
        story.published_at,
        story.lease_until,
        story.worker,
    )
    assert [given] == ids(store, delivery_id)
    assert frozenset({given}) == store.read(looks.taken_ids, "alice", {given, an_id()})


@pytest.mark.parametrize(
    ("outcome", "state", "counted"),
    [
        (TOO_LONG, State.REFUSED, False),
        (BROKEN, State.SCHEDULED, False),
        (UNHEARD, State.UNCONFIRMED, True),
        (Deferred(cause=Cause.RATE_LIMIT, code="88", why="slow down"), State.SCHEDULED, False),
    ],
    ids=["refused", "not submitted", "unconfirmed", "deferred"],
)
def test_what_an_answer_makes_of_a_delivery(store, outcome, state, counted):
    """Quota is given back only for what is provably not live."""
    store.write(account_rows.put, person("alice", per_hour=1), NOON)
    delivery_id = scheduled(store)
    claim = armed(store)

    settled = store.write(settling.answered, claim.attempt_id, answer(outcome), now=NOON, jitter=0.5)

    assert state is settled.delivery.state
    assert outcome.cause is store.read(reading.show, delivery_id).delivery.cause
    assert ([1] if counted else []) == [use.units for use in store.read(reading.quota, "alice", NOON)]
    assert answer(outcome) == store.read(reading.show, delivery_id).attempts[0].answer


def test_an_answer_said_twice_counts_once(store):
    """A worker that is not sure whether its answer was heard says it again."""
    delivery_id = scheduled(store)
    claim = armed(store)
    said = answer(BROKEN)

    first = store.write(settling.answered, claim.attempt_id, said, now=NOON, jitter=0.5)
    again = store.write(settling.answered, claim.attempt_id, said, now=NOON + MINUTE, jitter=0.9)

    assert first == again
    assert 1 == store.read(reading.show, delivery_id).delivery.broken


def test_a_poison_delivery_leaves_the_queue(store):
    """What breaks every attempt is quarantined; meanwhile others go out."""
    poison = scheduled(store)
    moment = NOON
    for _ in range(5):
        scheduled(store, account="bob", due_at=moment)
        mine, bobs = sorted(claims(store, moment), key=lambda claim: claim.account)
        store.write(settling.answered, mine.attempt_id, answer(BROKEN), now=moment, jitter=0.5)
        store.write(settling.answered, bobs.attempt_id, published(an_id(moment)), now=moment, jitter=0.5)
        moment += HOUR

    assert [] == claims(store, moment)
    assert State.QUARANTINED is store.read(reading.show, poison).delivery.state
    assert 5 == store.read(reading.counts, "bob")[State.PUBLISHED]


@pytest.mark.parametrize("live", [0, 1, 2])
def test_a_thread_goes_on_at_its_first_missing_part(store, live):
    """A failure before part k leaves the parts before it live, and the next attempt answers the last of them."""
    store.write(account_rows.put, person("alice", per_hour=10), NOON)
    delivery_id = scheduled(store, saying("one", "two", "three"))
    claim = armed(store)
    given = [an_id() for _ in range(live)]
    rest = [NotSubmitted(cause=Cause.OVERLAY, why="covered", phase=Phase.CLICKED)] + [NEVER] * (2 - live)

    store.write(
        settling.answered,
        claim.attempt_id,
        answer(*(Published(remote_id=one) for one in given), *rest),
        now=NOON,
        jitter=0.5,
    )

    assert live == sum(use.units for use in store.read(reading.quota, "alice", NOON))
    again = claimed(store, NOON + HOUR)
    assert (live, 3 - live, given[-1] if given else None) == (again.first, len(again.parts), again.reply_to)
    assert again.live_at == (NOON if given else None)
    assert store.write(settling.arm, again.attempt_id, fence=again.fence, now=NOON + HOUR)
    store.write(
        settling.answered,
        again.attempt_id,
        published(*(an_id(NOON + HOUR) for _ in range(3 - live)), first=live),
        now=NOON + HOUR,
        jitter=0.5,
    )
    assert State.PUBLISHED is store.read(reading.show, delivery_id).delivery.state
    assert given == ids(store, delivery_id)[:live]


def test_a_thread_with_an_unconfirmed_part(store):
    """What is live stays live; what is unconfirmed is looked for before anything is asked again."""
    store.write(account_rows.put, person("alice", per_hour=10), NOON)
    delivery_id = scheduled(store, saying("one", "two", "three"))
    claim = armed(store)

    store.write(
        settling.answered,
        claim.attempt_id,
        answer(*published().outcomes, UNHEARD, NEVER),
        now=NOON,
        jitter=0.5,
    )

    assert [PartState.LIVE, PartState.ASKED, PartState.WAITING] == parts(store, delivery_id)
    assert State.UNCONFIRMED is store.read(reading.show, delivery_id).delivery.state
    assert [(2, True)] == [(use.units, use.unknown) for use in store.read(reading.quota, "alice", NOON)]
    assert [] == claims(store, NOON + HOUR)


def test_an_answer_that_passes_over_a_part(store):
    """A part that was asked for, and of which the answer does not speak, is unconfirmed; nothing is lost."""
    delivery_id = scheduled(store, saying("one", "two"))
    claim = armed(store)

    settled = store.write(settling.answered, claim.attempt_id, published(), now=NOON, jitter=0.5)

    assert (State.UNCONFIRMED, Cause.ODD_ANSWER) == (settled.delivery.state, settled.delivery.cause)
    assert [PartState.LIVE, PartState.ASKED] == parts(store, delivery_id)


def test_a_thread_with_a_hole_goes_before_a_person(store):
    """A part that is live after one that is not cannot be put in order by sending."""
    delivery_id = scheduled(store, saying("one", "two"))
    claim = armed(store)

    store.write(
        settling.answered, claim.attempt_id, answer(TOO_LONG, *published().outcomes), now=NOON, jitter=0.5
    )

    assert State.NEEDS_REVIEW is store.read(reading.show, delivery_id).delivery.state
    assert [] == claims(store, NOON + HOUR)


def test_an_old_attempt_changes_nothing_but_its_own_row(store):
    """
    What an attempt says after another has taken over is kept with it, and moves nothing;
    unless it brings an id: see test_overtaken.py.
    """
    delivery_id = scheduled(store)
    old = claimed(store)
    store.rescue(NOON + LEASE)
    new = armed(store, NOON + HOUR)
    said = answer(UNHEARD)

    settled = store.write(settling.answered, old.attempt_id, said, now=NOON + HOUR, jitter=0.5)

    story = store.read(reading.show, delivery_id)
    assert not settled.applied
    assert State.SENDING is story.delivery.state
    assert [said, None] == [attempt.answer for attempt in story.attempts]
    assert store.write(
        settling.answered, new.attempt_id, published(an_id(NOON + HOUR)), now=NOON + HOUR, jitter=0.5
    ).applied


def test_rescue_before_arming(store):
    """
    A worker that died before it was armed has done nothing: the delivery goes back, uncharged, and the
    quota is given back.
    """
    store.write(account_rows.put, person("alice", per_hour=1), NOON)
    delivery_id = scheduled(store)
    claimed(store)

    [rescued] = store.rescue(NOON + LEASE)

    story = store.read(reading.show, delivery_id)
    assert (False, State.SCHEDULED) == (rescued.armed, story.delivery.state)
    assert (0, Cause.WORKER_LOST) == (story.delivery.broken, story.delivery.cause)
    assert [] == store.read(reading.quota, "alice", NOON + LEASE)
    assert 1 == len(claims(store, NOON + LEASE + 10 * SECOND))


def test_rescue_after_arming(store):
    """A worker that died after it was armed may have posted: only a look says."""
    store.write(account_rows.put, person("alice", per_hour=1), NOON)
    delivery_id = scheduled(store)
    armed(store, executor="runner 3, pid 4711")

    [rescued] = store.rescue(NOON + LEASE)

    assert (True, State.UNCONFIRMED, "runner 3, pid 4711") == (rescued.armed, rescued.state, rescued.executor)
    assert Cause.WORKER_LOST is store.read(reading.show, delivery_id).delivery.cause
    assert [True] == [use.unknown for use in store.read(reading.quota, "alice", NOON + LEASE)]
    assert ["alice"] == list(store.read(unconfirmed.accounts_due, NOON + LEASE + 10 * SECOND))
    assert [] == claims(store, NOON + 2 * HOUR)


def test_rescue_goes_by_lease_and_never_by_age(store):
    """A delivery that was due three hours ago and is being sent now is left alone."""
    scheduled(store, due_at=NOON - 3 * HOUR)
    claimed(store)

    assert [] == store.rescue(NOON + LEASE - SECOND)
    assert 1 == len(store.rescue(NOON + LEASE))
    assert [] == store.rescue(NOON + LEASE)


def test_two_rescuers_rescue_once(store):
    """Two that rescue at the same moment find the same, and do it once."""
    for _ in range(5):
        scheduled(store)
    claims(store)

    got = together(4, lambda _: store.rescue(NOON + LEASE))

    assert 5 == sum(map(len, got))


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (None, State.PUBLISHED),
        (TOO_LONG, State.REFUSED),
        (BROKEN, State.SCHEDULED),
        (UNHEARD, State.UNCONFIRMED),
    ],
    ids=["published", "refused", "not submitted", "unconfirmed"],
)
def test_the_answer_comes_after_rescue(store, outcome, state):
    """The store was away for longer than the lease; the answer waited, and is the truth."""
    delivery_id = scheduled(store)
    claim = armed(store)
    store.rescue(NOON + LEASE)

    settled = store.write(
        settling.answered,
        claim.attempt_id,
        published() if outcome is None else answer(outcome),
        now=NOON + 5 * MINUTE,
        jitter=0.5,
    )

    assert settled.applied
    assert state is store.read(reading.show, delivery_id).delivery.state


def test_an_id_comes_after_rescue_of_an_attempt_that_was_not_armed(store):
    """It should not have asked, but it did: what is live is never asked for again."""
    delivery_id = scheduled(store)
    claim = claimed(store)
    store.rescue(NOON + LEASE)

    store.write(settling.answered, claim.attempt_id, published(), now=NOON + LEASE, jitter=0.5)

    assert State.PUBLISHED is store.read(reading.show, delivery_id).delivery.state
    assert [] == claims(store, NOON + HOUR)


def test_a_second_answer_counts_only_if_it_brings_an_id(store):
    """After "we never heard", an id makes it published; anything less leaves it unconfirmed."""
    delivery_id = scheduled(store)
    claim = armed(store)
    store.write(settling.answered, claim.attempt_id, answer(UNHEARD), now=NOON, jitter=0.5)

    assert not store.write(settling.answered, claim.attempt_id, answer(BROKEN), now=NOON, jitter=0.5).applied
    assert State.UNCONFIRMED is store.read(reading.show, delivery_id).delivery.state
    assert store.write(settling.answered, claim.attempt_id, published(), now=NOON, jitter=0.5).applied
    assert State.PUBLISHED is store.read(reading.show, delivery_id).delivery.state


def test_an_id_that_belongs_to_another_delivery(store):
    """Two deliveries of an account never share an id: the second is unconfirmed, and nothing is lost."""
    scheduled(store)
    first = armed(store)
    given = an_id()
    store.write(settling.answered, first.attempt_id, published(given), now=NOON, jitter=0.5)
    delivery_id = scheduled(store)
    second = armed(store)

    settled = store.write(settling.answered, second.attempt_id, published(given), now=NOON, jitter=0.5)

    assert (State.UNCONFIRMED, Cause.ODD_ANSWER) == (settled.delivery.state, settled.delivery.cause)
    assert published(given) == store.read(reading.show, delivery_id).attempts[0].answer
    assert f"belongs to delivery {first.delivery_id}" in settled.delivery.why


def test_one_id_given_to_many_at_once(store):
    """Of eight answers with the same id at the same moment, one keeps it; the others are unconfirmed."""
    for _ in range(8):
        scheduled(store)
    attempts = claims(store)
    for claim in attempts:
        store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=NOON)
    given = an_id()

    settled = together(
        8,
        lambda number: store.write(
            settling.answered, attempts[number].attempt_id, published(given), now=NOON, jitter=0.5
        ),
    )

    assert [State.PUBLISHED] + 7 * [State.UNCONFIRMED] == sorted(one.delivery.state for one in settled)


def test_the_same_id_may_live_on_another_account(store):
    """Ids are unique within an account; another network has numbers of its own."""
    scheduled(store, account="alice")
    scheduled(store, account="bob")
    given = an_id()
    for claim in claims(store):
        store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=NOON)
        store.write(settling.answered, claim.attempt_id, published(given), now=NOON, jitter=0.5)

    assert 2 == store.read(reading.counts)[State.PUBLISHED]


TARGET = id_at(NOON + SECOND)


@pytest.mark.parametrize(
    "wrong",
    [
        RemoteId("posted_1700000000"),
        RemoteId("3283064365386963"),
        id_at(NOON - 21 * MINUTE),
        TARGET,
        RemoteId(str(2**63)),
    ],
    ids=["placeholder", "old", "before it was asked", "the one it answers", "too large"],
)
def test_an_id_that_cannot_be_ours(store, wrong):
    """A placeholder, a parent's id, a pinned post's: none of them ever becomes a delivery's id."""
    delivery_id = scheduled(store, saying("Indeed", reply_to=TARGET))
    claim = armed(store)

    settled = store.write(settling.answered, claim.attempt_id, published(wrong), now=NOON, jitter=0.5)

    assert (State.UNCONFIRMED, Cause.ODD_ANSWER) == (settled.delivery.state, settled.delivery.cause)
    assert [None] == ids(store, delivery_id)


@pytest.mark.parametrize("ahead", [-10 * MINUTE, 0 * MINUTE, 10 * MINUTE])
def test_an_id_is_as_old_as_the_network_says(store, ahead):
    """Between our clock and the network's lie ten minutes; what is dated by the network is judged by its clock."""
    offset = Offset(ahead=ahead, within=SECOND)
    for late, state in ((-MINUTE, State.UNCONFIRMED), (SECOND, State.PUBLISHED)):
        delivery_id = scheduled(store)
        claim = claimed(store)
        assert store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=NOON, offset=offset)
        store.write(
            settling.answered,
            claim.attempt_id,
            published(id_at(NOON + ahead + late, sequence=delivery_id)),
            now=NOON,
            jitter=0.5,
        )
        assert state is store.read(reading.show, delivery_id).delivery.state


@pytest.mark.parametrize("ahead", [-10 * MINUTE, 10 * MINUTE])
def test_a_date_of_a_proxy_makes_no_post_older_than_its_id(store, ahead):
    """The network's ids and our clock agree, and a proxy with another clock dates the answers: ids are its own."""
    delivery_id = scheduled(store)
    claim = claimed(store)
    offset = Offset(ahead=ahead, within=SECOND)
    assert store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=NOON, offset=offset)
    given = id_at(NOON + SECOND)

    store.write(settling.answered, claim.attempt_id, published(given), now=NOON + 3 * SECOND, jitter=0.5)

    assert [given] == ids(store, delivery_id)


def test_what_is_known_when_it_is_armed_is_kept_with_the_attempt(store):
    """How far the network's clock is ahead: a look needs it."""
    first = scheduled(store)
    claim = armed(store)
    store.write(settling.answered, claim.attempt_id, published(an_id()), now=NOON, jitter=0.5)
    second = scheduled(store)
    claim = claimed(store)
    offset = Offset(ahead=-20 * SECOND, within=SECOND)
    store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=NOON, offset=offset)

    before, after = (store.read(reading.show, one).attempts[-1] for one in (first, second))
    assert (None, offset) == (before.offset, after.offset)


def test_an_attempt_nobody_knows(store):
    """A number of another store is said to be unknown."""
    with pytest.raises(UnknownAttempt):
        store.write(settling.answered, 4711, Answer(outcomes=(UNHEARD,)), now=NOON, jitter=0.5)
