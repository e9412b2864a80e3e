"""A run on one machine is alive for the watch of another, which sees no process of it."""

from datetime import timedelta
from functools import partial

import pytest

from steadypost.domain.checks import judge
from steadypost.domain.delivery import State
from steadypost.domain.health import Kind, Tolerances, Verdict
from steadypost.domain.observed import Observed, PrefectSeen, RunSeen
from steadypost.domain.post import Part, Post
from steadypost.store import StoreAway, intake, leases, settling, vitals, watches
from tasks import living, remedies, runs
from tasks.bounds import LEASE
from tasks.living import rescue, says_it_lives, signs_of
from tests.domain.houses import blocks, machine
from tests.rooms import instead


def names(store):
    return [name for name in store.read(vitals.every) if name.startswith(vitals.RUN)]


def test_a_run_says_that_it_lives_while_it_is_at_work(house, wait_until):
    """At once and under its id; when it ends, nothing of it is left."""
    with says_it_lives(house.store, "the-rollout", house.clock):
        wait_until(lambda: names(house.store), description="the run has said that it lives")
        heard = dict(signs_of(house.store, house.clock()).heard)

    assert {"the-rollout": house.clock()} == heard
    assert [] == names(house.store)


def test_it_says_so_again_and_again(house, time, monkeypatch, wait_until):
    """Whatever its work is at: six minutes into a rollout it has been heard of a moment ago."""
    monkeypatch.setattr(living, "SAYS_SO_EVERY", timedelta(milliseconds=10))
    with says_it_lives(house.store, "the-rollout", house.clock):
        time.pass_by(minutes=6)
        wait_until(
            lambda: signs_of(house.store, house.clock()).heard.get("the-rollout") == house.clock(),
            description="it has said so again",
        )


def test_a_store_that_is_away_ends_no_run(house, monkeypatch, wait_until):
    """The sign waits; the run goes on."""
    monkeypatch.setattr(living, "SAYS_SO_EVERY", timedelta(milliseconds=10))
    real, calls = partial(house.store.write, vitals.run_lives), []

    def away(*given, **more):
        calls.append(1)
        if len(calls) < 3:
            raise StoreAway("locked", remedy="-")
        real(*given, **more)

    instead(monkeypatch, house.store, vitals.run_lives, away)
    with says_it_lives(house.store, "the-rollout", house.clock):
        wait_until(lambda: names(house.store), description="the run has said that it lives")


def test_outside_of_a_run_nothing_is_said(house):
    """A flow called by hand has no id."""
    with says_it_lives(house.store, None):
        assert [] == names(house.store)


def test_the_signs_of_the_dead_do_not_pile_up(house, time):
    """Who died without a word is forgotten after a day."""
    house.store.write(vitals.run_lives, "dead", told="there", now=house.clock())
    time.pass_by(hours=25)
    house.store.write(vitals.run_lives, "alive", told="here", now=house.clock())

    assert [f"{vitals.RUN}alive"] == names(house.store)


def seen(house, *running):
    return Observed(
        at=house.clock(),
        store=house.store.observe(house.clock(), claims_of=timedelta(hours=6)),
        prefect=PrefectSeen(running=list(running)),
        blocks=blocks(),
        machine=machine(),
    )


def test_a_rollout_on_another_machine_is_not_called_dead(house, time, monkeypatch):
    """Ten minutes under way, no process of it here: the check is well, and the remedy ends nothing of it."""
    began = house.clock()
    time.pass_by(minutes=10)
    house.store.write(vitals.run_lives, "the-rollout", told="the other machine", now=house.clock())
    rollout = RunSeen(id="the-rollout", flow="rollout", since=began, here=False)
    dead = RunSeen(id="dead", flow="canary", since=began, here=False)
    fresh = RunSeen(id="fresh", flow="compose", since=house.clock(), here=False)
    found = [check for check in judge(seen(house, rollout, fresh), Tolerances()) if check.kind is Kind.RUNS]
    assert [Verdict.OK] == [check.verdict for check in found]

    ended = []
    monkeypatch.setattr(runs, "client", living.contextlib.nullcontext)
    monkeypatch.setattr(runs, "seen", lambda *_: PrefectSeen(running=[rollout, dead, fresh]))
    monkeypatch.setattr(runs, "end", lambda _, run_id: ended.append(run_id))
    told = remedies.remedy.fn("end_runs", "runs", "")

    assert ["dead"] == ended
    assert "1 runs" in told


@pytest.mark.parametrize("off", [timedelta(minutes=-10), timedelta(minutes=10)], ids=["behind", "ahead"])
def test_a_run_on_a_machine_whose_clock_is_off_is_ended_when_it_is_silent_and_not_before(
    house, time, monkeypatch, off
):
    """Its signs are dated by its own clock; that another has come is what says that it lives."""
    began = house.clock()
    run = RunSeen(id="rollout", flow="rollout", since=began, here=False)
    ended = []
    monkeypatch.setattr(runs, "client", living.contextlib.nullcontext)
    monkeypatch.setattr(runs, "seen", lambda *_: PrefectSeen(running=[run]))
    monkeypatch.setattr(runs, "end", lambda _, run_id: ended.append(run_id))
    for _ in range(30):
        time.pass_by(seconds=30)
        house.store.write(vitals.run_lives, "rollout", told="there", now=house.clock() + off)
        remedies.remedy.fn("end_runs", "runs", "")
    assert [] == ended

    for _ in range(13):
        time.pass_by(seconds=30)
        remedies.remedy.fn("end_runs", "runs", "")

    assert {"rollout"} == set(ended)


@pytest.mark.parametrize("flow", ["publish", "reconcile"])
def test_reviving_a_flow_spares_the_other_machines_runs(house, monkeypatch, flow):
    """The silent lease is ended and replaced; a run that says on another machine that it is at work is not."""
    began = house.clock()
    house.store.write(watches.take, flow, run_id="silent", now=began)
    house.store.write(vitals.run_lives, "elsewhere", told="the other machine", now=began)
    found = [RunSeen(id=one, flow=flow, since=began, here=False) for one in ("silent", "elsewhere")]
    monkeypatch.setattr(runs, "client", living.contextlib.nullcontext)
    monkeypatch.setattr(runs, "seen", lambda *_: PrefectSeen(running=found))
    spared = []
    monkeypatch.setattr(runs, "end_of", lambda _, __, but: spared.extend(but) or [])
    monkeypatch.setattr(runs, "start", lambda *_: True)
    monkeypatch.setattr(remedies, "reap_orphans", lambda _: [])

    remedies.remedy.fn("revive_flow", "on_watch", flow)

    assert ["elsewhere"] == spared


@pytest.mark.parametrize(
    "off", [timedelta(minutes=-10), timedelta(seconds=-28), timedelta(minutes=10)], ids=str
)
def test_what_a_worker_of_a_machine_whose_clock_is_off_holds_is_its_own_while_it_renews_it(house, time, off):
    """Its lease seems to have run out when it is taken; that it is renewed is what says that somebody has it."""
    right = house.clock

    def there():
        return right() + off

    house.store.write(
        intake.add,
        Post(parts=(Part(text="Hi"),)),
        accounts=["alice"],
        due_at=right() + min(off, timedelta(0)),
        now=right(),
    )
    [claim] = house.store.claim(worker="there:1:a", now=there(), lease=LEASE, at_most=1, accounts=["alice"])
    for _ in range(40):
        time.pass_by(seconds=1)
        if right().second % 6 == 0:
            assert 1 == house.store.write(leases.renew, worker="there:1:a", now=there(), lease=LEASE)
        assert [] == rescue(house.store, right())

    assert house.store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=there())
    rescued = []
    # However far ahead the clock is by which its lease was written.
    for _ in range(60):
        time.pass_by(seconds=1)
        rescued += rescue(house.store, right())

    assert [(claim.delivery_id, State.UNCONFIRMED)] == [(one.delivery_id, one.state) for one in rescued]
    # It can neither arm a second time, nor can another claim it: nothing but a look moves it.
    assert not house.store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=there())
    for moment in (right(), there(), right() + timedelta(hours=1)):
        assert [] == house.store.claim(
            worker="here:1:a", now=moment, lease=LEASE, at_most=1, accounts=["alice"]
        )
