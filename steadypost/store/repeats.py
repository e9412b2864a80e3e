"""What says the same as another post of its account, and what is held for what it says."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, or_, select

from steadypost.domain.delivery import State
from steadypost.domain.post import Post
from steadypost.store import variants
from steadypost.store.schema import deliveries, post_variants, posts

REPETITION_WITHIN = timedelta(days=30)
"""A post that says what one published so recently said is held for a person."""

_ON_ITS_WAY = [State.SCHEDULED, State.SENDING, State.PARTIAL, State.UNCONFIRMED, State.NEEDS_REVIEW]
"""What is live, may be, or will be: a second copy beside it would be a repetition."""


def which_repeat(
    connection: Connection, wanted: Collection[tuple[str, str]], now: datetime
) -> dict[tuple[str, str], int]:
    """Of these fingerprints, each with its account, say which would be held as a repetition, and of what."""
    networks = variants.networks(connection, {name for _, name in wanted})
    return looks_like(connection, wanted, networks, now)


def looks_like(
    connection: Connection,
    wanted: Collection[tuple[str, str]],
    network_of: Mapping[str, str],
    now: datetime,
    *,
    but: int | None = None,
) -> dict[tuple[str, str], int]:
    """Say which of these fingerprints is on its way or was published lately, and by what.

    ``but`` is the delivery in question; other times of its series say the same on purpose.
    """
    own = select(deliveries.c.post_id).where(deliveries.c.id == (but or 0)).scalar_subquery()
    marks = {fingerprint for fingerprint, _ in wanted}
    alike = (
        select(posts.c.id)
        .where(posts.c.fingerprint.in_(marks))
        .union(select(post_variants.c.post_id).where(post_variants.c.fingerprint.in_(marks)))
    )
    lately = deliveries.c.published_at > now - REPETITION_WITHIN
    rows = connection.execute(
        select(
            deliveries.c.id,
            deliveries.c.account,
            posts.c.fingerprint,
            post_variants.c.network,
            post_variants.c.fingerprint.label("own"),
        )
        .join(posts, posts.c.id == deliveries.c.post_id)
        .outerjoin(post_variants, post_variants.c.post_id == posts.c.id)
        .where(
            deliveries.c.post_id.in_(alike),
            deliveries.c.account.in_({account for _, account in wanted}),
            or_(
                deliveries.c.state.in_(_ON_ITS_WAY),
                (deliveries.c.state == State.PUBLISHED) & lately,
            ),
        )
        .where(deliveries.c.post_id != func.coalesce(own, 0))
        .order_by(deliveries.c.id)
    ).all()
    said = {(row.id, row.account): row.fingerprint for row in rows}
    said |= {(row.id, row.account): row.own for row in rows if row.network == network_of.get(row.account, "")}
    found: dict[tuple[str, str], int] = {}
    for (delivery_id, account), fingerprint in said.items():
        if (fingerprint, account) in wanted:
            found.setdefault((fingerprint, account), delivery_id)
    return found


def repeated(
    connection: Connection, post: Post, account: str, now: datetime, *, but: int | None = None
) -> int | None:
    """Find a delivery of the account that says the same and is live, may be, or will be."""
    network_of = variants.networks(connection, [account])
    mark = (post.fingerprint_for(network_of[account]), account)
    return looks_like(connection, {mark}, network_of, now, but=but).get(mark)


WORDING, REPEAT, APPROVAL = "wording", "repeat", "approval"
"""Why a delivery is held for its words; a second person's approval comes before everything else."""


def held_for(repeats: int | None, concern: str) -> str | None:
    """Name why a delivery is held for what it says; nothing when it is not."""
    if repeats is not None:
        return REPEAT
    return WORDING if concern else None


def held_because(repeats: int | None, concern: str) -> str:
    """Say the same to people."""
    said = [] if repeats is None else [f"says the same as delivery {repeats}"]
    return "; ".join([*said, *([concern] if concern else [])])
