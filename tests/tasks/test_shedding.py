"""Short of memory, what can wait waits; publishing never does, and nothing is held back for long without a word."""

import pytest

from flows.canary import look_round
from flows.publish import claim_due
from flows.reconcile import next_round
from steadypost.channels.port import Probe
from steadypost.domain.health import MEMORY_MB
from steadypost.domain.outcome import Cause
from tasks.canaries import probe
from tasks.shedding import THROUGH_EVERY, is_shed
from tests.tasks.test_canaries import DRIFTED, resting

LITTLE, ENOUGH = MEMORY_MB - 1.0, float(MEMORY_MB)


@pytest.fixture
def memory(house, monkeypatch, tmp_path):
    """How much is free, in MB."""
    monkeypatch.setenv("STEADYPOST_HOME", str(tmp_path))
    monkeypatch.setattr("flows.canary.probe", probe.fn)
    free = [LITTLE]
    house.watching.free_memory = lambda: free[0]
    return free


def waits(house):
    """What the watch reads of it."""
    return house.store.observe(house.clock(), claims_of=THROUGH_EVERY).shed


def test_looks_wait_for_memory_and_publishing_does_not(house, memory, due, caplog):
    """For an hour: a look every five minutes, every post at once, and it is said once and not each time."""
    due(1)
    with caplog.at_level("WARNING"):
        rounds = []
        for _ in range(60):
            rounds.append(bool(next_round(house, ["alice"])))
            house.clock.pass_by(minutes=1)

    assert 10 == sum(rounds)
    assert not rounds[0]
    assert 1 == len(claim_due(house, at_most=1))
    assert caplog.text.count("looks: left for later") == 10 + 1 - rounds[-1]


def test_what_waits_stands_in_the_store_and_no_longer_when_memory_is_back(house, memory):
    """Also for a run that began when the memory was back, and knows nothing of what the last one noted."""
    assert [] == next_round(house, ["alice"])
    assert ("looks",) == waits(house)

    memory[0] = ENOUGH
    house.watching.unshed.clear()
    assert ["alice"] == next_round(house, ["alice"])
    assert () == waits(house)


def test_the_canary_waits_for_memory(house, channel, memory):
    """Its probes begin a browser of their own."""
    channel.on_probe = lambda _: Probe(well=True, handle="alice")
    assert [] == look_round(house)
    assert ("canary",) == waits(house)

    house.clock.pass_by(seconds=THROUGH_EVERY.total_seconds())
    assert 1 == len(look_round(house))


def test_an_account_that_rests_for_a_changed_page_is_probed_all_the_same(house, channel, memory):
    """Until it is, it does not publish."""
    memory[0] = ENOUGH
    channel.on_probe = lambda _: DRIFTED
    look_round(house)
    memory[0] = LITTLE
    assert resting(house) == {"alice": Cause.UI_DRIFT, "bob": Cause.UI_DRIFT}

    channel.on_probe = lambda one: Probe(well=True, handle=one)
    look_round(house)

    assert {} == resting(house)


def test_with_degradation_off_nothing_is_held_back(house, memory):
    """As in older systems; here it is the machine that decides who dies."""
    off = house.switches.degradation.model_copy(update={"on": False, "reason": "rehearsal"})
    house.switches = house.switches.model_copy(update={"degradation": off})

    assert not is_shed(house, "looks")


def test_without_a_store_nothing_is_held_back(house, memory, monkeypatch):
    """There is nothing to look for then, and no loop on watch may break of it."""
    monkeypatch.setattr(house, "store", Away())

    assert not is_shed(house, "looks")
    memory[0] = ENOUGH
    assert not is_shed(house, "looks")
    assert house.watching.unshed == set()


class Away:
    """A store that is away."""

    def __getattr__(self, name):
        from steadypost.store import StoreAway  # noqa: PLC0415 - only here

        def away(*_, **__):
            raise StoreAway("No store today", remedy="Wait")

        return away
