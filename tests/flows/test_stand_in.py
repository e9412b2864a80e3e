"""Whoever dies on watch while Prefect's server cannot start another is replaced, and Prefect hears of it afterwards.

Real server, real worker, real runs; the account posts into a file.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import psutil
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterTags
from prefect.settings import PREFECT_API_URL, temporary_settings

from blocks import FileAccount
from rehearsal.databases import prefects_own
from rehearsal.stack import ROOT, _wait_for, must, start_worker, until_on_watch, up
from steadypost.domain.delivery import State
from steadypost.domain.post import Part, Post
from steadypost.store import intake, reading, watches
from tasks import runs

pytestmark = [pytest.mark.prefect, pytest.mark.slow, pytest.mark.timeout(3000)]

EVERY = pytest.mark.skipif(
    "STEADYPOST_STAND_INS" not in os.environ,
    reason="takes minutes, and a machine of its own: make test-stand-ins",
)

WITHIN = 9.0
"""Seconds in which somebody publishes again, besides what Python takes twice to begin: fifteen on an idle machine."""

BACK_WITHIN = 39.0
"""Seconds from power to the first post, besides what Python takes seven times to begin: sixty on an idle machine."""

FLOWS = {"publish", "reconcile", "watch"}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("posts") / "posts.jsonl"


@pytest.fixture(scope="module")
def stack(tmp_path_factory, path):
    """Everything, running; the account is a file, so no browser is needed."""
    with (
        prefects_own(print) as database,
        up(tmp_path_factory.mktemp("stood-in") / "home", settings=database) as stack,
        temporary_settings({PREFECT_API_URL: stack.api_url}),
    ):
        FileAccount(handle="me", base_url=f"file://{path}").save("me")
        start_worker(stack)
        yield stack


@pytest.fixture(scope="module")
def store(stack):
    with until_on_watch(stack) as store:
        yield store


@pytest.fixture
def start():
    """Seconds that a process takes here and now until it can begin: whoever uses the machine beside us is not tested."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "import flows.stand_in"], cwd=ROOT, check=True)
    return time.monotonic() - began


@pytest.fixture
def house(stack, store, wait_until):
    """A house in which runs of Prefect's have all three leases, and each knows the others."""
    wait_until(lambda: are_runs(stack, store), description="runs of Prefect's are on watch", within=300)
    began = datetime.now(UTC)
    wait_until(
        lambda: datetime.now(UTC) - began > timedelta(seconds=8) and are_runs(stack, store),
        description="they have met each other",
        within=120,
    )
    return stack


def leases(store):
    return {lease.flow: lease for lease in store.read(watches.every)}


def processes(run_id):
    return runs.processes().get(run_id, [])


def are_runs(stack, store):
    """Whether each lease heartbeats and is a run's that Prefect started, here and alive."""
    found = leases(store)
    here = runs.processes()
    return set(found) == FLOWS and all(
        datetime.now(UTC) - lease.heartbeat_at < timedelta(seconds=5)
        and lease.run_id in here
        and not any(runs.STAND_IN in one.cmdline() for one in here[lease.run_id])
        for lease in found.values()
    )


def kill(store, flow):
    """Kill the run that has a lease; answer which it was."""
    run_id = leases(store)[flow].run_id
    for process in processes(run_id):
        process.kill()
    return run_id


def server(stack):
    return stack.processes["server"]


@contextlib.contextmanager
def killed(stack):
    """Prefect's server is dead."""
    server(stack).held = True
    os.killpg(server(stack).popen.pid, signal.SIGKILL)
    server(stack).popen.wait()
    try:
        yield
    finally:
        server(stack).held = False


@contextlib.contextmanager
def stopped(stack):
    """Prefect's server is there, takes connections, and answers nothing."""
    os.killpg(server(stack).popen.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(server(stack).popen.pid, signal.SIGCONT)


@contextlib.contextmanager
def slow(stack):
    """Prefect's server does something for a fifth of a second in every four."""
    group, end = server(stack).popen.pid, threading.Event()

    def slow_down():
        while not end.is_set():
            os.killpg(group, signal.SIGSTOP)
            end.wait(3.8)
            os.killpg(group, signal.SIGCONT)
            end.wait(0.2)

    thread = threading.Thread(target=slow_down)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()
        os.killpg(group, signal.SIGCONT)


def add(store, text):
    now = datetime.now(UTC)
    (added,) = store.write(
        intake.add, Post(parts=(Part(text=text),)), accounts=["me"], due_at=now, late_after=None, now=now
    )
    return added.delivery_id


def has_ended(process):
    """Whether it does nothing any more. Who started it may still have to take note of its end."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def is_published(store, delivery_id):
    return store.read(reading.show, delivery_id).delivery.state is State.PUBLISHED


def stood_in():
    """Read the runs that tell in Prefect of a stand-in."""
    with get_client(sync_client=True) as client:
        return client.read_flow_runs(flow_run_filter=FlowRunFilter(tags=FlowRunFilterTags(all_=["stood-in"])))


@pytest.mark.parametrize(
    "trouble", [killed, pytest.param(stopped, marks=EVERY), pytest.param(slow, marks=EVERY)]
)
def test_a_publisher_that_dies_without_prefect_is_replaced(
    house, store, path, wait_until, trouble, start, record_property
):
    """
    Within seconds somebody publishes; back, Prefect's server is told, and a run of its own goes on.

    Nothing is published twice, and one of two who found it gone had somebody stand in.
    """
    text = f"The lamp is lit, {trouble.__name__}."
    before = {run.id for run in stood_in()}
    with trouble(house):
        gone = kill(store, "publish")
        delivery_id = add(store, text)
        began = datetime.now(UTC)

        wait_until(
            lambda: is_published(store, delivery_id), description="it is published", within=WITHIN + 2 * start
        )

        record_property("start_s", start)
        record_property("published_after_s", (datetime.now(UTC) - began).total_seconds())
        stand_in = leases(store)["publish"].run_id
        assert stand_in != gone
        [one] = [found for found in psutil.process_iter() if is_stand_in(found, "publish", stand_in)]

    wait_until(lambda: are_runs(house, store), description="a run of Prefect's has the lease", within=240)
    wait_until(lambda: has_ended(one), description="nobody stands in any more", within=30)
    told = [run for run in stood_in() if run.id not in before and run.name.startswith("publish")]
    assert [True] == ["1 published" in run.state.message and gone in run.state.message for run in told]
    assert [text] == [line for line in map(text_of, path.read_text().splitlines()) if line == text]


def text_of(line):
    return json.loads(line)["text"]


def is_stand_in(process, flow, own):
    """Whether it is this one: tests in other processes have stand-ins of their own."""
    with contextlib.suppress(psutil.Error):
        return (
            process.cmdline()[-2:] == [runs.STAND_IN, flow] and process.environ().get(runs.STANDS_IN) == own
        )
    return False


@EVERY
@pytest.mark.parametrize("flow", ["reconcile", "watch"])
def test_whoever_looks_or_watches_is_replaced_too(house, store, wait_until, flow, start, record_property):
    """With Prefect's server dead; and once it is back, by a run of its own."""
    with killed(house):
        gone = kill(store, flow)
        began = datetime.now(UTC)

        wait_until(
            lambda: (lease := leases(store)[flow]).run_id != gone and lease.heartbeat_at > lease.since,
            description="somebody has the lease, and heartbeats",
            within=WITHIN + 2 * start,
        )
        record_property("start_s", start)
        record_property("back_after_s", (datetime.now(UTC) - began).total_seconds())

    wait_until(lambda: are_runs(house, store), description="a run of Prefect's has the lease", within=240)
    wait_until(
        lambda: any(run.name.startswith(flow) and gone in run.state.message for run in stood_in()),
        description="Prefect shows it",
        within=30,
    )


@EVERY
def test_one_that_stands_still_is_ended_and_replaced(house, store, wait_until, start):
    """A publisher that was stopped holds its lease in silence; nobody has to ask Prefect's server to end it."""
    with killed(house):
        gone = leases(store)["publish"].run_id
        found = processes(gone)
        for process in found:
            process.suspend()
        delivery_id = add(store, "And so is the other.")

        wait_until(
            lambda: is_published(store, delivery_id), description="it is published", within=25 + 4 * start
        )

        assert not any(map(runs.is_there, found))
    wait_until(lambda: are_runs(house, store), description="a run of Prefect's has the lease", within=240)


# --- power cuts


def cut_the_power(stack):
    """Kill everything of this machine but the network: server, worker, runs, at once and without a word."""
    for process in stack.processes.values():
        process.held = True
    for found in stack.processes_of():
        with contextlib.suppress(psutil.Error):
            if "sandbox" not in found.cmdline():
                found.kill()
    for process in stack.processes.values():
        process.popen.wait()


def boot(stack):
    """Start what a machine starts as it comes up, in its order."""
    server(stack).start()
    _wait_for(stack.api_url + "/health", server(stack))
    stack.processes["worker"].start()
    must(stack.run("deployments", "--on-watch"), "somebody on watch")
    for process in stack.processes.values():
        process.held = False


@EVERY
def test_power_that_is_lost_again_and_again_keeps_nobody_from_publishing(
    house, store, wait_until, start, record_property
):
    """
    Three cuts in a row, the next as soon as it works again.

    The dead held both places of their deployment for five minutes, and whoever came was cancelled.
    """
    for n in range(3):
        cut_the_power(house)
        delivery_id = add(store, f"After cut {n}.")
        began = datetime.now(UTC)

        boot(house)

        wait_until(
            lambda delivery_id=delivery_id: is_published(store, delivery_id),
            description="it is published",
            within=BACK_WITHIN + 7 * start - (datetime.now(UTC) - began).total_seconds(),
        )
        record_property("start_s", start)
        record_property(f"cut_{n}_back_after_s", (datetime.now(UTC) - began).total_seconds())


# --- a machine with nobody on watch


@contextlib.contextmanager
def standing_by(stack):
    """Stand by, as on a machine beside."""
    log = stack.home / "standby.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.standby"], env=stack.env, cwd=ROOT, stdout=out, stderr=out
        )
    try:
        yield log
    finally:
        process.terminate()
        assert 0 == process.wait(30)


@EVERY
def test_a_machine_that_dies_beside_an_idle_one_is_replaced(house, store, wait_until, start, record_property):
    """The worker and all three runs are gone at once, Prefect's server is there: whoever stands by sees to it."""
    with standing_by(house) as log:
        wait_until(lambda: "stands by" in log.read_text(), description="somebody stands by", within=60)
        began = datetime.now(UTC)
        wait_until(
            lambda: datetime.now(UTC) - began > timedelta(seconds=8), description="they are known", within=20
        )
        worker = house.processes["worker"]
        worker.held = True
        worker.popen.kill()
        for flow in FLOWS:
            kill(store, flow)
        delivery_id = add(store, "And now from here.")
        began = datetime.now(UTC)

        wait_until(
            lambda: is_published(store, delivery_id),
            description="it is published",
            within=2 * WITHIN + 4 * start,
        )

        record_property("start_s", start)
        record_property("published_after_s", (datetime.now(UTC) - began).total_seconds())
        worker.held = False
        assert "HTTP Request" not in log.read_text()
    wait_until(lambda: are_runs(house, store), description="a run of Prefect's has the lease", within=300)
