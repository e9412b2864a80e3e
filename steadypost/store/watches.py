"""Which run is on watch: one lease for each flow, taken over by the newest run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from steadypost.store.schema import watches


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One lease: its holder, since when, and the last heartbeat."""

    flow: str
    run_id: str
    since: datetime
    heartbeat_at: datetime


def take(connection: Connection, flow: str, *, run_id: str, now: datetime) -> None:
    """Take the lease from its present holder."""
    lease = {"run_id": run_id, "since": now, "heartbeat_at": now}
    changed = connection.execute(update(watches).where(watches.c.flow == flow).values(**lease))
    if changed.rowcount == 0:
        connection.execute(insert(watches).values(flow=flow, **lease))


def replace(connection: Connection, flow: str, *, gone: str, by: str, now: datetime) -> bool:
    """Give a gone run's lease to another; ``False`` when a third has it by now."""
    changed = connection.execute(
        update(watches)
        .where(watches.c.flow == flow, watches.c.run_id == gone)
        .values(run_id=by, since=now, heartbeat_at=now)
    )
    return changed.rowcount == 1


def heartbeat(connection: Connection, flow: str, *, run_id: str, now: datetime) -> bool:
    """Send a heartbeat; ``False`` when another has the lease."""
    changed = connection.execute(
        update(watches).where(watches.c.flow == flow, watches.c.run_id == run_id).values(heartbeat_at=now)
    )
    return changed.rowcount == 1


def every(connection: Connection) -> list[Watch]:
    """List the leases by flow."""
    return [
        Watch(flow=row.flow, run_id=row.run_id, since=row.since, heartbeat_at=row.heartbeat_at)
        for row in connection.execute(select(watches).order_by(watches.c.flow))
    ]
