"""What figures are made of: everything that was due in a window, as the store knows it."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select

from steadypost.domain.delivery import FINAL, FOR_A_PERSON, State, WhenLate
from steadypost.domain.figures import ON_TIME, DuePost, End, Outage
from steadypost.domain.figures import outages as outages_of
from steadypost.domain.outcome import Cause
from steadypost.domain.parts import PartState
from steadypost.domain.quota import DAY, Free, Limits, Use, capacity
from steadypost.domain.remote_id import RemoteId
from steadypost.domain.span import Span
from steadypost.networks import named
from steadypost.store import accounts as account_rows
from steadypost.store import clocks, codec, made, removals, snapshots
from steadypost.store.schema import (
    accounts,
    acts,
    attempts,
    deliveries,
    delivery_parts,
    foreign_posts,
    quota_uses,
)
from steadypost.store.snapshots import Snapshot

_RESTS = FINAL | FOR_A_PERSON

LONGEST_FLIGHT = timedelta(hours=1)
"""A use was taken at the most so long before it counted."""


def due_posts(connection: Connection, window: Span, within: timedelta = ON_TIME) -> list[DuePost]:
    """List what was due in a window. ``within`` says when each should have been live at the latest."""
    released = _released(connection)
    late_before = _late_before(connection, window, within, released)
    besides = {one for one, let_go in released.items() if let_go.at >= window.since} | late_before.keys()
    rows = connection.execute(select(deliveries).where(_touched(window, besides))).all()
    dated = [(row, max(_due_at(row, late_before, released), row.created_at)) for row in rows]
    inside = [(row, at) for row, at in dated if at in window]
    live = _live(connection, window, besides)
    gone = [row.id for row, _ in inside if row.state == State.REMOVED]
    by_hand = removals.taken_down(connection, gone)
    told = [
        _due_posts(row, at, live.get(row.id), released=row.id in released, by_hand=row.id in by_hand)
        for row, at in inside
    ]
    units = {row.id: row.units for row, _ in inside}
    capacities = _Capacities(connection, window, {one.account for one in told})
    return [_with_capacity(one, capacities, units, within) for one in sorted(told, key=lambda one: one.at)]


def _touched(window: Span, besides: Collection[int] = ()) -> ColumnElement[bool]:
    """Choose what fell due or came in within a window, and what else is known to belong there."""
    came = or_(deliveries.c.due_at >= window.since, deliveries.c.created_at >= window.since)
    return or_(and_(deliveries.c.due_at < window.until, came), deliveries.c.id.in_(list(besides)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _LetGo:
    """When a person first let go what was held."""

    at: datetime
    for_words: bool
    """Whether it is known to have waited for a yes to its words, and not for being late."""


def _released(connection: Connection) -> dict[int, _LetGo]:
    first = (
        select(func.min(acts.c.id))
        .where(acts.c.before == State.HELD, acts.c.after == State.SCHEDULED)
        .group_by(acts.c.delivery_id)
    )
    rows = connection.execute(select(acts).where(acts.c.id.in_(first)))
    return {
        row.delivery_id: _LetGo(
            at=row.at, for_words=row.was is not None and snapshots.loads(row.was).held_for is not None
        )
        for row in rows
    }


def _due_at(row: Row[Any], late_before: Mapping[int, datetime], released: Mapping[int, _LetGo]) -> datetime:
    """Say from when on a delivery could go: from a person's release, unless it was held for being late."""
    due_at: datetime = late_before.get(row.id, row.due_at)
    let_go = released.get(row.id)
    if let_go is None or row.id in late_before:
        return due_at
    for_words = let_go.for_words or row.held_for is not None
    asked_because_late = row.when_late == WhenLate.ASK and row.late_after_s is None
    return due_at if asked_because_late and not for_words else max(due_at, let_go.at)


def _late_before(
    connection: Connection, window: Span, within: timedelta, released: Mapping[int, _LetGo]
) -> dict[int, datetime]:
    """Say since when what a person gave another time was due, where it was late by then: a new time mends nothing."""
    rows = connection.execute(
        select(acts.c.delivery_id, acts.c.at, acts.c.was)
        .where(
            acts.c.was.is_not(None),
            or_(
                acts.c.at >= window.since,
                acts.c.delivery_id.in_(select(deliveries.c.id).where(_touched(window))),
            ),
        )
        .order_by(acts.c.id)
    )
    late_before: dict[int, datetime] = {}
    for row in rows:
        was, let_go = snapshots.loads(row.was), released.get(row.delivery_id)
        is_let_go = let_go is not None and let_go.at < row.at
        due_at = max(was.the_due_at, let_go.at) if let_go is not None and is_let_go else was.the_due_at
        latest = due_at + min(within, was.the_late_after or within)
        if row.at > latest and _waited_for_us(was, is_let_go=is_let_go):
            late_before.setdefault(row.delivery_id, due_at)
    return late_before


def _waited_for_us(was: Snapshot, *, is_let_go: bool) -> bool:
    """Whether nothing but the service kept it from going out: not its words, and no yes that was still missing."""
    has_its_yes = was.held_for is None or is_let_go
    match was.delivery_state:
        case State.SCHEDULED | State.QUARANTINED:
            return True
        case State.MISSED:
            return has_its_yes
        case State.HELD:
            return has_its_yes and was.when_late == WhenLate.ASK
        case _:
            return False


def _live(connection: Connection, window: Span, besides: Collection[int]) -> dict[int, datetime]:
    """Say when each delivery was wholly live, by what its ids tell, in the time of our own clock."""
    rows = connection.execute(
        select(
            delivery_parts.c.delivery_id,
            delivery_parts.c.state,
            delivery_parts.c.remote_id,
            deliveries.c.published_at,
            accounts.c.network,
            attempts.c.armed_at,
            attempts.c.clock_ahead_ms,
            attempts.c.clock_within_ms,
        )
        .join(deliveries, deliveries.c.id == delivery_parts.c.delivery_id)
        .join(accounts, accounts.c.name == deliveries.c.account)
        .outerjoin(
            attempts, and_(attempts.c.delivery_id == deliveries.c.id, attempts.c.n == deliveries.c.attempts)
        )
        .where(_touched(window, besides))
    )
    parts: defaultdict[int, list[datetime | None]] = defaultdict(list)
    for row in rows:
        parts[row.delivery_id].append(_made(row) if row.state == PartState.LIVE else None)
    return {
        delivery_id: max(known)
        for delivery_id, every in parts.items()
        if len(known := [at for at in every if at is not None]) == len(every)
    }


def _made(row: Any) -> datetime | None:
    """Say when a part was made. Where its id does not tell, it is as old as our knowledge of it."""
    told = named(row.network).made_at(RemoteId(row.remote_id))
    if told is None:
        return cast("datetime | None", row.published_at)
    ahead = None if row.clock_ahead_ms is None else clocks.offset(row.clock_ahead_ms, row.clock_within_ms)
    return made.here(told, ahead, known_at=row.published_at or told, asked_at=row.armed_at)


def _due_posts(
    row: Row[Any], at: datetime, live_at: datetime | None, *, released: bool, by_hand: bool
) -> DuePost:
    state = State(row.state)
    if state is State.REMOVED and by_hand:
        # It was live as long as it was wanted, or in part when the rest was taken back.
        state = State.CANCELLED if live_at is None else State.PUBLISHED
    return DuePost(
        account=row.account,
        at=at,
        state=state,
        live_at=live_at,
        recorded_at=row.published_at if live_at else None,
        # A second copy is noted in the delivery's detail: see ``overtaken``.
        twice=state is State.PUBLISHED and row.cause == Cause.DUPLICATE,
        held_late=_is_held_late(row, released),
        ended_at=row.updated_at if state in _RESTS and live_at is None else None,
        delivery_id=row.id,
    )


def _is_held_late(row: Row[Any], released: bool) -> bool:
    """Whether it is held by its late rule; what was never let go waits for a yes to its words."""
    by_its_rule = row.state == State.HELD and row.when_late == WhenLate.ASK
    return by_its_rule and (row.held_for is None or released)


def _with_capacity(
    one: DuePost, capacities: _Capacities, units: Mapping[int, int], within: timedelta
) -> DuePost:
    latest = one.at + within
    if one.delivery_id is None or (one.live_at is not None and one.live_at <= latest):
        return one
    full = capacities.full_at(one.account, latest, units[one.delivery_id], but=one.delivery_id)
    return DuePost(**{name: getattr(one, name) for name in DuePost.__slots__} | {"no_capacity": full})


@dataclass(frozen=True, slots=True)
class _Taken:
    """One use of an account's quota, with who took it."""

    at: datetime
    counted_at: datetime | None
    units: int
    delivery_id: int | None


class _Capacities:
    """What was left of the accounts' limits in the past, counting only posts known to be live. Spacing is no excuse."""

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
        """Whether other posts left no quota for so many more at that moment."""
        line = self._taken.get(account)
        if not line:
            return False
        first = bisect_right(line, moment - DAY - LONGEST_FLIGHT, key=lambda one: one.at)
        last = bisect_right(line, moment, key=lambda one: one.at)
        uses = [_use(one, moment) for one in line[first:last] if one.delivery_id != but]
        return not isinstance(capacity(self._limits[account], uses, units, moment), Free)


def _use(taken: _Taken, moment: datetime) -> Use:
    in_flight = taken.counted_at is None or taken.counted_at > moment
    return Use(units=taken.units, counted_at=None if in_flight else taken.counted_at)


def outages(connection: Connection, window: Span) -> list[Outage]:
    """Say when the network was away in a window, as attempts met it."""
    return outages_of(ends(connection, window))


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
