"""Which store a run opens is known, or waited for: with Prefect's API away it never takes another one for it."""

import contextlib
import functools
from datetime import timedelta
from pathlib import Path

import pytest

from flows import house
from steadypost import settings
from steadypost.store import Store, StoreAway
from tasks import documents, store_opening


@pytest.fixture
def prefect(monkeypatch, tmp_path):
    """Prefect's API, as far as it knows a store's address; ``None``: no block names one."""

    class Prefect:
        url = None
        is_away = False
        asked = 0

        def store_url(self):
            self.asked += 1
            if self.is_away:
                raise documents.ApiAway("ConnectError")
            return self.url

    prefect = Prefect()
    monkeypatch.delenv(settings.STORE_URL, raising=False)
    monkeypatch.setenv("STEADYPOST_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(documents, "store_url", prefect.store_url)
    waits = functools.partial(store_opening.Patience, sleep=lambda _: setattr(prefect, "is_away", False))
    monkeypatch.setattr(house, "Patience", waits)
    Path(tmp_path / "home").mkdir(mode=0o700)
    Store.create(f"sqlite:///{embedded(tmp_path)}").close()
    return prefect


def shared(tmp_path):
    return f"sqlite:///{tmp_path}/shared.db"


def embedded(tmp_path):
    return tmp_path / "home" / "steadypost.db"


def opened():
    return contextlib.closing(house.open_store(timedelta(minutes=1)))


def test_with_prefect_away_no_other_store_is_opened(prefect, tmp_path):
    """
    The block names the store of all machines, and Prefect's API is away as a run starts.

    It opened the one of this machine, from the time before there was another: what was still to come in it was due again.
    """
    prefect.url, prefect.is_away = shared(tmp_path), True
    Store.create(prefect.url).close()

    with opened() as store:
        assert shared(tmp_path) == store.address


def test_a_watch_waits_for_the_address_too(prefect, tmp_path):
    """It opens whether the store is there or not, and still has to know which."""
    prefect.url, prefect.is_away = shared(tmp_path), True

    with contextlib.closing(house.known_store()) as store:
        assert shared(tmp_path) == store.address


def test_where_no_block_named_one_nothing_waits_for_prefect(prefect, tmp_path):
    """A machine by itself has its own store, and knows so since Prefect last said that there is no other."""
    opened().thing.close()
    prefect.is_away = True

    with opened() as store:
        assert str(embedded(tmp_path)) in store.address
    assert prefect.is_away


def test_a_block_that_was_made_since_counts(prefect, tmp_path):
    """What was known before it is not believed any more."""
    opened().thing.close()
    prefect.url = shared(tmp_path)
    Store.create(prefect.url).close()
    opened().thing.close()
    prefect.is_away = True

    with opened() as store:
        assert shared(tmp_path) == store.address


def test_it_is_said_what_is_waited_for(prefect, monkeypatch):
    """With what to do."""
    prefect.is_away = True

    with pytest.raises(StoreAway, match=f"Prefect's API.*{settings.STORE_URL}"):
        house.named_store()
