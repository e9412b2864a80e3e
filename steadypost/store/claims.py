"""Claiming: who may send what, now. One delivery, one winner, one reservation, one transaction."""

from __future__ import annotations

import functools
import heapq
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Connection, Select, bindparam, exists, func, or_, select, text

from steadypost.domain.delivery import CLAIMABLE as CLAIMABLE_STATES
from steadypost.domain.delivery import State
from steadypost.domain.parts import PartState
from steadypost.domain.post import Part
from steadypost.domain.quota import Free, capacity, never_fits, too_much
from steadypost.domain.remote_id import RemoteId
from steadypost.store import accounts as account_rows
from steadypost.store import attempts as attempt_rows
from steadypost.store import deliveries as delivery_rows
from steadypost.store import late, ledger, money, restores, variants
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
)
from steadypost.store.settling import TARGET
from steadypost.store.strikes import Bars

# What each post runs is built once: building a statement takes several times what executing it does.
_NOW: BindParameter[Any] = bindparam("now")
_SEVERAL: BindParameter[Any] = bindparam("several", expanding=True)
_ANYTHING_DUE = select(
    or_(
        exists().where(text(CLAIMABLE), deliveries.c.next_at <= _NOW, deliveries.c.due_at <= _NOW),
        exists().where(text(LATE_COUNTS), deliveries.c.late_at < _NOW),
        # Whatever its lease says: the clock of the machine that holds it may be ahead, and that machine dead.
        exists().where(text(SENDING), deliveries.c.lease_until.is_not(None)),
    )
)
_HEADS = select(
    deliveries.c.due_at,
    deliveries.c.id,
    deliveries.c.account,
    select(func.count())
    .where(delivery_parts.c.delivery_id == deliveries.c.id, delivery_parts.c.state != PartState.LIVE)
    .scalar_subquery()
    .label("missing"),
).where(deliveries.c.id.in_(_SEVERAL))
_ACCOUNTS = select(accounts).where(accounts.c.name.in_(_SEVERAL))


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Everything a worker needs to make one attempt."""

    attempt_id: int
    delivery_id: int
    post_id: int
    n: int
    """The number of this attempt at the delivery, from 1."""
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
    key: str
    """The delivery's key: what its posts are named by, where a network takes names."""
    keyed_at: datetime
    live: tuple[RemoteId, ...]
    """The ids of the parts before ``first``."""
    reply_to: RemoteId | None
    """What the first of them answers: the post's target, or the last live part of its thread."""
    live_at: datetime | None = None
    """When the last live part was made, at the latest; ``None`` where none is live."""


@dataclass(frozen=True, slots=True, order=True)
class _Head:
    """The delivery of an account that is next in line."""

    due_at: datetime
    id: int
    account: str
    missing: int


def is_anything_due(connection: Connection, now: datetime) -> bool:
    """Whether a claim could find anything, or take anything back: asked several times a second, by the indexes alone."""
    return bool(connection.scalar(_ANYTHING_DUE, {"now": now}))


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

    One whose oldest does not fit its quota delays no other. Each claim judges again in its own transaction. With
    ``retries`` used up, what has had no attempt goes first.
    """
    late.put_aside(database, now)
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


def _oldest(bars: Bars, *, fresh: bool) -> Select[int]:
    """Ask for the one delivery that is next in line; of which account, the caller adds."""
    query = (
        select(deliveries.c.id)
        .where(text(CLAIMABLE), deliveries.c.due_at <= _NOW, deliveries.c.next_at <= _NOW, bars.spare())
        .order_by(deliveries.c.due_at, deliveries.c.id)
        .limit(1)
    )
    return query.where(deliveries.c.attempts == 0) if fresh else query


@functools.lru_cache(maxsize=16)
def _oldest_of_one(bars: Bars, *, fresh: bool) -> Select[int]:
    """Ask for what is next in line of one account."""
    return _oldest(bars, fresh=fresh).where(deliveries.c.account == bindparam("account"))


@functools.lru_cache(maxsize=16)
def _oldest_of_each(bars: Bars, *, fresh: bool) -> Select[int | None]:
    """Ask for what is next in line of each of several accounts."""
    of_each = (
        _oldest(bars, fresh=fresh)
        .where(deliveries.c.account == accounts.c.name)
        .correlate(accounts)
        .scalar_subquery()
    )
    return (
        select(of_each)
        .select_from(accounts)
        .where(
            accounts.c.name.in_(_SEVERAL),
            bars.leave_open(),
            or_(accounts.c.paused_until.is_(None), accounts.c.paused_until <= _NOW),
        )
    )


def _heads(
    connection: Connection, names: Sequence[str], now: datetime, *, fresh: bool = False
) -> list[_Head]:
    """Find the next in line of each account, in two questions however many accounts there are."""
    bars = strike_rows.bars(connection, now)
    first = connection.scalars(_oldest_of_each(bars, fresh=fresh), {"several": list(names), "now": now})
    ids = [one for one in first if one is not None]
    if not ids:
        return []
    rows = connection.execute(_HEADS, {"several": ids})
    return [_Head(row.due_at, row.id, row.account, row.missing) for row in rows]


def _fitting(connection: Connection, heads: Sequence[_Head], now: datetime) -> list[_Head]:
    """Leave out the accounts whose quota is plainly used up, so that waiting costs them no transaction."""
    if not heads:
        return []
    rows = connection.execute(_ACCOUNTS, {"several": [head.account for head in heads]}).all()
    limits = {row.name: account_rows.limits_of(row) for row in rows}
    channels = {row.name: row.channel for row in rows}
    uses = ledger.uses(connection, limits, now)
    fitting = []
    for head in heads:
        cost = money.of_next(connection, channels[head.account], limits[head.account], head.id)
        never = never_fits(limits[head.account], head.missing, cost)
        if never or isinstance(
            capacity(limits[head.account], uses[head.account], head.missing, now, cost), Free
        ):
            fitting.append(head)
    return fitting


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
        here = (kept.delivery.post_id, account.network)
        parts = variants.said(connection, [here])[here]
        costs = money.of_parts(account.channel, kept.delivery, parts)
        if kept.delivery.is_late(now):
            delivery_rows.keep(connection, kept, kept.delivery.put_aside(), now)
        elif (restore := restores.must_look_first(connection, kept)) is not None:
            restores.make_unconfirmed(connection, kept, restore, now)
        elif never_fits(account.limits, missing, money.total(costs)):
            why = too_much(account.limits, missing, money.total(costs))
            _put_before_a_person(connection, kept, why, now)
        elif isinstance(
            capacity(
                account.limits,
                ledger.uses(connection, {name: account.limits}, now)[name],
                missing,
                now,
                money.total(costs),
            ),
            Free,
        ):
            return _take(connection, account, kept, parts, costs=costs, worker=worker, now=now, lease=lease)
        else:
            return None
    return None


def _line(
    connection: Connection, name: str, now: datetime, bars: Bars, *, fresh: bool = False
) -> Iterator[Kept]:
    """Go through what may be claimed, oldest first; each is read anew, locked, when its turn comes."""
    query, mine = _oldest_of_one(bars, fresh=fresh), {"account": name, "now": now}
    while (delivery_id := connection.scalar(query, mine)) is not None:
        kept = delivery_rows.one(connection, delivery_id, lock=True)
        # It may have been taken back between the two reads.
        if kept.delivery.state in CLAIMABLE_STATES and kept.delivery.next_at <= now:
            yield kept


def _take(
    connection: Connection,
    account: AccountRecord,
    kept: Kept,
    parts: tuple[Part, ...],
    *,
    costs: Mapping[int, int],
    worker: str,
    now: datetime,
    lease: timedelta,
) -> Claim:
    delivery, first = kept.delivery, kept.delivery.first_missing
    attempts_now, fence = delivery.attempts + 1, kept.fence + 1
    key, keyed_at = _key(connection, kept, now)
    delivery_rows.keep(
        connection,
        kept,
        delivery.move(State.SENDING, attempts=attempts_now),
        now,
        fence=fence,
        worker=worker,
        lease_until=now + lease,
        key=key,
        keyed_at=keyed_at,
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
    units = sum(part.state is not PartState.LIVE for part in delivery.parts)
    ledger.reserve(
        connection, account=delivery.account, attempt_id=attempt_id, units=units, now=now, costs=costs
    )
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
        key=key,
        keyed_at=keyed_at,
        live=tuple(part.remote_id for part in delivery.parts[:first] if part.remote_id is not None),
        reply_to=_target(connection, delivery.post_id) if first == 0 else delivery.parts[first - 1].remote_id,
        live_at=_made_at(connection, delivery.id, first - 1) if first else None,
    )


def _made_at(connection: Connection, delivery_id: int, n: int) -> datetime | None:
    """Say when a part was made at the latest: at the end of the last attempt that asked for it."""
    made = (
        select(attempts)
        .where(attempts.c.delivery_id == delivery_id, attempts.c.first_part <= n)
        .order_by(attempts.c.fence.desc())
        .limit(1)
    )
    row = connection.execute(made).one_or_none()
    return None if row is None else attempt_rows.attempt_of(row).ended_at


def _key(connection: Connection, kept: Kept, now: datetime) -> tuple[str, datetime]:
    """Give the delivery's key: a new one with each claim until it may have been asked by, since a key can date a post."""
    if kept.key is not None and kept.keyed_at is not None and _was_armed(connection, kept.delivery.id):
        return kept.key, kept.keyed_at
    return secrets.token_hex(16), now.replace(microsecond=now.microsecond // 1000 * 1000)


def _was_armed(connection: Connection, delivery_id: int) -> bool:
    armed = select(attempts.c.id).where(
        attempts.c.delivery_id == delivery_id, attempts.c.armed_at.is_not(None)
    )
    return connection.scalar(armed.limit(1)) is not None


def _target(connection: Connection, post_id: int) -> RemoteId | None:
    """Read which post this one answers, if it answers one."""
    found: RemoteId | None = connection.scalar(TARGET, {"which": post_id})
    return found


def _put_before_a_person(connection: Connection, kept: Kept, why: str, now: datetime) -> None:
    """Hold what can never go out by the account's limits, so that it does not stand before the others."""
    to = State.NEEDS_REVIEW if kept.delivery.state is State.PARTIAL else State.HELD
    delivery_rows.keep(connection, kept, kept.delivery.move(to, why=why), now)
