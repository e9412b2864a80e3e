"""What the tables are made of: types of columns, and conditions that a query and an index share."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    text,
)
from sqlalchemy.types import TypeDecorator

from steadypost.domain.clock import utc
from steadypost.domain.delivery import State, WhenLate
from steadypost.domain.remote_id import LONGEST


class Moment(TypeDecorator[datetime]):
    """An instant in UTC: aware in, aware out, to the microsecond. A naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Bring it to UTC; SQLite keeps it without a zone, in a form that sorts."""
        if value is None:
            return None
        moment = utc(value)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give it back aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


RemoteIdType = String(LONGEST)

Id = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only when the type is exactly INTEGER."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def one_of(column: str, words: Iterable[StrEnum]) -> str:
    """Write that a column holds one of these words: literally, or the database could not use a partial index."""
    return f"{column} IN ({', '.join(repr(str(word)) for word in words)})"


CLAIMABLE = one_of("state", [State.SCHEDULED, State.PARTIAL])

LATE_COUNTS = (
    f"({one_of('state', [State.SCHEDULED])} OR "
    f"({one_of('state', [State.HELD])} AND {one_of('when_late', [WhenLate.MISS])}))"
)
"""Whose late rule may have something to say: what is held *because* it is late has been heard already."""

SENDING = one_of("state", [State.SENDING])

UNCONFIRMED = one_of("state", [State.UNCONFIRMED])

OPEN = "over_at IS NULL"

UNTOLD = "told_at IS NULL"

UNSETTLED = one_of("state", [State.SENDING, State.UNCONFIRMED, State.NEEDS_REVIEW])
"""Where a part may be live without its id being known."""

UNVERIFIED = f"{one_of('state', [State.PUBLISHED])} AND verified_at IS NULL"


def index_of(name: str, *columns: str, of: str, unique: bool = False) -> Index:
    """An index over the rows that fulfil a condition. To make tables of it, use :func:`complete`."""
    return Index(name, *columns, unique=unique, sqlite_where=text(of))


def account_column() -> Column[Any]:
    """Whose it is."""
    return Column("account", String(200), ForeignKey("accounts.name"), nullable=False)


def delivery_column() -> Column[Any]:
    """Which delivery it is of."""
    return Column("delivery_id", Id, ForeignKey("deliveries.id"), nullable=False)
