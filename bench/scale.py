"""Two hundred accounts and a hundred thousand queued posts, all on PostgreSQL: ``python -m bench scale``."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
from sqlalchemy import make_url, text

from bench import claim, two_machines
from bench.house import BROWSER, SANDBOX, kind_of, leave_unconfirmed, machine, turn
from flows.house import Opening, watching_house
from rehearsal.audit import percentile
from rehearsal.databases import for_prefect
from rehearsal.stack import Stack, must, start_worker, until_on_watch, up
from rehearsal.waiting import until
from sandbox.client import SandboxProcess
from sandbox.mastodon.client import MastodonProcess
from sandbox.running import write_state
from steadypost.domain.delivery import State
from steadypost.domain.health import Tolerances
from steadypost.store import AccountRecord, Store, reading
from steadypost.store import accounts as account_rows
from tasks.block_reader import BlockReader
from tasks.observations import Memory, observe
from tests import postgres

HOME = Path("var/bench/scale")
ACCOUNTS = 200
QUEUED = 100_000
LATENCY_MS = 100
AT_ONCE = 4
SETTLES_S = 90.0
"""Seconds for what a start does later."""

IDLE_S = 180.0
ROUNDS = 10
HANGS_EVERY = 10
"""One account in so many does not answer a look for as long as a look may take."""

HANGS_MS = 120_000
RECONCILED_WITHIN_S = 600.0
WORDS = "The harbour of {} is open again"


def measure() -> dict[str, Any]:
    """Measure each; what else the machine was doing stands beside the figures."""
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True)
    first = os.getloadavg()
    with postgres.running() as server:
        found = {
            "machine": machine(),
            "accounts": ACCOUNTS,
            "queued": QUEUED,
            "claim": _said("claim", _claim(server)),
            **_beside_a_house(server),
            "two_machines": _said("two machines", two_machines.measure(server, HOME.resolve())),
        }
    return {**found, "load_at_first": first, "load_at_last": os.getloadavg()}


def _said(what: str, figures: dict[str, Any]) -> dict[str, Any]:
    print(f"{what}: {figures}", file=sys.stderr, flush=True)
    return figures


def _claim(server: postgres.Server) -> dict[str, Any]:
    filled = partial(claim.waiting, accounts=ACCOUNTS)
    figures = claim.compare(filled, {size: server.fresh() for size in (claim.SHORT, QUEUED)})
    return {**figures["claim_ms"][str(QUEUED)], "p95_goal_ms": 40.0, "ratio_p50": figures["ratio_p50"]}


# --- a house with all of them


def _beside_a_house(server: postgres.Server) -> dict[str, Any]:
    names = [f"crowd{n:03d}" for n in range(ACCOUNTS)]
    mastodon = MastodonProcess(accounts=names, latency_ms=LATENCY_MS, requests=1_000_000)
    with _house(server, mastodon, names) as (stack, store):
        time.sleep(SETTLES_S)  # what a start still does is not what is measured
        return {
            "idle": _said("idle", _idle(stack)),
            **_said("seen", _seen(stack)),
            "reconcile": _said("reconcile", _reconcile(stack, store, mastodon, names)),
        }


@contextmanager
def _house(
    server: postgres.Server, mastodon: MastodonProcess, names: Sequence[str]
) -> Iterator[tuple[Stack, Store]]:
    settings = {
        "STEADYPOST_STORE_URL": server.fresh(),
        "STEADYPOST_AT_ONCE": str(AT_ONCE),
        "STEADYPOST_BROWSERS": "1",
        **for_prefect(server),
    }
    with (
        Store.create(settings["STEADYPOST_STORE_URL"]) as store,
        up(
            (HOME / "house").resolve(), sandbox=SandboxProcess(), beside=[mastodon], settings=settings
        ) as stack,
    ):
        _queue(store, names)
        told = {
            one: {
                "channel": "mastodon",
                "handle": one,
                "url": mastodon.url,
                "access_token": mastodon.tokens[one],
            }
            for one in names
        }
        write_state(stack.home / "accounts.json", told)
        must(stack.run("bench.api", str(stack.home / "accounts.json")), "the accounts")
        turn(stack, "reconcile", "off")
        start_worker(stack)
        until_on_watch(stack, within=600)
        until(
            lambda: len(store.read(account_rows.every)) >= ACCOUNTS, "the accounts are known", 600, pace=0.5
        )
        yield stack, store


def _queue(store: Store, names: Sequence[str]) -> None:
    """Have all accounts known, and their posts waiting for days to come."""
    now = datetime.now(UTC)
    for name in names:
        store.write(account_rows.put, AccountRecord(name=name, channel="mastodon", handle=name), now)
    due = now + timedelta(days=1)
    claim.fill(store, QUEUED, list(names), due=lambda i: due + timedelta(minutes=i), late=None)
    with store._database.writing() as connection:  # noqa: SLF001 - rows with given numbers do not move the counter
        for table in ("posts", "deliveries"):
            connection.execute(
                text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")  # noqa: S608 - two names of ours
            )


# --- while nothing is due


def _idle(stack: Stack) -> dict[str, Any]:
    """Watch it while nothing is due: the server's processor time, that of all of it, and the events written."""
    before, events, began = _cpu(stack), _events(stack), time.monotonic()
    time.sleep(IDLE_S)  # idling is what is measured
    after, written, seconds = _cpu(stack), _events(stack), time.monotonic() - began
    used = {kind: 100 * (after[kind] - before.get(kind, 0.0)) / seconds for kind in after}
    return {
        "seconds": round(seconds, 1),
        "server_percent_of_a_core": round(used["server"], 1),
        "server_goal": 10.0,
        "by_kind_percent": {kind: round(one, 1) for kind, one in sorted(used.items())},
        "events_per_minute": round(60 * (written - events) / seconds, 1),
        "events_goal": 100.0,
    }


def _cpu(stack: Stack) -> dict[str, float]:
    found: dict[str, float] = {}
    for pid in stack.pids():
        try:
            process = psutil.Process(pid)
            kind, times = kind_of(process, {}), process.cpu_times()
        except psutil.Error:
            continue
        if kind not in {SANDBOX, BROWSER}:
            found[kind] = found.get(kind, 0.0) + times.user + times.system
    return found


def _events(stack: Stack) -> int:
    url = make_url(stack.env["PREFECT_SERVER_DATABASE_CONNECTION_URL"]).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
        row = connection.execute("SELECT count(*) FROM events").fetchone()
    return int(row[0]) if row else 0


def _seen(stack: Stack) -> dict[str, Any]:
    """Observe and read in a process of its own: Prefect reads its address once, when it is imported."""
    done = stack.run("bench.scale")
    must(done, "what is observed")
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return seen


def _rounds() -> dict[str, Any]:
    """Observe everything, as each round of the watch does, beside the one on watch."""
    log = logging.getLogger("steadypost.bench")
    took: list[float] = []
    with watching_house(Opening(run_id=None, log=log, announce=lambda _: None)) as house:
        memory = Memory(tolerances=Tolerances())
        for _ in range(ROUNDS):
            began = time.perf_counter()
            observe(house, memory)
            took.append(time.perf_counter() - began)
    # The first one reads all blocks and opens connections, as a run does once.
    return {
        "first_s": round(took[0], 3),
        "p50_s": percentile(took[1:], 50),
        "most_s": round(max(took[1:]), 3),
        "goal_s": 1.0,
    }


def _blocks() -> dict[str, Any]:
    """Read the blocks again and again while nothing changes."""
    calls, size = 0, 0
    send = httpx.Client.send

    def counted(self: httpx.Client, request: httpx.Request, **more: Any) -> httpx.Response:
        nonlocal calls, size
        answer = send(self, request, **more)
        calls, size = calls + 1, size + len(answer.content)
        return answer

    reader, each = BlockReader(), []
    known = reader.read()
    httpx.Client.send = counted  # type: ignore[method-assign]
    try:
        for _ in range(ROUNDS):
            before = calls, size
            same = reader.read() is known
            each.append((calls - before[0], size - before[1], same))
    finally:
        httpx.Client.send = send  # type: ignore[method-assign]
        reader.close()
    return {
        "accounts": len(known.accounts),
        "unchanged": all(same for *_, same in each),
        "calls_most": max(calls for calls, *_ in each),
        "calls_goal": 2,
        "kb_most": round(max(size for _, size, _ in each) / 1000, 1),
        "kb_goal": 50,
    }


# --- looks, a tenth of which hang


def _reconcile(stack: Stack, store: Store, mastodon: MastodonProcess, names: Sequence[str]) -> dict[str, Any]:
    """Leave one post of each account unconfirmed, live on the network, and let the house look for them."""
    turn(stack, "reconcile", "off", "publish", "off")
    time.sleep(10)  # more than the time in which a switch is in force
    for name in names:
        moment = datetime.now(UTC)
        leave_unconfirmed(store, name, WORDS.format(name), moment)
        mastodon.hand(name, WORDS.format(name))
    hanging = names[::HANGS_EVERY]
    hangs = {"fault": "latency", "params": {"ms": HANGS_MS, "of": "all"}}
    mastodon.weather(*({**hangs, "account": one} for one in hanging))
    began = time.monotonic()
    turn(stack, "reconcile", "on", "publish", "off")
    at: list[float] = []

    def settled() -> bool:
        left = store.read(reading.counts)[State.UNCONFIRMED]
        at.extend([time.monotonic() - began] * (ACCOUNTS - left - len(at)))
        return left <= len(hanging)

    with suppress(RuntimeError):  # what was settled until then is the figure
        until(settled, "all accounts that answer are settled", 3 * RECONCILED_WITHIN_S, pace=0.5)
    return {
        "accounts": ACCOUNTS,
        "hanging": len(hanging),
        "settled": len(at),
        "all_that_answer_s": round(at[-1], 1) if len(at) >= ACCOUNTS - len(hanging) else None,
        "p50_s": percentile(at, 50) if at else None,
        "goal_s": RECONCILED_WITHIN_S,
    }


if __name__ == "__main__":
    print(json.dumps({"watch_round": _rounds(), "blocks": _blocks()}))
