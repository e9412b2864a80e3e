"""What everything stands on: the store takes writes and answers reads."""

from __future__ import annotations

from collections.abc import Iterator

from steadypost.domain.checks.rule import Rule
from steadypost.domain.health import Check, Kind, Tolerances, failing, ok
from steadypost.domain.observed import Cannot, Observed


def judge(seen: Observed, _: Tolerances) -> Iterator[Check]:
    """Judge it by what was observed."""
    if isinstance(seen.store, Cannot):
        yield failing(Kind.STORE, seen.store.why)
    else:
        yield ok(Kind.STORE, "it takes writes and answers reads")


RULE = Rule(
    kind=Kind.STORE,
    judge=judge,
    explains=(
        Kind.ON_WATCH,
        Kind.DUE,
        Kind.LIVE,
        Kind.READER,
        Kind.UNCONFIRMED,
        Kind.SESSION,
        Kind.LEASES,
        Kind.OUTBOX,
        Kind.NOTICES,
        Kind.BACKLOG,
        Kind.SWITCH,
        Kind.CLOCK,
        Kind.BROWSERS,
        Kind.RUNS,
    ),
    blinds=True,
    first_aid="Everything waits, and nothing is lost. Check that the database runs and that its disk has room.",
)
