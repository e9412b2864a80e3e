"""A store that is set back to an old backup asks for nothing twice: on every channel, by the network's own ledger."""

from __future__ import annotations

import contextlib
import random
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import tasks.directory
import tasks.documents
import tasks.house
from steadypost.channels.port import LookRequest, Order
from steadypost.cli.archive import Contents
from steadypost.cli.commands.restore import prepare
from steadypost.domain.delivery import State
from steadypost.domain.network import Place
from steadypost.domain.outcome import Answer, Cause, NotSubmitted, Phase
from steadypost.domain.post import Part, Post
from steadypost.domain.quota import Limits
from steadypost.store import (
    AccountRecord,
    Outbox,
    Store,
    copying,
    intake,
    ledger,
    looks,
    reading,
    restores,
    settling,
)
from steadypost.store import accounts as account_rows
from steadypost.store.acts import By
from steadypost.store.engine import Database
from tasks.house import LEASE, House
from tasks.looks import look
from tests.channels.conformance.test_conformance import it, running  # noqa: F401 - fixtures

ALICE = By(name="alice", why="the disk is gone")
NEVER = NotSubmitted(cause=Cause.EARLIER_PART, why="the line was cut", phase=Phase.CLAIMED)


class Bench:
    """One account of the channel under test, and whichever store is at work for it."""

    def __init__(self, adapter, folder, monkeypatch):
        self.adapter = adapter
        self.folder = folder
        self.account = adapter.access().account
        kind = replace(adapter.kind, open=lambda _: adapter.kind.open(adapter.means()))
        monkeypatch.setitem(tasks.directory.CHANNELS, adapter.kind.name, kind)
        monkeypatch.setattr(tasks.documents, "make_circuits", list)
        # The windows of time are judged elsewhere, by a clock that is handed in; here it is the network that answers.
        monkeypatch.setattr(restores, "LONGEST_AT_WORK", timedelta(0))
        self.monkeypatch = monkeypatch

    @contextlib.contextmanager
    def at_work(self, path):
        """Work with one store."""
        access = self.adapter.access()
        with Store.create(f"sqlite:///{path}") as store:
            store.write(
                account_rows.put,
                AccountRecord(
                    name=self.account,
                    channel=self.adapter.kind.name,
                    network=self.adapter.kind.network.name,
                    handle=access.handle,
                    limits=Limits(),
                    settle=timedelta(0),
                ),
                now=datetime.now(UTC),
            )
            house = House(
                store=store,
                browsers=None,
                worker="here",
                outbox=Outbox(self.folder / "outbox", store.lineage),
                dice=random.Random(1),  # noqa: S311 - repeatable
            )
            house.directory.accounts = {self.account: access}
            self.monkeypatch.setattr(tasks.house, "_open", house)
            yield store

    def add(self, store, *texts, due_in=timedelta(0)):
        now = datetime.now(UTC)
        [added] = store.write(
            intake.add,
            Post(parts=tuple(Part(text=text) for text in texts)),
            accounts=[self.account],
            due_at=now + due_in,
            now=now,
        )
        return added.delivery_id

    def publish(self, store, *, most=None):
        """Claim what is due and ask for it; of each only the first ``most`` parts get out."""
        claims = store.claim(
            worker="here", now=datetime.now(UTC), lease=LEASE, at_most=50, accounts=[self.account]
        )
        for claim in claims:
            answer = self.ask(store, claim, most or len(claim.parts))
            store.write(settling.answered, claim.attempt_id, answer, now=datetime.now(UTC), jitter=0.0)
        return claims

    def ask(self, store, claim, most):
        order = Order(
            parts=claim.parts[:most],
            key=claim.key,
            keyed_at=claim.keyed_at,
            first=claim.first,
            live=claim.live,
            reply_to=claim.reply_to,
        )
        with self.adapter.kind.open(self.adapter.means()) as channel:

            def arm():
                return store.write(
                    settling.arm,
                    claim.attempt_id,
                    fence=claim.fence,
                    now=datetime.now(UTC),
                    executor=channel.executor,
                    offset=channel.offset,
                )

            answer = channel.ask(
                self.adapter.access(),
                order,
                arm=arm,
                deadline=time.monotonic() + self.adapter.within,
                progress=lambda _: None,
            )
        rest = (NEVER,) * (len(claim.parts) - most)
        return Answer(outcomes=(*answer.outcomes, *rest), first=claim.first)

    def note_the_past(self, store):
        """Have the store know what somebody made by hand before the backup."""
        request = LookRequest(place=Place.PROFILE, back_to=datetime.now(UTC) - timedelta(days=30))
        with self.adapter.kind.open(self.adapter.means()) as channel:
            seen = channel.look(
                self.adapter.access(), request, deadline=time.monotonic() + self.adapter.within
            )
        ours = store.read(looks.taken_ids, self.account, {post.id for post in seen.posts})
        by_hand = [post for post in seen.posts if post.id not in ours]
        store.write(ledger.note_foreign, self.account, by_hand, datetime.now(UTC))

    def settle(self, store, wait_until):
        """Look until nothing is unconfirmed."""

        def settled():
            look.fn(self.account, at_once=True)
            return not store.read(reading.queue, state=State.UNCONFIRMED)

        wait_until(settled, description="nothing is unconfirmed", within=90)


def test_an_old_backup_sends_nothing_twice(it, tmp_path, monkeypatch, wait_until):  # noqa: F811
    """Published since the backup, half out when it was made, due and never sent: each is live once in the end."""
    bench = Bench(it, tmp_path, monkeypatch)
    backup, lost, restored = tmp_path / "backup.db", tmp_path / "lost.db", tmp_path / "restored.db"
    with bench.at_work(lost) as store:
        bench.add(store, "Sent before the backup.")
        bench.publish(store)
        if it.threads:
            bench.add(store, "The first half,", "and the second,", "and the end.")
            bench.publish(store, most=1)
        bench.note_the_past(store)
        ahead = bench.add(store, "Not due for long.", due_in=timedelta(days=2))
        sent = bench.add(store, "Sent after the backup.", due_in=timedelta(seconds=0.1))
        if it.threads:
            bench.add(store, "A thread after it,", "which is sent whole.", due_in=timedelta(seconds=0.1))
        made_at = datetime.now(UTC)
        copying.copy_to(store._database, backup)
        wait_until(
            lambda: not bench.publish(store) and _all_out(store),
            description="all that was due went out",
            within=60,
        )
    before = Counter(one.text for one in it.ledger())
    if it.threads:
        assert {"and the end.": 1, "which is sent whole.": 1}.items() <= before.items()
    assert 1 == before["Sent after the backup."]

    contents = Contents(made_at=made_at, version="1", store="sqlite", counts={})
    unsent = _left_unsent(backup, bench)
    prepare(backup, contents, ALICE, datetime.now(UTC))
    copying.put_file(backup, restored, None)
    with bench.at_work(restored) as store:
        assert [] == bench.publish(store)
        assert State.UNCONFIRMED is store.read(reading.show, sent).delivery.state
        assert State.UNCONFIRMED is store.read(reading.show, ahead).delivery.state

        bench.settle(store, wait_until)

        assert State.PUBLISHED is store.read(reading.show, sent).delivery.state
        assert State.SCHEDULED is store.read(reading.show, ahead).delivery.state
        wait_until(
            lambda: (
                bench.publish(store) or store.read(reading.show, unsent).delivery.state is State.PUBLISHED
            ),
            description="what was never sent goes out",
            within=60,
        )
        bench.settle(store, wait_until)
        assert State.PUBLISHED is store.read(reading.show, unsent).delivery.state
        assert 1 == store.read(reading.counts)[State.SCHEDULED]

    after = Counter(one.text for one in it.ledger())
    assert before + Counter({"Due, and never sent.": 1}) == after


def _all_out(store):
    counts = store.read(reading.counts)
    return (1, 0) == (counts[State.SCHEDULED], counts[State.PARTIAL])


def _left_unsent(backup, bench):
    """Have the backup hold one more that was due, and that nobody ever asked for."""
    with bench.at_work(backup) as store:
        delivery_id = bench.add(store, "Due, and never sent.")
    database = Database(f"sqlite:///{backup}")
    copying.close_copy(database)
    database.engine.dispose()
    return delivery_id
