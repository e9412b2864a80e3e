"""The quota's ledger: reservations of attempts, and posts that somebody made by hand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, func, insert, or_, select, text, update

from steadypost.domain.delivery import Delivery, PartState
from steadypost.domain.evidence import CLOCK_SKEW, SeenPost, same_text
from steadypost.domain.quota import DAY, Limits, Use
from steadypost.domain.snowflake import made_at, remote_id
from steadypost.store.deliveries import expect
from steadypost.store.schema import (
    SENDING,
    attempts,
    deliveries,
    delivery_parts,
    foreign_posts,
    post_parts,
    quota_uses,
)


def uses(connection: Connection, limits: Mapping[str, Limits], now: datetime) -> Mapping[str, list[Use]]:
    """Read what counts against the quota of each of these accounts now."""
    found: defaultdict[str, list[Use]] = defaultdict(list)
    back_to = now - max([DAY, *(limit.spacing for limit in limits.values())])
    # A full day of them is read before each claim: nothing that is not counted.
    taken = select(
        quota_uses.c.account, quota_uses.c.units, quota_uses.c.counted_at, quota_uses.c.unknown
    ).where(
        quota_uses.c.account.in_(list(limits)),
        quota_uses.c.released.is_(False),
        or_(quota_uses.c.counted_at.is_(None), quota_uses.c.counted_at > back_to),
    )
    for row in connection.execute(taken):
        found[row.account].append(Use(units=row.units, counted_at=row.counted_at, unknown=row.unknown))
    by_hand = select(foreign_posts.c.account, foreign_posts.c.made_at).where(
        foreign_posts.c.account.in_(list(limits)), foreign_posts.c.made_at > back_to
    )
    for row in connection.execute(by_hand):
        found[row.account].append(Use(units=1, counted_at=row.made_at))
    return found


def reserve(connection: Connection, *, account: str, attempt_id: int, units: int, now: datetime) -> None:
    """Take so many posts off the quota, before anything is touched."""
    connection.execute(
        insert(quota_uses).values(
            account=account,
            attempt_id=attempt_id,
            units=units,
            taken_at=now,
            unknown=False,
            released=False,
        )
    )


def follow(connection: Connection, *, attempt_id: int, first: int, delivery: Delivery, now: datetime) -> None:
    """Count of an attempt what is live or may be, and give the rest back.

    It counts from its end, the latest instant at which its posts can have become live, and that instant
    never moves backwards: an id that came to light may only show that it was later.
    """
    mine = [part for part in delivery.parts if part.n >= first]
    ids = [part.remote_id for part in mine if part.remote_id is not None]
    doubted = sum(part.state is PartState.ASKED for part in mine)
    units = len(ids) + doubted
    before = connection.execute(select(quota_uses).where(quota_uses.c.attempt_id == attempt_id)).one()
    newest = min(now, max(map(made_at, ids))) if ids else None
    ended = now if before.counted_at is None else max(before.counted_at, newest or before.counted_at)
    changed = connection.execute(
        update(quota_uses)
        .where(quota_uses.c.attempt_id == attempt_id)
        .values(units=units or before.units, counted_at=ended, unknown=doubted > 0, released=units == 0)
    )
    expect(f"settling the quota of attempt {attempt_id}", 1, changed.rowcount)


def _unsettled(connection: Connection, account: str) -> tuple[datetime | None, Sequence[str]]:
    """Give when the oldest attempt under way began, and what the deliveries in doubt want said."""
    since: datetime | None = connection.scalar(
        select(func.min(attempts.c.claimed_at))
        .join(
            deliveries,
            and_(deliveries.c.id == attempts.c.delivery_id, deliveries.c.fence == attempts.c.fence),
        )
        .where(deliveries.c.account == account, text(f"deliveries.{SENDING}"))
    )
    texts = connection.scalars(
        select(post_parts.c.text)
        .join(deliveries, deliveries.c.post_id == post_parts.c.post_id)
        .join(
            delivery_parts,
            and_(delivery_parts.c.delivery_id == deliveries.c.id, delivery_parts.c.n == post_parts.c.n),
        )
        .where(deliveries.c.account == account, delivery_parts.c.state == PartState.ASKED)
    ).all()
    return since, texts


def note_foreign(connection: Connection, account: str, seen: Collection[SeenPost], now: datetime) -> int:
    """Write down posts of the account that nobody here made; answer how many are new.

    What may be ours and is not known to be yet is left alone: anything as young as an attempt that is under
    way, and anything that says what a delivery in doubt wants said.
    """
    since, texts = _unsettled(connection, account)
    ids = {
        remote_id(post.id): post
        for post in seen
        if (since is None or made_at(post.id) < since - CLOCK_SKEW)
        and not any(same_text(text, post) for text in texts)
    }
    ours = select(delivery_parts.c.remote_id).where(
        delivery_parts.c.account == account, delivery_parts.c.remote_id.in_(list(ids))
    )
    known = select(foreign_posts.c.remote_id).where(
        foreign_posts.c.account == account, foreign_posts.c.remote_id.in_(list(ids))
    )
    new = set(ids) - set(connection.scalars(ours)) - set(connection.scalars(known))
    for one in sorted(new):
        connection.execute(
            insert(foreign_posts).values(
                account=account, remote_id=one, made_at=made_at(one), seen_at=now, text=ids[one].text
            )
        )
    return len(new)
