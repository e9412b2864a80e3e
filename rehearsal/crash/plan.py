"""What a worker of the rehearsal is told to do, as a file."""

from __future__ import annotations

import json
import signal
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

REACHED = "reached"
"""The file that a worker writes when it comes to its mark."""

READY = "ready"
"""The file that a worker writes when it stands ready to begin."""


ON = "on"
"""The file that lets a worker that was stopped at its mark go on."""

END = "end"
"""The file that tells a worker that no more is to come."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """One account of the sandbox, as its block says it."""

    handle: str
    session: dict[str, Any] = field(repr=False)
    per_hour: int
    settle_minutes: float


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One worker's orders."""

    name: str
    url: str
    """The store's address."""
    home: Path
    """Where its machine keeps browsers and the outbox."""
    folder: Path
    """Where this worker's own files are."""
    x: str
    """The sandbox's address."""
    people: dict[str, Person]
    browsers: int = 1
    publishes: bool = True
    looks: bool = True
    run_id: str = ""
    """The Prefect run it says it is."""
    mark: str = ""
    how: str = "SIGKILL"
    hasty: bool = True
    """Whether all waits are short. No rule is another for it; see ``worker.hasten``."""
    twice: bool = False
    """Whether every attempt is carried out twice at once, as Prefect may do with any task run."""
    go: Path | None = None
    """Open nothing before this file is there: a worker that is to take over is made ready ahead of time."""
    seed: int = 0
    off: tuple[str, ...] = ()
    """The switches that are turned off. None of them may cost a copy."""

    @property
    def signal(self) -> signal.Signals:
        """How it ends at its mark."""
        return signal.Signals[self.how]

    def write(self) -> Path:
        """Write the orders down; the file holds sessions of the sandbox only."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "plan.json"
        path.write_text(json.dumps(asdict(self), default=str))
        return path

    @classmethod
    def read(cls, path: Path) -> Plan:
        """Read what ``write`` wrote."""
        told = json.loads(path.read_text())
        told["people"] = {name: Person(**person) for name, person in told["people"].items()}
        told["off"] = tuple(told["off"])
        for name in ("home", "folder", "go"):
            told[name] = told[name] and Path(told[name])
        return cls(**told)
