"""Deliveries past their time follow their late rule."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, select, text

from steadypost.domain.delivery import MOVES, State
from steadypost.store import deliveries as delivery_rows
from steadypost.store.engine import Database
from steadypost.store.schema import LATE_COUNTS, deliveries

LATE_AT_ONCE = 500
"""How many late deliveries one claim puts aside; the next takes more."""

_LATE = (
    select(deliveries.c.id)
    .where(text(LATE_COUNTS), deliveries.c.late_at < bindparam("now"))
    .limit(LATE_AT_ONCE)
)
"""Asked before each claim, so it is built once."""


def put_aside(database: Database, now: datetime) -> list[int]:
    """Apply the late rule to deliveries past their time; answer which."""
    with database.reading() as connection:
        late = connection.scalars(_LATE, {"now": now}).all()
    missed = []
    for delivery_id in late:
        with database.writing() as connection:
            kept = delivery_rows.one(connection, delivery_id, lock=True)
            if State.MISSED in MOVES[kept.delivery.state] and kept.delivery.is_late(now):
                after = kept.delivery.put_aside()
                if after != kept.delivery:
                    delivery_rows.keep(connection, kept, after, now)
                    missed.append(delivery_id)
    return missed
