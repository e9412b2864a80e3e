"""Arming, answers, fencing and rescue."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DataError, IntegrityError

from steadypost.domain.delivery import PartState, State
from steadypost.domain.outcome import Answer, Cause, Deferred, NotSubmitted, Phase, Published
from steadypost.domain.snowflake import RemoteId, id_at
from steadypost.store import UnknownAttempt
from steadypost.store.schema import delivery_parts
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
    return [part.state for part in store.show(delivery_id).delivery.parts]


def ids(store, delivery_id):
    return [part.remote_id for part in store.show(delivery_id).delivery.parts]


def test_arming_says_yes_exactly_once(store):
    """Of eight that arm the same attempt, one hears yes: one ask."""
    scheduled(store)
    claim = claimed(store)

    yes = together(8, lambda _: store.arm(claim.attempt_id, claim.fence, NOON))

    assert 1 == sum(yes)
    assert NOON == store.show(claim.delivery_id).attempts[0].armed_at
    assert [PartState.ASKED] == parts(store, claim.delivery_id)


def test_who_was_refused_to_arm_says_nothing_about_who_was_not(store):
    """
    The same attempt is carried out twice at once. One arms and clicks; the other is refused, and its "nothing was
    sent" is true of itself alone: it must not put the delivery back into the queue.
    """
    delivery_id = scheduled(store)
    claim = armed(store)
    refused = NotSubmitted(cause=Cause.LEASE_LOST, why="it may not be asked any more", phase=Phase.COMPOSED)

    settled = store.answered(claim.attempt_id, answer(refused), NOON + SECOND, 0.5)
    attempt = store.show(delivery_id).attempts[0]

    assert not settled.applied
    assert State.SENDING is settled.delivery.state
    assert (None, None) == (attempt.answered_at, attempt.gone_at)
    assert State.PUBLISHED is store.answered(claim.attempt_id, published(), NOON + MINUTE, 0.5).delivery.state


def test_who_fails_before_arming_takes_the_attempt_from_its_double(store):
    """Before either has armed, the first word ends the attempt, and the other may not arm any more."""
    scheduled(store)
    claim = claimed(store)
    no_lane = NotSubmitted(cause=Cause.BROWSER_UNAVAILABLE, why="no free lane", phase=Phase.CLAIMED)

    settled = store.answered(claim.attempt_id, answer(no_lane), NOON, 0.5)

    assert State.SCHEDULED is settled.delivery.state
    assert not store.arm(claim.attempt_id, claim.fence, NOON + SECOND)


def test_arming_needs_a_lease_that_holds(store):
    """A worker that was stopped before arming, and woke after its lease, may not ask (F09-S3)."""
    scheduled(store)
    claim = claimed(store)

    assert not store.arm(claim.attempt_id, claim.fence, NOON + LEASE)
    assert store.arm(claim.attempt_id, claim.fence, NOON + LEASE - timedelta(microseconds=1))


def test_arming_needs_the_latest_claim(store):
    """Who was rescued and claimed over is fenced off, with the old number as with the new one (F18-S2)."""
    delivery_id = scheduled(store)
    old = claimed(store, worker="old")
    store.rescue(NOON + LEASE)
    new = claimed(store, NOON + HOUR, worker="new")

    assert not store.arm(old.attempt_id, old.fence, NOON + HOUR)
    assert not store.arm(old.attempt_id, new.fence, NOON + HOUR)
    assert store.arm(new.attempt_id, new.fence, NOON + HOUR)
    assert 2 == len(store.show(delivery_id).attempts)


def test_arming_what_was_answered_already(store):
    """An attempt that has ended does not begin again."""
    scheduled(store)
    claim = claimed(store)
    store.answered(claim.attempt_id, answer(BROKEN), NOON, 0.5)

    assert not store.arm(claim.attempt_id, claim.fence, NOON)


def test_a_published_delivery_has_its_id(store):
    """The id is written with the state, and no lease is left behind."""
    delivery_id = scheduled(store)
    claim = armed(store)
    given = an_id()

    settled = store.answered(claim.attempt_id, published(given), NOON + SECOND, 0.5)

    story = store.show(delivery_id)
    assert settled.applied
    assert settled.delivery == story.delivery
    assert (State.PUBLISHED, NOON + SECOND, None, None) == (
        story.delivery.state,
        story.published_at,
        story.lease_until,
        story.worker,
    )
    assert [given] == ids(store, delivery_id)
    assert frozenset({given}) == store.taken_ids("alice")


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
    store.put_account(person("alice", per_hour=1), NOON)
    delivery_id = scheduled(store)
    claim = armed(store)

    settled = store.answered(claim.attempt_id, answer(outcome), NOON, 0.5)

    assert state is settled.delivery.state
    assert outcome.cause is store.show(delivery_id).delivery.cause
    assert ([1] if counted else []) == [use.units for use in store.quota("alice", NOON)]
    assert answer(outcome) == store.show(delivery_id).attempts[0].answer


def test_an_answer_said_twice_counts_once(store):
    """A worker that is not sure whether its answer was heard says it again."""
    delivery_id = scheduled(store)
    claim = armed(store)
    said = answer(BROKEN)

    first = store.answered(claim.attempt_id, said, NOON, 0.5)
    again = store.answered(claim.attempt_id, said, NOON + MINUTE, 0.9)

    assert first == again
    assert 1 == store.show(delivery_id).delivery.broken


def test_a_poison_delivery_leaves_the_queue(store):
    """What breaks every attempt is quarantined; meanwhile others go out (F10-S2)."""
    poison = scheduled(store)
    moment = NOON
    for _ in range(5):
        scheduled(store, account="bob", due_at=moment)
        mine, bobs = sorted(claims(store, moment), key=lambda claim: claim.account)
        store.answered(mine.attempt_id, answer(BROKEN), moment, 0.5)
        store.answered(bobs.attempt_id, published(an_id(moment)), moment, 0.5)
        moment += HOUR

    assert [] == claims(store, moment)
    assert State.QUARANTINED is store.show(poison).delivery.state
    assert 5 == store.counts("bob")[State.PUBLISHED]


@pytest.mark.parametrize("live", [0, 1, 2])
def test_a_thread_goes_on_at_its_first_missing_part(store, live):
    """
    A failure before part k leaves the parts before it live, and the next attempt answers the last of them
    (F19-S1).
    """
    store.put_account(person("alice", per_hour=10), NOON)
    delivery_id = scheduled(store, saying("one", "two", "three"))
    claim = armed(store)
    given = [an_id() for _ in range(live)]
    rest = [NotSubmitted(cause=Cause.OVERLAY, why="covered", phase=Phase.CLICKED)] + [NEVER] * (2 - live)

    store.answered(claim.attempt_id, answer(*(Published(remote_id=one) for one in given), *rest), NOON, 0.5)

    assert live == sum(use.units for use in store.quota("alice", NOON))
    again = claimed(store, NOON + HOUR)
    assert (live, 3 - live, given[-1] if given else None) == (again.first, len(again.parts), again.reply_to)
    assert store.arm(again.attempt_id, again.fence, NOON + HOUR)
    store.answered(
        again.attempt_id,
        published(*(an_id(NOON + HOUR) for _ in range(3 - live)), first=live),
        NOON + HOUR,
        0.5,
    )
    assert State.PUBLISHED is store.show(delivery_id).delivery.state
    assert given == ids(store, delivery_id)[:live]


def test_a_thread_with_a_part_in_doubt(store):
    """What is live stays live; what is in doubt is looked for before anything is asked again."""
    store.put_account(person("alice", per_hour=10), NOON)
    delivery_id = scheduled(store, saying("one", "two", "three"))
    claim = armed(store)

    store.answered(claim.attempt_id, answer(*published().outcomes, UNHEARD, NEVER), NOON, 0.5)

    assert [PartState.LIVE, PartState.ASKED, PartState.WAITING] == parts(store, delivery_id)
    assert State.UNCONFIRMED is store.show(delivery_id).delivery.state
    assert [(2, True)] == [(use.units, use.unknown) for use in store.quota("alice", NOON)]
    assert [] == claims(store, NOON + HOUR)


def test_an_answer_that_passes_over_a_part(store):
    """A part that was asked for, and of which the answer does not speak, is in doubt; nothing is lost."""
    delivery_id = scheduled(store, saying("one", "two"))
    claim = armed(store)

    settled = store.answered(claim.attempt_id, published(), NOON, 0.5)

    assert (State.UNCONFIRMED, Cause.ODD_ANSWER) == (settled.delivery.state, settled.delivery.cause)
    assert [PartState.LIVE, PartState.ASKED] == parts(store, delivery_id)


def test_a_thread_with_a_hole_goes_before_a_person(store):
    """A part that is live after one that is not cannot be put in order by sending."""
    delivery_id = scheduled(store, saying("one", "two"))
    claim = armed(store)

    store.answered(claim.attempt_id, answer(TOO_LONG, *published().outcomes), NOON, 0.5)

    assert State.NEEDS_REVIEW is store.show(delivery_id).delivery.state
    assert [] == claims(store, NOON + HOUR)


def test_an_old_attempt_changes_nothing_but_its_own_row(store):
    """
    What an attempt says after another has taken over is kept with it, and moves nothing (F09-S3, F13-S6);
    unless it brings an id: see test_overtaken.py.
    """
    delivery_id = scheduled(store)
    old = claimed(store)
    store.rescue(NOON + LEASE)
    new = armed(store, NOON + HOUR)
    said = answer(UNHEARD)

    settled = store.answered(old.attempt_id, said, NOON + HOUR, 0.5)

    story = store.show(delivery_id)
    assert not settled.applied
    assert State.SENDING is story.delivery.state
    assert [said, None] == [attempt.answer for attempt in story.attempts]
    assert store.answered(new.attempt_id, published(an_id(NOON + HOUR)), NOON + HOUR, 0.5).applied


def test_rescue_before_arming(store):
    """
    A worker that died before it was armed has done nothing: the delivery goes back, uncharged, and the
    quota is given back (F09-S2).
    """
    store.put_account(person("alice", per_hour=1), NOON)
    delivery_id = scheduled(store)
    claimed(store)

    [rescued] = store.rescue(NOON + LEASE)

    story = store.show(delivery_id)
    assert (False, State.SCHEDULED) == (rescued.armed, story.delivery.state)
    assert (0, Cause.WORKER_LOST) == (story.delivery.broken, story.delivery.cause)
    assert [] == store.quota("alice", NOON + LEASE)
    assert 1 == len(claims(store, NOON + LEASE + 10 * SECOND))


def test_rescue_after_arming(store):
    """A worker that died after it was armed may have posted: only a look says (F04-S2)."""
    store.put_account(person("alice", per_hour=1), NOON)
    delivery_id = scheduled(store)
    armed(store, browser="lane 3, pid 4711")

    [rescued] = store.rescue(NOON + LEASE)

    assert (True, State.UNCONFIRMED, "lane 3, pid 4711") == (rescued.armed, rescued.state, rescued.browser)
    assert Cause.WORKER_LOST is store.show(delivery_id).delivery.cause
    assert [True] == [use.unknown for use in store.quota("alice", NOON + LEASE)]
    assert ["alice"] == list(store.looks_due(NOON + LEASE + 10 * SECOND))
    assert [] == claims(store, NOON + 2 * HOUR)


def test_rescue_goes_by_lease_and_never_by_age(store):
    """A delivery that was due three hours ago and is being sent now is left alone (F09-S1)."""
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
    """The store was away for longer than the lease; the answer waited, and is the truth (F06-S1)."""
    delivery_id = scheduled(store)
    claim = armed(store)
    store.rescue(NOON + LEASE)

    settled = store.answered(
        claim.attempt_id, published() if outcome is None else answer(outcome), NOON + 5 * MINUTE, 0.5
    )

    assert settled.applied
    assert state is store.show(delivery_id).delivery.state


def test_an_id_comes_after_rescue_of_an_attempt_that_was_not_armed(store):
    """It should not have asked, but it did: what is live is never asked for again."""
    delivery_id = scheduled(store)
    claim = claimed(store)
    store.rescue(NOON + LEASE)

    store.answered(claim.attempt_id, published(), NOON + LEASE, 0.5)

    assert State.PUBLISHED is store.show(delivery_id).delivery.state
    assert [] == claims(store, NOON + HOUR)


def test_a_second_answer_counts_only_if_it_brings_an_id(store):
    """After "we never heard", an id makes it published; anything less leaves it in doubt."""
    delivery_id = scheduled(store)
    claim = armed(store)
    store.answered(claim.attempt_id, answer(UNHEARD), NOON, 0.5)

    assert not store.answered(claim.attempt_id, answer(BROKEN), NOON, 0.5).applied
    assert State.UNCONFIRMED is store.show(delivery_id).delivery.state
    assert store.answered(claim.attempt_id, published(), NOON, 0.5).applied
    assert State.PUBLISHED is store.show(delivery_id).delivery.state


def test_an_id_that_belongs_to_another_delivery(store):
    """Two deliveries of an account never share an id: the second is in doubt, and nothing is lost (F03, I8)."""
    scheduled(store)
    first = armed(store)
    given = an_id()
    store.answered(first.attempt_id, published(given), NOON, 0.5)
    delivery_id = scheduled(store)
    second = armed(store)

    settled = store.answered(second.attempt_id, published(given), NOON, 0.5)

    assert (State.UNCONFIRMED, Cause.ODD_ANSWER) == (settled.delivery.state, settled.delivery.cause)
    assert published(given) == store.show(delivery_id).attempts[0].answer
    assert f"belongs to delivery {first.delivery_id}" in settled.delivery.why


def test_one_id_given_to_many_at_once(store):
    """Of eight answers with the same id at the same moment, one keeps it; the others are in doubt."""
    for _ in range(8):
        scheduled(store)
    attempts = claims(store)
    for claim in attempts:
        store.arm(claim.attempt_id, claim.fence, NOON)
    given = an_id()

    settled = together(
        8, lambda number: store.answered(attempts[number].attempt_id, published(given), NOON, 0.5)
    )

    assert [State.PUBLISHED] + 7 * [State.UNCONFIRMED] == sorted(one.delivery.state for one in settled)


def test_the_same_id_may_live_on_another_account(store):
    """Ids are unique within an account; another network has numbers of its own."""
    scheduled(store, account="alice")
    scheduled(store, account="bob")
    given = an_id()
    for claim in claims(store):
        store.arm(claim.attempt_id, claim.fence, NOON)
        store.answered(claim.attempt_id, published(given), NOON, 0.5)

    assert 2 == store.counts()[State.PUBLISHED]


TARGET = id_at(NOON + SECOND)


@pytest.mark.parametrize(
    "wrong",
    [
        RemoteId("posted_1700000000"),
        RemoteId("3283064365386963"),
        id_at(NOON - MINUTE),
        TARGET,
        RemoteId(str(2**63)),
    ],
    ids=["placeholder", "old", "before it was asked", "the one it answers", "too large"],
)
def test_an_id_that_cannot_be_ours(store, wrong):
    """A placeholder, a parent's id, a pinned post's: none of them ever becomes a delivery's id (F02, F03)."""
    delivery_id = scheduled(store, saying("Indeed", reply_to=TARGET))
    claim = armed(store)

    settled = store.answered(claim.attempt_id, published(wrong), NOON, 0.5)

    assert (State.UNCONFIRMED, Cause.ODD_ANSWER) == (settled.delivery.state, settled.delivery.cause)
    assert [None] == ids(store, delivery_id)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=25) | st.integers(-(10**21), 10**21).map(str))
def test_no_database_keeps_what_is_not_an_id(store, given_id):
    """The shape of ids is the database's own rule too: 15 to 20 digits, as a string (F02-S6)."""
    shaped = given_id.isascii() and given_id.isdecimal() and 15 <= len(given_id) <= 20
    if shaped or "\x00" in given_id or not given_id.isprintable():
        return
    if not store.counts()[State.SCHEDULED]:
        scheduled(store)

    # PostgreSQL refuses what is too long for the column before it looks at the shape.
    with pytest.raises((IntegrityError, DataError)), store._database.writing() as connection:
        connection.execute(delivery_parts.update().values(state="live", remote_id=given_id))


def test_an_attempt_nobody_knows(store):
    """A number of another store is said to be unknown."""
    with pytest.raises(UnknownAttempt):
        store.answered(4711, Answer(outcomes=(UNHEARD,)), NOON, 0.5)
