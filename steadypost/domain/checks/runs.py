"""No run occupies a slot that it does not use."""

from __future__ import annotations

from collections.abc import Iterator

from steadypost.domain.checks.rule import Rule
from steadypost.domain.checks.starting import is_just_back
from steadypost.domain.health import Check, Kind, Quiet, Tolerances, failing, ok, unknown
from steadypost.domain.living import Signs, dead
from steadypost.domain.observed import Cannot, Observed, StoreSeen
from steadypost.domain.remedy import Remedy


def judge(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    """Judge it by what was observed."""
    if isinstance(seen.prefect, Cannot):
        yield unknown(Kind.RUNS, seen.prefect.why)
        return
    gone = dead(seen.prefect.running, _signs(seen.store), seen.at, tolerances.relieved_within)
    names = ", ".join(sorted({run.flow for run in gone}))
    if not gone:
        yield ok(Kind.RUNS, "every run that holds a place is there")
    elif isinstance(seen.store, Cannot):
        yield unknown(Kind.RUNS, f"the store cannot say whether another machine is at these runs: {names}")
    elif is_just_back(seen, tolerances):
        told = f"the store is only just back, and these runs may still wait to say that they live: {names}"
        yield unknown(Kind.RUNS, told, "", Quiet.STARTING)
    else:
        yield failing(Kind.RUNS, f"{len(gone)} runs hold a place and are not there: {names}")


def _signs(store: StoreSeen | Cannot) -> Signs:
    if isinstance(store, Cannot):
        return Signs()
    return Signs(leases=frozenset(store.leases.values()), heard=store.runs_heard)


RULE = Rule(
    kind=Kind.RUNS,
    judge=judge,
    remedies=(Remedy.END_RUNS,) * 3,
    first_aid="Cancel the runs named in Prefect's pages.",
)
