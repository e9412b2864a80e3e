"""No delivery is held by a worker that fell silent."""

from __future__ import annotations

from collections.abc import Iterator

from steadypost.domain.checks.rule import Rule
from steadypost.domain.checks.starting import is_between_runs
from steadypost.domain.clock import ago
from steadypost.domain.health import Check, Kind, Quiet, Tolerances, failing, ok, unknown
from steadypost.domain.observed import Cannot, Observed
from steadypost.domain.remedy import Remedy


def judge(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    """Judge it by what was observed."""
    if isinstance(seen.store, Cannot):
        yield unknown(Kind.LEASES, "the store cannot say")
        return
    lapsed = {
        one: until for one, until in seen.store.lapsed.items() if seen.at - until > tolerances.lease_grace
    }
    if lapsed and is_between_runs(seen, tolerances):
        told = "what is held is taken back as soon as a run of publish has started"
        yield unknown(Kind.LEASES, told, quiet=Quiet.STARTING)
    elif lapsed:
        since = ago(min(lapsed.values()), seen.at)
        told = f"{len(lapsed)} deliveries are held by workers that fell silent, the first for {since}"
        yield failing(Kind.LEASES, told)
    else:
        yield ok(Kind.LEASES, "every holder of a delivery sends heartbeats")


RULE = Rule(
    kind=Kind.LEASES,
    judge=judge,
    remedies=(Remedy.GIVE_BACK_LEASES,) * 3,
    first_aid="Check that the store takes writes and that the flow publish runs: 'steadypost doctor'.",
)
