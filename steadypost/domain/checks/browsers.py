"""Browsers start, and none is left behind by a process that is gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from steadypost.domain.checks.rule import Rule
from steadypost.domain.clock import ago
from steadypost.domain.health import Check, Kind, Tolerances, failing, ok, unknown
from steadypost.domain.observed import Cannot, Observed
from steadypost.domain.remedy import Remedy


def judge(seen: Observed, _: Tolerances) -> Iterator[Check]:
    """Judge it by what was observed."""
    if seen.machine.orphans:
        told = f"{seen.machine.orphans} browsers are left of processes that are gone"
        yield failing(Kind.BROWSERS, told)
        return
    if isinstance(seen.store, Cannot):
        yield unknown(Kind.BROWSERS, "the store cannot say whether browsers start")
        return
    unwell = {name: noted for name, noted in seen.store.browsers.items() if not noted.well}
    # A pool that is noted no more went with its run; whether that is there is another check's.
    lasting = [
        (name, noted)
        for name, noted in unwell.items()
        if seen.at - noted.at < timedelta(minutes=2) and seen.at - noted.since > timedelta(seconds=20)
    ]
    if lasting:
        name, noted = lasting[0]
        told = f"no browser of {name} has worked for {ago(noted.since, seen.at)}: {noted.told}"
        yield failing(Kind.BROWSERS, told)
    else:
        yield ok(Kind.BROWSERS, "browsers start, and none is left behind")


RULE = Rule(
    kind=Kind.BROWSERS,
    judge=judge,
    remedies=(Remedy.REAP_BROWSERS, Remedy.RENEW_BROWSERS, Remedy.RENEW_BROWSERS),
    first_aid="Check the machine's memory, then start the browser by hand: 'steadypost doctor' names it.",
)
