"""Stand-ins do a run's work while Prefect's server cannot start one: processes that are told the blocks over a pipe.

The store gives one the lease first; a run of Prefect's takes it back.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from steadypost import private, settings
from steadypost.store import vitals, watches
from tasks import runs
from tasks.block_documents import Document
from tasks.house import House


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """The instructions of a stand-in."""

    flow: str
    run_id: str
    """Its own, under which it has the lease."""
    gone: str
    """The run that it stands in for."""
    since: datetime
    store_url: str
    documents: tuple[Document, ...]

    def written(self) -> str:
        """Write it as JSON, secrets and all: for a pipe."""
        told = {
            "flow": self.flow,
            "run_id": self.run_id,
            "gone": self.gone,
            "since": self.since.isoformat(),
            "store_url": self.store_url,
            "documents": [one.written() for one in self.documents],
        }
        return json.dumps(told)

    @classmethod
    def from_written(cls, written: str) -> Self:
        """Read it again."""
        told: Mapping[str, Any] = json.loads(written)
        return cls(
            flow=told["flow"],
            run_id=told["run_id"],
            gone=told["gone"],
            since=datetime.fromisoformat(told["since"]),
            store_url=told["store_url"],
            documents=tuple(map(Document.from_written, told["documents"])),
        )


MOST_LOG = 20 * 1024 * 1024
"""Bytes of their log after which another one is begun."""

BEGINS_WITHIN = timedelta(minutes=5)
"""How long one may take to begin, on a machine on which that takes longest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """A stand-in that was started here."""

    flow: str
    run_id: str
    since: datetime
    process: subprocess.Popen[bytes]


_sent: list[_Sent] = []
"""The stand-ins of this process that run."""


def speak_for_beginners(house: House) -> None:
    """Give the lease anew to those that were started here and have not begun; raises ``StoreError``.

    Under heavy load Python alone takes minutes to start, and one that is replaced meanwhile never gets there.
    """
    # Polling reaps those that have ended: a parent that never asks leaves zombies.
    _sent[:] = [one for one in _sent if one.process.poll() is None]
    moment = house.clock()
    young = [one for one in _sent if moment - one.since < BEGINS_WITHIN]
    known = house.store.read(vitals.every) if young else {}
    for one in young:
        if f"{vitals.RUN}{one.run_id}" not in known:
            # Given anew, and not a heartbeat: with one it would count as begun, and have fifteen seconds where no run
            # speaks for it any more, as when its sender was a stand-in that was relieved.
            house.store.write(watches.replace, one.flow, gone=one.run_id, by=one.run_id, now=moment)


def send(house: House, flow: str, gone: str) -> int | None:
    """Give a gone run's lease to a stand-in and start it. ``None``: another did, or no blocks known. Raises
    ``StoreAway``.
    """
    if house.blocks is None or not house.blocks.raw:
        house.log.warning("no stand-in is possible for %s: the blocks were never read here", flow)
        return None
    moment = house.clock()
    run_id = str(uuid.uuid4())
    if not house.store.write(watches.replace, flow, gone=gone, by=run_id, now=moment):
        return None
    handed = Handed(
        flow=flow,
        run_id=run_id,
        gone=gone,
        since=moment,
        store_url=house.store.url,
        documents=house.blocks.raw,
    )
    process = _begun(handed)
    _sent.append(_Sent(flow=flow, run_id=run_id, since=moment, process=process))
    return process.pid


def _begun(handed: Handed) -> subprocess.Popen[bytes]:
    home = private.home(settings.read().home)
    with log_file(home).open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", runs.STAND_IN, handed.flow],
            env=environment() | {runs.STANDS_IN: handed.run_id},
            cwd=home,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            # It outlives the process that started it.
            start_new_session=True,
        )
    assert process.stdin is not None  # noqa: S101 - asked for
    with process.stdin as pipe:
        pipe.write(handed.written().encode())
    return process


def log_file(home: Path) -> Path:
    """Give the log of all stand-ins, begun anew when it has grown too long; the one before is kept."""
    log = home / "stand-in.log"
    if log.exists() and log.stat().st_size > MOST_LOG:
        log.replace(log.with_name(f"{log.name}.1"))
    return log


def environment() -> dict[str, str]:
    """Copy this process's environment, without what identifies its run."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PREFECT__") and name != runs.STANDS_IN
    }
