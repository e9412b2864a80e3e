"""What channels cost: which of them are charged for, and how. A channel that is not named here costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from steadypost.domain.post import Part
from steadypost.networks.x import prices


@dataclass(frozen=True, slots=True)
class Charge:
    """How one channel is charged for."""

    price: Callable[[Part], Decimal]
    """What a part costs."""
    read: Decimal
    """What an own post that is read costs, once a day."""


CHARGES: Mapping[str, Charge] = {"x_api": Charge(prices.price, prices.PRICES["own post read"])}


def cost(channel: str, parts: Iterable[Part]) -> Decimal:
    """Say what making these parts live costs, in US dollars."""
    charge = CHARGES.get(channel)
    return Decimal(0) if charge is None else sum(map(charge.price, parts), Decimal(0))
