"""Who is on watch: one seat for each flow, taken over by whoever comes last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from steadypost.store.schema import watches


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One seat: who has it, since when, and when it was last heard of."""

    flow: str
    run_id: str
    since: datetime
    beat_at: datetime


def take(connection: Connection, flow: str, *, run_id: str, now: datetime) -> None:
    """Take the seat, whoever has it."""
    seat = {"run_id": run_id, "since": now, "beat_at": now}
    changed = connection.execute(update(watches).where(watches.c.flow == flow).values(**seat))
    if changed.rowcount == 0:
        connection.execute(insert(watches).values(flow=flow, **seat))


def beat(connection: Connection, flow: str, *, run_id: str, now: datetime) -> bool:
    """Say "still here"; ``False`` when somebody else has the seat."""
    changed = connection.execute(
        update(watches).where(watches.c.flow == flow, watches.c.run_id == run_id).values(beat_at=now)
    )
    return changed.rowcount == 1


def every(connection: Connection) -> list[Watch]:
    """List the seats by flow."""
    return [
        Watch(flow=row.flow, run_id=row.run_id, since=row.since, beat_at=row.beat_at)
        for row in connection.execute(select(watches).order_by(watches.c.flow))
    ]
