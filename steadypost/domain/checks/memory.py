"""There is room in memory."""

from __future__ import annotations

from collections.abc import Iterator

from steadypost.domain.checks.rule import Rule
from steadypost.domain.health import Check, Kind, Tolerances, failing, ok
from steadypost.domain.observed import Observed, StoreSeen
from steadypost.domain.remedy import Remedy


def judge(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    """Judge it by what was observed."""
    free = seen.machine.memory_free_mb
    if free < tolerances.memory_mb:
        shed = seen.store.shed if isinstance(seen.store, StoreSeen) else ()
        waits = f"; {', '.join(sorted(shed))} wait" if shed else ""
        yield failing(Kind.MEMORY, f"{free:.0f} MB are free, and {tolerances.memory_mb} should be{waits}")
    else:
        yield ok(Kind.MEMORY, f"{free:.0f} MB are free")


RULE = Rule(
    kind=Kind.MEMORY,
    judge=judge,
    remedies=(Remedy.REAP_BROWSERS, Remedy.RENEW_BROWSERS),
    first_aid="Find what uses the memory, and end it.",
)
