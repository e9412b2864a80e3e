"""How long a person waits for the command line, and what it loads for it."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from steadypost.domain.post import Part, Post
from steadypost.store import AccountRecord, Store, intake
from steadypost.store import accounts as account_rows

QUEUE = 1000
"""Deliveries in the store that is listed."""

COMMANDS = (["--help"], ["queue"], ["queue", "--json"], ["show", "1"], ["accounts"])

GOAL_MS = 500


def measure(rounds: int = 7) -> dict[str, Any]:
    """Start each command anew several times, over a store with a long queue."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'steadypost.db'}"
        _fill(url)
        told = {" ".join(command): _timed(url, command, rounds) for command in COMMANDS}
    return {"queued": QUEUE, "goal_ms": GOAL_MS, "load": psutil.getloadavg()[0], "commands": told}


def _fill(url: str) -> None:
    now = datetime.now(UTC)
    with Store.create(url) as store:
        store.write(account_rows.put, AccountRecord(name="alice", channel="x_web", handle="alice"), now)
        for n in range(QUEUE):
            post = Post(parts=(Part(text=f"Number {n} of many, and no two alike."),))
            store.write(intake.add, post, accounts=["alice"], due_at=now + timedelta(minutes=n), now=now)


def _timed(url: str, command: list[str], rounds: int) -> dict[str, float]:
    walls, works = zip(*(_once(url, command) for _ in range(rounds)), strict=True)
    return {
        "wall_ms_best": round(min(walls)),
        "wall_ms_median": round(statistics.median(walls)),
        # What it costs, whatever else the machine is doing.
        "cpu_ms_best": round(min(works)),
    }


def _once(url: str, command: list[str]) -> tuple[float, float]:
    before = psutil.Process().cpu_times()
    begun = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "steadypost.cli", "--store", url, *command], check=True, capture_output=True
    )
    wall = time.perf_counter() - begun
    after = psutil.Process().cpu_times()
    work = after.children_user - before.children_user + after.children_system - before.children_system
    return wall * 1000, work * 1000


if __name__ == "__main__":
    print(measure())
