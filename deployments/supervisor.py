"""``python -m deployments.supervisor``: a container's one command; keeps a worker running and stops cleanly.

To stop, it ends the worker, gives leases up and waits. It locks its home; earlier holders are gone (``Host.is_over``).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from steadypost import private, settings
from steadypost.browser.host import CONTAINERS, Host, note_container
from steadypost.store import watches

LOCK = "container.lock"

AGAIN_AFTER = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds to wait before a worker that ended is started again: longer each time, until one has stayed a while."""

ASKED_AGAIN_AFTER = 5.0
"""Seconds to wait before Prefect is asked once more who is on watch."""

STAYED = 60.0
"""A worker that ran for so many seconds was well."""

COMES_HOME_WITHIN = 150.0
"""Seconds for what is under way: an attempt's deadline. The container's stop timeout must be longer."""

ENDS_AFTER = 1.0
"""Seconds from the end of a supervisor, which lets the lock go, to the end of everything else of its container."""


def worker() -> list[str]:
    """Give the command of the worker."""
    from tasks import runs  # noqa: PLC0415 - imports Prefect: not while it only waits

    return runs.worker(name=socket.gethostname())


class Supervisor:
    """One worker, kept running until it is told to stop."""

    def __init__(
        self, command: Callable[[], list[str]], *, leave: Callable[[], None], started: list[str]
    ) -> None:
        self._command = command
        self._leave = leave
        self._started = started
        self._stop = threading.Event()
        self.failures = 0
        self.running: subprocess.Popen[bytes] | None = None

    def stop(self, _: int = 0, __: FrameType | None = None) -> None:
        """Have it leave: also as a handler of signals."""
        self._stop.set()

    def keep(self) -> None:
        """Keep a worker running until told to stop, then leave."""
        while not self._stop.is_set():
            begun = time.monotonic()
            self.running = running = subprocess.Popen(self._command())
            self._see_to_the_watch(running)
            self._wait_for(running)
            if self._stop.is_set():
                # Killed and not asked: a worker that is asked ends the runs it started.
                running.kill()
                running.wait()
                break
            self.failures = 0 if time.monotonic() - begun > STAYED else self.failures + 1
            pause = AGAIN_AFTER[min(self.failures, len(AGAIN_AFTER) - 1)]
            say(f"the worker ended with {running.returncode}; another is started in {pause:g} s")
            self._stop.wait(pause)
        self._leave()

    def _see_to_the_watch(self, running: subprocess.Popen[bytes]) -> None:
        """The runs on watch may have died with their worker: start what is missing once Prefect answers."""
        while running.poll() is None and not self._stop.is_set():
            if subprocess.run(self._started, check=False).returncode == 0:
                return
            self._stop.wait(ASKED_AGAIN_AFTER)

    def _wait_for(self, running: subprocess.Popen[bytes]) -> None:
        while running.poll() is None and not self._stop.wait(0.5):
            pass


def leave() -> None:
    """Give up the leases of the runs on this machine, and wait until they have finished."""
    from steadypost.store import StoreError  # noqa: PLC0415 - see ``worker``
    from tasks import runs  # noqa: PLC0415

    try:
        given = give_up(set(runs.processes()))
        say(f"leaving: gives up the leases of {', '.join(given) or 'no flow'}")
    except StoreError as away:
        say(f"leaving without giving up any lease: {settings.without_password(str(away))}")
        return
    ends = time.monotonic() + COMES_HOME_WITHIN
    while (left := runs.processes()) and time.monotonic() < ends:
        time.sleep(0.2)  # processes of other processes: nothing tells when they are gone
    say(f"{len(left)} runs are still here, and end now" if left else "every run has come home")


def give_up(here: set[str]) -> list[str]:
    """Take the leases that runs of this container hold, so that these take up nothing more; answer which."""
    from flows.house import named_store  # noqa: PLC0415 - see ``worker``
    from steadypost.domain.clock import now  # noqa: PLC0415

    with named_store() as store:
        mine = [lease.flow for lease in store.read(watches.every) if lease.run_id in here]
        for flow in mine:
            store.write(watches.take, flow, run_id=f"left-{socket.gethostname()}", now=now())
    return mine


@contextlib.contextmanager
def held(run_dir: Path) -> Iterator[None]:
    """Hold this home alone, and note that its earlier holder is gone."""
    with os.fdopen(
        os.open(run_dir / LOCK, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, private.FILE), "w"
    ) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another container has this home; this one waits until it is gone")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if (run_dir / CONTAINERS).exists():
            time.sleep(ENDS_AFTER)  # what a supervisor leaves is ended by the kernel, which reports nothing
        note_container(run_dir, Host.here())
        yield


def say(what: str) -> None:
    """Say it where the container's log is."""
    sys.stderr.write(f"supervisor: {what}\n")
    sys.stderr.flush()


def main() -> int:
    """Keep the worker of this container."""
    private.by_default()
    try:
        known = settings.read()
    except settings.SettingsRefused as refused:
        sys.stderr.writelines(f"{one}\n" for one in refused.wrong)
        return 1
    private.home(known.home)
    kept = Supervisor(worker, leave=leave, started=[sys.executable, "-m", "deployments", "--on-watch"])
    signal.signal(signal.SIGTERM, kept.stop)
    signal.signal(signal.SIGINT, kept.stop)
    with held(private.folder(known.run_dir)):
        kept.keep()
    return 0


if __name__ == "__main__":
    sys.exit(main())
