"""Those on watch mind each other, whatever Prefect remembers of them."""

import contextlib
from datetime import timedelta

import httpx
import pytest

from steadypost.domain.health import Kind, Tolerances
from steadypost.store import StoreAway
from tasks import runs
from tasks.house import LEASE
from tasks.mates import PATIENCE, SILENT_AFTER, Mates


@pytest.fixture
def prefect(monkeypatch):
    """Prefect as far as runs are concerned: which were started, and whether it is there."""
    told = {"started": [], "away": False}

    @contextlib.contextmanager
    def client():
        if told["away"]:
            raise httpx.ConnectError("refused")
        yield object()

    def start(api, flow):
        told["started"].append(flow)
        return True

    monkeypatch.setattr(runs, "client", client)
    monkeypatch.setattr(runs, "start", start)
    monkeypatch.setattr(runs, "end_still", lambda *_: [])
    return told


@pytest.fixture
def seats(house):
    """All three sit and beat."""
    for flow in ("publish", "reconcile", "watch"):
        house.store.take_watch(flow, run_id=f"{flow}-1", now=house.clock())
    return house.store


def pass_by(house, time, **amount):
    """Let time pass in which only reconcile beats."""
    time.pass_by(**amount)
    house.store.beat("reconcile", run_id="reconcile-1", now=house.clock())


def test_whoever_falls_silent_is_replaced(house, time, seats, prefect):
    """By any other, once; not before it is certain, and never by itself."""
    mates = Mates(house, "reconcile")
    pass_by(house, time, seconds=15)
    assert mates.see() == []

    pass_by(house, time, seconds=1)
    assert mates.see() == ["publish"]
    assert mates.see() == []

    house.store.beat("publish", run_id="publish-1", now=house.clock())
    pass_by(house, time, seconds=14)
    assert mates.see() == []

    pass_by(house, time, seconds=1)
    assert mates.see() == ["watch"]
    pass_by(house, time, seconds=1)
    house.store.beat("watch", run_id="watch-1", now=house.clock())
    assert Mates(house, "watch").see() == ["publish"]


def test_who_cannot_beat_does_not_judge(house, time, seats, prefect):
    """A store that takes no beats makes everybody silent, and nobody is to be replaced for that."""
    time.pass_by(seconds=60)

    assert Mates(house, "reconcile").see() == []


def test_a_store_that_is_only_just_back_tells_nothing_of_who_is_there(house, time, seats, prefect):
    """Whoever can beat first does not replace those who are about to."""
    mates = Mates(house, "reconcile")
    time.pass_by(seconds=60)
    assert mates.see() == []

    pass_by(house, time, seconds=5)
    assert mates.see() == []

    pass_by(house, time, seconds=11)
    assert mates.see() == ["publish"]


def test_a_store_that_could_not_even_be_read_is_no_reason_either(house, time, seats, prefect, monkeypatch):
    """Its silence is nobody's."""

    def away():
        raise StoreAway("locked", remedy="-")

    mates = Mates(house, "reconcile")
    pass_by(house, time, seconds=60)
    with monkeypatch.context() as patch:
        patch.setattr(house.store, "watches", away)
        assert mates.see() == []

    assert mates.see() == []
    pass_by(house, time, seconds=16)
    assert mates.see() == ["publish"]


def test_who_cannot_beat_ends_who_stands_still(house, time, seats, prefect, monkeypatch):
    """One that was stopped within a transaction keeps SQLite from everybody. It is ended, and nobody is started:
    whether anybody else is missing cannot be told before the store takes beats again.
    """
    ended = []
    monkeypatch.setattr(runs, "end_still", lambda _, flow: ended.append(flow) or [])
    mates = Mates(house, "reconcile")
    time.pass_by(seconds=15)
    assert mates.see() == []
    assert ended == []

    time.pass_by(seconds=1)
    assert mates.see() == []

    assert sorted(ended) == ["publish", "reconcile", "watch"]
    assert prefect["started"] == []


def test_one_that_was_started_has_time_to_sit_down(house, time, seats, prefect, monkeypatch):
    """If it does not, another is started."""
    now = [1000.0]
    monkeypatch.setattr("tasks.mates.time.monotonic", lambda: now[0])
    mates = Mates(house, "reconcile")
    pass_by(house, time, minutes=4)
    mates.see()
    now[0] += PATIENCE.total_seconds() - 1
    assert mates.see() == []

    now[0] += 2

    assert mates.see() == ["publish", "watch"]


def test_a_seat_that_nobody_ever_had_is_not_filled(house, prefect):
    """Which flows are on watch at all, deployments say."""
    assert Mates(house, "reconcile").see() == []


def test_what_is_away_is_asked_again(house, time, seats, prefect, monkeypatch):
    """Neither Prefect nor the store keeps a run from its own work."""
    pass_by(house, time, minutes=4)
    mates = Mates(house, "reconcile")
    prefect["away"] = True
    assert mates.see() == []

    prefect["away"] = False
    assert mates.see() == ["publish", "watch"]

    def away():
        raise StoreAway("locked", remedy="-")

    monkeypatch.setattr(house.store, "watches", away)
    assert mates.see() == []


def test_minding_takes_nobody_s_time(house, time, seats, prefect):
    """It is done in a thread, every few seconds at the most."""
    pass_by(house, time, minutes=4)
    mates = Mates(house, "reconcile")

    mates.mind()
    assert prefect["started"] == []

    mates._minded -= 10
    mates.mind()
    mates._thread.join(5)
    mates.mind()

    assert prefect["started"] == ["publish", "watch"]


def test_a_relief_is_due_sooner_than_leases_run_out():
    """What a silent publisher held is free when its leases end; by then another is there to take it."""
    assert SILENT_AFTER["publish"] + timedelta(seconds=10) <= LEASE


def test_what_they_replaced_does_not_look_well_before_the_next_one_beats():
    """A round just after it would find the beat of the one that is silent fresh enough, and call the incident over."""
    assert all(Tolerances().beat_within <= silent for silent in SILENT_AFTER.values())


def test_what_was_mended_before_the_next_round_is_known_all_the_same(house, time, seats, prefect):
    """It is an incident with what was tried, which the watch follows to its end and tells of once."""
    pass_by(house, time, seconds=20)
    Mates(house, "reconcile").see()
    [incident] = house.store.open_incidents()

    assert (Kind.ON_WATCH, "publish") == incident.key
    assert ["reconcile started another"] == [one.effect for one in incident.tries]
