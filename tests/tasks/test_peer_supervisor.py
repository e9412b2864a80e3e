"""Those on watch mind each other, whatever Prefect remembers of them."""

import contextlib
import subprocess
import sys
from datetime import timedelta
from time import monotonic
from types import SimpleNamespace

import httpx
import psutil
import pytest

from steadypost.domain.health import Kind, Tolerances
from steadypost.domain.watched import REPLACED_AFTER
from steadypost.store import StoreAway, incidents, vitals, watches
from tasks import places, runs, stand_ins
from tasks.bulkheads import this_host
from tasks.documents import Documents
from tasks.house import LEASE
from tasks.peer_supervisor import (
    ANSWERS_WITHIN,
    BEGINS_WITHIN,
    COMES_WITHIN,
    SCAN_EVERY,
    UNSEEN_AFTER,
    Here,
    PeerSupervisor,
    minding,
)
from tests.rooms import instead

SEND = stand_ins.send


@pytest.fixture
def prefect(monkeypatch):
    """Prefect as far as runs are concerned: which were ordered, whether it is there, and who stood in for whom."""
    told = SimpleNamespace(ordered=[], stood_in=[], away=False, freed=[])

    @contextlib.contextmanager
    def client():
        if told.away:
            raise httpx.ConnectError("refused")
        yield object()

    def send(house, flow, gone):
        if not house.store.write(watches.replace, flow, gone=gone, by=f"{flow}-stand-in", now=house.clock()):
            return None
        told.stood_in.append(flow)
        return 4711

    monkeypatch.setattr(runs, "client", client)
    monkeypatch.setattr(runs, "start", lambda _, flow: told.ordered.append(flow) or True)
    monkeypatch.setattr(places, "free", lambda _, flow, *__, gone: told.freed.append((flow, gone)) or [])
    monkeypatch.setattr(stand_ins, "send", send)
    monkeypatch.setattr("tasks.peer_supervisor.threading.Thread", AtOnce)
    return told


class AtOnce:
    """A thread that is through with it before it has begun."""

    def __init__(self, target, args=(), **_):
        self._target, self._args = target, args

    def start(self):
        self._target(*self._args)

    def join(self, timeout=None):
        pass


@pytest.fixture
def waits(monkeypatch):
    """How much time passes for those who wait."""
    now = [1000.0]
    monkeypatch.setattr("tasks.peer_supervisor.time.monotonic", lambda: now[0])
    monkeypatch.setattr("tasks.peer_supervisor.time.time", lambda: now[0])

    def wait(seconds):
        now[0] += seconds

    return wait


@pytest.fixture
def leases(house):
    """All three hold their lease and send heartbeats."""
    for flow in ("publish", "reconcile", "watch"):
        sits(house, flow, f"{flow}-1")
    return house.store


def sits(house, flow, run_id):
    """Somebody has taken the lease a moment ago, and heartbeats."""
    house.store.write(watches.take, flow, run_id=run_id, now=house.clock() - timedelta(seconds=1))
    house.store.write(watches.heartbeat, flow, run_id=run_id, now=house.clock())


def pass_by(house, time, **amount):
    """Let time pass in which only reconcile sends heartbeats."""
    time.pass_by(**amount)
    house.store.write(watches.heartbeat, "reconcile", run_id="reconcile-1", now=house.clock())


@pytest.mark.parametrize("off", [timedelta(minutes=-10), timedelta(minutes=10)], ids=["behind", "ahead"])
def test_a_run_of_a_machine_whose_clock_is_off_is_replaced_when_it_falls_silent(
    house, time, leases, prefect, off
):
    """And not before: its heartbeats are dated by its own clock, and what counts is that others follow."""
    peers = PeerSupervisor(house, "reconcile")
    leases.write(watches.take, "publish", run_id="publish-2", now=house.clock() + off - timedelta(seconds=1))
    leases.write(watches.heartbeat, "publish", run_id="publish-2", now=house.clock() + off)
    peers.listen()
    for _ in range(60):
        pass_by(house, time, seconds=1)
        leases.write(watches.heartbeat, "watch", run_id="watch-1", now=house.clock())
        leases.write(watches.heartbeat, "publish", run_id="publish-2", now=house.clock() + off)
        peers.see()
    assert [] == prefect.ordered

    for _ in range(30):
        pass_by(house, time, seconds=1)
        leases.write(watches.heartbeat, "watch", run_id="watch-1", now=house.clock())
        peers.see()

    assert ["publish"] == prefect.ordered[:1]
    assert {"publish"} == set(prefect.ordered)


def test_a_run_that_falls_silent_is_replaced(house, time, leases, prefect):
    """Another run is ordered by any other, once; not before it is certain, and never by itself."""
    peers = PeerSupervisor(house, "reconcile")
    pass_by(house, time, seconds=15)
    peers.see()
    assert [] == prefect.ordered

    pass_by(house, time, seconds=1)
    peers.see()
    peers.see()
    assert ["publish"] == prefect.ordered
    assert [("publish", "publish-1")] == prefect.freed, "its place is free before another is ordered"

    sits(house, "publish", "publish-2")
    pass_by(house, time, seconds=14)
    peers.see()
    assert ["publish"] == prefect.ordered
    pass_by(house, time, seconds=1)
    peers.see()
    assert ["publish", "watch"] == prefect.ordered


def test_one_that_neither_heartbeats_nor_says_that_it_lives_is_dead_sooner(house, time, leases, prefect):
    """A machine that died with its watch: its thread that says so is silent too. One whose round is slow says so."""
    peers = PeerSupervisor(house, "reconcile")
    house.store.write(vitals.run_lives, "watch-1", told="anna", now=house.clock())
    house.store.write(vitals.run_lives, "publish-1", told="anna", now=house.clock())

    for _ in range(4):
        pass_by(house, time, seconds=5)
        house.store.write(watches.heartbeat, "publish", run_id="publish-1", now=house.clock())
        peers.see()

    assert ["watch"] == prefect.ordered

    sits(house, "watch", "watch-2")
    for _ in range(4):
        pass_by(house, time, seconds=5)
        house.store.write(watches.heartbeat, "publish", run_id="publish-1", now=house.clock())
        house.store.write(vitals.run_lives, "watch-2", told="berta", now=house.clock())
        peers.see()

    assert ["watch"] == prefect.ordered, "it is at a long step, and is there"


def test_a_run_that_was_ordered_has_time_to_come(house, time, leases, prefect, waits):
    """If it does not, somebody stands in; and whoever has the lease by then is not replaced."""
    peers = PeerSupervisor(house, "reconcile")
    pass_by(house, time, seconds=20)
    peers.see()
    waits(COMES_WITHIN)
    assert [] == peers.see()

    waits(0.1)
    assert ["publish"] == peers.see()
    assert ["publish"] == prefect.stood_in

    pass_by(house, time, seconds=BEGINS_WITHIN.total_seconds())
    house.store.write(watches.heartbeat, "watch", run_id="watch-1", now=house.clock())
    assert [] == peers.see()
    assert ["publish"] == prefect.ordered, "it has had no time to begin"

    pass_by(house, time, seconds=1)
    peers.see()
    assert ["publish", "publish"] == prefect.ordered, "it never began"


def test_where_prefect_is_away_somebody_stands_in_at_once(house, time, leases, prefect):
    """Of two who see it gone, one has somebody stand in; and it is an incident with what was done."""
    prefect.away = True
    pass_by(house, time, seconds=20)
    peers, others = PeerSupervisor(house, "reconcile"), PeerSupervisor(house, "watch")

    assert (["publish"], []) == (peers.see(), others.see())
    [incident] = house.store.read(incidents.still_open)
    assert (Kind.ON_WATCH, "publish") == incident.key
    assert ["reconcile started a stand-in"] == [one.effect for one in incident.tries]


def test_an_api_that_does_not_answer_is_not_waited_for(house, time, leases, prefect, waits, monkeypatch):
    """Its server takes connections and says nothing: after seconds somebody stands in."""
    monkeypatch.setattr(AtOnce, "start", lambda _: None)
    peers = PeerSupervisor(house, "reconcile")
    pass_by(house, time, seconds=20)
    assert [] == peers.see()
    waits(ANSWERS_WITHIN)
    assert [] == peers.see()

    waits(0.1)

    assert ["publish"] == peers.see()


def test_two_who_see_the_same_one_gone_send_one(house, leases):
    """The store gives the lease to one of them; somebody who is there by then keeps it."""
    assert house.store.write(watches.replace, "publish", gone="publish-1", by="one", now=house.clock())
    assert not house.store.write(watches.replace, "publish", gone="publish-1", by="two", now=house.clock())
    assert ["one"] == [lease.run_id for lease in house.store.read(watches.every) if lease.flow == "publish"]


def test_nobody_stands_in_who_does_not_know_what_the_blocks_say(house, leases):
    """The lease stays for somebody who does."""
    house.blocks = Documents(accounts={}, switches=None)

    assert stand_ins.send(house, "publish", "publish-1") is None
    assert ["publish-1"] == [
        lease.run_id for lease in house.store.read(watches.every) if lease.flow == "publish"
    ]


@pytest.fixture
def slow_to_begin(house, prefect, monkeypatch):
    """Prefect is away, and stand-ins do nothing but start; their exit codes."""
    codes = {}

    class Process:
        pid = 4711

        def __init__(self):
            codes[self] = None

        def poll(self):
            return codes[self]

    house.blocks = Documents(accounts={}, switches=None, raw=("a document",))
    monkeypatch.setattr(stand_ins, "_sent", [])
    monkeypatch.setattr(stand_ins, "_begun", lambda _: Process())
    monkeypatch.setattr(stand_ins, "send", SEND)
    prefect.away = True
    return codes


def holder(house):
    [found] = [one for one in house.store.read(watches.every) if one.flow == "publish"]
    return found


def seconds_pass(house, time, many, of):
    """All but the publisher's lease are heard of, and those named look after the others every five seconds."""
    for _ in range(int(many) // 5):
        pass_by(house, time, seconds=5)
        house.store.write(watches.heartbeat, "watch", run_id="watch-1", now=house.clock())
        for one in of:
            one.see()


def test_one_whose_sender_has_ended_still_has_its_time_to_begin(house, time, leases, slow_to_begin):
    """The sender may be a stand-in itself, that a run of Prefect's has just relieved. Nobody else can speak for it."""
    peers, others = PeerSupervisor(house, "reconcile"), PeerSupervisor(house, "watch")
    seconds_pass(house, time, 40, of=[peers, others])
    sent = holder(house).run_id
    assert "publish-1" != sent

    stand_ins._sent.clear()
    seconds_pass(house, time, BEGINS_WITHIN.total_seconds() - 5, of=[others])
    assert sent == holder(house).run_id, "Python may take as long to start"

    seconds_pass(house, time, 15, of=[others])
    assert sent != holder(house).run_id, "it never began"


def test_one_that_takes_long_to_begin_is_spoken_for_by_its_sender(house, time, leases, slow_to_begin):
    """Where Python alone takes minutes to begin, one that is replaced before it has begun never does. It is spoken for
    until it says itself that it lives, not longer than that takes at the worst, and not when it has died.
    """
    codes = slow_to_begin
    peers, others = PeerSupervisor(house, "reconcile"), PeerSupervisor(house, "watch")

    def lease():
        return holder(house)

    def minutes_pass(many, of):
        seconds_pass(house, time, many * 60, of)

    minutes_pass(1, of=[peers])
    first = lease().run_id
    minutes_pass(3, of=[peers, others])
    assert first == lease().run_id, "it has not begun, and is there"

    pass_by(house, time, seconds=1)
    house.store.write(vitals.run_lives, first, told="here", now=house.clock())
    house.store.write(watches.heartbeat, "publish", run_id=first, now=house.clock())
    minutes_pass(1, of=[peers])
    assert first != lease().run_id, "it had begun, and spoke for itself no more"

    second = lease().run_id
    codes.update(dict.fromkeys(codes, 1))
    minutes_pass(2, of=[peers])
    assert second != lease().run_id, "it has died"

    third = lease().run_id
    minutes_pass(7, of=[peers])
    assert third != lease().run_id, "it never begins"


def test_the_log_of_stand_ins_is_begun_anew_when_it_is_long(tmp_path):
    """Those that have it open go on in the one before."""
    log = tmp_path / "stand-in.log"
    log.write_text("short")
    assert log == stand_ins.log_file(tmp_path)
    assert "short" == log.read_text()

    with log.open("ab") as writer:
        writer.truncate(stand_ins.MOST_LOG + 1)

        assert log == stand_ins.log_file(tmp_path)
        assert not log.exists()
        assert stand_ins.MOST_LOG + 1 == (tmp_path / "stand-in.log.1").stat().st_size


# --- who is seen to be gone


def test_a_process_that_was_here_and_is_gone_is_dead(waits, monkeypatch):
    """Seen within a second, without waiting for its lease to fall silent. Of one never seen here nothing is known."""
    run = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    found = {"run-1": [psutil.Process(run.pid)]}
    monkeypatch.setattr(runs, "processes", lambda: found)
    here = Here()
    assert not here.has_died("run-1")

    run.kill()
    run.wait()
    run.stdin.close()
    assert not here.has_died("elsewhere")
    found.clear()

    assert here.has_died("run-1")
    waits(SCAN_EVERY)
    assert here.has_died("run-1")
    assert not here.has_died("elsewhere")


def test_who_died_here_is_replaced_before_the_seat_falls_silent(house, time, leases, prefect, monkeypatch):
    """And no incident is made of it unless somebody has to stand in: Prefect replaces such a run many times a day."""
    monkeypatch.setattr(Here, "has_died", lambda _, run_id: run_id == "publish-1")

    PeerSupervisor(house, "reconcile").see()

    assert ["publish"] == prefect.ordered
    assert [] == house.store.read(incidents.still_open)


def test_the_dead_of_before_a_power_loss_are_not_waited_for(house, time, leases, prefect, monkeypatch):
    """A run that said it is on this machine and has no process here is dead, whether its process was seen or not. One of
    another machine, or one that heartbeats, is not.
    """
    monkeypatch.setattr(runs, "processes", dict)
    house.store.write(vitals.run_lives, "publish-1", told=this_host(), now=house.clock())
    house.store.write(vitals.run_lives, "watch-1", told="another", now=house.clock())
    peers = PeerSupervisor(house, "standby:here")
    peers.see()
    assert [] == prefect.ordered, "it has just sent a heartbeat"

    pass_by(house, time, seconds=UNSEEN_AFTER.total_seconds())
    peers.see()

    assert ["publish"] == prefect.ordered


def test_after_a_power_loss_publishing_waits_for_no_run_of_prefects(house, time, leases, prefect, waits):
    """A standby that comes up and finds the publisher gone has a stand-in at once; a worker begins beside it. Later a run
    that was ordered has its time, as ever.
    """
    house.store.write(watches.take, "publish", run_id="publish-1", now=house.clock())
    time.pass_by(minutes=5)
    peers = PeerSupervisor(house, "standby:here", at_start=True)

    peers.see()

    assert ["publish"] == prefect.stood_in
    assert ["publish", "reconcile", "watch"] == prefect.ordered
    sits(house, "publish", "publish-2")
    time.pass_by(minutes=5)
    peers.see()
    assert ["publish"] == prefect.stood_in


def test_who_died_as_the_clock_was_set_back_is_missed_all_the_same(house, time, leases, prefect, monkeypatch):
    """Its last heartbeat is yet to come, by an hour. So it is after a power loss with a clock that begins in the past."""
    ahead = [0.0]
    monkeypatch.setattr("tasks.peer_supervisor.time.time", lambda: monotonic() + ahead[0])
    peers = PeerSupervisor(house, "reconcile")
    peers.see()
    ahead[0] -= 3600
    pass_by(house, time, hours=-1)
    peers.see()
    pass_by(house, time, seconds=15)
    peers.see()
    assert [] == prefect.ordered

    pass_by(house, time, seconds=1)
    peers.see()

    assert ["publish"] == prefect.ordered


def test_a_machine_whose_clock_is_behind_lives(house, time, leases, prefect):
    """Its heartbeats are old when they come, and they come."""
    peers = PeerSupervisor(house, "reconcile")
    for _ in range(5):
        peers.see()
        pass_by(house, time, seconds=10)
        for flow in ("publish", "watch"):
            late = house.clock() - timedelta(seconds=25)
            house.store.write(watches.heartbeat, flow, run_id=f"{flow}-1", now=late)

    assert [] == prefect.ordered


def test_a_clock_that_was_set_silences_nobody(house, time, leases, prefect, monkeypatch):
    """A machine that slept, or whose clock was set: whoever sends its heartbeat first would end the others, who are about
    to. After it, silence counts as before.
    """
    ahead = [0.0]
    monkeypatch.setattr("tasks.peer_supervisor.time.time", lambda: monotonic() + ahead[0])
    peers = PeerSupervisor(house, "reconcile")
    peers.see()

    ahead[0] += 3600
    pass_by(house, time, hours=1)
    peers.see()
    pass_by(house, time, seconds=14)
    peers.see()
    assert [] == prefect.ordered

    pass_by(house, time, seconds=2)
    peers.see()
    assert ["publish"] == prefect.ordered


def test_without_heartbeats_of_its_own_a_run_does_not_judge(house, time, leases, prefect):
    """A store that takes no heartbeats makes everybody silent, and nobody is to be replaced for that."""
    time.pass_by(seconds=60)

    PeerSupervisor(house, "reconcile").see()

    assert [] == prefect.ordered


def test_a_store_that_is_only_just_back_tells_nothing_of_who_is_there(house, time, leases, prefect):
    """Whoever can send heartbeats first does not replace those who are about to."""
    peers = PeerSupervisor(house, "reconcile")
    time.pass_by(seconds=60)
    peers.see()
    pass_by(house, time, seconds=5)
    peers.see()
    assert [] == prefect.ordered

    pass_by(house, time, seconds=11)
    peers.see()
    assert ["publish"] == prefect.ordered


def test_a_store_that_could_not_even_be_read_is_no_reason_either(house, time, leases, prefect, monkeypatch):
    """Its silence is nobody's."""

    def away():
        raise StoreAway("locked", remedy="-")

    peers = PeerSupervisor(house, "reconcile")
    pass_by(house, time, seconds=60)
    with monkeypatch.context() as patch:
        instead(patch, house.store, watches.every, away)
        assert [] == peers.see()

    peers.see()
    assert [] == prefect.ordered
    pass_by(house, time, seconds=16)
    peers.see()
    assert ["publish"] == prefect.ordered


def test_without_heartbeats_of_its_own_a_run_ends_what_hangs(
    house, time, leases, prefect, monkeypatch, wait_until
):
    """One that was stopped within a transaction keeps SQLite from everybody. It is ended, and nobody is ordered:
    whether anybody else is missing cannot be told before the store takes heartbeats again.
    """
    ended = []
    still = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process = psutil.Process(still.pid)
    process.suspend()
    wait_until(lambda: process.status() == psutil.STATUS_STOPPED, description="it hangs")
    monkeypatch.setattr(runs, "processes", lambda: {"publish-1": [process]})
    monkeypatch.setattr(runs, "kill", ended.append)
    peers = PeerSupervisor(house, "reconcile")
    time.pass_by(seconds=15)
    peers.see()
    assert [] == ended

    time.pass_by(seconds=1)
    peers.see()

    still.kill()
    still.wait()
    still.stdin.close()
    assert ["publish-1"] == ended
    assert [] == prefect.ordered


def test_a_lease_that_was_never_held_is_not_filled(house, prefect):
    """Which flows are on watch at all, deployments say."""
    PeerSupervisor(house, "reconcile").see()

    assert [] == prefect.ordered


def test_minding_goes_on_whatever_happens(house, leases, monkeypatch, wait_until, caplog):
    """It is done in a thread: neither a long look nor a slow answer keeps it; an error is told and minding goes on."""
    seen = []

    def see(_):
        seen.append(1)
        raise RuntimeError("something")

    monkeypatch.setattr("tasks.peer_supervisor.MIND_EVERY", 0.01)
    monkeypatch.setattr(PeerSupervisor, "see", see)

    with minding(house, "reconcile"):
        wait_until(lambda: len(seen) > 2, description="it was minded again")

    assert "could not be checked" in caplog.text


def test_a_relief_is_due_sooner_than_leases_run_out():
    """What a silent publisher held is free when its leases end; by then another is there to take it."""
    assert REPLACED_AFTER["publish"] + timedelta(seconds=COMES_WITHIN) <= LEASE


def test_what_they_replaced_does_not_look_well_before_the_next_heartbeat():
    """A round just after it would find the heartbeat of the one that is silent fresh enough, and call the incident
    over.
    """
    assert all(Tolerances().heartbeat_within <= silent for silent in REPLACED_AFTER.values())


def test_what_was_mended_before_the_next_round_is_known_all_the_same(house, time, leases, prefect):
    """It is an incident with what was tried, which the watch follows to its end and tells of once."""
    pass_by(house, time, seconds=20)
    PeerSupervisor(house, "reconcile").see()
    [incident] = house.store.read(incidents.still_open)

    assert (Kind.ON_WATCH, "publish") == incident.key
    assert ["reconcile started another"] == [one.effect for one in incident.tries]
