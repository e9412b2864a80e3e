"""The quota's ledger: reservations of attempts, and posts made by hand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, insert, or_, select, update

from steadypost.domain.clock import Offset
from steadypost.domain.delivery import Delivery
from steadypost.domain.evidence import SeenPost
from steadypost.domain.parts import PartState
from steadypost.domain.quota import DAY, Limits, Use
from steadypost.domain.remote_id import RemoteId
from steadypost.store import accounts as account_rows
from steadypost.store import made, money
from steadypost.store.attempts import Attempt
from steadypost.store.deliveries import expect
from steadypost.store.schema import delivery_parts, foreign_posts, quota_uses

# What each post runs is built once: building a statement takes several times what executing it does.
_SEVERAL: BindParameter[Any] = bindparam("several", expanding=True)
_USES = select(
    quota_uses.c.account,
    quota_uses.c.units,
    quota_uses.c.counted_at,
    quota_uses.c.unknown,
    quota_uses.c.micros,
).where(
    # A full day of them is read before each claim: nothing that is not counted.
    quota_uses.c.account.in_(_SEVERAL),
    quota_uses.c.released.is_(False),
    or_(quota_uses.c.counted_at.is_(None), quota_uses.c.counted_at > bindparam("back_to")),
)
_BY_HAND = select(foreign_posts.c.account, foreign_posts.c.made_at).where(
    foreign_posts.c.account.in_(_SEVERAL), foreign_posts.c.made_at > bindparam("back_to")
)
_RESERVE = insert(quota_uses)
_RESERVED = select(quota_uses).where(quota_uses.c.attempt_id == bindparam("attempt"))
_FOLLOW = update(quota_uses).where(quota_uses.c.attempt_id == bindparam("attempt"))


def uses(connection: Connection, limits: Mapping[str, Limits], now: datetime) -> Mapping[str, list[Use]]:
    """Read what counts against the quota of each of these accounts now."""
    found: defaultdict[str, list[Use]] = defaultdict(list)
    back_to = now - max([DAY, *(limit.longest_window for limit in limits.values())])
    asked = {"several": list(limits), "back_to": back_to}
    for row in connection.execute(_USES, asked):
        found[row.account].append(
            Use(
                units=row.units,
                counted_at=row.counted_at,
                unknown=row.unknown,
                cost=row.micros * money.MICRO,
            )
        )
    for hand in connection.execute(_BY_HAND, asked):
        found[hand.account].append(Use(units=1, counted_at=hand.made_at))
    budgeted = {name: back_to for name, limit in limits.items() if limit.largest_cost is not None}
    for account, use in money.reads(connection, budgeted):
        found[account].append(use)
    return found


def reserve(
    connection: Connection,
    *,
    account: str,
    attempt_id: int,
    units: int,
    now: datetime,
    costs: Mapping[int, int] | None = None,
) -> None:
    """Take so many posts off the quota, and what each part costs off the budget, before anything is touched."""
    values = {
        "account": account,
        "attempt_id": attempt_id,
        "units": units,
        "taken_at": now,
        "unknown": False,
        "released": False,
        **money.reserved(costs or {}),
    }
    connection.execute(_RESERVE, values)


def follow(
    connection: Connection, attempt: Attempt, delivery: Delivery, now: datetime, *, first: int | None = None
) -> None:
    """Count of an attempt what is live or may be, from its ``first`` part on, and give the rest back.

    It counts from its end, the latest instant at which its posts can have become live, and that instant
    never moves backwards: an id that came to light may only show that it was later.
    """
    first = attempt.first_part if first is None else first
    mine = [part for part in delivery.parts if part.n >= first]
    ids = [part.remote_id for part in mine if part.remote_id is not None]
    unconfirmed = sum(part.state is PartState.ASKED for part in mine)
    asked = [part.n for part in mine if part.remote_id is not None or part.state is PartState.ASKED]
    units = len(asked)
    before = connection.execute(_RESERVED, {"attempt": attempt.id}).one()
    ended = now
    if before.counted_at is not None:
        newest = made.newest(connection, delivery.account, ids, attempt, now) if ids else before.counted_at
        ended = max(before.counted_at, newest)
    values = {
        "units": units or before.units,
        "counted_at": ended,
        "unknown": unconfirmed > 0,
        "released": units == 0,
        "micros": money.counted(before.part_micros, asked) if asked else before.micros,
    }
    changed = connection.execute(_FOLLOW, {"attempt": attempt.id, **values})
    expect(f"settling the quota of attempt {attempt.id}", 1, changed.rowcount)


def note_foreign(
    connection: Connection,
    account: str,
    seen: Collection[SeenPost],
    now: datetime,
    ahead: Offset | None = None,
) -> int:
    """Record posts of the account that were made by hand; answer how many are new.

    ``ahead`` is how far the network's clock was ahead when they were seen: they count by ours.

    The caller has made sure that none of them may be a delivery's. One that belongs to a delivery by now is left
    alone all the same.
    """
    network = account_rows.network_of(connection, account)
    ids = {network.remote_id(post.id): post for post in seen}
    ours = select(delivery_parts.c.remote_id).where(
        delivery_parts.c.account == account, delivery_parts.c.remote_id.in_(list(ids))
    )
    known = select(foreign_posts.c.remote_id).where(
        foreign_posts.c.account == account, foreign_posts.c.remote_id.in_(list(ids))
    )
    new = set(ids) - set(connection.scalars(ours)) - set(connection.scalars(known))
    for one in sorted(new):
        told = network.made_at(one) or ids[one].made or now
        connection.execute(
            insert(foreign_posts).values(
                account=account,
                remote_id=one,
                made_at=made.here(told, ahead, known_at=now),
                seen_at=now,
                text=ids[one].text,
            )
        )
    return len(new)


def known_by_hand(
    connection: Connection, account: str, among: Collection[RemoteId], before: datetime
) -> frozenset[RemoteId]:
    """Say which of these posts were known before that moment to be made by hand."""
    return frozenset(
        connection.scalars(
            select(foreign_posts.c.remote_id).where(
                foreign_posts.c.account == account,
                foreign_posts.c.remote_id.in_(sorted(among)),
                foreign_posts.c.seen_at <= before,
            )
        )
    )
