"""A round of the watch: it says that it is there between its steps, and waits once for a store that is away."""

from datetime import timedelta

import pytest

import flows.watch
from flows.watch import AWAY_FOR, Rounds
from steadypost.domain.observed import Cannot, MachineSeen, Observed, PrefectSeen, StoreSeen


@pytest.fixture
def beats():
    return []


@pytest.fixture
def rounds(house, beats, tmp_path, monkeypatch):
    """Rounds over a house whose store is there, with nothing drawn and nothing said to Prefect."""
    monkeypatch.setenv("STEADYPOST_HOME", str(tmp_path))
    monkeypatch.setattr(flows.watch, "say", lambda *_: None)
    monkeypatch.setattr(flows.watch, "remedy", lambda *_: "done")
    monkeypatch.setattr(Rounds, "_draw", lambda _: None)
    return Rounds(house, beat=lambda: beats.append(house.clock()))


def sees(monkeypatch, house, store):
    """Let the next rounds see this of the store; of the rest, a worker that is gone."""
    gone = MachineSeen(workers={}, has_had_worker=True, disk_free_mb=9000, memory_free_mb=2000)

    def observe(*_):
        return Observed(
            at=house.clock(), store=store, prefect=PrefectSeen(), blocks=Cannot(why="-"), machine=gone
        )

    monkeypatch.setattr(flows.watch, "observe", observe)


def test_a_round_that_takes_its_time_beats_between_its_steps(house, rounds, beats, monkeypatch):
    """It has looked, tried a remedy, and told somebody: whoever minds the watch hears of it after each."""
    sees(monkeypatch, house, StoreSeen())
    monkeypatch.setattr("tasks.notices.Teller.tell", lambda *_: "a-way")
    house.store.put_notice("key", "Something to tell", "It is told.", house.clock())

    done = rounds.go()

    assert done["mended"] >= 1
    assert done["messages"] == 1
    assert len(beats) == 1 + done["mended"] + done["messages"]


def test_with_the_store_away_a_round_neither_beats_nor_writes(house, rounds, beats, monkeypatch, time):
    """It could not, and each try would take five seconds of the next round's time. A while after, it does again."""
    sees(monkeypatch, house, Cannot(why="locked"))
    house.store_away_at = house.clock()
    written = []
    for name in (
        "keep_checks",
        "enter_incident",
        "keep_incident",
        "begin_remedy",
        "end_remedy",
        "take_notices",
    ):
        monkeypatch.setattr(house.store, name, lambda *_, name=name: written.append(name))

    done = rounds.go()

    assert done["mended"] >= 1
    assert (beats, written) == ([], [])
    monkeypatch.undo()
    time.pass_by(seconds=(AWAY_FOR + timedelta(seconds=1)).total_seconds())
    rounds._still_here()
    assert len(beats) == 1
