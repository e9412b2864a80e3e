"""Amounts of money, as people read them."""

from __future__ import annotations

from decimal import Decimal


def usd(amount: Decimal) -> str:
    """Write an amount in US dollars: ``$0.20``, ``$0.015``; at least two decimals, and nothing rounded."""
    plain = amount.normalize()
    exponent = plain.as_tuple().exponent
    places = max(2, -exponent) if isinstance(exponent, int) else 2
    return f"${plain:,.{places}f}"
