"""Strikes: an operator's stop for an account, a channel or a tag, with author, reason and end.

What is struck waits; nothing is lost, and an armed attempt is not recalled.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    bindparam,
    exists,
    insert,
    or_,
    select,
    true,
    update,
)

from steadypost.domain.delivery import Delivery
from steadypost.domain.post import tag
from steadypost.store import accounts as account_rows
from steadypost.store.accounts import AccountRecord
from steadypost.store.acts import By
from steadypost.store.errors import AlreadyStruck, NotStruck, UnknownChannel
from steadypost.store.schema import accounts, deliveries, post_tags, strikes


class Of(StrEnum):
    """What a strike is of."""

    ACCOUNT = "account"
    CHANNEL = "channel"
    TAG = "tag"


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """One strike, as stored. It is never deleted; a lifted one says who lifted it."""

    id: int
    of: Of
    name: str
    by: str
    why: str
    since: datetime
    until: datetime | None
    """When it ends by itself; ``None``: only when a person lifts it."""
    lifted_at: datetime | None = None
    lifted_by: str = ""
    lifted_why: str = ""

    def is_in_force(self, now: datetime) -> bool:
        """Whether it keeps anything back at ``now``."""
        return self.lifted_at is None and (self.until is None or self.until > now)

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.by} has struck the {self.of} {self.name}: {self.why}"


# Striking and lifting ------------------------------------------------------------------------------------


def put(
    connection: Connection, of: Of, name: str, *, by: By, until: datetime | None = None, now: datetime
) -> Strike:
    """Strike; raises when there is nothing of that name, or when it is struck already."""
    name = _known(connection, of, name)
    standing = next(iter(_in_force(connection, now, of=of, name=name)), None)
    if standing is not None:
        raise AlreadyStruck(str(standing), remedy=f"Lift it first: 'steadypost lift {of} {name} --why …'")
    strike_id: int = connection.execute(
        insert(strikes)
        .values(of=of, name=name, by=by.name, why=by.why, since=now, until=until, lifted_by="", lifted_why="")
        .returning(strikes.c.id)
    ).scalar_one()
    return Strike(id=strike_id, of=of, name=name, by=by.name, why=by.why, since=now, until=until)


def lift(connection: Connection, of: Of, name: str, *, by: By, now: datetime) -> Strike:
    """Lift what is struck; raises when nothing is."""
    name = tag(name) if of is Of.TAG else name
    standing = _in_force(connection, now, of=of, name=name)
    if not standing:
        raise NotStruck(f"the {of} {name} is not struck", remedy="'steadypost strikes' lists what is")
    for one in standing:
        connection.execute(
            update(strikes)
            .where(strikes.c.id == one.id)
            .values(lifted_at=now, lifted_by=by.name, lifted_why=by.why)
        )
    return standing[0]


def _known(connection: Connection, of: Of, name: str) -> str:
    """Give the name as it is kept. A tag may come to be used later; an account or a channel may not."""
    match of:
        case Of.ACCOUNT:
            return account_rows.one(connection, name).name
        case Of.CHANNEL:
            there = sorted(set(connection.scalars(select(accounts.c.channel))))
            if name not in there:
                known = ", ".join(there) or "none"
                raise UnknownChannel(f"no account uses a channel {name!r}", remedy=f"There are: {known}")
            return name
        case Of.TAG:
            return tag(name)


# Reading -------------------------------------------------------------------------------------------------


def every(connection: Connection, now: datetime, *, also_over: bool = False) -> list[Strike]:
    """List the strikes in force, the oldest first; also those that are over, if that is asked for."""
    if not also_over:
        return _in_force(connection, now)
    return [_strike(row) for row in connection.execute(select(strikes).order_by(strikes.c.id))]


def against(connection: Connection, delivery: Delivery, now: datetime) -> list[Strike]:
    """List the strikes that keep a delivery back."""
    return against_post(connection, delivery.account, delivery.post_id, now)


def against_post(connection: Connection, account: str, post_id: int, now: datetime) -> list[Strike]:
    """List the strikes that keep an account from publishing a post."""
    standing = _in_force(connection, now)
    if not standing:
        return []
    channel = account_rows.one(connection, account).channel
    tags = set(connection.scalars(select(post_tags.c.tag).where(post_tags.c.post_id == post_id)))
    meant = {Of.ACCOUNT: {account}, Of.CHANNEL: {channel}, Of.TAG: tags}
    return [one for one in standing if one.name in meant[one.of]]


def _in_force(
    connection: Connection, now: datetime, *, of: Of | None = None, name: str | None = None
) -> list[Strike]:
    standing = [_strike(row) for row in connection.execute(_IN_FORCE, {"now": now})]
    return [one for one in standing if of in {None, one.of} and name in {None, one.name}]


# What each post runs is built once: building a statement takes several times what executing it does.
_IN_FORCE = (
    select(strikes)
    .where(strikes.c.lifted_at.is_(None), or_(strikes.c.until.is_(None), strikes.c.until > bindparam("now")))
    .order_by(strikes.c.id)
)


def _strike(row: Row[*tuple[object, ...]]) -> Strike:
    told = row._mapping  # noqa: SLF001 - SQLAlchemy's own public name for it
    return Strike(
        id=told["id"],
        of=Of(told["of"]),
        name=told["name"],
        by=told["by"],
        why=told["why"],
        since=told["since"],
        until=told["until"],
        lifted_at=told["lifted_at"],
        lifted_by=told["lifted_by"],
        lifted_why=told["lifted_why"],
    )


# Claiming ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bars:
    """What no claim may take, read once at its beginning."""

    accounts: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()

    def strikes(self, account: AccountRecord) -> bool:
        """Whether nothing of this account may be claimed."""
        return account.name in self.accounts or account.channel in self.channels

    def leave_open(self) -> ColumnElement[bool]:
        """Give the condition that an account is not struck, nor its channel."""
        return ~or_(accounts.c.name.in_(sorted(self.accounts)), accounts.c.channel.in_(sorted(self.channels)))

    def spare(self) -> ColumnElement[bool]:
        """Give the condition that a delivery has none of the struck tags."""
        if not self.tags:
            return true()
        struck = and_(post_tags.c.post_id == deliveries.c.post_id, post_tags.c.tag.in_(sorted(self.tags)))
        return ~exists().where(struck)


def bars(connection: Connection, now: datetime) -> Bars:
    """Read what is struck now."""
    standing = _in_force(connection, now)
    return Bars(
        accounts=_names(standing, Of.ACCOUNT),
        channels=_names(standing, Of.CHANNEL),
        tags=_names(standing, Of.TAG),
    )


def _names(standing: Collection[Strike], of: Of) -> frozenset[str]:
    return frozenset(one.name for one in standing if one.of is of)
