"""What is to be looked for, and everything needed to recognise it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, func, select, text

from steadypost.domain.delivery import Delivery, State
from steadypost.domain.evidence import (
    Wanted,
)
from steadypost.domain.network import Name
from steadypost.domain.outcome import Published
from steadypost.domain.parts import PartState
from steadypost.domain.remote_id import RemoteId
from steadypost.domain.waits import MOST_LOOKS
from steadypost.networks import named
from steadypost.store import attempts as attempt_rows
from steadypost.store import deliveries as delivery_rows
from steadypost.store import variants
from steadypost.store.attempts import Attempt
from steadypost.store.deliveries import Kept
from steadypost.store.schema import (
    UNCONFIRMED,
    UNSETTLED,
    UNVERIFIED,
    accounts,
    attempts,
    deliveries,
    delivery_parts,
    evidence,
    posts,
)

DUE_AT_ONCE = 1000
"""How many of an account's unconfirmed deliveries are handed out at a time, the longest waiting first."""


MOST_KNOWN = 20
"""How many published posts a list is held against."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsettled:
    """A delivery to look for, and everything needed to recognise it."""

    delivery_id: int
    account: str
    channel: str
    handle: str
    published: bool
    """Whether it is published already, and only to be seen by a look."""
    looks: int
    """How many looks have not settled it."""
    next_at: datetime
    """For when its next look is planned."""
    wanted: tuple[Wanted, ...]
    ids: Mapping[int, RemoteId]
    """The ids its parts have, by part."""
    attempt: Attempt
    """Its latest attempt: the one that is unconfirmed."""
    reworded_until: datetime | None = None
    """Until when it may have been asked for in other words (since a restored backup). ``None``: these are its words."""


def accounts_due(connection: Connection, now: datetime, most_looks: int = MOST_LOOKS) -> frozenset[str]:
    """Name the accounts of which something is to be looked for now, however much another has that no look settles."""
    found = (select(deliveries.c.account).where(each).distinct() for each in _due(now, most_looks))
    return frozenset(name for query in found for name in connection.scalars(query))


def due(connection: Connection, account: str, now: datetime, most_looks: int = MOST_LOOKS) -> list[Unsettled]:
    """List what is to be looked for now of one account: one read of its timeline serves all of it."""
    found: list[int] = []
    for each in _due(now, most_looks):
        query = select(deliveries.c.id).where(each, deliveries.c.account == account)
        found += connection.scalars(query.order_by(deliveries.c.next_at).limit(DUE_AT_ONCE)).all()
    return _unsettled(connection, found)


def _due(now: datetime, most_looks: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Say what is unconfirmed, and what is published and not seen yet, for which a look is planned."""
    is_time = deliveries.c.next_at <= now
    return (
        and_(text(UNCONFIRMED), is_time),
        and_(text(UNVERIFIED), is_time, deliveries.c.looks < most_looks),
    )


def _unsettled(connection: Connection, ids: list[int]) -> list[Unsettled]:
    if not ids:
        return []
    every = delivery_rows.several(connection, ids)
    post_ids = {kept.delivery.post_id for kept in every}
    targets = {
        row.id: row.reply_to
        for row in connection.execute(select(posts.c.id, posts.c.reply_to).where(posts.c.id.in_(post_ids)))
    }
    owners = {row.name: row for row in connection.execute(select(accounts))}
    network_of = {name: row.network for name, row in owners.items()}
    texts = variants.said(
        connection, {(kept.delivery.post_id, network_of[kept.delivery.account]) for kept in every}
    )
    latest = _latest_attempts(connection, every)
    began = attempt_rows.first_armed(connection, ids)
    strayed = _strayed(connection, began)
    unconfirmed = []
    for kept in every:
        delivery, owner = kept.delivery, owners[kept.delivery.account]
        published = delivery.state is State.PUBLISHED
        ids_of = {part.n: part.remote_id for part in delivery.parts if part.remote_id is not None}
        sought = [
            part.n
            for part in delivery.parts
            if part.state is (PartState.LIVE if published else PartState.ASKED)
        ]
        attempt = latest[delivery.id]
        first = began.get(delivery.id, attempt)
        unconfirmed.append(
            Unsettled(
                delivery_id=delivery.id,
                account=delivery.account,
                channel=owner.channel,
                handle=owner.handle,
                published=published,
                looks=delivery.looks,
                next_at=delivery.next_at,
                wanted=tuple(
                    Wanted(
                        delivery_id=delivery.id,
                        n=n,
                        network=named(owner.network),
                        handle=owner.handle,
                        text=texts[delivery.post_id, network_of[delivery.account]][n].text,
                        media=tuple(
                            one.alt for one in texts[delivery.post_id, network_of[delivery.account]][n].media
                        ),
                        began_at=first.began_at,
                        ended_at=attempt.ended_at,
                        offset=first.offset,
                        strayed=strayed.get(delivery.id, timedelta(0)),
                        answered=_answered(n, first, attempt),
                        name=_name(kept, n),
                        # An attempt that stands for what a backup does not know tells nothing of as whom it was made.
                        identity=attempt.appears.identity or first.appears.identity,
                        options=_options(first, attempt),
                        reply_to=targets[delivery.post_id] if n == 0 else ids_of.get(n - 1),
                        parent_known=n == 0 or n - 1 in ids_of,
                    )
                    for n in sought
                ),
                ids=ids_of,
                attempt=attempt,
                reworded_until=_reworded_until(delivery, attempt),
            )
        )
    return unconfirmed


def _strayed(connection: Connection, began: Mapping[int, Attempt]) -> dict[int, timedelta]:
    """Say how far looks have seen the network's clock from where it was when each was first armed, at most."""
    found: dict[int, timedelta] = {}
    seen = select(evidence.c.delivery_id, evidence.c.at, evidence.c.network_at).distinct()
    for row in connection.execute(seen.where(evidence.c.delivery_id.in_(began))):
        offset = began[row.delivery_id].offset
        if offset is not None and row.network_at is not None:
            apart = abs(row.network_at - row.at - offset.ahead)
            found[row.delivery_id] = max(apart, found.get(row.delivery_id, apart))
    return found


def _answered(n: int, *asked: Attempt) -> frozenset[RemoteId]:
    """Name the ids that the answers of these attempts gave to a part."""
    return frozenset(
        outcome.remote_id
        for one in asked
        if one.answer is not None
        for part, outcome in enumerate(one.answer.outcomes, start=one.answer.first)
        if part == n and isinstance(outcome, Published)
    )


def _reworded_until(delivery: Delivery, attempt: Attempt) -> datetime | None:
    """Say until when it may have been asked for in other words; what was not yet due is taken to have kept its own."""
    if attempt.restore_id is None or delivery.due_at > attempt.ended_at:
        return None
    return attempt.gone_at


def _name(kept: Kept, n: int) -> Name | None:
    if kept.key is None or kept.keyed_at is None:
        return None
    return Name(key=kept.key, keyed_at=kept.keyed_at, n=n)


def _options(first: Attempt, latest: Attempt) -> dict[str, str]:
    """Give how it was to go out, as far as all of its attempts agree: whichever of them is live shows that."""
    ours = first.appears.options
    return {name: value for name, value in latest.appears.options.items() if ours.get(name) == value}


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


def accounts_with_unconfirmed(connection: Connection) -> frozenset[str]:
    """Name the accounts that have an unconfirmed delivery."""
    return frozenset(connection.scalars(select(deliveries.c.account).where(text(UNCONFIRMED)).distinct()))


def unsettled(connection: Connection, account: str) -> list[Unsettled]:
    """List every delivery of an account with a part that may be live without a known id, also those being sent."""
    ids = connection.scalars(
        select(deliveries.c.id)
        .join(delivery_parts, delivery_parts.c.delivery_id == deliveries.c.id)
        .where(
            text(f"deliveries.{UNSETTLED}"),
            deliveries.c.account == account,
            delivery_parts.c.state == PartState.ASKED,
        )
        .distinct()
    ).all()
    return _unsettled(connection, list(ids))


def published_since(
    connection: Connection, account: str, *, since: datetime, until: datetime
) -> list[Unsettled]:
    """List what an account published between two moments and was not seen gone: what lists of it have to show."""
    ids = connection.scalars(
        select(deliveries.c.id)
        .where(
            deliveries.c.account == account,
            deliveries.c.state == State.PUBLISHED,
            deliveries.c.published_at.between(since, until),
        )
        .order_by(deliveries.c.published_at.desc())
        .limit(MOST_KNOWN)
    ).all()
    return _unsettled(connection, list(ids))
