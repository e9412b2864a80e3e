"""A stand-in begins, publishes and looks with no Prefect server at all: the process itself, on a real store."""

import contextlib
import json
import socket
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from uuid import uuid4

import psutil
import pytest

from blocks import FileAccount
from steadypost.domain.delivery import State
from steadypost.domain.post import Part, Post
from steadypost.store import Outbox, Store, intake, reading, watches
from steadypost.store import accounts as account_rows
from tasks import runs, stand_ins
from tasks.block_documents import Document
from tasks.documents import assembled
from tasks.house import House

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@contextlib.contextmanager
def away():
    """Nobody listens at the address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    yield port


@contextlib.contextmanager
def silent():
    """Somebody takes connections there and answers nothing, as a server does that was stopped."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "posts.jsonl"


@pytest.fixture
def store(tmp_path):
    with Store.create(f"sqlite:///{tmp_path}/store.db") as store:
        yield store


@pytest.fixture
def house(store, path, tmp_path, monkeypatch):
    """A house as one of those on watch has it: it has read the blocks, and the publisher's lease is a dead one's."""
    monkeypatch.setenv("STEADYPOST_HOME", str(tmp_path / "home"))
    document = Document(
        id=uuid4(),
        kind=FileAccount.get_block_type_slug(),
        name="me",
        data={"handle": "me", "base_url": f"file://{path}"},
        created=datetime.now(UTC),
        updated=datetime.now(UTC),
    )
    browsers = SimpleNamespace(size=1, name="publish")
    house = House(
        store=store, browsers=browsers, worker="here", outbox=Outbox(tmp_path / "outbox", store.address)
    )
    house.blocks = assembled([document])
    for flow in ("publish", "reconcile", "watch"):
        store.write(watches.take, flow, run_id=f"{flow}-dead", now=datetime.now(UTC))
    return house


@pytest.fixture
def send(house):
    """Have somebody stand in; whoever is left at the end is killed."""
    sent = []

    def send(flow):
        pid = stand_ins.send(house, flow, f"{flow}-dead")
        sent.append(psutil.Process(pid))
        return sent[-1]

    yield send
    for process in sent:
        with contextlib.suppress(psutil.Error):
            process.kill()
            process.wait(10)


@pytest.mark.parametrize("server", [away, silent])
def test_it_publishes_and_leaves_when_it_is_relieved(
    house, store, path, send, server, monkeypatch, wait_until
):
    """Claimed, written and recorded by a process that no server ever answered; whoever takes the lease ends it."""
    with server() as port:
        monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{port}/api")
        process = send("publish")
        [lease] = [one for one in store.read(watches.every) if one.flow == "publish"]
        # Until it has become its own program it still looks like this one.
        wait_until(
            lambda: lease.run_id in runs.processes(), description="it is known on its machine by its run"
        )
        assert stand_ins.send(house, "publish", "publish-dead") is None, "somebody is there already"
        wait_until(partial(store.read, account_rows.every), description="it has begun", within=120)
        now = datetime.now(UTC)
        (added,) = store.write(
            intake.add, Post(parts=(Part(text="The lamp is lit."),)), accounts=["me"], due_at=now, now=now
        )

        wait_until(
            lambda: store.read(reading.show, added.delivery_id).delivery.state is State.PUBLISHED,
            description="it is published",
            within=60,
        )
        store.write(watches.take, "publish", run_id="somebody-else", now=datetime.now(UTC))
        wait_until(lambda: not runs.is_there(process), description="it has ended", within=120)

    assert ["The lamp is lit."] == [json.loads(line)["text"] for line in path.read_text().splitlines()]


@pytest.mark.parametrize("flow", ["reconcile", "watch"])
def test_it_looks_and_watches_too(store, send, flow, monkeypatch, wait_until):
    """The lease heartbeats, and whoever minds the others finds nobody missing."""
    with silent() as port:
        monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{port}/api")
        process = send(flow)

        def heartbeats():
            [lease] = [one for one in store.read(watches.every) if one.flow == flow]
            return lease.heartbeat_at - lease.since > timedelta(seconds=3)

        wait_until(heartbeats, description="its lease heartbeats", within=120)
        assert runs.is_there(process)
