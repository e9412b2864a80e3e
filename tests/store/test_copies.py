"""Copies: a person is told of each once, and only what was told is known as one."""

from __future__ import annotations

import pytest

from steadypost.domain.delivery import State
from steadypost.domain.evidence import CannotTell, Present
from steadypost.domain.outcome import Cause
from steadypost.store import copies, looks, persons, reading, settling
from steadypost.store import notices as notice_rows
from steadypost.store.acts import By
from tests.store.people import HOUR, MINUTE, NOON, UNHEARD, an_id, answer, armed, published, scheduled


@pytest.fixture
def twice(store):
    """A published delivery of which a look found two copies: its id, its own post's, and the copies'."""
    delivery_id = scheduled(store)
    ours, *found = (an_id() for _ in range(3))
    claim = armed(store)
    store.write(settling.answered, claim.attempt_id, published(ours), now=NOON, jitter=0.5)
    store.write(
        looks.saw,
        delivery_id,
        {0: Present(remote_id=ours)},
        now=NOON + MINUTE,
        next_at=NOON + HOUR,
        found_copies={0: tuple(found)},
    )
    return delivery_id, ours, found


def test_of_each_copy_a_person_hears_once_with_both_ids_and_the_cause(store, twice):
    delivery_id, ours, found = twice
    store.write(
        looks.saw,
        delivery_id,
        {0: Present(remote_id=ours)},
        now=NOON + 2 * MINUTE,
        next_at=NOON + HOUR,
        found_copies={0: tuple(found)},
    )
    notices = store.read(notice_rows.due, NOON + HOUR)

    assert [f"copy:{delivery_id}:0:{copy}" for copy in found] == [one.key for one in notices]
    for copy, notice in zip(found, notices, strict=True):
        assert all(told in notice.body for told in (ours, copy, "asked for once"))


def test_a_copy_that_a_second_attempt_made_says_so(store):
    """Not the browser's doing: somebody's word that it was not there was wrong."""
    delivery_id = scheduled(store)
    first = armed(store)
    store.write(settling.answered, first.attempt_id, answer(UNHEARD), now=NOON, jitter=0.5)
    store.write(
        persons.resolve, delivery_id, absent=True, by=By(name="Dora", why="not there"), now=NOON + MINUTE
    )
    again = armed(store, NOON + HOUR)
    ours, copy = an_id(NOON + HOUR), an_id()
    store.write(settling.answered, again.attempt_id, published(ours), now=NOON + HOUR, jitter=0.5)
    store.write(settling.answered, first.attempt_id, published(copy), now=NOON + HOUR, jitter=0.5)

    (notice,) = store.read(notice_rows.due, NOON + 2 * HOUR)
    assert all(told in notice.body for told in (ours, copy, "asked for 2 times"))
    assert ours == store.read(copies.known, copy).of


def test_only_a_copy_is_known_as_one(store, twice):
    """Neither the post itself nor any other id, however much it looks like one."""
    delivery_id, ours, (copy, _) = twice
    known = store.read(copies.known, copy)

    assert (copy, delivery_id, "alice", 0, ours, False) == (
        known.id,
        known.delivery_id,
        known.account,
        known.n,
        known.of,
        known.removed,
    )
    assert [None, None, None] == [store.read(copies.known, one) for one in (ours, an_id(), "%")]


def test_posts_of_which_nobody_knows_which_is_it_are_no_copies_yet(store):
    """A person is told of both at once; while nobody has said which is it, neither may be taken down as a copy."""
    delivery_id = scheduled(store)
    claim = armed(store)
    store.write(settling.answered, claim.attempt_id, answer(UNHEARD), now=NOON, jitter=0.5)
    one, other = an_id(), an_id()
    for n in range(2):
        store.write(
            looks.saw,
            delivery_id,
            {0: CannotTell(why="two", twins=(one, other))},
            now=NOON + (n + 1) * MINUTE,
            next_at=NOON + HOUR,
        )

    (notice,) = store.read(notice_rows.due, NOON + HOUR)
    assert all(told in notice.body for told in (one, other, f"resolve {delivery_id}"))
    assert [None, None] == [store.read(copies.known, post) for post in (one, other)]


def test_who_took_it_down_and_why_is_kept(store, twice):
    delivery_id, ours, (copy, another) = twice
    after = store.write(
        copies.removed,
        store.read(copies.known, copy),
        by=By(name="Dora", why="it looked silly"),
        now=NOON + HOUR,
    )

    (act,) = store.read(reading.show, delivery_id).acts
    assert ("Dora", "it looked silly", f"delete --copy {copy}") == (act.by, act.why, act.did)
    assert (State.PUBLISHED, Cause.DUPLICATE, [ours]) == (
        after.state,
        after.cause,
        [part.remote_id for part in after.parts],
    )
    assert (True, False) == (
        store.read(copies.known, copy).removed,
        store.read(copies.known, another).removed,
    )
