"""A whole store as one SQLite file, and back, from and into either database, at one instant while work goes on.

PostgreSQL is read and written in one transaction each, without programs of its own. Restoring is one transaction too.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, text

from steadypost import private
from steadypost.store import restores, tables
from steadypost.store.engine import Database
from steadypost.store.errors import StoreError
from steadypost.store.schema import metadata

ROWS_AT_ONCE = 1000

RETIRED = "retired_deliveries"
"""What the table of deliveries is called in a store that another one has taken the place of."""


class NotACopy(StoreError):
    """A file that is not a complete store."""


def copy_to(database: Database, target: Path) -> None:
    """Copy a store into a file that is not there yet, for this user alone."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, private.FILE))
    tables.check(database)
    if not database.is_sqlite:
        _copy_rows(database, target)
        return
    try:
        _copy_sqlite(database, target)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
            raise
        # It is the copy that is written, and so the copy's disk.
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target.parent)) from None


def check_copy(path: Path) -> None:
    """Raise ``NotACopy`` unless a file is a complete, undamaged store that this version knows."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            [told] = connection.execute("PRAGMA integrity_check(1)").fetchone()
            dangling = connection.execute("PRAGMA foreign_key_check").fetchone()
            found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        raise NotACopy(f"the store in it cannot be read ({error})", remedy=_ANOTHER) from None
    if told != "ok" or dangling is not None or found is None:
        raise NotACopy(f"the store in it is damaged ({told})", remedy=_ANOTHER)
    if tables.judge(found[0]) is tables.Schema.AHEAD:
        raise NotACopy("a later version of Steadypost made the store in it", remedy=_UPDATE)


_ANOTHER = "Restore another backup; nothing was changed"

_UPDATE = "Update Steadypost on this machine to the version that made it, then restore; nothing was changed"


def _copy_sqlite(database: Database, target: Path) -> None:
    with database.reading() as connection, closing(sqlite3.connect(target)) as copy:
        driver: Any = connection.connection.driver_connection
        driver.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")


def _copy_rows(database: Database, target: Path) -> None:
    copy = Database(f"sqlite:///{target}")
    try:
        tables.migrate(copy)
        engine = database.engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True, stream_results=True
        )
        with engine.connect() as source, copy.writing(enforce_references=False) as written:
            for table in metadata.sorted_tables:
                for rows in _rows(source, table):
                    written.execute(insert(table), rows)
        close_copy(copy)
    finally:
        copy.engine.dispose()


def close_copy(copy: Database) -> None:
    """Write the whole copy into its one file, so that it can be moved."""
    with copy.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        driver.execute("PRAGMA journal_mode = DELETE")


def _rows(source: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    for part in source.execute(select(table)).mappings().partitions(ROWS_AT_ONCE):
        yield [dict(row) for row in part]


def put_rows(copy: Path, database: Database) -> None:
    """Put a copy in the place of all that a store in PostgreSQL holds, in one transaction."""
    source = Database(f"sqlite:///{copy}")
    try:
        tables.migrate(database)
        with source.reading() as read, database.writing() as written:
            names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
            written.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
            # A post names the one it came of, and a delivery the one it repeats: both are there when all are.
            later = []
            for table in metadata.sorted_tables:
                own = _own_references(table)
                for rows in _rows(read, table):
                    written.execute(insert(table), [row | dict.fromkeys(own) for row in rows])
                    later += [(table, row) for row in rows if any(row[name] is not None for name in own)]
            for table, row in later:
                values = {name: row[name] for name in _own_references(table)}
                written.execute(table.update().where(table.c.id == row["id"]).values(**values))
            for table in metadata.sorted_tables:
                _number_on(written, table)
            # Also where nothing was put unconfirmed: what the lost store numbered means nothing here.
            last = written.scalar(select(func.max(metadata.tables["attempts"].c.id))) or 0
            restores.number_on(written, last + restores.GAP)
    finally:
        source.engine.dispose()


def _own_references(table: Table) -> list[str]:
    return [
        column.name
        for column in table.columns
        if any(reference.column.table is table for reference in column.foreign_keys)
    ]


def _number_on(connection: Connection, table: Table) -> None:
    """Let the next row of a table be numbered after the last."""
    found = (
        connection.scalar(text("SELECT pg_get_serial_sequence(:table, 'id')").bindparams(table=table.name))
        if "id" in table.columns
        else None
    )
    if found is not None:
        last = connection.scalar(select(func.max(table.c.id)))
        connection.execute(
            text("SELECT setval(CAST(:sequence AS regclass), :last, :called)").bindparams(
                sequence=found, last=last or 1, called=last is not None
            )
        )


def retire(database: Database) -> None:
    """Retire a store in SQLite whose file is about to be moved: without deliveries, a process that has it open does
    nothing.
    """
    with database.writing(enforce_references=False) as connection:
        connection.execute(text(f"ALTER TABLE deliveries RENAME TO {RETIRED}"))
        connection.execute(text("DROP TABLE alembic_version"))
    with database.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def put_file(copy: Path, target: Path, aside: Path | None) -> None:
    """Put a copy where a store in SQLite is kept, and what is there aside, with what SQLite keeps beside it."""
    for end in private.BESIDE:
        beside = target.with_name(f"{target.name}{end}")
        if beside.exists() and aside is not None:
            beside.replace(aside.with_name(f"{aside.name}{end}"))
    copy.replace(target)


def counts(database: Database, state: Mapping[str, str]) -> dict[str, int]:
    """Count the rows of some tables, by the names they are to have."""
    with database.reading() as connection:
        return {
            named: connection.scalar(select(func.count()).select_from(metadata.tables[table])) or 0
            for named, table in state.items()
        }
