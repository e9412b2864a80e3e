"""The parent's side of a lane: start it, give it a job, hold it to its deadline, end it."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import steadypost
from steadypost.browser.errors import (
    BrowserUnavailable,
    JobBroke,
    LaneBusy,
    LaneDied,
    LaneOverran,
    StillAlive,
)
from steadypost.browser.launch import LaunchSettings, Reason
from steadypost.browser.messages import (
    Answer,
    Broke,
    Done,
    Hello,
    Idle,
    Job,
    OnQuestion,
    OnStep,
    Order,
    Question,
    Ready,
    Step,
    Stop,
    Unavailable,
)
from steadypost.browser.processes import (
    MARK,
    BrowserIdentity,
    Host,
    Household,
    ProcessId,
    Registry,
    kill_and_see_dead,
    memory_mb,
)

SETTLE_WITHIN = 5.0
"""Seconds a lane may take to tidy up after a job. It takes 0.03; one that needs longer is not lent again."""

LISTEN_FOR = 1.0
"""Seconds of silence after which the lane's browser is looked at."""

MOURN_WITHIN = 3.0
"""Seconds a lane gets to say that its browser is dead. It takes 0.05; but a call into a browser that was killed while
the call was under way has been seen to wait for ever (found by the drill), and cost an account's queue a whole deadline.
"""

STOP_WITHIN = 1.0
"""Seconds a lane gets to close its browser itself. Only politeness: it spares a container whose first process
does not collect orphans from filling up with them.
"""

INHERITED = {"PATH", "HOME", "USER", "LANG", "LANGUAGE", "TZ", "DISPLAY", "WAYLAND_DISPLAY", "VIRTUAL_ENV",
             "LD_LIBRARY_PATH", "STEADYPOST_CHROMIUM", "http_proxy", "https_proxy", "no_proxy"}  # fmt: skip
INHERITED_FAMILIES = ("LC_", "XDG_", "PYTHON", "PLAYWRIGHT_", "SSL_CERT_", "NODE_EXTRA_", "FONTCONFIG_")
"""What a lane takes over from its parent's environment. Not all of it: the parent may hold API keys there,
and a browser is the one program of ours that runs other people's code.
"""


class _HungUp(Exception):
    """The line to the lane is closed: it died, or was killed."""


class _Limit:
    """Kills a lane at a moment, from a thread of its own."""

    def __init__(self, at: float, kill: Callable[[], None]) -> None:
        self.fired = False
        self._kill = kill
        self._timer = threading.Timer(max(0.0, at - time.monotonic()), self._fire)
        self._timer.daemon = True

    def _fire(self) -> None:
        self.fired = True
        with contextlib.suppress(StillAlive):  # said again, to somebody who listens, by the next kill()
            self._kill()

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()


class Lane:
    """One child process with one browser, lent to one job at a time.

    The deadline of a job is held by a timer of its own, which kills. It therefore holds whatever the job's
    caller is doing: reading from a lane that stopped in the middle of a message, writing to one that reads no
    more, or answering a question from a store that is slow.
    """

    def __init__(
        self, household: Household, registry: Registry, process: subprocess.Popen[bytes], line: Connection
    ) -> None:
        self.household = household
        self.ready: Ready | None = None
        self.uses = 0
        self.broken = False
        """Not to be lent again. Set by whoever sees it first, never unset."""
        self._registry = registry
        self._process = process
        self._line = line
        self._step: str | None = None
        self._last_words = ""
        self._settled = True
        self._seen_dead = False
        self._in_use = threading.Lock()
        self._killing = threading.Lock()

    # --- beginning

    @classmethod
    def start(
        cls,
        settings: LaunchSettings,
        run_dir: Path,
        name: str = "lane",
        on_spawn: Callable[["Lane"], None] | None = None,
    ) -> "Lane":
        """Start a lane and wait for its browser. Raises `BrowserUnavailable`, with nothing left running.

        ``on_spawn`` gets to see the lane before its browser is up, to be able to kill it.
        """
        try:
            lane = cls._spawn(settings, Registry(run_dir), name)
        except OSError as error:
            raise BrowserUnavailable(Reason.NO_ROOM, f"no new process: {error}") from error
        try:
            if on_spawn:
                on_spawn(lane)
            lane._enter_in_registry()  # noqa: SLF001 - its own class
            lane._greet(settings)  # noqa: SLF001 - its own class
        except BaseException:
            lane.kill()
            raise
        return lane

    @classmethod
    def _spawn(cls, settings: LaunchSettings, registry: Registry, name: str) -> "Lane":
        household = _new_household()
        ours, theirs = socket.socketpair()
        with theirs:
            line = Connection(ours.detach())
            try:
                process = _popen(settings, household, theirs.fileno(), name)
            except BaseException:
                line.close()
                shutil.rmtree(household.folder, ignore_errors=True)
                raise
        born = ProcessId.of(process.pid)
        return cls(household.with_lane(born) if born else household, registry, process, line)

    def _enter_in_registry(self) -> None:
        """A lane that could not be found again must not work: without its entry it is not started."""
        try:
            self._registry.write(self.household)
        except OSError as error:
            raise BrowserUnavailable(Reason.NO_ROOM, f"the lane can not be registered: {error}") from error

    def _greet(self, settings: LaunchSettings) -> None:
        with _Limit(time.monotonic() + settings.launch_within, self.kill) as limit:
            try:
                self._tell(Hello(settings))
                self._note(self._hear())
            except _HungUp as error:
                raise self._never_ready(settings, overran=limit.fired) from error

    def _note(self, answer: Ready | Unavailable) -> None:
        if isinstance(answer, Unavailable):
            raise BrowserUnavailable(answer.reason, answer.message)
        chromium = ProcessId.of(answer.chromium_pid)
        if chromium is None:
            raise BrowserUnavailable(Reason.CRASHED, "the browser died as soon as it was up")
        self.ready = answer
        self.household = self.household.with_chromium(chromium, answer.chromium_group)
        self._enter_in_registry()

    def _never_ready(self, settings: LaunchSettings, *, overran: bool) -> BrowserUnavailable:
        if overran:
            return BrowserUnavailable(Reason.TOO_SLOW, f"not up within {settings.launch_within} s")
        died = self._died()
        return BrowserUnavailable(Reason.CRASHED, f"the lane ended with {died.exit}. {died.last_words}")

    # --- working

    def run(
        self,
        job: Job,
        *,
        deadline: float,
        on_question: OnQuestion | None = None,
        on_step: OnStep | None = None,
    ) -> Any:
        """Do a job and return its result, or raise how it ended. ``deadline`` is monotonic time.

        Raises `LaneOverran`, `LaneDied`, `JobBroke` or `StillAlive`. What the callbacks raise comes through,
        after the lane has been killed: a job that waits for an answer nobody could give must not be left to
        go on. A result that was sent counts, even if the deadline passed on its way.
        """
        if not self._in_use.acquire(blocking=False):
            raise LaneBusy("This lane is at work for somebody else.")
        try:
            self._step = None
            if time.monotonic() >= deadline:
                raise LaneOverran(None)
            self.settle(_left(deadline))
            answer = self._supervise(Order(job, deadline), on_question or _no_questions, on_step or _no_marks)
            if isinstance(answer, Done):
                return answer.result
            self.settle(_left(deadline))
        finally:
            self._in_use.release()
        raise JobBroke(answer.fault, answer.kind, answer.message, answer.step, answer.trace)

    def _supervise(self, order: Order, on_question: OnQuestion, on_step: OnStep) -> Done | Broke:
        try:
            with _Limit(order.deadline, self.kill) as limit:
                try:
                    return self._converse(order, on_question, on_step)
                except _HungUp:
                    raise self._overran() if limit.fired else self._died() from None
        except BaseException:
            self.kill()
            raise

    def _converse(self, order: Order, on_question: OnQuestion, on_step: OnStep) -> Done | Broke:
        self._tell(order)
        self.uses += 1
        while True:
            match self._hear_of_the_living():
                case Step() as step:
                    self._step = step.name
                    on_step(step)
                case Question(name=name, data=data):
                    self._tell(Answer(on_question(name, data)))
                case Done() | Broke() as answer:
                    self._settled = False
                    return answer

    def _hear_of_the_living(self) -> Any:
        """Hear what comes next. A lane that says nothing for a while after its browser has died is given up."""
        dead_since: float | None = None
        while not self._has_spoken():
            chromium = self.household.chromium
            if chromium is None or chromium.is_alive():
                dead_since = None
                continue
            dead_since = dead_since or time.monotonic()
            if time.monotonic() - dead_since >= MOURN_WITHIN:
                raise _HungUp
        return self._hear()

    def _has_spoken(self) -> bool:
        try:
            return self._line.poll(LISTEN_FOR)
        except (EOFError, OSError) as error:
            raise _HungUp from error

    def _overran(self) -> LaneOverran:
        self.kill()  # waits for the killing under way, and does not return before all is seen dead
        return LaneOverran(self._step)

    def _died(self) -> LaneDied:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.2)  # its own exit code, before our killing covers it
        self.kill()
        return LaneDied(self._step, self._process.returncode, self._last_words)

    def settle(self, within: float = SETTLE_WITHIN) -> None:
        """Wait until the last job's pages are parked or closed; kill a lane that does not get there.

        Apart from `run`, because the result of a job must not wait for its tidying.
        """
        if self._settled:
            return
        self._settled = True
        try:
            idle = self._hear() if self._line.poll(within) else None
        except (_HungUp, OSError):
            idle = None
        if not (isinstance(idle, Idle) and idle.fit):
            self.kill()

    # --- judging

    @property
    def identity(self) -> BrowserIdentity | None:
        """Which browser this is, to be recorded with an attempt: see `is_dead`."""
        return self.household.identity()

    def is_busy(self) -> bool:
        """Say whether somebody's job is running."""
        return self._in_use.locked()

    def is_fit(self) -> bool:
        """Say whether it can be lent: nothing of it dead or suspended."""
        both = (self.household.lane, self.household.chromium)
        return not self.broken and all(p is not None and p.is_alive() and not p.is_stopped() for p in both)

    def memory_mb(self) -> float:
        """Return what it holds, with its whole process tree."""
        return memory_mb(self.household)

    # --- ending

    def kill(self) -> None:
        """Kill it with everything that belongs to it, and see it dead. May be called by anybody, any number
        of times.

        The line is cut first: an answer on its way can no longer reach a job that has lost its time.
        """
        self.broken = True
        self._hang_up()
        with self._killing:
            if self._seen_dead:
                return
            self._last_words = _tail(Path(self.household.folder) / "stderr")
            try:
                kill_and_see_dead(self.household)
            except StillAlive as error:
                raise StillAlive(error.pids, self._step) from None
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1.0)
            self._registry.forget(self.household)
            self._seen_dead = True

    def close(self) -> None:
        """End it: ask first, then kill. A lane at work is not asked."""
        asked = self._in_use.acquire(blocking=False)
        try:
            if asked and not self.broken:
                self._ask_to_stop()
            self.kill()
            if asked:  # else somebody still reads the line, and will hear that it is cut
                self._line.close()
        finally:
            if asked:
                self._in_use.release()

    def _ask_to_stop(self) -> None:
        self.settle()
        with contextlib.suppress(_HungUp, subprocess.TimeoutExpired):
            self._tell(Stop())
            self._process.wait(STOP_WITHIN)

    # --- the line

    def _tell(self, message: Hello | Order | Answer | Stop) -> None:
        try:
            self._line.send(message)
        except OSError as error:
            raise _HungUp from error

    def _hear(self) -> Any:
        try:
            return self._line.recv()
        except (EOFError, OSError) as error:
            raise _HungUp from error

    def _hang_up(self) -> None:
        """Wake whoever reads or writes the line. Shutting down and not closing: the number could be reused at
        once.
        """
        with (
            contextlib.suppress(OSError, ValueError),
            socket.socket(fileno=os.dup(self._line.fileno())) as end,
        ):
            end.shutdown(socket.SHUT_RDWR)


def _left(deadline: float) -> float:
    """Tidying ends with its job's time, too."""
    return min(SETTLE_WITHIN, max(0.0, deadline - time.monotonic()))


def _no_questions(name: str, data: Any) -> Any:  # noqa: ARG001 - the shape of every OnQuestion
    raise LookupError(f"The job asks {name!r} of a caller who gave no on_question.")


def _no_marks(step: Step) -> None:
    """Nobody wants to know."""


def _new_household() -> Household:
    lane_id = uuid.uuid4().hex[:16]
    me = ProcessId.of(os.getpid()) or ProcessId(os.getpid(), 0.0)
    folder = Path(tempfile.gettempdir()) / f"steadypost-{lane_id}"
    folder.mkdir(mode=0o700)
    return Household(lane_id, str(Host.here()), me, str(folder))


def _popen(settings: LaunchSettings, household: Household, fd: int, name: str) -> subprocess.Popen[bytes]:
    """Start the child, from a thread that never ends (see `_birthplace`)."""
    with (Path(household.folder) / "stderr").open("wb") as last_words:
        return _birthplace().submit(
            subprocess.Popen[bytes],
            [sys.executable, "-m", "steadypost.browser.lane_process",
             "--fd", str(fd), "--parent", str(os.getpid()), "--name", name],
            pass_fds=(fd,), start_new_session=True, env=_environment(settings, household),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=last_words,
        ).result()  # fmt: skip


def _environment(settings: LaunchSettings, household: Household) -> dict[str, str]:
    """The lane's environment: little of ours, its mark, and a folder of its own for all that the browser
    writes.
    """
    ours = {name: value for name, value in os.environ.items() if _is_inherited(name)}
    here = str(Path(steadypost.__file__).parents[1])
    path = os.pathsep.join(filter(None, [*settings.extra_path, here, os.environ.get("PYTHONPATH")]))
    own = {"PYTHONPATH": path, "TMPDIR": household.folder, MARK: household.lane_id}
    return ours | settings.environment | own


def _is_inherited(name: str) -> bool:
    return name in INHERITED or name.startswith(INHERITED_FAMILIES)


def _tail(path: Path, size: int = 2000) -> str:
    try:
        return path.read_bytes()[-size:].decode(errors="replace").strip()
    except OSError:
        return ""


_nursery: list[ThreadPoolExecutor] = []


def _birthplace() -> ThreadPoolExecutor:
    """The one thread that starts all lanes.

    A child is killed with its parent by the kernel, and for the kernel the parent is the *thread* that
    started it. Started from a Prefect task's thread, a lane would be killed when that task ends.
    """
    if not _nursery:
        _nursery.append(ThreadPoolExecutor(1, thread_name_prefix="lanes-are-born-here"))
    return _nursery[0]


os.register_at_fork(after_in_child=_nursery.clear)
