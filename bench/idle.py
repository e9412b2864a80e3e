"""What the house costs while nothing is due: ``python -m bench idle``, over ``steadypost up`` with an account on each
network's API.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bench.api import CHANNELS, Networks
from bench.house import kind_of, machine, pss_mb
from rehearsal.stack import ROOT, must
from rehearsal.waiting import until
from sandbox.running import write_state
from steadypost import prefect_address, private
from steadypost.cli.up import server
from steadypost.domain.watched import JUDGED
from steadypost.store import Store, StoreError, watches
from steadypost.store import accounts as account_rows

HOME = Path("var/bench/idle")
PERSON = "alice"
SETTLES_S = 75.0
"""Seconds for what a start does later: the deployments are made anew, and each flow makes its first round."""

MEASURED_S = 300.0
"""Seconds that are measured: the canary's run comes once in them."""

GONE = "runs that came and went"

SIGNS = {
    "_workspace_supervisor": "Prefect's supervisors of runs",
    "flows.standby": "standby",
    "steadypost.cli up": "steadypost up",
    "postgres": "PostgreSQL",
}


@dataclass(frozen=True, slots=True)
class Spent:
    """What a process has spent of the processor so far, in seconds."""

    kind: str
    own: float
    reaped: float
    """What those of its children had spent that have ended."""


def spent_between(before: Mapping[int, Spent], after: Mapping[int, Spent]) -> dict[str, float]:
    """Add up what was spent between two looks, by kind; also by processes that neither of them has seen."""
    used: dict[str, float] = defaultdict(float)
    reaped = 0.0
    for pid, now in after.items():
        then = before.get(pid, Spent(now.kind, own=0.0, reaped=0.0))
        used[now.kind] += now.own - then.own
        reaped += now.reaped - then.reaped
    reaped -= sum(one.own + one.reaped for pid, one in before.items() if pid not in after)
    return {**used, GONE: max(0.0, reaped)} if reaped or before.keys() - after.keys() else dict(used)


def measure() -> dict[str, Any]:
    """Start it, let it settle, and add up what each kind of process takes."""
    shutil.rmtree(HOME, ignore_errors=True)
    home = HOME.resolve()
    networks = Networks.of([PERSON])
    beside = (networks.x_api, networks.mastodon, networks.bluesky)
    try:
        for network in beside:
            network.start()
        with _up(home) as started:
            # Those make the types of the accounts, which two cannot make at the same moment.
            until(lambda: server.deployed(home), "the deployments are made", 400, pace=0.5)
            _save_accounts(home, networks)
            store = Store.open(f"sqlite:///{home}/steadypost.db")
            until(lambda: _is_on_watch(store), "runs are on watch with all accounts", 400, pace=0.5)
            time.sleep(SETTLES_S)  # what a start still does is not what is measured
            return {"machine": machine(), **_measured(started.pid, store)}
    finally:
        for network in beside:
            network.stop()


@contextmanager
def _up(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    private.folder(home)
    # Not Prefect's usual port, which another house of this machine may take at the same moment.
    (home / server.KEPT).write_text(json.dumps({"port": server.free_port(0)}))
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "STEADYPOST_"))
    }
    given = {**inherited, "STEADYPOST_HOME": str(home)}
    with (home / "up.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "steadypost.cli", "up"], cwd=ROOT, env=given, stdout=log, stderr=log
        )
    try:
        until(lambda: prefect_address.known(home, {}) or process.poll() is not None, "Prefect answers", 400)
        yield process
    finally:
        process.terminate()
        process.wait(60)


def _save_accounts(home: Path, networks: Networks) -> None:
    file = home / "accounts.json"
    write_state(file, networks.accounts([PERSON]))
    env = {**os.environ, **prefect_address.QUIET, **prefect_address.known(home, {})}
    command = [sys.executable, "-m", "bench.api", str(file)]
    must(
        subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False),
        "the accounts",
    )


def _is_on_watch(store: Store) -> bool:
    with suppress(StoreError):
        held = {lease.flow for lease in store.read(watches.every)}
        return {*JUDGED} <= held and len(store.read(account_rows.every)) >= len(CHANNELS)
    return False


def _measured(root: int, store: Store) -> dict[str, Any]:
    watched = {lease.run_id: lease.flow for lease in store.read(watches.every)}
    load = os.getloadavg()[0]
    before, began = _cpu(root, watched), time.monotonic()
    time.sleep(MEASURED_S)  # idling is what is measured
    after, seconds = _cpu(root, watched), time.monotonic() - began
    used = spent_between(before, after)
    held: dict[str, float] = dict.fromkeys(used, 0.0)
    for pid, one in after.items():
        with suppress(OSError):
            held[one.kind] += pss_mb(pid)
    return {
        "seconds": round(seconds, 1),
        "load": [round(load, 1), round(os.getloadavg()[0], 1)],
        "cpu_percent_of_a_core": round(100 * sum(used.values()) / seconds, 2),
        "cpu_goal": 5.0,
        # As its own, with pages that several share divided among them (PSS).
        "memory_mb": round(sum(held.values())),
        "memory_goal_mb": 650,
        "by_kind": {
            kind: {"cpu_percent": round(100 * used[kind] / seconds, 2), "memory_mb": round(held[kind])}
            for kind in sorted(held)
        },
    }


def _cpu(root: int, watched: Mapping[str, str]) -> dict[int, Spent]:
    found = {}
    top = psutil.Process(root)
    for process in (top, *top.children(recursive=True)):
        with suppress(psutil.Error):
            times = process.cpu_times()
            found[process.pid] = Spent(
                _kind(process, watched),
                own=times.user + times.system,
                reaped=times.children_user + times.children_system,
            )
    return found


def _kind(process: psutil.Process, watched: Mapping[str, str]) -> str:
    words = " ".join(process.cmdline())
    return next((kind for sign, kind in SIGNS.items() if sign in words), "") or kind_of(process, watched)
