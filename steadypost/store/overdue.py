"""What has been unconfirmed for too long, whatever kept looks from being taken. Needs only the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, text

from steadypost.domain.delivery import State
from steadypost.domain.waits import LONGEST_UNCONFIRMED
from steadypost.store import deliveries as delivery_rows
from steadypost.store import looks
from steadypost.store.schema import UNCONFIRMED, attempts, deliveries

AT_ONCE = 200
"""How many one sweep leaves to a person; the next takes more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """A delivery that has been unconfirmed for too long."""

    delivery_id: int
    account: str
    since: datetime
    """When its latest attempt ended, or was last known to be under way."""


def every(connection: Connection, now: datetime) -> list[Overdue]:
    """List what has been unconfirmed for longer than ``LONGEST_UNCONFIRMED``, the longest first."""
    # By the latest attempt, not by the delivery's own fence: whatever moves that on without an attempt hides nothing.
    newest = (
        select(attempts.c.delivery_id, func.max(attempts.c.fence).label("fence"))
        .join(deliveries, deliveries.c.id == attempts.c.delivery_id)
        .where(text(f"deliveries.{UNCONFIRMED}"))
        .group_by(attempts.c.delivery_id)
        .subquery()
    )
    since = func.coalesce(attempts.c.answered_at, attempts.c.rescued_at, attempts.c.lease_until)
    rows = connection.execute(
        select(deliveries.c.id, deliveries.c.account, since.label("since"))
        .join(newest, newest.c.delivery_id == deliveries.c.id)
        .join(
            attempts,
            (attempts.c.delivery_id == newest.c.delivery_id) & (attempts.c.fence == newest.c.fence),
        )
        .where(since <= now - LONGEST_UNCONFIRMED)
        .order_by(since, deliveries.c.id)
        .limit(AT_ONCE)
    )
    return [Overdue(delivery_id=row.id, account=row.account, since=row.since) for row in rows]


def ask_a_person(connection: Connection, delivery_id: int, why: str, now: datetime) -> bool:
    """Leave it to a person, with a notice in this transaction; ``False`` when it was settled meanwhile."""
    kept = delivery_rows.one(connection, delivery_id, lock=True)
    if kept.delivery.state is not State.UNCONFIRMED:
        return False
    seen = looks.last_seen(connection, delivery_id)
    told = f"{kept.delivery.why}; {why}{f'; the last look: {seen}' if seen else ''}".removeprefix("; ")
    delivery_rows.keep(connection, kept, kept.delivery.move(State.NEEDS_REVIEW, why=told), now)
    return True
