"""The house stays open while what it stands on is away."""

import threading
from concurrent.futures import Future
from datetime import timedelta
from uuid import uuid4

import pytest
from prefect.futures import PrefectConcurrentFuture
from prefect.states import Completed
from pydantic import SecretStr

from blocks import Switch, Switches, XAccount
from flows.reconcile import look_at
from steadypost.channels.port import Access
from steadypost.store import StoreAway
from tasks import documents
from tasks.documents import Documents
from tasks.watches import Watch

SESSION = """{"cookies": [
    {"name": "auth_token", "value": "a", "domain": "127.0.0.1", "path": "/"},
    {"name": "ct0", "value": "b", "domain": "127.0.0.1", "path": "/"}
]}"""


class Away:
    """A store that is away for so many calls, and then does what it was asked."""

    def __init__(self, does, calls=1):
        self.does = does
        self.calls = calls

    def __call__(self, *args, **more):
        self.calls -= 1
        if self.calls >= 0:
            raise StoreAway("locked", remedy="-")
        return self.does(*args, **more)


def away_from_the_api():
    raise documents.ApiAway("ConnectError")


@pytest.fixture
def blocks(monkeypatch):
    """Carol has an account block."""
    carol = XAccount(
        handle="carol", session=SecretStr(SESSION), rules_accepted=True, base_url="http://127.0.0.1:1"
    )
    monkeypatch.setattr(documents, "read", lambda: Documents(accounts={"carol": carol}, switches=Switches()))


def test_a_store_that_is_away_keeps_nobody_from_reading_the_blocks(house, blocks, monkeypatch):
    """What an operator wrote is in force at once, the run on watch lives, and the store hears of it later."""
    monkeypatch.setattr(house.store, "put_account", Away(house.store.put_account))

    house.refresh(at_once=True)
    known = [account.name for account in house.store.accounts()]
    house.refresh(at_once=True)

    assert isinstance(house.access("carol"), Access)
    assert "carol" not in known
    assert "carol" in [account.name for account in house.store.accounts()]


def test_the_last_known_switches_serve_when_theirs_cannot_be_read(house, monkeypatch, caplog):
    """A document that cannot be meant turns nothing on that was off; what is wrong with it is told."""
    off = Switches(publish=Switch(on=False, reason="holiday"))
    told = [
        Documents(accounts={}, switches=off),
        Documents(accounts={}, switches=None, wrong_switches=("publish.share: no number",)),
    ]
    monkeypatch.setattr(documents, "read", lambda: told.pop(0))

    house.refresh(at_once=True)
    house.refresh(at_once=True)

    assert not house.switches.publish.is_on(house.clock())
    assert "publish.share: no number" in caplog.text


def test_the_last_known_switches_serve_while_prefect_is_away(house, monkeypatch):
    """Its API does not answer: what was off stays off, for as long as that takes."""
    house.switches = Switches(publish=Switch(on=False))
    monkeypatch.setattr(documents, "read", away_from_the_api)

    house.refresh(at_once=True)

    assert not house.switches.publish.is_on(house.clock())


def test_whoever_waits_for_a_look_is_there_all_the_same(house, monkeypatch):
    """A look at a page that hangs takes a while; the seat beats on, and nobody is sent to replace it (F17-S2)."""
    pages = [Future(), Future()]
    beats = []

    def beat():
        beats.append(1)
        if len(beats) % 3 == 0:
            pages[len(beats) // 3 - 1].set_result(Completed())

    monkeypatch.setattr("flows.reconcile.BEAT_EVERY", 0.01)
    monkeypatch.setattr("flows.reconcile.repeated", lambda _: Looks(pages))
    told = look_at(house, ["alice", "bob"], meanwhile=beat)

    assert told == {"looks": 2}
    assert len(beats) == 6


class Looks:
    """A task that is mapped over futures of the test's own."""

    def __init__(self, pages):
        self._pages = pages

    def map(self, accounts, **_):
        return [PrefectConcurrentFuture(uuid4(), page) for page, _ in zip(self._pages, accounts, strict=True)]


def test_a_watch_begins_while_the_store_is_away(house, monkeypatch):
    """The seat is taken as soon as there is a store to take it in, and not lost for having been late."""
    monkeypatch.setattr(house.store, "take_watch", Away(house.store.take_watch, calls=2))
    monkeypatch.setattr("tasks.watches.BEAT_EVERY", 0.0)

    rounds = Watch(house, "publish", "run-1", at_most=timedelta(minutes=1), pace=0.0)
    seats = [
        [watch.run_id for watch in house.store.watches()] for _, _ in zip(range(4), rounds, strict=False)
    ]

    assert [[], [], ["run-1"], ["run-1"]] == seats
    # Whoever judges the others' silence knows that theirs may be the store's.
    assert house.store_away_at == house.clock()


def test_whoever_calls_the_watch_can_wait_for_the_cycle_that_follows(house, monkeypatch):
    """Not for the one under way, which may have looked before; and not for long for one that does not come."""
    monkeypatch.setattr("tasks.watches.GIVES_WAY", 30.0)
    watch = Watch(house, "publish", "run-1", at_most=timedelta(minutes=1), pace=60.0)
    cycles = iter(watch)
    next(cycles)
    wait, waited = watch.call(), threading.Event()
    threading.Thread(target=lambda: (wait(), waited.set()), daemon=True).start()

    next(cycles)  # at once, though the pace is a minute
    assert not waited.wait(0.1)  # that it does not come back can only be waited for
    watch.call()
    next(cycles)
    assert waited.wait(5)

    monkeypatch.setattr("tasks.watches.GIVES_WAY", 0.01)
    watch.call()()  # nobody begins another cycle, and this comes back all the same
