"""What looking, probing and watching keep for themselves between two rounds of one process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import psutil

from steadypost.browser import Pool
from steadypost.domain.circuit import Ticket
from steadypost.domain.circuit.catalogue import Dependency


@dataclass(frozen=True, kw_only=True)
class Unseen:
    """An account that could not be looked at: how often in a row, and when to try again."""

    times: int
    until: datetime


@dataclass(kw_only=True)
class Looking:
    """Which accounts a process has looked at."""

    at: dict[str, float] = field(default_factory=dict)
    """When each account was last looked at, by a steady clock: who waited longest comes first."""
    unseen: dict[str, Unseen] = field(default_factory=dict)
    """The accounts whose last look saw nothing at all, and when to look again."""


@dataclass(kw_only=True)
class Probing:
    """Which accounts a process has probed."""

    browsers: Pool | None = None
    """The browser of the probes, so that a hanging page takes no publisher's slot; without one they borrow."""
    permits: dict[str, Mapping[Dependency, Ticket]] = field(default_factory=dict)
    """The permits for the trial of an account that is about to be made."""
    turns: dict[str, int] = field(default_factory=dict)
    """In which order the accounts were last probed."""
    resting: dict[str, datetime] = field(default_factory=dict)
    """The accounts whose last probe told nothing, and when to probe again."""


def _free_mb() -> float:
    return psutil.virtual_memory().available / 2**20


@dataclass(kw_only=True)
class Watching:
    """What a process knows of the machine and of the store it watches."""

    store_away_at: datetime | None = None
    """When the store was last away or took no heartbeat: until a while after, silence tells nothing."""
    free_memory: Callable[[], float] = _free_mb
    """How much memory this machine has left, in MB."""
    unshed: set[str] = field(default_factory=set)
    """What can wait and is not held back now."""
