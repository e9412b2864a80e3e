"""Each publisher works on accounts of its own, and on those of whoever falls silent."""

from datetime import timedelta

import pytest

from blocks.switches import Switch
from steadypost.store import StoreAway, publishers, watches
from steadypost.store.publishers import Role
from tasks import sharing
from tasks.sharing import Sharing, lead_of, living_lead
from tests.tasks.conftest import NOW

BOTH = ["alice", "bob"]


@pytest.fixture
def publisher(house, monkeypatch):
    """A publisher on a machine of this name, in the house of all of them."""

    def publisher(host, role=Role.LEAD):
        monkeypatch.setattr(sharing, "this_host", lambda: host)
        made = Sharing(house, f"run-of-{host}", role)
        monkeypatch.setattr(sharing, "SAYS_SO_EVERY", 0.0)
        return made

    return publisher


@pytest.fixture
def two(publisher):
    """Two that have heard of each other."""
    anna, berta = publisher("anna"), publisher("berta", Role.HELPER)
    for one in (anna, berta, anna):
        one.tend()
    return anna, berta


def test_one_alone_works_on_all(publisher):
    """Also before it has said anything, and on an account of a moment ago."""
    anna = publisher("anna")
    assert BOTH == anna.mine(BOTH)

    anna.tend()
    assert [*BOTH, "new"] == anna.mine([*BOTH, "new"])


def test_two_share(two):
    """Each account has one of them."""
    anna, berta = two

    assert BOTH == sorted(anna.mine(BOTH) + berta.mine(BOTH))
    assert 1 == len(anna.mine(BOTH))


def test_what_a_silent_one_had_is_taken_over(two, time):
    """Within ten seconds and one word, and given back when it is heard of again."""
    anna, berta = two
    before = anna.mine(BOTH)
    time.pass_by(seconds=11)
    anna.tend()
    assert BOTH == anna.mine(BOTH)

    berta.tend()
    anna.tend()
    assert before == anna.mine(BOTH)


@pytest.mark.parametrize("off", [timedelta(minutes=-10), timedelta(minutes=10)], ids=["behind", "ahead"])
def test_a_machine_whose_clock_is_off_shares_while_it_lives_and_no_longer(publisher, house, time, off):
    """What it writes is dated by its own clock; that it writes again is what says that it lives."""
    anna, berta = publisher("anna"), publisher("berta", Role.HELPER)
    right = house.clock

    def turn():
        time.pass_by(seconds=1)
        anna.tend()
        house.clock = lambda: right() + off
        berta.tend()
        house.clock = right

    for _ in range(4):
        turn()
    shared = (anna.mine(BOTH), berta.mine(BOTH))
    for _ in range(20):
        turn()
    assert shared == (anna.mine(BOTH), berta.mine(BOTH))
    assert BOTH == sorted(shared[0] + shared[1])
    assert all(shared)

    anna.tend()
    time.pass_by(seconds=11)
    anna.tend()

    assert BOTH == anna.mine(BOTH)


def test_who_goes_is_not_waited_for(two):
    """It says so."""
    anna, berta = two
    berta.leave()
    anna.tend()

    assert BOTH == anna.mine(BOTH)


def test_the_switch_takes_it_back_for_an_account_or_for_all(two, house):
    """Then the one that has the watch works on it, and the others do not."""
    anna, berta = two
    house.switches.sharing = Switch(on=False)

    assert (BOTH, []) == (anna.mine(BOTH), berta.mine(BOTH))

    house.switches.sharing = Switch(share=50)
    house.switches.sharing._name = "sharing"
    assert BOTH == sorted(anna.mine(BOTH) + berta.mine(BOTH))


def test_what_needs_a_browser_goes_where_one_works(two, house, monkeypatch):
    """A machine whose browsers are in trouble works on the rest."""
    anna, berta = two
    monkeypatch.setattr(house.circuits, "refusal", lambda _: "its browsers are in trouble")
    anna.tend()
    monkeypatch.setattr(house.circuits, "refusal", lambda _: None)
    berta.tend()
    monkeypatch.setattr(house.circuits, "refusal", lambda _: "its browsers are in trouble")
    anna.tend()

    assert ([], BOTH) == (anna.mine(BOTH), berta.mine(BOTH))


def test_a_store_that_is_away_leaves_everything_as_it_was(two, house, monkeypatch):
    """Nobody takes over what another may be working on for that."""
    anna, _ = two
    before = anna.mine(BOTH)

    def away(*_, **__):
        raise StoreAway("the disk is full", remedy="wait")

    monkeypatch.setattr(house.store, "read", away)
    anna.tend()

    assert before == anna.mine(BOTH)


def test_one_machine_needs_no_helper(publisher):
    """The watch may come to a helper's machine; then that ends."""
    helper = publisher("anna", Role.HELPER)
    helper.tend()
    assert not helper.is_needless

    publisher("anna").tend()
    helper.tend()
    assert helper.is_needless


def test_a_lead_that_sends_no_heartbeat_is_none(house, publisher, monkeypatch):
    """Its last words may be of a moment ago."""
    monkeypatch.setattr(sharing, "RENEWED_WITHIN", 0.3)
    publisher("anna").tend()
    assert lead_of(house.store) is None

    house.store.write(watches.take, "publish", run_id="run-of-anna", now=NOW)
    assert "anna" == lead_of(house.store).host
    assert living_lead(house.store) is None
    assert ["anna"] == [one.host for one in house.store.read(publishers.every)]
