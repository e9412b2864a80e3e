"""Accounts, as their blocks say they are, and their pauses."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, or_, select, text, update

from steadypost.domain.delivery import OnAbsence
from steadypost.domain.network import Network
from steadypost.domain.outcome import Cause
from steadypost.domain.quota import Limits
from steadypost.networks import named
from steadypost.store import transitions
from steadypost.store.errors import UnknownAccount
from steadypost.store.money import dollars, micros
from steadypost.store.schema import CLAIMABLE, accounts, deliveries

# What each post runs is built once: building a statement takes several times what executing it does.
_ONE = select(accounts).where(accounts.c.name == bindparam("which"))
_ONE_LOCKED = _ONE.with_for_update(key_share=True)
"""Not plain FOR UPDATE: rows that refer to the account may still be written meanwhile."""
_NETWORK = select(accounts.c.network).where(accounts.c.name == bindparam("which"))
_IDENTITY = update(accounts).where(
    accounts.c.name == bindparam("which"), accounts.c.identity != bindparam("seen")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRecord:
    """What the store knows of an account. Never its session."""

    name: str
    channel: str
    handle: str
    network: str = "x"
    """What its ids, times and texts are judged by."""
    longest: int = 280
    """The longest part it may publish, in the network's own measure."""
    limits: Limits = field(default_factory=Limits)
    on_absence: OnAbsence = OnAbsence.ASK_AGAIN
    """What follows when a post that was asked for is proven not to be live."""
    approvers: str = ""
    """Who must approve its posts, as ``domain.approval`` reads it; empty: no approval is needed."""
    settle: timedelta = timedelta(minutes=15)
    """How far apart two looks must be to prove that."""
    paused_until: datetime | None = None
    pause_cause: Cause | None = None
    pause_why: str = ""
    session_mark: str = ""
    """The fingerprint of the session with which it was paused; another one is a reason to go on."""
    identity: str = ""
    """Who it was last seen to be, by its network's own name for it. Not from its block."""

    def is_paused(self, now: datetime) -> bool:
        """Whether it is paused now."""
        return self.paused_until is not None and self.paused_until > now


def put(connection: Connection, record: AccountRecord, now: datetime) -> None:
    """Write down what the account's block says. Its pause stays as it is."""
    said: dict[str, Any] = {
        "channel": record.channel,
        "network": record.network,
        "handle": record.handle,
        "longest": record.longest,
        "per_hour": record.limits.per_hour,
        "per_day": record.limits.per_day,
        "spacing_s": round(record.limits.spacing.total_seconds()),
        "on_absence": record.on_absence,
        "budget_day_micros": micros(record.limits.budget_per_day),
        "budget_month_micros": micros(record.limits.budget_per_month),
        "settle_s": round(record.settle.total_seconds()),
        "approvers": record.approvers,
        "updated_at": now,
    }
    renamed = or_(accounts.c.handle != record.handle, accounts.c.network != record.network)
    # Which account another handle leads to is unknown before a sign-in with it.
    connection.execute(update(accounts).where(accounts.c.name == record.name, renamed).values(identity=""))
    known = update(accounts).where(accounts.c.name == record.name).values(**said)
    if connection.execute(known).rowcount == 0:
        new = insert(accounts).values(name=record.name, pause_why="", session_mark="", **said)
        connection.execute(new)


def note_identity(connection: Connection, name: str, identity: str) -> None:
    """Keep who an account was seen to be; unchanged, nothing is written."""
    if identity:
        connection.execute(_IDENTITY, {"which": name, "seen": identity, "identity": identity})


def lock(connection: Connection, names: Collection[str]) -> None:
    """Lock those of these accounts that the store knows, always in the same order; one it does not know yet is none to
    wait for, where ``lock_all`` refuses it.
    """
    query = select(accounts.c.name).where(accounts.c.name.in_(names)).order_by(accounts.c.name)
    connection.execute(query.with_for_update(key_share=True))


def seen_as(connection: Connection, identity: str, names: Collection[str]) -> frozenset[str]:
    """Say which of these accounts were last seen to be this one."""
    query = select(accounts.c.name).where(accounts.c.identity == identity, accounts.c.name.in_(names))
    return frozenset(connection.scalars(query))


def every(connection: Connection) -> list[AccountRecord]:
    """List the accounts by name."""
    return [_record(row) for row in connection.execute(select(accounts).order_by(accounts.c.name))]


def one(connection: Connection, name: str, *, lock: bool = False) -> AccountRecord:
    """Read one account, or raise ``UnknownAccount``; ``lock`` keeps its quota from other transactions."""
    row = connection.execute(_ONE_LOCKED if lock else _ONE, {"which": name}).one_or_none()
    if row is None:
        raise UnknownAccount(name, connection.scalars(select(accounts.c.name)).all())
    return _record(row)


def network_of(connection: Connection, name: str) -> Network:
    """Give the network of an account: by its facts its ids, times and texts are judged."""
    found = connection.scalar(_NETWORK, {"which": name})
    if found is None:
        raise UnknownAccount(name, connection.scalars(select(accounts.c.name)).all())
    return named(found)


def lock_all(connection: Connection, names: Iterable[str]) -> dict[str, AccountRecord]:
    """Read and lock several, always in the same order, so that two transactions never wait for each other."""
    return {name: one(connection, name, lock=True) for name in sorted(set(names))}


def pause(
    connection: Connection,
    name: str,
    *,
    until: datetime,
    cause: Cause,
    why: str,
    session_mark: str,
    now: datetime,
    gently: bool = False,
) -> bool:
    """Leave an account alone until then; answer whether it is.

    The mark is of the session it was paused with. ``gently`` leaves a pause for another cause as it is (``False``).
    """
    rested = one(connection, name).is_paused(now)
    query = update(accounts).where(accounts.c.name == name)
    if gently:
        free = or_(accounts.c.paused_until.is_(None), accounts.c.paused_until <= now)
        query = query.where(or_(free, accounts.c.pause_cause == cause))
    changed = connection.execute(
        query.values(
            paused_until=until, pause_cause=cause, pause_why=why, session_mark=session_mark, updated_at=now
        )
    )
    if changed.rowcount == 0:
        return False
    if not rested:
        transitions.record(connection, account=name, before="ready", after="paused", cause=cause, now=now)
    return True


def resume(connection: Connection, name: str, now: datetime, cause: Cause | None = None) -> bool:
    """End an account's pause, or only one for this cause; answer whether it did. What waited for that cause is due
    again.
    """
    before = one(connection, name, lock=True)
    if before.pause_cause is None or cause not in {None, before.pause_cause}:
        return False
    connection.execute(
        update(accounts)
        .where(accounts.c.name == name)
        .values(paused_until=None, pause_cause=None, pause_why="", session_mark="", updated_at=now)
    )
    if before.is_paused(now):
        transitions.record(connection, account=name, before="paused", after="ready", now=now)
    if before.pause_cause.needs_person or before.pause_cause is Cause.UI_DRIFT:
        connection.execute(
            update(deliveries)
            .where(
                deliveries.c.account == name,
                text(f"deliveries.{CLAIMABLE}"),
                deliveries.c.cause == before.pause_cause,
                deliveries.c.next_at > now,
            )
            .values(next_at=now)
        )
    return True


def _record(row: Row[Any]) -> AccountRecord:
    return AccountRecord(
        name=row.name,
        channel=row.channel,
        network=row.network,
        handle=row.handle,
        longest=row.longest,
        limits=limits_of(row),
        on_absence=OnAbsence(row.on_absence),
        settle=timedelta(seconds=row.settle_s),
        approvers=row.approvers,
        paused_until=row.paused_until,
        pause_cause=Cause(row.pause_cause) if row.pause_cause else None,
        pause_why=row.pause_why,
        session_mark=row.session_mark,
        identity=row.identity,
    )


def limits_of(row: Row[Any]) -> Limits:
    """Read the limits of an account from its row."""
    return Limits(
        per_hour=row.per_hour,
        per_day=row.per_day,
        spacing=timedelta(seconds=row.spacing_s),
        budget_per_day=dollars(row.budget_day_micros),
        budget_per_month=dollars(row.budget_month_micros),
    )
