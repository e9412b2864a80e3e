"""Each check holds up to its tolerance and fails a second past it, and names what a person needs to know."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from steadypost.domain.checks import judge
from steadypost.domain.health import Kind, Quiet, Tolerances, Verdict
from steadypost.domain.observed import (
    Cannot,
    CircuitSeen,
    Noted,
    PrefectSeen,
    RunSeen,
    SignIn,
    SwitchSeen,
)
from steadypost.domain.outcome import Cause
from steadypost.domain.quota import Limits
from tests.domain.houses import HOUR, MINUTE, NOW, SECOND, alice, blocks, head, house, machine, store

OK, FAILING, UNKNOWN = Verdict.OK, Verdict.FAILING, Verdict.UNKNOWN
WITHIN = Tolerances()
AWAY = Cannot(why="it is away")


def found(seen, kind, about=""):
    (one,) = [check for check in judge(seen, WITHIN) if (check.kind, check.about) == (kind, about)]
    return one


def circuit(for_so_long, **more):
    return blocks(open_circuits=[CircuitSeen(name="page", since=NOW - for_so_long, why="503", **more)])


BOUNDARIES = {
    Kind.BACKLOG: lambda over: house(
        store=store(alice(units=24 + (1 if over else 0), limits=Limits(per_day=24)))
    ),
    Kind.CIRCUIT: lambda over: house(blocks=circuit(WITHIN.circuit_open + over)),
    Kind.CLOCK: lambda over: house(store=store(clock_off=("here", WITHIN.clock_skew + over))),
    Kind.DISK: lambda over: house(machine=machine(disk_free_mb=WITHIN.disk_mb - (1 if over else 0))),
    Kind.MEMORY: lambda over: house(machine=machine(memory_free_mb=WITHIN.memory_mb - (1 if over else 0))),
    Kind.LEASES: lambda over: house(store=store(lapsed={7: NOW - WITHIN.lease_grace - over})),
    Kind.NOTICES: lambda over: house(
        store=store(notices_waiting=2, notices_since=NOW - WITHIN.notices_within - over)
    ),
    Kind.OUTBOX: lambda over: house(
        machine=machine(outbox_entries=3, outbox_since=NOW - WITHIN.outbox_within - over)
    ),
    Kind.ON_WATCH: lambda over: house(
        store=store(heartbeats={"publish": NOW - WITHIN.heartbeat_within - over, "reconcile": NOW})
    ),
    Kind.RUNS: lambda over: house(
        prefect=PrefectSeen(
            running=[RunSeen(id="x", flow="rollout", since=NOW - WITHIN.relieved_within - over, here=False)]
        )
    ),
    Kind.SESSION: lambda over: house(
        store=store(alice(next_due_at=NOW + 30 * MINUTE)),
        blocks=blocks(sign_ins={"alice": SignIn(expires_at=NOW + 30 * MINUTE + SECOND - over)}),
    ),
    Kind.SWITCH: lambda over: house(
        store=store(alice(head=head(WITHIN.switched_off + over))),
        blocks=blocks(off={"publish": SwitchSeen(by="Olga", reason="a fair")}),
    ),
    Kind.UNCONFIRMED: lambda over: house(
        store=store(alice(looks_overdue_since=NOW - WITHIN.looked_within - over))
    ),
    Kind.WORKER: lambda over: house(prefect=PrefectSeen(late={"run": NOW - WITHIN.late_run - over})),
}
"""For each kind a house that just holds, and with a second more does not."""

ABOUT = {
    Kind.BACKLOG: "alice",
    Kind.CIRCUIT: "page",
    Kind.ON_WATCH: "publish",
    Kind.SESSION: "alice",
    Kind.UNCONFIRMED: "alice",
}


@pytest.mark.parametrize("kind", BOUNDARIES)
def test_it_holds_up_to_its_tolerance(kind):
    assert OK is found(BOUNDARIES[kind](timedelta(0)), kind, ABOUT.get(kind, "")).verdict


@pytest.mark.parametrize("kind", BOUNDARIES)
def test_it_fails_a_second_past_it(kind):
    assert FAILING is found(BOUNDARIES[kind](SECOND), kind, ABOUT.get(kind, "")).verdict


SAID = {
    "the disk": (house(machine=machine(disk_free_mb=12)), Kind.DISK, "", "12 MB are free, and 500 should be"),
    "the memory": (
        house(machine=machine(memory_free_mb=12)),
        Kind.MEMORY,
        "",
        "12 MB are free, and 200 should be",
    ),
    "the memory, and what waits for it": (
        house(machine=machine(memory_free_mb=12), store=store(shed=("looks", "canary"))),
        Kind.MEMORY,
        "",
        "12 MB are free, and 200 should be; canary, looks wait",
    ),
    "a clock that jumped": (
        house(machine=machine(clock_jump=-timedelta(minutes=2))),
        Kind.CLOCK,
        "",
        "it moved by -120 s since the last round",
    ),
    "a clock that is off": (
        house(store=store(clock_off=("far", timedelta(seconds=-61)))),
        Kind.CLOCK,
        "",
        "far is -61 s off, as the network's answers tell",
    ),
    "answers that no store asked for": (
        house(machine=machine(aside=2)),
        Kind.OUTBOX,
        "",
        "2 answers were put aside: this store does not know their attempts",
    ),
    "a backlog": (
        house(store=store(alice(units=30, limits=Limits(per_hour=1)))),
        Kind.BACKLOG,
        "alice",
        "30 posts are due, and the account may send 24 a day",
    ),
    "a lease": (
        house(store=store(lapsed={7: NOW - MINUTE, 8: NOW - 2 * MINUTE})),
        Kind.LEASES,
        "",
        "2 deliveries are held by workers that fell silent, the first for 2 min",
    ),
    "a switch": (
        house(
            store=store(alice(head=head(7 * HOUR))),
            blocks=blocks(off={"publish": SwitchSeen(by="Olga", reason="a fair")}),
        ),
        Kind.SWITCH,
        "",
        "publishing was turned off by Olga (a fair), and something has been due for 7.0 h".replace(
            "7.0 h", "7.0 h"
        ),
    ),
    "a switch turned off without a word": (
        house(store=store(alice(head=head(7 * HOUR))), blocks=blocks(off={"publish": SwitchSeen()})),
        Kind.SWITCH,
        "",
        "publishing was turned off by an unknown person (no reason given), and something has been due for 7.0 h",
    ),
    "messages": (
        house(store=store(notices_waiting=4, notices_since=NOW - 5 * MINUTE, notices_trouble="502")),
        Kind.NOTICES,
        "",
        "4 messages wait, the oldest for 5 min: 502",
    ),
    "messages that were not tried": (
        house(store=store(notices_waiting=4, notices_since=NOW - 5 * MINUTE)),
        Kind.NOTICES,
        "",
        "4 messages wait, the oldest for 5 min: not tried yet",
    ),
    "a circuit": (
        house(blocks=circuit(20 * MINUTE)),
        Kind.CIRCUIT,
        "page",
        "open for 20 min: 503",
    ),
    "runs": (
        house(
            prefect=PrefectSeen(
                running=[
                    RunSeen(id=flow, flow=flow, since=NOW - HOUR, here=False) for flow in ("watch", "rollout")
                ]
            )
        ),
        Kind.RUNS,
        "",
        "2 runs hold a place and are not there: rollout, watch",
    ),
    "a run on watch": (
        house(store=store(heartbeats={"publish": NOW - 3 * MINUTE, "reconcile": NOW})),
        Kind.ON_WATCH,
        "publish",
        "its run sent its last heartbeat 3 min ago",
    ),
    "browsers": (
        house(
            store=store(
                browsers={"publish": Noted(well=False, since=NOW - 60 * SECOND, at=NOW, told="no libnss3")}
            )
        ),
        Kind.BROWSERS,
        "",
        "no browser of publish has worked for 60 s: no libnss3",
    ),
    "browsers that were left": (
        house(machine=machine(orphans=3)),
        Kind.BROWSERS,
        "",
        "3 browsers are left of processes that are gone",
    ),
    "a pause for a person": (
        house(
            store=store(
                alice(paused_until=NOW + HOUR, pause_cause=Cause.SIGNED_OUT, pause_why="X asked to sign in")
            )
        ),
        Kind.SESSION,
        "alice",
        f"{Cause.SIGNED_OUT}: X asked to sign in",
    ),
    "a block that is gone": (
        house(blocks=blocks(sign_ins={})),
        Kind.SESSION,
        "alice",
        "the account's block is gone",
    ),
    "a block that does not open": (
        house(blocks=blocks(sign_ins={"alice": SignIn(closed="the rules are not accepted")})),
        Kind.SESSION,
        "alice",
        "the rules are not accepted",
    ),
}


@pytest.mark.parametrize("what", SAID)
def test_it_says_what_is_wrong_in_figures(what):
    seen, kind, about, says = SAID[what]

    assert (FAILING, says) == (found(seen, kind, about).verdict, found(seen, kind, about).what)


QUIET = {
    "an operator opened the circuit": (
        house(blocks=circuit(HOUR, forced=True)),
        Kind.CIRCUIT,
        "page",
        Quiet.STRUCK,
    ),
    "a sign-in's circuit": (
        house(blocks=circuit(HOUR, is_sign_in=True)),
        Kind.CIRCUIT,
        "page",
        Quiet.CIRCUIT_OPEN,
    ),
    "nothing is due within the hour": (
        house(store=store(alice(next_due_at=NOW + 2 * HOUR)), blocks=blocks(sign_ins={})),
        Kind.SESSION,
        "alice",
        Quiet.NOTHING_DUE,
    ),
    "nothing was looked for": (house(store=store(alice(look=None))), Kind.READER, "alice", Quiet.NOT_ASKED),
    "looking is turned off": (
        house(
            store=store(alice(looks_overdue_since=NOW - HOUR)),
            blocks=blocks(off_for={("reconcile", "alice"): SwitchSeen()}),
        ),
        Kind.UNCONFIRMED,
        "alice",
        Quiet.SWITCHED_OFF,
    ),
    "looks wait for memory": (
        house(store=store(alice(looks_overdue_since=NOW - HOUR), shed=("looks",))),
        Kind.UNCONFIRMED,
        "alice",
        Quiet.SHED,
    ),
}


@pytest.mark.parametrize("what", QUIET)
def test_what_is_meant_so_is_well_with_its_reason(what):
    seen, kind, about, quiet = QUIET[what]

    assert (OK, quiet) == (found(seen, kind, about).verdict, found(seen, kind, about).quiet)


ASKS_THE_STORE = (
    Kind.BACKLOG,
    Kind.BROWSERS,
    Kind.LEASES,
    Kind.NOTICES,
    Kind.READER,
    Kind.SESSION,
    Kind.SWITCH,
    Kind.UNCONFIRMED,
)
ASKS_PREFECT = (Kind.RUNS, Kind.SLOTS)
ASKS_THE_BLOCKS = (Kind.CIRCUIT, Kind.SWITCH)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        *(({"store": AWAY}, kind) for kind in ASKS_THE_STORE),
        *(({"prefect": AWAY}, kind) for kind in ASKS_PREFECT),
        *(({"blocks": AWAY}, kind) for kind in ASKS_THE_BLOCKS),
    ],
)
def test_what_cannot_be_read_is_unknown_and_never_well(changes, kind):
    assert UNKNOWN is found(house(**changes), kind).verdict


def test_whoever_is_not_named_or_asleep_is_no_failure_of_the_ways_to_tell():
    waiting = {"notices_waiting": 2, "notices_since": NOW - HOUR}
    nobody = found(house(store=store(**waiting, no_person_named=True)), Kind.NOTICES)
    asleep = found(house(store=store(**waiting, told_later="Olga's hours begin at 08:00")), Kind.NOTICES)

    assert [OK, OK] == [nobody.verdict, asleep.verdict]
    assert "2 messages wait: 'steadypost notices'" in nobody.what
    assert "2 messages wait: Olga's hours begin at 08:00" == asleep.what


def test_browsers_that_fail_for_a_moment_or_whose_run_is_gone_are_not_judged():
    def noted(since, at):
        broken = Noted(well=False, since=NOW - since, at=NOW - at, told="it crashed")
        return found(house(store=store(browsers={"publish": broken})), Kind.BROWSERS).verdict

    assert FAILING is noted(21 * SECOND, SECOND)
    assert OK is noted(20 * SECOND, SECOND)
    assert OK is noted(HOUR, 2 * MINUTE)


def test_a_sign_in_s_open_circuit_is_that_account_s_and_no_other_s():
    seen = house(blocks=circuit(HOUR, is_sign_in=True, stops=frozenset({"alice"})))
    others = house(blocks=circuit(HOUR, is_sign_in=True, stops=frozenset({"bob"})))

    assert (FAILING, "signed out: 503") == (
        found(seen, Kind.SESSION, "alice").verdict,
        found(seen, Kind.SESSION, "alice").what,
    )
    assert OK is found(others, Kind.SESSION, "alice").verdict


def test_one_of_two_workers_that_hangs_is_no_trouble():
    assert OK is found(house(machine=machine(workers={1: True, 2: False})), Kind.WORKER).verdict
    assert FAILING is found(house(machine=machine(workers={1: True, 2: True})), Kind.WORKER).verdict


def test_a_machine_that_never_had_a_worker_is_served_by_another_s():
    without = machine(workers={}, has_had_worker=False)
    heard = PrefectSeen(heartbeats={"far": NOW - WITHIN.worker_silent})
    silent = PrefectSeen(heartbeats={"far": NOW - WITHIN.worker_silent - SECOND})

    assert OK is found(house(prefect=heard, machine=without), Kind.WORKER).verdict
    assert FAILING is found(house(prefect=silent, machine=without), Kind.WORKER).verdict
    assert UNKNOWN is found(house(prefect=AWAY, machine=without), Kind.WORKER).verdict


def test_silence_while_a_store_was_away_is_forgiven_for_a_round_and_a_heartbeat():
    silent = house(store=store(heartbeats={"publish": NOW - HOUR, "reconcile": NOW}))
    forgiven = WITHIN.every + WITHIN.heartbeat_within

    assert UNKNOWN is found(replace(silent, store_away_at=NOW - forgiven), Kind.ON_WATCH, "publish").verdict
    assert (
        FAILING
        is found(replace(silent, store_away_at=NOW - forgiven - SECOND), Kind.ON_WATCH, "publish").verdict
    )


@pytest.mark.parametrize("seconds", [1, 5, 10, 15, 30, 60, 300])
def test_shorter_rounds_never_judge_later(seconds):
    shorter, longer = (Tolerances.of(timedelta(seconds=one)) for one in (seconds, seconds * 2))

    for name in ("heartbeat_within", "looked_within", "taken_up_within", "unknown_for", "notices_within"):
        assert getattr(shorter, name) <= getattr(longer, name)


def test_a_longer_wait_is_never_judged_better():
    ranks = [OK, UNKNOWN, FAILING]
    verdicts = [
        found(house(store=store(lapsed={7: NOW - n * 5 * SECOND})), Kind.LEASES).verdict for n in range(20)
    ]

    assert all(ranks.index(one) <= ranks.index(other) for one, other in pairwise(verdicts))
    assert {OK, FAILING} == set(verdicts)
