"""Opens the house for a flow: the store by its address, browsers by this machine's settings."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from prefect import get_run_logger
from prefect.events import emit_event
from prefect.exceptions import MissingContextError
from prefect.runtime import flow_run

from flows.outliving import outlive_the_worker
from steadypost import private, settings
from steadypost.browser import LaunchSettings, Pool, Recycle
from steadypost.store import Outbox, Store, StoreAway
from tasks import bounds, documents, journal
from tasks.block_reader import BlockReader
from tasks.bulkheads import Bulkheads, Purpose, Slots
from tasks.circuit_revisions import PrefectBook
from tasks.circuits import Turned
from tasks.house import House, opened
from tasks.living import says_it_lives
from tasks.second_question import SecondQuestion
from tasks.shared_reading import SharedReading
from tasks.slots import PrefectSlots
from tasks.store_opening import Log, Patience

NOW_AND_THEN = Recycle(idle=timedelta(minutes=2))
"""For browsers not always needed: started on demand, kept longer than between two trials or two first looks."""


OWN_STORE = "own-store"
"""The file in a home by which it is known that Prefect named no store when it was last asked: the home's own is used."""

NAMED_WITHIN = timedelta(minutes=10)
"""How long to wait for Prefect to say which store it is."""

TURN = 0.0005
"""Seconds a thread of the publishers may run on: a claim hands over at every statement, and Python's default is too
long.
"""


@contextlib.contextmanager
def at_work(within: timedelta) -> Iterator[Store]:
    """Open the store for a run that has no house, and say there that the run lives while it is at work."""
    with open_store(within) as store, says_it_lives(store, flow_run.id):
        yield store


def open_store(within: timedelta, url: str | None = None) -> Store:
    """Open the store: by its given address, this machine's setting, the block or the embedded default, in this order.

    One that is away is waited for ``within`` the run's own deadline.
    """
    private.home(settings.read().home)
    return Patience(within=within, log=_log()).opened(lambda: Store.open(url or _store_url()))


def _log() -> Log:
    """Log where the run is read; outside of one, where everything else of ours is."""
    try:
        return get_run_logger()
    except MissingContextError:
        return logging.getLogger("steadypost.store")


def named_store() -> Store:
    """Name the same store without touching it."""
    return Store.at(_store_url())


def known_store(within: timedelta = NAMED_WITHIN) -> Store:
    """Name it as soon as it is known which one it is."""
    return Patience(within=within, log=_log()).opened(named_store)


def _store_url() -> str:
    """Raise ``StoreAway`` where only Prefect knows which store it is, and does not answer: another one than that would
    be empty, and nothing would be due in it.
    """
    machine = settings.read()
    if settings.STORE_URL in os.environ:
        return machine.store_url
    own = machine.home / OWN_STORE
    try:
        url = documents.store_url()
    except documents.ApiAway as away:
        if own.exists():
            return machine.store_url
        raise StoreAway(
            "it is not known which store is used: Prefect's API does not answer",
            remedy=f"See that it answers, or set {settings.STORE_URL}",
        ) from away
    with contextlib.suppress(OSError):
        own.touch(private.FILE) if url is None else own.unlink(missing_ok=True)
    return url or machine.store_url


@dataclass(frozen=True, kw_only=True)
class Opening:
    """What opens a house: a run of Prefect's, or its stand-in while Prefect's server is away."""

    run_id: str | None
    log: Log
    announce: Callable[[Turned], None]
    reader: BlockReader = field(default_factory=BlockReader)
    slots: Slots | None = None
    """Without them it keeps to its own numbers."""
    known: documents.Documents | None = None
    """What the blocks are known to say: with it nothing waits for Prefect's server."""
    store_url: str | None = None


def by_a_run() -> Opening:
    """Open it for the run of Prefect's that this process carries out."""
    return Opening(run_id=flow_run.id, log=get_run_logger(), announce=announce, slots=PrefectSlots())


@contextlib.contextmanager
def publishing_house(stay: timedelta, by: Opening | None = None) -> Iterator[House]:
    """A house with this machine's publishing browsers, all warm, where any account needs one."""
    machine = settings.read()
    with (
        _short_turns(),
        _house(Purpose.PUBLISH, stay, size=machine.browsers, at_most=machine.at_once, by=by) as house,
        Pool(1, LaunchSettings(), run_dir=_run_dir(), name=Purpose.PROBE, recycle=NOW_AND_THEN) as probing,
    ):
        house.probing.browsers = probing
        house.keep_warm = True
        if house.directory.needs_browser():
            house.browsers.warm()
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
def looking_house(stay: timedelta, by: Opening | None = None) -> Iterator[House]:
    """A house with one browser of its own for looks, so that a hung look never holds a publisher's slot."""
    with _house(Purpose.LOOK, stay, size=1, recycle=NOW_AND_THEN, by=by) as house:
        yield house


@contextlib.contextmanager
def probing_house(stay: timedelta) -> Iterator[House]:
    """A house with a browser for probing, which is started when it is needed and ends with the run."""
    with _house(Purpose.PROBE, stay, size=1) as house:
        yield house


@contextlib.contextmanager
def watching_house(by: Opening | None = None) -> Iterator[House]:
    """A house without browsers, that opens whether the store is there or not: that is one of its questions."""
    outlive_the_worker()
    by = by or by_a_run()
    run_dir = _run_dir()
    by.reader.share(SharedReading(run_dir))
    store = Store.at(by.store_url) if by.store_url else known_store()
    browsers = Pool(0, LaunchSettings(), run_dir=run_dir, name="watch")
    outbox = Outbox(run_dir / "outbox", _lineage(store))
    with (
        journal.kept(_logs(), "watch"),
        opened(
            store=store,
            browsers=browsers,
            outbox=outbox,
            book=PrefectBook(),
            reading=by.reader.read,
            waiting=by.reader.wait,
            known=by.known,
        ) as house,
        contextlib.closing(by.reader),
        says_it_lives(store, by.run_id),
    ):
        house.log = house.circuits.log = by.log
        house.announce = by.announce
        yield house


@contextlib.contextmanager
def _house(
    purpose: Purpose,
    stay: timedelta,
    *,
    size: int,
    at_most: int | None = None,
    recycle: Recycle | None = None,
    by: Opening | None = None,
) -> Iterator[House]:
    """Open a house for so long. Nothing else is begun before the store is there: no browser waits for it."""
    limits = bounds.of_this_machine()
    outlive_the_worker()
    by = by or by_a_run()
    run_dir = _run_dir()
    by.reader.share(SharedReading(run_dir))
    store = open_store(stay, by.store_url)
    browsers = Pool(size, LaunchSettings(), run_dir=run_dir, name=purpose, recycle=recycle)
    outbox = outbox_of(store, run_dir, within=stay)
    walls = Bulkheads(purpose=purpose, at_most=at_most or size, slots=by.slots, log=by.log)
    with (
        journal.kept(_logs(), str(purpose)),
        opened(
            store=store,
            browsers=browsers,
            outbox=outbox,
            bulkheads=walls,
            deadlines=limits,
            book=PrefectBook(),
            reading=by.reader.read,
            waiting=by.reader.wait,
            known=by.known,
        ) as house,
        contextlib.closing(by.reader),
        says_it_lives(store, by.run_id),
    ):
        house.log = house.circuits.log = by.log
        house.announce = by.announce
        house.second_question = SecondQuestion().whose
        yield house


def outbox_of(store: Store, run_dir: Path, *, within: timedelta) -> Outbox:
    """Give the outbox of a store, which may have gone away again since it was opened: it is waited for like then."""
    lineage = Patience(within=within, log=_log()).opened(lambda: store.lineage)
    return Outbox(run_dir / "outbox", lineage)


def _lineage(store: Store) -> str:
    """Name the store whose outbox is watched; while it is away, by its address alone."""
    try:
        return store.lineage
    except StoreAway:
        return store.address


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
    machine = settings.read()
    private.home(machine.home)
    return private.folder(machine.run_dir)
