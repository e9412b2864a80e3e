"""A fixed number of places, each with a lane that is lent, judged, renewed and never shared."""

import atexit
import contextlib
import random as chance
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from steadypost.browser.errors import BrowserUnavailable, LoanEnded, NoFreeLane, PoolClosed, StillAlive
from steadypost.browser.lane import Lane
from steadypost.browser.launch import LaunchSettings, Reason
from steadypost.browser.messages import Job, OnQuestion, OnStep
from steadypost.browser.processes import BrowserIdentity, reap_orphans

WATCH_EVERY = 2.0
"""Seconds between looks at a free lane: one that died idle is replaced before somebody needs it."""

LOOK_AGAIN = 5.0
"""Seconds between attempts to see a lost lane dead."""


class PlaceIs(StrEnum):
    """What a place is doing."""

    COLD = "cold"
    """Never started; the first who needs it starts it."""

    STARTING = "starting"
    """A lane is coming up."""

    RESTING = "resting"
    """The last start failed; the next one comes after a pause that grows."""

    FREE = "free"
    """Can be lent."""

    LENT = "lent"
    """Held by exactly one borrower."""

    RETURNED = "returned"
    """Given back, being tidied and judged. Becomes free or ending."""

    ENDING = "ending"
    """Its lane is being ended; becomes starting when that is seen dead."""

    LOST = "lost"
    """Its lane was killed and can not be seen dead. It is looked at again until it is; till then nobody gets
    it.
    """

    CLOSED = "closed"
    """The pool is closed and the lane seen dead."""


class Renewal(StrEnum):
    """Why a lane is replaced."""

    UNFIT = "unfit"
    """Dead, killed, suspended, or its browser did not do as told."""

    USES = "uses"
    AGE = "age"
    MEMORY = "memory"

    IDLE = "idle"
    """Nobody wanted it for a while. Its place is cold again, until somebody does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recycle:
    """When a lane that works is replaced all the same. Browsers leak, slowly and for ever."""

    uses: int = 200

    memory_mb: float = 900
    """Of the whole process tree, in shares. A fresh lane holds about 400, one with X open about 600."""

    age: timedelta = timedelta(hours=2)
    """Each lane's own limit lies up to a fifth below, so that lanes that began together do not end together.
    """

    measure_every: int = 25
    """Uses at the most between two measurements of memory. One takes 80 ms, in which nobody gets the place; so a
    place that stands idle is measured then.
    """

    idle: timedelta | None = None
    """How long a lane that nobody borrows is kept. Without a time it is kept for whoever comes next."""

    def verdict(
        self, *, uses: int, age: float, memory: float | None, fit: bool, idle: float = 0
    ) -> Renewal | None:
        """Judge one lane; ``age`` and ``idle`` in seconds."""
        if not fit:
            return Renewal.UNFIT
        if self.idle is not None and idle >= self.idle.total_seconds():
            return Renewal.IDLE
        if uses >= self.uses:
            return Renewal.USES
        if age >= self.age.total_seconds():
            return Renewal.AGE
        if memory is not None and memory > self.memory_mb:
            return Renewal.MEMORY
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """How long a place rests after failed starts in a row: doubling, with jitter, and never so long that a
    browser that is there again would stay unused for a minute.
    """

    first: float = 0.5
    most: float = 30.0

    def pause(self, failures: int, chance: float) -> float:
        """Return the seconds to rest; ``chance`` lies between 0 and 1."""
        return float(min(self.most, self.first * 2 ** min(failures - 1, 30)) * (0.5 + chance / 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceState:
    """One place, for a status board."""

    number: int
    state: PlaceIs
    identity: str | None
    uses: int
    age: float | None
    memory_mb: float | None
    renewals: int
    last_renewal: Renewal | None
    failures: int
    trouble: str | None


class Lends(Protocol):
    """What the pool needs of a lane."""

    uses: int

    @property
    def identity(self) -> BrowserIdentity | None: ...  # noqa: D102
    def run(  # noqa: D102
        self,
        job: Job,
        *,
        deadline: float,
        on_question: OnQuestion | None = None,
        on_step: OnStep | None = None,
    ) -> Any: ...
    def settle(self) -> None: ...  # noqa: D102
    def is_busy(self) -> bool: ...  # noqa: D102
    def is_fit(self) -> bool: ...  # noqa: D102
    def memory_mb(self) -> float: ...  # noqa: D102
    def kill(self) -> None: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102


OnSpawn = Callable[[Any], None]
StartLane = Callable[[LaunchSettings, Path, str, OnSpawn], Lends]
"""Starts a lane and waits until it is up. Shows it to its fourth argument as soon as it can be killed."""


class Loan:
    """A lane in somebody's hands. It works until it is given back, and not a moment longer: whoever kept it
    may come late, and the lane is somebody else's by then.
    """

    def __init__(self, lane: Lends) -> None:
        self._lane = lane
        self._ended = False

    @property
    def identity(self) -> BrowserIdentity | None:
        """Which browser this is, to be recorded with an attempt as ``str(identity)``."""
        return self._lane.identity

    def run(
        self,
        job: Job,
        *,
        deadline: float,
        on_question: OnQuestion | None = None,
        on_step: OnStep | None = None,
    ) -> Any:
        """Do a job: see `Lane.run`."""
        if self._ended:
            raise LoanEnded("This lane has been given back.")
        return self._lane.run(job, deadline=deadline, on_question=on_question, on_step=on_step)

    def end(self) -> None:
        """Let go. A job that another thread still runs here loses its browser."""
        self._ended = True
        if self._lane.is_busy():
            with contextlib.suppress(StillAlive):  # the place will find out, and be lost
                self._lane.kill()


class _Place:
    """One place. Everything here is read and written under the pool's condition, or by the place's own
    keeper.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.state = PlaceIs.COLD
        self.lane: Lends | None = None
        self.coming: Lends | None = None
        self.up_since = 0.0
        self.idle_since = 0.0
        self.age_limit = 1.0
        self.served: set[str] = set()
        self.memory: float | None = None
        self.measured_at = 0
        self.renewals = 0
        self.last_renewal: Renewal | None = None
        self.failures = 0
        self.trouble: BrowserUnavailable | None = None
        self.keeper: threading.Thread | None = None


class Pool:
    """Lends lanes, first come first served.

    Every place has a keeper: a thread that brings a lane up, judges it after each loan, and sees it dead
    before it starts the next. Borrowers never wait for any of that unless there is no other lane. Nothing is
    started before somebody calls `warm` or `lend`; what an earlier, killed process left in ``run_dir`` is
    ended at once.

    ``clock`` measures ages only; waiting is real.
    """

    def __init__(
        self, size: int, settings: LaunchSettings | None = None, *, run_dir: Path, name: str = "pool",
        recycle: Recycle | None = None, backoff: Backoff | None = None,
        clock: Callable[[], float] = time.monotonic, random: Callable[[], float] = chance.random,
        start: StartLane = Lane.start,
    ) -> None:  # fmt: skip
        self.size = size
        self.name = name
        self._settings = settings or LaunchSettings()
        self._run_dir = Path(run_dir)
        self._recycle = recycle or Recycle()
        self._backoff = backoff or Backoff()
        self._clock = clock
        self._random = random
        self._start = start
        self._places = [_Place(number) for number in range(size)]
        self._changed = threading.Condition()
        self._waiting: deque[object] = deque()
        self._closing = False
        with contextlib.suppress(StillAlive):  # `is_dead` goes on saying so; new lanes are new processes
            reap_orphans(self._run_dir)

    # --- lending

    @contextlib.contextmanager
    def lend(self, within: float, *, key: str | None = None) -> Iterator[Loan]:
        """Lend a lane, waiting for one ``within`` seconds; prefer one that has served ``key`` (an account)
        before.

        Raises `NoFreeLane` when the wait ends, and `BrowserUnavailable` without waiting when no browser
        starts.
        """
        place, lane = self._take(time.monotonic() + within, within, key)
        loan = Loan(lane)
        try:
            yield loan
        finally:
            loan.end()
            self._take_back(place)

    def warm(self) -> None:
        """Start all lanes, at once and in the background."""
        with self._changed:
            for place in self._places:
                self._wake(place)

    def free(self) -> int:
        """Count the places that could be lent now."""
        with self._changed:
            return sum(place.state is PlaceIs.FREE for place in self._places)

    def snapshot(self) -> list[PlaceState]:
        """Describe all places, for a status board."""
        with self._changed:
            return [self._describe(place) for place in self._places]

    def _take(self, until: float, within: float, key: str | None) -> tuple[_Place, Lends]:
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            try:
                while True:
                    if taken := self._next_for(ticket, key):
                        return taken
                    self._refuse_if_hopeless()
                    left = until - time.monotonic()
                    if left <= 0:
                        raise NoFreeLane(self.name, within)
                    self._changed.wait(left)
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()

    def _next_for(self, ticket: object, key: str | None) -> tuple[_Place, Lends] | None:
        if self._closing:
            raise PoolClosed(f"The pool {self.name!r} is closed.")
        if self._waiting[0] is not ticket:
            self._wake_one_more()
            return None
        for place in sorted(self._in(PlaceIs.FREE), key=lambda place: key not in place.served):
            if place.lane is not None and place.lane.is_fit():
                place.state = PlaceIs.LENT
                place.served |= {key} if key else set()
                return place, place.lane
            place.state = PlaceIs.RETURNED
            self._changed.notify_all()
        self._wake_one_more()
        return None

    def _take_back(self, place: _Place) -> None:
        """Leave the lane to its keeper; a pool that was closed meanwhile has ended it already."""
        with self._changed:
            if place.state is PlaceIs.LENT:
                place.state = PlaceIs.RETURNED
                self._changed.notify_all()

    def _wake_one_more(self) -> None:
        """Start a cold place when more are waiting than lanes are on their way."""
        coming = self._in(PlaceIs.STARTING, PlaceIs.RETURNED, PlaceIs.ENDING)
        cold = self._in(PlaceIs.COLD)
        if cold and len(coming) < len(self._waiting):
            self._wake(cold[0])

    def _refuse_if_hopeless(self) -> None:
        """With every place resting after a failed start, waiting has no end worth waiting for."""
        resting = self._in(PlaceIs.RESTING)
        if (
            resting
            and len(resting) + len(self._in(PlaceIs.LOST)) == self.size
            and (trouble := resting[0].trouble)
        ):
            raise BrowserUnavailable(trouble.reason, trouble.message)

    def _in(self, *states: PlaceIs) -> list[_Place]:
        return [place for place in self._places if place.state in states]

    def _move(self, place: _Place, state: PlaceIs) -> None:
        with self._changed:
            place.state = state
            self._changed.notify_all()

    def _describe(self, place: _Place) -> PlaceState:
        lane = place.lane
        return PlaceState(
            number=place.number,
            state=place.state,
            identity=str(lane.identity) if lane and lane.identity else None,
            uses=lane.uses if lane else 0,
            age=self._clock() - place.up_since if lane else None,
            memory_mb=place.memory,
            renewals=place.renewals,
            last_renewal=place.last_renewal,
            failures=place.failures,
            trouble=str(place.trouble) if place.trouble else None,
        )

    # --- keeping

    def _wake(self, place: _Place) -> None:
        if place.state is not PlaceIs.COLD or self._closing:
            return
        place.state = PlaceIs.STARTING
        place.keeper = threading.Thread(
            target=self._keep, args=(place,), name=f"{self.name}-{place.number}", daemon=True
        )
        place.keeper.start()
        atexit.unregister(self.close)
        atexit.register(self.close)

    def _keep(self, place: _Place) -> None:
        """Live a place's life, until the pool closes or nobody needs the place."""
        while lane := self._bring_up(place):
            reason = self._serve(place, lane)
            self._put_down(place, lane, reason)
            if reason is Renewal.IDLE and not self._closing:
                self._move(place, PlaceIs.COLD)  # whoever waits by now wakes it again
                return
        self._move(place, PlaceIs.CLOSED)

    def _bring_up(self, place: _Place) -> Lends | None:
        """Start a lane, again and again with growing pauses; None when the pool closes."""
        while not self._closing:
            self._rest(place)
            self._move(place, PlaceIs.STARTING)
            if lane := self._try_to_start(place):
                return lane
        return None

    def _rest(self, place: _Place) -> None:
        if not place.failures:
            return
        pause = self._backoff.pause(place.failures, self._random())
        self._move(place, PlaceIs.RESTING)
        with self._changed:
            self._changed.wait_for(lambda: self._closing, pause)

    def _try_to_start(self, place: _Place) -> Lends | None:
        if self._closing:
            return None
        try:
            lane = self._start(
                self._settings, self._run_dir, f"{self.name}-{place.number}", self._expect(place)
            )
        except StillAlive as error:
            self._fail(place, BrowserUnavailable(Reason.TOO_SLOW, str(error)))
            if place.coming:
                self._put_down(place, place.coming)
            return None
        except BrowserUnavailable as error:
            self._fail(place, error)
            return None
        except Exception as error:  # noqa: BLE001 - a keeper that dies would take its place with it
            self._fail(place, BrowserUnavailable(Reason.CRASHED, repr(error)))
            return None
        with self._changed:
            place.lane, place.coming, place.trouble = lane, None, None
            place.up_since = place.idle_since = self._clock()
            place.age_limit = 1 - self._random() / 5
            place.served, place.memory, place.measured_at = set(), None, 0
        return lane

    def _fail(self, place: _Place, trouble: BrowserUnavailable) -> None:
        with self._changed:
            place.trouble = trouble
            place.failures += 1

    def _expect(self, place: _Place) -> OnSpawn:
        """Note a lane on its way, for a pool that closes meanwhile."""

        def coming(lane: Lends) -> None:
            with self._changed:
                place.coming = lane
                closing = self._closing
            if closing:
                lane.kill()

        return coming

    def _serve(self, place: _Place, lane: Lends) -> Renewal | None:
        """Lend the lane out until it is to be renewed; say why, or ``None`` when the pool closes."""
        self._move(place, PlaceIs.FREE)
        while not self._closing:
            with self._changed:
                self._changed.wait_for(lambda: self._closing or place.state is PlaceIs.RETURNED, WATCH_EVERY)
                if place.state is PlaceIs.LENT:
                    continue
                returned = place.state is PlaceIs.RETURNED
                place.state = PlaceIs.RETURNED
            reason = self._judge(place, lane, returned=returned)
            if reason is not None:
                place.last_renewal = reason
                return reason
            self._move(place, PlaceIs.FREE)
        return None

    def _judge(self, place: _Place, lane: Lends, *, returned: bool) -> Renewal | None:
        try:
            return self._verdict(place, lane, returned=returned)
        except Exception:  # noqa: BLE001 - a lane that can not even be judged; a keeper must not die of it
            return Renewal.UNFIT

    def _verdict(self, place: _Place, lane: Lends, *, returned: bool) -> Renewal | None:
        if returned:
            lane.settle()
        fit = lane.is_fit()
        unmeasured = lane.uses - place.measured_at
        if fit and unmeasured >= (self._recycle.measure_every if returned else 1):
            place.memory, place.measured_at = lane.memory_mb(), lane.uses
        if fit and lane.uses:
            place.failures = 0
        if returned:
            place.idle_since = self._clock()
        age = (self._clock() - place.up_since) / place.age_limit
        idle = self._clock() - place.idle_since
        return self._recycle.verdict(uses=lane.uses, age=age, memory=place.memory, fit=fit, idle=idle)

    def _put_down(self, place: _Place, lane: Lends, reason: Renewal | None = None) -> None:
        """End a lane, and do not come back before it is seen dead - or the pool has given up on all of them.

        One that died without ever having worked counts as a failed start: a browser that crashes as soon as
        it is up must not be restarted as fast as the machine can.
        """
        self._move(place, PlaceIs.ENDING)
        while not self._is_ended(lane):
            self._move(place, PlaceIs.LOST)
            with self._changed:
                self._changed.wait_for(lambda: self._closing, LOOK_AGAIN)
            if self._closing and not self._is_ended(lane):
                return
        place.renewals += 1
        place.failures += lane.uses == 0 and reason is not Renewal.IDLE
        with self._changed:
            place.lane = None

    def _is_ended(self, lane: Lends) -> bool:
        try:
            lane.close()
        except StillAlive:
            return False
        return True

    # --- ending

    def close(self) -> None:
        """End all lanes, also lent ones, and see them dead; raise `StillAlive` when one is not."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            lanes = [lane for place in self._places for lane in (place.lane, place.coming) if lane]
            keepers = [place.keeper for place in self._places if place.keeper]
        stubborn = [pid for lane in lanes for pid in _kill(lane)]
        for keeper in keepers:
            keeper.join()
        atexit.unregister(self.close)
        if stubborn:
            raise StillAlive(stubborn)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _kill(lane: Lends) -> tuple[int, ...]:
    try:
        lane.kill()
    except StillAlive as error:
        return error.pids
    return ()
