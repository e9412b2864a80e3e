"""What a publisher claims: in turn by network, no more than there are browsers and slots, and only what may go."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from blocks import Switches
from blocks.switches import Switch
from flows.publish import browsers_for, by_turns, capacity_for, may_publish
from steadypost.store import unconfirmed
from tasks.bulkheads import Capacity

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
X, BLUESKY, MASTODON = (
    SimpleNamespace(network=SimpleNamespace(name=name), needs_browser=browser)
    for name, browser in (("x", True), ("bluesky", False), ("mastodon", False))
)
ACCOUNTS = {"alice": X, "bob": BLUESKY, "carol": MASTODON, "dave": X, "erik": BLUESKY}


class Bulkheads:
    """So much is under way, and so much more may begin."""

    def __init__(self, **busy):
        self.busy = busy

    def under_way(self, accounts=None):
        return sum(n for name, n in self.busy.items() if accounts is None or name in accounts)

    def capacity(self, accounts):
        return Capacity(total=len(accounts), each=dict.fromkeys(accounts, 1))


def house(*, switches=None, held=(), refused=(), browsers=2, at_once=4, **busy):
    """A house as far as claiming asks it."""

    def read(what):
        assert what is unconfirmed.accounts_with_unconfirmed
        return set(held)

    return SimpleNamespace(
        claim_turn=-1,
        directory=SimpleNamespace(kind_of=ACCOUNTS.__getitem__, usable=lambda: sorted(ACCOUNTS)),
        clock=lambda: NOON,
        switches=switches or Switches(),
        store=SimpleNamespace(read=read),
        behind=lambda name: (name,),
        circuits=SimpleNamespace(refusal=lambda name: "open" if name in refused else None),
        browsers=SimpleNamespace(size=browsers),
        bulkheads=Bulkheads(**busy),
        at_once=at_once,
    )


def off():
    return Switch(on=False, reason="a test", by="Olga")


def test_accounts_of_one_network_are_claimed_together():
    groups = by_turns(house(), ACCOUNTS)

    assert [["bob", "erik"], ["carol"], ["alice", "dave"]] == groups


def test_each_group_is_first_in_its_turn():
    """One with a long queue would take every slot, each time."""
    asking = house()
    first = Counter(by_turns(asking, ACCOUNTS)[0][0] for _ in range(9))

    assert {"bob": 3, "carol": 3, "alice": 3} == first


def test_every_account_is_in_one_group_whoever_is_first():
    asking = house()

    for _ in range(4):
        assert sorted(ACCOUNTS) == sorted(name for group in by_turns(asking, ACCOUNTS) for name in group)


def test_of_no_accounts_there_are_no_groups():
    assert [] == by_turns(house(), [])


def test_where_a_browser_is_needed_as_many_are_claimed_as_are_free():
    assert 2 == browsers_for(house(), ["alice", "dave"])
    assert 1 == browsers_for(house(alice=1), ["alice", "dave"])
    assert 0 == browsers_for(house(alice=1, dave=1), ["alice"])


def test_what_needs_none_takes_none():
    """Bob's posts under way leave both browsers to Alice."""
    assert 2 == browsers_for(house(bob=3), ["alice"])
    assert 4 == browsers_for(house(alice=2), ["bob"])


@pytest.mark.parametrize(("asked", "total"), [(5, 2), (2, 2), (1, 1)])
def test_slots_bound_what_is_claimed(asked, total):
    capacity = capacity_for(house(), ["alice", "dave"], asked)

    assert (total, {"alice": 1, "dave": 1}) == (capacity.total, capacity.each)


def test_without_bulkheads_only_the_browsers_do():
    assert Capacity(total=5, each={}) == capacity_for(house(switches=Switches(bulkheads=off())), ["alice"], 5)


def test_all_that_are_usable_may_publish():
    assert sorted(ACCOUNTS) == may_publish(house(held=["alice"]))


def test_with_publishing_turned_off_nothing_may():
    assert [] == may_publish(house(switches=Switches(publish=off())))


def test_an_open_circuit_keeps_back_its_account_alone():
    assert [name for name in sorted(ACCOUNTS) if name != "dave"] == may_publish(house(refused=["dave"]))


def test_without_isolation_an_unconfirmed_delivery_keeps_back_its_account():
    switches = Switches(isolate_unconfirmed=off())

    assert ["bob", "carol", "dave", "erik"] == may_publish(house(switches=switches, held=["alice"]))
