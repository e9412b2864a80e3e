"""How posts come in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, or_, select

from steadypost.domain.delivery import PartState, State, WhenLate
from steadypost.domain.post import Post
from steadypost.store import accounts as account_rows
from steadypost.store import transitions
from steadypost.store.errors import KeyTaken
from steadypost.store.schema import deliveries, delivery_parts, post_media, post_parts, post_tags, posts

REPETITION_WITHIN = timedelta(days=30)
"""A post that says what one published so recently said is held for a person."""

_ON_ITS_WAY = [State.SCHEDULED, State.SENDING, State.PARTIAL, State.UNCONFIRMED, State.NEEDS_REVIEW]
"""What is live, may be, or will be: a second copy beside it would be a repetition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A delivery that came in, or that was there before."""

    delivery_id: int
    account: str
    state: State
    repeats: int | None = None
    """The delivery it looks like, when it is held for that."""
    known: bool = False
    """Whether a post with the same key had come in before, so that nothing was added."""


def add(
    connection: Connection,
    post: Post,
    *,
    accounts: Sequence[str],
    due_at: datetime,
    late_after: timedelta | None,
    when_late: WhenLate,
    allow_repeat: bool,
    key: str | None,
    now: datetime,
) -> list[Added]:
    """Take a post in, with one delivery for each account, all or none."""
    # Locked, so that two who bring the same text at the same moment see each other.
    account_rows.lock_all(connection, accounts)
    known = _known(connection, key)
    if known:
        return known
    post_id = add_post(connection, post, key, now)
    added = []
    for account in dict.fromkeys(accounts):
        repeats = None if allow_repeat else _looks_like(connection, post, account, now)
        state = State.SCHEDULED if repeats is None else State.HELD
        delivery_id = add_delivery(
            connection,
            post=post,
            post_id=post_id,
            account=account,
            state=state,
            due_at=due_at,
            late_after=late_after,
            when_late=when_late,
            repeats=repeats,
            now=now,
        )
        added.append(Added(delivery_id=delivery_id, account=account, state=state, repeats=repeats))
    return added


def _known(connection: Connection, key: str | None) -> list[Added]:
    if key is None:
        return []
    rows = connection.execute(
        select(deliveries.c.id, deliveries.c.account, deliveries.c.state, deliveries.c.repeats)
        .join(posts, posts.c.id == deliveries.c.post_id)
        .where(posts.c.key == key)
        .order_by(deliveries.c.id)
    ).all()
    if not rows and connection.scalar(select(posts.c.id).where(posts.c.key == key)) is not None:
        # A series whose first time is too far off to be a delivery yet.
        raise KeyTaken(key)
    return [
        Added(
            delivery_id=row.id, account=row.account, state=State(row.state), repeats=row.repeats, known=True
        )
        for row in rows
    ]


def _looks_like(connection: Connection, post: Post, account: str, now: datetime) -> int | None:
    lately = deliveries.c.published_at > now - REPETITION_WITHIN
    found: int | None = connection.scalar(
        select(deliveries.c.id)
        .join(posts, posts.c.id == deliveries.c.post_id)
        .where(
            posts.c.fingerprint == post.fingerprint,
            deliveries.c.account == account,
            or_(
                deliveries.c.state.in_(_ON_ITS_WAY),
                (deliveries.c.state == State.PUBLISHED) & lately,
            ),
        )
        .order_by(deliveries.c.id)
        .limit(1)
    )
    return found


def add_post(connection: Connection, post: Post, key: str | None, now: datetime) -> int:
    """Write down what somebody wants said."""
    post_id: int = connection.execute(
        insert(posts)
        .values(
            reply_to=post.reply_to, source=post.source, key=key, fingerprint=post.fingerprint, created_at=now
        )
        .returning(posts.c.id)
    ).scalar_one()
    connection.execute(
        insert(post_parts),
        [{"post_id": post_id, "n": n, "text": part.text} for n, part in enumerate(post.parts)],
    )
    media = [
        {"post_id": post_id, "n": n, "position": at, "path": str(one.path), "kind": one.kind, "alt": one.alt}
        for n, part in enumerate(post.parts)
        for at, one in enumerate(part.media)
    ]
    if media:
        connection.execute(insert(post_media), media)
    if post.tags:
        connection.execute(insert(post_tags), [{"post_id": post_id, "tag": tag} for tag in sorted(post.tags)])
    return post_id


def add_delivery(
    connection: Connection,
    *,
    post: Post,
    post_id: int,
    account: str,
    state: State,
    due_at: datetime,
    late_after: timedelta | None,
    when_late: WhenLate,
    now: datetime,
    repeats: int | None = None,
) -> int:
    """Send a post on its way to one account, at its time."""
    counters = dict.fromkeys(("attempts", "broken", "deferred", "looks", "fence"), 0)
    delivery_id: int = connection.execute(
        insert(deliveries)
        .values(
            post_id=post_id,
            account=account,
            state=state,
            due_at=due_at,
            next_at=due_at,
            late_after_s=None if late_after is None else round(late_after.total_seconds()),
            late_at=None if late_after is None else due_at + late_after,
            when_late=when_late,
            why="" if repeats is None else f"says the same as delivery {repeats}",
            repeats=repeats,
            created_at=now,
            updated_at=now,
            units=len(post.parts),
            **counters,
        )
        .returning(deliveries.c.id)
    ).scalar_one()
    transitions.record(connection, account=account, delivery_id=delivery_id, before="", after=state, now=now)
    connection.execute(
        insert(delivery_parts),
        [
            {"delivery_id": delivery_id, "n": n, "state": PartState.WAITING, "account": account}
            for n in range(len(post.parts))
        ],
    )
    return delivery_id
