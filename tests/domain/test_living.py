"""The living of every machine are alive, and the dead of every machine are found."""

from datetime import UTC, datetime, timedelta

import pytest

from steadypost.domain.living import Heard, Signs, alive_elsewhere, dead
from steadypost.domain.observed import RunSeen

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
SILENT = 6 * MINUTE


def run(flow="rollout", *, ago=HOUR, here=False):
    return RunSeen(id="x", flow=flow, since=NOW - ago, here=here)


def heard(ago):
    return Signs(heard={"x": NOW - ago})


@pytest.mark.parametrize(
    ("seen", "signs"),
    [
        (run(here=True), Signs()),
        (run(), Signs(leases=frozenset({"x"}))),
        (run(), heard(10 * SECOND)),
        (run(), heard(SILENT)),
        (run(ago=SILENT), Signs()),
        (run("import", ago=5 * HOUR), heard(MINUTE)),
        (run("canary"), heard(-3 * MINUTE)),
        (run("publish"), heard(2 * MINUTE)),
    ],
    ids=[
        "a process here", "on watch", "heard a moment ago", "heard just in time", "only just begun",
        "a long import elsewhere", "a clock ahead of ours", "relieved, and bringing home what is under way",
    ],
)  # fmt: skip
def test_a_sign_of_life_is_enough(seen, signs):
    """Whichever it is: nobody cancels another machine's work."""
    assert [] == dead([seen], signs, NOW, SILENT)


@pytest.mark.parametrize(
    ("seen", "signs"),
    [
        (run(), Signs()),
        (run(), heard(SILENT + SECOND)),
        (run(), Signs(heard={"another": NOW})),
        (run(ago=SILENT + SECOND), Signs(leases=frozenset({"another"}))),
    ],
    ids=["never heard of", "silent for too long", "another is heard", "another is on watch"],
)
def test_without_any_it_only_holds_a_place(seen, signs):
    """Dead is who gave no sign for longer than any clock is off."""
    assert [seen] == dead([seen], signs, NOW, SILENT)


def test_a_flow_that_is_started_anew_spares_the_other_machines_runs():
    """Those that say themselves that they are at work; not the silent lease itself, and not what is here."""
    signs = Signs(leases=frozenset({"lease"}), heard=dict.fromkeys(("lease", "here", "there"), NOW))
    every = [
        RunSeen(id=one, flow="publish", since=NOW - HOUR, here=one == "here")
        for one in ("lease", "here", "there", "nowhere")
    ]

    assert ["there"] == [one.id for one in alive_elsewhere(every, signs, NOW, SILENT)]


def test_a_sign_never_comes_from_the_future_however_the_clock_is_set_back():
    """Else what died before that would seem alive until the clock is where it was."""
    others = Heard()
    others.at("x", NOW, NOW)
    set_back = NOW - HOUR

    assert set_back == others.at("x", NOW, set_back)
    assert set_back == others.at("x", NOW, set_back + MINUTE), "and silence counts from then on"
