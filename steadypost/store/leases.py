"""Leases: how long a worker keeps what it holds."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, select, text, update

from steadypost.store import attempts as attempt_rows
from steadypost.store.schema import (
    SENDING,
    attempts,
    deliveries,
)

LONGEST_HOLD = timedelta(minutes=10)
"""The longest an attempt is held, however often its worker renews: several times what one may take."""


def renew(
    connection: Connection,
    *,
    worker: str,
    now: datetime,
    lease: timedelta,
    in_hand: Collection[int] | None = None,
) -> int:
    """Extend what a worker holds and has not lost; answer how many that are.

    Only attempts ``in_hand``, none for longer than ``LONGEST_HOLD``: a claim whose confirmation was lost must run out.
    """
    held = (
        select(deliveries.c.id, attempts.c.id.label("attempt_id"), attempts.c.claimed_at)
        .join(
            attempts, and_(attempts.c.delivery_id == deliveries.c.id, attempts.c.fence == deliveries.c.fence)
        )
        .where(text(f"deliveries.{SENDING}"), deliveries.c.worker == worker, deliveries.c.lease_until > now)
        .order_by(deliveries.c.id)
    )
    if in_hand is not None:
        held = held.where(attempts.c.id.in_(list(in_hand)))
    rows = connection.execute(held.with_for_update(of=deliveries)).all()
    for row in rows:
        until = min(now + lease, row.claimed_at + LONGEST_HOLD)
        longer = connection.execute(
            update(deliveries)
            .where(deliveries.c.id == row.id, deliveries.c.lease_until < until)
            .values(lease_until=until)
        )
        if longer.rowcount:
            attempt_rows.note(connection, row.attempt_id, lease_until=until)
    return len(rows)
