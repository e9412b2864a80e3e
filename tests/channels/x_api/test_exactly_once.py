"""One post, one copy: the whole way of a delivery, with X's API in bad weather behind it.

Store, claim, ask, looks and verdicts are those that publish; only Prefect is not there.
"""

from __future__ import annotations

import contextlib
import random
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

import tasks.documents
import tasks.house
from sandbox.x_api import XApiSandbox
from steadypost.channels.port import Access
from steadypost.domain.delivery import State
from steadypost.domain.post import Part, Post
from steadypost.domain.span import Span
from steadypost.store import AccountRecord, Outbox, Store, intake, money, reading
from steadypost.store import accounts as account_rows
from tasks.deliveries import ask, deliver, record
from tasks.house import LEASE, House
from tasks.looks import look

POSTS = 24

MANY_WRITERS = timedelta(seconds=60)
"""SQLite gives no writer a place in a line: with eight of them on a slow disk, one may wait for longer than a publisher
would. What a publisher does then is tried elsewhere.
"""


def now():
    return datetime.now(UTC)


class Publisher:
    """Alice's posts, from the queue to their ids."""

    def __init__(self, url, sandbox, home, *, settle=timedelta(minutes=15), worker="here") -> None:
        self.store = Store.open(url, patience=MANY_WRITERS)
        self.sandbox = sandbox
        self.store.write(
            account_rows.put,
            AccountRecord(name="alice", channel="x_api", network="x", handle="alice", settle=settle),
            now(),
        )
        self.house = House(
            store=self.store,
            browsers=None,
            worker=worker,
            outbox=Outbox(home / f"outbox-{worker}", self.store.address),
            dice=random.Random(1),  # noqa: S311 - repeatable
            home=home,
            tokens=self.store.tokens(home),
        )
        self.house.directory.accounts["alice"] = Access(
            account="alice", handle="alice", base_url=sandbox.url, secret=sandbox.grant("alice")
        )
        self.house.directory.marks["alice"] = "mark"

    def queue(self, *posts):
        for post in posts:
            parts = (post,) if isinstance(post, str) else post
            self.store.write(
                intake.add,
                Post(parts=tuple(Part(text=one) for one in parts)),
                accounts=["alice"],
                due_at=now(),
                now=now(),
            )

    def claims(self, at_most=100):
        found = self.store.claim(
            worker=self.house.worker, now=now(), lease=LEASE, at_most=at_most, accounts=["alice"]
        )
        self.house.in_hand |= {claim.attempt_id: claim for claim in found}
        return found

    def publishes(self):
        for claim in self.claims():
            with self.is_here():
                deliver.fn(claim.attempt_id, claim.delivery_id, "alice")

    def looks(self, *, at_once=True):
        with self.is_here():
            look.fn("alice", at_once=at_once)

    @contextlib.contextmanager
    def is_here(self):
        before, tasks.house._open = tasks.house._open, self.house
        try:
            yield
        finally:
            tasks.house._open = before

    def states(self):
        return Counter(entry.delivery.state for entry in self.store.read(reading.queue, limit=1000))

    def ids(self):
        return {
            part.remote_id
            for entry in self.store.read(reading.queue, limit=1000)
            for part in entry.delivery.parts
        }


@pytest.fixture
def url(tmp_path):
    made = f"sqlite:///{tmp_path / 'store.db'}"
    Store.create(made).close()
    return made


@pytest.fixture
def publisher(url, sandbox, tmp_path, monkeypatch):
    monkeypatch.setattr(tasks.documents, "make_circuits", list)
    made = Publisher(url, sandbox, tmp_path)
    yield made
    made.store.close()


def texts(many=POSTS):
    return [
        f"Post {n}: https://example.com/{n}?a=1&b=2 {'👨‍👩‍👧' if n % 3 else 'Straße'}" for n in range(many)
    ]


@pytest.mark.parametrize("fault", ["lost_after", "half_answer", "gateway_timeout", "no_id"])
def test_every_answer_is_lost(publisher, sandbox, fault):
    """24 posts, none of which X answered in a way that could be read: one copy each, with their ids."""
    sandbox.weather({"fault": fault})
    publisher.queue(*texts())

    publisher.publishes()
    assert {State.UNCONFIRMED: POSTS} == publisher.states()
    publisher.looks()

    live = sandbox.live("alice")
    assert {State.PUBLISHED: POSTS} == publisher.states()
    assert {post["id"] for post in live} == publisher.ids()
    assert sorted(texts()) == sorted(post["text"] for post in live)
    assert POSTS == len(sandbox.asks())


def test_every_answer_of_threads_is_lost(publisher, sandbox):
    """Part by part: each that is found is gone on from."""
    sandbox.weather({"fault": "lost_after"})
    publisher.queue(*[[f"Thread {n}, part {part}" for part in range(3)] for n in range(3)])

    for _ in range(3):
        publisher.publishes()
        publisher.looks()

    posts = sandbox.live("alice")
    parents = {post["id"]: post["reply_to"] for post in posts}
    assert {State.PUBLISHED: 3} == publisher.states()
    assert 9 == len(posts) == len(sandbox.asks())
    for entry in publisher.store.read(reading.queue, limit=9):
        ids = [part.remote_id for part in entry.delivery.parts]
        assert [None, *ids[:-1]] == [parents[one] for one in ids]


def test_what_was_never_made_is_asked_for_again(url, sandbox, tmp_path, monkeypatch, wait_until):
    """Absence is proven by two looks a settle window apart; then it goes out, once."""
    monkeypatch.setattr(tasks.documents, "make_circuits", list)
    publisher = Publisher(url, sandbox, tmp_path, settle=timedelta(seconds=1))
    sandbox.weather({"fault": "lost_before", "count": 3})
    publisher.queue(*texts(3))
    publisher.publishes()

    def out():
        # When it is planned: looks that follow each other without a pause use up what a delivery may have of them.
        publisher.looks(at_once=False)
        publisher.publishes()
        return publisher.states() == {State.PUBLISHED: 3}

    wait_until(out, description="all three are out", within=60)
    assert 3 == len(sandbox.live("alice"))
    assert {post["id"] for post in sandbox.live("alice")} == publisher.ids()
    publisher.store.close()


def test_a_list_that_lags_brings_no_second_copy(url, sandbox, tmp_path, monkeypatch, wait_until):
    """What X shows only later is waited for: the settle window is longer than the lag."""
    monkeypatch.setattr(tasks.documents, "make_circuits", list)
    publisher = Publisher(url, sandbox, tmp_path, settle=timedelta(seconds=8))
    sandbox.world.lag_s = 3
    sandbox.weather({"fault": "lost_after"})
    publisher.queue(*texts(4))
    publisher.publishes()

    publisher.looks()
    publisher.publishes()
    assert {State.UNCONFIRMED: 4} == publisher.states()

    def shown():
        return 4 == len(sandbox.world.listed(sandbox.world.people["alice"], {}))

    wait_until(shown, description="X's list shows all four")
    publisher.looks()
    assert {State.PUBLISHED: 4} == publisher.states()
    assert 4 == len(sandbox.live("alice")) == len(sandbox.asks())
    publisher.store.close()


@pytest.mark.parametrize("lost", [False, True])
def test_eight_publishers_race(url, tmp_path, monkeypatch, lost):
    """One claims, one asks: one copy of each, whoever was first, with or without an answer."""
    monkeypatch.setattr(tasks.documents, "make_circuits", list)
    with XApiSandbox() as sandbox:
        sandbox.weather(*([{"fault": "lost_after"}] if lost else []))
        racers = [Publisher(url, sandbox, tmp_path, worker=f"worker{n}") for n in range(8)]
        monkeypatch.setattr(tasks.house, "_open", racers[0].house)
        racers[0].queue(*texts(6))
        gate = threading.Barrier(8)

        def race(one):
            gate.wait(30)
            for claim in one.claims(at_most=3):
                record(one.house, claim, ask(one.house, claim))

        crews = [threading.Thread(target=lambda one=one: race(one)) for one in racers]
        for crew in crews:
            crew.start()
        for crew in crews:
            crew.join(60)
        if lost:
            racers[3].looks()

        assert {State.PUBLISHED: 6} == racers[0].states()
        assert 6 == len(sandbox.asks()) == len(sandbox.live("alice"))
        assert 1 == sandbox.world.people["alice"].renewals
        for one in racers:
            one.store.close()


def test_a_duplicate_that_is_ours_is_found(publisher, sandbox):
    """A proxy sent the ask twice: the second answer says that the words are live already, and they are ours."""
    sandbox.weather({"fault": "duplicate", "params": {"happens": True}})
    publisher.queue("Good morning")

    publisher.publishes()
    publisher.looks()

    assert {State.PUBLISHED: 1} == publisher.states()
    assert {sandbox.live("alice")[0]["id"]} == publisher.ids()


def test_what_was_read_is_charged(publisher, sandbox):
    """Each post that a look was told, once a day."""
    sandbox.weather({"fault": "lost_after"})
    publisher.queue(*texts(3))
    publisher.publishes()
    publisher.looks()
    publisher.looks()

    [spent] = publisher.store.read(money.spent, Span(now() - timedelta(hours=1), now() + timedelta(hours=1)))

    assert (Decimal("0.60"), Decimal("0.003")) == (spent.posts, spent.reads)
