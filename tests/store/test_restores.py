"""A store that was set back to a backup does not know what was asked for since, and acts as one that does not know."""

from __future__ import annotations

from datetime import timedelta

import pytest

from steadypost.domain import clock
from steadypost.domain.by_hand import strangers
from steadypost.domain.clock import Offset
from steadypost.domain.delivery import State
from steadypost.domain.evidence import Absent, Present, SeenPost, Sighting, Wanted
from steadypost.domain.likeness import plain
from steadypost.domain.matching import UNKNOWN_CLOCK
from steadypost.domain.parts import PartState
from steadypost.networks import named
from steadypost.networks.x.snowflake import id_at
from steadypost.store import (
    Outbox,
    Store,
    UnknownAttempt,
    copying,
    intake,
    looks,
    persons,
    reading,
    restores,
    settling,
    unconfirmed,
)
from steadypost.store import accounts as account_rows
from steadypost.store.acts import By
from steadypost.store.engine import Database
from steadypost.store.restores import GAP, LONGEST_AT_WORK
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
    claimed,
    claims,
    published,
    saying,
    scheduled,
)

ANN = By(name="Ann", why="the disk is gone")
MADE = NOON + MINUTE
"""When the backup was made."""
NOW = NOON + 6 * HOUR
"""When it is restored."""


def restore(store, at=NOW):
    return store.write(restores.begin, made_at=MADE, by=ANN, now=at)


def saw(store, delivery_id, found, at, most_looks=100):
    return store.write(looks.saw, delivery_id, found, now=at, next_at=at + MINUTE, most_looks=most_looks)


ABSENT = {0: Absent(why="not in the list")}


def test_what_could_have_been_asked_for_is_unconfirmed_and_the_rest_is_not(store):
    """Due, ahead, under way, unconfirmed: all of it. Published, held, cancelled: as it was."""
    out = scheduled(store)
    store.write(settling.answered, armed(store).attempt_id, published(), now=NOON + SECOND, jitter=0.5)
    sending = scheduled(store)
    claimed(store)
    due, ahead = scheduled(store, due_at=NOON + HOUR), scheduled(store, due_at=NOW + HOUR)
    gone = scheduled(store, due_at=NOON + HOUR)
    store.write(persons.cancel, gone, by=By(), now=clock.now())

    found = restore(store)

    assert (2, 1) == (found.due, found.ahead)
    every = [store.read(reading.show, one).delivery for one in (out, sending, due, ahead, gone)]
    assert [
        State.PUBLISHED,
        State.UNCONFIRMED,
        State.UNCONFIRMED,
        State.UNCONFIRMED,
        State.CANCELLED,
    ] == [one.state for one in every]
    assert [] == claims(store, NOW + 10 * HOUR)


def test_the_quota_counts_what_may_have_been_sent_and_not_what_is_to_come(store):
    """A store set back must not publish a second day's worth on the same day."""
    scheduled(store, saying("one", "two"), due_at=NOON + HOUR)
    scheduled(store, due_at=NOW + HOUR)
    restore(store)

    assert [(2, NOW, True)] == [
        (one.units, one.counted_at, one.unknown) for one in store.read(reading.quota, "alice", NOW)
    ]


def test_absence_is_proven_only_by_looks_after_everything_was_over(store):
    """What worked with the lost store may act for a while yet; after that two looks a settle window apart count."""
    delivery_id = scheduled(store, due_at=NOON + HOUR)
    restore(store)
    over = NOW + LONGEST_AT_WORK
    settle = store.read(account_rows.one, "alice").settle

    saw(store, delivery_id, ABSENT, NOW + SECOND)
    saw(store, delivery_id, ABSENT, over - SECOND)
    assert State.UNCONFIRMED is store.read(reading.show, delivery_id).delivery.state
    saw(store, delivery_id, ABSENT, over)
    saw(store, delivery_id, ABSENT, over + settle - SECOND)
    assert State.UNCONFIRMED is store.read(reading.show, delivery_id).delivery.state
    after = saw(store, delivery_id, ABSENT, over + settle)

    assert State.SCHEDULED is after.state
    assert delivery_id == claimed(store, after.next_at).delivery_id
    assert [] == [one for one in store.read(reading.quota, "alice", over + settle) if one.unknown]


def test_what_is_found_is_adopted_and_counted(store):
    """Its id becomes the delivery's, and the quota keeps it."""
    delivery_id = scheduled(store, due_at=NOON + HOUR)
    restore(store)
    given = an_id(NOON + HOUR)

    after = saw(store, delivery_id, {0: Present(remote_id=given)}, NOW + MINUTE)

    assert (State.PUBLISHED, given) == (after.state, after.parts[0].remote_id)
    assert [1] == [one.units for one in store.read(reading.quota, "alice", NOW + MINUTE)]


def test_a_thread_half_out_goes_on_where_it_was_seen_to_end(store):
    """One part was live in the backup, a look finds the second, and the third is proven absent."""
    delivery_id = scheduled(store, saying("one", "two", "three"))
    claim = armed(store)
    first, second = an_id(), an_id(NOON + HOUR)
    store.write(
        settling.answered,
        claim.attempt_id,
        answer(*published(first).outcomes, NEVER, NEVER),
        now=NOON + SECOND,
        jitter=0.0,
    )
    restore(store)
    assert [PartState.LIVE, PartState.ASKED, PartState.ASKED] == [
        one.state for one in store.read(reading.show, delivery_id).delivery.parts
    ]
    over, settle = NOW + LONGEST_AT_WORK, store.read(account_rows.one, "alice").settle
    for at in (over, over + settle):
        after = saw(store, delivery_id, {1: Present(remote_id=second), 2: Absent(why="not in the list")}, at)

    assert State.PARTIAL is after.state
    again = claimed(store, after.next_at)
    assert (2, (first, second)) == (again.first, again.live)


def test_the_lost_stores_attempts_have_nothing_to_say(store):
    """Numbers are given out anew only after a gap: a worker or an outbox of before means none of them."""
    scheduled(store)
    before = claimed(store)
    scheduled(store, due_at=NOON + HOUR)
    restore(store)

    assert not store.write(settling.arm, before.attempt_id, fence=before.fence, now=NOON + SECOND)
    with pytest.raises(UnknownAttempt):
        store.write(settling.arm, before.attempt_id + 1, fence=1, now=NOW)
    [later] = store.write(intake.add, saying(), accounts=["alice"], due_at=NOW + MINUTE, now=NOW)
    made = claimed(store, NOW + MINUTE)

    assert later.delivery_id == made.delivery_id
    assert made.attempt_id > before.attempt_id + GAP


def test_an_outbox_of_before_is_none_of_the_restored_stores(store, tmp_path):
    """An answer to an attempt that this store does not know is not taken for the answer to another."""
    scheduled(store)
    claim = armed(store)
    Outbox(tmp_path, store.lineage).keep(claim.attempt_id, published(), NOON)
    restore(store)

    assert [] == Outbox(tmp_path, store.lineage).waiting()


def test_what_waited_for_a_person_is_looked_for_when_it_is_let_go(store):
    """Held in the backup, released by a person since, published since: nobody here knows."""
    scheduled(store, saying("Good morning"))
    held = scheduled(store, saying("Good morning"))
    assert State.HELD is store.read(reading.show, held).delivery.state
    restore(store)
    store.write(persons.release, held, now=NOW, by=By())

    assert [] == claims(store, NOW + MINUTE)
    assert State.UNCONFIRMED is store.read(reading.show, held).delivery.state


def test_what_comes_in_again_with_a_time_that_has_passed_is_looked_for(store):
    """A list taken in once more, a series planned anew: what was due before the restore may have gone out."""
    restore(store)
    [again] = store.write(intake.add, saying(), accounts=["alice"], due_at=NOON + HOUR, now=NOW + MINUTE)
    [new] = store.write(intake.add, saying(), accounts=["bob"], due_at=NOW + MINUTE, now=NOW + MINUTE)

    assert [new.delivery_id] == [one.delivery_id for one in claims(store, NOW + 2 * MINUTE)]
    assert State.UNCONFIRMED is store.read(reading.show, again.delivery_id).delivery.state


def test_it_is_looked_for_once_for_each_restore(store):
    """After the proof it goes out; set back once more, it is looked for once more."""
    delivery_id = scheduled(store, due_at=NOON + HOUR)
    restore(store)
    store.write(
        persons.resolve, delivery_id, absent=True, by=By(name="Ann", why="it is not there"), now=NOW + HOUR
    )
    again = restore(store, at=NOW + 2 * HOUR)

    assert 1 == again.due
    assert State.UNCONFIRMED is store.read(reading.show, delivery_id).delivery.state


def test_a_name_that_was_asked_by_is_kept_and_another_is_lost(store):
    """Where a network takes names, what was asked for before the backup has the name it had."""
    asked, not_asked = scheduled(store), scheduled(store, due_at=NOON + HOUR)
    claim = armed(store)
    store.write(settling.answered, claim.attempt_id, answer(UNHEARD), now=NOON + SECOND, jitter=0.5)
    claimed(store, NOON + HOUR, worker="other")
    restore(store)

    waiting = {one.delivery_id: one for one in store.read(unconfirmed.unsettled, "alice")}
    assert claim.key == waiting[asked].wanted[0].name.key
    assert waiting[not_asked].wanted[0].name is None


def test_a_store_is_copied_whole_and_put_back_whole(store, url, tmp_path):
    """From either database, into either; with the numbers that come next."""
    scheduled(store, saying("one", "two"))
    store.write(
        settling.answered, armed(store).attempt_id, published(an_id(), an_id()), now=NOON + SECOND, jitter=0.5
    )
    scheduled(store, saying("Good morning"))
    twin = scheduled(store, saying("Good morning"))
    database = Database(url)
    copying.copy_to(database, tmp_path / "copy.db")
    copying.check_copy(tmp_path / "copy.db")
    before = [store.read(reading.show, one.delivery.id) for one in store.read(reading.queue, limit=100)]

    with Store.open(f"sqlite:///{tmp_path / 'copy.db'}") as copy:
        assert before == [
            copy.read(reading.show, one.delivery.id) for one in copy.read(reading.queue, limit=100)
        ]
    if not database.is_sqlite:
        lost = scheduled(store)
        copying.put_rows(tmp_path / "copy.db", database)
        assert before == [
            store.read(reading.show, one.delivery.id) for one in store.read(reading.queue, limit=100)
        ]
        assert lost == scheduled(store), "the number is free again"
    assert twin == max(one.delivery.id for one in before)
    database.engine.dispose()


def test_a_post_of_before_the_backup_is_no_stranger_and_one_of_since_is():
    """What was made since the backup in words that nobody here knows may be any of what was due."""
    agreed = Offset(ahead=timedelta(0), within=UNKNOWN_CLOCK)
    item = Wanted(
        delivery_id=1,
        n=0,
        network=named("x"),
        handle="alice",
        text="Good morning",
        began_at=MADE,
        ended_at=NOW,
        offset=agreed,
    )
    at = {"before": MADE - HOUR, "since": MADE + HOUR, "after": NOW + 2 * HOUR}
    posts = {word: SeenPost(id=id_at(when), author="alice", said=plain(word)) for word, when in at.items()}
    sighting = Sighting(
        account="alice",
        at=NOW + 3 * HOUR,
        posts=tuple(posts.values()),
        reached_back_to=NOON - HOUR,
        told=True,
        offset=Offset(ahead=timedelta(0), within=SECOND),
    )

    found = strangers(item, [item], [sighting], (), until=NOW + LONGEST_AT_WORK)

    assert (posts["since"].id,) == found
