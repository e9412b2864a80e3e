"""Amounts as people read them, and limits that never allow what a budget forbids."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadypost.domain.money import usd
from steadypost.domain.quota import (
    DAY,
    MONTH,
    Free,
    Full,
    Limits,
    Use,
    capacity,
    never_fits,
    spent,
    too_much,
)


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("0", "$0.00"),
        ("0.2", "$0.20"),
        ("0.20", "$0.20"),
        ("0.015", "$0.015"),
        ("0.0150", "$0.015"),
        ("100", "$100.00"),
        ("1E+3", "$1,000.00"),
        ("1234567.8", "$1,234,567.80"),
    ],
)
def test_cents_at_the_least_and_nothing_rounded_away(amount, said):
    assert said == usd(Decimal(amount))


@given(st.decimals(0, 10**6, places=6))
def test_what_is_read_is_what_it_was(amount):
    assert amount == Decimal(usd(amount).removeprefix("$").replace(",", ""))


def test_the_smaller_budget_is_the_largest_cost():
    assert Limits().largest_cost is None
    assert Decimal(2) == Limits(budget_per_day=Decimal(2)).largest_cost
    assert Decimal(1) == Limits(budget_per_day=Decimal(2), budget_per_month=Decimal(1)).largest_cost


def test_uses_matter_as_far_back_as_the_longest_limit():
    assert DAY == Limits(per_hour=1).longest_window
    assert DAY == Limits(budget_per_day=Decimal(1)).longest_window
    assert MONTH == Limits(budget_per_month=Decimal(1)).longest_window
    assert 2 * MONTH == Limits(spacing=2 * MONTH).longest_window


@pytest.mark.parametrize(
    ("limits", "units", "cost", "never"),
    [
        (Limits(), 1000, Decimal(1000), False),
        (Limits(per_day=3), 3, Decimal(0), False),
        (Limits(per_day=3), 4, Decimal(0), True),
        (Limits(per_hour=2, per_day=3), 3, Decimal(0), True),
        (Limits(budget_per_day=Decimal("0.05")), 1, Decimal("0.05"), False),
        (Limits(budget_per_day=Decimal("0.05")), 1, Decimal("0.051"), True),
    ],
)
def test_what_never_fits_is_known_beforehand(limits, units, cost, never):
    assert never is never_fits(limits, units, cost)


def test_what_never_fits_says_which_limit():
    dear = Limits(budget_per_day=Decimal("0.05"), per_day=1)

    assert "costs $0.10, more than the account's budget of $0.05 ever allows" == too_much(
        dear, 1, Decimal("0.1")
    )
    assert "has 2 parts" in too_much(dear, 2, Decimal(0))


NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def cost(amount, *, hours=None):
    """One use of so many dollars, ended so many hours ago; without hours it is under way."""
    ended = None if hours is None else NOON - timedelta(hours=hours)
    return Use(units=1, counted_at=ended, cost=Decimal(amount))


DOLLAR_A_DAY = Limits(budget_per_day=Decimal(1))


@pytest.mark.parametrize(
    ("uses", "costs", "expected"),
    [
        ([], "1", Free()),
        ([cost("0.6", hours=1)], "0.4", Free()),
        ([cost("0.6", hours=24)], "1", Free()),
        ([cost("0.6", hours=1)], "0.41", Full(reason="budget_per_day", until=NOON + timedelta(hours=23))),
        # What is under way counts, and frees nothing at a known time.
        ([cost("0.6")], "0.41", Full(reason="budget_per_day", until=None)),
        # The oldest uses leave first, until enough is free.
        (
            [cost("0.1", hours=20), cost("0.5", hours=10), cost("0.4", hours=1)],
            "0.5",
            Full(reason="budget_per_day", until=NOON + timedelta(hours=14)),
        ),
        # A budget that is exceeded holds back nothing that is free of charge.
        ([cost("1.2", hours=1)], "0", Free()),
    ],
)
def test_a_day_never_costs_more_than_its_budget(uses, costs, expected):
    assert expected == capacity(DOLLAR_A_DAY, uses, 1, NOON, Decimal(costs))


def test_the_month_counts_what_the_day_has_forgotten():
    limits = Limits(budget_per_day=Decimal(1), budget_per_month=Decimal("1.5"))
    uses = [cost("1", hours=48)]

    assert Free() == capacity(limits, uses, 1, NOON, Decimal("0.5"))
    assert Full(reason="budget_per_month", until=NOON - timedelta(hours=48) + MONTH) == capacity(
        limits, uses, 1, NOON, Decimal("0.6")
    )


def test_spent_adds_up_the_window_and_what_is_under_way():
    uses = [cost("0.1", hours=25), cost("0.2", hours=23), cost("0.4")]

    assert Decimal("0.6") == spent(uses, DAY, NOON)
    assert Decimal("0.7") == spent(uses, MONTH, NOON)
