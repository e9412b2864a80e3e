"""What persons did, and why: written in the transaction of the act, never changed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from steadypost.domain.delivery import Delivery, State
from steadypost.store.schema import acts

SOMEBODY = "somebody"
"""The name kept where none was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who acts, and why."""

    name: str = SOMEBODY
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One deed of a person."""

    id: int
    at: datetime
    by: str
    did: str
    """The command as it was given: ``release``, ``resolve --absent``."""
    why: str
    delivery_id: int | None
    account: str | None
    before: str
    after: str
    """The state it led to."""


def record(
    connection: Connection, *, did: str, by: By, before: State, after: Delivery, now: datetime
) -> None:
    """Record what a person did to a delivery."""
    connection.execute(
        insert(acts).values(
            at=now,
            by=by.name,
            did=did,
            why=by.why,
            delivery_id=after.id,
            account=after.account,
            before=before,
            after=after.state,
        )
    )


def of(connection: Connection, delivery_ids: Collection[int]) -> tuple[Act, ...]:
    """List the acts on these deliveries, the oldest first."""
    rows = connection.execute(
        select(acts).where(acts.c.delivery_id.in_(list(delivery_ids))).order_by(acts.c.id)
    )
    return tuple(
        Act(
            id=row.id,
            at=row.at,
            by=row.by,
            did=row.did,
            why=row.why,
            delivery_id=row.delivery_id,
            account=row.account,
            before=row.before,
            after=row.after,
        )
        for row in rows
    )
