"""``steadypost up``: nothing has to be set, nothing is hidden, and nothing is left."""

import contextlib
import errno
import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from contextlib import closing
from datetime import UTC, datetime
from types import SimpleNamespace

import psutil
import pytest
from prefect.settings import PREFECT_API_URL, Settings, temporary_settings

from blocks import FileAccount
from steadypost import prefect_address
from steadypost.cli.commands import up
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.up import processes, server
from steadypost.cli.up.processes import MARK, MOST_LOG, STAYED, Child, Family, end_left_over, shorten
from steadypost.domain import retention
from steadypost.domain.delivery import State
from steadypost.domain.post import Part, Post
from steadypost.store import Store, StoreError, intake, reading, watches
from steadypost.store import accounts as account_rows

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


def test_its_server_writes_the_runs_of_many_posts_together(home, monkeypatch):
    usual = Settings().server.services
    made = server.environment(home, {}, {MARK: "m"})
    for one in server.TOGETHER:
        monkeypatch.setenv(one, made[one])
    read = Settings().server.services

    assert read.task_run_recorder.batch_size > usual.task_run_recorder.batch_size
    assert read.event_persister.batch_size > usual.event_persister.batch_size
    # Who looks at Prefect's pages sees a run a second or two after it was.
    assert 1 <= read.task_run_recorder.flush_interval <= read.event_persister.flush_interval <= 2


def test_its_server_wakes_seldom_for_what_comes_seldom(home, monkeypatch):
    """Each service that asks every five seconds costs an idle machine, for years. An operator's own pace stays."""
    name = "PREFECT_SERVER_SERVICES_LATE_RUNS_LOOP_SECONDS"
    usual = Settings().server.services
    made = server.environment(home, {name: "7"}, {MARK: "m"})
    for one in server.SELDOM:
        monkeypatch.setenv(one, made[one])
    read = Settings().server.services

    assert 7 == read.late_runs.loop_seconds
    assert not read.pause_expirations.enabled
    assert read.cancellation_cleanup.loop_seconds > usual.cancellation_cleanup.loop_seconds
    assert read.scheduler.recent_deployments_loop_seconds > usual.scheduler.recent_deployments_loop_seconds
    assert read.cleanup_reconciler.loop_seconds > usual.cleanup_reconciler.loop_seconds
    # The slots of the dead come back as soon as ever.
    assert read.repossessor == usual.repossessor


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


@pytest.mark.parametrize("trouble", ["stopped", "silent", "none"])
def test_what_hangs_is_ended_and_started_again(trouble, monkeypatch, wait_until):
    """One that was stopped, or that answers nothing, is there and does nothing; nobody else would start another."""
    monkeypatch.setattr(processes, "ASKED_EVERY", 0)
    monkeypatch.setattr(processes, "STOPPED_LOOKS", 2)
    monkeypatch.setattr(processes, "SILENT_LOOKS", 2 if trouble == "silent" else 1000)
    asked, stop, said = [], threading.Event(), []
    family = Family(mark="m", say=said.append)
    child = Child(
        name="server",
        command=[sys.executable, "-c", "import time; time.sleep(600)"],
        env=os.environ,
        log=None,
        answers=lambda: asked.append(1) or trouble != "silent",
    )
    family.start(child)
    first = child.popen
    watching = threading.Thread(target=family.watch_over, args=(stop,))
    watching.start()
    try:
        if trouble == "stopped":
            first.send_signal(signal.SIGSTOP)
        if trouble == "none":
            wait_until(lambda: len(asked) > 1, description="it was asked twice", within=60)
        else:
            wait_until(lambda: child.popen is not first, description="another is started", within=60)

        assert (trouble == "none") == (first.poll() is None)
        assert (trouble != "none") == ("server hangs, and is ended" in said)
    finally:
        stop.set()
        watching.join(30)
        child.popen.kill()
        child.popen.wait(10)


def test_one_that_dies_once_a_month_does_not_wait_longer_each_time(monkeypatch):
    """Only what dies again and again is given time."""
    now = [1000.0]
    monkeypatch.setattr("steadypost.cli.up.processes.time.monotonic", lambda: now[0])
    child = Child(name="worker", command=["true"], env=os.environ, log=None)
    waits = []
    for ran in (1, 1, 1, STAYED + 1, 1):
        child.start()
        child.popen.wait(10)
        now[0] += ran
        waits.append(child.wait_before_start())

    assert [0.5, 1, 2, 0.5, 1] == waits


def test_what_outlived_a_supervisor_that_was_killed_is_ended(home, tmp_path):
    """An old server would keep the port, and an old worker would start runs beside the new one. Others' stay."""
    said = []
    sleeps = [sys.executable, "-c", "import time; print('there', flush=True); time.sleep(600)"]
    of = {
        "left": {MARK: "before", "STEADYPOST_HOME": str(home)},
        "another's": {MARK: "before", "STEADYPOST_HOME": str(tmp_path)},
        "a person's": {"STEADYPOST_HOME": str(home)},
    }
    started = {
        name: subprocess.Popen(sleeps, env=os.environ | env, stdout=subprocess.PIPE, start_new_session=True)
        for name, env in of.items()
    }
    try:
        for process in started.values():
            process.stdout.readline()

        end_left_over(home, said.append)

        ended = {name for name, process in started.items() if process.poll() is not None}
        assert {"left"} == ended
        assert 1 == len(said)
    finally:
        for process in started.values():
            process.kill()
            process.wait(10)
            process.stdout.close()


def test_a_home_below_a_file_is_refused_by_name(call, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("STEADYPOST_HOME", str(tmp_path / "file" / "home"))

    told = call("up")

    assert Ending.USAGE == told.code
    assert "STEADYPOST_HOME" in told.err
    assert "file is a file; name a folder" in " ".join(told.err.split())


def test_a_home_on_a_disk_that_takes_nothing_is_said_so(call, home, monkeypatch):
    """A sentence, and what to do."""

    def refused(_):
        raise OSError(errno.EROFS, "Read-only file system", str(home))

    monkeypatch.setattr("steadypost.private.home", refused)

    told = call("up")

    assert 1 == told.code
    assert "Read-only file system" in told.err
    assert "name another folder" in told.err


@pytest.fixture
def steps(home, monkeypatch):
    """What is started, in its order; ``start`` does it as this version on this home. The server answers at once."""
    done = []
    monkeypatch.setattr(server, "answers", lambda _: done.append("answers") or True)
    monkeypatch.setattr(Child, "start", lambda child: done.append(child.name))
    monkeypatch.setattr(up, "RUNS_FIRST", 0)
    env = {prefect_address.NAME: "http://127.0.0.1:1/api", "PREFECT_SERVER_API_PORT": "1"}

    def start(wrong=None, *, was_made=False):
        done.clear()
        made = threading.Event()
        monkeypatch.setattr(up, "_deployments", lambda *_: done.append("deployments") or made.set() or wrong)
        family = Family(mark="m", say=done.append)
        up._start(family, env, home, own=True, was_made=was_made, stop=threading.Event())
        assert made.wait(10)
        return done

    return start


def test_after_a_power_loss_nothing_waits_for_the_deployments(home, steps):
    """All runs are dead: a standby comes up beside the server and orders others, which a worker starts at once."""
    at_first = ["server", "answers", "deployments", "worker", "standby"]

    assert server.deployed(home) is None
    assert at_first == steps()
    assert up._who_made({prefect_address.NAME: "http://127.0.0.1:1/api"}) == server.deployed(home)
    assert up._who_made({prefect_address.NAME: "http://127.0.0.1:2/api"}) != server.deployed(home)
    assert ["server", "standby", "answers", "worker", "deployments"] == steps(was_made=True)


def test_deployments_that_cannot_be_made_anew_end_nothing(home, steps, capsys, wait_until):
    """What runs goes on with those that are there; a first start is refused."""
    steps("the store is away", was_made=True)
    wait_until(
        lambda: "stay as they were: the store is away" in capsys.readouterr().err, description="it is said"
    )

    with pytest.raises(Stop, match="the store is away"):
        steps("the store is away")


@pytest.mark.parametrize(
    ("tables", "current"),
    [("current", True), ("none", False), ("away", True)],
    ids=["current", "none", "away"],
)
def test_runs_that_would_not_find_their_tables_are_not_started_first(home, tables, current):
    """What is away now may be there when they begin, and they wait for it."""
    home.mkdir()
    url = f"sqlite:///{home}/steadypost.db"
    if tables == "current":
        Store.create(url).close()
    if tables == "away":
        url = "postgresql+psycopg://me@127.0.0.1:1/steadypost"

    assert current == up._tables_are_current(SimpleNamespace(settings=SimpleNamespace(store_url=url)))


@pytest.mark.parametrize("told_to_stop", [False, True])
def test_making_the_deployments_ends_when_it_is_told_to(told_to_stop, monkeypatch):
    """A minute of it on a loaded machine would be a minute in which nothing ends."""
    program = (
        "sleep 600" if told_to_stop else "echo one; echo 'postgresql://me:secret@db/x is away' >&2; exit 3"
    )
    monkeypatch.setattr(up, "_make_deployments", lambda: ["sh", "-c", program])
    stop = threading.Event()
    if told_to_stop:
        stop.set()

    wrong = up._deployments(dict(os.environ), stop)

    assert (None if told_to_stop else "postgresql://me:***@db/x is away") == wrong


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


@pytest.fixture
def bring_up(home, tmp_path, wait_until):
    """Start everything, and wait until all three are on watch; gives the supervisor and Prefect's address."""
    env = {
        name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "STEADYPOST_"))
    } | {"STEADYPOST_HOME": str(home)}
    said = tmp_path / "said.txt"
    started = []

    def bring_up(url):
        since = datetime.now(UTC)
        with said.open("a") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "steadypost.cli", "up"],
                env=env,
                cwd=tmp_path,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

        started.append(process)

        def on_watch():
            assert process.poll() is None, said.read_text()
            with contextlib.suppress(StoreError), Store.open(url) as store:
                taken = {lease.flow for lease in store.read(watches.every) if lease.since > since}
                return {"publish", "reconcile", "watch"} <= taken
            return False

        wait_until(on_watch, description="all are on watch", within=600)
        return process, prefect_address.known(home, {})["PREFECT_API_URL"]

    yield bring_up
    for left in _below(home):
        with contextlib.suppress(psutil.Error):
            left.kill()
    for process in started:
        process.wait(30)


BACK_WITHIN = 60.0
"""Seconds from power to the three on watch, on a machine that has little else to do."""


@pytest.mark.prefect
@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(
    "STEADYPOST_STAND_INS" not in os.environ,
    reason="takes minutes, and a machine of its own: make test-stand-ins",
)
@pytest.mark.parametrize("cut", ["everything", "the supervisor"])
def test_it_comes_back_each_time_when_it_is_killed_again_and_again(
    cut, home, tmp_path, bring_up, wait_until, record_property
):
    """Power lost three times, or the one process that watches over the others: back each time, once, at its port."""
    path = tmp_path / "posts.jsonl"
    url = f"sqlite:///{home}/steadypost.db"
    took, ids, ports = [], [], set()
    for n in range(4):
        began = time.monotonic()
        process, known = bring_up(url)
        took.append(time.monotonic() - began)
        ports.add(known)
        with temporary_settings({PREFECT_API_URL: known}):
            FileAccount(handle="me", base_url=f"file://{path}").save("me", overwrite=True)
        with Store.open(url) as store:
            ids.append(_published(store, f"After start {n}.", wait_until))
        for left in _below(home) if cut == "everything" else [process]:
            with contextlib.suppress(psutil.Error):
                left.kill()
        process.wait(30)
    print(cut, [round(one) for one in took])  # noqa: T201 - what is measured
    record_property("on_watch_after_s", took)

    with Store.open(url) as store:
        ended = [store.read(reading.show, one).delivery.state for one in ids]
    lines = [json.loads(line)["text"] for line in path.read_text().splitlines()]
    assert len(lines) == len(set(lines)), "nothing is there twice"
    assert [State.PUBLISHED] * len(ids) == ended
    assert 1 == len(ports), "every start has the same port"
    assert max(took[1:]) < max(BACK_WITHIN, 1.5 * took[0])


def _published(store, text, wait_until):
    """Take in a post for the account, once that is known."""
    wait_until(lambda: store.read(account_rows.every), description="the account is known", within=120)
    now = datetime.now(UTC)
    [added] = store.write(intake.add, Post(parts=(Part(text=text),)), accounts=["me"], due_at=now, now=now)
    wait_until(
        lambda: store.read(reading.show, added.delivery_id).delivery.state is State.PUBLISHED,
        description="it is published",
        within=120,
    )
    return added.delivery_id
