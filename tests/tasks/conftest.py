"""A house with a real store and little stand-ins for what lies behind its ports."""

import contextlib
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

import tasks.directory
import tasks.documents
import tasks.house
from steadypost.channels.port import Access
from steadypost.domain.clock import Offset
from steadypost.domain.evidence import Appearance
from steadypost.domain.post import Part, Post
from steadypost.domain.quota import Limits
from steadypost.store import AccountRecord, Outbox, Store, intake
from steadypost.store import accounts as account_rows
from tasks.house import LEASE, House

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


class Time:
    """A clock that stands until it is moved."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now

    def pass_by(self, **amount):
        self.now += timedelta(**amount)


class BrowserPool:
    """A pool that lends a name, or raises what it is told to."""

    size = 16
    name = "publish"

    def __init__(self):
        self.trouble = None
        self.trouble_at_return = None
        self.lent = 0

    @contextlib.contextmanager
    def lend(self, within, key=None):
        if self.trouble:
            raise self.trouble
        self.lent += 1
        yield self
        if self.trouble_at_return:
            raise self.trouble_at_return

    identity = "this-host:1"

    def snapshot(self):
        return []


class Channel:
    """A channel that does what the test says, and remembers what it was asked."""

    def __init__(self):
        self.asked = []
        self.looked = []
        self.probed = []
        self.offset = Offset(ahead=timedelta(0), within=timedelta(milliseconds=500))
        self.appears = Appearance()
        self.acts = {}
        """What may still act, by executor: unknown means that it cannot be seen from here."""
        self.ended = []
        self.acts_after_end = None
        self.on_ask = None
        self.on_look = None
        self.on_probe = None

        self.executor = "this-host:1"

    def may_still_act(self, executor):
        return self.acts.get(executor)

    def end(self, executor):
        self.ended.append(executor)
        return self.acts_after_end

    def ask(self, access, order, *, arm, deadline, progress):
        self.asked.append(order)
        return self.on_ask(order, arm)

    def look(self, access, request, *, deadline):
        self.looked.append(request)
        return self.on_look(request)

    def probe(self, access, *, deadline):
        self.probed.append(access.account)
        return self.on_probe(access.account)


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def channel(monkeypatch):
    channel = Channel()

    @contextlib.contextmanager
    def opened(means):
        with means.browser():
            yield channel

    kind = replace(
        tasks.directory.CHANNELS["x_web"], open=opened, may_still_act=channel.may_still_act, end=channel.end
    )
    monkeypatch.setitem(tasks.directory.CHANNELS, "x_web", kind)
    return channel


@pytest.fixture
def house(tmp_path, time, channel, monkeypatch):
    with Store.create(f"sqlite:///{tmp_path}/store.db") as store:
        for name in ("alice", "bob"):
            store.write(
                account_rows.put,
                AccountRecord(name=name, channel="x_web", handle=name, limits=Limits(per_hour=50)),
                now=NOW,
            )
        house = House(
            store=store,
            browsers=BrowserPool(),
            worker="here",
            outbox=Outbox(tmp_path / "outbox", store.address),
            clock=time,
            dice=random.Random(1),  # noqa: S311 - repeatable
        )
        house.directory.accounts = {
            name: Access(
                account=name, handle=name, base_url="http://127.0.0.1:1", secret={}, rules_accepted=True
            )
            for name in ("alice", "bob")
        }
        house.directory.marks = {"alice": "mark-1", "bob": "mark-2"}
        monkeypatch.setattr(tasks.house, "_open", house)
        monkeypatch.setattr(tasks.documents, "make_circuits", list)  # there is no Prefect to make any in
        yield house


@pytest.fixture
def claimed(house):
    """Add a post and claim it."""

    def claim(*texts, account="alice", reply_to=None, media=()):
        house.store.write(
            intake.add,
            Post(parts=tuple(Part(text=text, media=media) for text in texts), reply_to=reply_to),
            accounts=[account],
            due_at=house.clock(),
            late_after=None,
            now=house.clock(),
        )
        (claim,) = house.store.claim(
            worker=house.worker, now=house.clock(), lease=LEASE, at_most=1, accounts=[account]
        )
        return claim

    return claim


@pytest.fixture
def due(house):
    """Add so many due posts for an account."""

    def add(count, account="alice"):
        house.store.write(
            account_rows.put,
            AccountRecord(name=account, channel="x_web", handle=account, limits=Limits()),
            now=house.clock(),
        )
        for n in range(count):
            house.store.write(
                intake.add,
                Post(parts=(Part(text=f"{account} {n}"),)),
                accounts=[account],
                due_at=house.clock(),
                now=house.clock(),
            )

    return add
