"""The way to the database: one engine, reads and writes, and what their failures mean.

SQLite: write-ahead log, writes begin with ``BEGIN IMMEDIATE``. PostgreSQL: row locks.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from steadypost import private
from steadypost.store.errors import SchemaMismatch, StoreAway, StoreError, UnusableAddress

PATIENCE = timedelta(seconds=5)
"""How long a statement waits for its turn, and a connection for its server, before the store is away."""

LONGEST_STATEMENT = timedelta(seconds=30)
"""No statement here takes longer on a server that is well."""

LONGEST_SILENCE = timedelta(seconds=10)
"""How long a transaction may be silent with its locks: PostgreSQL then ends the session of a stopped process, which
would hold up every queue.
"""

LONGEST_CHANGE = timedelta(minutes=10)
"""How long a change of the tables of a store in SQLite waits for another one."""

ASK_AGAIN_AFTER = 0.02
"""Seconds between two tries to turn on the write-ahead log."""

_KINDS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}

_NO_TABLE = ("no such table", "no such column", "has no column named", "UndefinedTable", "UndefinedColumn")


def address(url: str) -> URL:
    """Take an address, and name its driver."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # Its text may hold a password, or a part of one taken for a port; so it is neither repeated nor chained.
        raise UnusableAddress("the store's address cannot be read", remedy=f"{_FORMS}; {_ESCAPED}") from None
    kind = parsed.drivername.partition("+")[0]
    if kind not in _KINDS:
        raise UnusableAddress(f"a store cannot be kept in {kind!r}", remedy=_FORMS)
    if kind == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise UnusableAddress("a store in memory would forget everything", remedy=_FORMS)
    return parsed.set(drivername=_KINDS[kind])


_ESCAPED = "in a password, write / as %2F, @ as %40, : as %3A, # as %23 and % as %25"

_FORMS = "Write sqlite:////path/to/steadypost.db or postgresql+psycopg://user:password@host/database"


class Database:
    """One database, with its address, its kind and its manners."""

    def __init__(self, url: str, *, patience: timedelta = PATIENCE) -> None:
        parsed = address(url)
        self.shown = parsed.render_as_string(hide_password=True)
        """The address without its password: the only form that is ever shown."""
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.engine = _sqlite(parsed, patience) if self.is_sqlite else _postgresql(parsed, patience)
        self._patience = patience.total_seconds()
        self._turn = threading.Lock()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """Read in one transaction."""
        with self._translated(), self.engine.connect() as connection:
            self._begin(connection, "BEGIN")
            yield connection

    @contextlib.contextmanager
    def writing(self, *, enforce_references: bool = True) -> Iterator[Connection]:
        """Write in one transaction, kept when the block ends well and undone when it does not."""
        with self._own_turn(), self._translated(), self.engine.connect() as connection:
            free = not enforce_references and self.is_sqlite
            changing = _changing_tables(connection, self._patience) if free else contextlib.nullcontext()
            with changing, connection.begin():
                self._begin(connection, "BEGIN IMMEDIATE")
                yield connection

    def _begin(self, connection: Connection, how: str) -> None:
        """Begin SQLite's transaction, which its driver begins too late, or by reading. An event of SQLAlchemy's would do
        it too, and costs every statement a sixth of its time.
        """
        if self.is_sqlite:
            connection.exec_driver_sql(how)

    @contextlib.contextmanager
    def _own_turn(self) -> Iterator[None]:
        """Queue this process's writers: SQLite's own waiting costs tens of milliseconds among threads."""
        if not self.is_sqlite:
            yield
            return
        if not self._turn.acquire(timeout=self._patience):
            raise self._away("another thread has been writing for too long")
        try:
            yield
        finally:
            self._turn.release()

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except StoreError:
            raise
        except (DBAPIError, PoolTimeout) as error:
            meaning = self._meaning(error)
            if meaning is None:
                raise
            raise meaning from error

    def _meaning(self, error: DBAPIError | PoolTimeout) -> StoreError | None:
        """Say what a driver's error means, or nothing when it is a defect of ours."""
        if isinstance(error, PoolTimeout):
            return self._away("every connection is in use")
        cause = error.orig
        told = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
        if any(sign in f"{type(cause).__name__} {told}" for sign in _NO_TABLE):
            return SchemaMismatch(
                f"the tables at {self.shown} are not what this version expects ({told})",
                remedy="Run 'steadypost migrate'",
            )
        return self._away(told) if error.connection_invalidated or _is_away(cause) else None

    def _away(self, told: str) -> StoreAway:
        if self.is_sqlite:
            remedy = "Check that the file and its folder can be written, and what holds it open"
        else:
            remedy = "Check that PostgreSQL runs, can be reached, and takes writes"
        return StoreAway(f"the store at {self.shown} is away: {told}", remedy=remedy)


@contextlib.contextmanager
def _changing_tables(connection: Connection, patience: float) -> Iterator[None]:
    """Let SQLite make tables anew, which it cannot while it enforces references to them; wait for another change of them,
    however large the store.

    The settings are deaf inside a transaction, so they are changed before one begins.
    """
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys = OFF")
    driver.execute(f"PRAGMA busy_timeout = {_ms(LONGEST_CHANGE.total_seconds())}")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys = ON")
        driver.execute(f"PRAGMA busy_timeout = {_ms(patience)}")


def _ms(seconds: float) -> int:
    return int(seconds * 1000)


def _is_away(cause: BaseException | None) -> bool:
    if isinstance(cause, sqlite3.Error):
        # Not among the operational ones: a file that is damaged, or that is something else.
        return isinstance(cause, sqlite3.OperationalError) or type(cause) is sqlite3.DatabaseError
    import psycopg  # noqa: PLC0415 - a store in SQLite needs no driver for PostgreSQL

    if isinstance(
        cause,
        psycopg.errors.ReadOnlySqlTransaction
        | psycopg.errors.InsufficientPrivilege
        | psycopg.errors.IdleInTransactionSessionTimeout
        # A damaged block, and what the server takes for a defect of its own.
        | psycopg.errors.DataCorrupted
        | psycopg.errors.IndexCorrupted
        | psycopg.errors.InternalError_,
    ):
        return True
    return isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)


def _sqlite(url: URL, patience: timedelta) -> Engine:
    engine = create_engine(url, hide_parameters=True, pool_timeout=patience.total_seconds())

    @event.listens_for(engine, "do_connect")
    def _private(_dialect: object, _record: object, given: list[Any], _named: object) -> None:
        # An address of the form file:... is SQLite's own business; none is written here.
        if given and not str(given[0]).startswith("file:"):
            private.database(Path(given[0]))

    @event.listens_for(engine, "connect")
    def _manners(connection: Any, _record: object) -> None:
        # The driver's own transactions begin too late, and by reading; ours begin where we say.
        connection.isolation_level = None
        try:
            connection.execute(f"PRAGMA busy_timeout = {_ms(patience.total_seconds())}")
            _write_ahead(connection, patience.total_seconds())
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
        except sqlite3.Error:
            connection.close()
            raise

    return engine


def _write_ahead(connection: sqlite3.Connection, patience: float) -> None:
    """Turn the write-ahead log on, and repeat while another process does: SQLite says "busy" at once."""
    ends = time.monotonic() + patience
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= ends:
                raise
            time.sleep(ASK_AGAIN_AFTER)  # no event says when the other has finished
        else:
            return


def _postgresql(url: URL, patience: timedelta) -> Engine:
    waits = int(patience.total_seconds() * 1000)
    longest = int(LONGEST_STATEMENT.total_seconds() * 1000)
    silence = int(LONGEST_SILENCE.total_seconds() * 1000)
    options = (
        f"-c lock_timeout={waits} -c statement_timeout={longest} "
        f"-c idle_in_transaction_session_timeout={silence} -c timezone=UTC"
    )
    given = url.query.get("options", "")
    return create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=10,
        max_overflow=20,
        pool_timeout=patience.total_seconds(),
        isolation_level="READ COMMITTED",
        connect_args={
            "options": f"{given} {options}".strip(),
            "connect_timeout": max(2, int(patience.total_seconds())),
            # A server that vanished is noticed in seconds, not after TCP's two hours.
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": waits * 2,
            "application_name": "steadypost",
        },
    )
