"""Which runs live: with a process here, on watch, or heard of from another machine through what it writes down.

Where that cannot be read, no run is called dead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from steadypost.domain.observed import RunSeen


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What the store tells of runs."""

    leases: frozenset[str] = frozenset()
    """The runs on watch. Whether those send heartbeats is judged by itself, and sooner."""
    heard: Mapping[str, datetime] = field(default_factory=dict)
    """When each run said that it is at work, by its id."""

    def last_of(self, run: RunSeen) -> datetime:
        """Say when there was last a sign of it; its own beginning is one."""
        return max(run.since, self.heard.get(run.id, run.since))


def is_dead(run: RunSeen, signs: Signs, now: datetime, silent: timedelta) -> bool:
    """Whether nothing has been a sign of its life for so long. Generous: clocks of machines differ by minutes."""
    return not run.here and run.id not in signs.leases and now - signs.last_of(run) > silent


def dead(runs: Iterable[RunSeen], signs: Signs, now: datetime, silent: timedelta) -> list[RunSeen]:
    """List those that only hold a place any more."""
    return [run for run in runs if is_dead(run, signs, now, silent)]


def alive_elsewhere(runs: Iterable[RunSeen], signs: Signs, now: datetime, silent: timedelta) -> list[RunSeen]:
    """List those that another machine carries out, as they say themselves; a run on watch is not spared by that."""
    return [
        run
        for run in runs
        if not run.here
        and run.id not in signs.leases
        and run.id in signs.heard
        and not is_dead(run, signs, now, silent)
    ]
