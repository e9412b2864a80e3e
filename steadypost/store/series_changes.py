"""Changing what comes again: one time is left out, or it says something else, or comes at another hour, from one on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, insert, select

from steadypost.domain.change import WAITS, Barred
from steadypost.domain.post import Post
from steadypost.store import accounts as account_rows
from steadypost.store import changing, selecting, variants
from steadypost.store import deliveries as delivery_rows
from steadypost.store.acts import By
from steadypost.store.changing import Changed, Done, Plan, Reworded, Stays
from steadypost.store.deliveries import Kept
from steadypost.store.errors import StoreError, UnknownSeries
from steadypost.store.operations import Cancelling, Editing, New
from steadypost.store.schema import (
    occurrences,
    series,
    series_accounts,
    series_hours,
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
    left_out = set(
        connection.scalars(select(series_skips.c.local).where(series_skips.c.series_id == series_id))
    )
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


def reword(
    connection: Connection,
    series_id: int,
    new: New | None,
    *,
    since: str,
    at: str | None = None,
    by: By,
    now: datetime,
    dry_run: bool = False,
) -> Done:
    """Give a series other words, or another local time ``at``, from a time on. A time stays known by its rule's time."""
    row = _locked(connection, series_id, lock=not dry_run)
    meant = _occurring(connection, series_id, lambda local: local >= since, lock=not dry_run)
    work = _Rewording(new=new, at=at, zone=ZoneInfo(row.zone), locals=_locals(connection, series_id))
    # What ended stays as it ended: only what is to come is changed.
    to_come = [kept for kept in meant if kept.delivery.state in WAITS or not _ended(kept)]
    plans = changing.gated(connection, [(kept, work(connection, kept, now)) for kept in to_come], by)
    if dry_run:
        return changing.foreseen(connection, plans)
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
    return changing.carried_out(
        connection, plans, change_id=change_id, did="edit --series", by=by, now=now, new=words
    )


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
        found = instant(local, at, self.zone)
        if found > now:
            return found
        return Barred(f"{at} has passed on that day", "move it by itself: 'steadypost move ID --when TIME'")


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


def _locals(connection: Connection, series_id: int) -> dict[int, str]:
    rows = connection.execute(
        select(occurrences.c.delivery_id, occurrences.c.local).where(occurrences.c.series_id == series_id)
    )
    return {row.delivery_id: row.local for row in rows}


def _ended(kept: Kept) -> bool:
    return kept.delivery.state.value in {"published", "removed", "cancelled", "missed", "refused"}


def _locked(connection: Connection, series_id: int, *, lock: bool) -> Row[Any, Any, Any, Any]:
    """Read a series, and lock it against planning; accounts first, as always."""
    names = connection.scalars(
        select(series_accounts.c.account).where(series_accounts.c.series_id == series_id)
    ).all()
    if lock:
        account_rows.lock_all(connection, names)
    wanted = select(series.c.id, series.c.post_id, series.c.ended_at, series.c.zone)
    query = wanted.where(series.c.id == series_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise UnknownSeries(series_id)
    if row.ended_at is not None:
        raise SeriesEnded(series_id)
    return row


def _occurring(connection: Connection, series_id: int, meant: object, *, lock: bool) -> list[Kept]:
    rows = connection.execute(
        select(occurrences.c.delivery_id, occurrences.c.local)
        .where(occurrences.c.series_id == series_id)
        .order_by(occurrences.c.delivery_id)
    )
    ids = [row.delivery_id for row in rows if meant(row.local)]  # type: ignore[operator]
    return [delivery_rows.one(connection, one, lock=lock) for one in ids]


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
    post_id = post_at(connection, series_id, first, local)
    labels = selecting.labels(connection, [post_id])[post_id]
    return replace(variants.whole(connection, [post_id])[post_id], labels=labels)


__all__ = [
    "Changed",
    "Done",
    "SeriesEnded",
    "Stays",
    "hour_at",
    "hours",
    "instant",
    "post_at",
    "reword",
    "said_at",
    "skip",
    "skipped",
]
