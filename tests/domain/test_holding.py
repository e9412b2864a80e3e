"""What keeps an account's posts back: each hold has its kind, its words, its end, and whether a person is needed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from steadypost.domain.causes import Cause
from steadypost.domain.holding import (
    CLOSED,
    PAUSED,
    REFUSED,
    STRUCK,
    Hold,
    Struck,
    full,
    holds,
    open_before,
    paused,
    struck,
    switched_off,
)
from steadypost.domain.observed import AccountSeen, CircuitSeen, SwitchSeen
from steadypost.domain.quota import Free, Full, Limits

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LATER = NOON + timedelta(hours=6)


def circuit(name, *stops, is_sign_in=False, why=""):
    return CircuitSeen(
        name=name,
        since=NOON - timedelta(minutes=5),
        why=why,
        stops=frozenset(stops),
        is_sign_in=is_sign_in,
    )


def test_an_account_without_a_hold():
    assert [] == holds(AccountSeen(name="alice"), NOON)


def test_what_lasts_longest_comes_first():
    alice = AccountSeen(
        name="alice",
        refused_for="bob",
        closed="no session",
        struck="stopped by Carol",
        paused_until=LATER,
        pause_cause=Cause.RATE_LIMIT,
        capacity=Full(reason="spacing", until=LATER),
    )
    judged = Hold(kind="judged", why="as the checks found")

    found = holds(
        alice,
        NOON,
        off=SwitchSeen(by="Olga", reason="a test"),
        circuits=[circuit("x-page-alice", "alice")],
        judged=judged,
    )

    assert [
        "switched_off",
        REFUSED,
        CLOSED,
        STRUCK,
        PAUSED,
        "circuit_open",
        "judged",
        "spacing",
    ] == [one.kind for one in found]


def test_an_account_just_found_unusable_is_closed_although_the_store_does_not_know_yet():
    (found,) = holds(AccountSeen(name="alice"), NOON, closed="no session")

    assert (CLOSED, "the account cannot be used: no session", True) == (
        found.kind,
        found.why,
        found.needs_person,
    )


@pytest.mark.parametrize(
    ("off", "why"),
    [
        (
            SwitchSeen(by="Olga", reason="a test", since=NOON),
            "publishing is turned off, by Olga since 2026-05-04 12:00 UTC: a test",
        ),
        (SwitchSeen(), "publishing is turned off, by an unknown person: no reason given"),
    ],
)
def test_a_switch_says_who_turned_it_off_and_why(off, why):
    assert why == switched_off(off).why


@pytest.mark.parametrize(
    ("until", "holds_back"), [(None, True), (NOON + SECOND, True), (NOON, False), (NOON - SECOND, False)]
)
def test_a_strike_holds_until_its_end(until, holds_back):
    assert holds_back is bool(struck([Struck(says="stopped by Carol", until=until)], NOON))


@pytest.mark.parametrize(("until", "holds_back"), [(None, False), (NOON + SECOND, True), (NOON, False)])
def test_a_pause_holds_until_its_end(until, holds_back):
    assert holds_back is (paused(until, Cause.RATE_LIMIT, "", NOON) is not None)


@pytest.mark.parametrize(
    ("cause", "why", "says", "needs_person"),
    [
        (Cause.RATE_LIMIT, "X said so", "the account is left alone (X said so)", False),
        (
            Cause.LOCKED,
            "",
            "the account is left alone (the network has locked the account): a person has to correct that",
            True,
        ),
        (None, "", "the account is left alone (no reason was kept)", False),
    ],
)
def test_a_pause_says_why_and_whether_a_person_is_needed(cause, why, says, needs_person):
    found = paused(LATER, cause, why, NOON)

    assert (says, needs_person, LATER) == (found.why, found.needs_person, found.until)


def test_only_circuits_that_an_account_waits_for_hold_it_and_its_sign_in_comes_first():
    circuits = [
        circuit("x-page-alice", "alice", why="page_changed"),
        circuit("x-page-bob", "bob"),
        circuit("sign-in-alice", "alice", is_sign_in=True),
    ]

    found = open_before("alice", circuits, NOON)

    assert [
        ("the circuit sign-in-alice has been open for 5 min", True),
        ("the circuit x-page-alice has been open for 5 min: page_changed", False),
    ] == [(one.why, one.needs_person) for one in found]


LIMITS = Limits(per_hour=3, per_day=20, budget_per_day=Decimal("0.5"), budget_per_month=Decimal(10))


@pytest.mark.parametrize(
    ("reason", "more", "why"),
    [
        ("spacing", {}, "its last post is too fresh by its own spacing"),
        ("quota_used", {}, "its quota (3 an hour, 20 a day) is used up"),
        (
            "quota_used_by_unknown",
            {"unconfirmed": 2},
            "its quota (3 an hour, 20 a day) is used up, 2 of it by unconfirmed posts",
        ),
        (
            "quota_used_by_unknown",
            {},
            "its quota (3 an hour, 20 a day) is used up, by unconfirmed posts too",
        ),
        ("budget_per_day", {}, "its budget of $0.50 in 24 hours has too little left for the next post"),
        (
            "budget_per_month",
            {"costs": "$9.90 are spent"},
            "its budget of $10.00 in 30 days has too little left for the next post: $9.90 are spent",
        ),
    ],
)
def test_a_limit_says_what_is_used_up(reason, more, why):
    found = full(Full(reason=reason, until=LATER), LIMITS, **more)

    assert (reason, why, LATER) == (found.kind, found.why, found.until)


def test_a_limit_with_capacity_holds_nothing():
    assert full(Free(), LIMITS) is None
