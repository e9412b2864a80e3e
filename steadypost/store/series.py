"""Posts that come again: the rule, and which of its times have become deliveries.

A time is known by series, account and local time, so that writing it twice adds nothing, also after a zone's change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, func, insert, select, update

from steadypost.domain.delivery import State, WhenLate
from steadypost.domain.post import Post
from steadypost.store import accounts as account_rows
from steadypost.store import approvals, intake, persons, series_said, variants
from steadypost.store import deliveries as delivery_rows
from steadypost.store.acts import By
from steadypost.store.errors import UnknownSeries
from steadypost.store.intake import Added
from steadypost.store.schema import deliveries, occurrences, posts, series, series_accounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One post that comes again."""

    id: int
    post_id: int
    text: str
    """What its first part says."""
    source: str
    accounts: tuple[str, ...]
    """With which it began; ``accounts_at`` says for which it comes."""
    rule: str
    """By RFC 5545, counted in the local time of ``zone``."""
    zone: str
    starts: str
    """The first time, as the clock on the wall shows it."""
    late_after: timedelta | None
    when_late: WhenLate
    created_at: datetime
    planned_until: datetime
    """Up to here its times have become deliveries."""
    placed: int
    """How many have."""
    ended_at: datetime | None
    ended_why: str
    hours: tuple[tuple[str, str], ...] = ()
    """Where its hour was changed: since which of its times, and to which; the latest word last."""
    joins: tuple[series_said.Join, ...] = ()
    """Which accounts joined or left it, and since which of its times; the latest word last."""

    def accounts_at(self, local: str) -> tuple[str, ...]:
        """Say for which accounts it comes at one of its times."""
        return series_said.accounts_at(self.accounts, self.joins, local)

    def accounts_from(self, local: str) -> list[tuple[str, ...]]:
        """Say for which it comes from one of its times on, and after each later change of them."""
        return list(series_said.accounts_from(self.accounts, self.joins, local))


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A series that came in, or that was there before."""

    series_id: int
    known: bool = False


def begin(
    connection: Connection,
    post: Post,
    *,
    accounts: Sequence[str],
    rule: str,
    zone: str,
    starts: str,
    late_after: timedelta | None = None,
    when_late: WhenLate = WhenLate.MISS,
    key: str | None = None,
    now: datetime,
    by: str = "",
) -> Begun | None:
    """Take in a post that comes again; a known key adds nothing, ``None`` when it is another post's."""
    account_rows.lock_all(connection, accounts)
    if key is not None:
        found = connection.execute(
            select(posts.c.id, series.c.id.label("series_id"))
            .outerjoin(series, series.c.post_id == posts.c.id)
            .where(posts.c.key == key)
        ).first()
        if found is not None:
            return None if found.series_id is None else Begun(series_id=found.series_id, known=True)
    series_id: int = connection.execute(
        insert(series)
        .values(
            post_id=intake.add_post(connection, post, key, now, by=by),
            rule=rule,
            zone=zone,
            starts=starts,
            late_after_s=None if late_after is None else round(late_after.total_seconds()),
            when_late=when_late,
            created_at=now,
            planned_until=now,
            ended_why="",
        )
        .returning(series.c.id)
    ).scalar_one()
    connection.execute(
        insert(series_accounts),
        [{"series_id": series_id, "account": account} for account in dict.fromkeys(accounts)],
    )
    return Begun(series_id=series_id)


def place(
    connection: Connection,
    series_id: int,
    times: Sequence[tuple[str, datetime]],
    *,
    until: datetime,
    now: datetime,
) -> list[Added]:
    """Make deliveries of times of a series, given as local time and instant, that are none yet."""
    # Locked, so that two who plan at the same moment see each other.
    row = connection.execute(select(series).where(series.c.id == series_id).with_for_update()).one_or_none()
    if row is None:
        raise UnknownSeries(series_id)
    if row.ended_at is not None:
        return []
    [kept] = _several(connection, [row])
    placed = set(
        connection.execute(
            select(occurrences.c.account, occurrences.c.local).where(occurrences.c.series_id == series_id)
        )
    )
    network_of = variants.networks(connection, series_said.every_account(connection, series_id))
    left_out = series_said.skipped(connection, series_id)
    zone = ZoneInfo(kept.zone)
    added = []
    for local, at in times:
        if local in left_out:
            continue
        hour = series_said.hour_at(kept.hours, local)
        due_at = at if hour is None else series_said.instant(local, hour, zone)
        post_id = series_said.post_at(connection, series_id, kept.post_id, local)
        post = variants.whole(connection, [post_id])[post_id]
        for account in kept.accounts_at(local):
            if (account, local) in placed:
                continue
            approval = approvals.waiting_after(connection, post_id, account)
            state = State.HELD if approval else State.SCHEDULED
            delivery_id = intake.add_delivery(
                connection,
                post=post,
                post_id=post_id,
                account=account,
                network=network_of[account],
                state=state,
                due_at=due_at,
                late_after=kept.late_after,
                when_late=kept.when_late,
                approval=approval,
                now=now,
            )
            connection.execute(
                insert(occurrences).values(
                    series_id=series_id, account=account, local=local, delivery_id=delivery_id
                )
            )
            added.append(Added(delivery_id=delivery_id, account=account, state=state, approval=approval))
    approvals.tell(connection, [one.delivery_id for one in added if one.state is State.HELD], now)
    connection.execute(
        update(series)
        .where(series.c.id == series_id, series.c.planned_until < until)
        .values(planned_until=until)
    )
    return added


def end(connection: Connection, series_id: int, *, by: By, now: datetime) -> list[int]:
    """End a series, and take back its times that are not being sent; answer which."""
    row = connection.execute(select(series).where(series.c.id == series_id).with_for_update()).one_or_none()
    if row is None:
        raise UnknownSeries(series_id)
    told = f"ended by {by.name}" + (f": {by.why}" if by.why else "")
    if row.ended_at is None:
        connection.execute(
            update(series).where(series.c.id == series_id).values(ended_at=now, ended_why=told)
        )
    waiting = connection.scalars(
        select(deliveries.c.id)
        .join(occurrences, occurrences.c.delivery_id == deliveries.c.id)
        .where(
            occurrences.c.series_id == series_id,
            deliveries.c.state.in_([State.SCHEDULED, State.HELD]),
            deliveries.c.attempts == 0,
        )
        .order_by(deliveries.c.id)
    ).all()
    for delivery_id in waiting:
        persons.cancel(connection, delivery_id, by=by, now=now)
    return list(waiting)


def every(connection: Connection, *, also_ended: bool = False) -> list[Series]:
    """List the series, the oldest first."""
    query = select(series).order_by(series.c.id)
    if not also_ended:
        query = query.where(series.c.ended_at.is_(None))
    return _several(connection, connection.execute(query).all())


def _several(connection: Connection, rows: Sequence[Row[Any]]) -> list[Series]:
    ids = [row.id for row in rows]
    names, joins = series_said.first_accounts(connection, ids), series_said.joins(connection, ids)
    placed = {
        row.series_id: row.many
        for row in connection.execute(
            select(occurrences.c.series_id, func.count().label("many"))
            .where(occurrences.c.series_id.in_(ids))
            .group_by(occurrences.c.series_id)
        )
    }
    post_ids = [row.post_id for row in rows]
    texts = delivery_rows.said(connection, post_ids)
    hours = series_said.hours(connection, ids)
    sources = {
        row.id: row.source
        for row in connection.execute(select(posts.c.id, posts.c.source).where(posts.c.id.in_(post_ids)))
    }
    return [
        Series(
            id=row.id,
            post_id=row.post_id,
            text=texts[row.post_id][0].text,
            source=sources[row.post_id],
            accounts=names[row.id],
            rule=row.rule,
            zone=row.zone,
            starts=row.starts,
            late_after=None if row.late_after_s is None else timedelta(seconds=row.late_after_s),
            when_late=WhenLate(row.when_late),
            created_at=row.created_at,
            planned_until=row.planned_until,
            placed=placed.get(row.id, 0),
            ended_at=row.ended_at,
            ended_why=row.ended_why,
            hours=hours.get(row.id, ()),
            joins=joins[row.id],
        )
        for row in rows
    ]
