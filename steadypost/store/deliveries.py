"""Deliveries and their parts: read as the domain's values, written back only over what was read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, bindparam, select, update

from steadypost.domain.delivery import Delivery, State, WhenLate
from steadypost.domain.outcome import Cause
from steadypost.domain.parts import DeliveryPart, PartState
from steadypost.domain.post import Media, Part
from steadypost.domain.remote_id import RemoteId
from steadypost.store import notices, transitions
from steadypost.store.errors import UnknownDelivery, WriteMissed
from steadypost.store.media import media_of
from steadypost.store.schema import deliveries, delivery_parts, foreign_posts, post_media, post_parts

# What each post runs is built once: building a statement takes several times what executing it does.
_SEVERAL: BindParameter[Any] = bindparam("several", expanding=True)
_ONE = select(deliveries).where(deliveries.c.id == bindparam("which"))
_ONE_LOCKED = _ONE.with_for_update()
_PARTS = (
    select(delivery_parts)
    .where(delivery_parts.c.delivery_id.in_(_SEVERAL))
    .order_by(delivery_parts.c.delivery_id, delivery_parts.c.n)
)
_MEDIA = select(post_media).where(post_media.c.post_id.in_(_SEVERAL)).order_by(post_media.c.position)
_TEXTS = select(post_parts).where(post_parts.c.post_id.in_(_SEVERAL)).order_by(post_parts.c.n)
_KEEP = update(deliveries).where(
    deliveries.c.id == bindparam("which"),
    deliveries.c.fence == bindparam("fence_read"),
    deliveries.c.state == bindparam("state_read"),
)
_KEEP_PART = update(delivery_parts).where(
    delivery_parts.c.delivery_id == bindparam("which"),
    delivery_parts.c.n == bindparam("part"),
    delivery_parts.c.state == bindparam("state_read"),
)
_NOT_BY_HAND = foreign_posts.delete().where(
    foreign_posts.c.account == bindparam("whose"), foreign_posts.c.remote_id == bindparam("made")
)
_TAKEN = select(delivery_parts.c.remote_id, delivery_parts.c.delivery_id).where(
    delivery_parts.c.account == bindparam("whose"), delivery_parts.c.remote_id.in_(_SEVERAL)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A stored delivery: the domain's value, and what only the store needs."""

    delivery: Delivery
    fence: int
    """The number of its latest claim. The answer of an attempt with a smaller one is ignored."""
    worker: str | None
    lease_until: datetime | None
    repeats: int | None
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None
    verified_at: datetime | None
    key: str | None = None
    """What its posts are named by, where a network takes names; chosen when it is claimed."""
    keyed_at: datetime | None = None
    held_for: str | None = None
    """Why it came in held, where that is its wording."""


def one(connection: Connection, delivery_id: int, *, lock: bool = False) -> Kept:
    """Read one delivery with its parts; ``lock`` keeps it until this transaction ends."""
    row = connection.execute(_ONE_LOCKED if lock else _ONE, {"which": delivery_id}).one_or_none()
    if row is None:
        raise UnknownDelivery(delivery_id)
    return _kept(row, parts_of(connection, [delivery_id])[delivery_id])


def several(connection: Connection, ids: Sequence[int]) -> list[Kept]:
    """Read several deliveries with their parts, in the order of ``ids``."""
    rows = {row.id: row for row in connection.execute(select(deliveries).where(deliveries.c.id.in_(ids)))}
    parts = parts_of(connection, ids)
    return [_kept(rows[one_id], parts[one_id]) for one_id in ids if one_id in rows]


def parts_of(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[DeliveryPart, ...]]:
    """Read the parts of several deliveries."""
    found: defaultdict[int, list[DeliveryPart]] = defaultdict(list)
    for row in connection.execute(_PARTS, {"several": list(ids)}):
        part = DeliveryPart(n=row.n, state=PartState(row.state), remote_id=row.remote_id)
        found[row.delivery_id].append(part)
    return {one_id: tuple(found[one_id]) for one_id in ids}


def said(connection: Connection, post_ids: Collection[int]) -> dict[int, tuple[Part, ...]]:
    """Read what several posts say, part by part."""
    media: defaultdict[tuple[int, int], list[Media]] = defaultdict(list)
    for row in connection.execute(_MEDIA, {"several": list(post_ids)}):
        media[row.post_id, row.n].append(media_of(row))
    parts: defaultdict[int, list[Part]] = defaultdict(list)
    for row in connection.execute(_TEXTS, {"several": list(post_ids)}):
        parts[row.post_id].append(Part(text=row.text, media=tuple(media[row.post_id, row.n])))
    return {post_id: tuple(found) for post_id, found in parts.items()}


def keep(
    connection: Connection,
    before: Kept,
    after: Delivery,
    now: datetime,
    *,
    quietly: bool = False,
    **more: Any,
) -> None:
    """Write a delivery over the one that was read, and over no other.

    Not being sent, it has no worker and no lease; just published, it gets the time. ``quietly``: a person did it, so no
    message.
    """
    values: dict[str, Any] = {
        "state": after.state,
        "next_at": after.next_at,
        "attempts": after.attempts,
        "broken": after.broken,
        "deferred": after.deferred,
        "looks": after.looks,
        "cause": after.cause,
        "why": after.why,
        "updated_at": now,
    }
    if after.late_after != before.delivery.late_after:
        late = after.late_after
        values["late_after_s"] = None if late is None else round(late.total_seconds())
        values["late_at"] = None if late is None else after.due_at + late
    if after.state is not State.SENDING:
        values |= {"worker": None, "lease_until": None}
    read = {"which": after.id, "fence_read": before.fence, "state_read": before.delivery.state}
    changed = connection.execute(_KEEP, values | more | read)
    expect(f"keeping delivery {after.id}", 1, changed.rowcount)
    _keep_parts(connection, before.delivery, after)
    if after.state is not before.delivery.state:
        transitions.record(
            connection,
            account=after.account,
            delivery_id=after.id,
            before=before.delivery.state,
            after=after.state,
            cause=after.cause,
            now=now,
        )
    if quietly:
        return
    unseen_since = before.published_at if before.verified_at is None else None
    notices.of_delivery(
        connection, before.delivery.state, after, unseen_since=unseen_since, fence=before.fence, now=now
    )


def _keep_parts(connection: Connection, before: Delivery, after: Delivery) -> None:
    for old, new in zip(before.parts, after.parts, strict=True):
        if new == old:
            continue
        read = {"which": after.id, "part": new.n, "state_read": old.state}
        changed = connection.execute(_KEEP_PART, {"state": new.state, "remote_id": new.remote_id, **read})
        expect(f"keeping part {new.n} of delivery {after.id}", 1, changed.rowcount)
        if new.remote_id is not None:
            _is_ours(connection, after.account, new.remote_id)


def _is_ours(connection: Connection, account: str, remote_id: RemoteId) -> None:
    """Remove the manual entry of a post that turned out to be ours, so that it counts once."""
    connection.execute(_NOT_BY_HAND, {"whose": account, "made": remote_id})


def taken(
    connection: Connection, account: str, among: Collection[str], *, but: int | None = None
) -> dict[RemoteId, int]:
    """Find which of these ids belong to other deliveries of the account."""
    if not among:
        return {}
    rows = connection.execute(_TAKEN, {"whose": account, "several": list(among)})
    return {row.remote_id: row.delivery_id for row in rows if row.delivery_id != but}


def expect(what: str, expected: int, changed: int) -> None:
    """Hold a write to the number of rows it was meant to change."""
    if changed != expected:
        raise WriteMissed(what, expected=expected, changed=changed)


def _kept(row: Row[Any], parts: tuple[DeliveryPart, ...]) -> Kept:
    return Kept(
        delivery=Delivery(
            id=row.id,
            post_id=row.post_id,
            account=row.account,
            state=State(row.state),
            due_at=row.due_at,
            next_at=row.next_at,
            parts=parts,
            late_after=None if row.late_after_s is None else timedelta(seconds=row.late_after_s),
            when_late=WhenLate(row.when_late),
            attempts=row.attempts,
            broken=row.broken,
            deferred=row.deferred,
            looks=row.looks,
            cause=Cause(row.cause) if row.cause else None,
            why=row.why,
        ),
        fence=row.fence,
        worker=row.worker,
        lease_until=row.lease_until,
        repeats=row.repeats,
        created_at=row.created_at,
        updated_at=row.updated_at,
        published_at=row.published_at,
        verified_at=row.verified_at,
        key=row.key,
        keyed_at=row.keyed_at,
        held_for=row.held_for,
    )
