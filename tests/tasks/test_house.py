"""The house stays open while what it stands on is away."""

from datetime import timedelta

import pytest
from pydantic import SecretStr

from blocks import Switches, XAccount
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


def test_a_watch_begins_while_the_store_is_away(house, monkeypatch):
    """The seat is taken as soon as there is a store to take it in, and not lost for having been late."""
    monkeypatch.setattr(house.store, "take_watch", Away(house.store.take_watch, calls=2))
    monkeypatch.setattr("tasks.watches.BEAT_EVERY", 0.0)

    rounds = Watch(house, "publish", "run-1", at_most=timedelta(minutes=1), pace=0.0)
    seats = [
        [watch.run_id for watch in house.store.watches()] for _, _ in zip(range(4), rounds, strict=False)
    ]

    assert [[], [], ["run-1"], ["run-1"]] == seats
