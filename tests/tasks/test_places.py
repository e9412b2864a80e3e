"""Who holds a place of a deployment and does nothing: never somebody who lives, wherever that is."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from steadypost.domain.observed import Noted
from steadypost.store import vitals
from tasks.bulkheads import this_host
from tasks.places import BEGINS_WITHIN, SILENT, is_dead

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def run(began, pid=None):
    return SimpleNamespace(
        id="run-1", start_time=NOW - began, expected_start_time=None, infrastructure_pid=pid
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
        pytest.param(run(3600 * SECOND), heard("another", SILENT + SECOND), True, id="elsewhere, silent for long"),
        pytest.param(run(SECOND), heard("another", 2 * SILENT), False, id="elsewhere, begun a moment ago"),
        pytest.param(run(BEGINS_WITHIN, "another:4711"), {}, False, id="elsewhere, about to begin"),
        pytest.param(run(BEGINS_WITHIN + SECOND), {}, True, id="never heard of"),
    ],
)  # fmt: skip
def test_who_is_dead(found, noted, dead):
    """Of this machine by its processes, of others by what they say."""
    assert dead == is_dead(found, noted, set(), NOW)
    assert not is_dead(found, noted, {"run-1"}, NOW), "whoever has a process that moves lives"
