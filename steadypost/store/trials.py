"""The right to try a circuit while Prefect's API is away: one holder, for a bounded time. A trial submits nothing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, or_, select, update

from steadypost.store.schema import vitals

TRIAL = "trial:"
"""Under this and the circuit's name; ``at`` is when it is free again, ``told`` who has it until then."""


def take(connection: Connection, circuit: str, *, holder: str, now: datetime, until: datetime) -> bool:
    """Take the trial of a circuit unless another process has it."""
    name = f"{TRIAL}{circuit}"
    taken = connection.execute(
        update(vitals)
        .where(vitals.c.name == name, or_(vitals.c.at <= now, vitals.c.told == holder))
        .values(well=True, since=now, at=until, told=holder)
    )
    if taken.rowcount:
        return True
    if connection.scalar(select(vitals.c.name).where(vitals.c.name == name)) is not None:
        return False
    # Of two who insert, one fails on the name, and is judged anew.
    connection.execute(insert(vitals).values(name=name, well=True, since=now, at=until, told=holder))
    return True


def give_back(connection: Connection, circuit: str, *, holder: str, not_before: datetime | None) -> None:
    """End a trial. After a failure the next trial is not before ``not_before``."""
    mine = (vitals.c.name == f"{TRIAL}{circuit}", vitals.c.told == holder)
    if not_before is None:
        connection.execute(delete(vitals).where(*mine))
    else:
        connection.execute(update(vitals).where(*mine).values(at=not_before, told=""))
