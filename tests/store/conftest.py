"""Every test of the store runs on both databases."""

from __future__ import annotations

import shutil

import pytest
from sqlalchemy import make_url

from steadypost.cli.up.postgres import NoPostgres
from steadypost.store import Store
from steadypost.store import accounts as account_rows
from tests import postgres
from tests.store.people import NOON, person


@pytest.fixture(scope="session")
def server():
    """A PostgreSQL of this test run's own."""
    try:
        with postgres.running(in_memory=True) as running:
            yield running
    except NoPostgres as missing:
        pytest.fail(str(missing))


@pytest.fixture(scope="session")
def made_sqlite(tmp_path_factory):
    """A store in SQLite, made once and copied for each test."""
    path = tmp_path_factory.mktemp("made") / "store.db"
    Store.create(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def made_postgres(server):
    """A store in PostgreSQL, made once and copied for each test."""
    url = server.fresh()
    Store.create(url).close()
    return make_url(url).database


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request, tmp_path):
    """The address of a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server = request.getfixturevalue("server")
    yield (made := server.fresh())
    server.drop(made)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """The address of a store that nobody has used."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("made_sqlite"), tmp_path / "store.db")
        yield f"sqlite:///{tmp_path / 'store.db'}"
        return
    server = request.getfixturevalue("server")
    yield (made := server.fresh(like=request.getfixturevalue("made_postgres")))
    server.drop(made)


@pytest.fixture
def store(url):
    """A store that knows Alice and Bob, who have no limits."""
    with Store.open(url) as store:
        for name in ("alice", "bob"):
            store.write(account_rows.put, person(name), NOON)
        yield store
