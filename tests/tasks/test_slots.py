"""The bulkheads against a real Prefect server: what is declared is made, what is made is kept to."""

from __future__ import annotations

import time

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate
from prefect.settings import PREFECT_API_URL, temporary_settings

from deployments.apply import _limits
from deployments.limits import limits
from rehearsal.stack import _wait_for, up
from tasks.bulkheads import Bulkheads, Purpose, SlotsAway, this_host
from tasks.directory import CHANNELS
from tasks.slots import PrefectSlots

pytestmark = [pytest.mark.prefect, pytest.mark.slow]

NETWORK = "steadypost-publish-network-x"


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """A Prefect server of this module's own."""
    with up(tmp_path_factory.mktemp("slots")) as running:
        yield running


@pytest.fixture
def slots(stack):
    """The limits of that server, all of them made, and nobody holding any."""
    with temporary_settings({PREFECT_API_URL: stack.api_url}):
        slots = PrefectSlots()
        list(_limits())
        yield slots
        slots.close()


@pytest.fixture
def walls(slots):
    """The bulkheads of another process each time; at the end all is given back."""
    built = []

    def build(purpose=Purpose.PUBLISH, at_most=2):
        one = Bulkheads(purpose=purpose, at_most=at_most, slots=slots)
        one.want({"alice": "x"})
        one.tend()
        built.append(one)
        return one

    yield build
    for one in built:
        one.close()


def edit(slots, **changes):
    with get_client(sync_client=True) as client:
        client.update_global_concurrency_limit(NETWORK, GlobalConcurrencyLimitUpdate(**changes))


def test_what_is_declared_is_made_once_and_an_edit_stays(slots):
    """Applying again changes nothing, and says where somebody's edit stands."""
    declared = dict(
        limits(
            at_once=2,
            hosts=[this_host()],
            networks={kind.network.name for kind in CHANNELS.values()},
            accounts=[],
        )
    )
    assert {name: slots.read()[name].slots for name in declared} == declared
    assert all("was there" in line for line in _limits())

    edit(slots, limit=3)
    try:
        (told,) = [line for line in _limits() if NETWORK in line]
        assert told.endswith("was there, with 3 slots and not 4: it stays")
        assert 3 == slots.read()[NETWORK].slots
    finally:
        edit(slots, limit=4)


def test_a_limit_that_does_not_exist_gives_nothing(slots):
    """Prefect itself would say yes, and take what does exist."""
    assert slots.acquire([NETWORK, "steadypost-publish-account-nobody"], 1, 60) is None
    assert 0 == slots.read()[NETWORK].taken


def test_no_more_than_there_are(slots):
    """All or none; what was given back can be had again; a lease that is gone is said to be."""
    lease = slots.acquire([NETWORK], 3, 60)
    assert slots.acquire([NETWORK], 2, 60) is None
    assert slots.acquire([NETWORK], 99, 60) is None
    assert slots.renew(lease, 60)

    slots.release(lease)
    assert 0 == slots.read()[NETWORK].taken
    assert not slots.renew(lease, 60)


def test_processes_share_what_an_operator_left_them(slots, walls):
    """The limit is edited in Prefect: both keep to it together, and have it all back when it is edited back."""
    one, other = walls(), walls()
    assert [2, 2] == [each.capacity(["alice"]).total for each in (one, other)]

    edit(slots, limit=1)
    try:
        one.tend()
        other.tend()
        one.tend()
        assert 1 == one.capacity(["alice"]).total + other.capacity(["alice"]).total
        assert 1 == slots.read()[NETWORK].taken
    finally:
        edit(slots, limit=4)
    one.tend()
    other.tend()
    assert [2, 2] == [each.capacity(["alice"]).total for each in (one, other)]


def test_a_limit_that_is_made_inactive_is_no_limit(slots, walls):
    """And is one again afterwards."""
    edit(slots, limit=1)
    edit(slots, active=False)
    try:
        assert 2 == walls().capacity(["alice"]).total
    finally:
        edit(slots, active=True, limit=4)


def test_a_server_that_is_killed_stops_nobody_and_forgets_nothing(stack, slots, walls):
    """While it is away the last known share serves, at the same speed; afterwards the leases still hold."""
    one = walls()
    server = stack.processes["server"]
    server.popen.kill()
    server.popen.wait()
    began = time.perf_counter()
    capacities = [one.capacity(["alice"]).total for _ in range(1000)]
    took = time.perf_counter() - began
    with pytest.raises(SlotsAway):
        slots.read()
    one.tend()

    assert {2} == set(capacities)
    assert took < 1.0
    assert 2 == one.capacity(["alice"]).total

    server.start()
    _wait_for(stack.api_url + "/health", server)
    one.tend()
    one.clock = lambda: time.monotonic() + 20  # it is time to renew
    one.tend()
    assert 2 == slots.read()[NETWORK].taken
    assert 2 == one.capacity(["alice"]).total
