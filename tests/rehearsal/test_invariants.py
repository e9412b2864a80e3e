"""The checker finds what it is there for: a ledger and a store that disagree, by the number of the invariant."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from rehearsal.invariants import judge
from steadypost.domain.evidence import Absent
from steadypost.domain.outcome import Answer, Cause, Phase, Published, Unconfirmed
from steadypost.domain.post import Part, Post
from steadypost.domain.quota import Limits
from steadypost.domain.snowflake import id_at
from steadypost.store import AccountRecord, Store

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
SETTLE = timedelta(minutes=15)
UNHEARD = Unconfirmed(cause=Cause.NO_ANSWER, why="no answer", phase=Phase.CLICKED)


class Ledger:
    """A network whose truth is what a test says."""

    def __init__(self):
        self.posts = []
        self.arrived = []
        self._numbers = itertools.count(1)

    def made(self, text, at, *, author="alice", reply_to=None, asked=True):
        post_id = id_at(at, sequence=next(self._numbers))
        self.posts.append(
            {
                "id": post_id,
                "author": author,
                "text": text,
                "created_at": int(at.timestamp() * 1000),
                "reply_to": reply_to,
                "ask": f"ask-{post_id}",
                "live": True,
            }
        )
        if asked:
            self.asked(text, at, account=author)
        return post_id

    def asked(self, text, at, *, account="alice"):
        self.arrived.append({"account": account, "text": text, "arrived_at": int(at.timestamp() * 1000)})

    def ledger(self, account=None):
        return self.posts

    def live(self, account=None):
        return [post for post in self.posts if post["live"]]

    def asks(self, account=None):
        return self.arrived


@pytest.fixture
def network():
    return Ledger()


@pytest.fixture
def store(tmp_path):
    with Store.create(f"sqlite:///{tmp_path}/store.db") as store:
        store.put_account(
            AccountRecord(name="alice", channel="x_web", handle="alice", limits=Limits(per_hour=2)), now=NOON
        )
        yield store


def asked(store, *texts, at=NOON):
    """A delivery that was claimed and armed."""
    post = Post(parts=tuple(Part(text=text) for text in texts))
    (added,) = store.add(post, accounts=["alice"], due_at=at, now=at)
    (claim,) = store.claim(worker="w", now=at, lease=MINUTE, at_most=1, accounts=["alice"])
    assert claim.delivery_id == added.delivery_id
    assert store.arm(claim.attempt_id, claim.fence, at)
    return claim


def answered(store, claim, *outcomes, at=NOON + SECOND):
    return store.answered(claim.attempt_id, Answer(outcomes=outcomes), at, 0.5).delivery


def published(store, network, text="Hello", at=NOON):
    claim = asked(store, text, at=at)
    remote_id = network.made(text, at + SECOND)
    answered(store, claim, Published(remote_id=remote_id), at=at + SECOND)
    return claim


def numbers(store, network, **more):
    return sorted({one.number for one in judge(store, network, **more)})


def test_what_is_right_breaks_nothing(store, network):
    """One ask, one live post, its id."""
    published(store, network)

    assert [] == judge(store, network)


def test_a_second_copy_breaks_the_first(store, network):
    """Two live copies; and of the second, nobody knows."""
    published(store, network)
    network.made("Hello", NOON + MINUTE, asked=False)

    assert [1, 2] == numbers(store, network)


def test_published_while_absent_breaks_the_second(store, network):
    """The store names an id, and the network has nothing of that id."""
    published(store, network)
    network.posts[0]["live"] = False

    assert [2] == numbers(store, network)


def test_an_id_of_somebody_else_breaks_the_eighth(store, network):
    """The id is live, and another account's."""
    published(store, network)
    network.posts[0]["author"] = "bob"

    assert 8 in numbers(store, network)


def test_asking_again_unseen_breaks_the_third(store, network):
    """An attempt in doubt was followed by another, and between them nobody proved anything."""
    claim = asked(store, "Hello")
    answered(store, claim, UNHEARD)
    network.asked("Hello", NOON)
    with store._database.writing() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET state = 'scheduled'")
    (again,) = store.claim(worker="w", now=NOON + MINUTE, lease=MINUTE, at_most=1, accounts=["alice"])
    store.arm(again.attempt_id, again.fence, NOON + MINUTE)
    remote_id = network.made("Hello", NOON + MINUTE + SECOND)
    answered(store, again, Published(remote_id=remote_id), at=NOON + MINUTE + SECOND)

    assert [3] == numbers(store, network)


@pytest.mark.parametrize(("apart", "broken"), [(SETTLE, []), (SETTLE - SECOND, [3])])
def test_two_looks_a_settle_window_apart_are_a_proof(store, network, apart, broken):
    """And a second less is none."""
    claim = asked(store, "Hello")
    answered(store, claim, UNHEARD)
    network.asked("Hello", NOON)
    for at in (NOON + MINUTE, NOON + MINUTE + apart):
        store.saw(claim.delivery_id, {0: Absent(why="-")}, now=at, next_at=at)
    late = NOON + timedelta(hours=1)
    with store._database.writing() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET state = 'scheduled', next_at = due_at")
    (again,) = store.claim(worker="w", now=late, lease=MINUTE, at_most=1, accounts=["alice"])
    store.arm(again.attempt_id, again.fence, late)
    answered(store, again, Published(remote_id=network.made("Hello", late)), at=late)

    assert broken == numbers(store, network)


def test_an_ask_without_an_intent_breaks_the_third(store, network):
    """The network was asked before anybody had written that it would be."""
    claim = asked(store, "Hello")
    remote_id = network.made("Hello", NOON - SECOND)
    answered(store, claim, Published(remote_id=remote_id))

    assert [3] == numbers(store, network)


def test_an_ask_from_an_attempt_that_is_over_breaks_the_third(store, network):
    """One attempt, two requests: a worker that woke late has clicked."""
    published(store, network)
    network.asked("Hello", NOON + MINUTE)

    assert [3] == numbers(store, network)


def test_what_does_not_come_to_rest_breaks_the_fourth(store, network):
    """It is still in doubt when nothing moves any more."""
    answered(store, asked(store, "Hello"), UNHEARD)

    assert [4] == numbers(store, network)


def test_an_innocent_that_is_late_breaks_the_fifth(store, network):
    """A post nothing was wrong with went out, but not when it was due."""
    claim = published(store, network)

    assert [] == numbers(store, network, prompt={claim.delivery_id: timedelta(seconds=2)})
    assert [5] == numbers(store, network, prompt={claim.delivery_id: timedelta(seconds=0.5)})


def test_more_than_the_quota_breaks_the_sixth(store, network):
    """Three within an hour, where two may be; counted by the network's own times."""
    for n, text in enumerate(("One", "Two")):
        published(store, network, text, at=NOON + n * MINUTE)
    with store._database.writing() as connection:
        connection.exec_driver_sql("UPDATE accounts SET per_hour = 1")

    assert [6] == numbers(store, network)


def test_a_person_who_was_not_told_breaks_the_seventh(store, network):
    """It waits for somebody, and nobody knows."""
    answered(store, asked(store, "Hello"), UNHEARD)
    with store._database.writing() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET state = 'needs_review'")

    assert [7] == numbers(store, network)
