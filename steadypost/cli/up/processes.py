"""Processes that are watched over: started again when they die, and ended with everything that they started."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

MARK = "STEADYPOST_UP"
"""Every process below one ``steadypost up`` carries this in its environment, so that none is missed at the end."""

MOST_LOG = 20 * 1024 * 1024
"""Bytes of a log after which another one is begun; the one before is kept."""

LONGEST_WAIT = 30.0
"""Seconds before what dies at once is started again, at the most."""

STAYED = 60.0
"""One that ran for so many seconds was well."""

ASKED_EVERY = 10.0
"""Seconds between two looks whether one that runs does something."""

STOPPED_LOOKS = 6
"""How many looks in a row may find a process stopped, by a signal; then it is ended, and started again."""

SILENT_LOOKS = 30
"""How many may find that one does not answer. On SQLite, Prefect's server is silent for a minute or two by itself."""

Say = Callable[[str], None]


@dataclass(kw_only=True)
class Child:
    """One process, in a session of its own."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    log: Path | None
    """Where what it says goes; ``None``: where this process' own words go."""
    before: Callable[[], object] = lambda: None
    """What must be done before each start."""
    restarted: Callable[[], object] = lambda: None
    answers: Callable[[], bool] = lambda: True
    """Whether it does what it is for, as far as that can be asked."""
    ends_by: signal.Signals = signal.SIGTERM
    ends_last: bool = False
    """Whether it ends after all others, because it serves them. It carries no mark."""
    popen: subprocess.Popen[bytes] | None = None
    restarts: int = 0
    _began_at: float = 0.0
    _asked_at: float = 0.0
    _stopped: int = 0
    _silent: int = 0

    def start(self) -> None:
        """Start it."""
        self.before()
        self._began_at = self._asked_at = time.monotonic()
        self._stopped = self._silent = 0
        with contextlib.ExitStack() as held:
            out = None if self.log is None else held.enter_context(self.log.open("ab"))
            self.popen = subprocess.Popen(
                list(self.command),
                env=dict(self.env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT if out is not None else None,
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.popen is not None and self.popen.poll() is None

    def wait_before_start(self) -> float:
        """Say how long to wait before it is started again: longer each time, until it has stayed a while."""
        stayed = time.monotonic() - self._began_at > STAYED
        self.restarts = 1 if stayed else self.restarts + 1
        return min(LONGEST_WAIT, 0.5 * 2.0 ** min(self.restarts - 1, 6))

    def hangs(self) -> bool:
        """Whether it runs and has done nothing for too long."""
        moment = time.monotonic()
        if self.popen is None or not self.alive or moment - self._asked_at < ASKED_EVERY:
            return False
        self._asked_at = moment
        try:
            is_stopped = psutil.Process(self.popen.pid).status() == psutil.STATUS_STOPPED
        except psutil.Error:
            return False
        self._stopped = self._stopped + 1 if is_stopped else 0
        self._silent = 0 if not is_stopped and self.answers() else self._silent + 1
        return self._stopped >= STOPPED_LOOKS or self._silent >= SILENT_LOOKS

    def kill(self) -> None:
        """End it by force, and nothing that it has started: a worker's runs go on without it."""
        if self.popen is not None:
            self.popen.kill()
            self.popen.wait()


def shorten(log: Path) -> None:
    """Put a log that has grown too long aside. Whoever writes it has it open, and goes on in the same file."""
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > MOST_LOG:
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            os.truncate(log, 0)


@dataclass(kw_only=True)
class Family:
    """The processes of one ``steadypost up``."""

    mark: str
    say: Say
    children: list[Child] = field(default_factory=list)
    _ending: threading.Event = field(default_factory=threading.Event)

    def start(self, child: Child) -> None:
        """Start one, and watch over it from now on."""
        child.start()
        self.children.append(child)

    def dismiss(self, child: Child, *, within: float = 8.0) -> None:
        """End one that is needed no more."""
        self.children.remove(child)
        if child.popen is not None:
            _end_now(child.popen, child.ends_by, within)

    def watch_over(self, stop: threading.Event) -> None:
        """Start again what dies, until told to stop."""
        while not stop.wait(1.0):
            for child in self.children:
                if child.log is not None:
                    shorten(child.log)
                if child.hangs():
                    self.say(f"{child.name} hangs, and is ended")
                    child.kill()
                if child.alive or stop.is_set():
                    continue
                wait = child.wait_before_start()
                self.say(f"{child.name} has ended; it is started again in {wait:.0f} s")
                # Backing off keeps a process that dies at once from eating the machine.
                if stop.wait(wait):
                    return
                try:
                    child.start()
                except (OSError, RuntimeError) as error:
                    self.say(f"{child.name} could not be started: {error}")
                else:
                    child.restarted()

    def end(self, first: Sequence[str], *, within: float = 8.0) -> list[int]:
        """End everything: ``first`` those named, then all that they started, then the rest; by force what does not end.

        Answers what is left, which nobody could end.
        """
        for child in self.children:
            if child.name in first and child.popen is not None and child.alive:
                child.popen.send_signal(signal.SIGTERM)
        others = [child.popen.pid for child in self.children if child.popen and child.name not in first]
        # The runs before what they talk to: they end their browsers and hand in their answers themselves.
        self._tell(lambda: [one for one in marked(self.mark) if _session(one) not in others], within)
        self._tell(lambda: marked(self.mark), within / 2)
        for left in marked(self.mark):
            with contextlib.suppress(psutil.Error):
                left.kill()
        for child in self.children:
            if child.popen is not None and not child.ends_last:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.popen.wait(2)
        for child in self.children:
            if child.popen is not None and child.ends_last:
                _end_now(child.popen, child.ends_by, within)
        return [one.pid for one in marked(self.mark)]

    def _tell(self, those: Callable[[], list[psutil.Process]], within: float) -> None:
        for one in those():
            with contextlib.suppress(psutil.Error):
                one.send_signal(signal.SIGTERM)
        ends = time.monotonic() + within
        while those() and time.monotonic() < ends:
            for child in self.children:
                if child.popen is not None:
                    child.popen.poll()
            time.sleep(0.1)  # not all of them are children of ours: nothing tells when they are gone


def _end_now(process: subprocess.Popen[bytes], how: signal.Signals, within: float) -> None:
    if process.poll() is None:
        process.send_signal(how)
    try:
        process.wait(within)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(2)


def marked(mark: str) -> list[psutil.Process]:
    """Find the processes that carry a mark, but for this one."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if (
                process.pid != os.getpid()
                and process.environ().get(MARK) == mark
                and process.status() != psutil.STATUS_ZOMBIE
            ):
                found.append(process)
    return found


def end_left_over(home: Path, say: Say, *, within: float = 8.0) -> None:
    """End what an earlier ``steadypost up`` of this home left when it was killed. One lock of the home is held here: no
    other is at work.

    Its server would keep the port, and its worker start runs of its own. The runs on watch hand in their answers first.
    """
    left = _left_over(home)
    if not left:
        return
    say(f"ending {len(left)} processes that an earlier start has left")
    for one in left:
        with contextlib.suppress(psutil.Error):
            one.terminate()
    _, alive = psutil.wait_procs(left, timeout=within)
    for one in [*alive, *_left_over(home)]:
        with contextlib.suppress(psutil.Error):
            one.kill()
    psutil.wait_procs(alive, timeout=2)


def _left_over(home: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            environment = process.environ()
            if environment.get(MARK) and environment.get("STEADYPOST_HOME") == str(home):
                found.append(process)
    return [one for one in found if one.pid != os.getpid()]


def _session(process: psutil.Process) -> int:
    try:
        return os.getsid(process.pid)
    except OSError:
        return -1
