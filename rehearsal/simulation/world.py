"""A simulated stretch of time: the product decides; clock, browsers, network and processes are simulated."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import logging
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from sqlalchemy import and_, func, or_, select, text

import tasks.directory
import tasks.house
import tasks.looks
from blocks import Switches
from flows.publish import claim_due
from flows.reconcile import accounts_to_look_at
from rehearsal.drill.programme import PEOPLE
from rehearsal.drill.stage import Happened
from rehearsal.drill.troubles import Kind, Trouble
from rehearsal.simulation.hands import Person
from rehearsal.simulation.network import Asked, Asking, Network
from rehearsal.simulation.odds import Odds, Spell
from rehearsal.simulation.reading import compared
from rehearsal.texts import ODDS, Draft, Shape, Writer, corpus
from steadypost.browser import BrowserUnavailable, Pool, Reason
from steadypost.channels.port import Access, LookRequest, Means, Order
from steadypost.domain.clock import Offset
from steadypost.domain.delivery import State, WhenLate
from steadypost.domain.evidence import Appearance, Sighting
from steadypost.domain.outcome import Answer, Cause, NotSubmitted, Phase, Unconfirmed
from steadypost.domain.post import Post
from steadypost.domain.quota import Limits
from steadypost.domain.waits import FIRST_LOOK
from steadypost.networks.x.snowflake import remote_id
from steadypost.store import MOST_LOOKS, AccountRecord, Claim, Outbox, Store, StoreAway, intake, leases
from steadypost.store import accounts as account_rows
from steadypost.store import reading as reading_rows
from steadypost.store.schema import CLAIMABLE, SENDING, UNCONFIRMED, UNVERIFIED, deliveries
from tasks.bounds import LEASE
from tasks.deliveries import ask, record, rest_account
from tasks.house import RENEW_EVERY, House
from tasks.looks import LookFailed, look

BROWSERS = 2

IDLE = timedelta(seconds=2)
"""How soon a worker looks again while nothing may go, doubling each time; in truth four times a second."""

LONGEST_IDLE = timedelta(seconds=30)
"""What that grows to: so much later than in truth a post may go at the most."""

LOOK_PACE = timedelta(seconds=2)
"""How often the run on watch asks whether something is unconfirmed."""

SPACING = timedelta(seconds=20)
"""What each account keeps between two of its posts."""

VERIFIED_WITHIN = timedelta(minutes=20)
"""Published posts are seen in one look for several: at the product's pace a day would be mostly looks."""

RELIEF = timedelta(seconds=20)
"""How soon another is on watch when a run hangs."""

MOVING = (State.SCHEDULED, State.SENDING, State.PARTIAL, State.UNCONFIRMED)

LIMITS: Mapping[str, Limits] = {
    "alice": Limits(per_hour=60, per_day=500, spacing=SPACING),
    "bob": Limits(per_hour=60, per_day=500, spacing=SPACING),
    # About what falls due on her, threads counted: again and again her limits leave no room, and late rules speak.
    "carol": Limits(per_hour=11, per_day=250, spacing=SPACING),
}
"""What each account's operator allows."""

TIGHT = "carol"

LATE_AFTER = timedelta(minutes=40)
"""How late a post of the tight account may be, by its own rule."""

SILENT = logging.getLogger("steadypost.simulation")
SILENT.addHandler(logging.NullHandler())
SILENT.propagate = False


class Clock:
    """The time of the simulation."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        """Say it."""
        return self.at


@dataclass(frozen=True, kw_only=True)
class HostClock:
    """One machine's clock: a little off."""

    true: Clock
    ahead: timedelta

    def __call__(self) -> datetime:
        """Say what it shows."""
        return self.true() + self.ahead


@dataclass(kw_only=True)
class Worker:
    """One worker: its house, and whether it lives, sleeps, or is gone."""

    house: House
    born: int
    """Which of its lives this is: what an earlier one had in hand is lost."""
    asleep_until: datetime | None = None
    dead: bool = False
    idle: timedelta = IDLE
    """How long it waits when what is due may not go."""
    next_cycle: datetime | None = None
    next_look: datetime | None = None


@dataclass(kw_only=True)
class World:
    """Everything, from its beginning to its end."""

    store: Store
    clock: Clock
    network: Network
    person: Person
    odds: Odds
    seed: str
    ends: datetime
    folder: Path
    switches: Switches = field(default_factory=Switches)
    happened: list[Happened] = field(default_factory=list)
    messages: int = 0
    browsers_down: bool = False
    store_down: bool = False
    _queue: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _lives: Iterator[int] = field(default_factory=itertools.count)
    _asked: dict[int, Asked] = field(default_factory=dict)
    _workers: dict[int, Worker] = field(default_factory=dict)
    _spaced: dict[str, datetime] = field(default_factory=dict)
    """Until when each account keeps its spacing."""
    killed: set[str] = field(default_factory=set)
    """The browsers that were ended while their worker slept."""
    worker: Worker | None = None
    """Who is on watch."""

    def __post_init__(self) -> None:
        self.chance = random.Random(f"{self.seed}:world")  # noqa: S311 - repeatable, not secret

    # --- the order of things

    def at(self, moment: datetime, what: Callable[[], None]) -> None:
        """Have something happen then."""
        heapq.heappush(self._queue, (moment, next(self._numbers), what))

    def after(self, wait: timedelta, what: Callable[[], None]) -> None:
        """Have something happen that much later."""
        self.at(self.clock.at + wait, what)

    def run(self) -> None:
        """Let it all happen, until nothing more does."""
        with _in_this_world(self):
            while self._queue:
                moment, _, what = heapq.heappop(self._queue)
                if moment > self.ends:
                    return
                self.clock.at = max(self.clock.at, moment)
                what()

    def rests(self) -> None:
        """End when nothing moves any more; else see again in a while."""
        with contextlib.suppress(StoreAway):
            if (
                not any(self.store.read(reading_rows.counts)[state] for state in MOVING)
                and self._next_look() is None
            ):
                self._queue.clear()
                return
        self.after(timedelta(minutes=2), self.rests)

    # --- workers

    def hire(self) -> None:
        """A worker comes, with browsers of its own."""
        life = next(self._lives)
        ahead = timedelta(seconds=self.chance.uniform(-1, 1) * self.odds.host_clock_s)
        clock = HostClock(true=self.clock, ahead=ahead)
        house = House(
            store=self.store,
            browsers=cast("Pool", BrowserPool(self, life, clock)),
            worker=f"simulated:{life}",
            outbox=Outbox(self.folder / "outbox", self.store.address),
            clock=clock,
            dice=random.Random(f"{self.seed}:{life}"),  # noqa: S311 - repeatable, not secret
            switches=self.switches,
            log=SILENT,
        )
        house.directory.accounts = {
            name: Access(account=name, handle=name, base_url="https://x.com", secret={}, rules_accepted=True)
            for name in PEOPLE
        }
        house.circuits.is_on = self.switches.circuits.is_on(self.clock.at)
        self.worker = self._workers[life] = Worker(house=house, born=life)
        with contextlib.suppress(StoreAway):
            house.hand_over()
        self._keep(self.worker)
        self.look_at(self.clock.at)
        self.cycle_at(self.clock.at)

    def kill(self) -> None:
        """Everything of the worker on watch ends at once."""
        if self.worker is not None:
            self.worker.dead = True
        self.worker = None

    def on_watch(self, worker: Worker) -> bool:
        """Whether this worker lives, is awake, and was not relieved."""
        return worker is self.worker and worker.asleep_until is None

    def cycle_at(self, moment: datetime) -> None:
        """See to it that the worker looks at the queue then, or sooner."""
        worker = self.worker
        if worker is None or (worker.next_cycle is not None and worker.next_cycle <= moment):
            return
        worker.next_cycle = moment
        self.at(moment, lambda: self._cycle(worker, moment))

    def _cycle(self, worker: Worker, moment: datetime) -> None:
        if worker is not self.worker or worker.next_cycle != moment:
            return
        worker.next_cycle = None
        if not self.on_watch(worker):
            return
        house = worker.house
        # Counted once in a second of real time; here that may be an hour.
        house.budget.forget()
        free = BROWSERS - house.bulkheads.under_way()
        claims = claim_due(house, at_most=free) if self._has_work() else []
        if self._stops_at_trouble(worker):
            return
        for claim in claims:
            prepared = timedelta(seconds=self.chance.uniform(0.5, 2.0))
            self.after(prepared, lambda claim=claim: self._ask(worker, claim))  # type: ignore[misc]
        self._plan_next(worker, busy=bool(claims))

    def _stops_at_trouble(self, worker: Worker) -> bool:
        """Without degradation the first failure beside the posts ends the run; another is started."""
        if worker.house.trouble is None:
            return False
        self.kill()
        self.after(RELIEF, lambda: self.hire() if self.worker is None else None)
        return True

    def _has_work(self) -> bool:
        """Whether anything is due, or to be taken back: one question in place of a whole claim that finds nothing."""
        query = select(func.min(func.coalesce(deliveries.c.lease_until, deliveries.c.next_at))).where(
            or_(text(CLAIMABLE), text(SENDING))
        )
        try:
            first: datetime | None = self.store.read(lambda connection: connection.scalar(query))
        except StoreAway:
            return True
        return first is not None and first <= self.clock.at

    def _plan_next(self, worker: Worker, *, busy: bool) -> None:
        if worker.house.bulkheads.under_way() >= BROWSERS:
            return
        with contextlib.suppress(StoreAway):
            due = self.store.read(reading_rows.next_due)
            if due is not None:
                worker.idle = IDLE if busy else min(worker.idle * 2, LONGEST_IDLE)
                again = self.clock.at + (timedelta(seconds=0.25) if busy else worker.idle)
                # What waits for its account's spacing goes out when that is over, and not an idle later.
                over = [moment for moment in self._spaced.values() if moment > self.clock.at]
                # Nor does what falls due next wait for what is due and may not go.
                self.cycle_at(max(due, min([again, *over, *self._next_due_after(worker)])))
            return
        self.cycle_at(self.clock.at + IDLE)

    def _next_due_after(self, worker: Worker) -> list[datetime]:
        """When the next one falls due that is not due yet: by the worker's own clock, told in true time."""
        shown = worker.house.clock()
        query = select(func.min(deliveries.c.next_at)).where(text(CLAIMABLE), deliveries.c.next_at > shown)
        found: datetime | None = self.store.read(lambda connection: connection.scalar(query))
        return [] if found is None else [self.clock.at + (found - shown)]

    def _ask(self, worker: Worker, claim: Claim) -> None:
        """Carry an attempt out; its answer comes later, if its worker lives to hear it."""
        if self._waits(worker, lambda: self._ask(worker, claim)):
            return
        answer = ask(worker.house, claim)
        asked = self._asked.pop(claim.attempt_id, None)
        takes = asked.takes if asked else timedelta(seconds=1)
        self.after(takes, lambda: self._heard(worker, claim, answer))

    def _heard(self, worker: Worker, claim: Claim, answer: Answer) -> None:
        if self._waits(worker, lambda: self._heard(worker, claim, answer)):
            return
        try:
            record(worker.house, claim, answer)
        finally:
            worker.house.drop(claim.attempt_id)
        rest_account(worker.house, claim.account, answer)
        self._spaced[claim.account] = self.clock.at + SPACING
        if isinstance(answer.headline, Unconfirmed):
            self.look_at(self.clock.at + FIRST_LOOK)
        else:
            self.look_at(self.clock.at + FIRST_LOOK + VERIFIED_WITHIN)
        worker.idle = IDLE
        self.cycle_at(self.clock.at)

    def _waits(self, worker: Worker, what: Callable[[], None]) -> bool:
        """Whether this cannot go on now: never again, its worker being dead, or only when it wakes."""
        if worker.dead:
            return True
        if worker.asleep_until is not None:
            self.at(worker.asleep_until, what)
            return True
        return False

    def _keep(self, worker: Worker) -> None:
        """Renew the leases while the worker lives, and bring the store what waits for it."""
        if worker.dead or (worker is not self.worker and not worker.house.in_hand):
            return
        if worker.asleep_until is None:
            with contextlib.suppress(StoreAway):
                worker.house.hand_over()
                if worker.house.in_hand:
                    self.store.write(
                        leases.renew,
                        worker=worker.house.worker,
                        now=worker.house.clock(),
                        lease=LEASE,
                        in_hand=tuple(worker.house.in_hand),
                    )
        wait = RENEW_EVERY if worker.house.in_hand or self.store_down else RENEW_EVERY * 3
        self.after(timedelta(seconds=wait), lambda: self._keep(worker))

    def look_at(self, moment: datetime) -> None:
        """See to it that a look is taken then, or sooner."""
        worker = self.worker
        if worker is None or (worker.next_look is not None and worker.next_look <= moment):
            return
        worker.next_look = moment
        self.at(moment, lambda: self._look(worker, moment))

    def _look(self, worker: Worker, moment: datetime) -> None:
        """Look at what is unconfirmed, as the run on watch does."""
        if worker is not self.worker or worker.next_look != moment:
            return
        worker.next_look = None
        if worker.asleep_until is not None:
            self.look_at(worker.asleep_until)
            return
        for account in accounts_to_look_at(worker.house):
            tasks.house._open = worker.house  # noqa: SLF001 - one process, many houses: the one whose turn it is
            with contextlib.suppress(LookFailed, StoreAway):
                look.fn(account)
            tasks.house._open = None  # noqa: SLF001 - the same
        if not worker.house.switches.reconcile.is_on(self.clock.at):
            return
        with contextlib.suppress(StoreAway):
            if (due := self._next_look()) is not None:
                # What is due and could not be looked for waits for its account: it is no use to ask all the time.
                waits = due <= self.clock.at
                self.look_at(max(due, self.clock.at + (LOOK_PACE * 10 if waits else LOOK_PACE)))
            self.cycle_at(self.clock.at)
            return
        self.look_at(self.clock.at + IDLE)

    def _next_look(self) -> datetime | None:
        """When the next look is to be; in the past while one waits."""
        first_unconfirmed = self._first_of(text(UNCONFIRMED))
        unseen = self._first_of(and_(text(UNVERIFIED), deliveries.c.looks < MOST_LOOKS))
        planned = [first_unconfirmed, None if unseen is None else unseen + VERIFIED_WITHIN]
        return min([one for one in planned if one is not None], default=None)

    def _first_of(self, which: Any) -> datetime | None:
        query = select(func.min(deliveries.c.next_at)).where(which)
        found: datetime | None = self.store.read(lambda connection: connection.scalar(query))
        return found

    # --- what can be asked of a browser

    def browser(self, life: int) -> str:
        """Give a browser for one attempt or look."""
        return f"{life}:{next(self._numbers)}"

    def may_still_act(self, name: str) -> bool:
        """Whether a browser may still act: it does not outlive its worker."""
        return name not in self.killed and not self._workers[int(name.partition(":")[0])].dead

    def end_browser(self, name: str) -> bool:
        """Kill a browser: its holder can click no more."""
        self.killed.add(name)
        return False

    def remember(self, attempt_id: int, asked: Asked) -> None:
        """Keep what the network did until its answer has come."""
        self._asked[attempt_id] = asked


class BrowserPool:
    """A pool whose browsers are names."""

    size = BROWSERS

    def __init__(self, world: World, life: int, clock: HostClock) -> None:
        self._world = world
        self._life = life
        self._clock = clock

    @contextlib.contextmanager
    def lend(self, within: float, key: str | None = None) -> Iterator[Runner]:  # noqa: ARG002 - the pool's own form
        """Lend a browser, unless all are down."""
        if self._world.browsers_down:
            raise BrowserUnavailable(Reason.CRASHED, "the simulated browsers are down")
        yield Runner(self._world, self._world.browser(self._life), self._clock)


@dataclass
class Runner:
    """One browser."""

    world: World
    identity: str
    clock: HostClock


class Channel:
    """The way to the simulated network, on one runner."""

    def __init__(self, runner: Any) -> None:
        self.executor = str(runner.identity)
        self._world: World = runner.world
        self._clock: HostClock = runner.clock
        self.offset: Offset | None = None
        self.appears = Appearance()

    def ask(
        self, access: Access, order: Order, *, arm: Callable[[], bool], deadline: float, progress: Any
    ) -> Answer:
        """Prepare, arm, click once."""
        del deadline, progress
        world, parts = self._world, len(order.parts)
        self.offset = compared(world.network.date(), self._clock())
        if (before := world.network.before(access.handle)) is not None:
            return Answer.same_for_all(before, order.first + parts, order.first)
        try:
            armed = arm()
        except StoreAway:
            away = NotSubmitted(cause=Cause.STORE_AWAY, why="arming failed", phase=Phase.COMPOSED)
            return Answer.same_for_all(away, order.first + parts, order.first)
        if not armed:
            lost = NotSubmitted(cause=Cause.LEASE_LOST, why="it may not be asked", phase=Phase.COMPOSED)
            return Answer.same_for_all(lost, order.first + parts, order.first)
        claim = arm._claim  # type: ignore[attr-defined]  # noqa: SLF001 - whose ask it is
        asked = world.network.ask(
            Asking(
                handle=access.handle,
                order=order,
                delivery_id=claim.delivery_id,
                host=self._clock,
                ahead=self.offset,
            )
        )
        world.remember(claim.attempt_id, asked)
        world.person.sees(access.handle, order)
        return asked.answer

    def look(self, access: Access, request: LookRequest, *, deadline: float) -> Sighting:
        """See what the network shows."""
        del deadline
        return self._world.network.look(access.handle, request, self._clock())


@contextlib.contextmanager
def _in_this_world(world: World) -> Iterator[None]:
    """Have the product's functions meet this world's browsers and network."""
    channels = dict(tasks.directory.CHANNELS)
    tasks.directory.CHANNELS["x_web"] = replace(
        channels["x_web"], open=_opened, may_still_act=world.may_still_act, end=world.end_browser
    )
    try:
        yield
    finally:
        tasks.directory.CHANNELS.update(channels)


@contextlib.contextmanager
def _opened(means: Means) -> Iterator[Any]:
    with means.browser() as runner:
        yield Channel(runner)


# --- trouble


def plan_spells(world: World, began: datetime, ends: datetime) -> None:
    """Draw every stretch of trouble of this time."""
    numbers = itertools.count(1)
    for spell in world.odds.spells:
        for whom in [tuple(PEOPLE)] if spell.for_all else [(name,) for name in PEOPLE]:
            moment = began
            while True:
                moment += spell.every * world.chance.expovariate(1.0)
                lasts = min(spell.lasts * 6, spell.lasts * world.chance.expovariate(1.0)) + timedelta(
                    seconds=5
                )
                if moment + lasts >= ends:
                    break
                world.at(moment, _begin(world, spell, whom, lasts=lasts, n=next(numbers), began=began))
                moment += lasts


def _begin(
    world: World, spell: Spell, whom: tuple[str, ...], *, lasts: timedelta, n: int, began: datetime
) -> Callable[[], None]:
    def begin() -> None:
        moment = world.clock.at
        undo = _do(world, spell, whom, moment + lasts)
        world.after(lasts, undo)
        kind = Kind(name=spell.name, place=spell.place, hand="simulated", for_all=spell.for_all)
        trouble = Trouble(
            n=n,
            kind=kind,
            at=(moment - began).total_seconds(),
            lasts=lasts.total_seconds(),
            accounts=whom,
        )
        world.happened.append(Happened(trouble=trouble, began_at=moment, ended_at=moment + lasts))

    return begin


def _do(world: World, spell: Spell, whom: tuple[str, ...], until: datetime) -> Callable[[], None]:
    """Let a trouble begin; answer how it ends."""
    network = world.network
    match spell.name:
        case "X's clock jumps":
            network.clock_jumps()
            return lambda: None
        case "X away":
            return _among(network.away, whom)
        case "answers lost":
            return _among(network.losing, whom)
        case "signed out":
            return _signed_out(world, whom)
        case "lists away":
            network.lists_away = True
            return lambda: setattr(network, "lists_away", False)
        case "browsers die":
            world.browsers_down = True
            return lambda: setattr(world, "browsers_down", False)
        case "worker killed":
            world.kill()
            return lambda: world.hire() if world.worker is None else None
        case "worker hangs":
            return _asleep(world, until)
        case "store away":
            world.store_down = True
            return lambda: setattr(world, "store_down", False)
        case _:
            raise LookupError(f"nobody knows how {spell.name!r} is done")


def _among(those: set[str], whom: tuple[str, ...]) -> Callable[[], None]:
    those.update(whom)
    return lambda: those.difference_update(whom)


def _signed_out(world: World, whom: tuple[str, ...]) -> Callable[[], None]:
    """A person puts in a new session at its end: the account goes on, as its block tells the store."""
    undo = _among(world.network.signed_out, whom)

    def signed_in() -> None:
        undo()
        for name in whom:
            with contextlib.suppress(StoreAway):
                world.store.write(account_rows.resume, name, now=world.clock.at)
        world.cycle_at(world.clock.at)

    return signed_in


def _asleep(world: World, until: datetime) -> Callable[[], None]:
    """The worker hangs; another comes on watch meanwhile; and then the old one wakes with what it had in hand."""
    old = world.worker
    if old is None:
        return lambda: None
    old.asleep_until = until
    if until - world.clock.at > RELIEF:
        world.after(RELIEF, lambda: world.hire() if world.worker is old else None)

    def wakes() -> None:
        old.asleep_until = None
        world.cycle_at(world.clock.at)

    return wakes


# --- making one


def make(
    folder: Path, *, odds: Odds, seed: str, began: datetime, seconds: float, switches: Switches
) -> World:
    """Make a world in a folder: a store with three accounts, a network without posts."""
    store = Store.create(f"sqlite:///{folder / 'store.db'}")
    ends = began + timedelta(seconds=seconds)
    clock = Clock(began - timedelta(minutes=1))
    network = Network(odds=odds, seed=seed, handles=(*PEOPLE, STRANGER), true=clock)
    world = World(
        store=store,
        clock=clock,
        network=network,
        person=Person(network=network, seed=seed, beside=odds.beside_ours),
        odds=odds,
        seed=seed,
        # Longer than any delivery may stay unconfirmed before a person is asked; with a protection off something may
        # wait for ever.
        ends=ends + (timedelta(hours=30) if _all_on(switches, began) else timedelta(hours=1)),
        folder=folder,
        switches=switches,
    )
    for name in PEOPLE:
        record = AccountRecord(name=name, channel="x_web", handle=name, limits=LIMITS[name])
        store.write(account_rows.put, record, clock.at)
    _let_the_store_fail(world)
    plan_spells(world, began, ends)
    plan_hands(world, began, ends)
    world.at(clock.at, world.hire)
    world.at(ends + timedelta(minutes=1), world.rests)
    return world


def _all_on(switches: Switches, now: datetime) -> bool:
    return all(one.is_on(now) for one in switches.each().values())


def _let_the_store_fail(world: World) -> None:
    """Have the store's own door closed while it is away, and sometimes after a commit whose word is lost."""
    database: Any = world.store._database  # noqa: SLF001 - its door is what fails
    reading, writing = database.reading, database.writing
    away = StoreAway("the simulated store is away", remedy="-")

    @contextlib.contextmanager
    def reading_or_not() -> Iterator[Any]:
        if world.store_down:
            raise away
        with reading() as connection:
            yield connection

    @contextlib.contextmanager
    def writing_or_not(*, enforce_references: bool = True) -> Iterator[Any]:
        if world.store_down and world.chance.random() < 0.9:
            raise away
        with writing(enforce_references=enforce_references) as connection:
            yield connection
        if world.store_down:
            # It was committed, and the word of that is lost.
            raise away

    database.reading, database.writing = reading_or_not, writing_or_not


def plan_hands(world: World, began: datetime, ends: datetime) -> None:
    """Let a person do things by hand on the same accounts, all the while."""
    chance = random.Random(f"{world.seed}:hands")  # noqa: S311 - repeatable, not secret
    for name in PEOPLE:
        moment = began + world.odds.by_hand_every * chance.expovariate(1.0)
        while moment < ends:
            world.at(moment, lambda name=name: world.person.acts(name, world.after))  # type: ignore[misc]
            moment += world.odds.by_hand_every * chance.expovariate(1.0)


STRANGER = "zoe"
"""A person whose posts are answered."""


def schedule(world: World, began: datetime, seconds: float, per_day: float) -> dict[int, int]:
    """Let posts fall due at a steady pace, all accounts in turn."""
    chance = random.Random(f"{world.seed}:posts")  # noqa: S311 - repeatable, not secret
    writers = {name: Writer(chance=chance, corpus=corpus() if world.odds.corpus else ()) for name in PEOPLE}
    interval = 86_400 / per_day
    numbers: dict[int, int] = {}
    for n in range(int(seconds / interval)):
        account = PEOPLE[n % len(PEOPLE)]
        due = began + timedelta(seconds=n * interval + chance.uniform(0, interval * 0.8))
        tag = f"{account} {world.seed} {n}"
        draft = writers[account].next(tag, odds=ODDS if world.odds.corpus else PLAIN)
        world.at(due - timedelta(seconds=30), _enter(world, draft, account, due, n=n, numbers=numbers))
    return numbers


PLAIN = {Shape.PLAIN: 0.9, Shape.THREAD: 0.1}


def _enter(
    world: World, draft: Draft, account: str, due: datetime, *, n: int, numbers: dict[int, int]
) -> Callable[[], None]:
    """Take a post in shortly before its time; again, while the store is away."""
    targets: list[str] = []

    def enter() -> None:
        if draft.is_reply and not targets:
            targets.append(world.network.by_hand(STRANGER, f"Who saw the comet? ({n})"))
        reply_to = remote_id(targets[0]) if targets else None
        late_after = LATE_AFTER if account == TIGHT else None
        try:
            # A key makes it safe to say twice: the word of a commit may have been lost.
            (added,) = world.store.write(
                intake.add,
                Post(parts=draft.parts, reply_to=reply_to),
                accounts=[account],
                due_at=due,
                late_after=late_after,
                when_late=WhenLate.ASK if n % 2 else WhenLate.MISS,
                key=f"{n}",
                allow_repeat=True,
                now=world.clock.at,
            )
        except StoreAway:
            world.after(timedelta(seconds=10), enter)
            return
        numbers[added.delivery_id] = n
        # So that the worker's plans know of it, whatever else waits and may not go.
        world.cycle_at(world.clock.at)

    return enter
