"""Which runs live: with a process here, on watch, or heard of from another machine through what it writes down.

Where that cannot be read, no run is called dead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from steadypost.domain.observed import RunSeen


class Heard:
    """When others were last heard of, by the clock of the one who listens.

    What they write is dated by clocks of theirs, which may be off by minutes. That a sign has changed says that its
    writer lives, whatever the sign says of the time.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[datetime, datetime]] = {}
        """By name: what was written last, and when that was first seen."""

    def at(self, name: str, written: datetime, now: datetime, *, oldest: timedelta | None = None) -> datetime:
        """Say when a sign came. Of one that is seen for the first time nothing else is known than what it says.

        ``oldest`` is how old such a one counts at the most: so long that a living writer has time to write another.
        """
        before = self._known.pop(name, None)
        if before is None:
            came = min(written, now)
            came = came if oldest is None else max(came, now - oldest)
        else:
            # A clock that was set back since must not make it come from the future.
            came = min(before[1], now) if before[0] == written else now
        self._known[name] = (written, came)
        if len(self._known) > MOST_HEARD:
            del self._known[next(iter(self._known))]
        return came


MOST_HEARD = 5000
"""How many others are remembered; the one that was asked about longest ago is forgotten first."""


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
