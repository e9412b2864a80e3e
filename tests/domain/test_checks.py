"""Every check is tested by breaking what it checks; and what is quiet by design is well, with its reason."""

from dataclasses import replace
from datetime import timedelta

import pytest

from steadypost.domain.checks import RULES, check_rules, judge
from steadypost.domain.health import Kind, Quiet, Tolerances, Verdict, overall
from steadypost.domain.incident import opened
from steadypost.domain.observed import (
    Cannot,
    CircuitSeen,
    Noted,
    PrefectSeen,
    Published,
    RunSeen,
    SignIn,
    SlotSeen,
    SwitchSeen,
)
from steadypost.domain.outcome import Cause
from steadypost.domain.quota import Full, Limits
from tests.domain.houses import HOUR, MINUTE, NOW, SECOND, alice, blocks, head, house, machine, store

FAILING, UNKNOWN, OK = Verdict.FAILING, Verdict.UNKNOWN, Verdict.OK
AWAY = Cannot(why="it is away")


def verdicts(seen, tolerances=Tolerances()):  # noqa: B008 - frozen
    return {check.key: check for check in judge(seen, tolerances)}


def of(seen, kind, about=""):
    return verdicts(seen)[(kind, about)]


def test_a_house_that_is_well():
    """Nothing is wrong and nothing is unknown, and every kind of check took part."""
    found = judge(house(), Tolerances())

    assert [] == [check for check in found if check.verdict is not OK]
    assert set(Kind) == {check.kind for check in found}
    assert OK is overall(found)


BROKEN = {
    "the store is away": (house(store=AWAY), Kind.STORE, "", FAILING),
    "Prefect's API is away": (house(prefect=AWAY), Kind.SERVER, "", FAILING),
    "the worker is gone": (house(machine=machine(workers={})), Kind.WORKER, "", FAILING),
    "the worker hangs": (house(machine=machine(workers={100: True})), Kind.WORKER, "", FAILING),
    "the worker is gone, and Prefect too": (
        house(prefect=AWAY, machine=machine(workers={})), Kind.WORKER, "", FAILING,
    ),
    "no worker was ever heard of": (
        house(prefect=PrefectSeen(), machine=machine(workers={}, has_had_worker=False)), Kind.WORKER, "", FAILING,
    ),
    "a worker elsewhere fell silent": (
        house(
            prefect=PrefectSeen(heartbeats={"far": NOW - 5 * MINUTE}),
            machine=machine(workers={}, has_had_worker=False),
        ),
        Kind.WORKER, "", FAILING,
    ),
    "a worker that starts nothing": (
        house(prefect=PrefectSeen(late={"run": NOW - 2 * MINUTE})), Kind.WORKER, "", FAILING,
    ),
    "the publisher fell silent": (
        house(store=store(heartbeats={"publish": NOW - MINUTE, "reconcile": NOW})), Kind.ON_WATCH, "publish", FAILING,
    ),
    "the publisher never came": (
        house(store=store(heartbeats={"reconcile": NOW})), Kind.ON_WATCH, "publish", FAILING,
    ),
    "a run that is not there": (
        house(prefect=PrefectSeen(running=[RunSeen(id="x", flow="publish", since=NOW - HOUR, here=False)])),
        Kind.RUNS, "", FAILING,
    ),
    "a run of another machine that fell silent": (
        house(
            store=store(runs_heard={"x": NOW - 7 * MINUTE}),
            prefect=PrefectSeen(running=[RunSeen(id="x", flow="rollout", since=NOW - HOUR, here=False)]),
        ),
        Kind.RUNS, "", FAILING,
    ),
    "a limit is full and nobody works": (
        house(
            store=store(alice(head=head(10 * MINUTE)), claimed_at=NOW - HOUR),
            prefect=PrefectSeen(slots=[SlotSeen(name="account-alice", limit=1, taken=1)]),
        ),
        Kind.SLOTS, "", FAILING,
    ),
    "a due post that nobody takes up": (
        house(store=store(alice(head=head(MINUTE), waiting=1))), Kind.DUE, "alice", FAILING,
    ),
    "a post that is late because it keeps failing": (
        house(
            store=store(
                alice(head=head(10 * MINUTE, next_at=NOW + MINUTE, cause=Cause.PAGE_UNREACHABLE, why="503"))
            )
        ),
        Kind.DUE, "alice", FAILING,
    ),
    "published, and two looks do not show it": (
        house(
            store=store(
                alice(published=(Published(id=2, at=NOW - MINUTE, missed_at=(NOW - 50 * SECOND, NOW - 20 * SECOND)),))
            )
        ),
        Kind.LIVE, "alice", FAILING,
    ),
    "published, and proven gone": (
        house(store=store(alice(published=(Published(id=2, at=NOW - MINUTE, gone=True),)))),
        Kind.LIVE, "alice", FAILING,
    ),
    "published, and nobody could look": (
        house(store=store(alice(published=(Published(id=2, at=NOW - 5 * MINUTE),)))),
        Kind.LIVE, "alice", UNKNOWN,
    ),
    "the reader sees a login wall": (
        house(store=store(alice(look=Noted(well=False, since=NOW - MINUTE, at=NOW, told="a login wall")))),
        Kind.READER, "alice", UNKNOWN,
    ),
    "nobody looks for what is unconfirmed": (
        house(store=store(alice(looks_overdue_since=NOW - 5 * MINUTE))), Kind.UNCONFIRMED, "alice", FAILING,
    ),
    "signed out, and a post is due within the hour": (
        house(
            store=store(
                alice(paused_until=NOW + HOUR, pause_cause=Cause.SIGNED_OUT, pause_why="X asks to sign in")
            )
        ),
        Kind.SESSION, "alice", FAILING,
    ),
    "a session that will have ended by then": (
        house(blocks=blocks(sign_ins={"alice": SignIn(expires_at=NOW + 10 * MINUTE)})),
        Kind.SESSION, "alice", FAILING,
    ),
    "a block that is gone": (house(blocks=blocks(sign_ins={})), Kind.SESSION, "alice", FAILING),
    "a session that cannot be used": (
        house(blocks=blocks(sign_ins={"alice": SignIn(closed="it lacks ct0")})), Kind.SESSION, "alice", FAILING,
    ),
    "held by a worker that fell silent": (
        house(store=store(lapsed={7: NOW - MINUTE})), Kind.LEASES, "", FAILING,
    ),
    "browsers left behind": (house(machine=machine(orphans=2)), Kind.BROWSERS, "", FAILING),
    "no browser starts": (
        house(
            store=store(browsers={"publish": Noted(well=False, since=NOW - MINUTE, at=NOW, told="missing")})
        ),
        Kind.BROWSERS, "", FAILING,
    ),
    "a circuit is open for too long": (
        house(blocks=blocks(open_circuits=[CircuitSeen(name="x-page", since=NOW - HOUR)])),
        Kind.CIRCUIT, "x-page", FAILING,
    ),
    "publishing was forgotten to be turned on": (
        house(
            store=store(alice(head=head(7 * HOUR))),
            blocks=blocks(off={"publish": SwitchSeen(by="Bob", reason="a test")}),
        ),
        Kind.SWITCH, "", FAILING,
    ),
    "an answer waits for the store": (
        house(machine=machine(outbox_entries=1, outbox_since=NOW - 5 * MINUTE)), Kind.OUTBOX, "", FAILING,
    ),
    "an answer nobody asked for": (house(machine=machine(aside=1)), Kind.OUTBOX, "", FAILING),
    "messages wait": (
        house(store=store(notices_waiting=1, notices_since=NOW - 10 * MINUTE)), Kind.NOTICES, "", FAILING,
    ),
    "the disk is full": (house(machine=machine(disk_free_mb=10)), Kind.DISK, "", FAILING),
    "memory is full": (house(machine=machine(memory_free_mb=10)), Kind.MEMORY, "", FAILING),
    "the clock jumped": (house(machine=machine(clock_jump=HOUR)), Kind.CLOCK, "", FAILING),
    "the clock is not the network's": (house(store=store(clock_off=("here", -MINUTE))), Kind.CLOCK, "", FAILING),
    "more waits than a day can take": (
        house(store=store(alice(units=120, limits=Limits(per_hour=10, per_day=100)))),
        Kind.BACKLOG, "alice", FAILING,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_found(name):
    """One thing is broken, its own check says so, and the house is not ok."""
    seen, kind, about, verdict = BROKEN[name]
    found = judge(seen, Tolerances())
    check = next(one for one in found if one.key == (kind, about))

    assert verdict is check.verdict
    assert check.explained_by is None
    assert overall(found) is not OK


def test_every_kind_of_check_can_fail():
    """A check that nothing can break checks nothing."""
    assert set(Kind) == {kind for _, kind, _, _ in BROKEN.values()}


ALICE = frozenset({"alice"})

QUIET = {
    "nothing is due": (house(), Quiet.NOTHING_DUE),
    "publishing is turned off": (
        house(
            store=store(alice(head=head(10 * MINUTE))),
            blocks=blocks(off={"publish": SwitchSeen(by="Bob", reason="moving house")}),
        ),
        Quiet.SWITCHED_OFF,
    ),
    "publishing is turned off for this account": (
        house(
            store=store(alice(head=head(10 * MINUTE))),
            blocks=blocks(off_for={("publish", "alice"): SwitchSeen(by="Bob", reason="on for some")}),
        ),
        Quiet.SWITCHED_OFF,
    ),
    "the quota is used up": (
        house(store=store(alice(head=head(10 * MINUTE), capacity=Full(reason="quota_used", until=NOW + HOUR)))),
        Quiet.QUOTA_USED,
    ),
    "the network named a time": (
        house(
            store=store(
                alice(head=head(10 * MINUTE), paused_until=NOW + HOUR, pause_cause=Cause.RATE_LIMIT)
            )
        ),
        Quiet.ACCOUNT_RESTS,
    ),
    "what it needs is left alone for a while": (
        house(
            store=store(alice(head=head(4 * MINUTE))),
            blocks=blocks(open_circuits=[CircuitSeen(name="x-page-alice", since=NOW - 4 * MINUTE, stops=ALICE)]),
        ),
        Quiet.CIRCUIT_OPEN,
    ),
    "an operator's stop": (
        house(store=store(alice(head=head(10 * MINUTE), struck="Bob has struck the tag launch: a bad headline"))),
        Quiet.STRUCK,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", QUIET)
def test_what_is_quiet_by_design_is_well_and_says_why(name):
    """Nobody is called, nothing is mended, and the board says why nothing goes out."""
    seen, reason = QUIET[name]
    check = of(seen, Kind.DUE, "alice")

    assert (OK, reason) == (check.verdict, check.quiet)
    assert check.what
    assert OK is overall(judge(seen, Tolerances()))


def test_a_run_that_starts_is_left_to_start_and_one_that_hangs_in_it_is_not():
    """A first run that hangs never sends heartbeats; how long a start may take is known."""

    def started(ago):
        run = RunSeen(id="new", flow="publish", since=NOW - ago, here=True)
        return house(store=store(heartbeats={"reconcile": NOW}), prefect=PrefectSeen(running=[run]))

    starting = of(started(20 * SECOND), Kind.ON_WATCH, "publish")
    assert (UNKNOWN, Quiet.STARTING) == (starting.verdict, starting.quiet)
    assert opened(starting, NOW) is None
    assert FAILING is of(started(60 * SECOND), Kind.ON_WATCH, "publish").verdict


def test_silence_of_a_store_that_was_away_is_nobody_s():
    """Nobody could send heartbeats, and whoever waited for it still may; that lasts for a round and no longer."""

    def back_for(ago):
        return house(
            store=store(heartbeats={"publish": NOW - MINUTE, "reconcile": NOW}), store_away_at=NOW - ago
        )

    assert opened(of(back_for(30 * SECOND), Kind.ON_WATCH, "publish"), NOW) is None
    assert FAILING is of(back_for(2 * MINUTE), Kind.ON_WATCH, "publish").verdict


def test_what_waits_for_a_run_that_starts_is_one_matter_with_it():
    """Between two runs nothing is taken up; that is no second thing to mend. It ends with the time of a start."""

    def between(ago):
        run = RunSeen(id="new", flow="publish", since=NOW - ago, here=True)
        waits = store(
            alice(head=head(2 * MINUTE)),
            heartbeats={"reconcile": NOW, "publish": NOW - MINUTE},
            lapsed={7: NOW - MINUTE},
        )
        return house(store=waits, prefect=PrefectSeen(running=[run]))

    assert [] == [one for check in judge(between(20 * SECOND), Tolerances()) if (one := opened(check, NOW))]
    found = verdicts(between(60 * SECOND))
    assert {FAILING} == {found[key].verdict for key in ((Kind.DUE, "alice"), (Kind.LEASES, ""))}
    assert Kind.ON_WATCH is found[(Kind.LEASES, "")].explained_by


def test_an_open_circuit_is_quiet_for_ten_minutes_and_then_it_explains_what_waits():
    """One cause, one incident: the circuit, not the posts behind it; and nothing of anybody else."""

    def open_for(ago):
        circuit = CircuitSeen(name="x-page-alice", since=NOW - ago, stops=ALICE)
        waits = (alice(head=head(ago)), alice(name="bob", head=head(ago), next_due_at=None))
        return verdicts(house(store=store(*waits), blocks=blocks(open_circuits=[circuit])))

    assert OK is open_for(9 * MINUTE)[(Kind.CIRCUIT, "x-page-alice")].verdict
    late = open_for(11 * MINUTE)
    assert FAILING is late[(Kind.CIRCUIT, "x-page-alice")].verdict
    assert OK is late[(Kind.DUE, "alice")].verdict
    assert FAILING is late[(Kind.DUE, "bob")].verdict


def test_a_lost_sign_in_is_the_session_s_matter():
    """Its circuit is open for as long as nobody signs in: that is told at once, as what it is, and once."""
    circuit = CircuitSeen(
        name="sign-in-alice", since=NOW - MINUTE, stops=ALICE, is_sign_in=True, why="a login page"
    )
    found = verdicts(
        house(
            store=store(alice(head=head(2 * MINUTE), next_due_at=NOW - 2 * MINUTE)),
            blocks=blocks(open_circuits=[circuit]),
        )
    )

    assert FAILING is found[(Kind.SESSION, "alice")].verdict
    assert Kind.SESSION is found[(Kind.DUE, "alice")].explained_by
    assert [] == [check for key, check in found.items() if key[0] is Kind.CIRCUIT and opened(check, NOW)]


def test_a_post_that_is_due_just_now_is_not_late():
    """Taking up takes a moment; so does a post that came in late."""
    assert OK is of(house(store=store(alice(head=head(5 * SECOND)))), Kind.DUE, "alice").verdict
    just_in = head(HOUR, ready_since=NOW - SECOND)
    assert OK is of(house(store=store(alice(head=just_in))), Kind.DUE, "alice").verdict


def test_a_publisher_that_has_only_just_come_is_given_the_time_that_anybody_has():
    """What waited for it is not its fault, and the limits it fills are no standstill; late is late all the same."""

    def came(ago, due):
        waits = store(alice(head=head(due)), claimed_at=NOW - HOUR, leased_since={"publish": NOW - ago})
        full = PrefectSeen(slots=[SlotSeen(name="account-alice", limit=1, taken=1)])
        return house(store=waits, prefect=full)

    for kind, about in ((Kind.DUE, "alice"), (Kind.SLOTS, "")):
        assert OK is of(came(30 * SECOND, 2 * MINUTE), kind, about).verdict
        assert FAILING is of(came(MINUTE, 2 * MINUTE), kind, about).verdict
        assert FAILING is of(came(30 * SECOND, 6 * MINUTE), kind, about).verdict


def test_a_long_queue_that_moves_is_well():
    """The head has been due for long, and another was taken up a moment ago: somebody is doing it."""
    moving = alice(head=head(10 * MINUTE), claimed_at=NOW - 5 * SECOND)

    assert OK is of(house(store=store(moving)), Kind.DUE, "alice").verdict


def test_behind_others_is_no_standstill_but_late_is_late():
    """While others go out a post may wait its turn, until it is late."""
    others = {"claimed_at": NOW - SECOND}

    assert OK is of(house(store=store(alice(head=head(2 * MINUTE)), **others)), Kind.DUE, "alice").verdict
    assert (
        FAILING is of(house(store=store(alice(head=head(6 * MINUTE)), **others)), Kind.DUE, "alice").verdict
    )


def test_a_post_too_fresh_to_be_shown_is_not_missed():
    """X shows a post after 8 to 20 seconds; two looks before that prove nothing."""
    fresh = Published(id=2, at=NOW - 15 * SECOND, missed_at=(NOW - 13 * SECOND, NOW - 5 * SECOND))

    assert OK is of(house(store=store(alice(published=(fresh,)))), Kind.LIVE, "alice").verdict


def test_a_later_post_that_is_seen_ends_the_alarm():
    """The newest word of the network counts; what became of the one that is gone, its own notice tells."""
    gone = Published(id=2, at=NOW - 5 * MINUTE, gone=True)
    seen = Published(id=3, at=NOW - MINUTE, seen_at=NOW - 30 * SECOND)

    assert OK is of(house(store=store(alice(published=(gone, seen)))), Kind.LIVE, "alice").verdict
    later = Published(id=4, at=NOW - 20 * SECOND, gone=True)
    assert FAILING is of(house(store=store(alice(published=(seen, later)))), Kind.LIVE, "alice").verdict


def test_a_login_wall_is_unknown_and_no_gap():
    """Nothing is counted as missing because nobody could look, and one alarm is enough."""
    wall = Noted(well=False, since=NOW - 5 * MINUTE, at=NOW, told="a login wall")
    found = verdicts(house(store=store(alice(look=wall, published=(Published(id=2, at=NOW - 5 * MINUTE),)))))

    assert UNKNOWN is found[(Kind.READER, "alice")].verdict
    assert UNKNOWN is found[(Kind.LIVE, "alice")].verdict
    assert Kind.READER is found[(Kind.LIVE, "alice")].explained_by
    assert UNKNOWN is overall(found.values())


def test_with_looking_turned_off_nobody_knows_and_nobody_is_called():
    """Not ok, since nothing of it is seen; and no incident, since somebody wanted it so."""
    seen = house(
        store=store(alice(published=(Published(id=2, at=NOW - 5 * MINUTE),))),
        blocks=blocks(off={"reconcile": SwitchSeen(by="Bob", reason="X asked for it")}),
    )
    check = of(seen, Kind.LIVE, "alice")

    assert (UNKNOWN, Quiet.SWITCHED_OFF) == (check.verdict, check.quiet)
    assert opened(check, NOW) is None


def test_looks_that_wait_for_memory_are_the_memorys_incident_and_no_other():
    """One alarm, which says what waits."""
    seen = house(
        store=store(
            alice(published=(Published(id=2, at=NOW - 5 * MINUTE),), looks_overdue_since=NOW - 5 * MINUTE),
            shed=("looks",),
        ),
        machine=machine(memory_free_mb=10),
    )
    live, unconfirmed, memory = (
        of(seen, Kind.LIVE, "alice"),
        of(seen, Kind.UNCONFIRMED, "alice"),
        of(seen, Kind.MEMORY),
    )

    assert (live.verdict, live.quiet, unconfirmed.quiet) == (UNKNOWN, Quiet.SHED, Quiet.SHED)
    assert (None, None) == (opened(live, NOW), opened(unconfirmed, NOW))
    assert memory.verdict is FAILING
    assert memory.what.endswith("; looks wait")


def test_with_the_store_away_everything_of_it_is_unknown_and_explained():
    """Not one of the checks that need it says ok, and only the store itself has an incident."""
    found = judge(house(store=AWAY), Tolerances())
    unknown = [check for check in found if check.verdict is UNKNOWN]

    assert {Kind.DUE, Kind.LIVE, Kind.ON_WATCH, Kind.LEASES, Kind.NOTICES} <= {
        check.kind for check in unknown
    }
    assert {Kind.STORE} == {check.explained_by for check in unknown}


def test_a_silent_publisher_explains_what_is_due_and_not_the_other_way():
    """One cause, one incident: the lease, not the posts that wait for it."""
    seen = house(
        store=store(alice(head=head(2 * MINUTE)), heartbeats={"publish": NOW - 2 * MINUTE, "reconcile": NOW})
    )
    found = verdicts(seen)

    assert found[(Kind.ON_WATCH, "publish")].explained_by is None
    assert Kind.ON_WATCH is found[(Kind.DUE, "alice")].explained_by


def test_trouble_of_one_account_explains_nothing_of_another():
    """Alice's session says nothing about Bob's posts."""
    signed_out = alice(
        head=head(5 * MINUTE),
        next_due_at=NOW - 5 * MINUTE,
        paused_until=NOW + HOUR,
        pause_cause=Cause.SIGNED_OUT,
    )
    bob = alice(name="bob", head=head(5 * MINUTE), next_due_at=None)
    found = verdicts(house(store=store(signed_out, bob)))

    assert Kind.SESSION is found[(Kind.DUE, "alice")].explained_by
    assert found[(Kind.DUE, "bob")].explained_by is None
    assert FAILING is found[(Kind.DUE, "bob")].verdict


def test_unknown_never_explains_what_is_known_to_be_wrong():
    """What nobody can tell must not swallow what is known."""
    wall = Noted(well=False, since=NOW - 5 * MINUTE, at=NOW, told="a login wall")
    gone = Published(id=2, at=NOW - MINUTE, gone=True)
    found = verdicts(house(store=store(alice(look=wall, published=(gone,)))))

    assert FAILING is found[(Kind.LIVE, "alice")].verdict
    assert found[(Kind.LIVE, "alice")].explained_by is None


def test_of_nothing_checked_nothing_is_known():
    """An empty round is no good news."""
    assert UNKNOWN is overall([])


def test_rules_that_contradict_each_other_are_refused():
    """Two that explain each other would never be told; a kind without a rule would never be checked."""
    store, disk = RULES[Kind.STORE], RULES[Kind.DISK]

    check_rules()
    with pytest.raises(ValueError, match="explain each other"):
        check_rules({**RULES, Kind.STORE: replace(store, explains=(*store.explains, Kind.DISK))})
    with pytest.raises(ValueError, match="no rule for disk"):
        check_rules({kind: rule for kind, rule in RULES.items() if rule is not disk})


@pytest.mark.parametrize("seconds", [2, 10, 60])
def test_shorter_rounds_find_out_sooner_and_never_sooner_than_is_possible(seconds):
    """A drill's rounds shorten what depends on them; what the network takes stays."""
    tolerances = Tolerances.of(timedelta(seconds=seconds))

    assert timedelta(seconds=15) <= tolerances.taken_up_within <= timedelta(seconds=45)
    assert Tolerances().shown_within == tolerances.shown_within
    assert 5 * tolerances.every == tolerances.unknown_for


@pytest.mark.parametrize("changes", [{"store": Cannot(why="refused")}, {"store_away_at": NOW - 5 * SECOND}])
def test_while_the_store_cannot_say_who_lives_nobody_is_called_dead(changes):
    """A run of another machine, an hour under way: unknown, and nothing is ended for it. What is here needs no store."""
    there = RunSeen(id="x", flow="rollout", since=NOW - HOUR, here=False)
    for running, verdict in (([there], UNKNOWN), ([replace(there, here=True)], Verdict.OK)):
        found = judge(house(prefect=PrefectSeen(running=running), **changes), Tolerances())

        assert [verdict] == [check.verdict for check in found if check.kind is Kind.RUNS]
