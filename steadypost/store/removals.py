"""Posts that a person takes down: recorded with who and why before anything is asked, as done only by a look."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from steadypost.domain.change import can_be_taken_down
from steadypost.domain.delivery import Delivery, State
from steadypost.domain.remote_id import RemoteId
from steadypost.store import acts, variants
from steadypost.store import deliveries as delivery_rows
from steadypost.store.acts import By
from steadypost.store.errors import StoreError
from steadypost.store.schema import acts as act_rows

DID = "delete --from-network"
NOT_DONE = "delete --from-network: not done"

LOOKED_AT_AFTER = timedelta(minutes=10)
"""How long after its begin a look may settle a removal without an end: longer than one takes."""


class CannotBeTakenDown(StoreError):
    """Nothing of it can be taken down in its present state."""

    def __init__(self, delivery_id: int, why: str, remedy: str) -> None:
        super().__init__(f"delivery {delivery_id} cannot be taken down: {why}", remedy=remedy)


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePart:
    """One part that has an id."""

    n: int
    id: RemoteId
    text: str
    """What we said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What is to be taken down of one delivery."""

    delivery: Delivery
    parts: tuple[LivePart, ...]
    """The last first: what is left without an end should be the fewest, and a network may hide replies to a gone post.
    """


def planned(connection: Connection, delivery_id: int) -> Removal:
    """Say what would be taken down; raises ``CannotBeTakenDown``."""
    return _removal(connection, delivery_rows.one(connection, delivery_id).delivery)


def begin(connection: Connection, delivery_id: int, *, by: By, now: datetime) -> Removal:
    """Write down that a person takes it down, before anything is asked for."""
    kept = delivery_rows.one(connection, delivery_id, lock=True)
    removal = _removal(connection, kept.delivery)
    if kept.delivery.state is State.PUBLISHED:
        after = replace(kept.delivery, next_at=now + LOOKED_AT_AFTER, looks=0)
        delivery_rows.keep(connection, kept, after, now, verified_at=None)
    acts.record(connection, did=DID, by=by, before=kept.delivery.state, after=kept.delivery, now=now)
    return removal


def gone(connection: Connection, delivery_id: int, *, by: By, now: datetime) -> Delivery:
    """Write down that looks at their own addresses have shown all of its posts gone."""
    kept = delivery_rows.one(connection, delivery_id, lock=True)
    why = words(by)
    if kept.delivery.state is State.REMOVED:
        after = replace(kept.delivery, why=why)
    else:
        after = kept.delivery.move(State.REMOVED, why=why, cause=None)
    delivery_rows.keep(connection, kept, after, now, quietly=True)
    acts.record(connection, did=DID, by=by, before=kept.delivery.state, after=after, now=now)
    return after


def not_done(connection: Connection, delivery_id: int, *, by: By, now: datetime) -> None:
    """Write down that a look has shown a post of it still there after all."""
    kept = delivery_rows.one(connection, delivery_id, lock=True)
    acts.record(connection, did=NOT_DONE, by=by, before=kept.delivery.state, after=kept.delivery, now=now)


def words(by: By) -> str:
    """Say why it is not live any more."""
    return f"{by.name} took it down" + (f": {by.why}" if by.why else "")


def taken_down(connection: Connection, delivery_ids: Collection[int]) -> dict[int, By]:
    """Name those of these deliveries that a person took down, or began to, and who and why."""
    if not delivery_ids:
        return {}
    latest = (
        select(func.max(act_rows.c.id))
        .where(act_rows.c.delivery_id.in_(list(delivery_ids)), act_rows.c.did.in_([DID, NOT_DONE]))
        .group_by(act_rows.c.delivery_id)
    )
    rows = connection.execute(select(act_rows).where(act_rows.c.id.in_(latest), act_rows.c.did == DID))
    return {row.delivery_id: By(name=row.by, why=row.why) for row in rows}


def _removal(connection: Connection, delivery: Delivery) -> Removal:
    bar = can_be_taken_down(delivery)
    if bar is not None:
        raise CannotBeTakenDown(delivery.id, bar.why, bar.remedy)
    said = variants.said_by(connection, delivery.post_id, delivery.account)
    parts = [
        LivePart(n=part.n, id=part.remote_id, text=said[part.n].text)
        for part in reversed(delivery.parts)
        if part.remote_id is not None
    ]
    return Removal(delivery=delivery, parts=tuple(parts))
