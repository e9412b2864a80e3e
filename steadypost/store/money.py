"""What accounts cost: what a claim may spend, and which posts were read at a charge; in millionths of a dollar."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection, delete, func, insert, select

from steadypost.domain.delivery import Delivery
from steadypost.domain.parts import PartState
from steadypost.domain.post import Part
from steadypost.domain.quota import Limits, Use
from steadypost.domain.remote_id import RemoteId
from steadypost.domain.span import Span
from steadypost.networks.charges import CHARGES, cost
from steadypost.store import deliveries as delivery_rows
from steadypost.store import variants
from steadypost.store.schema import charged_reads, quota_uses

MICRO = Decimal("0.000001")

KEPT = timedelta(days=400)
"""How long it is remembered which posts were read."""


def micros(dollars: Decimal | None) -> int | None:
    """Give an amount as stored."""
    return None if dollars is None else int(dollars / MICRO)


def dollars(kept: int | None) -> Decimal | None:
    """Read a stored amount."""
    return None if kept is None else (kept * MICRO).normalize()


def is_charged(channel: str) -> bool:
    """Whether a channel costs anything at all."""
    return channel in CHARGES


def of_delivery(connection: Connection, channel: str, delivery: Delivery) -> dict[int, int]:
    """Say what each missing part of a delivery costs, by its number; nothing where the channel is free of charge."""
    if not is_charged(channel):
        return {}
    return of_parts(channel, delivery, variants.said_by(connection, delivery.post_id, delivery.account))


def of_parts(channel: str, delivery: Delivery, said: Sequence[Part]) -> dict[int, int]:
    """Say the same, where all that the delivery says is known already."""
    if not is_charged(channel):
        return {}
    missing = {part.n for part in delivery.parts if part.state is not PartState.LIVE}
    return {n: micros(cost(channel, [part])) or 0 for n, part in enumerate(said) if n in missing}


def of_next(connection: Connection, channel: str, limits: Limits, delivery_id: int) -> Decimal:
    """Say what the next in line costs; what has no budget is not read for it."""
    if limits.largest_cost is None or not is_charged(channel):
        return Decimal(0)
    return total(of_delivery(connection, channel, delivery_rows.one(connection, delivery_id).delivery))


def total(of_each: Mapping[int, int]) -> Decimal:
    """Add up what parts cost, in US dollars."""
    return sum(of_each.values()) * MICRO


def reserved(of_each: Mapping[int, int]) -> dict[str, int | str]:
    """Write a reservation."""
    return {
        "micros": sum(of_each.values()),
        "part_micros": json.dumps(dict(of_each)) if any(of_each.values()) else "",
    }


def counted(part_micros: str, parts: Collection[int]) -> int:
    """Say what these parts of a reservation cost."""
    of_each = json.loads(part_micros) if part_micros else {}
    return sum(int(of_each.get(str(n), 0)) for n in parts)


def note_reads(
    connection: Connection, account: str, channel: str, ids: Collection[RemoteId], now: datetime
) -> int:
    """Charge for posts that were read, each once a day; answer how many are new today."""
    charge = CHARGES.get(channel)
    if charge is None or not ids:
        return 0
    day = f"{now.astimezone(UTC):%Y-%m-%d}"
    known = set(
        connection.scalars(
            select(charged_reads.c.remote_id).where(
                charged_reads.c.account == account, charged_reads.c.day == day
            )
        )
    )
    new = sorted(set(ids) - known)
    for one in new:
        connection.execute(
            insert(charged_reads).values(
                account=account, day=day, remote_id=one, at=now, micros=micros(charge.read)
            )
        )
    if new:
        connection.execute(
            delete(charged_reads).where(charged_reads.c.account == account, charged_reads.c.at < now - KEPT)
        )
    return len(new)


def reads(connection: Connection, since: Mapping[str, datetime]) -> Iterator[tuple[str, Use]]:
    """Give what reading cost each of these accounts since an instant, one use for each day and instant."""
    for account, back_to in since.items():
        rows = connection.execute(
            select(charged_reads.c.at, func.sum(charged_reads.c.micros))
            .where(charged_reads.c.account == account, charged_reads.c.at > back_to)
            .group_by(charged_reads.c.at)
        )
        for at, total in rows:
            yield account, Use(units=0, counted_at=at, cost=int(total) * MICRO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What an account cost over a stretch of time, in US dollars."""

    account: str
    posts: Decimal
    reads: Decimal
    unknown: Decimal
    """What of it is for posts that may or may not be live."""

    @property
    def total(self) -> Decimal:
        """The whole."""
        return self.posts + self.reads


def spent(connection: Connection, window: Span) -> list[Spent]:
    """Say what each account cost over a stretch of time; accounts that cost nothing are left out."""
    posts, unknown, read = (_sums(connection, window, kind) for kind in ("posts", "unknown", "reads"))
    return [
        Spent(
            account=name,
            posts=posts.get(name, 0) * MICRO,
            reads=read.get(name, 0) * MICRO,
            unknown=unknown.get(name, 0) * MICRO,
        )
        for name in sorted({*posts, *read})
        if posts.get(name) or read.get(name)
    ]


def _sums(connection: Connection, window: Span, kind: str) -> dict[str, int]:
    if kind == "reads":
        query = (
            select(charged_reads.c.account, func.sum(charged_reads.c.micros))
            .where(charged_reads.c.at >= window.since, charged_reads.c.at < window.until)
            .group_by(charged_reads.c.account)
        )
    else:
        query = (
            select(quota_uses.c.account, func.sum(quota_uses.c.micros))
            .where(
                quota_uses.c.released.is_(False),
                quota_uses.c.taken_at >= window.since,
                quota_uses.c.taken_at < window.until,
            )
            .group_by(quota_uses.c.account)
        )
        query = query.where(quota_uses.c.unknown.is_(True)) if kind == "unknown" else query
    return {name: int(total or 0) for name, total in connection.execute(query)}
