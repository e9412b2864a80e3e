"""Two publishers on one store, as processes: they share, one takes over from the other, and nothing goes out twice."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text

from blocks import FileAccount
from steadypost.domain.delivery import State
from steadypost.domain.post import Part, Post
from steadypost.store import Store, intake, publishers, reading
from steadypost.store import accounts as account_rows
from tasks.block_documents import Document
from tasks.stand_ins import Handed
from tests import postgres

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

ACCOUNTS = ["alice", "bob", "carol", "dave", "erin", "frank"]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/store.db"
        return
    with postgres.running() as server:
        yield server.fresh()


@pytest.fixture
def store(url):
    with Store.create(url) as store:
        yield store


@pytest.fixture
def start(url, tmp_path):
    """Start a publisher on a machine of a name; whoever is left at the end is killed."""
    documents = tuple(
        Document(
            id=uuid4(),
            kind=FileAccount.get_block_type_slug(),
            name=name,
            data={"handle": name, "base_url": f"file://{tmp_path}/posts.jsonl"},
            created=datetime.now(UTC),
            updated=datetime.now(UTC),
        )
        for name in ACCOUNTS
    )
    started = []

    def start(name, role):
        handed = Handed(
            flow="publish",
            run_id=str(uuid4()),
            gone="nobody",
            since=datetime.now(UTC),
            store_url=url,
            documents=documents,
        )
        env = os.environ | {
            "STEADYPOST_HOME": str(tmp_path / name),
            # Nobody listens there.
            "PREFECT_API_URL": "http://127.0.0.1:9/api",
        }
        with (tmp_path / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.flows.publisher", name, role],
                env=env,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        started.append(process)
        with process.stdin as pipe:
            pipe.write(handed.written().encode())
        return process

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


@pytest.fixture
def say(store):
    """Have each account say something now; gives what that became."""
    numbers = iter(range(1000))

    def say(many):
        now = datetime.now(UTC)
        return [
            added.delivery_id
            for _ in range(many)
            for added in store.write(
                intake.add,
                Post(parts=(Part(text=f"Number {next(numbers)}."),)),
                accounts=ACCOUNTS,
                due_at=now,
                now=now,
            )
        ]

    return say


@pytest.fixture
def who(url):
    """Count by machine who took up these deliveries."""
    engine = create_engine(url)

    def who(ids):
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT delivery_id, worker FROM attempts")).all()
        return Counter(row.worker.partition(":")[0] for row in rows if row.delivery_id in set(ids))

    yield who
    engine.dispose()


def test_they_share_and_take_over_and_share_again(store, start, say, who, tmp_path, wait_until):
    """Split, a kill in mid-work, a return; and the file has each post once."""

    def are_out(ids):
        return all(store.read(reading.show, one).delivery.state is State.PUBLISHED for one in ids)

    def are_there(*names):
        now = datetime.now(UTC)
        found = store.read(publishers.every)
        return {one.host for one in found if one.is_heard(now) and one.accounts == set(ACCOUNTS)} == set(
            names
        )

    start("anna", "lead")
    berta = start("berta", "helper")
    wait_until(
        lambda: len(store.read(account_rows.every)) == len(ACCOUNTS), description="they began", within=240
    )
    wait_until(lambda: are_there("anna", "berta"), description="both are there", within=240)
    time.sleep(2.5)  # each says so once a second; nothing else tells that both have heard it

    first = say(3)
    wait_until(lambda: are_out(first), description="all is out", within=120)
    assert {"anna", "berta"} == set(who(first))

    in_mid_work = say(3)
    os.killpg(berta.pid, signal.SIGKILL)
    after = say(2)
    began = time.monotonic()
    wait_until(lambda: are_out(after), description="what the dead one had is taken over", within=180)
    print(f"taken over after {time.monotonic() - began:.1f} s")  # noqa: T201 - what is measured
    assert are_there("anna")
    assert {"anna"} == set(who(after)), "whoever died took up nothing of it"

    start("berta", "helper")
    wait_until(lambda: are_there("anna", "berta"), description="it is back", within=240)
    time.sleep(2.5)  # as above
    last = say(3)
    wait_until(lambda: are_out(last), description="all is out again", within=120)
    assert {"anna", "berta"} == set(who(last))

    said = Counter(
        (one["handle"], one["text"])
        for one in map(json.loads, (tmp_path / "posts.jsonl").read_text().splitlines())
    )
    assert {1} == set(said.values()), "nothing is there twice"
    ended = [store.read(reading.show, one).delivery.state for one in (*first, *in_mid_work, *after, *last)]
    assert {State.PUBLISHED} >= set(ended) - {State.UNCONFIRMED, State.SENDING}
    assert len(said) >= ended.count(State.PUBLISHED)
