"""What a restored backup does not know: what was asked for since it was made. Its names are lost, so lists are read.

What may have been asked for gets an unconfirmed attempt that stands for it; only after looks is it asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, exists, func, insert, or_, select, text, update

from steadypost.domain.delivery import State
from steadypost.domain.matching import UNKNOWN_CLOCK
from steadypost.domain.outcome import Phase
from steadypost.domain.parts import PartState
from steadypost.domain.waits import FIRST_LOOK
from steadypost.store import accounts as account_rows
from steadypost.store import deliveries as delivery_rows
from steadypost.store import ledger, money
from steadypost.store.acts import By
from steadypost.store.deliveries import Kept
from steadypost.store.schema import acts, attempts, deliveries, one_of, quota_uses, restores

LONGEST_AT_WORK = timedelta(minutes=10)
"""How long a process may still act on the old store after a restore: the longest hold of an attempt."""

GAP = 1_000_000
"""Attempts are numbered higher by this, so that no number of the old store is given to another."""

DID = "restore"
"""What the act is called in the history."""

_NOT_LOOKED_FOR = (
    select(restores)
    .where(
        or_(restores.c.at > bindparam("created_at"), restores.c.at >= bindparam("due_at")),
        ~exists().where(attempts.c.delivery_id == bindparam("which"), attempts.c.restore_id == restores.c.id),
    )
    .order_by(restores.c.id.desc())
    .limit(1)
)
"""Run by each claim, so it is built once."""

MAY_HAVE_BEEN_ASKED = one_of("state", [State.SCHEDULED, State.SENDING, State.PARTIAL, State.UNCONFIRMED])
"""What a machine could have gone on with since. What waited for a person is put unconfirmed when a person lets it go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore:
    """One backup that was restored."""

    id: int
    at: datetime
    made_at: datetime
    """When the backup was made."""
    gone_at: datetime
    """From then on a look can prove something absent."""
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsure:
    """What a restore put unconfirmed."""

    due: int
    """How many deliveries were due since the backup, or under way when it was made: their quota counts as used."""
    ahead: int
    """How many others: their time is still to come, and they may have been moved since the backup."""


def latest(connection: Connection) -> Restore | None:
    """Give the latest restore; ``None`` where there was none."""
    row = connection.execute(select(restores).order_by(restores.c.id.desc()).limit(1)).one_or_none()
    return None if row is None else _restore(row)


def begin(connection: Connection, *, made_at: datetime, by: By, now: datetime) -> Unsure:
    """Write down that a backup was restored, and put unconfirmed whatever may have been asked for since it was made."""
    restore_id: int = connection.execute(
        insert(restores)
        .values(at=now, made_at=made_at, gone_at=now + LONGEST_AT_WORK, by=by.name, why=by.why)
        .returning(restores.c.id)
    ).scalar_one()
    connection.execute(
        insert(acts).values(
            at=now, by=by.name, did=DID, why=_what_was_done(made_at, by), before="", after="", account=None
        )
    )
    restore = Restore(
        id=restore_id, at=now, made_at=made_at, gone_at=now + LONGEST_AT_WORK, by=by.name, why=by.why
    )
    number = (connection.scalar(select(func.max(attempts.c.id))) or 0) + GAP
    due = ahead = 0
    ids = connection.scalars(
        select(deliveries.c.id).where(text(MAY_HAVE_BEEN_ASKED)).order_by(deliveries.c.id)
    ).all()
    for delivery_id in ids:
        kept = delivery_rows.one(connection, delivery_id, lock=True)
        number += 1
        if make_unconfirmed(connection, kept, restore, now, number=number):
            due += 1
        else:
            ahead += 1
    number_on(connection, number)
    return Unsure(due=due, ahead=ahead)


def number_on(connection: Connection, last: int) -> None:
    """Have the next attempt numbered after this. SQLite numbers after the last row by itself."""
    if connection.dialect.name == "postgresql":
        connection.execute(
            text("SELECT setval(pg_get_serial_sequence('attempts', 'id'), :last)").bindparams(last=last)
        )


def _what_was_done(made_at: datetime, by: By) -> str:
    made = f"the backup made {made_at:%Y-%m-%d %H:%M:%S} UTC"
    return f"{made}: {by.why}" if by.why else made


def must_look_first(connection: Connection, kept: Kept) -> Restore | None:
    """Give the restore after which a due delivery was not looked for yet; ``None`` when it may be claimed."""
    asked = {"which": kept.delivery.id, "created_at": kept.created_at, "due_at": kept.delivery.due_at}
    row = connection.execute(_NOT_LOOKED_FOR, asked).one_or_none()
    return None if row is None else _restore(row)


def is_looked_for_first(connection: Connection, delivery_id: int) -> bool:
    """Whether a claim will have a delivery looked for before it is asked for."""
    return must_look_first(connection, delivery_rows.one(connection, delivery_id)) is not None


def make_unconfirmed(
    connection: Connection, kept: Kept, restore: Restore, now: datetime, *, number: int | None = None
) -> bool:
    """Put a delivery unconfirmed, with the attempt that stands for lost asks; answer whether it counts as used."""
    delivery = kept.delivery
    why = (
        f"a backup of {restore.made_at:%Y-%m-%d %H:%M} UTC was restored: "
        "it may have been asked for since, and is looked for first"
    )
    after = delivery.make_unconfirmed(why, now + FIRST_LOOK)
    was_due = delivery.due_at <= restore.at or delivery.state not in {State.SCHEDULED, State.PARTIAL}
    more: dict[str, Any] = {} if _name_is_known(connection, delivery.id) else {"key": None, "keyed_at": None}
    fence = kept.fence + 1
    _end_reservations(connection, delivery.id, now)
    delivery_rows.keep(connection, kept, after, now, fence=fence, **more)
    values = {
        "delivery_id": delivery.id,
        "n": max(1, delivery.attempts),
        "fence": fence,
        "worker": "",
        "executor": "",
        "first_part": delivery.first_missing,
        "phase": Phase.ARMED,
        "claimed_at": restore.made_at,
        "armed_at": restore.made_at,
        "lease_until": now,
        "rescued_at": now,
        "gone_at": restore.gone_at,
        # The clock of the machine that asked is not known. It was not further off than this.
        "clock_ahead_ms": 0,
        "clock_within_ms": round(UNKNOWN_CLOCK.total_seconds() * 1000),
        "restore_id": restore.id,
    }
    attempt_id: int = connection.execute(
        insert(attempts)
        .values(**values if number is None else {"id": number, **values})
        .returning(attempts.c.id)
    ).scalar_one()
    account = account_rows.one(connection, delivery.account)
    missing = sum(part.state is not PartState.LIVE for part in delivery.parts)
    ledger.reserve(
        connection,
        account=delivery.account,
        attempt_id=attempt_id,
        units=missing,
        now=restore.at,
        costs=money.of_delivery(connection, account.channel, delivery),
    )
    connection.execute(
        update(quota_uses)
        .where(quota_uses.c.attempt_id == attempt_id)
        # What is only to come would block the quota for as long as it is looked for; found live, it counts.
        .values(counted_at=restore.at, unknown=was_due, released=not was_due)
    )
    return was_due


def _name_is_known(connection: Connection, delivery_id: int) -> bool:
    """Whether it was asked for by its name before the backup: then it has kept that name."""
    armed = select(attempts.c.id).where(
        attempts.c.delivery_id == delivery_id,
        attempts.c.armed_at.is_not(None),
        attempts.c.restore_id.is_(None),
    )
    return connection.scalar(armed.limit(1)) is not None


def _end_reservations(connection: Connection, delivery_id: int, now: datetime) -> None:
    """Give back what an attempt under way had reserved: the one that is written down next counts the same parts."""
    of_it = select(attempts.c.id).where(attempts.c.delivery_id == delivery_id)
    connection.execute(
        update(quota_uses)
        .where(and_(quota_uses.c.attempt_id.in_(of_it), quota_uses.c.counted_at.is_(None)))
        .values(counted_at=now, released=True)
    )
    connection.execute(
        update(attempts)
        .where(
            attempts.c.delivery_id == delivery_id,
            attempts.c.answered_at.is_(None),
            attempts.c.rescued_at.is_(None),
        )
        .values(rescued_at=now)
    )


def _restore(row: Row[Any]) -> Restore:
    return Restore(id=row.id, at=row.at, made_at=row.made_at, gone_at=row.gone_at, by=row.by, why=row.why)
