"""A round of the watch: it says that it is there between its steps, and waits once for a store that is away."""

from datetime import timedelta

import pytest

import flows.watch
from flows.watch import AWAY_FOR, GLANCE_EVERY, SOONER, Rounds
from steadypost.domain.health import Kind, failing
from steadypost.domain.incident import opened
from steadypost.domain.observed import Cannot, MachineSeen, Observed, PrefectSeen, StoreSeen
from steadypost.store import incidents, notices
from tests.domain import houses
from tests.rooms import instead


@pytest.fixture
def heartbeats():
    return []


@pytest.fixture
def rounds(house, heartbeats, tmp_path, monkeypatch):
    """Rounds over a house whose store is there, with nothing drawn and nothing said to Prefect."""
    monkeypatch.setenv("STEADYPOST_HOME", str(tmp_path))
    monkeypatch.setattr(flows.watch, "say", lambda *_: None)
    monkeypatch.setattr(flows.watch, "remedy", lambda *_: "done")
    monkeypatch.setattr(Rounds, "_draw", lambda _: None)
    return Rounds(house, heartbeat=lambda: heartbeats.append(house.clock()))


def sees(monkeypatch, house, store):
    """Let the next rounds see this of the store, and a worker that is gone; without a store, that all is well."""
    gone = MachineSeen(workers={}, has_had_worker=True, disk_free_mb=9000, memory_free_mb=2000)

    def observe(*_):
        if store is None:
            return houses.house(at=house.clock())
        return Observed(
            at=house.clock(), store=store, prefect=PrefectSeen(), blocks=Cannot(why="-"), machine=gone
        )

    monkeypatch.setattr(flows.watch, "observe", observe)


def test_a_round_that_takes_its_time_sends_heartbeats_between_its_steps(
    house, rounds, heartbeats, monkeypatch
):
    """It has looked, tried a remedy, and told somebody: whoever minds the watch hears of it after each."""
    sees(monkeypatch, house, StoreSeen())
    monkeypatch.setattr("tasks.notices.Teller.tell", lambda *_: "a-way")
    house.store.write(
        notices.put, key="key", title="Something to tell", body="It is told.", now=house.clock()
    )

    done = rounds.go()

    assert done["mended"] >= 1
    assert 1 == done["messages"]
    assert len(heartbeats) == 1 + done["mended"] + done["messages"]


def test_after_a_remedy_the_next_round_comes_soon_and_then_as_always(house, rounds, monkeypatch, time):
    """Whether it helped is seen within seconds, not within a minute; a house that is well is not looked at more often."""
    now = [1000.0]
    monkeypatch.setattr("flows.watch.time.monotonic", lambda: now[0])
    monkeypatch.setattr("tasks.runs.workers", lambda: {1: False})

    def passes(seconds):
        now[0] += seconds
        time.pass_by(seconds=seconds)

    sees(monkeypatch, house, StoreSeen())
    assert rounds.go()["mended"] >= 1
    passes(SOONER - 1)
    assert not rounds.is_due()
    passes(1)
    assert rounds.is_due()

    sees(monkeypatch, house, None)
    rounds.go()
    passes(59)
    assert not rounds.is_due()
    passes(1)
    assert rounds.is_due()


def test_a_round_that_came_early_is_followed_by_one_in_time(house, rounds, monkeypatch):
    """It moves the rounds after it forward, and leaves none of them out."""
    now, gone = [1000.0], {}
    monkeypatch.setattr("flows.watch.time.monotonic", lambda: now[0])
    monkeypatch.setattr("tasks.runs.workers", lambda: gone)
    sees(monkeypatch, house, None)
    rounds.go()
    now[0] += 20
    assert not rounds.is_due()
    now[0] += 4
    assert rounds.is_due(), "the worker that the round has seen is gone for two glances"

    rounds.go()

    now[0] += 59
    gone[1] = False
    assert not rounds.is_due()
    now[0] += 1
    assert rounds.is_due()


def test_what_somebody_else_has_opened_makes_the_next_round_come_soon(house, rounds, monkeypatch):
    """One of the others replaced a run: when that has helped, a round says, and not only in a minute."""
    now = [1000.0]
    monkeypatch.setattr("flows.watch.time.monotonic", lambda: now[0])
    monkeypatch.setattr("tasks.runs.workers", lambda: {1: False})
    sees(monkeypatch, house, None)
    rounds.go()
    now[0] += GLANCE_EVERY
    assert not rounds.is_due()
    house.store.write(
        incidents.enter, opened(failing(Kind.ON_WATCH, "it fell silent", "publish"), house.clock())
    )
    now[0] += GLANCE_EVERY - 1
    assert not rounds.is_due(), "it is not time for a glance"
    now[0] += 1
    assert rounds.is_due()

    rounds.go()

    now[0] += GLANCE_EVERY
    assert not rounds.is_due(), "it is no news any more"


def test_with_the_store_away_a_round_sends_no_heartbeat_and_writes_nothing(
    house, rounds, heartbeats, monkeypatch, time
):
    """It could not, and each try would take five seconds of the next round's time. A while after, it does again."""
    sees(monkeypatch, house, Cannot(why="locked"))
    house.watching.store_away_at = house.clock()
    written = []
    for deed in (
        incidents.keep_checks,
        incidents.enter,
        incidents.keep,
        incidents.begin_remedy,
        incidents.end_remedy,
        notices.take,
    ):
        instead(monkeypatch, house.store, deed, lambda *_, name=deed.__name__: written.append(name))

    done = rounds.go()

    assert done["mended"] >= 1
    assert ([], []) == (heartbeats, written)
    instead(monkeypatch, house.store, incidents.still_open, lambda: written.append("asked"))
    assert not rounds._book.has_news()
    assert [] == written
    monkeypatch.undo()
    time.pass_by(seconds=(AWAY_FOR + timedelta(seconds=1)).total_seconds())
    rounds._still_here()
    assert 1 == len(heartbeats)
