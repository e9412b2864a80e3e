"""The tables: made, checked, brought up, and the same as the code says."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import errors
from sqlalchemy import column, create_engine, inspect, make_url, table, text
from sqlalchemy.exc import IntegrityError, OperationalError

from steadypost.domain.delivery import State
from steadypost.domain.health import Kind, Verdict
from steadypost.domain.parts import PartState
from steadypost.store import Schema, SchemaMismatch, Store, StoreAway, UnusableAddress
from steadypost.store import accounts as account_rows
from steadypost.store import incidents as incident_rows
from steadypost.store import watches as watch_rows
from steadypost.store.engine import ASK_AGAIN_AFTER
from steadypost.store.schema import REVISIONS, Moment, checks, complete, incidents, metadata
from steadypost.store.tables import TRIES, _changing, config, migrate
from tests.store.people import NOON, person, scheduled
from tests.store.racing import together


def engine_of(url):
    return create_engine(url)


def set_revision(url, revision):
    engine = engine_of(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :one"), {"one": revision})
    engine.dispose()


def test_an_empty_database_is_refused(empty_url):
    """Nothing is ever half stored: without its tables a store does not open, and says what to do."""
    with pytest.raises(SchemaMismatch) as refused:
        Store.open(empty_url)

    assert "Run 'steadypost migrate'" in refused.value.remedy
    with Store.at(empty_url) as store:
        assert Schema.NONE is store.schema()
        store.migrate()
        store.migrate()
        assert Schema.CURRENT is store.schema()
    Store.open(empty_url).close()


def test_tables_of_a_later_version(url):
    """An older program does not touch what a newer one has changed, and does not "migrate" it either."""
    set_revision(url, "9999")

    with pytest.raises(SchemaMismatch, match="ahead"):
        Store.open(url)
    with Store.at(url) as store, pytest.raises(SchemaMismatch, match="Update Steadypost"):
        store.migrate()


def test_tables_of_an_earlier_version(url, monkeypatch):
    """A program does not work with tables that are behind it; its remedy is to bring them up."""
    monkeypatch.setattr("steadypost.store.tables.REVISIONS", (*REVISIONS, "next"))

    with pytest.raises(SchemaMismatch, match="behind") as refused:
        Store.open(url)

    assert "migrate" in refused.value.remedy


def test_tables_taken_away_while_open(store, url):
    """A table that vanishes under an open store is named as what it is."""
    engine = engine_of(url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE watches"))
    engine.dispose()

    with pytest.raises(SchemaMismatch, match="watches"):
        store.read(watch_rows.every)


def test_many_migrate_at_once(empty_url):
    """Several processes that start together make the tables once."""

    def migrate(_: int) -> Schema:
        with Store.create(empty_url) as store:
            return store.schema()

    assert [Schema.CURRENT] * 4 == together(4, migrate)


def test_a_file_whose_log_somebody_else_is_about_to_make_is_waited_for(tmp_path, monkeypatch):
    """SQLite itself does not wait for that, and four processes that started together found the store away."""
    path = tmp_path / "new.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waited = []

    def wait(seconds):
        waited.append(seconds)
        other.rollback()

    monkeypatch.setattr("steadypost.store.engine.time.sleep", wait)
    with Store.create(f"sqlite:///{path}") as store:
        assert Schema.CURRENT is store.schema()
    assert waited == [ASK_AGAIN_AFTER]
    other.close()


def test_a_change_of_tables_takes_as_long_as_it_takes(server):
    """A large store's update is not ended after the half minute that a statement at work may take; and a second one
    waits for the first. For the tables themselves it waits no longer than any other: all would wait behind it.
    """
    database = Store.at(server.fresh())._database
    with ThreadPoolExecutor() as threads:
        with _changing(database) as connection:
            shown = {
                name: connection.scalar(text(f"SHOW {name}"))
                for name in ("statement_timeout", "lock_timeout")
            }
            second = threads.submit(tables_of, database)
            with pytest.raises(TimeoutError):
                second.result(6)
        second.result(60)
    database.engine.dispose()

    assert {"statement_timeout": "0", "lock_timeout": "5s"} == shown


def test_on_sqlite_the_second_to_change_tables_waits_for_the_first_too(tmp_path):
    """However long that takes: it used to say after five seconds that the store is away."""
    path = tmp_path / "store.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA journal_mode = WAL")
    other.execute("BEGIN IMMEDIATE")
    database = Store.at(f"sqlite:///{path}", patience=timedelta(seconds=0.2))._database
    with ThreadPoolExecutor() as threads:
        second = threads.submit(tables_of, database)
        with pytest.raises(TimeoutError):
            second.result(2)
        other.rollback()
        second.result(60)

    with database.reading() as connection:
        assert 200 == connection.scalar(text("PRAGMA busy_timeout"))
    database.engine.dispose()
    other.close()


def tables_of(database):
    """Change tables, and nothing in them."""
    with _changing(database):
        pass


def test_the_revisions_are_those_of_the_scripts():
    """The list that opening compares with is the list of the scripts."""
    scripts = [one.revision for one in ScriptDirectory.from_config(config()).walk_revisions()]

    assert tuple(reversed(scripts)) == REVISIONS


def test_an_update_keeps_who_is_on_watch_and_what_is_open(empty_url):
    """Columns and names of checks changed; what stood in them is read under the new ones."""
    watches = table(
        "watches", column("flow"), column("run_id"), column("since", Moment), column("beat_at", Moment)
    )
    named = {"about": "alice", "verdict": Verdict.FAILING, "what": "not looked for"}
    with Store.at(empty_url) as store:
        migrate(store._database, to="0012")
        with store._database.writing() as connection:
            connection.execute(
                watches.insert().values(flow="publish", run_id="run-1", since=NOON, beat_at=NOON)
            )
            connection.execute(incidents.insert().values(**named, kind="doubt", opened_at=NOON, rounds=3))
            for kind, explained_by in (("doubt", None), ("live", "doubt")):
                values = named | {"kind": kind, "explained_by": explained_by, "since": NOON, "at": NOON}
                connection.execute(checks.insert().values(**values))

    with Store.at(empty_url) as store:
        store.migrate()
        [watch] = store.read(watch_rows.every)
        [incident] = store.read(incident_rows.latest, 5)
        found = {one.check.kind: one.check.explained_by for one in store.read(incident_rows.standings)}

    assert ("publish", "run-1", NOON) == (watch.flow, watch.run_id, watch.heartbeat_at)
    assert (Kind.UNCONFIRMED, "alice", 3) == (incident.kind, incident.about, incident.rounds)
    assert {Kind.UNCONFIRMED: None, Kind.LIVE: Kind.UNCONFIRMED} == found


def test_the_scripts_make_what_the_code_says(url):
    """There is nothing left to generate between the migrated tables and the code's own."""
    engine = engine_of(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})

        assert [] == compare_metadata(context, complete())
    engine.dispose()


def test_the_checks_are_those_of_the_code(url, request, tmp_path):
    """What the comparison above cannot see: the databases' own rules are the code's, by name and by words."""
    sqlite = make_url(url).get_backend_name() == "sqlite"
    empty = f"sqlite:///{tmp_path / 'plain.db'}" if sqlite else request.getfixturevalue("server").fresh()
    plain, migrated = engine_of(empty), engine_of(url)
    complete().create_all(plain)

    for name in metadata.tables:
        expected, actual = (inspect(one).get_check_constraints(name) for one in (plain, migrated))

        assert sorted(expected, key=str) == sorted(actual, key=str)
    plain.dispose()
    migrated.dispose()


@pytest.mark.parametrize("times", [2, TRIES])
@pytest.mark.parametrize("fault", [errors.DeadlockDetected, errors.LockNotAvailable])
def test_an_update_begins_anew_when_a_publisher_was_in_its_way(server, monkeypatch, fault, times):
    """A publisher of the version before is at work; nothing of an update that was cut off is kept."""
    url, faults, upgrade = server.fresh(), iter([fault] * times), command.upgrade

    def cut_off(settings, to):
        upgrade(settings, to)
        if one := next(faults, None):
            raise OperationalError("ALTER TABLE", None, one())

    monkeypatch.setattr(command, "upgrade", cut_off)
    if times == TRIES:
        with pytest.raises(StoreAway):
            Store.create(url)
    Store.create(url).close()
    with Store.open(url) as store:
        assert Schema.CURRENT is store.schema()


def test_opening_loads_what_it_needs():
    """Neither the tools that change tables nor the other database's driver are loaded to read a queue."""
    code = (
        "import sys, steadypost.store; "
        "print({'alembic', 'psycopg', 'prefect', 'sqlalchemy.dialects.postgresql'} & set(sys.modules) or 'none')"
    )

    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "none" == told.stdout.strip()


def test_every_state_can_be_stored(store):
    """A state that the domain knows and the database does not would be found in production."""
    scheduled(store)
    with store._database.writing() as connection:
        for state in State:
            lease = "CURRENT_TIMESTAMP" if state is State.SENDING else "NULL"
            connection.execute(text(f"UPDATE deliveries SET state = '{state}', lease_until = {lease}"))  # noqa: S608
        for part in PartState:
            given = "'1580000000000000001'" if part is PartState.LIVE else "NULL"
            connection.execute(text(f"UPDATE delivery_parts SET state = '{part}', remote_id = {given}"))  # noqa: S608


def test_references_are_enforced(store):
    """A delivery of an account that does not exist is no delivery."""
    scheduled(store)

    with pytest.raises(IntegrityError, match=r"(?i)foreign key"), store._database.writing() as connection:
        connection.execute(text("DELETE FROM accounts"))


@pytest.mark.parametrize(
    "url", ["postgresql://me:s3@cret:geh/eim@127.0.0.1/x", "postgresql://me@127.0.0.1:geheim/x", "geh/eim"]
)
def test_an_address_that_cannot_be_read_is_not_repeated(url):
    """An @ in a password makes a port of a part of it; no part is told, and how to write it is."""
    with pytest.raises(UnusableAddress, match="cannot be read") as refused:
        Store.at(url)

    assert "geh" not in f"{refused.value} {refused.value.remedy} {refused.value.__cause__}"
    assert "%40" in refused.value.remedy


@pytest.mark.parametrize(
    "address", ["", "mysql://root@localhost/x", "sqlite://", "sqlite:///:memory:", "posts.db"]
)
def test_an_address_that_names_no_store(address):
    """What cannot be a store is refused with the forms that can."""
    with pytest.raises(UnusableAddress, match="postgresql"):
        Store.at(address)


def test_a_password_is_never_shown(server):
    """Not in the store's own name, and not in what it says when it refuses."""
    url = server.fresh()
    with Store.at(url) as store:
        assert "s3cret" in url
        assert "s3cret" not in repr(store) + store.address
    with pytest.raises(SchemaMismatch) as refused:
        Store.open(url)
    assert "s3cret" not in str(refused.value)


def test_postgres_without_a_driver_s_name(server):
    """The address may be written as everybody writes it."""
    with Store.create(server.fresh().replace("+psycopg", "")) as store:
        store.write(account_rows.put, person("alice"), NOON)

        assert ["alice"] == [account.name for account in store.read(account_rows.every)]
