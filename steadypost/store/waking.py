"""Waking: what waited for a reason that is gone goes again now."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, exists, text, update

from steadypost.domain.outcome import Cause
from steadypost.store.schema import CLAIMABLE, attempts, deliveries


def wake(connection: Connection, account: str, causes: Collection[Cause], now: datetime) -> int:
    """Let an account's deliveries that wait for one of these causes go; answers how many.

    Only never armed ones: others may be waiting until a first copy can no longer come to life.
    """
    armed = exists().where(attempts.c.delivery_id == deliveries.c.id, attempts.c.armed_at.is_not(None))
    woken = connection.execute(
        update(deliveries)
        .where(
            text(CLAIMABLE),
            deliveries.c.account == account,
            deliveries.c.next_at > now,
            deliveries.c.cause.in_(sorted(causes)),
            ~armed,
        )
        .values(next_at=now, updated_at=now)
    )
    return woken.rowcount
