"""Looks: what is in doubt, what was seen of it, and what follows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from sqlalchemy import Connection, and_, func, insert, select, text

from steadypost.domain.delivery import Delivery, DeliveryPart, PartState, State
from steadypost.domain.evidence import Absent, CannotTell, Evidence, Present, Wanted
from steadypost.domain.snowflake import NotASnowflake, RemoteId, made_at, remote_id
from steadypost.store import attempts as attempt_rows
from steadypost.store import deliveries as delivery_rows
from steadypost.store import ledger, overtaken
from steadypost.store.attempts import Attempt
from steadypost.store.deliveries import Kept
from steadypost.store.schema import (
    UNCONFIRMED,
    UNVERIFIED,
    accounts,
    attempts,
    deliveries,
    delivery_parts,
    evidence,
    posts,
)

MOST_LOOKS = 20
"""After so many looks that settled nothing, a person is asked; of a published post no more is asked."""

DUE_AT_ONCE = 200
"""How many deliveries in doubt are handed out at a time, the longest waiting first."""

_SETTLEABLE = frozenset({State.UNCONFIRMED, State.NEEDS_REVIEW})


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A delivery to look for, and everything needed to recognise it."""

    delivery_id: int
    account: str
    channel: str
    handle: str
    published: bool
    """Whether it is published already, and only to be seen with own eyes."""
    looks: int
    """How many looks have not settled it."""
    wanted: tuple[Wanted, ...]
    ids: Mapping[int, RemoteId]
    """The ids its parts have, by part."""


def due(connection: Connection, now: datetime, most_looks: int) -> dict[str, list[Doubt]]:
    """List what is to be looked for now, by account: one read of a timeline serves all of an account's."""
    in_doubt = select(deliveries.c.id, deliveries.c.next_at).where(
        text(UNCONFIRMED), deliveries.c.next_at <= now
    )
    unseen = select(deliveries.c.id, deliveries.c.next_at).where(
        text(UNVERIFIED), deliveries.c.next_at <= now, deliveries.c.looks < most_looks
    )
    found: list[int] = []
    for query in (in_doubt, unseen):
        found += connection.scalars(query.order_by(deliveries.c.next_at).limit(DUE_AT_ONCE)).all()
    by_account: defaultdict[str, list[Doubt]] = defaultdict(list)
    for doubt in _doubts(connection, found):
        by_account[doubt.account].append(doubt)
    return dict(by_account)


def _doubts(connection: Connection, ids: list[int]) -> list[Doubt]:
    if not ids:
        return []
    every = delivery_rows.several(connection, ids)
    post_ids = {kept.delivery.post_id for kept in every}
    texts = delivery_rows.said(connection, post_ids)
    targets = {
        row.id: row.reply_to
        for row in connection.execute(select(posts.c.id, posts.c.reply_to).where(posts.c.id.in_(post_ids)))
    }
    owners = {row.name: row for row in connection.execute(select(accounts))}
    latest = _latest_attempts(connection, every)
    doubts = []
    for kept in every:
        delivery, owner = kept.delivery, owners[kept.delivery.account]
        published = delivery.state is State.PUBLISHED
        ids_of = {part.n: part.remote_id for part in delivery.parts if part.remote_id is not None}
        sought = [
            part.n
            for part in delivery.parts
            if part.state is (PartState.LIVE if published else PartState.ASKED)
        ]
        doubts.append(
            Doubt(
                delivery_id=delivery.id,
                account=delivery.account,
                channel=owner.channel,
                handle=owner.handle,
                published=published,
                looks=delivery.looks,
                wanted=tuple(
                    Wanted(
                        delivery_id=delivery.id,
                        n=n,
                        handle=owner.handle,
                        text=texts[delivery.post_id][n].text,
                        began_at=_began(latest[delivery.id], ids_of.get(n)),
                        ended_at=latest[delivery.id].ended_at,
                        reply_to=targets[delivery.post_id] if n == 0 else ids_of.get(n - 1),
                    )
                    for n in sought
                ),
                ids=ids_of,
            )
        )
    return doubts


def _began(attempt: Attempt, known: RemoteId | None) -> datetime:
    """Say how far back a list must reach: to the attempt, or to where the id itself says the post is."""
    return attempt.began_at if known is None else min(attempt.began_at, made_at(known))


def _latest_attempts(connection: Connection, every: list[Kept]) -> dict[int, Attempt]:
    # Not by the delivery's own fence: a person's word moves that on without making an attempt.
    newest = (
        select(attempts.c.delivery_id, func.max(attempts.c.fence).label("fence"))
        .where(attempts.c.delivery_id.in_([kept.delivery.id for kept in every]))
        .group_by(attempts.c.delivery_id)
        .subquery()
    )
    both = and_(attempts.c.delivery_id == newest.c.delivery_id, attempts.c.fence == newest.c.fence)
    rows = connection.execute(select(attempts).join(newest, both))
    return {row.delivery_id: attempt_rows.attempt_of(row) for row in rows}


def taken_ids(connection: Connection, account: str) -> frozenset[RemoteId]:
    """List the ids that belong to deliveries of an account."""
    rows = connection.scalars(
        select(delivery_parts.c.remote_id).where(
            delivery_parts.c.account == account, delivery_parts.c.remote_id.is_not(None)
        )
    )
    return frozenset(rows)


def saw(
    connection: Connection,
    delivery_id: int,
    found: Mapping[int, Evidence],
    *,
    now: datetime,
    next_at: datetime,
    most_looks: int,
) -> Delivery:
    """Write down what a look found of a delivery, and what follows from it.

    What is found is taken for ours at once. What is not found changes nothing by itself, however often:
    in the end a person is asked.
    """
    kept = delivery_rows.one(connection, delivery_id, lock=True)
    believed = _believed(connection, kept.delivery, found)
    _write_down(connection, delivery_id, believed, now)
    if kept.delivery.state is State.PUBLISHED:
        return _seen_again(connection, kept, believed, now, next_at)
    if kept.delivery.state not in _SETTLEABLE:
        # A person spoke, or it was claimed again, while we looked. What is there is there all the same.
        ids = {n: one.remote_id for n, one in believed.items() if isinstance(one, Present)}
        return overtaken.seen(connection, kept, ids, now) or kept.delivery
    return _settle(connection, kept, believed, now=now, next_at=next_at, most_looks=most_looks)


def _believed(
    connection: Connection, delivery: Delivery, found: Mapping[int, Evidence]
) -> dict[int, Evidence]:
    """Take a found id only when it is one, nobody else's, and not another than the part already has."""
    ids = {one.remote_id for one in found.values() if isinstance(one, Present)}
    taken = delivery_rows.taken(connection, delivery.account, ids, but=delivery.id)
    used = {part.remote_id: part.n for part in delivery.parts if part.remote_id is not None}
    believed: dict[int, Evidence] = {}
    for n, one in sorted(found.items()):
        doubt = _doubt(delivery, n, one.remote_id, taken, used) if isinstance(one, Present) else None
        if isinstance(one, Present) and doubt is None:
            used[one.remote_id] = n
        believed[n] = one if doubt is None else CannotTell(why=doubt)
    return believed


def _doubt(
    delivery: Delivery, n: int, given: RemoteId, taken: Mapping[RemoteId, int], used: Mapping[RemoteId, int]
) -> str | None:
    try:
        remote_id(given)
    except NotASnowflake as odd:
        return str(odd)
    if given in taken:
        return f"the id {given} belongs to delivery {taken[given]}"
    if used.get(given, n) != n:
        return f"the id {given} belongs to part {used[given]} of the same delivery"
    own = delivery.parts[n].remote_id
    if own not in {None, given}:
        return f"the id {given} says the same, but this part is {own}"
    return None


def _write_down(
    connection: Connection, delivery_id: int, found: Mapping[int, Evidence], now: datetime
) -> None:
    rows = [{"delivery_id": delivery_id, "n": n, "at": now, **_told(one)} for n, one in found.items()]
    if rows:
        connection.execute(insert(evidence), rows)


def _told(one: Evidence) -> dict[str, str | None]:
    match one:
        case Present(remote_id=given):
            return {"kind": "present", "remote_id": given, "why": ""}
        case Absent(why=why):
            return {"kind": "absent", "remote_id": None, "why": why}
        case CannotTell(why=why):
            return {"kind": "cannot_tell", "remote_id": None, "why": why}
        case _:
            assert_never(one)


def _seen_again(
    connection: Connection, kept: Kept, found: Mapping[int, Evidence], now: datetime, next_at: datetime
) -> Delivery:
    seen = all(isinstance(found.get(part.n), Present) for part in kept.delivery.parts)
    if seen:
        delivery_rows.keep(connection, kept, kept.delivery, now, verified_at=kept.verified_at or now)
        return kept.delivery
    after = replace(kept.delivery, looks=kept.delivery.looks + 1, next_at=next_at)
    delivery_rows.keep(connection, kept, after, now)
    return after


def _settle(
    connection: Connection,
    kept: Kept,
    found: Mapping[int, Evidence],
    *,
    now: datetime,
    next_at: datetime,
    most_looks: int,
) -> Delivery:
    delivery = _adopt(kept.delivery, found)
    after = _follows(delivery, now, next_at, most_looks)
    more = {}
    if after.state is State.PUBLISHED:
        ids = [part.remote_id for part in after.parts if part.remote_id is not None]
        more = {"published_at": min(now, max(map(made_at, ids))), "verified_at": now}
    delivery_rows.keep(connection, kept, after, now, **more)
    attempt = attempt_rows.latest(connection, kept)
    ledger.follow(connection, attempt_id=attempt.id, first=attempt.first_part, delivery=after, now=now)
    return after


def _adopt(delivery: Delivery, found: Mapping[int, Evidence]) -> Delivery:
    """Give the parts that were found their ids."""
    parts = []
    for part in delivery.parts:
        one = found.get(part.n)
        if isinstance(one, Present) and part.state is not PartState.LIVE:
            parts.append(DeliveryPart(n=part.n, state=PartState.LIVE, remote_id=one.remote_id))
        else:
            parts.append(part)
    return replace(delivery, parts=tuple(parts))


def _follows(delivery: Delivery, now: datetime, next_at: datetime, most_looks: int) -> Delivery:
    """Judge where a delivery stands after a look that gave its parts what ids it found."""
    doubted = any(part.state is PartState.ASKED for part in delivery.parts)
    if delivery.first_missing == len(delivery.parts):
        return delivery.move(State.PUBLISHED, broken=0, deferred=0, looks=0, cause=None, why="")
    if delivery.state is State.NEEDS_REVIEW:
        return delivery
    if not doubted and delivery.in_order:
        # Everything we asked for is there; what is missing was provably never sent.
        return delivery.move(State.PARTIAL, next_at=now, looks=0)
    looks = delivery.looks + 1
    if looks < most_looks and doubted:
        return replace(delivery, looks=looks, next_at=next_at)
    told = f"{looks} looks did not find it"
    return delivery.move(
        State.NEEDS_REVIEW, looks=looks, why=f"{delivery.why}; {told}" if delivery.why else told
    )
