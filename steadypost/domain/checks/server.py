"""Prefect's API answers."""

from __future__ import annotations

from collections.abc import Iterator

from steadypost.domain.checks.rule import Rule
from steadypost.domain.health import Check, Kind, Tolerances, failing, ok
from steadypost.domain.observed import Cannot, Observed


def judge(seen: Observed, _: Tolerances) -> Iterator[Check]:
    """Judge it by what was observed."""
    if isinstance(seen.prefect, Cannot):
        yield failing(Kind.SERVER, seen.prefect.why)
    else:
        yield ok(Kind.SERVER, "Prefect's API answers")


RULE = Rule(
    kind=Kind.SERVER,
    judge=judge,
    explains=(Kind.WORKER, Kind.RUNS, Kind.SLOTS, Kind.CIRCUIT, Kind.SWITCH),
    blinds=True,
    first_aid="The runs on watch go on without Prefect's server. Start it again.",
)
