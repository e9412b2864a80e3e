"""Opens the house for a flow: the store by its address, browsers by this machine's settings."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from prefect import get_run_logger
from prefect.events import emit_event

from flows.outliving import outlive_the_worker
from steadypost import settings
from steadypost.browser import LaunchSettings, Pool, Recycle
from steadypost.store import Outbox, Store
from tasks import bounds, documents, journal
from tasks.bulkheads import Bulkheads, Purpose
from tasks.circuit_pages import PrefectBook
from tasks.circuits import Turned
from tasks.house import House, opened
from tasks.slots import PrefectSlots

NOW_AND_THEN = Recycle(idle=timedelta(minutes=2))
"""For browsers that are not always needed: they come with the first that wants one, and cost nothing while all is
well. Longer than any circuit of X's waits between two trials, and than a post in doubt between its first looks."""


TURN = 0.0005
"""Seconds that a thread of the publishers goes on while another wants to. A claim hands over at every statement of its
transaction, and at Python's own five milliseconds it waits longer than it works."""


def open_store() -> Store:
    """Open the store: by this machine's own setting, else by the block, else the embedded default."""
    return Store.open(_store_url())


def named_store() -> Store:
    """Name the same store without touching it."""
    return Store.at(_store_url())


def _store_url() -> str:
    machine = settings.read()
    if settings.STORE_URL in os.environ:
        return machine.store_url
    try:
        url = documents.store_url()
    except documents.ApiAway:
        url = None
    return url or machine.store_url


@contextlib.contextmanager
def publishing_house() -> Iterator[House]:
    """A house with this machine's publishing browsers, all warm."""
    with (
        _short_turns(),
        _house(Purpose.PUBLISH, size=settings.read().lanes) as house,
        Pool(1, LaunchSettings(), run_dir=_run_dir(), name=Purpose.PROBE, recycle=NOW_AND_THEN) as probing,
    ):
        house.lanes.warm()
        house.probing = probing
        yield house


@contextlib.contextmanager
def _short_turns() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


@contextlib.contextmanager
def looking_house() -> Iterator[House]:
    """A house with one browser of its own for looks, so that a hung look never holds a publisher's place."""
    with _house(Purpose.LOOK, size=1, recycle=NOW_AND_THEN) as house:
        yield house


@contextlib.contextmanager
def probing_house() -> Iterator[House]:
    """A house with a browser for probing, which is started when it is needed and ends with the run."""
    with _house(Purpose.PROBE, size=1) as house:
        yield house


@contextlib.contextmanager
def watching_house() -> Iterator[House]:
    """A house without browsers, that opens whether the store is there or not: that is one of its questions."""
    outlive_the_worker()
    run_dir = _run_dir()
    store = named_store()
    lanes = Pool(0, LaunchSettings(), run_dir=run_dir, name="watch")
    outbox = Outbox(run_dir / "outbox", store.address)
    with (
        journal.kept(_logs(), "watch"),
        opened(store=store, lanes=lanes, outbox=outbox, book=PrefectBook()) as house,
    ):
        house.log = house.circuits.log = get_run_logger()
        house.announce = announce
        yield house


@contextlib.contextmanager
def _house(purpose: Purpose, *, size: int, recycle: Recycle | None = None) -> Iterator[House]:
    limits = bounds.of_this_machine()
    outlive_the_worker()
    run_dir = _run_dir()
    lanes = Pool(size, LaunchSettings(), run_dir=run_dir, name=purpose, recycle=recycle)
    store = open_store()
    outbox = Outbox(run_dir / "outbox", store.address)
    walls = Bulkheads(purpose=purpose, places=size, slots=PrefectSlots(), log=get_run_logger())
    with (
        journal.kept(_logs(), str(purpose)),
        opened(
            store=store, lanes=lanes, outbox=outbox, bulkheads=walls, deadlines=limits, book=PrefectBook()
        ) as house,
    ):
        house.log = house.circuits.log = get_run_logger()
        house.announce = announce
        yield house


def announce(turned: Turned) -> None:
    """Put a circuit's turn among Prefect's events, where people watch and automations listen."""
    after = turned.after
    emit_event(
        event=f"steadypost.circuit.{after.state}",
        resource={
            "prefect.resource.id": f"steadypost.circuit.{turned.dependency.name}",
            "prefect.resource.name": turned.dependency.name,
        },
        payload=journal.redact.of(
            {
                "before": turned.before,
                "since": after.since.isoformat(),
                "until": after.until.isoformat() if after.until else None,
                "cause": after.cause,
                "why": after.why,
                "by": after.by,
            }
        ),
    )


def _logs() -> Path:
    return settings.read().home / "logs"


def _run_dir() -> Path:
    run_dir = settings.read().run_dir
    run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return run_dir
