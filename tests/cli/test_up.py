"""``steadypost up``: nothing has to be set, nothing is hidden, and nothing is left."""

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing

import psutil
import pytest
from prefect.settings import Settings

from steadypost import prefect_address
from steadypost.cli.up import server
from steadypost.cli.up.processes import MARK, MOST_LOG, shorten
from steadypost.domain import retention
from steadypost.store import Store, StoreError, watches

KEY = "S2FpcG9zLWtleS1vZi10aGUtZGF0YWJhc2UtaXRzZWw="


@pytest.fixture
def with_key(home):
    """A home whose Prefect has made its key by itself, in the database that it protects."""
    folder = home / "prefect"
    folder.mkdir(parents=True)
    with closing(sqlite3.connect(folder / "prefect.db")) as connection:
        connection.execute("CREATE TABLE configuration (key TEXT, value JSON)")
        connection.execute(
            "INSERT INTO configuration VALUES ('ENCRYPTION_KEY', ?)", [json.dumps({"fernet_key": KEY})]
        )
        connection.commit()
    return home


def test_prefects_key_moves_out_of_the_database_it_protects(with_key):
    """What was encrypted with it stays readable, and whoever gets the database alone can read none of it."""
    environment = {"PREFECT_HOME": str(with_key / "prefect")}

    assert KEY == server.key(with_key, environment)
    assert KEY == server.key(with_key, environment)
    assert 0o600 == stat.S_IMODE((with_key / server.KEY_FILE).stat().st_mode)
    assert KEY.encode() not in (with_key / "prefect" / "prefect.db").read_bytes()


def test_a_database_that_cannot_be_read_keeps_its_key(home):
    """A new key would make unreadable what is in there."""
    elsewhere = {"PREFECT_SERVER_DATABASE_CONNECTION_URL": "postgresql+asyncpg://me@127.0.0.1:1/prefect"}

    assert server.key(home, elsewhere) is None
    assert not (home / server.KEY_FILE).exists()


def test_a_server_that_somebody_named_is_not_started_anew(home):
    """By the environment, or kept in the home by whoever applied the deployments there."""
    named = {"PREFECT_API_URL": "https://prefect.example.org/api"}
    assert server.ours(home, {})
    assert not server.ours(home, named)

    prefect_address.keep(home, named)
    assert not server.ours(home, {})
    prefect_address.keep(home, {"PREFECT_API_URL": server.address(server.port_of(home))})
    assert server.ours(home, {})


def test_its_server_keeps_to_the_rules_and_sends_no_word_of_its_use(home):
    """Whatever an operator has set stays; that nothing is sent is not to be set otherwise."""
    made = server.environment(
        home, {"PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "PT5H", "DO_NOT_TRACK": "0"}, {MARK: "m"}
    )

    assert "events,flow_runs,orphans" == made["PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED"]
    assert "PT5H" == made["PREFECT_SERVER_EVENTS_RETENTION_PERIOD"]
    assert ("1", "false") == (made["DO_NOT_TRACK"], made["PREFECT_SERVER_ANALYTICS_ENABLED"])
    assert made[server.KEY] == (home / server.KEY_FILE).read_text()


def test_prefect_takes_the_rules_as_they_are_meant(monkeypatch):
    """A length that its settings do not read would keep its server from starting."""
    for name, value in retention.of_prefects_server().items():
        monkeypatch.setenv(name, value)
    read = Settings().server

    assert retention.kept("events") == read.events.retention_period
    assert retention.kept("flow_runs") == read.services.db_vacuum.retention_period
    assert {"events", "flow_runs", "orphans"} == read.services.db_vacuum.enabled_vacuum_types


def test_a_log_that_grows_is_put_aside_under_its_writer(tmp_path):
    """Whoever has it open goes on in it."""
    log = tmp_path / "server.log"
    with log.open("ab") as writer:
        writer.truncate(MOST_LOG + 1)
        shorten(log)
        writer.write(b"goes on")
        writer.flush()

        assert b"goes on" == log.read_bytes()
    assert MOST_LOG + 1 == (tmp_path / "server.log.1").stat().st_size


def _below(home):
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("STEADYPOST_HOME") == str(home) and process.pid != os.getpid():
                found.append(process)
        except psutil.Error:
            continue
    return [one for one in found if one.status() != psutil.STATUS_ZOMBIE]


def _modes(home):
    """Name what anybody but the owner could read."""
    return [
        str(path)
        for path in [home, *home.rglob("*")]
        if not path.is_symlink() and path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]


@pytest.mark.prefect
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_it_comes_up_with_nothing_set_and_ends_with_nothing_left(home, tmp_path, wait_until):
    """A server, a worker and the runs on watch; a second one is refused; SIGTERM ends all of it in seconds."""
    env = {
        name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "STEADYPOST_"))
    } | {"STEADYPOST_HOME": str(home)}
    command = [sys.executable, "-m", "steadypost.cli", "up"]
    said = (tmp_path / "said.txt").open("w+")
    process = subprocess.Popen(command, env=env, cwd=tmp_path, stdout=said, stderr=subprocess.STDOUT)
    try:
        store = Store.at(f"sqlite:///{home}/steadypost.db")

        def on_watch():
            assert process.poll() is None, (tmp_path / "said.txt").read_text()
            try:
                return {"publish", "reconcile", "watch"} <= {
                    watch.flow for watch in store.read(watches.every)
                }
            except StoreError:
                return False

        wait_until(on_watch, description="somebody is on watch", within=600)
        again = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert 1 == again.returncode
        assert "another 'steadypost up' runs" in again.stderr
        assert prefect_address.known(home, {})["PREFECT_API_URL"].startswith("http://127.0.0.1:")
        assert [] == _modes(home)
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(30)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(60)
        said.close()
        store.close()

    assert [] == _below(home), (tmp_path / "said.txt").read_text()
