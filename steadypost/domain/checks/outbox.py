"""No answer waits on this machine's disk for a store that is there."""

from __future__ import annotations

from collections.abc import Iterator

from steadypost.domain.checks.rule import Rule
from steadypost.domain.clock import ago
from steadypost.domain.health import Check, Kind, Tolerances, failing, ok
from steadypost.domain.observed import Observed
from steadypost.domain.remedy import Remedy


def judge(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    """Judge it by what was observed."""
    machine = seen.machine
    if machine.aside:
        told = f"{machine.aside} answers were put aside: this store does not know their attempts"
        yield failing(Kind.OUTBOX, told)
    elif machine.outbox_since is not None and seen.at - machine.outbox_since > tolerances.outbox_within:
        since = ago(machine.outbox_since, seen.at)
        told = f"{machine.outbox_entries} answers have been waiting for the store for {since}"
        yield failing(Kind.OUTBOX, told)
    else:
        yield ok(Kind.OUTBOX, "no answer waits for the store")


RULE = Rule(
    kind=Kind.OUTBOX,
    judge=judge,
    remedies=(Remedy.HAND_OVER,) * 3,
    first_aid="The files in this machine's outbox hold answers: keep them, and check that the store takes writes.",
)
