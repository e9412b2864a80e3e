"""The times of the week at which an account posts, and the next that is free."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, insert, select

from steadypost.store import accounts as account_rows
from steadypost.store import selecting
from steadypost.store.schema import slots

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

SOUGHT = timedelta(days=366)
"""How far ahead a free slot is sought."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Slot:
    """One time of the week, as the clock on the wall shows it."""

    day: int
    """0 is Monday."""
    at: str
    """``09:30``."""
    zone: str

    def __str__(self) -> str:
        """Say it in a line."""
        return f"{DAYS[self.day]} {self.at} ({self.zone})"


def every(connection: Connection, account: str) -> list[Slot]:
    """List the slots of an account through the week."""
    account_rows.one(connection, account)
    rows = connection.execute(select(slots).where(slots.c.account == account))
    return sorted(Slot(day=row.day, at=row.at, zone=row.zone) for row in rows)


def put(connection: Connection, account: str, wanted: Sequence[Slot]) -> None:
    """Add slots to an account; one that is there already takes the new zone."""
    account_rows.one(connection, account, lock=True)
    take(connection, account, wanted)
    connection.execute(
        insert(slots),
        [{"account": account, "day": one.day, "at": one.at, "zone": one.zone} for one in wanted],
    )


def take(connection: Connection, account: str, gone: Sequence[Slot]) -> int:
    """Take slots from an account; what is scheduled for them stays. Answers how many were there."""
    return sum(
        connection.execute(
            delete(slots).where(slots.c.account == account, slots.c.day == one.day, slots.c.at == one.at)
        ).rowcount
        for one in gone
    )


def next_free(connection: Connection, account: str, now: datetime) -> datetime | None:
    """Find the next slot at which nothing of the account is due; ``None`` when it has none."""
    return next_common(connection, [account], now)


def next_common(
    connection: Connection,
    names: Sequence[str],
    now: datetime,
    *,
    besides: Collection[tuple[str, datetime]] = frozenset(),
) -> datetime | None:
    """Find the next instant that is a slot of each account and free in all, also of ``besides``.

    To be asked in the transaction that takes it, with the accounts locked.
    """
    days = [now.date() + timedelta(days=n) for n in range(-1, SOUGHT.days)]
    found: set[datetime] | None = None
    for name in dict.fromkeys(names):
        taken = {at for _, at in selecting.busy(connection, name, now, now + SOUGHT)}
        taken |= {at for account, at in besides if account == name}
        slots_of = every(connection, name)
        free = {
            at
            for day in days
            for slot in slots_of
            if (at := _instant(slot, day)) is not None and at > now and at not in taken
        }
        found = free if found is None else found & free
    return min(found, default=None) if found else None


def _instant(slot: Slot, day: date) -> datetime | None:
    """Say when a slot is on a day; ``None`` where it has none, or where the clocks skip it."""
    if day.weekday() != slot.day:
        return None
    zone = ZoneInfo(slot.zone)
    shown = datetime.combine(day, time.fromisoformat(slot.at), zone)
    at = shown.astimezone(UTC)
    return at if at.astimezone(zone).replace(tzinfo=None) == shown.replace(tzinfo=None) else None
