"""What figures are made of: everything that was owed in a window, as the store knows it."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, func, or_, select

from steadypost.domain.delivery import FINAL, FOR_A_PERSON, PartState, State
from steadypost.domain.figures import End, Owed
from steadypost.domain.outcome import Cause
from steadypost.domain.quota import DAY, Free, Limits, Use, room
from steadypost.domain.snowflake import RemoteId, made_at
from steadypost.domain.span import Span
from steadypost.store import accounts as account_rows
from steadypost.store import codec
from steadypost.store.schema import acts, attempts, deliveries, delivery_parts, foreign_posts, quota_uses

_RESTS = FINAL | FOR_A_PERSON

LONGEST_FLIGHT = timedelta(hours=1)
"""A use was taken at the most so long before it counted."""


def owed(connection: Connection, window: Span, within: timedelta) -> list[Owed]:
    """List what was owed in a window. ``within`` says when each should have been live at the latest."""
    released = _released(connection, window)
    rows = connection.execute(
        select(deliveries).where(
            deliveries.c.due_at < window.until,
            or_(
                deliveries.c.due_at >= window.since,
                deliveries.c.created_at >= window.since,
                deliveries.c.id.in_(list(released)),
            ),
        )
    ).all()
    dated = [(row, max(row.due_at, row.created_at, released.get(row.id, row.due_at))) for row in rows]
    inside = [(row, at) for row, at in dated if at in window]
    live = _live(connection, window, released)
    told = [_owed(row, at, live.get(row.id)) for row, at in inside]
    units = {row.id: row.units for row, _ in inside}
    rooms = _Rooms(connection, window, {one.account for one in told})
    return [_with_room(one, rooms, units, within) for one in sorted(told, key=lambda one: one.at)]


def _released(connection: Connection, window: Span) -> dict[int, datetime]:
    """Say when what was held was released: it is owed from then on."""
    rows = connection.execute(
        select(acts.c.delivery_id, func.max(acts.c.at).label("at"))
        .where(acts.c.before == State.HELD, acts.c.after == State.SCHEDULED, acts.c.at >= window.since)
        .group_by(acts.c.delivery_id)
    )
    return {row.delivery_id: row.at for row in rows}


def _live(connection: Connection, window: Span, released: Mapping[int, datetime]) -> dict[int, datetime]:
    """Say when each delivery was wholly live, by what its ids tell: the network's own word on the time."""
    rows = connection.execute(
        select(delivery_parts.c.delivery_id, delivery_parts.c.state, delivery_parts.c.remote_id)
        .join(deliveries, deliveries.c.id == delivery_parts.c.delivery_id)
        .where(
            deliveries.c.due_at < window.until,
            or_(
                deliveries.c.due_at >= window.since,
                deliveries.c.created_at >= window.since,
                deliveries.c.id.in_(list(released)),
            ),
        )
    )
    parts: defaultdict[int, list[datetime | None]] = defaultdict(list)
    for row in rows:
        is_live = row.state == PartState.LIVE
        parts[row.delivery_id].append(made_at(RemoteId(row.remote_id)) if is_live else None)
    return {
        delivery_id: max(known)
        for delivery_id, every in parts.items()
        if len(known := [at for at in every if at is not None]) == len(every)
    }


def _owed(row: Row[Any], at: datetime, live_at: datetime | None) -> Owed:
    state = State(row.state)
    return Owed(
        account=row.account,
        at=at,
        state=state,
        live_at=live_at,
        recorded_at=row.published_at if live_at else None,
        # A second copy is told in the delivery's own words: see ``overtaken``.
        twice=state is State.PUBLISHED and row.cause == Cause.DUPLICATE,
        ended_at=row.updated_at if state in _RESTS and live_at is None else None,
        delivery_id=row.id,
    )


def _with_room(one: Owed, rooms: _Rooms, units: Mapping[int, int], within: timedelta) -> Owed:
    latest = one.at + within
    if one.delivery_id is None or (one.live_at is not None and one.live_at <= latest):
        return one
    full = rooms.full_at(one.account, latest, units[one.delivery_id], but=one.delivery_id)
    return Owed(**{name: getattr(one, name) for name in Owed.__slots__} | {"no_room": full})


@dataclass(frozen=True, slots=True)
class _Taken:
    """One use of an account's quota, with who took it."""

    at: datetime
    counted_at: datetime | None
    units: int
    delivery_id: int | None


class _Rooms:
    """What was left of the accounts' limits at a moment of the past.

    Only posts that are known to be live take room here: what the service's own doubts took is no excuse for
    it. The spacing is none either: it passes.
    """

    def __init__(self, connection: Connection, window: Span, names: Iterable[str]) -> None:
        self._limits = {
            record.name: Limits(per_hour=record.limits.per_hour, per_day=record.limits.per_day)
            for record in account_rows.every(connection)
            if record.limits.largest_delivery is not None and record.name in set(names)
        }
        self._taken: dict[str, list[_Taken]] = {name: [] for name in self._limits}
        if self._limits:
            self._read(connection, window.since - DAY - LONGEST_FLIGHT)
        for line in self._taken.values():
            line.sort(key=lambda one: one.at)

    def _read(self, connection: Connection, back_to: datetime) -> None:
        ours = connection.execute(
            select(quota_uses, attempts.c.delivery_id)
            .join(attempts, attempts.c.id == quota_uses.c.attempt_id)
            .where(
                quota_uses.c.account.in_(list(self._limits)),
                quota_uses.c.released.is_(False),
                quota_uses.c.unknown.is_(False),
                quota_uses.c.taken_at >= back_to,
            )
        )
        for row in ours:
            taken = _Taken(row.taken_at, row.counted_at, row.units, row.delivery_id)
            self._taken[row.account].append(taken)
        by_hand = connection.execute(
            select(foreign_posts.c.account, foreign_posts.c.made_at).where(
                foreign_posts.c.account.in_(list(self._limits)), foreign_posts.c.made_at >= back_to
            )
        )
        for row in by_hand:
            self._taken[row.account].append(_Taken(row.made_at, row.made_at, 1, None))

    def full_at(self, account: str, moment: datetime, units: int, *, but: int) -> bool:
        """Whether posts of others left no room for so many more at that moment."""
        line = self._taken.get(account)
        if not line:
            return False
        first = bisect_right(line, moment - DAY - LONGEST_FLIGHT, key=lambda one: one.at)
        last = bisect_right(line, moment, key=lambda one: one.at)
        uses = [_use(one, moment) for one in line[first:last] if one.delivery_id != but]
        return not isinstance(room(self._limits[account], uses, units, moment), Free)


def _use(taken: _Taken, moment: datetime) -> Use:
    in_flight = taken.counted_at is None or taken.counted_at > moment
    return Use(units=taken.units, counted_at=None if in_flight else taken.counted_at)


def ends(connection: Connection, window: Span) -> Sequence[End]:
    """List how attempts ended in a window: what they met of the network."""
    rows = connection.execute(
        select(attempts.c.claimed_at, attempts.c.answered_at, attempts.c.outcome, deliveries.c.account)
        .join(deliveries, deliveries.c.id == attempts.c.delivery_id)
        .where(
            and_(attempts.c.answered_at >= window.since, attempts.c.answered_at < window.until),
            attempts.c.outcome.is_not(None),
        )
        .order_by(attempts.c.answered_at)
    )
    return [
        End(
            account=row.account,
            began_at=row.claimed_at,
            ended_at=row.answered_at,
            cause=getattr(codec.loads(row.outcome).headline, "cause", None),
        )
        for row in rows
    ]
