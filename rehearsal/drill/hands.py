"""What a drill does to the host: processes of its own stack killed, stopped and woken, and a store that fails."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import psutil

from rehearsal.stack import Stack, another_worker
from steadypost.store import Store, StoreAway, watches
from tasks.runs import deployment_of

SMALL_JUMP_S = 60.0
"""A clock that jumps by less than this hides among delays."""

Act = Callable[[], AbstractContextManager[None]]


class Ground(Protocol):
    """A database that can be made to fail."""

    kind: str
    url: str

    def down(self) -> AbstractContextManager[None]:
        """Make it unreachable."""

    def hangs(self) -> AbstractContextManager[None]:
        """Have it take what is said to it, and not answer."""

    def full(self) -> AbstractContextManager[None]:
        """Have it take no writes."""


class Hands:
    """The hands on one stack."""

    def __init__(self, stack: Stack, store: Store, ground: Ground) -> None:
        self._stack = stack
        self._store = store
        self._ground = ground
        self._one_server = threading.Lock()

    def act(self, name: str) -> AbstractContextManager[None]:
        """Do it, and undo it at the end of the block."""
        acts: dict[str, Act] = {
            "freeze_network": self._freeze_network,
            "kill_browsers": self._kill_browsers,
            "keep_killing_browsers": self._keep_killing_browsers,
            "stop_a_browser": self._stop_a_browser,
            "kill_worker": self._kill_worker,
            "kill_publisher": self._kill_publisher,
            "stop_publisher": self._stop_publisher,
            "old_publisher": self._old_publisher,
            "second_worker": self._second_worker,
            "store_down": self._ground.down,
            "store_hangs": self._ground.hangs,
            "store_full": self._ground.full,
            "prefect_down": self._prefect_down,
            "jump_clock": self._jump_clock,
        }
        return acts[name]()

    # --- X

    @contextmanager
    def _freeze_network(self) -> Iterator[None]:
        """X takes connections and answers none."""
        process = psutil.Process(self._stack.sandbox.pid)
        with stopped([process]):
            yield

    @contextmanager
    def _jump_clock(self) -> Iterator[None]:
        """X's clock is put somewhere else, on the other side of ours, and stays there."""
        offset_s = self._stack.sandbox.clock()["offset_s"]
        self._stack.sandbox.set_clock(
            offset_s=-offset_s / 2 if abs(offset_s) > SMALL_JUMP_S else 2 * SMALL_JUMP_S
        )
        yield

    # --- browsers

    @contextmanager
    def _kill_browsers(self) -> Iterator[None]:
        end(self._browsers())
        yield

    @contextmanager
    def _keep_killing_browsers(self) -> Iterator[None]:
        over = threading.Event()

        def killing() -> None:
            while not over.wait(2.5):
                end(self._browsers())

        thread = threading.Thread(target=killing, name="killing-browsers", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    @contextmanager
    def _stop_a_browser(self) -> Iterator[None]:
        """The browser of one publishing runner hangs with everything that belongs to it."""
        browsers = self._browsers()[:1]
        with stopped([*browsers, *below(browsers)]):
            yield

    def _browsers(self) -> list[psutil.Process]:
        """The publishers' browsers: the processes that started all others of theirs."""
        found = []
        for process in below(self._runs("publish")):
            with contextlib.suppress(psutil.Error):
                if "chrom" in process.name() and not any("--type=" in word for word in process.cmdline()):
                    found.append(process)
        return found

    # --- workers

    @contextmanager
    def _kill_worker(self) -> Iterator[None]:
        """Everything of the worker's ends at once, as when its container is killed."""
        worker = self._process("worker")
        end([*worker, *below(worker), *self._runs("publish"), *self._runs("reconcile")])
        yield

    @contextmanager
    def _kill_publisher(self) -> Iterator[None]:
        end(self._runs("publish"))
        yield

    @contextmanager
    def _stop_publisher(self) -> Iterator[None]:
        """The run on watch hangs for longer than its leases last."""
        with stopped(self._runs("publish")):
            yield

    @contextmanager
    def _old_publisher(self) -> Iterator[None]:
        """The run on watch hangs, another takes its lease, and then the old one wakes."""
        with stopped(self._runs("publish")):
            threading.Thread(target=self._somebody_else, name="relief", daemon=True).start()
            yield

    def _somebody_else(self) -> None:
        """Order missing runs on watch, as on starting a worker: not while a heartbeat is fresh."""
        time.sleep(12)
        self._stack.run("deployments", "--on-watch")

    @contextmanager
    def _second_worker(self) -> Iterator[None]:
        """A second worker comes, is given a run of its own, and is killed with all it has."""
        another = another_worker(self._stack)
        threading.Thread(target=self._relieve, name="relief", daemon=True).start()
        try:
            yield
        finally:
            with contextlib.suppress(psutil.Error):
                process = psutil.Process(another.popen.pid if another.popen else -1)
                end([process, *below([process])])
            another.stop(within=1)

    def _relieve(self) -> None:
        self._stack.run("prefect", "deployment", "run", deployment_of("publish"))

    def _runs(self, flow: str) -> list[psutil.Process]:
        """The processes of a flow's runs that are on watch, or come to be."""
        with contextlib.suppress(StoreAway):
            self._leases = {watch.flow: watch.run_id for watch in self._store.read(watches.every)}
        wanted = self._leases.get(flow)
        found = []
        for process in self._stack.processes_of():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("PREFECT__FLOW_RUN_ID") == wanted:
                    found.append(process)
        return found

    _leases: dict[str, str] = {}  # noqa: RUF012 - replaced, never changed

    def _process(self, name: str) -> list[psutil.Process]:
        popen = self._stack.processes[name].popen
        with contextlib.suppress(psutil.Error):
            return [psutil.Process(popen.pid)] if popen else []
        return []

    # --- Prefect

    @contextmanager
    def _prefect_down(self) -> Iterator[None]:
        """Prefect's server is killed, and comes back at the end."""
        server = self._stack.processes["server"]
        with self._one_server:
            server.held = True
            try:
                alive = self._process("server")
                end([*alive, *below(alive)])
                yield
            finally:
                server.stop(within=1)
                server.start()
                server.held = False


# --- processes


def below(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Everything that these have started, and what that has started."""
    found: dict[int, psutil.Process] = {}
    for process in processes:
        with contextlib.suppress(psutil.Error):
            found.update({child.pid: child for child in process.children(recursive=True)})
    return list(found.values())


def end(processes: Sequence[psutil.Process]) -> None:
    """Kill them: nothing of theirs is tidied up."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()


@contextmanager
def stopped(processes: Sequence[psutil.Process]) -> Iterator[None]:
    """Have them hang, and go on at the end: those that are still there."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.suspend()
    try:
        yield
    finally:
        for process in processes:
            with contextlib.suppress(psutil.Error):
                process.resume()


# --- stores


class SqliteGround:
    """The embedded store: one file."""

    kind = "sqlite"

    def __init__(self, path: Path, stack: Callable[[], Stack]) -> None:
        self.url = f"sqlite:///{path}"
        self._path = path
        self._stack = stack

    def down(self) -> AbstractContextManager[None]:
        """A file cannot be away by itself; nothing is played with this."""
        raise NotImplementedError("a SQLite store has no server that could be down")

    @contextmanager
    def hangs(self) -> Iterator[None]:
        """A person holds the right to write and does not give it back."""
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=30)
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield
        finally:
            connection.close()

    @contextmanager
    def full(self) -> Iterator[None]:
        """No process of the workers' may write another byte into any file: the outbox takes nothing either."""
        limited = [process for process in self._stack().processes_of() if _has_flow(process)]
        limited += below(limited)
        for process in limited:
            with contextlib.suppress(psutil.Error, OSError):
                process.rlimit(psutil.RLIMIT_FSIZE, (0, _hard(process)))
        try:
            yield
        finally:
            # Those that were started meanwhile have inherited it.
            for process in {*limited, *below(limited)}:
                with contextlib.suppress(psutil.Error, OSError):
                    process.rlimit(psutil.RLIMIT_FSIZE, (_hard(process), _hard(process)))


def _has_flow(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return "PREFECT__FLOW_RUN_ID" in process.environ()
    return False


def _hard(process: psutil.Process) -> int:
    _, hard = process.rlimit(psutil.RLIMIT_FSIZE)
    return int(hard)


class PostgresGround:
    """A PostgreSQL server of the drill's own."""

    kind = "postgresql"

    def __init__(self, server: Any) -> None:
        self.url = server.fresh()
        self._server = server

    @contextmanager
    def down(self) -> Iterator[None]:
        """The server is ended at once, and started again at the end."""
        self._server.stop(signal.SIGQUIT)
        try:
            yield
        finally:
            self._server.start()

    @contextmanager
    def hangs(self) -> Iterator[None]:
        """The server and everything it has started hang; connections open and nothing answers."""
        server = [psutil.Process(self._server.pid)]
        with stopped([*server, *below(server)]):
            yield

    @contextmanager
    def full(self) -> Iterator[None]:
        """The server answers, and takes no writes, as it does when its disk is full."""
        self._server.say("ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
        try:
            yield
        finally:
            self._server.say("ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()")
