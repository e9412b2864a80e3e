"""What waits may be changed; what anybody was asked for keeps its words."""

from __future__ import annotations

import pytest

from steadypost.domain.delivery import State
from steadypost.domain.outcome import Cause, NotSubmitted, Phase, Published, Refused
from steadypost.store import Incoming, NotWaiting, changes, intake, persons, reading, settling
from steadypost.store.acts import By
from tests.store.people import HOUR, MINUTE, NOON, an_id, answer, armed, claims, saying

LATER = NOON + HOUR
REFUSED = Refused(cause=Cause.REFUSED_OTHERWISE, code="-", why="no")
NOT_SENT = NotSubmitted(cause=Cause.NO_WAY_OUT, why="no network", phase=Phase.OPENED)


@pytest.fixture
def thread(store):
    """A thread of three for alice and bob, of which only alice's is due."""
    store.write(
        intake.add, saying("1", "2", "3"), accounts=["alice", "bob"], due_at=NOON, now=NOON - HOUR, key="k"
    )
    return {one.delivery.account: one.delivery.id for one in store.read(reading.queue)}


def change(store):
    wanted = Incoming(post=saying("Something else"), accounts=("bob",), due_at=LATER, key="k")
    return store.write(changes.update_waiting, wanted, did="import --update", now=NOON + MINUTE, by=By())


def test_a_post_of_which_a_part_is_live_is_not_rewritten(store, thread):
    """Alice's thread was given up after its first part: what she said there stays what was said."""
    claim = armed(store, accounts=("alice",))
    store.write(
        settling.answered,
        claim.attempt_id,
        answer(Published(remote_id=an_id()), REFUSED, REFUSED),
        now=NOON,
        jitter=0.5,
    )
    store.write(persons.cancel, thread["alice"], now=NOON, by=By())

    with pytest.raises(NotWaiting):
        change(store)
    assert State.CANCELLED is store.read(reading.show, thread["alice"]).delivery.state
    assert 3 == len(store.read(reading.show, thread["alice"]).post.parts)


def test_what_was_given_up_before_anybody_asked_keeps_nobody_from_changing_the_post(store, thread):
    claim = claims(store, accounts=("alice",))[0]
    store.write(
        settling.answered, claim.attempt_id, answer(NOT_SENT, NOT_SENT, NOT_SENT), now=NOON, jitter=0.5
    )
    store.write(persons.cancel, thread["alice"], now=NOON, by=By())

    assert ["bob"] == [one.account for one in change(store)]
