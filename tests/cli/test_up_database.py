"""Prefect's own server has PostgreSQL where it can run, and a home keeps what it has until somebody says otherwise."""

import contextlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import httpx
import psutil
import pytest
from prefect.server.database.orm_models import Base
from sqlalchemy import create_engine, insert, select, text

from steadypost.cli.endings import Stop
from steadypost.cli.up import database, moving, postgres, server
from steadypost.cli.up.postgres import Cluster, NoPostgres
from steadypost.cli.up.processes import Child, Family
from tasks.runs import is_there
from tests.postgres import who


@pytest.fixture
def short():
    """A folder whose path leaves room for a socket's, of whoever PostgreSQL can run as."""
    folder = Path(tempfile.mkdtemp(prefix="sp-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def cluster(short):
    """A server that can run here, also for root."""
    try:
        postgres.programs()
    except NoPostgres as missing:
        pytest.skip(str(missing))
    if os.geteuid() == 0:
        shutil.chown(short, "nobody", "nogroup")
    return Cluster(folder=short, user=who())


@pytest.fixture
def run(cluster, tmp_path, wait_until):
    """Run it as ``steadypost up`` does."""
    started = []

    def start():
        cluster.prepare()
        with (tmp_path / "log").open("ab") as log:
            process = subprocess.Popen(
                cluster.command(), stdout=log, stderr=log, start_new_session=True, cwd=cluster.data, **who()
            )
        started.append(process)
        wait_until(cluster.answers, description="PostgreSQL answers", within=60)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(30)


@pytest.fixture
def said():
    return []


@pytest.fixture
def choose(home, said, monkeypatch):
    """Choose for a home in which PostgreSQL can run, or cannot."""

    def chosen(wanted=None, *, kept=None, environment=None, refusal=None):
        monkeypatch.setattr(Cluster, "refusal", lambda _: refusal)
        return database.choose(home, environment or {}, wanted=wanted, kept=kept, say=said.append)

    return chosen


def _tables(url):
    """Make Prefect's tables, in less time than all the steps to them take."""
    engine = create_engine(url)
    Base.metadata.create_all(engine, tables=[Base.metadata.tables[name] for name in moving.ENTERED])
    engine.dispose()


@contextlib.contextmanager
def _connected(url):
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def on_sqlite(home):
    (home / "prefect").mkdir(parents=True)
    (home / "prefect" / "prefect.db").touch()


def test_a_new_home_has_postgresql_where_it_runs(choose, said):
    """Nothing needs to be said about it."""
    chosen = choose()

    assert (database.POSTGRESQL, True, False) == (chosen.kind, chosen.by_itself, chosen.moves)
    assert [] == said


def test_a_new_home_has_sqlite_where_it_does_not(choose, said):
    """And it is said what to do."""
    chosen = choose(refusal="no programs; install them")

    assert (database.SQLITE, None) == (chosen.kind, chosen.cluster)
    assert "install them" in said[0]


def test_a_home_that_is_on_sqlite_stays_there_and_is_told_once(home, choose, said):
    """An upgrade moves nobody's database."""
    on_sqlite(home)

    assert database.SQLITE == choose().kind
    assert database.SQLITE == choose(kept=database.SQLITE).kind
    assert ["steadypost up --database postgresql"] == [
        line.rsplit(": ", 1)[1] for line in said if "stays on SQLite" in line
    ]


def test_who_asks_for_the_other_one_has_everything_moved(home, choose):
    """Both ways; who asks for what the home has changes nothing."""
    on_sqlite(home)

    assert choose(database.POSTGRESQL).moves
    assert choose(database.SQLITE, kept=database.POSTGRESQL).moves
    assert choose(database.SQLITE, kept=database.POSTGRESQL).cluster is not None
    assert not choose(database.SQLITE).moves
    assert not choose(database.POSTGRESQL, kept=database.POSTGRESQL).moves


def test_a_database_that_somebody_named_is_the_one(choose):
    """By Prefect's own setting; then there is nothing to choose."""
    environment = {database.SETTING: "postgresql+asyncpg://me@db/prefect"}

    assert choose(environment=environment).kind is None
    with pytest.raises(Stop, match="names a database"):
        choose(database.SQLITE, environment=environment)


def test_an_address_of_prefects_database_that_cannot_be_read_is_not_repeated(choose):
    """An @ in a password makes a port of a part of it."""
    environment = {database.SETTING: "postgresql+asyncpg://me:s3@cret:geh/eim@db/prefect"}

    with pytest.raises(Stop, match="cannot be read") as refused:
        choose(environment=environment)

    assert "geh" not in f"{refused.value} {refused.value.remedy} {refused.value.__cause__}"
    assert "%40" in refused.value.remedy


def test_a_home_on_postgresql_never_falls_back_in_silence(choose):
    """On SQLite nothing of what was entered would be there: no account, no switch that is off."""
    with pytest.raises(Stop, match="programs are gone"):
        choose(kept=database.POSTGRESQL, refusal="its programs are gone")


def test_port_and_database_are_kept_beside_each_other(home):
    """Neither forgets the other."""
    server.keep_database(home, database.POSTGRESQL)
    port = server.port_of(home)

    assert {"database": "postgresql", "port": port} == json.loads((home / server.KEPT).read_text())
    assert database.POSTGRESQL == server.kept_database(home)


def test_root_is_told_what_to_do(tmp_path, monkeypatch):
    """PostgreSQL refuses root."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    assert "--run-as" in (Cluster(folder=tmp_path).refusal() or "")


def test_data_of_another_version_names_what_is_missing(cluster, monkeypatch):
    """A new PostgreSQL cannot read an old one's data; nothing tries to."""
    cluster.data.mkdir()
    (cluster.data / "PG_VERSION").write_text("9\n")

    assert "postgresql-9" in (cluster.refusal() or "")


def test_it_is_reached_by_its_socket_alone_and_by_its_owner_alone(cluster, run):
    """No port, no password, and a role that only this user of the system is."""
    process = run()

    assert cluster.version
    assert cluster.refusal() is None
    with _connected(cluster.url()) as connection:
        assert postgres.DATABASE == connection.scalar(text("SELECT current_database()"))
        assert "" == connection.scalar(text("SHOW listen_addresses"))
    assert 0o700 == stat.S_IMODE(cluster.data.stat().st_mode)
    assert 0o700 == stat.S_IMODE((cluster.folder / postgres.SOCKET).stat().st_mode)
    assert [] == psutil.Process(process.pid).net_connections("inet")


def test_one_that_outlived_its_supervisor_is_ended_first(cluster, run):
    """Two at one folder cannot be; and what was written is there."""
    left = run()
    with _connected(cluster.url()) as connection:
        connection.execute(text("CREATE TABLE said (what text)"))
        connection.execute(text("INSERT INTO said VALUES ('hello')"))
    reaper = threading.Thread(target=left.wait)
    reaper.start()

    again = run()
    reaper.join(30)

    assert left.pid != again.pid
    with _connected(cluster.url()) as connection:
        assert "hello" == connection.scalar(text("SELECT what FROM said"))


def test_what_is_left_of_one_that_was_killed_while_all_of_it_was_stopped_is_ended(cluster, run):
    """Its processes hold the memory that all share, and while they do no other starts: they would be there for ever."""
    left = run()
    of_it = psutil.Process(left.pid).children(recursive=True)
    for one in of_it:
        one.suspend()
    try:
        left.kill()
        left.wait()

        run()

        assert of_it
        assert not any(map(is_there, of_it))
    finally:
        for one in of_it:
            with contextlib.suppress(psutil.Error):
                one.kill()


def test_a_number_that_names_another_process_since_a_power_loss_is_none(cluster, run):
    """After a restart of the machine anybody may have it, and PostgreSQL would refuse to start for ever."""
    cluster.prepare()
    with subprocess.Popen(["sleep", "600"], **who()) as another:
        (cluster.data / "postmaster.pid").write_text(f"{another.pid}\n{cluster.data}\n")
        socket = cluster.folder / postgres.SOCKET_LOCK
        socket.write_text(f"{another.pid}\n{cluster.data}\n")
        for file in (cluster.data / "postmaster.pid", socket):
            if os.geteuid() == 0:
                shutil.chown(file, "nobody", "nogroup")
        try:
            run()

            assert cluster.answers()
        finally:
            another.kill()


def test_one_that_crashes_is_started_again_by_itself(cluster, tmp_path, wait_until, said):
    """The others go on, and find it again; at the end it ends last."""
    child = Child(
        name="database",
        # As root: as whom it may run.
        command=[*(as_somebody() or []), *Cluster(folder=cluster.folder, user=who()).command()],
        env=os.environ,
        log=tmp_path / "log",
        before=cluster.prepare,
        ends_by=signal.SIGINT,
        ends_last=True,
    )
    family = Family(mark="m", say=said.append)
    stop = threading.Event()
    family.start(child)
    watching = threading.Thread(target=family.watch_over, args=(stop,))
    watching.start()
    try:
        wait_until(cluster.answers, description="PostgreSQL answers", within=60)
        first = child.popen.pid
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: child.popen.pid != first, description="another was started", within=60)
        wait_until(cluster.answers, description="PostgreSQL answers again", within=60)
    finally:
        stop.set()
        watching.join(60)
        family.end(first=())

    assert not child.alive
    assert any("database has ended" in line for line in said)


@pytest.mark.slow
@pytest.mark.prefect
@pytest.mark.timeout(600)
def test_what_was_entered_moves_there_and_back(cluster, run, tmp_path):
    """Rows that point at each other included; what has run stays behind."""
    run()
    in_sqlite, back = (database.plain(f"sqlite:///{tmp_path / name}.db") for name in ("first", "second"))
    environment = {**os.environ, "PREFECT_HOME": str(tmp_path / "prefect")}
    moving._bring_up_to_date(in_sqlite, environment)
    rows = {
        "flow": {"name": "publish", "tags": ["house"], "labels": {}},
        "variable": {"name": "said", "value": {"words": ["hello", 1]}, "tags": []},
    }
    with _connected(in_sqlite) as connection:
        for name, row in rows.items():
            connection.execute(insert(Base.metadata.tables[name]).values(row))

    moving.move(in_sqlite, cluster.url(), environment)
    _tables(back)
    moving.copy(cluster.url(), back)
    cluster.begin_anew("prefect_before_now")

    with _connected(back) as connection:
        for name, row in rows.items():
            table = Base.metadata.tables[name]
            found = connection.execute(select(table)).mappings().one()
            assert row == {field: found[field] for field in row}
    with _connected(cluster.url()) as connection:
        assert 0 == connection.scalar(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"))


def as_somebody():
    """Run a command as somebody PostgreSQL runs for; root's Python stays within reach of it. Nothing for anybody else."""
    if os.geteuid() != 0:
        return []
    found = shutil.which("setpriv")
    if found is None:
        pytest.skip("setpriv is not here, and PostgreSQL does not run as root")
    caps = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    return [found, "--reuid=nobody", "--regid=nogroup", "--clear-groups", *caps]


@pytest.mark.prefect
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(
    os.geteuid() == 0, reason="no root runs PostgreSQL: 'make bare' has an ordinary user do it"
)
def test_a_new_home_runs_on_postgresql_and_outlives_its_crash(cluster, wait_until, tmp_path):
    """Up, a killed PostgreSQL, up again by itself; then SIGTERM, and nothing is left."""
    home = cluster.folder / "home"
    env = {
        name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "STEADYPOST_"))
    } | {"STEADYPOST_HOME": str(home), "HOME": str(cluster.folder)}
    said = (tmp_path / "said.txt").open("w+")
    process = subprocess.Popen(
        [sys.executable, "-m", "steadypost.cli", "up"],
        env=env,
        cwd=cluster.folder,
        stdout=said,
        stderr=subprocess.STDOUT,
    )
    try:

        def runs():
            assert process.poll() is None, (tmp_path / "said.txt").read_text()
            return "running; Prefect" in (tmp_path / "said.txt").read_text()

        wait_until(runs, description="everything runs", within=600)
        assert not (home / "prefect" / "prefect.db").exists()
        assert database.POSTGRESQL == server.kept_database(home)
        number = int((home / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(number, signal.SIGKILL)
        known = {"PREFECT_API_URL": server.address(server._kept_port(home))}
        wait_until(
            lambda: not psutil.pid_exists(number) or process.poll() is not None,
            description="it is dead",
            within=60,
        )
        wait_until(lambda: _limits(known), description="Prefect's server reads its database", within=120)
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(60), (tmp_path / "said.txt").read_text()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(60)
        said.close()

    assert "database has ended" in (tmp_path / "said.txt").read_text()
    assert [] == [
        one.pid
        for one in psutil.process_iter()
        if one.status() != psutil.STATUS_ZOMBIE and str(home) in " ".join(one.cmdline())
    ]


def _limits(known):
    """Ask something that its server has to read from its database."""
    address = f"{known['PREFECT_API_URL']}/block_types/filter"
    try:
        return httpx.post(address, json={}, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False
