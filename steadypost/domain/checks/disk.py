"""There is room on the disk."""

from __future__ import annotations

from collections.abc import Iterator

from steadypost.domain.checks.rule import Rule
from steadypost.domain.health import Check, Kind, Tolerances, failing, ok
from steadypost.domain.observed import Observed


def judge(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    """Judge it by what was observed."""
    free = seen.machine.disk_free_mb
    if free < tolerances.disk_mb:
        yield failing(Kind.DISK, f"{free:.0f} MB are free, and {tolerances.disk_mb} should be")
    else:
        yield ok(Kind.DISK, f"{free:.0f} MB are free")


RULE = Rule(
    kind=Kind.DISK,
    judge=judge,
    explains=(Kind.STORE,),
    first_aid="Make room on the disk.",
)
