"""Amounts as people read them, and limits that never allow what a budget forbids."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadypost.domain.money import usd
from steadypost.domain.quota import DAY, MONTH, Limits, never_fits, too_much


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
