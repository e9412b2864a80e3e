"""What may be under way at once, by host, account and network; and that nobody waits for Prefect to learn it."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from blocks import Switches
from blocks.switches import Switch
from deployments.limits import LIMITS, limits
from flows.publish import claim_due
from flows.reconcile import LOOKS_AT_ONCE, next_round
from steadypost.channels.port import Access
from steadypost.domain.delivery import State
from steadypost.domain.outcome import Cause, Scope
from steadypost.store import reading
from tasks.bounds import Deadlines
from tasks.bulkheads import (
    LAST_KNOWN_FOR,
    LEASE,
    NOTHING_FOR,
    SHARED,
    Bulkheads,
    NoSlot,
    Purpose,
    SlotsAway,
    Standing,
    limit_name,
)
from tasks.deliveries import deliver
from tasks.directory import CHANNELS


class Prefect:
    """Global concurrency limits, as Prefect keeps them: by lease, and by name."""

    def __init__(self, clock):
        self.clock = clock
        self.limits = {}
        self.leases = {}
        self.away = False
        self.calls = Counter()
        self._numbers = itertools.count(1)

    def _called(self, what):
        self.calls[what] += 1
        if self.away:
            raise SlotsAway("ConnectError")
        for lease_id in [one for one, (_, _, until) in self.leases.items() if until <= self.clock()]:
            del self.leases[lease_id]

    def taken(self, name):
        return sum(each for names, each, _ in self.leases.values() if name in names)

    def read(self):
        self._called("read")
        return {name: Standing(slots=slots, taken=self.taken(name)) for name, slots in self.limits.items()}

    def create(self, name, slots):
        self._called("create")
        self.limits.setdefault(name, slots)

    def acquire(self, names, each, lease):
        self._called("acquire")
        if any(self.limits.get(name, 0) < self.taken(name) + each for name in names):
            return None
        lease_id = f"lease-{next(self._numbers)}"
        self.leases[lease_id] = (frozenset(names), each, self.clock() + lease)
        return lease_id

    def renew(self, lease_id, lease):
        self._called("renew")
        if lease_id not in self.leases:
            return False
        names, each, _ = self.leases[lease_id]
        self.leases[lease_id] = (names, each, self.clock() + lease)
        return True

    def release(self, lease_id):
        self._called("release")
        self.leases.pop(lease_id, None)


class Seconds:
    """A clock that stands until it is moved."""

    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def seconds():
    return Seconds()


@pytest.fixture
def prefect(seconds):
    return Prefect(seconds)


@pytest.fixture
def walls(prefect, seconds):
    """The bulkheads of another process each time."""

    def build(purpose=Purpose.PUBLISH, at_most=2, accounts=("alice", "bob")):
        built = Bulkheads(purpose=purpose, at_most=at_most, slots=prefect, host="quay", clock=seconds)
        built.want(dict.fromkeys(accounts, "x"))
        built.tend()
        return built

    return build


HOST = limit_name(Purpose.PUBLISH, Scope.HOST, "quay")
NETWORK = limit_name(Purpose.PUBLISH, Scope.NETWORK, "x")
ALICE = limit_name(Purpose.PUBLISH, Scope.ACCOUNT, "alice")


def declared():
    return dict(
        limits(
            at_once=2,
            hosts=["quay"],
            networks=[kind.network.name for kind in CHANNELS.values()],
            accounts=["alice", "bob"],
        )
    )


# --- declared and used


def test_what_the_code_uses_is_what_is_declared():
    """No limit is used that nobody declared, none is declared that nothing uses."""
    networks = sorted({kind.network.name for kind in CHANNELS.values()})
    which = {Scope.HOST: ["quay"], Scope.NETWORK: networks, Scope.ACCOUNT: ["alice", "bob"]}
    used = {limit_name(purpose, scope, one) for purpose in Purpose for scope in which for one in which[scope]}

    assert set(declared()) == used | {SHARED}
    assert all(limit.why for limit in LIMITS)


@pytest.mark.parametrize("browsers", [1, 2, 7, 16])
def test_there_is_room_for_two_runs_that_relieve_each_other(browsers, prefect, seconds):
    """As many as there may be browsers, twice: a relief leaves no gap for want of slots."""
    prefect.limits = dict(limits(at_once=browsers, hosts=["quay"], networks=["x"], accounts=["alice", "bob"]))
    two = [
        Bulkheads(purpose=Purpose.PUBLISH, at_most=browsers, slots=prefect, host="quay", clock=seconds)
        for _ in range(2)
    ]
    for one in two:
        one.want(dict.fromkeys(["alice", "bob"], "x"))
        one.tend()

    assert [one.capacity(["alice"]).total for one in two] == [browsers, browsers]


def test_a_limit_that_is_missing_is_made(walls, prefect):
    """An account that was added in Prefect's pages a moment ago: without its limit there would be no wall."""
    walls()

    assert prefect.limits == {name: slots for name, slots in declared().items() if name in prefect.limits}
    assert {HOST, NETWORK, ALICE} <= set(prefect.limits)


# --- on the way of a post


def test_nothing_is_asked_of_prefect_on_the_way_of_a_post(walls, prefect):
    """Capacity, beginning and ending are counted in memory."""
    one = walls()
    before = prefect.calls.copy()
    for n in range(100):
        assert one.capacity(["alice", "bob"]).total
        one.begin(n, "alice")
        one.end(n)

    assert prefect.calls == before


def test_an_account_never_gets_the_last_place_of_all(walls):
    """One account that hangs in each of its attempts leaves the others something to go out by."""
    one = walls(at_most=2)
    one.begin(1, "alice")
    capacity = one.capacity(["alice", "bob"])

    assert (1, {"alice": 0, "bob": 1}) == (capacity.total, capacity.each)


def test_a_lone_account_gets_them_all(walls):
    """There is nobody to leave a slot for."""
    assert {"alice": 3} == walls(at_most=3, accounts=("alice",)).capacity(["alice"]).each


def test_purposes_are_walled_off_from_each_other(walls, prefect):
    """All that looks hang, and hold all their slots: publishing has as many as before."""
    looking = walls(Purpose.LOOK, at_most=1)
    looking.begin(1, "alice")

    assert 0 == looking.capacity(["alice", "bob"]).total
    assert 2 == walls().capacity(["alice"]).total


# --- an operator's edit


def test_a_lower_limit_is_obeyed_and_so_is_a_higher_one(walls, prefect):
    """Within one cycle, without a restart; what is under way is not disturbed."""
    prefect.limits |= declared()
    one = walls()
    one.begin(1, "alice")
    prefect.limits[NETWORK] = 1
    one.tend()
    assert 0 == one.capacity(["bob"]).total

    prefect.limits[NETWORK] = 4
    one.tend()
    assert 1 == one.capacity(["bob"]).total


def test_several_processes_together_keep_to_it(walls, prefect):
    """Three machines, one limit of four asks on the network at once."""
    prefect.limits[NETWORK] = 4
    three = [walls(at_most=2) for _ in range(3)]

    assert sum(one.capacity(["alice"]).total for one in three) <= 4
    assert 4 == prefect.taken(NETWORK)


def test_a_limit_switched_off_is_no_limit(walls, prefect, monkeypatch):
    """In Prefect's pages a limit can be made inactive."""
    prefect.limits |= declared()
    prefect.limits[NETWORK] = 1
    monkeypatch.setattr(
        prefect, "read", lambda: {name: Standing(slots=1, taken=0, enforced=False) for name in prefect.limits}
    )

    assert 2 == walls().capacity(["alice"]).total


# --- trouble


def test_with_prefect_away_the_last_known_share_serves_and_then_ones_own(walls, prefect, seconds):
    """Publishing does not stop: first with what was known, after ten minutes with what it would have asked for."""
    prefect.limits |= declared() | {NETWORK: 1}
    one = walls()
    prefect.away = True
    one.tend()
    assert 1 == one.capacity(["alice"]).total

    seconds.now += LAST_KNOWN_FOR + 1
    one.tend()
    assert 2 == one.capacity(["alice"]).total


def test_with_prefect_away_from_the_start_ones_own_numbers_serve(walls, prefect):
    """A run that begins while the API is away publishes."""
    prefect.away = True

    assert 2 == walls().capacity(["alice", "bob"]).total


def test_the_slots_of_the_dead_come_back(walls, prefect, seconds):
    """A process that was killed holds its slots for one lease, and no longer."""
    prefect.limits[NETWORK] = 2
    walls()
    other = walls()
    assert 0 == other.capacity(["alice"]).total

    seconds.now += LEASE + 1
    other.tend()
    assert 2 == other.capacity(["alice"]).total


def test_a_lease_that_was_lost_is_taken_anew(walls, prefect, seconds):
    """The server forgot it: the process finds out at the next renewal, and asks again."""
    one = walls()
    prefect.leases.clear()
    seconds.now += 20
    one.tend()

    assert 2 == prefect.taken(NETWORK)
    assert 2 == one.capacity(["alice"]).total


def test_slots_that_leaked_for_good_do_not_stop_publishing_for_good(walls, prefect, seconds):
    """A limit shapes the load. After two minutes without any slot one goes on with one."""
    prefect.limits[NETWORK] = 2
    prefect.leases["leaked"] = (frozenset({NETWORK}), 2, float("inf"))
    one = walls()
    assert 0 == one.capacity(["alice"]).total

    seconds.now += NOTHING_FOR
    one.tend()
    assert 1 == one.capacity(["alice"]).total


def test_a_relieved_run_gives_its_places_at_once(walls, prefect):
    """Whoever comes next need not wait for the last of its posts."""
    prefect.limits[NETWORK] = 2
    old = walls()
    old.begin(1, "alice")
    old.close()

    assert 2 == walls().capacity(["bob"]).total


# --- what is claimed


def test_nothing_is_claimed_that_would_wait(house, due):
    """A hundred are due: as many are claimed as there are slots, of each account as many as it has; the others
    stay where anybody can take them.
    """
    house.bulkheads = Bulkheads(purpose=Purpose.PUBLISH, at_most=3)
    house.bulkheads.want(dict.fromkeys(["alice", "bob"], "x"))
    due(50, "alice")
    due(50, "bob")

    claims = claim_due(house, at_most=3)
    assert {"alice": 2, "bob": 1} == Counter(claim.account for claim in claims)
    assert [] == claim_due(house, at_most=3)
    assert 97 == house.store.read(reading.counts)[State.SCHEDULED]


def test_a_place_comes_back_however_the_attempt_ends(house, channel, due):
    """Also when its task breaks."""
    house.bulkheads = Bulkheads(purpose=Purpose.PUBLISH, at_most=1)
    house.bulkheads.want(dict.fromkeys(["alice"], "x"))
    due(2)
    channel.on_ask = lambda *_: 1 / 0
    for _ in range(2):
        (claim,) = claim_due(house, at_most=1)
        deliver.fn(claim.attempt_id, claim.delivery_id, claim.account)

    assert 1 == house.bulkheads.capacity(["alice"]).total


def test_the_queue_of_looks_is_bounded_and_says_what_it_left(house, caplog):
    """150 accounts with unconfirmed deliveries: a few are looked at, who waited longest first; the others are left, and
    said.
    """
    names = [f"account-{n:03d}" for n in range(150)]
    house.bulkheads = Bulkheads(purpose=Purpose.LOOK, at_most=1)
    house.bulkheads.want(dict.fromkeys(names, "x"))
    house.log = __import__("logging").getLogger("test")
    with caplog.at_level("INFO"):
        first = next_round(house, names)
    house.looking.at |= dict.fromkeys(first, 1.0)

    assert len(first) == LOOKS_AT_ONCE
    assert "146 of 150" in caplog.text
    assert not set(first) & set(next_round(house, names))


# --- with the switch off


@pytest.fixture
def unwalled(house, prefect, due):
    """A house whose bulkheads are switched off, and whose one shared limit has one slot."""
    house.switches = Switches(bulkheads=Switch(on=False, reason="comparison"))
    house.bulkheads = Bulkheads(purpose=Purpose.PUBLISH, at_most=2, slots=prefect)
    prefect.limits[SHARED] = 1
    return house


def test_without_walls_a_hung_look_keeps_posts_waiting_and_they_are_given_back(
    unwalled, prefect, channel, due
):
    """The old way, for comparison: one limit for all. The wait has an end, before anything was armed."""
    prefect.acquire([SHARED], 1, 300)
    unwalled.deadlines = replace(Deadlines(), attempt_waits=timedelta(0))
    due(1)
    (claim,) = claim_due(unwalled, at_most=1)
    deliver.fn(claim.attempt_id, claim.delivery_id, claim.account)
    delivery = unwalled.store.read(reading.show, claim.delivery_id).delivery

    assert (delivery.state, delivery.cause, delivery.broken) == (State.SCHEDULED, Cause.NO_PLACE, 0)
    assert [] == channel.asked


def test_a_shared_slot_is_given_back(unwalled, prefect):
    """Whatever became of the work."""
    with pytest.raises(ZeroDivisionError), unwalled.slot(timedelta(0)):
        1 / 0  # noqa: B018

    with unwalled.slot(timedelta(0)), pytest.raises(NoSlot), unwalled.slot(timedelta(0)):
        pass
    assert {} == prefect.leases


def test_an_account_is_open_again_once_it_is_tended(house, prefect, seconds):
    """An account that appears is wanted at the next reading of the blocks."""
    walls = Bulkheads(purpose=Purpose.PUBLISH, at_most=2, slots=prefect, host="quay", clock=seconds)
    house.bulkheads = walls
    house.directory.accounts = {
        name: Access(account=name, handle=name, base_url="http://127.0.0.1:1", secret={}, rules_accepted=True)
        for name in ("alice", "bob", "carol")
    }
    walls.want(dict.fromkeys(house.directory.usable(), "x"))
    walls.tend()

    assert {"carol": 1} == walls.capacity(["carol"]).each
