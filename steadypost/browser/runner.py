"""The parent's side of a runner: start it, give it a job, hold it to its deadline, end it."""

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
    RunnerBusy,
    RunnerDied,
    RunnerOverran,
    StillAlive,
)
from steadypost.browser.host import Host
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
    ProcessId,
    ProcessTree,
    Registry,
    kill_and_see_dead,
    memory_mb,
)

SETTLE_WITHIN = 5.0
"""Seconds a runner may take to tidy up after a job. It takes 0.03; one that needs longer is not lent again."""

LISTEN_FOR = 1.0
"""Seconds of silence after which the runner's browser is looked at."""

EXIT_WITHIN = 3.0
"""Seconds to report a dead browser. It takes 0.05, but a call into a killed browser has been seen to wait for ever."""

STOP_WITHIN = 1.0
"""Seconds a runner gets to close its browser itself, which leaves no orphans in a container."""

INHERITED = {"PATH", "HOME", "USER", "LANG", "LANGUAGE", "TZ", "DISPLAY", "WAYLAND_DISPLAY", "VIRTUAL_ENV",
             "LD_LIBRARY_PATH", "STEADYPOST_CHROMIUM", "http_proxy", "https_proxy", "no_proxy"}  # fmt: skip
INHERITED_FAMILIES = ("LC_", "XDG_", "PYTHON", "PLAYWRIGHT_", "SSL_CERT_", "NODE_EXTRA_", "FONTCONFIG_")
"""What a runner takes from its parent's environment: not API keys, since a browser runs foreign code."""


class _HungUp(Exception):
    """The line to the runner is closed: it died, or was killed."""


class _Limit:
    """Kills a runner at a moment, from a thread of its own."""

    def __init__(self, at: float, kill: Callable[[], None]) -> None:
        self.fired = False
        self._kill = kill
        self._timer = threading.Timer(max(0.0, at - time.monotonic()), self._fire)
        self._timer.daemon = True

    def _fire(self) -> None:
        self.fired = True
        with contextlib.suppress(StillAlive):  # the next kill() says it again
            self._kill()

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()


class BrowserRunner:
    """One child process with one browser, lent to one job at a time.

    A timer of its own kills at the deadline, whatever the caller is blocked in.
    """

    def __init__(
        self,
        process_tree: ProcessTree,
        registry: Registry,
        process: subprocess.Popen[bytes],
        line: Connection,
    ) -> None:
        self.process_tree = process_tree
        self.ready: Ready | None = None
        self.uses = 0
        self.broken = False
        """Not to be lent again. Set by the first thread that sees it, never unset."""
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
        name: str = "runner",
        on_spawn: Callable[["BrowserRunner"], None] | None = None,
    ) -> "BrowserRunner":
        """Start a runner and wait for its browser, or raise `BrowserUnavailable` with nothing left running.

        ``on_spawn`` gets the runner before its browser is up, to be able to kill it.
        """
        try:
            runner = cls._spawn(settings, Registry(run_dir), name)
        except OSError as error:
            raise BrowserUnavailable(Reason.NO_CAPACITY, f"no new process: {error}") from error
        try:
            if on_spawn:
                on_spawn(runner)
            runner._enter_in_registry()  # noqa: SLF001 - its own class
            runner._greet(settings)  # noqa: SLF001 - its own class
        except BaseException:
            runner.kill()
            raise
        return runner

    @classmethod
    def _spawn(cls, settings: LaunchSettings, registry: Registry, name: str) -> "BrowserRunner":
        process_tree = _new_process_tree()
        ours, theirs = socket.socketpair()
        with theirs:
            line = Connection(ours.detach())
            try:
                process = _popen(settings, process_tree, theirs.fileno(), name)
            except BaseException:
                line.close()
                shutil.rmtree(process_tree.folder, ignore_errors=True)
                raise
        born = ProcessId.of(process.pid)
        return cls(process_tree.with_runner(born) if born else process_tree, registry, process, line)

    def _enter_in_registry(self) -> None:
        """A runner that could not be found again must not work: without its entry it is not started."""
        try:
            self._registry.write(self.process_tree)
        except OSError as error:
            raise BrowserUnavailable(
                Reason.NO_CAPACITY, f"the runner can not be registered: {error}"
            ) from error

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
        self.process_tree = self.process_tree.with_chromium(chromium, answer.chromium_group)
        self._enter_in_registry()

    def _never_ready(self, settings: LaunchSettings, *, overran: bool) -> BrowserUnavailable:
        if overran:
            return BrowserUnavailable(Reason.TOO_SLOW, f"not up within {settings.launch_within} s")
        died = self._died()
        return BrowserUnavailable(Reason.CRASHED, f"the runner ended with {died.exit}. {died.last_words}")

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

        Raises `RunnerOverran`, `RunnerDied`, `JobBroke` or `StillAlive`, or what a callback raised, after the runner
        was killed. A result that was sent counts, also past the deadline.
        """
        if not self._in_use.acquire(blocking=False):
            raise RunnerBusy("This runner is at work for another caller.")
        try:
            self._step = None
            if time.monotonic() >= deadline:
                raise RunnerOverran(None)
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
        """Hear what comes next. A runner that says nothing for a while after its browser has died is given up."""
        dead_since: float | None = None
        while not self._has_spoken():
            chromium = self.process_tree.chromium
            if chromium is None or chromium.is_alive():
                dead_since = None
                continue
            dead_since = dead_since or time.monotonic()
            if time.monotonic() - dead_since >= EXIT_WITHIN:
                raise _HungUp
        return self._hear()

    def _has_spoken(self) -> bool:
        try:
            return self._line.poll(LISTEN_FOR)
        except (EOFError, OSError) as error:
            raise _HungUp from error

    def _overran(self) -> RunnerOverran:
        self.kill()  # waits for the killing under way, and does not return before all is seen dead
        return RunnerOverran(self._step)

    def _died(self) -> RunnerDied:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.2)  # its own exit code, before our killing covers it
        self.kill()
        return RunnerDied(self._step, self._process.returncode, self._last_words)

    def settle(self, within: float = SETTLE_WITHIN) -> None:
        """Wait until the last job is tidied up after, else kill. Not in `run`: a result must not wait for it."""
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
        return self.process_tree.identity()

    def is_busy(self) -> bool:
        """Say whether a job is running."""
        return self._in_use.locked()

    def is_fit(self) -> bool:
        """Say whether it can be lent: nothing of it dead or suspended."""
        both = (self.process_tree.runner, self.process_tree.chromium)
        return not self.broken and all(p is not None and p.is_alive() and not p.is_stopped() for p in both)

    def memory_mb(self) -> float:
        """Return what it holds, with its whole process tree."""
        return memory_mb(self.process_tree)

    # --- ending

    def kill(self) -> None:
        """Kill it with everything of it, and see it dead; any thread, any number of times.

        The line is cut first: an answer on its way must not reach a job that has lost its time.
        """
        self.broken = True
        self._hang_up()
        with self._killing:
            if self._seen_dead:
                return
            self._last_words = _tail(Path(self.process_tree.folder) / "stderr")
            try:
                kill_and_see_dead(self.process_tree)
            except StillAlive as error:
                raise StillAlive(error.pids, self._step) from None
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1.0)
            self._registry.forget(self.process_tree)
            self._seen_dead = True

    def close(self) -> None:
        """End it: ask first, then kill. A runner at work is not asked."""
        asked = self._in_use.acquire(blocking=False)
        try:
            if asked and not self.broken:
                self._ask_to_stop()
            self.kill()
            if asked:  # else a reader of the line will see that it is cut
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
        """Wake readers and writers of the line. Shut down, not closed: the number could be reused at once."""
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
    """A step that is not reported."""


def _new_process_tree() -> ProcessTree:
    runner_id = uuid.uuid4().hex[:16]
    me = ProcessId.of(os.getpid()) or ProcessId(os.getpid(), 0.0)
    folder = Path(tempfile.gettempdir()) / f"steadypost-{runner_id}"
    folder.mkdir(mode=0o700)
    return ProcessTree(runner_id, str(Host.here()), me, str(folder))


def _popen(
    settings: LaunchSettings, process_tree: ProcessTree, fd: int, name: str
) -> subprocess.Popen[bytes]:
    """Start the child, from a thread that never ends (see `_launcher`)."""
    with (Path(process_tree.folder) / "stderr").open("wb") as last_words:
        return _launcher().submit(
            subprocess.Popen[bytes],
            [sys.executable, "-m", "steadypost.browser.runner_process",
             "--fd", str(fd), "--parent", str(os.getpid()), "--name", name],
            pass_fds=(fd,), start_new_session=True, env=_environment(settings, process_tree),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=last_words,
        ).result()  # fmt: skip


def _environment(settings: LaunchSettings, process_tree: ProcessTree) -> dict[str, str]:
    """The runner's environment: little of ours, its mark, and a folder for all that the browser writes."""
    ours = {name: value for name, value in os.environ.items() if _is_inherited(name)}
    here = str(Path(steadypost.__file__).parents[1])
    path = os.pathsep.join(filter(None, [*settings.extra_path, here, os.environ.get("PYTHONPATH")]))
    own = {"PYTHONPATH": path, "TMPDIR": process_tree.folder, MARK: process_tree.runner_id}
    return ours | settings.environment | own


def _is_inherited(name: str) -> bool:
    return name in INHERITED or name.startswith(INHERITED_FAMILIES)


def _tail(path: Path) -> str:
    try:
        return path.read_bytes()[-2000:].decode(errors="replace").strip()
    except OSError:
        return ""


_launchers: list[ThreadPoolExecutor] = []


def _launcher() -> ThreadPoolExecutor:
    """The one thread that starts all runners: the kernel kills a child when the *thread* that started it ends."""
    if not _launchers:
        _launchers.append(ThreadPoolExecutor(1, thread_name_prefix="browser-launcher"))
    return _launchers[0]


os.register_at_fork(after_in_child=_launchers.clear)
