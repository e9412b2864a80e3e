"""The cells of the matrix, as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import zip_longest
from typing import Any

DATABASES = ("sqlite", "postgresql")
KINDS = ("single", "thread", "reply")


class Wake(StrEnum):
    """When a worker that was stopped is let go on."""

    NEVER = "never"
    """It was killed."""
    LOCKED = "locked"
    """When its lease has run out, and nothing could be done about it: it holds the only lock."""
    RESCUED = "rescued"
    """When its lease has run out and another worker has taken the delivery from it."""
    SETTLED = "settled"
    """When everything has been settled by others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step at which a worker is ended: what it is called here, and in the fault catalogue."""

    name: str
    says: str
    mark: str = ""
    """The worker's own mark; without one it is ended from outside, when the network has the ask."""
    weather: tuple[Mapping[str, Any], ...] = ()
    kinds: tuple[str, ...] = KINDS


LOST: Mapping[str, Any] = {"fault": "drop_response", "account": "alice", "count": 1}
"""An answer is lost, so that there is something to look for."""

STAGES = (
    Stage(name="claiming", mark="claiming", says="within the claim's transaction"),
    Stage(name="claimed", mark="claimed", says="after claim"),
    Stage(name="opened", mark="opened", says="after browser open"),
    Stage(name="composed", mark="composed", says="after typing"),
    Stage(name="arming", mark="arming", says="within the intent's transaction"),
    Stage(name="armed", mark="armed", says="after intent write"),
    Stage(name="before-click", mark="before_click", says="just before click"),
    Stage(name="after-click", mark="after_click", says="just after click"),
    Stage(
        name="asked",
        says="the post is live and its answer on the way",
        weather=({"fault": "delay_after_create", "account": "alice", "count": 1, "params": {"seconds": 4}},),
    ),
    Stage(
        name="creating",
        says="the network has the ask and makes the post only after the worker's death",
        weather=({"fault": "delay_before_create", "account": "alice", "count": 1, "params": {"seconds": 2}},),
    ),
    Stage(name="answered", mark="known_0", says="after response", kinds=("single", "reply")),
    Stage(name="between-1-and-2", mark="known_0", says="between thread parts", kinds=("thread",)),
    Stage(name="between-2-and-3", mark="known_1", says="between thread parts", kinds=("thread",)),
    Stage(name="answered", mark="known_2", says="after response", kinds=("thread",)),
    Stage(name="kept", mark="kept", says="the answer is in the outbox and not in the store"),
    Stage(name="recording", mark="recording", says="within the result's transaction"),
    Stage(name="recorded", mark="recorded", says="after result write"),
    Stage(name="cleaned", mark="cleaned", says="after clean-up"),
    Stage(name="looking", mark="looking", says="during read-back", weather=(LOST,)),
    Stage(name="looked", mark="looked", says="after read-back, nothing written", weather=(LOST,)),
    Stage(name="settling", mark="settling", says="during reconciliation write", weather=(LOST,)),
    Stage(name="settled", mark="settled", says="after reconciliation write", weather=(LOST,)),
)
"""In the order of an attempt's life."""

IN_TRANSACTION = frozenset({"claiming", "arming", "recording", "settling"})
"""Where a worker holds a lock of the database."""

UNLEASED = frozenset({"recorded", "cleaned", "looking", "looked", "settling", "settled"})
"""Where there is no lease to run out: another person settles it, or it is settled already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell: what is published, on which database, and what befalls the worker."""

    act: str
    """``kill``, ``stop``, or how several workers get into each other's way."""
    kind: str
    database: str
    stage: Stage | None = None
    wake: Wake = Wake.NEVER
    fast: bool = False
    """Whether it is one of those that every run of the tests plays."""
    weather: tuple[Mapping[str, Any], ...] = field(default=())

    @property
    def name(self) -> str:
        """Name the cell, so that it can be played alone."""
        words = [self.act, *([self.stage.name] if self.stage else []), self.kind, self.database]
        if self.wake is not Wake.NEVER:
            words.append(f"wakes-{self.wake}")
        return "-".join(words)


def every() -> list[Cell]:
    """List all cells: workers in each other's way, then kills and stops, every step once before any a second time."""
    return [*_crowds(), *_spread(list(_kills())), *_spread(list(_stops()))]


def _spread(cells: Sequence[Cell]) -> list[Cell]:
    """Put the cells in an order that meets every step early, each with another database and another kind."""
    by_step: dict[str, list[Cell]] = {}
    for cell in cells:
        by_step.setdefault(cell.stage.name if cell.stage else "", []).append(cell)
    turned = [
        of_one[n % len(of_one) :] + of_one[: n % len(of_one)] for n, of_one in enumerate(by_step.values())
    ]
    return [cell for turn in zip_longest(*turned) for cell in turn if cell is not None]


FAST = (
    "kill-claimed-single-sqlite",
    "kill-armed-thread-postgresql",
    "kill-asked-single-sqlite",
    "kill-between-1-and-2-thread-sqlite",
    "kill-kept-reply-postgresql",
    "kill-settling-single-postgresql",
    "stop-composed-single-sqlite-wakes-settled",
    "twice-single-sqlite",
)
"""One of each sort, for every run of the tests."""


def _kills() -> Iterator[Cell]:
    for stage in STAGES:
        for kind in stage.kinds:
            for database in DATABASES:
                yield Cell(act="kill", stage=stage, kind=kind, database=database)


def _stops() -> Iterator[Cell]:
    for stage in STAGES:
        if not stage.mark or (stage.name == "looking"):
            continue
        kind = stage.kinds[0] if "thread" not in stage.kinds or len(stage.kinds) > 1 else "thread"
        for database in DATABASES:
            for wake in _wakes(stage, database):
                yield Cell(act="stop", stage=stage, kind=kind, database=database, wake=wake)


def _wakes(stage: Stage, database: str) -> Sequence[Wake]:
    if stage.name in IN_TRANSACTION and database == "sqlite":
        # One writer at a time: nothing can be settled before it goes on.
        return [Wake.LOCKED]
    if stage.name in UNLEASED or stage.name == "claiming":
        return [Wake.SETTLED]
    return [Wake.RESCUED, Wake.SETTLED]


def _crowds() -> Iterator[Cell]:
    slow = ({"fault": "delay_after_create", "params": {"seconds": 1.5}, "rate": 0.5},)
    for database in DATABASES:
        yield Cell(act="race", kind="single", database=database, weather=slow)
        yield Cell(act="twins", kind="single", database=database, weather=slow)
        for kind in KINDS:
            yield Cell(
                act="twice",
                kind=kind,
                database=database,
                weather=({"fault": "delay_after_create", "params": {"seconds": 3}},),
            )
