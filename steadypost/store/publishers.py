"""The publishers, one on each machine: each reports every second that it runs and which accounts it could serve."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, select

from steadypost.store.schema import vitals as table
from steadypost.store.vitals import note

PUBLISHER = "publisher:"
"""What a publisher notes, under its machine's name."""

SILENT_AFTER = timedelta(seconds=10)
"""After this silence others work on its accounts: it reports each second, five where the store hangs. Claims keep
them apart.
"""

GONE_AFTER = timedelta(days=1)
"""After this the machine is forgotten."""


class Role(StrEnum):
    """The role of a publisher."""

    LEAD = "lead"
    """It has the lease of ``publish``, which the others see to."""

    STAND_IN = "stand-in"
    """It has that lease, without Prefect, and any run may take it over."""

    HELPER = "helper"
    """It has a lease of its own machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """One publisher, by its last heartbeat."""

    host: str
    run_id: str
    role: Role
    accounts: frozenset[str]
    """The accounts it could serve."""
    works_on: frozenset[str]
    """Those of them it serves."""
    at: datetime

    def is_heard(self, now: datetime, *, at: datetime | None = None) -> bool:
        """Whether it has reported lately: ``at`` by the listener's clock, else by its own."""
        return now - (at or self.at) <= SILENT_AFTER


def say(
    connection: Connection,
    host: str,
    *,
    run_id: str,
    role: Role,
    accounts: Collection[str],
    works_on: Collection[str],
    now: datetime,
) -> None:
    """Report that it runs, which accounts it could serve, and which of them it does."""
    told = json.dumps(
        {"run": run_id, "role": role, "accounts": sorted(accounts), "works_on": sorted(works_on)}
    )
    note(connection, f"{PUBLISHER}{host}", well=True, told=told, now=now)


def leave(connection: Connection, host: str, *, run_id: str) -> None:
    """Report that it ends, unless it was replaced: the others take its accounts at once."""
    found = {one.host: one for one in every(connection)}.get(host)
    if found is not None and found.run_id == run_id:
        connection.execute(delete(table).where(table.c.name == f"{PUBLISHER}{host}"))


def forget(connection: Connection, now: datetime) -> None:
    """Delete machines that are gone for good."""
    connection.execute(delete(table).where(table.c.name.like(f"{PUBLISHER}%"), table.c.at < now - GONE_AFTER))


def every(connection: Connection) -> list[Publisher]:
    """List them by machine, the silent ones included."""
    rows = connection.execute(select(table).where(table.c.name.like(f"{PUBLISHER}%")).order_by(table.c.name))
    return [_read(row.name.removeprefix(PUBLISHER), json.loads(row.told), row.at) for row in rows]


def _read(host: str, told: dict[str, Any], at: datetime) -> Publisher:
    return Publisher(
        host=host,
        run_id=told["run"],
        role=Role(told["role"]),
        accounts=frozenset(told["accounts"]),
        works_on=frozenset(told["works_on"]),
        at=at,
    )
