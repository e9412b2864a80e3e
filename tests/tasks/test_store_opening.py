"""A run that begins while the store is away waits for it: no storm of runs that fail in their first second."""

import logging
import random
from datetime import timedelta

import pytest

import flows.house
from flows.house import outbox_of
from steadypost.store import SchemaMismatch, Store, StoreAway, UnusableAddress
from steadypost.store import accounts as account_rows
from tasks.store_opening import LONGEST_WAIT, OTHER_TABLES_WAIT, Patience, wait_after

AWAY = StoreAway("connection refused", remedy="-")
OTHERS = SchemaMismatch("the tables are another version's", remedy="-")


class Stopwatch:
    """Time that passes only by waiting. A machine's ticks begin anywhere but at zero."""

    def __init__(self):
        self.at = 86_400.0
        self.waits = []

    @property
    def waited(self):
        return timedelta(seconds=sum(self.waits))

    def __call__(self):
        return self.at

    def sleep(self, seconds):
        self.waits.append(seconds)
        self.at += seconds


@pytest.fixture
def watch():
    return Stopwatch()


def patience(watch, within=timedelta(hours=3), seed=1):
    return Patience(
        within=within,
        log=logging.getLogger("steadypost.test"),
        sleep=watch.sleep,
        ticks=watch,
        dice=random.Random(seed),  # noqa: S311 - repeatable
    )


def opens_after(*troubles, then="the store"):
    told = list(troubles)

    def open_it():
        if told:
            raise told.pop(0)
        return then

    return open_it


def always(trouble):
    def open_it():
        raise trouble

    return open_it


@pytest.mark.parametrize("times", [1, 5, 60])
def test_it_waits_until_the_store_is_there(watch, times):
    """A restart of the database, or ten minutes without one: the same run goes on."""
    assert "the store" == patience(watch).opened(opens_after(*[AWAY] * times))
    assert times == len(watch.waits)


@pytest.mark.parametrize("within", [timedelta(0), timedelta(minutes=1), timedelta(hours=3)])
def test_it_waits_no_longer_than_its_own_deadline_leaves(watch, within):
    """Whoever pressed a button hears of it, and a run on watch ends before it is ended."""
    with pytest.raises(StoreAway):
        patience(watch, within).opened(always(AWAY))

    assert within - LONGEST_WAIT <= watch.waited <= within


def test_tables_of_another_version_are_waited_for_and_not_for_ever(watch):
    """A migration may be under way; code that is too old, or too new, is replaced every two minutes and not at once."""
    assert "the store" == patience(watch).opened(opens_after(OTHERS, AWAY, OTHERS))

    watch.waits.clear()
    with pytest.raises(SchemaMismatch):
        patience(watch).opened(always(OTHERS))
    assert OTHER_TABLES_WAIT - LONGEST_WAIT <= watch.waited <= OTHER_TABLES_WAIT


def test_the_first_try_in_vain_is_a_warning_and_the_others_are_no_noise(watch, caplog):
    with caplog.at_level(logging.DEBUG, "steadypost.test"):
        patience(watch).opened(opens_after(AWAY, AWAY, AWAY))

    assert ["WARNING", "DEBUG", "DEBUG"] == [one.levelname for one in caplog.records]
    assert "waiting for the store: connection refused" in caplog.text


def test_what_waiting_cannot_mend_is_said_at_once(watch):
    """An address that names no store stays one."""
    with pytest.raises(UnusableAddress):
        patience(watch).opened(always(UnusableAddress("no store", remedy="-")))

    assert [] == watch.waits


def test_waits_grow_are_capped_and_out_of_step(watch):
    """Two runs that begin together do not come back together."""
    other = Stopwatch()
    for one, seed in ((watch, 1), (other, 2)):
        patience(one, seed=seed).opened(opens_after(*[AWAY] * 12))

    assert watch.waits != other.waits
    assert watch.waits[0] < 1
    assert max(watch.waits) <= LONGEST_WAIT.total_seconds()
    assert [wait_after(n, 0) for n in range(12)] == sorted(wait_after(n, 0) for n in range(12))


def test_a_real_store_that_comes_back_is_opened(tmp_path, watch):
    """Its file is made by somebody else while the run waits; where it is is asked anew each time."""
    urls = [f"sqlite:///{tmp_path}/missing/steadypost.db", f"sqlite:///{tmp_path}/steadypost.db"]
    Store.create(urls[1]).close()

    with patience(watch).opened(lambda: Store.open(urls.pop(0))) as store:
        assert [] == store.read(account_rows.every)

    assert 1 == len(watch.waits)


def test_a_store_that_goes_away_as_soon_as_it_is_open_is_waited_for(tmp_path, watch, monkeypatch):
    """A run that failed then would be followed by the next at once, and that by the next."""
    monkeypatch.setattr(flows.house, "Patience", lambda **_: patience(watch))
    with Store.create(f"sqlite:///{tmp_path}/steadypost.db") as store:
        lineage = opens_after(AWAY, AWAY, then=store.lineage)
        monkeypatch.setattr(Store, "lineage", property(lambda _: lineage()))

        assert [] == outbox_of(store, tmp_path, within=timedelta(hours=3)).waiting()

    assert 2 == len(watch.waits)
