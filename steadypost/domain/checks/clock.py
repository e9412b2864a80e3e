"""This machine's clock agrees with the network's."""

from __future__ import annotations

from collections.abc import Iterator

from steadypost.domain.checks.rule import Rule
from steadypost.domain.health import Check, Kind, Tolerances, failing, ok
from steadypost.domain.observed import MachineSeen, Observed, StoreSeen


def judge(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    """Judge it by what was observed."""
    machine: MachineSeen = seen.machine
    if abs(machine.clock_jump) > tolerances.clock_skew:
        yield failing(
            Kind.CLOCK, f"it moved by {machine.clock_jump.total_seconds():+.0f} s since the last round"
        )
        return
    compared = seen.store.clock_off if isinstance(seen.store, StoreSeen) else None
    if compared is not None and abs(compared[1]) > tolerances.clock_skew:
        host, off = compared
        yield failing(
            Kind.CLOCK, f"{host} is {off.total_seconds():+.0f} s off, as the network's answers tell"
        )
    else:
        yield ok(Kind.CLOCK, "it agrees with the network's answers")


RULE = Rule(
    kind=Kind.CLOCK,
    judge=judge,
    first_aid="Set the machine's clock by NTP.",
)
