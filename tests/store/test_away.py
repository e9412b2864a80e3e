"""The database is away, slow, locked or read-only: said soon, and in one word."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import make_url, text

from steadypost.domain.delivery import State
from steadypost.store import Store, StoreAway, accounts, engine, leases, reading, settling
from tests.store.people import LEASE, NOON, armed, claimed, claims, person, published, scheduled

PATIENCE = timedelta(seconds=1)
SOON = 4.0
"""Seconds within which a store that is away must have said so, on a machine that is busy."""

HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def sqlite_file(made_sqlite, tmp_path):
    path = tmp_path / "store.db"
    path.write_bytes(made_sqlite.read_bytes())
    return path


def test_postgres_stopped_and_started(server, made_postgres):
    """While it is down every question ends soon in StoreAway; when it is back the same store goes on."""
    url = server.fresh(like=made_postgres)
    with Store.open(url, patience=PATIENCE) as store:
        store.write(accounts.put, person("alice"), NOON)
        delivery_id = scheduled(store)
        claim = armed(store)
        server.stop(signal.SIGQUIT)
        try:
            began = time.monotonic()
            for question in (
                lambda: claims(store),
                lambda: store.write(settling.answered, claim.attempt_id, published(), now=NOON, jitter=0.5),
                lambda: store.write(leases.renew, worker="worker", now=NOON, lease=LEASE),
                lambda: Store.open(url, patience=PATIENCE),
            ):
                with pytest.raises(StoreAway) as away:
                    question()
                assert "s3cret" not in str(away.value)
                assert "PostgreSQL" in away.value.remedy
            assert time.monotonic() - began < SOON
        finally:
            server.start()

        assert store.write(settling.answered, claim.attempt_id, published(), now=NOON, jitter=0.5).applied
        assert State.PUBLISHED is store.read(reading.show, delivery_id).delivery.state


def test_a_worker_that_stands_still_in_mid_transaction_is_put_out(server, made_postgres, monkeypatch):
    """
    Its locks are an account's and a delivery's. Held for ever they would hold up every account's queue; PostgreSQL
    ends the session, the others go on, and the sleeper finds that nothing of its work was kept.
    """
    monkeypatch.setattr(engine, "LONGEST_SILENCE", timedelta(seconds=1))
    url = server.fresh(like=made_postgres)
    with Store.open(url, patience=timedelta(seconds=5)) as store, Store.open(url) as sleeper:
        for name in ("alice", "bob"):
            store.write(accounts.put, person(name), NOON)
        ids = {scheduled(store), scheduled(store, account="bob")}

        def sleeps():
            with sleeper._database.writing() as connection:
                accounts.one(connection, "alice", lock=True)
                connection.execute(text("UPDATE accounts SET pause_why = 'asleep' WHERE name = 'alice'"))
                assert {claim.delivery_id for claim in claims(store)} == ids
                connection.execute(text("SELECT 1"))

        with pytest.raises(StoreAway):
            sleeps()

        assert "" == store.read(accounts.one, "alice").pause_why


def test_a_postgres_that_is_not_there():
    """An address where nothing listens is a store that is away."""
    with pytest.raises(StoreAway):
        Store.open("postgresql://postgres:s3cret@127.0.0.1:1/nothing", patience=PATIENCE)


def test_postgres_that_takes_no_writes(server, made_postgres):
    """Read-only, nothing can be claimed: without a written intent there is no ask."""
    url = server.fresh(like=made_postgres)
    with Store.open(url) as store:
        store.write(accounts.put, person("alice"), NOON)
        scheduled(store)
    name = make_url(url).database
    with psycopg.connect(server._conninfo, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")

    with Store.open(url) as store:
        assert 1 == store.read(reading.counts)[State.SCHEDULED]
        with pytest.raises(StoreAway):
            claims(store)


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("53100", "the disk is full"),
        ("53300", "out of connections"),
        ("57P03", "it is starting up"),
        ("58030", "a block cannot be read"),
        ("XX000", "an internal error"),
        ("XX001", "a damaged block"),
        ("XX002", "a damaged index"),
    ],
)
def test_what_is_wrong_with_the_server_itself_is_a_store_that_is_away(server, made_postgres, code, what):
    """Raised as a defect it would end the run, and the next one, and so on: nothing of it is the question's fault."""
    raised = f"DO $$ BEGIN RAISE EXCEPTION '{what}' USING ERRCODE = '{code}'; END $$"
    with Store.open(server.fresh(like=made_postgres)) as store, pytest.raises(StoreAway, match=what):
        store.read(lambda connection: connection.execute(text(raised)))


def test_a_row_that_is_locked_too_long(server, made_postgres):
    """A lock that somebody keeps is waited for as long as we are patient, and no longer."""
    with Store.open(server.fresh(like=made_postgres), patience=PATIENCE) as store:
        store.write(accounts.put, person("alice"), NOON)
        scheduled(store)
        with store._database.engine.begin() as other:
            other.execute(text("SELECT * FROM accounts FOR UPDATE"))
            began = time.monotonic()
            with pytest.raises(StoreAway, match="lock"):
                claims(store)
            assert time.monotonic() - began < SOON

        assert 1 == len(claims(store))


def test_sqlite_locked_by_another_process(sqlite_file):
    """Another process that keeps the file's lock is waited for as long as we are patient; reading goes on."""
    with Store.open(f"sqlite:///{sqlite_file}", patience=PATIENCE) as store:
        store.write(accounts.put, person("alice"), NOON)
        delivery_id = scheduled(store)
        with subprocess.Popen(
            [sys.executable, "-c", HOLD, sqlite_file], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as holder:
            holder.stdout.readline()
            began = time.monotonic()
            with pytest.raises(StoreAway, match="locked"):
                claims(store)
            assert time.monotonic() - began < SOON
            assert State.SCHEDULED is store.read(reading.show, delivery_id).delivery.state
            holder.stdin.close()

        assert delivery_id == claimed(store).delivery_id


def test_sqlite_that_cannot_be_written(sqlite_file):
    """A file that cannot be written can be read, and nothing can be claimed."""
    with Store.open(f"sqlite:///{sqlite_file}") as store:
        store.write(accounts.put, person("alice"), NOON)
        scheduled(store)

    with Store.open(f"sqlite:///file:{sqlite_file}?mode=ro&uri=true") as store:
        assert 1 == store.read(reading.counts)[State.SCHEDULED]
        with pytest.raises(StoreAway, match="readonly"):
            claims(store)


def test_sqlite_in_a_folder_that_is_not_there(tmp_path):
    """A path that cannot be opened is a store that is away."""
    with pytest.raises(StoreAway, match="unable to open"):
        Store.open(f"sqlite:///{tmp_path / 'nowhere' / 'store.db'}")


def test_a_file_that_is_no_database(tmp_path):
    """So is a file that holds something else."""
    path = tmp_path / "store.db"
    path.write_text("This is a shopping list. " * 100)

    with pytest.raises(StoreAway, match="not a database"):
        Store.open(f"sqlite:///{path}")


def test_a_claim_is_kept_through_a_kill(sqlite_file):
    """What was committed is there after the process that wrote it was killed, and nothing else is."""
    code = """
import os, signal
from tests.store.people import NOON, claims, person, scheduled
from steadypost.store import accounts
from steadypost.store import Store
store = Store.open(sys.argv[1])
store.write(accounts.put, person("alice"), NOON)
scheduled(store); scheduled(store)
claims(store, at_most=1)
with store._database.writing() as connection:
    connection.exec_driver_sql("DELETE FROM quota_uses")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    url = f"sqlite:///{sqlite_file}"
    done = subprocess.run([sys.executable, "-c", f"import sys{code}", url], check=False, timeout=60)

    assert -signal.SIGKILL == done.returncode
    with Store.open(url) as store:
        assert (1, 1) == tuple(
            store.read(reading.counts)[state] for state in (State.SENDING, State.SCHEDULED)
        )
        assert 1 == len(store.read(reading.quota, "alice", NOON))


def test_the_file_s_manners(sqlite_file):
    """Readers never wait for a writer, and a loss of power loses nothing that was committed."""
    with Store.open(f"sqlite:///{sqlite_file}") as store, store._database.reading() as connection:
        told = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }

    assert {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1} == told
    assert sqlite3.connect(sqlite_file).close() is None
