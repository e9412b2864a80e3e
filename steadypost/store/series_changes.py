"""Changing what comes again: one time is left out; or its words, its hour or its accounts are others from one on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, delete, insert, select, update

from steadypost.domain.change import WAITS, Barred, can_be_undone
from steadypost.domain.delivery import State
from steadypost.store import accounts as account_rows
from steadypost.store import changing, series_said
from steadypost.store import deliveries as delivery_rows
from steadypost.store.acts import By
from steadypost.store.changing import Done, Plan, Plans, Reworded
from steadypost.store.deliveries import Kept
from steadypost.store.errors import StoreError, UnknownSeries
from steadypost.store.operations import Cancelling, Editing, New
from steadypost.store.schema import (
    occurrences,
    series,
    series_hours,
    series_joins,
    series_skips,
    series_wordings,
)


class SeriesEnded(StoreError):
    """Nothing more comes of it."""

    def __init__(self, series_id: int) -> None:
        super().__init__(f"series {series_id} is ended", remedy="'steadypost add --repeat' begins another")


def skip(
    connection: Connection,
    series_id: int,
    times: Sequence[str],
    *,
    by: By,
    now: datetime,
    dry_run: bool = False,
) -> Done:
    """Leave times of a series out, given as the clock on the wall shows them; those that wait are taken back."""
    _locked(connection, series_id, lock=not dry_run)
    meant = _occurring(connection, series_id, lambda local: local in set(times), lock=not dry_run)
    work = Cancelling(by)
    plans = [(kept, work(connection, kept, now)) for kept in meant]
    left_out = series_said.skipped(connection, series_id)
    fresh = [local for local in dict.fromkeys(times) if local not in left_out]
    if dry_run or not fresh:
        return changing.foreseen(connection, plans)
    told = f"skip of {', '.join(times)} of series {series_id}"
    change_id = changing.begin(connection, did="skip", by=by, told=told, now=now)
    connection.execute(
        insert(series_skips),
        [{"series_id": series_id, "local": local, "change_id": change_id} for local in fresh],
    )
    return changing.carried_out(connection, plans, change_id=change_id, did="skip", by=by, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Which accounts join a series from a time on, and which leave it."""

    joining: tuple[str, ...] = ()
    leaving: tuple[str, ...] = ()


class NotSaidBy(StoreError):
    """What is asked of a series' accounts changes nothing, or leaves none."""


def reword(
    connection: Connection,
    series_id: int,
    new: New | None,
    *,
    since: str,
    at: str | None = None,
    members: Members | None = None,
    by: By,
    now: datetime,
    dry_run: bool = False,
) -> Done:
    """Give a series other words, another local time ``at`` or other accounts, from a time on.

    A time stays known by its rule's time. For an account that joins, times that are planned already are planned anew.
    """
    trial = connection.begin_nested() if dry_run else None
    try:
        done = _reword(connection, series_id, new, since=since, at=at, members=members, by=by, now=now)
    finally:
        if trial is not None:
            trial.rollback()
    return replace(done, change_id=None) if dry_run else done


def _reword(
    connection: Connection,
    series_id: int,
    new: New | None,
    *,
    since: str,
    at: str | None,
    members: Members | None,
    by: By,
    now: datetime,
) -> Done:
    asked = members or Members()
    row = _locked(connection, series_id, also=asked.joining)
    told = f"edit of series {series_id} from {since} on"
    change_id = changing.begin(connection, did="edit --series", by=by, told=told, now=now)
    # One post for the times that are there and for those to come: a yes to it is a yes to all of them.
    words = Reworded(connection, now, by)
    changed = {"series_id": series_id, "since": since, "change_id": change_id}
    if new is not None:
        post_id = words.number(row.post_id, new.post)
        connection.execute(insert(series_wordings).values(**changed, post_id=post_id))
    if at is not None:
        connection.execute(insert(series_hours).values(**changed, at=at))
    again = _join(connection, row, asked, since=since, change_id=change_id, now=now) if members else []
    plans = [*again, *taken_back(connection, series_id, since, by=by, now=now)]
    if new is not None or at is not None:
        plans += _reworded(connection, row, new, since=since, at=at, but=plans, now=now)
    return changing.carried_out(
        connection,
        changing.gated(connection, plans, by),
        change_id=change_id,
        did="edit --series",
        by=by,
        now=now,
        new=words,
    )


def _reworded(
    connection: Connection,
    row: Row[Any, Any, Any, Any],
    new: New | None,
    *,
    since: str,
    at: str | None,
    but: Plans,
    now: datetime,
) -> Plans:
    work = _Rewording(new=new, at=at, zone=ZoneInfo(row.zone), locals=_locals(connection, row.id))
    decided = {kept.delivery.id for kept, _ in but}
    return [
        (kept, work(connection, kept, now))
        for kept in _occurring(connection, row.id, lambda local: local >= since, lock=True)
        if kept.delivery.id not in decided and (kept.delivery.state in WAITS or not _ended(kept))
    ]


# -- for whom


def _join(
    connection: Connection,
    row: Row[Any, Any, Any, Any],
    asked: Members,
    *,
    since: str,
    change_id: int,
    now: datetime,
) -> list[tuple[Kept, Plan | Barred]]:
    """Write down who joins and who leaves; answer what comes again for accounts that had left."""
    before = _members(connection, row.id)
    _check(row.id, asked, list(before.since(since)))
    told = {**dict.fromkeys(asked.joining, True), **dict.fromkeys(asked.leaving, False)}
    values = {"series_id": row.id, "since": since, "change_id": change_id}
    connection.execute(
        insert(series_joins),
        [{**values, "account": account, "joins": joins} for account, joins in told.items()],
    )
    if not all(_members(connection, row.id).since(since)):
        remedy = f"to end it: steadypost series --end {row.id} --why TEXT"
        raise NotSaidBy(f"no account would be left for series {row.id}", remedy=remedy)
    plan_anew(connection, row.id, since, now)
    return [
        (kept, _again(connection, row, kept, local))
        for kept, account, local in _planned(connection, row.id, since)
        if account in asked.joining
        and account not in before.at(local)
        and kept.delivery.state is State.CANCELLED
        and can_be_undone(kept.delivery) is None
        and _due(connection, row.id, row.zone, local) > now
    ]


def _check(series_id: int, asked: Members, before: Sequence[tuple[str, ...]]) -> None:
    remedy = f"it comes for {'; later for '.join(', '.join(those) for those in before)}"
    for account in asked.joining:
        if all(account in those for those in before):
            raise NotSaidBy(f"series {series_id} comes for {account} already", remedy=remedy)
    for account in asked.leaving:
        if not any(account in those for those in before):
            raise NotSaidBy(f"series {series_id} does not come for {account} from then on", remedy=remedy)


def _again(connection: Connection, row: Row[Any, Any, Any, Any], kept: Kept, local: str) -> Plan:
    """Let a time that was taken back come again, in the words and at the hour of now."""
    due_at = _due(connection, row.id, row.zone, local)
    post_id = series_said.post_at(connection, row.id, row.post_id, local)
    post = None
    if post_id != kept.delivery.post_id:
        post = series_said.said_at(connection, row.id, row.post_id, local)
    after = kept.delivery.move(State.SCHEDULED, cause=None, why="", due_at=due_at, next_at=due_at)
    return Plan(after=after, post=post)


def taken_back(
    connection: Connection, series_id: int, since: str, *, by: By, now: datetime
) -> list[tuple[Kept, Plan | Barred]]:
    """Say what becomes of the planned times of accounts for which the series does not come any more."""
    members = _members(connection, series_id)
    return [
        (kept, Cancelling(by)(connection, kept, now))
        for kept, account, local in _planned(connection, series_id, since)
        if account not in members.at(local) and not _ended(kept)
    ]


def plan_anew(connection: Connection, series_id: int, since: str, now: datetime) -> None:
    """Have the times from one on planned once more: what is there is known. What has passed is not made up for."""
    zone = str(connection.scalar(select(series.c.zone).where(series.c.id == series_id)))
    until = max(_due(connection, series_id, zone, since), now + timedelta(days=1))
    connection.execute(
        update(series)
        .where(series.c.id == series_id, series.c.planned_until > until)
        .values(planned_until=until)
    )


def back(connection: Connection, change_id: int, *, by: By, now: datetime) -> Plans:
    """Take back what a change did to series; answer what becomes of times that were planned since."""
    plans: dict[int, tuple[Kept, Plan | Barred]] = {}
    anew = [
        (row.series_id, row.since)
        for row in connection.execute(select(series_joins).where(series_joins.c.change_id == change_id))
    ] + [
        (row.series_id, row.local)
        for row in connection.execute(select(series_skips).where(series_skips.c.change_id == change_id))
    ]
    for table in (series_skips, series_wordings, series_hours, series_joins):
        connection.execute(delete(table).where(table.c.change_id == change_id))
    for series_id, since in anew:
        plan_anew(connection, series_id, since, now)
        for one in taken_back(connection, series_id, since, by=by, now=now):
            plans[one[0].delivery.id] = one
    return list(plans.values())


@dataclass(frozen=True, slots=True)
class _Members:
    first: tuple[str, ...]
    joins: tuple[series_said.Join, ...]

    def at(self, local: str) -> tuple[str, ...]:
        return series_said.accounts_at(self.first, self.joins, local)

    def since(self, local: str) -> list[tuple[str, ...]]:
        return list(series_said.accounts_from(self.first, self.joins, local))


def _members(connection: Connection, series_id: int) -> _Members:
    first = series_said.first_accounts(connection, [series_id])[series_id]
    return _Members(first, series_said.joins(connection, [series_id])[series_id])


def _due(connection: Connection, series_id: int, zone: str, local: str) -> datetime:
    hours = series_said.hours(connection, [series_id]).get(series_id, ())
    return series_said.due(local, hours, ZoneInfo(zone))


def _planned(connection: Connection, series_id: int, since: str) -> list[tuple[Kept, str, str]]:
    rows = connection.execute(
        select(occurrences)
        .where(occurrences.c.series_id == series_id, occurrences.c.local >= since)
        .order_by(occurrences.c.delivery_id)
    ).all()
    return [
        (delivery_rows.one(connection, row.delivery_id, lock=True), row.account, row.local) for row in rows
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rewording:
    """Changes one time of a series."""

    new: New | None
    at: str | None
    zone: ZoneInfo
    locals: Mapping[int, str]
    """When the rule has each delivery come."""

    def __call__(self, connection: Connection, kept: Kept, now: datetime) -> Plan | Barred:
        """Judge it, as a person's own edit of it would be."""
        one = kept.delivery
        at = self.at
        due = None if at is None else (lambda _: self._due(self.locals[one.id], at, now))
        new = {} if self.new is None else {(one.post_id, one.account): self.new}
        return Editing(new=new, due=due, allow_repeat=True)(connection, kept, now)

    def _due(self, local: str, at: str, now: datetime) -> datetime | Barred:
        found = series_said.instant(local, at, self.zone)
        if found > now:
            return found
        return Barred(f"{at} has passed on that day", "move it by itself: 'steadypost move ID --when TIME'")


def _locals(connection: Connection, series_id: int) -> dict[int, str]:
    rows = connection.execute(
        select(occurrences.c.delivery_id, occurrences.c.local).where(occurrences.c.series_id == series_id)
    )
    return {row.delivery_id: row.local for row in rows}


def _ended(kept: Kept) -> bool:
    return kept.delivery.state.value in {"published", "removed", "cancelled", "missed", "refused"}


def _locked(
    connection: Connection, series_id: int, *, lock: bool = True, also: Sequence[str] = ()
) -> Row[Any, Any, Any, Any]:
    """Read a series, and lock it against planning; accounts first, as always."""
    if lock:
        account_rows.lock_all(connection, {*series_said.every_account(connection, series_id), *also})
    wanted = select(series.c.id, series.c.post_id, series.c.ended_at, series.c.zone)
    query = wanted.where(series.c.id == series_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise UnknownSeries(series_id)
    if row.ended_at is not None:
        raise SeriesEnded(series_id)
    return row


def _occurring(
    connection: Connection, series_id: int, meant: Callable[[str], bool], *, lock: bool
) -> list[Kept]:
    rows = connection.execute(
        select(occurrences.c.delivery_id, occurrences.c.local)
        .where(occurrences.c.series_id == series_id)
        .order_by(occurrences.c.delivery_id)
    )
    ids = [row.delivery_id for row in rows if meant(row.local)]
    return [delivery_rows.one(connection, one, lock=lock) for one in ids]
