"""The tables' revisions, and how a database is migrated. Alembic is loaded only then: opening compares one word."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from steadypost.store.engine import Database
from steadypost.store.errors import SchemaMismatch, StoreAway
from steadypost.store.schema import REVISIONS

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).with_name("migrations")

_ONE_AT_A_TIME = 7317_2026
"""The number of PostgreSQL's advisory lock under which tables are changed."""


class Schema(StrEnum):
    """How a database's tables stand to this version."""

    CURRENT = "current"
    BEHIND = "behind"
    """They are an earlier version's; migrating brings them up."""
    AHEAD = "ahead"
    """A later version has changed them; this one does not know what they mean."""
    NONE = "none"
    """There are none yet."""


REMEDIES = {
    Schema.NONE: "Run 'steadypost migrate' to make them",
    Schema.BEHIND: "Run 'steadypost migrate' to bring them up; nothing is lost",
    Schema.AHEAD: "Update Steadypost on this machine, or point it at its own store",
}


def revision(connection: Connection) -> str | None:
    """Read which revision a database's tables have."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def judge(found: str | None) -> Schema:
    """Say how a revision stands to this version's."""
    if found is None:
        return Schema.NONE
    if found not in REVISIONS:
        return Schema.AHEAD
    return Schema.CURRENT if found == REVISIONS[-1] else Schema.BEHIND


def check(database: Database) -> None:
    """Refuse tables that are not this version's: nothing is ever half stored."""
    with database.reading() as connection:
        found = revision(connection)
    verdict = judge(found)
    if verdict is not Schema.CURRENT:
        raise SchemaMismatch(
            f"the tables at {database.shown} are {verdict} "
            f"(theirs: {found or 'none'}, this version's: {REVISIONS[-1]})",
            remedy=REMEDIES[verdict],
        )


def config() -> Config:
    """Give Alembic's configuration, which needs no file."""
    from alembic.config import Config  # noqa: PLC0415 - loaded only to change tables

    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS))
    return made


TRIES = 10
"""How often an update begins anew when a publisher's transaction was in its way: nothing of it is kept then."""


def migrate(database: Database, to: str = "head") -> None:
    """Bring the tables to a revision, in one transaction, one process at a time."""
    for left in reversed(range(TRIES)):
        try:
            _migrate(database, to)
            break
        except StoreAway as away:
            if not left or not _was_in_the_way(away):
                raise


def _was_in_the_way(away: StoreAway) -> bool:
    """Whether another transaction was in the way: a deadlock, or a lock held too long."""
    from psycopg import errors  # noqa: PLC0415 - a store in SQLite needs no driver for PostgreSQL

    cause = away.__cause__
    return isinstance(cause, DBAPIError) and isinstance(
        cause.orig, errors.DeadlockDetected | errors.LockNotAvailable
    )


def _migrate(database: Database, to: str) -> None:
    from alembic import command  # noqa: PLC0415 - loaded only to change tables

    with _changing(database) as connection:
        if judge(revision(connection)) is Schema.AHEAD:
            raise SchemaMismatch(f"the tables at {database.shown} are ahead", remedy=REMEDIES[Schema.AHEAD])
        settings = config()
        settings.attributes["connection"] = connection
        command.upgrade(settings, to)


@contextlib.contextmanager
def _changing(database: Database) -> Iterator[Connection]:
    with database.writing(enforce_references=False) as connection:
        if not database.is_sqlite:
            # The update of a large store may take long, and a second one waits for it. For the tables themselves it
            # waits no longer than other statements: all of them would wait behind it.
            waits = connection.scalar(text("SHOW lock_timeout"))
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
            connection.execute(text("SELECT set_config('lock_timeout', :waits, true)"), {"waits": waits})
        yield connection
