"""Publishers of one machine and of two on one store: processes of their own, which believe to be on machines of these
names, and a network that takes a second for each post. Prefect's server is not among them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from bench.house import enter
from blocks import MastodonAccount
from rehearsal.stack import ROOT
from rehearsal.waiting import until
from sandbox.mastodon.client import MastodonProcess
from steadypost.domain.delivery import State
from steadypost.store import Store, publishers, reading
from steadypost.store import accounts as account_rows
from steadypost.store.publishers import Role
from tasks.block_documents import Document
from tasks.stand_ins import Handed
from tests import postgres

PEOPLE = 40
POSTS = 320
LATENCY_MS = 1000
AT_ONCE = 4
"""How many asks a machine has under way: so many a second is the most that it can do at that latency."""

WARM = 40


def measure(server: postgres.Server, home: Path) -> dict[str, Any]:
    """Publish the same with one machine, then with two."""
    one, two = (
        _rate(server.fresh(), home / f"machines-{len(names)}", names)
        for names in (["anna"], ["anna", "berta"])
    )
    return {
        "posts": POSTS,
        "latency_ms": LATENCY_MS,
        "at_once_each": AT_ONCE,
        "one_per_minute": one,
        # Far from 1, the processor was short and not the network slow: then the ratio says nothing of machines.
        "one_of_what_the_latency_allows": round(one * LATENCY_MS / (60_000 * AT_ONCE), 2),
        "two_per_minute": two,
        "ratio": round(two / one, 2),
        "ratio_goal": 1.8,
        "load": round(os.getloadavg()[0], 1),
    }


def _rate(url: str, home: Path, machines: Sequence[str]) -> float:
    names = [f"person{n:02d}" for n in range(PEOPLE)]
    home.mkdir(parents=True)
    with (
        MastodonProcess(accounts=names, latency_ms=LATENCY_MS, requests=1_000_000) as network,
        Store.create(url) as store,
    ):
        documents = [_document(name, network) for name in names]
        with _publishers(url, home, machines, documents):
            until(lambda: len(store.read(account_rows.every)) == PEOPLE, "the accounts are known", 300)
            until(lambda: _are_there(store, machines), "all machines are there", 300)
            _published(store, names, WARM, "warm")
            began = _published(store, names, POSTS, "steady")
        # By this machine's clock, which is the network's too.
        at: list[float] = [
            post["made_at_host"] / 1000 for post in network.ledger() if "steady" in post["text"]
        ]
    if len(at) != POSTS:
        raise RuntimeError(f"{len(at)} of {POSTS} are in the ledger")
    return round(60 * POSTS / (max(at) - began), 1)


def _published(store: Store, names: Sequence[str], many: int, word: str) -> float:
    """Have so many posts go out, all due at one moment; answers it."""
    due = datetime.now(UTC) + timedelta(seconds=5 + 0.02 * many)
    done = store.read(reading.counts).get(State.PUBLISHED, 0) + many
    for n in range(many):
        enter(store, names[n % len(names)], f"{word} {n:03d}: the tide tables are out", due)
    until(
        lambda: store.read(reading.counts).get(State.PUBLISHED, 0) >= done, "all are published", 900, pace=0.2
    )
    return due.timestamp()


def _are_there(store: Store, machines: Sequence[str]) -> bool:
    now = datetime.now(UTC)
    return {one.host for one in store.read(publishers.every) if one.is_heard(now) and one.accounts} == {
        *machines
    }


def _document(name: str, network: MastodonProcess) -> Document:
    data = {
        "handle": name,
        "base_url": network.url,
        "access_token": network.tokens[name],
        "per_hour": 10_000,
        "per_day": 100_000,
        "spacing_seconds": 0,
    }
    moment = datetime.now(UTC)
    kind = MastodonAccount.get_block_type_slug()
    return Document(id=uuid4(), kind=kind, name=name, data=data, created=moment, updated=moment)


@contextmanager
def _publishers(
    url: str, home: Path, machines: Sequence[str], documents: Sequence[Document]
) -> Iterator[None]:
    started: list[subprocess.Popen[bytes]] = []
    try:
        for name in machines:
            started.append(_start(url, home / name, name, Role.HELPER if started else Role.LEAD, documents))
        yield
    finally:
        for process in started:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in started:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def _start(
    url: str, home: Path, name: str, role: Role, documents: Sequence[Document]
) -> subprocess.Popen[bytes]:
    moment = datetime.now(UTC)
    handed = Handed(
        flow="publish",
        run_id=str(uuid4()),
        gone="no other",
        since=moment,
        store_url=url,
        documents=tuple(documents),
    )
    env = {
        **os.environ,
        "STEADYPOST_HOME": str(home),
        "STEADYPOST_AT_ONCE": str(AT_ONCE),
        "STEADYPOST_BROWSERS": "1",
        # Prefect's server is away: what it adds for each post is measured in other benches.
        "PREFECT_API_URL": "http://127.0.0.1:9/api",
    }
    with (home.parent / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.flows.publisher", name, str(role)],
            cwd=ROOT,
            env=env,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    assert process.stdin is not None  # noqa: S101 - asked for above
    with process.stdin as pipe:
        pipe.write(handed.written().encode())
    return process
