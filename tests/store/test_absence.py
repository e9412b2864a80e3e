"""Proof of absence: the one way by which machinery ever asks again for what it has asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from steadypost.domain.delivery import OnAbsence, State
from steadypost.domain.evidence import Absent, Appearance, CannotTell, Present
from steadypost.domain.health import Kind, failing
from steadypost.domain.incident import opened
from steadypost.domain.outcome import Cause, Phase, Unconfirmed
from steadypost.domain.parts import PartState
from steadypost.domain.waits import MOST_BROKEN_ATTEMPTS
from steadypost.store import accounts as account_rows
from steadypost.store import incidents, notices, reading, settling, unconfirmed
from steadypost.store import looks as look_rows
from tests.store.people import (
    HOUR,
    LEASE,
    MINUTE,
    NOON,
    SECOND,
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

SETTLE = 4 * MINUTE
"""Shorter than X's own: two looks that far apart leave nobody the time to see a post and delete it."""
MISSED = {0: Absent(why="not in a list that reaches back")}
SOON = NOON + 10 * SECOND


@pytest.fixture(autouse=True)
def _settles(store):
    store.write(account_rows.put, replace(person("alice"), settle=SETTLE), NOON)


def unconfirmed_delivery(store, post=None, *outcomes):
    """A delivery of alice's whose answer was lost."""
    delivery_id = scheduled(store, post)
    claim = armed(store)
    store.write(settling.answered, claim.attempt_id, answer(*(outcomes or (UNHEARD,))), now=NOON, jitter=0.5)
    return delivery_id


def looked(store, delivery_id, at, found=None):
    """One look that began at that moment."""
    return store.write(
        look_rows.saw, delivery_id, MISSED if found is None else found, now=at, next_at=at + HOUR, at=at
    )


def state(store, delivery_id):
    return store.read(reading.show, delivery_id).delivery.state


def test_one_look_proves_nothing(store):
    """A post may be live and not shown yet: however sure one look is, nothing is asked again."""
    delivery_id = unconfirmed_delivery(store)

    looked(store, delivery_id, SOON + HOUR)

    assert State.UNCONFIRMED is state(store, delivery_id)
    assert [] == claims(store, NOON + 2 * HOUR)


def test_two_looks_a_settle_window_apart_prove_it(store):
    """Then, and only then, it is asked again, as a new attempt with its own fence; its quota is given back."""
    store.write(account_rows.put, replace(person("alice", per_hour=1), settle=SETTLE), NOON)
    delivery_id = unconfirmed_delivery(store)

    looked(store, delivery_id, SOON)
    looked(store, delivery_id, SOON + SETTLE - SECOND)
    assert State.UNCONFIRMED is state(store, delivery_id)
    after = looked(store, delivery_id, SOON + SETTLE)

    assert (State.SCHEDULED, [PartState.WAITING], 0) == (
        after.state,
        [part.state for part in after.parts],
        after.looks,
    )
    assert [] == store.read(reading.quota, "alice", SOON + SETTLE)
    [again] = claims(store, NOON + HOUR)
    assert (delivery_id, 2) == (again.delivery_id, again.n)


def test_the_look_that_can_prove_it_is_not_late(store):
    """The next look is taken at the end of the settle window, not at the end of a long interval."""
    delivery_id = unconfirmed_delivery(store)

    after = looked(store, delivery_id, SOON)

    assert SOON + SETTLE == after.next_at


def test_a_look_that_cannot_tell_is_not_repeated_at_once(store):
    """The proof waits for one that can; twenty looks in a minute would bring it before a person."""
    delivery_id = unconfirmed_delivery(store)
    looked(store, delivery_id, SOON)
    unclear = {0: CannotTell(why="the list did not reach back")}

    before = looked(store, delivery_id, SOON + MINUTE, unclear)
    after = looked(store, delivery_id, SOON + SETTLE + MINUTE, unclear)

    assert SOON + SETTLE == before.next_at
    assert SOON + SETTLE + MINUTE + HOUR == after.next_at


def test_looks_that_cannot_tell_count_for_nothing(store):
    """A truncated, logged-out or empty list between two that prove something neither helps nor hinders."""
    delivery_id = unconfirmed_delivery(store)
    nothing = {0: CannotTell(why="signed out")}

    looked(store, delivery_id, SOON)
    for seconds in range(15, 240, 15):
        looked(store, delivery_id, SOON + seconds * SECOND, nothing)
    looked(store, delivery_id, SOON + SETTLE, nothing)
    assert State.UNCONFIRMED is state(store, delivery_id)

    assert State.SCHEDULED is looked(store, delivery_id, SOON + SETTLE + SECOND).state


def test_a_browser_that_may_still_click_proves_nothing(store):
    """A worker that fell silent may be asleep, its browser with it: only once that is dead do looks count."""
    delivery_id = scheduled(store)
    claim = armed(store)
    [rescued] = store.rescue(NOON + LEASE + SECOND)
    assert rescued.armed

    looked(store, delivery_id, SOON)
    looked(store, delivery_id, SOON + SETTLE)
    assert State.UNCONFIRMED is state(store, delivery_id)

    gone_at = SOON + SETTLE + SECOND
    store.write(look_rows.note_gone, claim.attempt_id, gone_at)
    looked(store, delivery_id, gone_at + SECOND)
    assert State.UNCONFIRMED is state(store, delivery_id)
    assert State.SCHEDULED is looked(store, delivery_id, gone_at + SECOND + SETTLE).state


def test_a_browser_at_large_proves_nothing(store):
    """An attempt that answered while its browser could not be seen dead may still act."""
    delivery_id = scheduled(store)
    claim = armed(store)
    store.write(
        settling.answered, claim.attempt_id, replace(answer(UNHEARD), at_large=True), now=NOON, jitter=0.5
    )

    looked(store, delivery_id, SOON)
    looked(store, delivery_id, SOON + SETTLE)

    assert State.UNCONFIRMED is state(store, delivery_id)
    assert store.read(reading.show, delivery_id).attempts[0].gone_at is None
    assert store.read(reading.show, delivery_id).attempts[0].answer.at_large


def test_when_a_browser_was_gone_is_written_once(store):
    """A later look must not push the instant forward, or the proof would never be complete."""
    scheduled(store)
    claim = armed(store)
    store.rescue(NOON + HOUR)

    store.write(look_rows.note_gone, claim.attempt_id, NOON + HOUR)
    store.write(look_rows.note_gone, claim.attempt_id, NOON + 2 * HOUR)

    assert NOON + HOUR == store.read(reading.show, claim.delivery_id).attempts[0].gone_at


def test_an_account_may_want_a_person_instead(store):
    """An operator can demand a word before anything is asked again."""
    store.write(
        account_rows.put, replace(person("alice"), on_absence=OnAbsence.ASK_A_PERSON, settle=SETTLE), NOON
    )
    delivery_id = unconfirmed_delivery(store)

    looked(store, delivery_id, SOON)
    after = looked(store, delivery_id, SOON + SETTLE)

    assert State.NEEDS_REVIEW is after.state
    assert "asks a person" in after.why


def test_an_account_s_own_settle_window(store):
    """A network that is known to show posts at once needs no quarter of an hour."""
    store.write(account_rows.put, replace(person("alice"), settle=MINUTE), NOON)
    delivery_id = unconfirmed_delivery(store)

    looked(store, delivery_id, SOON)

    assert State.SCHEDULED is looked(store, delivery_id, SOON + MINUTE).state


def test_what_x_calls_a_duplicate_is_not_asked_for_again(store):
    """187 says a copy is live; if none of ours is, asking again brings 187 again: a person decides."""
    duplicate = Unconfirmed(
        cause=Cause.DUPLICATE, why="X says this text is live already", phase=Phase.ANSWERED
    )
    delivery_id = unconfirmed_delivery(store, None, duplicate)

    looked(store, delivery_id, SOON)

    after = looked(store, delivery_id, SOON + SETTLE)
    assert (State.NEEDS_REVIEW, True) == (after.state, after.why.startswith(duplicate.why))
    assert "proven" not in after.why


def test_a_duplicate_that_an_older_post_explains_is_refused_and_names_it(store):
    """Nothing is contradicted: the network takes no words twice, and a look saw where it has them."""
    duplicate = Unconfirmed(
        cause=Cause.DUPLICATE, why="X says this text is live already", phase=Phase.ANSWERED
    )
    delivery_id = unconfirmed_delivery(store, None, duplicate)
    older = an_id(NOON - HOUR)
    absent = {0: Absent(why="not in any list that would show it", alike=older)}

    looked(store, delivery_id, SOON, absent)

    after = looked(store, delivery_id, SOON + SETTLE, absent)
    assert (State.REFUSED, Cause.DUPLICATE) == (after.state, after.cause)
    assert f"{older} is live with the same words" in after.why


def test_a_second_attempt_s_duplicate_adopts_the_first_attempt_s_post(store):
    """X shows a post an hour late; asked again it answers 187: the look reaches back to the first attempt."""
    delivery_id = unconfirmed_delivery(store)
    first = an_id(NOON)
    looked(store, delivery_id, SOON)
    looked(store, delivery_id, SOON + SETTLE)
    again = armed(store, NOON + HOUR)
    store.write(
        settling.answered,
        again.attempt_id,
        answer(Unconfirmed(cause=Cause.DUPLICATE, why="duplicate", phase=Phase.ANSWERED)),
        now=NOON + HOUR,
        jitter=0.5,
    )

    [found] = store.read(unconfirmed.due, "alice", NOON + 2 * HOUR)
    after = looked(store, delivery_id, NOON + 2 * HOUR, {0: Present(remote_id=first)})

    assert NOON == found.wanted[0].began_at
    assert (State.PUBLISHED, first) == (after.state, after.parts[0].remote_id)


def test_looks_of_an_earlier_attempt_prove_nothing_of_a_later_one(store):
    """Each attempt has its own unconfirmed delivery, and its own proof."""
    delivery_id = unconfirmed_delivery(store)
    looked(store, delivery_id, SOON)
    looked(store, delivery_id, SOON + SETTLE)
    again = armed(store, NOON + HOUR)
    store.write(settling.answered, again.attempt_id, answer(UNHEARD), now=NOON + HOUR, jitter=0.5)

    looked(store, delivery_id, NOON + HOUR + MINUTE)

    assert State.UNCONFIRMED is state(store, delivery_id)


def test_a_look_that_began_before_a_later_attempt_says_nothing_of_it(store):
    """Whatever the clocks say: of two machines, or one that was set back, the earlier may read the later time."""
    delivery_id = unconfirmed_delivery(store)
    first = store.read(reading.show, delivery_id).attempts[-1].id
    for minutes in (0, 4):
        looked(store, delivery_id, SOON + minutes * MINUTE)
    again = armed(store, NOON + HOUR)
    store.write(settling.answered, again.attempt_id, answer(UNHEARD), now=NOON + HOUR, jitter=0.5)

    for seconds in (10, 250):
        moment = NOON + HOUR + seconds * SECOND
        store.write(
            look_rows.saw, delivery_id, MISSED, now=moment, next_at=moment, at=moment, attempt_id=first
        )
    assert State.UNCONFIRMED is state(store, delivery_id)

    for seconds in (11, 251):
        moment = NOON + HOUR + seconds * SECOND
        store.write(
            look_rows.saw,
            delivery_id,
            MISSED,
            now=moment,
            next_at=moment,
            at=moment,
            attempt_id=again.attempt_id,
        )
    assert State.SCHEDULED is state(store, delivery_id)


def test_what_is_never_there_comes_before_a_person(store):
    """X takes it each time and shows it never: after some attempts nobody asks again by himself."""
    delivery_id = unconfirmed_delivery(store)
    moment = NOON
    for _ in range(MOST_BROKEN_ATTEMPTS - 1):
        looked(store, delivery_id, moment + MINUTE)
        looked(store, delivery_id, moment + MINUTE + SETTLE)
        assert State.SCHEDULED is state(store, delivery_id)
        moment += 2 * HOUR
        again = armed(store, moment)
        store.write(settling.answered, again.attempt_id, answer(UNHEARD), now=moment, jitter=0.5)
    looked(store, delivery_id, moment + MINUTE)
    looked(store, delivery_id, moment + MINUTE + SETTLE)

    assert State.QUARANTINED is state(store, delivery_id)


def test_a_thread_resumes_at_the_first_part_proven_absent(store):
    """Part one is live, two and three are proven not to be: it goes on with two, under one."""
    delivery_id = unconfirmed_delivery(store, saying("one", "two", "three"), UNHEARD, UNHEARD, UNHEARD)
    first = an_id()
    rest = {1: Absent(why="not there"), 2: Absent(why="not there")}

    looked(store, delivery_id, SOON, {0: Present(remote_id=first), **rest})
    after = looked(store, delivery_id, SOON + SETTLE, rest)

    assert State.PARTIAL is after.state
    [claim] = claims(store, NOON + HOUR)
    assert (1, first, 2) == (claim.first, claim.reply_to, len(claim.parts))


def test_a_hole_in_a_thread_is_never_closed(store):
    """Part two is live without part one: no machine can mend that."""
    delivery_id = unconfirmed_delivery(store, saying("one", "two"), UNHEARD, UNHEARD)

    looked(store, delivery_id, SOON, {0: Absent(why="not there"), 1: Present(remote_id=an_id())})
    after = looked(store, delivery_id, SOON + SETTLE)

    assert State.NEEDS_REVIEW is after.state


def test_a_published_post_proven_gone_is_removed(store):
    """X hid it, or somebody deleted it: `removed`, never `failed`, never posted again."""
    delivery_id = scheduled(store)
    store.write(settling.answered, armed(store).attempt_id, published(), now=NOON, jitter=0.5)

    looked(store, delivery_id, SOON)
    assert State.PUBLISHED is state(store, delivery_id)
    after = looked(store, delivery_id, SOON + SETTLE)

    assert State.REMOVED is after.state
    assert [] == claims(store, NOON + 24 * HOUR)


@pytest.mark.parametrize(
    ("about", "opened_at", "told", "over_at", "seen", "heard"),
    [
        ("alice", SOON, True, None, False, 0),
        ("alice", SOON, True, SOON + MINUTE, False, 0),
        ("alice", SOON, False, None, False, 1),
        ("alice", SOON, True, None, True, 1),
        ("alice", NOON - HOUR, True, NOON - MINUTE, False, 1),
        ("alice", NOON + 2 * HOUR, True, None, False, 1),
        ("bob", SOON, True, None, False, 1),
        (None, SOON, False, None, False, 1),
    ],
    ids=[
        "it was counted", "and that is over", "but nobody was told", "but it had been seen", "that was before it",
        "that was long after it", "of somebody else", "of nobody",
    ],
)  # fmt: skip
def test_of_a_post_that_is_gone_nobody_hears_twice(store, about, opened_at, told, over_at, seen, heard):
    """Where somebody was told that the account's posts are not shown, that counted this one too; else it is told."""
    delivery_id = scheduled(store)
    answered = published()
    store.write(settling.answered, armed(store).attempt_id, answered, now=NOON, jitter=0.5)
    if seen:
        remote_id = answered.outcomes[0].remote_id
        looked(store, delivery_id, NOON + SECOND, {0: Present(remote_id=remote_id)})
    if about is not None:
        incident = store.write(incidents.enter, opened(failing(Kind.LIVE, "not shown", about), opened_at))
        told_at = opened_at if told else None
        store.write(incidents.keep, replace(incident, told_at=told_at, over_at=over_at), None, SOON)
    looked(store, delivery_id, SOON)
    looked(store, delivery_id, SOON + SETTLE)

    assert State.REMOVED is state(store, delivery_id)
    assert heard == sum(notice.delivery_id == delivery_id for notice in store.read(notices.every))


def test_a_look_told_twice_is_one_look(store):
    """A repeated look task must not make two looks of one."""
    delivery_id = unconfirmed_delivery(store)

    first = looked(store, delivery_id, SOON)
    again = looked(store, delivery_id, SOON)

    assert first == again
    assert 1 == len(store.read(reading.show, delivery_id).looks)


@pytest.mark.parametrize("later", [SECOND, HOUR])
def test_found_in_time_stops_the_proof(store, later):
    """Seen once, it is published, however many looks had missed it before."""
    delivery_id = unconfirmed_delivery(store)
    looked(store, delivery_id, SOON)

    after = looked(store, delivery_id, SOON + later, {0: Present(remote_id=an_id())})

    assert State.PUBLISHED is after.state


def on_bluesky(store):
    """A delivery to an account on Bluesky whose answer was lost at noon."""
    account = replace(person("alice"), channel="bluesky", network="bluesky", settle=0 * MINUTE)
    store.write(account_rows.put, account, NOON)
    return unconfirmed_delivery(store)


def test_a_name_that_is_missed_at_once_was_never_used(store):
    """Nobody deletes a post within seconds: it is asked again."""
    delivery_id = on_bluesky(store)

    looked(store, delivery_id, SOON)

    assert State.SCHEDULED is state(store, delivery_id)


def test_a_post_that_a_person_may_have_deleted_before_the_first_look_is_not_brought_back(store):
    """The machine was away for hours: the server says the same of a deleted record as of one that never was."""
    delivery_id = on_bluesky(store)

    looked(store, delivery_id, NOON + 3 * HOUR)

    assert State.NEEDS_REVIEW is state(store, delivery_id)
    assert "deleted" in store.read(reading.show, delivery_id).delivery.why
    assert [] == claims(store, NOON + 4 * HOUR)


@pytest.mark.parametrize("network", ["x", "mastodon"])
@pytest.mark.parametrize("looks", [(31 * MINUTE, 50 * MINUTE), (10 * SECOND, 50 * MINUTE)])
def test_nor_is_one_that_lists_show_no_trace_of(store, network, looks):
    """On X and Mastodon a deleted post is in no list and in no count: where nobody looked for a while, a person says."""
    store.write(account_rows.put, replace(person("alice"), network=network, settle=SETTLE), NOON)
    delivery_id = unconfirmed_delivery(store)

    for after in looks:
        looked(store, delivery_id, NOON + after)

    assert State.NEEDS_REVIEW is state(store, delivery_id)
    assert "deleted" in store.read(reading.show, delivery_id).delivery.why
    assert [] == claims(store, NOON + HOUR)


def test_as_whom_and_how_it_was_asked_for_is_kept(store):
    """By the time of a look the account's block may say something else."""
    scheduled(store)
    claim = claimed(store)
    appears = Appearance(identity="one.example/1", options={"visibility": "unlisted"})
    assert store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=NOON, appears=appears)
    store.write(settling.answered, claim.attempt_id, answer(UNHEARD), now=NOON, jitter=0.5)
    store.write(account_rows.note_identity, "alice", "other.example/7")
    [found] = store.read(unconfirmed.due, "alice", SOON)

    assert ("one.example/1", {"visibility": "unlisted"}) == (
        found.wanted[0].identity,
        found.wanted[0].options,
    )
    assert (
        "other.example/7"
        == next(one for one in store.read(account_rows.every) if one.name == "alice").identity
    )
    store.write(account_rows.put, replace(person("alice"), handle="somebody"), NOON)
    assert "" == next(one for one in store.read(account_rows.every) if one.name == "alice").identity
