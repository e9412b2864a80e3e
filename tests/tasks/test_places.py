"""Who holds a place of a deployment and does nothing: never somebody who lives, wherever that is."""

import os
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from prefect.client.schemas.objects import StateType

from steadypost.domain.living import Heard
from steadypost.domain.observed import Noted
from steadypost.store import vitals
from tasks import places, runs
from tasks.bulkheads import this_host
from tasks.places import BEGINS_WITHIN, SILENT, free, is_alone, is_dead

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def run(began, pid=None):
    return SimpleNamespace(
        id="run-1", start_time=NOW - began, expected_start_time=None, infrastructure_pid=pid, state=None
    )


def heard(host, ago):
    """It has said on this machine that it lives, so long ago."""
    said = Noted(well=True, since=NOW - ago, at=NOW - ago, told=host)
    return {f"{vitals.RUN}run-1": said}


@pytest.mark.parametrize(
    ("found", "noted", "dead"),
    [
        pytest.param(run(60 * SECOND), heard(this_host(), SECOND), True, id="here by its word, without a process"),
        pytest.param(run(SECOND, f"{this_host()}:4711"), {}, True, id="here by its worker's word, without a process"),
        pytest.param(run(3600 * SECOND), heard("another", SILENT), False, id="elsewhere, heard of lately"),
        pytest.param(run(SECOND), heard("another", 2 * SILENT), False, id="elsewhere, begun a moment ago"),
        pytest.param(run(BEGINS_WITHIN, "another:4711"), {}, False, id="elsewhere, about to begin"),
        pytest.param(run(BEGINS_WITHIN + SECOND), {}, True, id="never heard of"),
    ],
)  # fmt: skip
def test_who_is_dead(found, noted, dead):
    """Of this machine by its processes, of others by what they say."""
    assert dead == is_dead(found, noted, set(), NOW, Heard())
    assert not is_dead(found, noted, {"run-1"}, NOW, Heard()), "whoever has a process that moves lives"


OFF = [timedelta(minutes=one) for one in (-600, -10, -3, 0, 3, 10, 600)]
"""How far another machine's clock is ahead of this one's."""


@pytest.mark.parametrize("off", OFF)
def test_who_lives_on_a_machine_whose_clock_is_off_keeps_its_place(off):
    """It says so every few seconds, dated by its own clock; this machine asks now and then."""
    told, long_ago = Heard(), run(3600 * SECOND)

    for seconds in (0, 3, 40, 400, 4000):
        moment = NOW + seconds * SECOND
        assert not is_dead(long_ago, heard("another", -seconds * SECOND - off), set(), moment, told)


@pytest.mark.parametrize("off", OFF)
def test_who_dies_on_a_machine_whose_clock_is_off_loses_its_place(off):
    """As soon as it has been silent for so long by the clock of the one who asks."""
    told, last, long_ago = Heard(), heard("another", -off), run(3600 * SECOND)
    is_dead(long_ago, last, set(), NOW, told)

    assert is_dead(long_ago, last, set(), NOW + SILENT + SECOND, told)


@pytest.mark.parametrize("off", OFF)
@pytest.mark.parametrize(
    ("ago", "ended"), [(BEGINS_WITHIN / 2, []), (BEGINS_WITHIN + 5 * SECOND, ["begins"])]
)
def test_when_a_run_began_is_said_by_the_clock_of_prefect_s_server(monkeypatch, off, ago, ended):
    """Which may be off as well."""
    begins = named("begins", ago - off)

    assert ended == Machine(monkeypatch, begins, ahead=off).free()


def test_how_far_the_server_s_clock_is_ahead():
    """By the date of its answer; without one it is taken for right."""

    def server(**headers):
        return SimpleNamespace(hello=lambda: SimpleNamespace(headers=headers))

    assert timedelta(minutes=10) == runs.ahead(server(date="Mon, 04 May 2026 12:10:00 GMT"), NOW)
    assert timedelta(0) == runs.ahead(server(), NOW) == runs.ahead(server(date="soon"), NOW)


class Machine:
    """The runs that Prefect believes in, and the processes of this machine."""

    def __init__(
        self, monkeypatch, *believed, moving=(), stopped=(), noted=None, ahead=timedelta(0), worker=None
    ):
        self.ended = []
        self.heard = Heard()
        self._noted = noted or {}
        processes = {name: [name] for name in (*moving, *stopped)}
        monkeypatch.setattr(runs, "under_way", lambda _api, _flow: believed)
        monkeypatch.setattr(runs, "processes", lambda: processes)
        monkeypatch.setattr(runs, "stands_still", lambda found: found[0] in stopped)
        monkeypatch.setattr(runs, "end", self._end)
        monkeypatch.setattr(runs, "ahead", lambda _api, _now: ahead)
        began = None if worker is None else NOW - worker
        monkeypatch.setattr(places, "worker_began_at", lambda: began)

    def read(self, _room):
        return self._noted

    def _end(self, _api, run_id):
        self.ended.append(run_id)
        return run_id

    def free(self, **more):
        return free(None, "publish", self, NOW, **more)


def named(name, began):
    state = SimpleNamespace(type=StateType.PENDING, timestamp=NOW - began)
    return SimpleNamespace(
        id=name, start_time=None, expected_start_time=NOW - began, infrastructure_pid=None, state=state
    )


def test_only_runs_that_do_nothing_are_ended(monkeypatch):
    """A stopped process does nothing; one that moves is spared, however old it is."""
    old = 2 * BEGINS_WITHIN
    machine = Machine(
        monkeypatch,
        named("moves", old),
        named("stopped", old),
        named("starts", SECOND),
        named("lost", old),
        moving=["moves"],
        stopped=["stopped"],
    )

    assert ["stopped", "lost"] == machine.free() == machine.ended


HANDED = 30 * SECOND
"""When a run was handed to a worker, which had not begun it when the power went."""


@pytest.mark.parametrize("ahead", OFF)
def test_what_a_worker_had_in_hand_when_the_power_went_holds_no_place(monkeypatch, ahead):
    """
    This machine's worker began after it was handed out, and no other machine is there to begin it.

    It held its place for two minutes, and another was not ordered meanwhile: it was about to start.
    """
    handed = named("handed out", HANDED - ahead)

    assert ["handed out"] == Machine(monkeypatch, handed, ahead=ahead, worker=10 * SECOND).free()


@pytest.mark.parametrize(
    ("worker", "noted"),
    [
        pytest.param(40 * SECOND, {}, id="by a worker that is there"),
        pytest.param(None, {}, id="with no worker here, perhaps by another's"),
        pytest.param(10 * SECOND, {f"{vitals.RUN}w": "another"}, id="perhaps to another machine, by its run"),
        pytest.param(10 * SECOND, {"standby:another": ""}, id="perhaps to another machine, by its standby"),
    ],
)
def test_what_a_living_worker_may_have_in_hand_keeps_its_place(monkeypatch, worker, noted):
    """It begins within seconds, or minutes on a machine with a great load."""
    heard_of = {
        name: Noted(well=True, since=NOW, at=NOW - 2 * SECOND, told=told) for name, told in noted.items()
    }
    handed = named("handed out", HANDED)

    assert [] == Machine(monkeypatch, handed, worker=worker, noted=heard_of).free()


@pytest.mark.parametrize("off", OFF)
def test_another_machine_is_there_while_it_may_speak_again(off):
    """By whatever clock. What this one said before is no other machine."""
    heard, at = Heard(), NOW - off
    said = {
        f"{vitals.RUN}w": Noted(well=True, since=at, at=at, told="another"),
        f"standby:{this_host()}": Noted(well=True, since=NOW, at=NOW, told=""),
        f"{vitals.RUN}v": Noted(well=True, since=NOW, at=NOW, told=this_host()),
        "pulse": Noted(well=True, since=NOW, at=NOW, told=""),
    }

    assert not is_alone(said, heard, NOW)
    assert is_alone(said, heard, NOW + SILENT + SECOND)
    assert is_alone({name: one for name, one in said.items() if one.told != "another"}, Heard(), NOW)


def test_this_machine_s_worker_is_found_by_its_process(monkeypatch):
    """Since when it is there is what the system says."""
    monkeypatch.setattr(runs, "workers", lambda: {os.getpid(): False})
    assert datetime.now(UTC) - timedelta(hours=5) < places.worker_began_at() < datetime.now(UTC)

    monkeypatch.setattr(runs, "workers", dict)
    assert places.worker_began_at() is None


def test_the_run_that_is_to_be_replaced_is_ended_even_if_it_moves(monkeypatch):
    """And no other with it."""
    machine = Machine(monkeypatch, named("hangs", SECOND), named("moves", SECOND), moving=["hangs", "moves"])

    assert [] == machine.free()
    assert ["hangs"] == machine.free(gone="hangs") == machine.ended


def test_with_nothing_to_end_nothing_is_ended(monkeypatch):
    assert [] == Machine(monkeypatch).free(gone="another")
