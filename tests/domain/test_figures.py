"""Figures are judged by what became of each post: good is only what is live once, on record, and on time."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadypost.domain.delivery import State
from steadypost.domain.figures import (
    NEVER,
    NOT_COUNTED,
    Budget,
    Distribution,
    DuePost,
    End,
    Outage,
    PostOutcome,
    Trouble,
    all_back,
    availability,
    burn_rates,
    figures,
    lateness,
    outages,
    recoveries,
    time_availability,
    troubles,
    wilson_lower,
)
from steadypost.domain.health import Kind
from steadypost.domain.incident import Incident
from steadypost.domain.outcome import Cause
from steadypost.domain.span import Span

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
T = 5 * MINUTE
LATER = NOON + 24 * HOUR


def live(at=NOON, after=10 * SECOND, recorded=None, account="alice", **more):
    """A post that became live so long after its time, and was on record as soon, or when told."""
    told = {"state": State.PUBLISHED, "recorded_at": at + (recorded or after), **more}
    return DuePost(account=account, at=at, live_at=at + after, **told)


def not_live(state, at=NOON, account="alice", **more):
    return DuePost(account=account, at=at, state=state, **more)


@pytest.mark.parametrize(
    ("due_posts", "outcome"),
    [
        (live(after=T), PostOutcome.GOOD),
        (live(after=T + SECOND), PostOutcome.LATE),
        (live(after=-SECOND), PostOutcome.GOOD),
        (live(recorded=T + SECOND), PostOutcome.RECORDED_LATE),
        (live(recorded_at=None), PostOutcome.UNRECORDED),
        # A ledger shows it live while the store says otherwise: the store's word excuses nothing.
        (live(state=State.CANCELLED, recorded_at=None), PostOutcome.UNRECORDED),
        (live(twice=True), PostOutcome.TWICE),
        (live(state=State.REMOVED), PostOutcome.REMOVED),
        (not_live(State.UNCONFIRMED), PostOutcome.UNCONFIRMED),
        (not_live(State.SCHEDULED), PostOutcome.OVERDUE),
        (not_live(State.SENDING), PostOutcome.OVERDUE),
        (not_live(State.PARTIAL), PostOutcome.OVERDUE),
        (not_live(State.SCHEDULED, no_capacity=True), PostOutcome.NO_CAPACITY),
        (live(after=HOUR, no_capacity=True), PostOutcome.NO_CAPACITY),
        (not_live(State.MISSED), PostOutcome.MISSED),
        (not_live(State.NEEDS_REVIEW), PostOutcome.FOR_A_PERSON),
        (not_live(State.QUARANTINED), PostOutcome.FOR_A_PERSON),
        (not_live(State.HELD), PostOutcome.HELD),
        (not_live(State.HELD, held_late=True), PostOutcome.HELD_LATE),
        # The account's own limits, used up by posts that are live, and not we, made it late.
        (not_live(State.HELD, held_late=True, no_capacity=True), PostOutcome.NO_CAPACITY),
        (not_live(State.REFUSED), PostOutcome.REFUSED),
        (not_live(State.CANCELLED, ended_at=NOON), PostOutcome.TAKEN_BACK),
        # Whoever takes back what should have been live long ago does not make it good.
        (not_live(State.CANCELLED, ended_at=NOON + HOUR), PostOutcome.TAKEN_BACK_LATE),
    ],
)
def test_what_became_of_a_delivery(due_posts, outcome):
    """One word for each, and only one of them is good."""
    assert outcome is due_posts.judged(within=T, now=LATER)


@pytest.mark.parametrize("due_posts", [live(), not_live(State.SCHEDULED), not_live(State.UNCONFIRMED)])
def test_nothing_is_judged_before_its_time_is_over(due_posts):
    """The good ones neither: else what is under way would always look better than it will be."""
    assert PostOutcome.PENDING is due_posts.judged(within=T, now=NOON + T - SECOND)
    assert PostOutcome.PENDING is not due_posts.judged(within=T, now=NOON + T)


OUTCOMES = [
    live(),
    live(after=HOUR),
    live(twice=True),
    not_live(State.UNCONFIRMED),
    not_live(State.SCHEDULED),
    not_live(State.HELD),
    not_live(State.HELD, held_late=True),
    not_live(State.REFUSED),
    not_live(State.CANCELLED, ended_at=NOON),
    not_live(State.SCHEDULED, at=LATER),
]


@given(st.lists(st.sampled_from(OUTCOMES), max_size=30))
def test_every_delivery_is_in_one_figure_and_no_other(due_posts):
    """Good, bad and left out add up to what there is: nothing is hidden."""
    told = availability(due_posts, now=LATER, within=T)

    assert len(due_posts) == told.due + sum(told.left_out.values())
    assert told.due == told.good + sum(told.bad.values())
    assert set(told.left_out) <= NOT_COUNTED
    assert (told.ratio is None) == (told.due == 0)


def test_nothing_due_is_not_all_good():
    """Nobody knows."""
    nothing = availability([], now=LATER)

    assert (None, None) == (nothing.ratio, nothing.lower_95)


@pytest.mark.parametrize(
    ("good", "due", "lower"),
    # By the formula of Wilson (1927), as R's prop.test(correct = FALSE) gives them.
    [(300, 300, 0.98736), (0, 10, 0.0), (81, 263, 0.25529), (1, 1, 0.20654), (990, 1000, 0.98168)],
)
def test_the_lower_bound_is_wilsons(good, due, lower):
    """All of three hundred being good does not prove 99 %: 381 are needed."""
    assert lower == pytest.approx(wilson_lower(good, due), abs=1e-4)
    assert wilson_lower(380, 380) < 0.99 <= wilson_lower(381, 381)
    assert wilson_lower(0, 0) is None
    with pytest.raises(ValueError, match="cannot be"):
        wilson_lower(2, 1)


@given(st.integers(1, 2000), st.floats(0, 1))
def test_the_lower_bound_solves_what_it_says_it_solves(due, share):
    """At the bound, the share found is exactly 1.96 standard errors away: that is how it is defined."""
    good = round(share * due)
    bound = wilson_lower(good, due)

    assert 0 <= bound <= good / due
    if good:
        error = math.sqrt(bound * (1 - bound) / due)
        assert 1.959964 * error == pytest.approx(good / due - bound, abs=1e-6)


# The network's own outages -------------------------------------------------------------------------------


def end(minute, cause=None, account="alice"):
    at = NOON + minute * MINUTE
    return End(account=account, began_at=at - 20 * SECOND, ended_at=at, cause=cause)


def test_an_outage_lasts_from_the_first_that_met_it_to_the_first_that_found_it_over():
    """And what broke for reasons of ours is none of the network's."""
    found = outages(
        [
            end(1),
            end(3, Cause.PAGE_UNREACHABLE),
            end(8, Cause.SERVER_ERROR),
            end(20),
            end(30, Cause.UI_DRIFT),
            end(40, Cause.SIGNED_OUT),
            end(50, Cause.BROWSER_DIED),
            end(8, account="bob"),
        ]
    )

    assert [Outage(span=Span(NOON + 3 * MINUTE - 20 * SECOND, NOON + 20 * MINUTE), account="alice")] == found


def test_of_a_silence_nothing_is_said():
    """Who met an outage at noon and tried again at night knows of noon."""
    found = outages([end(0, Cause.SERVER_ERROR), end(600)])

    assert [Span(NOON - 20 * SECOND, NOON)] == [one.span for one in found]


def test_what_falls_into_an_outage_is_left_out_the_good_ones_too():
    """Else only the bad would be, and an outage would make a figure better."""
    due_posts = [live(), live(at=NOON + HOUR), not_live(State.SCHEDULED), live(account="bob")]
    away = Outage(span=Span(NOON + MINUTE, NOON + 2 * MINUTE), account="alice")

    told = availability(due_posts, now=LATER, within=T, but=[away])

    assert (2, 2, {PostOutcome.OUTAGE: 2}) == (told.due, told.good, told.left_out)
    everybody = Outage(span=away.span)
    assert 3 == availability(due_posts, now=LATER, within=T, but=[everybody]).left_out[PostOutcome.OUTAGE]


# Time ----------------------------------------------------------------------------------------------------

DAY = Span(NOON, LATER)


def of_the_time(due_posts, **more):
    return time_availability(due_posts, DAY, now=LATER, within=T, **more)


def test_an_account_is_not_served_until_what_was_due_is_there():
    """From its time on, not from when somebody might have noticed."""
    assert 1.0 == of_the_time([live()])
    assert 1 - 6 / 24 == of_the_time([live(after=6 * HOUR)])
    assert 0.0 == of_the_time([not_live(State.SCHEDULED)])
    assert 1 - 1 / 24 == of_the_time([not_live(State.QUARANTINED, ended_at=NOON + HOUR)])
    assert of_the_time([]) is None


def test_one_post_in_trouble_is_no_outage_while_others_go_out():
    """It stops only itself, and so does its stretch."""
    stuck = not_live(State.UNCONFIRMED)

    assert 1 - 1 / 24 == of_the_time([stuck, live(at=NOON + HOUR, after=timedelta(0))])
    # One that was due before it proves nothing of the time after.
    assert 0.0 == of_the_time([stuck, live(at=NOON - HOUR)])
    # Two that wait at the same time are one stretch.
    assert 1 - 6 / 24 == of_the_time([live(after=6 * HOUR), live(at=NOON + HOUR, after=5 * HOUR)])


def test_accounts_weigh_the_same_and_outages_take_their_time_out():
    """What is left of the time is what is judged."""
    two = [live(after=12 * HOUR), live(account="bob")]

    assert 0.75 == of_the_time(two)
    away = Outage(span=Span(NOON, NOON + 12 * HOUR), account="alice")
    assert 1.0 == of_the_time(two, but=[away])


def test_what_is_still_to_come_is_not_judged():
    """A window that ends tomorrow holds no more than up to now."""
    assert 0.5 == time_availability(
        [not_live(State.SCHEDULED, at=NOON + HOUR)], DAY, now=NOON + 2 * HOUR, within=T
    )


# Distributions -------------------------------------------------------------------------------------------


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_a_percentile_is_a_value_that_occurred(values):
    """So many of them are at it or below, and not one fewer would do."""
    told = Distribution.of(values)
    rounded = [round(value, 3) for value in values]

    assert (len(values), max(rounded)) == (told.n, told.max)
    for share, at in ((0.5, told.p50), (0.9, told.p90), (0.95, told.p95)):
        assert at in rounded
        assert sum(value <= at for value in rounded) >= share * len(values)
        assert sum(value < at for value in rounded) < share * len(values) or at == min(rounded)


def test_lateness_is_that_of_what_is_live():
    """A clock that is a second ahead makes nothing early; what never came is told by the outcomes."""
    told = lateness([live(), live(after=-SECOND), live(after=HOUR), not_live(State.SCHEDULED)])

    assert (3, 10.0, 3600.0) == (told.n, told.p50, told.max)
    assert Distribution(n=0, p50=None, p90=None, p95=None, max=None) == lateness([])


def test_how_fast_troubles_are_noticed_and_over():
    """By class; from their beginning, and from the end of the fault, when all that is left is ours."""
    killed = Trouble(
        kind="worker",
        opened_at=NOON,
        detected_at=NOON + 20 * SECOND,
        over_at=NOON + 10 * MINUTE,
        ended_at=NOON + 9 * MINUTE,
    )
    told = recoveries([killed, Trouble(kind="worker", opened_at=NOON), Trouble(kind="store", opened_at=NOON)])

    assert ["store", "worker"] == list(told)
    worker = told["worker"]
    assert (2, 1, 1) == (worker.n, worker.unnoticed, worker.open)
    assert (20.0, 600.0, 60.0) == (worker.detection.max, worker.repair.max, worker.recovery.max)
    assert 1 == told["store"].as_dict()["unnoticed"]


def test_a_trouble_that_is_never_over_is_in_the_figure():
    """It took longer than all the others; left out, it would make them look better."""
    over = [
        Trouble(kind="worker", opened_at=NOON, ended_at=NOON, over_at=NOON + n * SECOND) for n in range(1, 10)
    ]
    never = Trouble(kind="worker", opened_at=NOON, ended_at=NOON)

    told = recoveries([*over, never])["worker"].recovery

    assert (10, 9.0, NEVER) == (told.n, told.p90, told.max)
    assert "never" == told.as_dict()["max"]
    assert NEVER == recoveries([never])["worker"].recovery.p50


@pytest.mark.parametrize(
    ("back", "all_of_them"),
    [
        ({}, None),
        ({"alice": NOON}, NOON),
        ({"alice": NOON, "bob": NOON + MINUTE}, NOON + MINUTE),
        ({"alice": NOON, "bob": None}, None),
        ({"alice": None}, None),
    ],
)
def test_all_accounts_are_back_with_the_last_of_them(back, all_of_them):
    """One that is back does not speak for one that is not."""
    assert all_of_them == all_back(back)


def test_an_outage_of_ours_that_a_late_rule_turned_into_a_question_is_an_outage():
    """Held late, an account was not served: from its due time until the next of its posts was live."""
    held = not_live(State.HELD, held_late=True)

    assert 1 - 1 / 24 == of_the_time([held, live(at=NOON + HOUR, after=timedelta(0))])


def test_troubles_of_incidents_begin_with_the_first_post_that_waited():
    """For whoever waits for posts, not when somebody noticed; without any, it was noticed before it hurt."""
    due = Incident(kind=Kind.DUE, about="alice", what="", opened_at=NOON + 2 * MINUTE, over_at=NOON + HOUR)
    disk = Incident(kind=Kind.DISK, about="", what="", opened_at=NOON - HOUR)
    due_posts = [live(at=NOON - MINUTE), live(after=HOUR), live(account="bob", at=NOON - MINUTE, after=HOUR)]

    of_alice, of_the_disk = troubles([due, disk], due_posts)

    assert (NOON, NOON + 2 * MINUTE) == (of_alice.opened_at, of_alice.detected_at)
    assert (NOON - HOUR, NOON - HOUR, None) == (
        of_the_disk.opened_at,
        of_the_disk.detected_at,
        of_the_disk.over_at,
    )
    worker = Incident(kind=Kind.WORKER, about="", what="", opened_at=NOON + 2 * MINUTE)
    assert NOON - MINUTE == troubles([worker], due_posts)[0].opened_at


# The budget ----------------------------------------------------------------------------------------------


def test_the_error_budget():
    """Of a thousand at 99 % ten may go wrong; twenty burn twice as fast as that."""
    assert (10, 0.5, 0.5) == rounded(Budget(objective=0.99, due=1000, bad=5))
    assert (10, -1.0, 2.0) == rounded(Budget(objective=0.99, due=1000, bad=20))
    nothing = Budget(objective=0.99, due=0, bad=0)
    assert (None, None) == (nothing.left, nothing.burn)
    for wrong in (0, 1, 99):
        with pytest.raises(ValueError, match="between 0 and 1"):
            Budget(objective=wrong, due=1, bad=0)


def rounded(one):
    return round(one.allowed, 6), round(one.left, 6), round(one.burn, 6)


def test_burn_rates_are_told_of_what_the_window_holds():
    """Over the last hour four of four were bad; over the last six it is diluted; of three days it knows nothing."""
    due_posts = [live(at=NOON + n * 15 * MINUTE) for n in range(92)]
    due_posts += [live(at=LATER - HOUR + n * 10 * MINUTE, after=HOUR) for n in range(4)]

    rates = burn_rates(due_posts, DAY, now=LATER)

    assert [HOUR, 6 * HOUR] == list(rates)
    assert 100.0 == pytest.approx(rates[HOUR])
    assert 100 * 4 / 24 == pytest.approx(rates[6 * HOUR])


def test_all_of_it_in_one_document():
    """Everything that programs read, with and without outages."""
    due_posts = [live(), live(at=NOON + HOUR, after=HOUR), live(account="bob")]
    away = Outage(span=Span(NOON + HOUR, NOON + 2 * HOUR), account="alice")

    told = figures(
        due_posts, DAY, now=LATER, outages=[away], troubles=[Trouble(kind="store", opened_at=NOON)]
    )
    document = told.as_dict()

    assert (3, 2, {"late": 1}) == (document["due"], document["good"], document["bad"])
    assert 1.0 == document["without_outages"]["availability"] > document["availability"]
    assert document["availability_lower_95"] < document["availability"]
    assert {"alice", "bob"} == set(document["by_account"])
    assert {"n", "p50", "p90", "p95", "max"} == set(document["lateness_s"])
    assert document["time_availability"] < document["without_outages"]["time_availability"]
    assert 1 == document["recoveries"]["store"]["open"]
