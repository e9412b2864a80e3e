"""Every change of state, written in its transaction and told once, later, by any process."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, text, update

from steadypost.store.schema import UNTOLD, transitions

KEPT_FOR = timedelta(days=35)
"""How long what was told is kept."""

AT_ONCE = 200
"""How many are handed out at a time, the oldest first."""

_RECORD = insert(transitions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One change of state: a delivery's, or, without one, an account's."""

    id: int
    at: datetime
    account: str
    delivery_id: int | None
    before: str
    """Empty when it has just come in."""
    after: str
    cause: str | None


def record(
    connection: Connection,
    *,
    account: str,
    before: str,
    after: str,
    now: datetime,
    delivery_id: int | None = None,
    cause: str | None = None,
) -> None:
    """Write a change down."""
    change = {"delivery_id": delivery_id, "before": before, "after": after, "cause": cause}
    connection.execute(_RECORD, {"at": now, "account": account, **change})


def untold(connection: Connection, at_most: int = AT_ONCE) -> list[Transition]:
    """List what was not told yet, the oldest first."""
    rows = connection.execute(
        select(transitions).where(text(UNTOLD)).order_by(transitions.c.id).limit(at_most)
    )
    return [
        Transition(
            id=row.id,
            at=row.at,
            account=row.account,
            delivery_id=row.delivery_id,
            before=row.before,
            after=row.after,
            cause=row.cause,
        )
        for row in rows
    ]


def told(connection: Connection, ids: Collection[int], now: datetime) -> None:
    """Write down that these were told; what was told long ago is forgotten."""
    connection.execute(update(transitions).where(transitions.c.id.in_(list(ids))).values(told_at=now))
    connection.execute(delete(transitions).where(transitions.c.told_at < now - KEPT_FOR))
