"""What a series says at one of its times, when it comes, and for which accounts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from steadypost.domain.post import Post
from steadypost.store import selecting, variants
from steadypost.store.schema import series_accounts, series_hours, series_joins, series_skips, series_wordings


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """An account joins a series, or leaves it, from one of its local times on."""

    since: str
    account: str
    joins: bool


def joins(connection: Connection, series_ids: Collection[int]) -> dict[int, tuple[Join, ...]]:
    """Give who joined and who left series; the latest word last."""
    found: dict[int, list[Join]] = {one: [] for one in series_ids}
    query = select(series_joins).where(series_joins.c.series_id.in_(list(series_ids)))
    for row in connection.execute(query.order_by(series_joins.c.id)):
        found[row.series_id].append(Join(since=row.since, account=row.account, joins=row.joins))
    return {series_id: tuple(every) for series_id, every in found.items()}


def first_accounts(connection: Connection, series_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Give the accounts with which series began."""
    found: dict[int, list[str]] = {one: [] for one in series_ids}
    query = select(series_accounts).where(series_accounts.c.series_id.in_(list(series_ids)))
    for row in connection.execute(query.order_by(series_accounts.c.account)):
        found[row.series_id].append(row.account)
    return {series_id: tuple(every) for series_id, every in found.items()}


def every_account(connection: Connection, series_id: int) -> set[str]:
    """List the accounts for which a series comes, came or is to come."""
    joined = {one.account for one in joins(connection, [series_id])[series_id]}
    return joined.union(first_accounts(connection, [series_id])[series_id])


def accounts_at(first: Sequence[str], changed: Sequence[Join], local: str) -> tuple[str, ...]:
    """Say for which accounts a series comes at one of its times."""
    found = set(first)
    for one in changed:
        if one.since <= local:
            found = found | {one.account} if one.joins else found - {one.account}
    return tuple(sorted(found))


def accounts_from(first: Sequence[str], changed: Sequence[Join], since: str) -> Iterator[tuple[str, ...]]:
    """Give the accounts from a time on: those of that time, and those after each later change."""
    for local in sorted({since, *(one.since for one in changed if one.since > since)}):
        yield accounts_at(first, changed, local)


def instant(local: str, at: str, zone: ZoneInfo) -> datetime:
    """Say when a time of a series comes whose hour was changed, by RFC 5545, section 3.3.5."""
    shown = datetime.combine(date.fromisoformat(local[:10]), time.fromisoformat(at))
    return shown.replace(tzinfo=zone, fold=0).astimezone(UTC)


def hours(connection: Connection, series_ids: Collection[int]) -> dict[int, tuple[tuple[str, str], ...]]:
    """Give the changed hours of series: since when, and which; the latest word last."""
    found: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    query = select(series_hours).where(series_hours.c.series_id.in_(list(series_ids)))
    for row in connection.execute(query.order_by(series_hours.c.id)):
        found[row.series_id].append((row.since, row.at))
    return {series_id: tuple(every) for series_id, every in found.items()}


def hour_at(changed: Sequence[tuple[str, str]], local: str) -> str | None:
    """Say at which hour a time of a series comes; ``None``: when its rule has it come."""
    return next((at for since, at in reversed(changed) if since <= local), None)


def due(local: str, changed: Sequence[tuple[str, str]], zone: ZoneInfo) -> datetime:
    """Say when a time of a series comes, by its rule or by the hour that a person gave it."""
    return instant(local, hour_at(changed, local) or local[11:] or "00:00", zone)


def skipped(connection: Connection, series_id: int) -> set[str]:
    """List the times of a series that are left out."""
    return set(connection.scalars(select(series_skips.c.local).where(series_skips.c.series_id == series_id)))


def post_at(connection: Connection, series_id: int, first: int, local: str) -> int:
    """Say which post a series says at a time: the latest that was to begin by then."""
    found = connection.scalar(
        select(series_wordings.c.post_id)
        .where(series_wordings.c.series_id == series_id, series_wordings.c.since <= local)
        .order_by(series_wordings.c.id.desc())
        .limit(1)
    )
    return first if found is None else int(found)


def said_at(connection: Connection, series_id: int, first: int, local: str) -> Post:
    """Read what a series says at a time."""
    return _whole(connection, post_at(connection, series_id, first, local))


def said_from(connection: Connection, series_id: int, first: int, since: str) -> list[Post]:
    """Read all that a series says from a time on."""
    later = connection.scalars(
        select(series_wordings.c.since).where(
            series_wordings.c.series_id == series_id, series_wordings.c.since > since
        )
    )
    ids = dict.fromkeys(post_at(connection, series_id, first, local) for local in sorted({since, *later}))
    return [_whole(connection, post_id) for post_id in ids]


def _whole(connection: Connection, post_id: int) -> Post:
    labels = selecting.labels(connection, [post_id])[post_id]
    return replace(variants.whole(connection, [post_id])[post_id], labels=labels)
