"""Claiming: who may send what, now. One delivery, one winner, one reservation, one transaction."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Select, and_, func, or_, select, text, update

from steadypost.domain.delivery import CLAIMABLE as CLAIMABLE_STATES
from steadypost.domain.delivery import MOVES, PartState, State
from steadypost.domain.post import Part
from steadypost.domain.quota import Free, Limits, room
from steadypost.domain.snowflake import RemoteId
from steadypost.store import accounts as account_rows
from steadypost.store import attempts as attempt_rows
from steadypost.store import deliveries as delivery_rows
from steadypost.store import ledger
from steadypost.store import strikes as strike_rows
from steadypost.store.accounts import AccountRecord
from steadypost.store.deliveries import Kept
from steadypost.store.engine import Database
from steadypost.store.errors import StoreAway
from steadypost.store.schema import (
    CLAIMABLE,
    LATE_COUNTS,
    SENDING,
    accounts,
    attempts,
    deliveries,
    delivery_parts,
    posts,
)
from steadypost.store.strikes import Bars

LONGEST_HOLD = timedelta(minutes=10)
"""No attempt is held for longer, however often its worker renews: several times what one may take."""

LATE_AT_ONCE = 500
"""How many deliveries that missed their moment one claim puts aside; the next takes more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Everything a worker needs to make one attempt."""

    attempt_id: int
    delivery_id: int
    post_id: int
    n: int
    """The how manieth attempt at this delivery."""
    fence: int
    account: str
    channel: str
    handle: str
    worker: str
    claimed_at: datetime
    lease_until: datetime
    due_at: datetime
    first: int
    """The index of the first part that is not live."""
    total: int
    """How many parts the whole delivery has."""
    parts: tuple[Part, ...]
    """What to make live: the parts from ``first`` on."""
    reply_to: RemoteId | None
    """What the first of them answers: the post's target, or the last live part of its thread."""


@dataclass(frozen=True, slots=True, order=True)
class _Head:
    """The delivery of an account that is next in line."""

    due_at: datetime
    id: int
    account: str
    missing: int


def claim(
    database: Database,
    *,
    worker: str,
    now: datetime,
    lease: timedelta,
    at_most: int,
    names: Sequence[str],
    at_most_each: Mapping[str, int] | None = None,
    retries: int | None = None,
) -> list[Claim]:
    """Claim what is due, oldest first, for these accounts.

    An account whose oldest delivery does not fit its quota waits, and delays no other account. What is
    found without a lock is only a hint; each claim judges again in its own transaction. When all the
    ``retries`` are taken, what has had no attempt yet passes by what has.
    """
    put_late_aside(database, now)
    left = dict(at_most_each or {})
    names = [name for name in names if left.get(name, 1) > 0]
    if at_most < 1 or not names:
        return []
    spent = _Spent(retries)
    with database.reading() as connection:
        line = _fitting(connection, _heads(connection, names, now, fresh=spent.all), now)
    heapq.heapify(line)
    claims: list[Claim] = []
    while line and len(claims) < at_most:
        head = heapq.heappop(line)
        try:
            with database.writing() as connection:
                claimed = _claim_next(
                    connection, head.account, worker=worker, now=now, lease=lease, fresh=spent.all
                )
                if claimed is None:
                    continue
                spent.count(claimed)
                left[head.account] = left.get(head.account, at_most) - 1
                more = [head.account] if left[head.account] > 0 and len(claims) + 1 < at_most else []
                following = _heads(connection, more, now, fresh=spent.all) if more else []
        except StoreAway:
            if claims:
                # What is claimed already must reach its worker: it holds the leases.
                break
            raise
        claims.append(claimed)
        for next_one in following:
            heapq.heappush(line, next_one)
    return claims


class _Spent:
    """How many of the retries that may be claimed are claimed."""

    def __init__(self, retries: int | None) -> None:
        self._left = retries

    @property
    def all(self) -> bool:
        """Whether only what has had no attempt yet may be claimed."""
        return self._left is not None and self._left < 1

    def count(self, claimed: Claim) -> None:
        """Count a claim."""
        if self._left is not None and claimed.n > 1:
            self._left -= 1


def _oldest(now: datetime, bars: Bars, *, fresh: bool = False) -> Select[tuple[int]]:
    """Ask for the one delivery that is next in line; of which account, the caller adds."""
    query = (
        select(deliveries.c.id)
        .where(text(CLAIMABLE), deliveries.c.due_at <= now, deliveries.c.next_at <= now, bars.spare())
        .order_by(deliveries.c.due_at, deliveries.c.id)
        .limit(1)
    )
    return query.where(deliveries.c.attempts == 0) if fresh else query


def _heads(
    connection: Connection, names: Sequence[str], now: datetime, *, fresh: bool = False
) -> list[_Head]:
    """Find the next in line of each account, in two questions however many accounts there are."""
    bars = strike_rows.bars(connection, now)
    of_each = (
        _oldest(now, bars, fresh=fresh)
        .where(deliveries.c.account == accounts.c.name)
        .correlate(accounts)
        .scalar_subquery()
    )
    first = connection.scalars(
        select(of_each)
        .select_from(accounts)
        .where(
            accounts.c.name.in_(list(names)),
            bars.leave_open(),
            or_(accounts.c.paused_until.is_(None), accounts.c.paused_until <= now),
        )
    )
    missing = (
        select(func.count())
        .where(delivery_parts.c.delivery_id == deliveries.c.id, delivery_parts.c.state != PartState.LIVE)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(deliveries.c.due_at, deliveries.c.id, deliveries.c.account, missing.label("missing")).where(
            deliveries.c.id.in_([one for one in first if one is not None])
        )
    )
    return [_Head(row.due_at, row.id, row.account, row.missing) for row in rows]


def _fitting(connection: Connection, heads: Sequence[_Head], now: datetime) -> list[_Head]:
    """Leave out the accounts whose quota is plainly used up, so that waiting costs them no transaction."""
    limits = {
        row.name: account_rows.limits_of(row)
        for row in connection.execute(
            select(accounts).where(accounts.c.name.in_([head.account for head in heads]))
        )
    }
    uses = ledger.uses(connection, limits, now)
    return [
        head
        for head in heads
        if _never_fits(limits[head.account], head.missing)
        or isinstance(room(limits[head.account], uses[head.account], head.missing, now), Free)
    ]


def _never_fits(limits: Limits, units: int) -> bool:
    return limits.largest_delivery is not None and units > limits.largest_delivery


def _claim_next(
    connection: Connection, name: str, *, worker: str, now: datetime, lease: timedelta, fresh: bool = False
) -> Claim | None:
    """Claim the oldest delivery of an account, if its quota has room. The account is locked meanwhile."""
    account = account_rows.one(connection, name, lock=True)
    bars = strike_rows.bars(connection, now)
    if account.is_paused(now) or bars.strikes(account):
        return None
    for kept in _line(connection, name, now, bars, fresh=fresh):
        missing = sum(part.state is not PartState.LIVE for part in kept.delivery.parts)
        if kept.delivery.is_late(now):
            delivery_rows.keep(connection, kept, kept.delivery.put_aside(), now)
        elif _never_fits(account.limits, missing):
            _put_before_a_person(connection, kept, missing, now)
        elif isinstance(
            room(account.limits, ledger.uses(connection, {name: account.limits}, now)[name], missing, now),
            Free,
        ):
            return _take(connection, account, kept, units=missing, worker=worker, now=now, lease=lease)
        else:
            return None
    return None


def _line(
    connection: Connection, name: str, now: datetime, bars: Bars, *, fresh: bool = False
) -> Iterator[Kept]:
    """Go through what may be claimed, oldest first; each is read anew, locked, when its turn comes."""
    query = _oldest(now, bars, fresh=fresh).where(deliveries.c.account == name)
    while (delivery_id := connection.scalar(query)) is not None:
        kept = delivery_rows.one(connection, delivery_id, lock=True)
        # Somebody may have taken it back between the two reads.
        if kept.delivery.state in CLAIMABLE_STATES and kept.delivery.next_at <= now:
            yield kept


def _take(
    connection: Connection,
    account: AccountRecord,
    kept: Kept,
    *,
    units: int,
    worker: str,
    now: datetime,
    lease: timedelta,
) -> Claim:
    delivery, first = kept.delivery, kept.delivery.first_missing
    attempts_now, fence = delivery.attempts + 1, kept.fence + 1
    delivery_rows.keep(
        connection,
        kept,
        delivery.move(State.SENDING, attempts=attempts_now),
        now,
        fence=fence,
        worker=worker,
        lease_until=now + lease,
    )
    attempt_id = attempt_rows.begin(
        connection,
        delivery_id=delivery.id,
        n=attempts_now,
        fence=fence,
        worker=worker,
        first_part=first,
        now=now,
        lease_until=now + lease,
    )
    ledger.reserve(connection, account=delivery.account, attempt_id=attempt_id, units=units, now=now)
    parts = delivery_rows.said(connection, [delivery.post_id])[delivery.post_id]
    return Claim(
        attempt_id=attempt_id,
        delivery_id=delivery.id,
        post_id=delivery.post_id,
        n=attempts_now,
        fence=fence,
        account=account.name,
        channel=account.channel,
        handle=account.handle,
        worker=worker,
        claimed_at=now,
        lease_until=now + lease,
        due_at=delivery.due_at,
        first=first,
        total=len(parts),
        parts=parts[first:],
        reply_to=_target(connection, delivery.post_id) if first == 0 else delivery.parts[first - 1].remote_id,
    )


def _target(connection: Connection, post_id: int) -> RemoteId | None:
    """Read which post this one answers, if it answers one."""
    found: RemoteId | None = connection.scalar(select(posts.c.reply_to).where(posts.c.id == post_id))
    return found


def _put_before_a_person(connection: Connection, kept: Kept, units: int, now: datetime) -> None:
    """Hold what can never go out by the account's limits, so that it does not stand before the others."""
    why = f"has {units} parts to send, more than the account's limits ever allow at once"
    to = State.NEEDS_REVIEW if kept.delivery.state is State.PARTIAL else State.HELD
    delivery_rows.keep(connection, kept, kept.delivery.move(to, why=why), now)


def put_late_aside(database: Database, now: datetime) -> list[int]:
    """Let what missed its moment follow its own late rule; answer which deliveries that were."""
    query = select(deliveries.c.id).where(text(LATE_COUNTS), deliveries.c.late_at < now).limit(LATE_AT_ONCE)
    with database.reading() as connection:
        late = connection.scalars(query).all()
    missed = []
    for delivery_id in late:
        with database.writing() as connection:
            kept = delivery_rows.one(connection, delivery_id, lock=True)
            if State.MISSED in MOVES[kept.delivery.state] and kept.delivery.is_late(now):
                after = kept.delivery.put_aside()
                if after != kept.delivery:
                    delivery_rows.keep(connection, kept, after, now)
                    missed.append(delivery_id)
    return missed


def renew(
    connection: Connection,
    *,
    worker: str,
    now: datetime,
    lease: timedelta,
    in_hand: Collection[int] | None,
) -> int:
    """Extend what a worker holds and has not lost; answer how many that are.

    A claim whose confirmation was lost on its way, or whose task died alone, belongs to a worker that lives
    and knows nothing of it. So nothing is held for longer than ``LONGEST_HOLD``, and a worker that says what
    it has in hand renews nothing else.
    """
    held = (
        select(deliveries.c.id, attempts.c.id.label("attempt_id"), attempts.c.claimed_at)
        .join(
            attempts, and_(attempts.c.delivery_id == deliveries.c.id, attempts.c.fence == deliveries.c.fence)
        )
        .where(text(f"deliveries.{SENDING}"), deliveries.c.worker == worker, deliveries.c.lease_until > now)
        .order_by(deliveries.c.id)
    )
    if in_hand is not None:
        held = held.where(attempts.c.id.in_(list(in_hand)))
    rows = connection.execute(held.with_for_update(of=deliveries)).all()
    for row in rows:
        until = min(now + lease, row.claimed_at + LONGEST_HOLD)
        longer = connection.execute(
            update(deliveries)
            .where(deliveries.c.id == row.id, deliveries.c.lease_until < until)
            .values(lease_until=until)
        )
        if longer.rowcount:
            attempt_rows.note(connection, row.attempt_id, lease_until=until)
    return len(rows)
