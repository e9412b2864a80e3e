"""The open house of one process: its store, its browsers, its accounts.

A flow opens it; the tasks of that flow, which run in threads of the same process, find it with ``here()``.
Ids travel across Prefect's borders, never sessions, stores or browsers.
"""

from __future__ import annotations

import contextlib
import logging
import os
import random
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import psutil

from blocks import Switches, Unopened
from steadypost.browser import Loan, PlaceIs, Pool
from steadypost.channels.port import Access, Channel
from steadypost.channels.x_web.channel import XWeb
from steadypost.domain import secrets
from steadypost.domain.budget import Budget, Try
from steadypost.domain.circuit import State
from steadypost.domain.circuit.catalogue import SIGN_IN_LOST, WAKES, Dependency, Kind
from steadypost.domain.clock import Clock, now
from steadypost.store import AccountRecord, Claim, Outbox, Store, StoreAway, vitals
from tasks import bounds, documents, journal
from tasks.bounds import LEASE, WITHOUT, Deadlines
from tasks.bulkheads import Bulkheads, Purpose
from tasks.circuits import PREFECT, Book, Breakers, PagesAway, Refused, Turned, every_circuit

REFRESH_EVERY = 5.0
"""Seconds between two readings of the blocks: an operator's edit is in force within one such cycle."""

RENEW_EVERY = bounds.RENEW_EVERY.total_seconds()

MADE_AT_ONCE = 10
"""How many blocks of circuits that have none yet one reading makes: a house with many accounts opens as fast."""

IN_TROUBLE = frozenset({PlaceIs.RESTING, PlaceIs.LOST})
"""What a place is doing when no browser of it works."""
BUDGET = Budget()
"""What may be tried again by everybody together."""

COUNT_EVERY = 1.0
"""Seconds between two countings of the recent attempts, for the budget."""

CHANNELS: dict[str, Callable[[Loan], Channel]] = {"x_web": XWeb}
"""The channels there are, by the name an account carries."""


@dataclass(frozen=True, kw_only=True)
class Unseen:
    """An account that could not be looked at: how often in a row, and when to try again."""

    times: int
    until: datetime


@dataclass(kw_only=True)
class House:
    """What the tasks of this process share."""

    store: Store
    lanes: Pool
    worker: str
    outbox: Outbox
    clock: Clock = now
    dice: random.Random = field(default_factory=random.SystemRandom)
    accounts: dict[str, Access | Unopened] = field(default_factory=dict)
    switches: Switches = field(default_factory=Switches)
    log: logging.Logger | logging.LoggerAdapter[logging.Logger] = field(
        default_factory=lambda: logging.getLogger("steadypost")
    )
    marks: dict[str, str] = field(default_factory=dict)
    """What each account's pause for sign-in depends on, as last read from its block."""
    in_hand: dict[int, Claim] = field(default_factory=dict)
    """The claims this process is at, by their attempts. Only their leases are renewed: one that got lost here runs
    out."""
    looked_at: dict[str, float] = field(default_factory=dict)
    """When each account was last looked at by this process: who waited longest comes first."""
    unseen: dict[str, Unseen] = field(default_factory=dict)
    """The accounts whose last look saw nothing at all, and when to look again."""
    deadlines: Deadlines = field(default_factory=Deadlines)
    """How long each thing may take, in an order that was checked."""
    bulkheads: Bulkheads = field(default_factory=lambda: Bulkheads(purpose=Purpose.PUBLISH, places=16))
    """What this process may do at once."""
    wake: Callable[[], Callable[[], None]] = lambda: lambda: None
    """Tells whoever claims that a browser is free again. What it answers waits, for an instant, until they have claimed
    for it."""
    circuits: Breakers = field(init=False)
    """What is left alone, because it failed, until it is seen to be well."""
    announce: Callable[[Turned], None] = lambda _: None
    """Told of every circuit that this process turned."""
    probing: Pool | None = None
    """The browser that probes have for themselves, so that a page that hangs under one takes no publisher's
    place; without one they borrow like anybody."""
    probed: dict[str, datetime] = field(default_factory=dict)
    """The accounts whose last probe told nothing, and when to probe again."""
    trouble: Exception | None = None
    """What went wrong beside the posts, for a run that is to stop at the first failure."""
    store_away_at: datetime | None = None
    """When this process last saw the store away, or not taking its beat: until a while after that, nobody's silence tells
    anything."""
    free_memory: Callable[[], float] = lambda: psutil.virtual_memory().available / 2**20
    """How much memory this machine has left, in MB."""
    looks_in_vain: deque[Try] = field(default_factory=lambda: deque(maxlen=200))
    """The looks of this process that could not be taken, as the retry budget sees them."""
    unshed: set[str] = field(default_factory=set)
    """What could wait, and is known to be under way as always."""
    _told: dict[str, AccountRecord] = field(default_factory=dict)
    """What the store has heard of each account: it is not told again every five seconds."""
    _refreshed: float = 0.0
    _budget: tuple[float, int] = (-COUNT_EVERY, 0)
    _reader: _Reader | None = None

    def __post_init__(self) -> None:
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
        )

    def usable(self) -> list[str]:
        """Name the accounts that can be published to at all."""
        return [name for name, account in self.accounts.items() if isinstance(account, Access)]

    def channel_of(self, account: str) -> str:
        """Name the channel an account is published to by."""
        del account  # there is one kind of account so far
        return "x_web"

    def access(self, name: str) -> Access | Unopened | None:
        """Open one account, as last read from its block."""
        return self.accounts.get(name)

    def refresh(self, *, at_once: bool = False) -> None:
        """Read the blocks again, when it is time; with Prefect's API away the last known ones serve.

        What they say is in force here at once; a store that is away hears of it at the next reading. While a
        reader reads them, nobody waits here for Prefect's API: one that does not answer would keep due posts
        waiting for a minute.
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
                read = documents.read()
        except Refused as refused:
            self.log.debug("the blocks are not read: %s", refused)
            return
        except documents.ApiAway as away:
            self.bear(away, "Prefect's API is away (%s); going on with the accounts last read", away)
            return
        for wrong in read.wrong_switches:
            self.log.error("The block Steadypost switches cannot be meant as it is: %s", wrong)
        # Where it cannot be read at all, the last known ones serve.
        self.switches = read.switches or self.switches
        self._hear(read)
        try:
            self._take(read)
        except StoreAway as away:
            self.bear(away, "the store could not be told what the blocks say (%s)", away)
        self.bulkheads.want(self.usable())

    def bear(self, error: Exception, message: str, *told: object) -> None:
        """Go on without what failed, and say so: no post waits for it. The switch ``degradation`` turned off,
        the first failure stops the run, as it did in older systems.
        """
        self.log.warning(message, *told)
        if not self.switches.degradation.is_on(self.clock()):
            self.trouble = error

    def limits(self) -> Deadlines:
        """Give the deadlines that are in force."""
        return self.deadlines if self.switches.deadlines.is_on(self.clock()) else WITHOUT

    def retries_left(self) -> int | None:
        """Say how many deliveries that had an attempt before may be tried again now; ``None`` for all of them."""
        if not self.switches.backoff.is_on(self.clock()):
            return None
        counted, left = self._budget
        if time.monotonic() - counted >= COUNT_EVERY:
            moment = self.clock()
            left = BUDGET.left(self.store.recent_tries(moment - BUDGET.within), moment)
            self._budget = (time.monotonic(), left)
        return left

    def may_look_again(self, *, again: bool) -> bool:
        """Say whether a look that could not be taken may be tried again at once, and note that it was not.

        Looks spend from the budget that all retries share. Whoever publishes is not held back by them, and a look
        that is not repeated here comes again at its own time. Raises ``StoreAway``.
        """
        moment = self.clock()
        self.looks_in_vain.append(Try(at=moment, again=again))
        if not self.switches.backoff.is_on(moment):
            return True
        tries = [*self.store.recent_tries(moment - BUDGET.within), *self.looks_in_vain]
        return BUDGET.left(tries, moment) > 0

    def take(self, claim: Claim) -> None:
        """Take a claim in hand: its lease is kept from now on, and it has a place."""
        self.in_hand[claim.attempt_id] = claim
        self.bulkheads.begin(claim.attempt_id, claim.account)

    def let_go(self, attempt_id: int) -> Callable[[], None]:
        """Give an attempt's place to the next: its browser is back, and writing the answer down needs none. What it
        answers waits, for an instant, until the next has been claimed.
        """
        self.bulkheads.end(attempt_id)
        return self.wake()

    def drop(self, attempt_id: int) -> None:
        """Have nothing more to do with an attempt: a lease that nobody works under is to run out."""
        self.in_hand.pop(attempt_id, None)
        self.bulkheads.end(attempt_id)

    @contextlib.contextmanager
    def place(self, within: timedelta) -> Iterator[None]:
        """Have a place for one piece of work. Behind walls it was counted before it began; without them it
        waits for the one limit that everything shares, and raises ``NoPlace`` when the wait ends.
        """
        if self.switches.bulkheads.is_on(self.clock()):
            yield
            return
        with self.bulkheads.shared_place(within.total_seconds()):
            yield

    def read_along(self) -> None:
        """Have the blocks read by somebody else from now on."""
        self._reader = _Reader(self)
        self._reader.start()

    def read_no_more(self) -> None:
        """End that."""
        if self._reader is not None:
            self._reader.stop()
            self._reader = None

    def note_browsers(self) -> None:
        """Note whether this process has a browser that works, or one on its way: the watch asks no publisher."""
        places = self.lanes.snapshot()
        if not places:
            return
        troubled = [place for place in places if place.state in IN_TROUBLE or place.trouble]
        told = next((place.trouble for place in troubled if place.trouble), "")
        with contextlib.suppress(StoreAway):
            self.store.note(
                f"{vitals.BROWSERS}{self.lanes.name}",
                well=len(troubled) < len(places),
                told=told,
                now=self.clock(),
            )

    def hand_over(self) -> None:
        """Bring the store the answers that could not be recorded when they came."""
        for settled in self.outbox.hand_over(self.store, jitter=self.dice.random):
            self.log.info("delivery %s: its answer reached the store late", settled.delivery.id)

    def _hear(self, read: documents.Documents) -> None:
        """Let the circuits know how they stand elsewhere, and what persons say of them."""
        self.circuits.is_on = self.switches.circuits.is_on(self.clock())
        wanted = every_circuit(list(read.accounts))
        self.circuits.watch(wanted)
        self.circuits.take(read.pages, read.words)
        missing = [one.name for one in wanted if one.name not in read.words]
        if not missing:
            return
        try:
            documents.make_circuits(missing[:MADE_AT_ONCE])
        except (documents.ApiAway, PagesAway) as away:
            self.log.debug("the blocks of new circuits are made later: %s", away)

    def _take(self, read: documents.Documents) -> None:
        """Let the store know what the blocks say, and lift the pauses that a new session answers."""
        for name, why in read.unreadable.items():
            self.log.error("The X account block %r cannot be used: %s", name, why)
        self.accounts = {name: block.open(name) for name, block in read.accounts.items()}
        journal.redact.learn(
            secret
            for access in self.accounts.values()
            if isinstance(access, Access)
            for secret in secrets.of_session(access.session)
        )
        before_marks, self.marks = self.marks, {name: block.mark() for name, block in read.accounts.items()}
        moment = self.clock()
        paused = {account.name: account for account in self.store.accounts()}
        for name, block in read.accounts.items():
            record = AccountRecord(
                name=name,
                channel=self.channel_of(name),
                handle=block.handle,
                longest=block.longest,
                limits=block.limits(),
                on_absence=block.on_absence,
                settle=block.settle(),
            )
            if self._told.get(name) != record:
                self.store.put_account(record, now=moment)
                self._told[name] = record
            if before_marks.get(name, block.mark()) != block.mark():
                self.circuits.renewed(Dependency(Kind.SIGN_IN, name), "its block has changed")
            before = paused.get(name)
            if before is not None and before.paused_until and before.session_mark != block.mark():
                self.circuits.renewed(Dependency(Kind.SIGN_IN, name), "its block has changed")
                self.store.resume_account(name, now=moment)
                self.log.info("%s goes on: its block has changed since it was paused", name)


def follow(house: House, turned: Turned) -> None:
    """Do what follows when a circuit closes: what waited for it need wait no longer.

    The one process that made the turn does it, so it is done once.
    """
    house.announce(turned)
    kind, of = turned.dependency.kind, turned.dependency.of
    if turned.after.state is not State.CLOSED or kind not in WAKES:
        return
    try:
        for account in house.usable() if kind is Kind.BROWSER else [of]:
            if kind is Kind.SIGN_IN:
                _lift_pause(house, account)
            if woken := house.store.wake(account, WAKES[kind], now=house.clock()):
                house.log.info("%s: %s deliveries need wait no longer", account, woken)
    except StoreAway as away:
        house.log.warning("what waited for %s goes at its own time: %s", turned.dependency.name, away)


def _lift_pause(house: House, account: str) -> None:
    """End a pause for a lost sign-in: it was seen to be well. A limit's pause ends at its own instant."""
    record = next((one for one in house.store.accounts() if one.name == account), None)
    if record is not None and record.paused_until and record.pause_cause in SIGN_IN_LOST:
        house.store.resume_account(account, now=house.clock())
        house.log.info("%s goes on: its sign-in was seen to be well", account)


class _Reader(threading.Thread):
    """Reads the blocks again and again, in a thread of its own: what an operator edits is in force within one
    cycle, and an API that takes its time takes nobody else's.
    """

    def __init__(self, house: House) -> None:
        super().__init__(name="block-reader", daemon=True)
        self._house = house
        self._end = threading.Event()

    def run(self) -> None:
        while not self._end.wait(REFRESH_EVERY):
            try:
                self._house.read_blocks()
            except Exception:
                # A reader that dies would freeze what the operator sees; whatever it was, it reads again.
                self._house.log.exception("the blocks could not be read")

    def stop(self) -> None:
        """End, and do not wait for an API that does not answer."""
        self._end.set()
        self.join(timeout=2)


class _Keeper(threading.Thread):
    """Renews the leases of this process while it lives.

    It is a thread of its own so that neither Prefect nor a busy flow can let a lease run out; it dies with
    the process, and a stopped process (SIGSTOP) stops renewing, which is the point of a lease.
    """

    def __init__(self, house: House) -> None:
        super().__init__(name="lease-keeper", daemon=True)
        self._house = house
        self._end = threading.Event()

    def run(self) -> None:
        while not self._end.wait(RENEW_EVERY):
            self._house.hand_over()
            try:
                self._house.store.renew(
                    self._house.worker, self._house.clock(), LEASE, in_hand=tuple(self._house.in_hand)
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
    lanes: Pool,
    outbox: Outbox,
    worker: str | None = None,
    read_blocks: bool = True,
    bulkheads: Bulkheads | None = None,
    deadlines: Deadlines | None = None,
    book: Book | None = None,
) -> Iterator[House]:
    """Open the house, keep its leases alive, and leave nothing running behind.

    Without ``read_blocks`` whoever opens it says which accounts there are.
    """
    global _open  # noqa: PLW0603 - one process, one house; threads must find it without being handed it
    house = House(store=store, lanes=lanes, outbox=outbox, worker=worker or name_of_this_worker())
    house.deadlines = deadlines or Deadlines()
    house.bulkheads = bulkheads or Bulkheads(purpose=Purpose.PUBLISH, places=lanes.size)
    house.share_circuits(book)
    keeper = _Keeper(house)
    with lanes:
        # What an earlier run of this machine still owed the store comes before anything is decided.
        house.hand_over()
        if read_blocks:
            house.refresh(at_once=True)
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
    """Name this process so that another machine's is never taken for it."""
    return f"{socket.gethostname()}:{os.getpid()}:{random.SystemRandom().randrange(16**6):06x}"
