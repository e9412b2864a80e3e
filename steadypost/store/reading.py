"""Reading for people: the queue, the story of one delivery, and the counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, and_, func, or_, select, text

from steadypost.domain.delivery import Delivery, State
from steadypost.domain.evidence import Absent, CannotTell, Evidence, Present
from steadypost.domain.post import Post
from steadypost.domain.quota import Use
from steadypost.store import accounts as account_rows
from steadypost.store import acts as act_rows
from steadypost.store import attempts as attempt_rows
from steadypost.store import deliveries as delivery_rows
from steadypost.store import ledger, money, variants
from steadypost.store.acts import Act
from steadypost.store.attempts import Attempt
from steadypost.store.repeats import APPROVAL
from steadypost.store.schema import CLAIMABLE, attempts, deliveries, evidence, posts, quota_uses


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the queue."""

    delivery: Delivery
    text: str
    """What its first part says."""
    source: str
    repeats: int | None
    published_at: datetime | None
    verified_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One piece of evidence, when it was found, and of which part."""

    at: datetime
    n: int
    evidence: Evidence
    by: str = ""
    """Who looked, where it was a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaUse:
    """What one attempt took of its account's quota."""

    attempt_id: int
    units: int
    taken_at: datetime
    counted_at: datetime | None
    unknown: bool
    released: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Everything that is known of one delivery."""

    delivery: Delivery
    post: Post
    key: str | None
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None
    verified_at: datetime | None
    repeats: int | None
    fence: int
    worker: str | None
    lease_until: datetime | None
    attempts: tuple[Attempt, ...]
    looks: tuple[Look, ...]
    quota: tuple[QuotaUse, ...]
    acts: tuple[Act, ...]
    """What persons did to it."""
    wants_yes: bool = False
    """Whether it waits for a second person's approval."""
    worded_by: str = ""
    """Who wrote what it says now."""


def queue(
    connection: Connection, *, state: State | None = None, account: str | None = None, limit: int = 100
) -> list[Entry]:
    """List deliveries by the moment they are due."""
    query = select(deliveries.c.id).order_by(deliveries.c.due_at, deliveries.c.id).limit(limit)
    if state is not None:
        query = query.where(deliveries.c.state == state)
    if account is not None:
        query = query.where(deliveries.c.account == account)
    return entries(connection, connection.scalars(query).all())


def coming(connection: Connection, limit: int) -> list[Entry]:
    """List the next deliveries that go out by themselves, or are doing so."""
    query = (
        select(deliveries.c.id)
        .where(deliveries.c.state.in_([State.SCHEDULED, State.SENDING, State.PARTIAL]))
        .order_by(deliveries.c.due_at, deliveries.c.id)
        .limit(limit)
    )
    return entries(connection, connection.scalars(query).all())


def live(connection: Connection, limit: int) -> list[Entry]:
    """List the deliveries that were published last, the latest first."""
    query = (
        select(deliveries.c.id)
        .where(deliveries.c.state == State.PUBLISHED, deliveries.c.published_at.is_not(None))
        .order_by(deliveries.c.published_at.desc(), deliveries.c.id.desc())
        .limit(limit)
    )
    return entries(connection, connection.scalars(query).all())


def entries(connection: Connection, ids: Sequence[int]) -> list[Entry]:
    """Read lines of the queue, in the order of ``ids``."""
    every = delivery_rows.several(connection, ids)
    post_ids = {kept.delivery.post_id for kept in every}
    network_of = variants.networks(connection, {kept.delivery.account for kept in every})
    texts = variants.said(
        connection, {(kept.delivery.post_id, network_of[kept.delivery.account]) for kept in every}
    )
    sources = {
        row.id: row.source
        for row in connection.execute(select(posts.c.id, posts.c.source).where(posts.c.id.in_(post_ids)))
    }
    return [
        Entry(
            delivery=kept.delivery,
            text=texts[kept.delivery.post_id, network_of[kept.delivery.account]][0].text,
            source=sources[kept.delivery.post_id],
            repeats=kept.repeats,
            published_at=kept.published_at,
            verified_at=kept.verified_at,
        )
        for kept in every
    ]


def show(connection: Connection, delivery_id: int) -> Story:
    """Read all there is of one delivery."""
    kept = delivery_rows.one(connection, delivery_id)
    post_id = kept.delivery.post_id
    post = connection.execute(select(posts).where(posts.c.id == post_id)).one()
    here = (post_id, variants.networks(connection, [kept.delivery.account])[kept.delivery.account])
    tries = connection.execute(
        select(attempts).where(attempts.c.delivery_id == delivery_id).order_by(attempts.c.id)
    )
    return Story(
        delivery=kept.delivery,
        post=Post(
            parts=variants.said(connection, [here])[here],
            reply_to=post.reply_to,
            source=post.source,
        ),
        key=post.key if post.origin is None else _key_of(connection, post.origin),
        created_at=kept.created_at,
        updated_at=kept.updated_at,
        published_at=kept.published_at,
        verified_at=kept.verified_at,
        repeats=kept.repeats,
        fence=kept.fence,
        worker=kept.worker,
        lease_until=kept.lease_until,
        attempts=tuple(attempt_rows.attempt_of(row) for row in tries),
        looks=_looks(connection, delivery_id),
        quota=_quota(connection, delivery_id),
        acts=act_rows.of(connection, [delivery_id]),
        wants_yes=kept.delivery.state is State.HELD and kept.held_for == APPROVAL,
        worded_by=post.worded_by,
    )


def _key_of(connection: Connection, post_id: int) -> str | None:
    """Read the key under which a post came in that a person has changed since."""
    found: str | None = connection.scalar(select(posts.c.key).where(posts.c.id == post_id))
    return found


def _looks(connection: Connection, delivery_id: int) -> tuple[Look, ...]:
    rows = connection.execute(
        select(evidence).where(evidence.c.delivery_id == delivery_id).order_by(evidence.c.id)
    )
    found = []
    for row in rows:
        one: Evidence
        match row.kind:
            case "present":
                one = Present(remote_id=row.remote_id)
            case "absent":
                one = Absent(why=row.why)
            case _:
                one = CannotTell(why=row.why)
        # Of what is present only a person's word has a why: whose it is.
        by = row.why if row.kind == "present" else ""
        found.append(Look(at=row.at, n=row.n, evidence=one, by=by))
    return tuple(found)


def _quota(connection: Connection, delivery_id: int) -> tuple[QuotaUse, ...]:
    rows = connection.execute(
        select(quota_uses)
        .join(attempts, attempts.c.id == quota_uses.c.attempt_id)
        .where(attempts.c.delivery_id == delivery_id)
        .order_by(quota_uses.c.id)
    )
    return tuple(
        QuotaUse(
            attempt_id=row.attempt_id,
            units=row.units,
            taken_at=row.taken_at,
            counted_at=row.counted_at,
            unknown=row.unknown,
            released=row.released,
        )
        for row in rows
    )


def counts(connection: Connection, account: str | None = None) -> dict[State, int]:
    """Count deliveries by state; every state is named."""
    query = select(deliveries.c.state, func.count().label("many")).group_by(deliveries.c.state)
    if account is not None:
        query = query.where(deliveries.c.account == account)
    found = {row.state: row.many for row in connection.execute(query)}
    return {state: found.get(state, 0) for state in State}


def next_due(connection: Connection) -> datetime | None:
    """Say when the next delivery may be taken up; in the past when one is waiting already."""
    moment: datetime | None = connection.scalar(select(func.min(deliveries.c.next_at)).where(text(CLAIMABLE)))
    return moment


def before_it(connection: Connection, delivery: Delivery, now: datetime) -> int:
    """Count what of its account may be taken up now and was due before it: that goes out first."""
    earlier = or_(
        deliveries.c.due_at < delivery.due_at,
        and_(deliveries.c.due_at == delivery.due_at, deliveries.c.id < delivery.id),
    )
    query = select(func.count()).where(
        text(CLAIMABLE), deliveries.c.account == delivery.account, deliveries.c.next_at <= now, earlier
    )
    return connection.scalar(query) or 0


def quota(connection: Connection, account: str, now: datetime) -> list[Use]:
    """List what counts against an account's quota now."""
    limits = account_rows.one(connection, account).limits
    return list(ledger.uses(connection, {account: limits}, now)[account])


def cost_of(connection: Connection, delivery: Delivery) -> Decimal:
    """Say what the missing parts of a delivery cost, in US dollars."""
    channel = account_rows.one(connection, delivery.account).channel
    return money.total(money.of_delivery(connection, channel, delivery))
