"""The vitals: what the store itself shows of a house's health, and what flows noted of themselves.

Everything here is read in one transaction, from tables that are written by claims, answers and looks. Nothing of it
is what a publisher says of its own success: that a post is live, only looks say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, select, text, update

from steadypost.domain import outcome
from steadypost.domain.delivery import PartState, State
from steadypost.domain.observed import AccountSeen, Head, Noted, Published, StoreSeen
from steadypost.domain.outcome import Cause
from steadypost.domain.quota import Free, Full, room
from steadypost.domain.snowflake import made_at
from steadypost.store import accounts as account_rows
from steadypost.store import attempts as attempt_rows
from steadypost.store import ledger
from steadypost.store import strikes as strike_rows
from steadypost.store import watches as seats
from steadypost.store.accounts import AccountRecord
from steadypost.store.schema import (
    CLAIMABLE,
    SENDING,
    UNCONFIRMED,
    attempts,
    deliveries,
    delivery_parts,
    evidence,
    notices,
    quota_uses,
    vitals,
)
from steadypost.store.strikes import Bars

LOOK = "look:"
"""What the looks at an account note, under its name."""

BROWSERS = "browsers:"
"""What a pool of browsers notes, under the name of its flow."""

SHED = "shed:"
"""What is noted of something that can wait, under its name: it is unwell while it is left for later."""

PULSE = "pulse"
"""What the watch writes in every round: that it could be written is what it says."""

MOST_CLAIMS = 200
"""How many published posts of an account one round holds against the looks, the newest."""


# --- notes


def note(connection: Connection, name: str, *, well: bool, told: str, now: datetime) -> None:
    """Write down how something is; since when it is so is kept while it stays so."""
    before = connection.execute(select(vitals).where(vitals.c.name == name)).one_or_none()
    if before is None:
        connection.execute(insert(vitals).values(name=name, well=well, since=now, at=now, told=told))
        return
    since = before.since if before.well == well else now
    connection.execute(
        update(vitals).where(vitals.c.name == name).values(well=well, since=since, at=now, told=told)
    )


def every(connection: Connection) -> dict[str, Noted]:
    """Read all that was noted, by name."""
    return {
        row.name: Noted(well=row.well, since=row.since, at=row.at, told=row.told)
        for row in connection.execute(select(vitals))
    }


# --- what is so


def observe(connection: Connection, now: datetime, *, claims_of: timedelta) -> StoreSeen:
    """Read what the store holds, all at one moment."""
    noted = every(connection)
    records = account_rows.every(connection)
    watches = seats.every(connection)
    waiting = _waiting(connection)
    return StoreSeen(
        accounts=tuple(
            _account(connection, record, now, claims_of, noted.get(f"{LOOK}{record.name}"))
            for record in records
        ),
        beats={seat.flow: seat.beat_at for seat in watches},
        seats={seat.flow: seat.run_id for seat in watches},
        seated={seat.flow: seat.since for seat in watches},
        lapsed=_lapsed(connection, now),
        claimed_at=connection.scalar(select(attempts.c.claimed_at).order_by(attempts.c.id.desc()).limit(1)),
        notices_waiting=len(waiting),
        notices_since=waiting[0][0] if waiting else None,
        notices_trouble=next((trouble for _, trouble in waiting if trouble), ""),
        browsers={
            name.removeprefix(BROWSERS): one for name, one in noted.items() if name.startswith(BROWSERS)
        },
        shed=tuple(
            name.removeprefix(SHED) for name, one in noted.items() if name.startswith(SHED) and not one.well
        ),
        clock_off=_clock_off(connection, now - claims_of),
    )


def _account(
    connection: Connection, record: AccountRecord, now: datetime, claims_of: timedelta, look: Noted | None
) -> AccountSeen:
    waiting = connection.execute(
        select(func.count(deliveries.c.id.distinct()).label("many"), func.count().label("units"))
        .join(delivery_parts, delivery_parts.c.delivery_id == deliveries.c.id)
        .where(
            text(f"deliveries.{CLAIMABLE}"),
            deliveries.c.account == record.name,
            deliveries.c.due_at <= now,
            delivery_parts.c.state != PartState.LIVE,
        )
    ).one()
    bars = strike_rows.bars(connection, now)
    free = None if bars.strikes(record) else _head(connection, record.name, now, bars)
    head = free or _head(connection, record.name, now, Bars())
    return AccountSeen(
        name=record.name,
        paused_until=record.paused_until,
        pause_cause=record.pause_cause,
        pause_why=record.pause_why,
        struck=_struck(connection, record.name, head, now) if head and free is None else "",
        waiting=waiting.many,
        units=waiting.units,
        head=head,
        room=_room(connection, record, head, now),
        limits=record.limits,
        claimed_at=connection.scalar(
            select(quota_uses.c.taken_at)
            .where(quota_uses.c.account == record.name)
            .order_by(quota_uses.c.id.desc())
            .limit(1)
        ),
        next_due_at=connection.scalar(
            select(func.min(deliveries.c.due_at)).where(text(CLAIMABLE), deliveries.c.account == record.name)
        ),
        published=_published(connection, record.name, now - claims_of),
        looks_overdue_since=connection.scalar(
            select(func.min(deliveries.c.next_at)).where(
                text(UNCONFIRMED), deliveries.c.account == record.name, deliveries.c.next_at < now
            )
        ),
        look=look,
    )


def _struck(connection: Connection, name: str, head: Head, now: datetime) -> str:
    """Say which strike keeps it back."""
    post_id = connection.scalar(select(deliveries.c.post_id).where(deliveries.c.id == head.id)) or 0
    return "; ".join(map(str, strike_rows.against(connection, name, post_id, now)))


def _head(connection: Connection, name: str, now: datetime, bars: Bars) -> Head | None:
    """Find what is next in line: what may be taken up now, else what was due first and waits for its next attempt."""
    due = (
        select(deliveries)
        .where(text(CLAIMABLE), deliveries.c.account == name, deliveries.c.due_at <= now, bars.spare())
        .order_by(deliveries.c.due_at, deliveries.c.id)
        .limit(1)
    )
    row = connection.execute(due.where(deliveries.c.next_at <= now)).one_or_none()
    row = row or connection.execute(due).one_or_none()
    if row is None:
        return None
    return Head(
        id=row.id,
        due_at=row.due_at,
        next_at=row.next_at,
        # What came in a moment ago with a moment of long ago has not been waiting since then.
        ready_since=max(row.due_at, row.next_at, row.updated_at),
        cause=Cause(row.cause) if row.cause else None,
        why=row.why,
    )


def _room(connection: Connection, record: AccountRecord, head: Head | None, now: datetime) -> Free | Full:
    if head is None:
        return Free()
    missing = connection.scalar(
        select(func.count()).where(
            delivery_parts.c.delivery_id == head.id, delivery_parts.c.state != PartState.LIVE
        )
    )
    uses = ledger.uses(connection, {record.name: record.limits}, now)[record.name]
    return room(record.limits, uses, missing or 1, now)


def _published(connection: Connection, name: str, since: datetime) -> tuple[Published, ...]:
    rows = connection.execute(
        select(
            deliveries.c.id,
            deliveries.c.published_at,
            deliveries.c.verified_at,
            deliveries.c.state,
            deliveries.c.fence,
        )
        .where(deliveries.c.account == name, deliveries.c.published_at >= since)
        .order_by(deliveries.c.published_at.desc(), deliveries.c.id.desc())
        .limit(MOST_CLAIMS)
    ).all()
    missed = _missed(connection, {row.id: row.fence for row in rows if row.verified_at is None})
    return tuple(
        Published(
            id=row.id,
            at=row.published_at,
            seen_at=row.verified_at,
            missed_at=missed.get(row.id, ()),
            gone=row.state == State.REMOVED,
        )
        for row in reversed(rows)
    )


def _missed(connection: Connection, fences: Mapping[int, int]) -> dict[int, tuple[datetime, ...]]:
    """Give, by delivery, the looks that would have shown it and did not, since its latest claim."""
    found: defaultdict[int, set[datetime]] = defaultdict(set)
    if fences:
        rows = connection.execute(
            select(evidence.c.delivery_id, evidence.c.at, evidence.c.fence).where(
                evidence.c.delivery_id.in_(list(fences)), evidence.c.kind == "absent"
            )
        )
        for row in rows:
            if row.fence == fences[row.delivery_id]:
                found[row.delivery_id].add(row.at)
    return {delivery_id: tuple(sorted(at)) for delivery_id, at in found.items()}


def _lapsed(connection: Connection, now: datetime) -> dict[int, datetime]:
    rows = connection.execute(
        select(deliveries.c.id, deliveries.c.lease_until).where(text(SENDING), deliveries.c.lease_until < now)
    )
    return {row.id: row.lease_until for row in rows}


def _waiting(connection: Connection) -> Sequence[tuple[datetime, str]]:
    rows = connection.execute(
        select(notices.c.created_at, notices.c.trouble)
        .where(text("sent_at IS NULL"))
        .order_by(notices.c.created_at, notices.c.id)
    )
    return [(row.created_at, row.trouble) for row in rows]


def _clock_off(connection: Connection, since: datetime) -> timedelta | None:
    """Say how far our clock lies outside of the network's: an id tells when the network made it, which was between
    our arming and its answer. ``None`` when nothing that fresh was published.
    """
    rows = connection.execute(
        select(attempts)
        .where(attempts.c.answered_at >= since, attempts.c.armed_at.is_not(None))
        .order_by(attempts.c.id.desc())
        .limit(20)
    )
    for attempt in map(attempt_rows.attempt_of, rows):
        told = attempt.answer.headline if attempt.answer else None
        if isinstance(told, outcome.Published) and attempt.armed_at and attempt.answered_at:
            made = made_at(told.remote_id)
            if made < attempt.armed_at:
                return attempt.armed_at - made
            return min(timedelta(0), attempt.answered_at - made)
    return None
