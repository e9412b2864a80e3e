"""``steadypost figures`` says how well it went, and of how much that is said."""

from __future__ import annotations

from datetime import timedelta

import pytest

from steadypost.domain.clock import now
from steadypost.domain.outcome import Answer, Published
from steadypost.domain.post import Part, Post
from steadypost.networks.x.snowflake import id_at
from steadypost.store import intake, settling

MINUTE = timedelta(minutes=1)


@pytest.fixture
def day(store):
    """One post that was on time, one that was late, one nobody has sent."""
    moment = now() - 60 * MINUTE
    for n, late in enumerate((0, 20, None)):
        store.write(
            intake.add, Post(parts=(Part(text=f"Post {n}"),)), accounts=["alice"], due_at=moment, now=moment
        )
        if late is not None:
            at = moment + late * MINUTE
            [claim] = store.claim(worker="w", now=at, lease=MINUTE, at_most=1, accounts=["alice"])
            assert store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=at)
            told = Answer(outcomes=(Published(remote_id=id_at(at, sequence=n + 1)),))
            store.write(settling.answered, claim.attempt_id, told, now=at, jitter=0.5)
    return moment


def test_figures(day, call):
    """For people in sentences that name their bound, for programs in fields."""
    told = call("figures", "--last", "2h", "--json").json

    assert (3, 1, {"late": 1, "overdue": 1}) == (told["due"], told["good"], told["bad"])
    assert told["availability_lower_95"] < told["availability"] < 0.34
    assert 1200.0 == pytest.approx(told["lateness_s"]["max"], abs=0.002)
    out = call("figures", "--last", "2h").out
    for word in ("33.33 %", "1 of 3 due", "95 % confidence", "1 late, 1 overdue", "burn rate"):
        assert word in out


def test_how_late_is_on_time_is_a_setting_and_an_option(day, call, monkeypatch):
    """Half an hour: then two of three are good."""
    assert 2 == call("figures", "--within", "30m", "--json").json["good"]
    monkeypatch.setenv("STEADYPOST_ON_TIME", "30m")
    assert 2 == call("figures", "--json").json["good"]


def test_a_window_without_posts(day, call):
    """Nothing due is nothing known, not 100 %."""
    before = (day - timedelta(days=2)).isoformat()
    told = call("figures", "--since", before, "--until", (day - MINUTE).isoformat(), "--json").json

    assert (0, None) == (told["due"], told["availability"])
    assert "nothing was due" in call("figures", "--last", "1m").out


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--last", "soon"], "--last 'soon'"),
        (["--since", "2026-11-24T18:30"], "--since '2026-11-24T18:30'"),
        (["--until", "2020-01-01T00:00+00:00", "--since", "2021-01-01T00:00+00:00"], "ends before it begins"),
        (["--objective", "99"], "--objective"),
    ],
)
def test_a_window_that_cannot_be_meant(store, call, words, named):
    """Field, value, remedy."""
    done = call("figures", *words)

    assert 2 == done.code
    assert named in done.err
