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
from datetime import datetime
from typing import Any, Self

from steadypost import private, settings
from steadypost.store import watches
from tasks import runs
from tasks.block_documents import Document
from tasks.house import House


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What a stand-in is told."""

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


_sent: list[subprocess.Popen[bytes]] = []
"""The processes that were started here, as long as they are there."""


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
    return _started(handed)


def _started(handed: Handed) -> int:
    home = private.home(settings.read().home)
    with (home / "stand-in.log").open("ab") as out:
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
    # Those that have ended are buried on the way: a parent that forgets its children leaves zombies.
    _sent[:] = [*(one for one in _sent if one.poll() is None), process]
    assert process.stdin is not None  # noqa: S101 - asked for
    with process.stdin as pipe:
        pipe.write(handed.written().encode())
    return process.pid


def environment() -> dict[str, str]:
    """Give another process this one's environment, but for what makes it this run."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PREFECT__") and name != runs.STANDS_IN
    }
