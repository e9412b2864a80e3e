"""The open house of one process: its store, its browsers, its accounts.

A flow opens it; its tasks, threads of this process, find it with ``here()``. Only ids cross Prefect's borders.
"""

from __future__ import annotations

import contextlib
import logging
import os
import random
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from blocks import Switches
from steadypost import settings
from steadypost.browser import Pool, SlotIs
from steadypost.channels.port import Channel, Means
from steadypost.domain.circuit.catalogue import Dependency
from steadypost.domain.circuit.catalogue import Kind as Circuit
from steadypost.domain.clock import Clock, now
from steadypost.domain.token import Tokens
from steadypost.domain.whose import Address, Whose
from steadypost.store import (
    Claim,
    Outbox,
    Store,
    StoreAway,
    leases,
    vitals,
)
from tasks import bounds, documents
from tasks.block_reader import ReadAlong
from tasks.bounds import LEASE, WITHOUT, Deadlines
from tasks.bulkheads import Bulkheads, Purpose
from tasks.circuit_book import Book, RevisionsAway
from tasks.circuits import Breakers, Refused, Turned
from tasks.contexts import Looking, Probing, Watching
from tasks.dependencies import PREFECT, behind, every_circuit
from tasks.directory import Directory, with_browser
from tasks.retry_budget import RetryBudget
from tasks.turns import StoreTrials, follow

REFRESH_EVERY = 5.0
"""Seconds between two readings of the blocks: an operator's edit is in force within one such cycle."""

RENEW_EVERY = bounds.RENEW_EVERY.total_seconds()

MADE_AT_ONCE = 10
"""How many blocks of circuits that have none yet one reading makes: a house with many accounts opens as fast."""

IN_TROUBLE = frozenset({SlotIs.RESTING, SlotIs.LOST})
"""What a slot is doing when no browser of it works."""


@dataclass(kw_only=True)
class House:
    """What the tasks of this process share."""

    store: Store
    browsers: Pool
    worker: str
    outbox: Outbox
    clock: Clock = now
    dice: random.Random = field(default_factory=random.SystemRandom)
    switches: Switches = field(default_factory=Switches)
    log: logging.Logger | logging.LoggerAdapter[logging.Logger] = field(
        default_factory=lambda: logging.getLogger("steadypost")
    )
    tokens: Tokens | None = None
    """Where sign-ins that change are kept."""
    home: Path = field(default_factory=lambda: settings.read().home)
    """Where this machine's Steadypost has its files."""
    reading: Callable[[], documents.Documents] = lambda: documents.read()  # noqa: PLW0108 - a test replaces it later
    waiting: Callable[[threading.Event], bool] = lambda end: end.wait(REFRESH_EVERY)
    """Read the blocks (raises ``ApiAway``), and wait until they are to be read again (``True``: told to end)."""
    blocks: documents.Documents | None = None
    """What was read last."""
    keep_warm: bool = False
    """Whether browsers are kept ready as long as any account needs one."""
    in_hand: dict[int, Claim] = field(default_factory=dict)
    """The attempts this process works on. Only their leases are renewed."""
    deadlines: Deadlines = field(default_factory=Deadlines)
    """How long each thing may take, in an order that was checked."""
    bulkheads: Bulkheads = field(default_factory=lambda: Bulkheads(purpose=Purpose.PUBLISH, at_most=16))
    """What this process may do at once."""
    wake: Callable[[], Callable[[], None]] = lambda: lambda: None
    """Reports a free browser. What it answers waits, for an instant, until the next claim is made."""
    circuits: Breakers = field(init=False)
    """What is left alone, because it failed, until it is seen to be well."""
    directory: Directory = field(init=False)
    """The accounts, as last read from their blocks."""
    looking: Looking = field(default_factory=Looking)
    probing: Probing = field(default_factory=Probing)
    watching: Watching = field(default_factory=Watching)
    budget: RetryBudget = field(default_factory=RetryBudget)
    """What all processes together may try again."""
    announce: Callable[[Turned], None] = lambda _: None
    """Told of every circuit that this process turned."""
    second_question: Callable[[Address, Iterable[Address]], Whose] = lambda _, __: Whose.UNKNOWN
    """Finds out whether this machine or the address is at fault when an address is not reached."""
    claim_turn: int = 0
    """Counts claims, so that each network in turn claims first."""
    trouble: Exception | None = None
    """Failures beside the posts, for a run that is to stop at the first one."""
    _refreshed: float = 0.0
    _reader: ReadAlong | None = None

    def __post_init__(self) -> None:
        self.directory = Directory(store=self.store)
        self.share_circuits(None)

    def share_circuits(self, book: Book | None) -> None:
        """Have circuits that stand in this book; without one they are this process's own."""
        self.circuits = Breakers(
            book=book,
            process=self.worker,
            clock=self.clock,
            # By its name, which no other process has: all of them spread, and one that is played again does the same.
            dice=random.Random(self.worker),  # noqa: S311 - it spreads open times, nothing else
            log=self.log,
            on_turn=lambda turned: follow(self, turned),
            trials=StoreTrials(self),
        )

    @contextlib.contextmanager
    def channel(self, account: str, *, within: timedelta, browsers: Pool | None = None) -> Iterator[Channel]:
        """Open an account's channel for one attempt, look or probe; a browser is lent only if it needs one."""
        means = Means(
            browser=lambda: (browsers or self.browsers).lend(within.total_seconds(), key=account),
            home=self.home,
            tokens=self.tokens,
            now=self.clock,
        )
        with self.directory.kind_of(account).open(means) as channel:
            yield channel

    def behind(self, account: str) -> tuple[Dependency, ...]:
        """List the circuits an account's posts stand and fall with."""
        return behind(account, needs_browser=self.directory.kind_of(account).needs_browser)

    @property
    def at_once(self) -> int:
        """How many attempts this process may have under way."""
        return self.bulkheads.at_most

    def refresh(self, *, at_once: bool = False) -> None:
        """Read the blocks again, when it is time; with Prefect's API away the last known ones serve.

        Never waits where a reader reads them. A store that is away hears of them at the next reading.
        """
        if self.trouble is not None:
            raise self.trouble
        if not at_once and self._reader is not None:
            return
        if not at_once and time.monotonic() - self._refreshed < REFRESH_EVERY:
            return
        self._refreshed = time.monotonic()
        self.read_blocks()

    def read_blocks(self) -> None:
        """Read the blocks now."""
        self.note_browsers()
        try:
            with self.circuits.guard(PREFECT, failures=(documents.ApiAway,)):
                read = self.reading()
        except Refused as refused:
            self.log.debug("the blocks are not read: %s", refused)
            return
        except documents.ApiAway as away:
            self.bear(away, "Prefect's API is away (%s); going on with the accounts last read", away)
            return
        self.take_blocks(read)
        self._make_circuits(read)

    def take_blocks(self, read: documents.Documents) -> None:
        """Have in force what the blocks say."""
        self.blocks = read
        for wrong in read.wrong_switches:
            self.log.error("The block Steadypost switches is not valid: %s", wrong)
        # Where it cannot be read at all, the last known ones serve.
        self.switches = read.switches or self.switches
        self._hear(read)
        try:
            self.directory.take(read, now=self.clock(), log=self.log, renewed=self._renewed)
        except StoreAway as away:
            self.bear(away, "the accounts could not be written to the store (%s)", away)
        usable = self.directory.usable()
        self.bulkheads.want({name: self.directory.kind_of(name).network.name for name in usable})
        if self.keep_warm and self.directory.needs_browser():
            self.browsers.warm()

    def bear(self, error: Exception, message: str, *told: object) -> None:
        """Log a failure and go on without it. With the switch ``degradation`` off the first failure stops the run."""
        self.log.warning(message, *told)
        if not self.switches.degradation.is_on(self.clock()):
            self.trouble = error

    def limits(self) -> Deadlines:
        """Give the deadlines that are in force."""
        return self.deadlines if self.switches.deadlines.is_on(self.clock()) else WITHOUT

    def retries_left(self) -> int | None:
        """Say how many deliveries that had an attempt before may be tried again now; ``None`` for all of them."""
        moment = self.clock()
        return self.budget.left(self.store, moment) if self.switches.backoff.is_on(moment) else None

    def may_look_again(self, *, again: bool) -> bool:
        """Say whether a failed look may be repeated at once, from the common retry budget. Raises ``StoreAway``."""
        moment = self.clock()
        self.budget.note_look(moment, again=again)
        return not self.switches.backoff.is_on(moment) or self.budget.has_room_for_a_look(self.store, moment)

    def take(self, claim: Claim) -> None:
        """Take a claim in hand: its lease is kept from now on, and it has a slot."""
        self.in_hand[claim.attempt_id] = claim
        self.bulkheads.begin(claim.attempt_id, claim.account)

    def let_go(self, attempt_id: int) -> Callable[[], None]:
        """Free an attempt's slot before its answer is written down. The answer waits, for an instant, for the next
        claim.
        """
        self.bulkheads.end(attempt_id)
        return self.wake()

    def drop(self, attempt_id: int) -> None:
        """Drop an attempt: the lease of one without a worker is to run out."""
        self.in_hand.pop(attempt_id, None)
        self.bulkheads.end(attempt_id)

    @contextlib.contextmanager
    def slot(self, within: timedelta) -> Iterator[None]:
        """Have a slot for one piece of work; without bulkheads wait for the shared limit, and raise ``NoSlot``."""
        if self.switches.bulkheads.is_on(self.clock()):
            yield
            return
        with self.bulkheads.shared_slot(within.total_seconds()):
            yield

    def read_along(self) -> None:
        """Have the blocks read elsewhere from now on."""
        self._reader = ReadAlong(self.read_blocks, self.waiting, lambda: self.log)

    def read_no_more(self) -> None:
        """End that."""
        if self._reader is not None:
            self._reader.stop()
            self._reader = None

    def note_browsers(self) -> None:
        """Note whether this process has a browser that works, or one on its way: the watch asks no publisher."""
        slots = self.browsers.snapshot()
        if not slots:
            return
        troubled = [slot for slot in slots if slot.state in IN_TROUBLE or slot.trouble]
        told = next((slot.trouble for slot in troubled if slot.trouble), "")
        with contextlib.suppress(StoreAway):
            self.store.write(
                vitals.note,
                f"{vitals.BROWSERS}{self.browsers.name}",
                well=len(troubled) < len(slots),
                told=told,
                now=self.clock(),
            )

    def hand_over(self) -> None:
        """Bring the store the answers that could not be recorded when they came."""
        for settled in self.outbox.hand_over(self.store, jitter=self.dice.random):
            self.log.info("delivery %s: its answer reached the store late", settled.delivery.id)

    def _hear(self, read: documents.Documents) -> None:
        """Bring the circuits up to date with other processes and with what persons say."""
        self.circuits.is_on = self.switches.circuits.is_on(self.clock())
        wanted = every_circuit(with_browser(read.accounts))
        self.circuits.watch(wanted)
        self.circuits.take(read.revisions, read.words)

    def _make_circuits(self, read: documents.Documents) -> None:
        """Put a block there for each circuit that has none, a few at a time."""
        wanted = every_circuit(with_browser(read.accounts))
        missing = [one.name for one in wanted if one.name not in read.words]
        if not missing:
            return
        try:
            documents.make_circuits(missing[:MADE_AT_ONCE])
        except (documents.ApiAway, RevisionsAway) as away:
            self.log.debug("the blocks of new circuits are made later: %s", away)

    def _renewed(self, account: str, why: str) -> None:
        self.circuits.renewed(Dependency(Circuit.SIGN_IN, account), why)


class _Keeper(threading.Thread):
    """Renews the leases of this process, in a thread of its own; a dead or stopped process renews nothing."""

    def __init__(self, house: House) -> None:
        super().__init__(name="lease-keeper", daemon=True)
        self._house = house
        self._end = threading.Event()

    def run(self) -> None:
        while not self._end.wait(RENEW_EVERY):
            self._house.hand_over()
            try:
                self._house.store.write(
                    leases.renew,
                    worker=self._house.worker,
                    now=self._house.clock(),
                    lease=LEASE,
                    in_hand=tuple(self._house.in_hand),
                )
            except StoreAway as away:
                self._house.log.warning("leases could not be renewed: %s", away)

    def stop(self) -> None:
        """End, and wait for the end."""
        self._end.set()
        self.join(timeout=5)


_open: House | None = None


def here() -> House:
    """Find the house this process has open."""
    if _open is None:
        raise RuntimeError("no house is open in this process: tasks run inside a flow that opened one")
    return _open


@contextlib.contextmanager
def opened(
    *,
    store: Store,
    browsers: Pool,
    outbox: Outbox,
    worker: str | None = None,
    read_blocks: bool = True,
    reading: Callable[[], documents.Documents] | None = None,
    waiting: Callable[[threading.Event], bool] | None = None,
    known: documents.Documents | None = None,
    bulkheads: Bulkheads | None = None,
    deadlines: Deadlines | None = None,
    book: Book | None = None,
) -> Iterator[House]:
    """Open the house, keep its leases alive, and leave nothing running behind.

    Without ``read_blocks`` the caller sets the accounts. With ``known`` blocks nothing waits for Prefect's API.
    """
    global _open  # noqa: PLW0603 - one process, one house; threads must find it without being handed it
    house = House(store=store, browsers=browsers, outbox=outbox, worker=worker or name_of_this_worker())
    house.tokens = store.tokens(house.home)
    house.deadlines = deadlines or Deadlines()
    house.bulkheads = bulkheads or Bulkheads(purpose=Purpose.PUBLISH, at_most=browsers.size)
    house.share_circuits(book)
    house.reading, house.waiting = reading or house.reading, waiting or house.waiting
    keeper = _Keeper(house)
    with browsers:
        # Answers that an earlier run could not record go to the store before anything is decided.
        house.hand_over()
        if known is not None:
            house.take_blocks(known)
        elif read_blocks:
            house.refresh(at_once=True)
        if read_blocks:
            house.read_along()
        house.bulkheads.open()
        keeper.start()
        _open = house
        try:
            yield house
        finally:
            _open = None
            house.read_no_more()
            house.bulkheads.close()
            keeper.stop()


def name_of_this_worker() -> str:
    """Name this process uniquely across machines."""
    return f"{socket.gethostname()}:{os.getpid()}:{random.SystemRandom().randrange(16**6):06x}"
