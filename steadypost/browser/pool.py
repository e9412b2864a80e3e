"""A fixed number of slots, each with a runner that is lent, judged, renewed and never shared."""

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

from steadypost.browser.errors import BrowserUnavailable, LoanEnded, NoFreeSlot, PoolClosed, StillAlive
from steadypost.browser.launch import LaunchSettings, Reason
from steadypost.browser.messages import Job, OnQuestion, OnStep
from steadypost.browser.processes import BrowserIdentity, reap_orphans
from steadypost.browser.runner import BrowserRunner

WATCH_EVERY = 2.0
"""Seconds between looks at a free runner: one that died idle is replaced before it is needed."""

LOOK_AGAIN = 5.0
"""Seconds between attempts to see a lost runner dead."""


class SlotIs(StrEnum):
    """What a slot is doing."""

    COLD = "cold"
    """Never started; the first who needs it starts it."""

    STARTING = "starting"
    """A runner is coming up."""

    RESTING = "resting"
    """The last start failed; the next one comes after a pause that grows."""

    FREE = "free"
    """Can be lent."""

    LENT = "lent"
    """Held by exactly one borrower."""

    RETURNED = "returned"
    """Given back, being tidied and judged. Becomes free or ending."""

    ENDING = "ending"
    """Its runner is being ended; becomes starting when that is seen dead."""

    LOST = "lost"
    """Its runner was killed and not seen dead. It is looked at until it is; till then the slot is not lent."""

    CLOSED = "closed"
    """The pool is closed and the runner seen dead."""


class Renewal(StrEnum):
    """Why a runner is replaced."""

    UNFIT = "unfit"
    """Dead, killed, suspended, or its browser did not do as told."""

    USES = "uses"
    AGE = "age"
    MEMORY = "memory"

    IDLE = "idle"
    """Unused for a while: its slot is cold until it is borrowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recycle:
    """When a runner that works is replaced all the same. Browsers leak, slowly and for ever."""

    uses: int = 200

    memory_mb: float = 900
    """Of the whole process tree, in shares. A fresh runner holds about 400, one with X open about 600."""

    age: timedelta = timedelta(hours=2)
    """Each runner's own limit lies up to a fifth below, so that they do not end together."""

    measure_every: int = 25
    """Most uses between two measurements of memory, which hold the slot for 80 ms; an idle slot is measured first."""

    idle: timedelta | None = None
    """How long an idle runner is kept; without a time, for ever."""

    def verdict(
        self, *, uses: int, age: float, memory: float | None, fit: bool, idle: float = 0
    ) -> Renewal | None:
        """Judge one runner; ``age`` and ``idle`` in seconds."""
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
    """How long a slot rests after failed starts: doubling, with jitter, at most a minute."""

    first: float = 0.5
    most: float = 30.0

    def pause(self, failures: int, chance: float) -> float:
        """Return the seconds to rest; ``chance`` lies between 0 and 1."""
        return float(min(self.most, self.first * 2 ** min(failures - 1, 30)) * (0.5 + chance / 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotState:
    """One slot, for a status board."""

    number: int
    state: SlotIs
    identity: str | None
    uses: int
    age: float | None
    memory_mb: float | None
    renewals: int
    last_renewal: Renewal | None
    failures: int
    trouble: str | None


class Lends(Protocol):
    """What the pool needs of a runner."""

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
StartRunner = Callable[[LaunchSettings, Path, str, OnSpawn], Lends]
"""Starts a runner and waits until it is up. Shows it to its fourth argument as soon as it can be killed."""


class Loan:
    """A runner that is lent out. After it is given back it refuses to work: it may be another's by then."""

    def __init__(self, runner: Lends) -> None:
        self._runner = runner
        self._ended = False

    @property
    def identity(self) -> BrowserIdentity | None:
        """Which browser this is, to be recorded with an attempt as ``str(identity)``."""
        return self._runner.identity

    def run(
        self,
        job: Job,
        *,
        deadline: float,
        on_question: OnQuestion | None = None,
        on_step: OnStep | None = None,
    ) -> Any:
        """Do a job: see `BrowserRunner.run`."""
        if self._ended:
            raise LoanEnded("This runner has been given back.")
        return self._runner.run(job, deadline=deadline, on_question=on_question, on_step=on_step)

    def end(self) -> None:
        """Let go. A job that another thread still runs here loses its browser."""
        self._ended = True
        if self._runner.is_busy():
            with contextlib.suppress(StillAlive):  # the slot will find out, and be lost
                self._runner.kill()


class _Slot:
    """One slot. Read and written under the pool's condition, or by the slot's own keeper."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.state = SlotIs.COLD
        self.runner: Lends | None = None
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
    """Lends runners, first come first served.

    Each slot's keeper thread starts a runner, judges it after each loan and sees it dead before the next; borrowers
    wait only when none is free. Nothing starts before `warm` or `lend`; leftovers in ``run_dir`` are ended first.
    ``clock`` measures ages only.
    """

    def __init__(
        self, size: int, settings: LaunchSettings | None = None, *, run_dir: Path, name: str = "pool",
        recycle: Recycle | None = None, backoff: Backoff | None = None,
        clock: Callable[[], float] = time.monotonic, random: Callable[[], float] = chance.random,
        start: StartRunner = BrowserRunner.start,
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
        self._slots = [_Slot(number) for number in range(size)]
        self._changed = threading.Condition()
        self._waiting: deque[object] = deque()
        self._closing = False
        with contextlib.suppress(StillAlive):  # `is_dead` goes on saying so; new runners are new processes
            reap_orphans(self._run_dir)

    # --- lending

    @contextlib.contextmanager
    def lend(self, within: float, *, key: str | None = None) -> Iterator[Loan]:
        """Lend a runner within ``within`` seconds, rather one that has served ``key`` (an account) before.

        Raises `NoFreeSlot` when the wait ends, and `BrowserUnavailable` at once when no browser starts.
        """
        slot, runner = self._take(time.monotonic() + within, within, key)
        loan = Loan(runner)
        try:
            yield loan
        finally:
            loan.end()
            self._take_back(slot)

    def warm(self) -> None:
        """Start all runners, at once and in the background."""
        with self._changed:
            for slot in self._slots:
                self._wake(slot)

    def free(self) -> int:
        """Count the slots that could be lent now."""
        with self._changed:
            return sum(slot.state is SlotIs.FREE for slot in self._slots)

    def snapshot(self) -> list[SlotState]:
        """Describe all slots, for a status board."""
        with self._changed:
            return [self._describe(slot) for slot in self._slots]

    def _take(self, until: float, within: float, key: str | None) -> tuple[_Slot, Lends]:
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
                        raise NoFreeSlot(self.name, within)
                    self._changed.wait(left)
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()

    def _next_for(self, ticket: object, key: str | None) -> tuple[_Slot, Lends] | None:
        if self._closing:
            raise PoolClosed(f"The pool {self.name!r} is closed.")
        if self._waiting[0] is not ticket:
            self._wake_one_more()
            return None
        for slot in sorted(self._in(SlotIs.FREE), key=lambda slot: key not in slot.served):
            if slot.runner is not None and slot.runner.is_fit():
                slot.state = SlotIs.LENT
                slot.served |= {key} if key else set()
                return slot, slot.runner
            slot.state = SlotIs.RETURNED
            self._changed.notify_all()
        self._wake_one_more()
        return None

    def _take_back(self, slot: _Slot) -> None:
        """Leave the runner to its keeper; a pool that was closed meanwhile has ended it already."""
        with self._changed:
            if slot.state is SlotIs.LENT:
                slot.state = SlotIs.RETURNED
                self._changed.notify_all()

    def _wake_one_more(self) -> None:
        """Start a cold slot when more are waiting than runners are on their way."""
        coming = self._in(SlotIs.STARTING, SlotIs.RETURNED, SlotIs.ENDING)
        cold = self._in(SlotIs.COLD)
        if cold and len(coming) < len(self._waiting):
            self._wake(cold[0])

    def _refuse_if_hopeless(self) -> None:
        """With every slot resting after a failed start, waiting has no end worth waiting for."""
        resting = self._in(SlotIs.RESTING)
        if (
            resting
            and len(resting) + len(self._in(SlotIs.LOST)) == self.size
            and (trouble := resting[0].trouble)
        ):
            raise BrowserUnavailable(trouble.reason, trouble.message)

    def _in(self, *states: SlotIs) -> list[_Slot]:
        return [slot for slot in self._slots if slot.state in states]

    def _move(self, slot: _Slot, state: SlotIs) -> None:
        with self._changed:
            slot.state = state
            self._changed.notify_all()

    def _describe(self, slot: _Slot) -> SlotState:
        runner = slot.runner
        return SlotState(
            number=slot.number,
            state=slot.state,
            identity=str(runner.identity) if runner and runner.identity else None,
            uses=runner.uses if runner else 0,
            age=self._clock() - slot.up_since if runner else None,
            memory_mb=slot.memory,
            renewals=slot.renewals,
            last_renewal=slot.last_renewal,
            failures=slot.failures,
            trouble=str(slot.trouble) if slot.trouble else None,
        )

    # --- keeping

    def _wake(self, slot: _Slot) -> None:
        if slot.state is not SlotIs.COLD or self._closing:
            return
        slot.state = SlotIs.STARTING
        slot.keeper = threading.Thread(
            target=self._keep, args=(slot,), name=f"{self.name}-{slot.number}", daemon=True
        )
        slot.keeper.start()
        atexit.unregister(self.close)
        atexit.register(self.close)

    def _keep(self, slot: _Slot) -> None:
        """Live a slot's life, until the pool closes or the slot is not needed."""
        while runner := self._bring_up(slot):
            reason = self._serve(slot, runner)
            self._put_down(slot, runner, reason)
            if reason is Renewal.IDLE and not self._closing:
                self._move(slot, SlotIs.COLD)  # a waiting borrower wakes it again
                return
        self._move(slot, SlotIs.CLOSED)

    def _bring_up(self, slot: _Slot) -> Lends | None:
        """Start a runner, again and again with growing pauses; None when the pool closes."""
        while not self._closing:
            self._rest(slot)
            self._move(slot, SlotIs.STARTING)
            if runner := self._try_to_start(slot):
                return runner
        return None

    def _rest(self, slot: _Slot) -> None:
        if not slot.failures:
            return
        pause = self._backoff.pause(slot.failures, self._random())
        self._move(slot, SlotIs.RESTING)
        with self._changed:
            self._changed.wait_for(lambda: self._closing, pause)

    def _try_to_start(self, slot: _Slot) -> Lends | None:
        if self._closing:
            return None
        try:
            runner = self._start(
                self._settings, self._run_dir, f"{self.name}-{slot.number}", self._expect(slot)
            )
        except StillAlive as error:
            self._fail(slot, BrowserUnavailable(Reason.TOO_SLOW, str(error)))
            if slot.coming:
                self._put_down(slot, slot.coming)
            return None
        except BrowserUnavailable as error:
            self._fail(slot, error)
            return None
        except Exception as error:  # noqa: BLE001 - a keeper that dies would take its slot with it
            self._fail(slot, BrowserUnavailable(Reason.CRASHED, repr(error)))
            return None
        with self._changed:
            slot.runner, slot.coming, slot.trouble = runner, None, None
            slot.up_since = slot.idle_since = self._clock()
            slot.age_limit = 1 - self._random() / 5
            slot.served, slot.memory, slot.measured_at = set(), None, 0
        return runner

    def _fail(self, slot: _Slot, trouble: BrowserUnavailable) -> None:
        with self._changed:
            slot.trouble = trouble
            slot.failures += 1

    def _expect(self, slot: _Slot) -> OnSpawn:
        """Note a runner on its way, for a pool that closes meanwhile."""

        def coming(runner: Lends) -> None:
            with self._changed:
                slot.coming = runner
                closing = self._closing
            if closing:
                runner.kill()

        return coming

    def _serve(self, slot: _Slot, runner: Lends) -> Renewal | None:
        """Lend the runner out until it is to be renewed; say why, or ``None`` when the pool closes."""
        self._move(slot, SlotIs.FREE)
        while not self._closing:
            with self._changed:
                self._changed.wait_for(lambda: self._closing or slot.state is SlotIs.RETURNED, WATCH_EVERY)
                if slot.state is SlotIs.LENT:
                    continue
                returned = slot.state is SlotIs.RETURNED
                slot.state = SlotIs.RETURNED
            reason = self._judge(slot, runner, returned=returned)
            if reason is not None:
                slot.last_renewal = reason
                return reason
            self._move(slot, SlotIs.FREE)
        return None

    def _judge(self, slot: _Slot, runner: Lends, *, returned: bool) -> Renewal | None:
        try:
            return self._verdict(slot, runner, returned=returned)
        except Exception:  # noqa: BLE001 - a runner that can not even be judged; a keeper must not die of it
            return Renewal.UNFIT

    def _verdict(self, slot: _Slot, runner: Lends, *, returned: bool) -> Renewal | None:
        if returned:
            runner.settle()
        fit = runner.is_fit()
        unmeasured = runner.uses - slot.measured_at
        if fit and unmeasured >= (self._recycle.measure_every if returned else 1):
            slot.memory, slot.measured_at = runner.memory_mb(), runner.uses
        if fit and runner.uses:
            slot.failures = 0
        if returned:
            slot.idle_since = self._clock()
        age = (self._clock() - slot.up_since) / slot.age_limit
        idle = self._clock() - slot.idle_since
        return self._recycle.verdict(uses=runner.uses, age=age, memory=slot.memory, fit=fit, idle=idle)

    def _put_down(self, slot: _Slot, runner: Lends, reason: Renewal | None = None) -> None:
        """End a runner and return when it is seen dead, or the pool has given up on all.

        One that died before working counts as a failed start, so that a crashing browser is not restarted at full
        speed.
        """
        self._move(slot, SlotIs.ENDING)
        while not self._is_ended(runner):
            self._move(slot, SlotIs.LOST)
            with self._changed:
                self._changed.wait_for(lambda: self._closing, LOOK_AGAIN)
            if self._closing and not self._is_ended(runner):
                return
        slot.renewals += 1
        slot.failures += runner.uses == 0 and reason is not Renewal.IDLE
        with self._changed:
            slot.runner = None

    def _is_ended(self, runner: Lends) -> bool:
        try:
            runner.close()
        except StillAlive:
            return False
        return True

    # --- ending

    def close(self) -> None:
        """End all runners, also lent ones, and see them dead; raise `StillAlive` when one is not."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            runners = [runner for slot in self._slots for runner in (slot.runner, slot.coming) if runner]
            keepers = [slot.keeper for slot in self._slots if slot.keeper]
        stubborn = [pid for runner in runners for pid in _kill(runner)]
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


def _kill(runner: Lends) -> tuple[int, ...]:
    try:
        runner.kill()
    except StillAlive as error:
        return error.pids
    return ()
