"""Starts sandboxes, Prefect's server and a worker as real processes in one folder, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Protocol

import psutil

from sandbox.client import SandboxProcess
from steadypost import prefect_address, private
from steadypost.browser import reap_orphans
from steadypost.cli.up.server import TOGETHER, free_port
from steadypost.domain.watched import JUDGED
from steadypost.store import Store, watches
from steadypost.store import accounts as account_rows

ROOT = Path(__file__).resolve().parent.parent
GIVEN = frozenset({"STEADYPOST_CHROMIUM", "STEADYPOST_ZONE"})
"""What of the caller's own settings holds in a stack: which browser there is, and by whose clocks times are told."""

MARK = "STEADYPOST_REHEARSAL"
"""Every process of a stack carries this in its environment, so that none is missed at the end."""

Say = Callable[[str], None]


class Sandbox(Protocol):
    """What a sandbox of any network can do."""

    def start(self) -> Any:
        """Start it and wait until it is ready."""

    def stop(self) -> None:
        """End it, by force if need be."""


class NotUp(Exception):
    """A part of the stack did not come up; the message says which, and where its log is."""


@dataclass(kw_only=True)
class Process:
    """One process of the stack, in a session of its own, logging to a file, started again when it dies."""

    name: str
    command: list[str]
    env: Mapping[str, str]
    log: Path
    restarted: Callable[[], None] = lambda: None
    popen: subprocess.Popen[bytes] | None = None
    restarts: int = 0
    held: bool = False
    """Whether it is to stay down for now: a rehearsal has killed it, and lets it come back itself."""
    _out: IO[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        if self._out is not None:
            self._out.close()
        self._out = self.log.open("ab")
        self.popen = subprocess.Popen(
            self.command,
            cwd=ROOT,
            env=dict(self.env),
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def alive(self) -> bool:
        """Whether it is running."""
        return self.popen is not None and self.popen.poll() is None

    def stop(self, within: float) -> None:
        """Ask it to end, and end it by force when it does not."""
        if self.popen is not None and self.alive:
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(within)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        if self._out is not None:
            self._out.close()


@dataclass(kw_only=True)
class Stack:
    """Everything, running. Use ``up()``."""

    home: Path
    sandbox: SandboxProcess
    api_url: str
    env: dict[str, str]
    beside: Sequence[Sandbox] = ()
    """The sandboxes of other networks."""
    processes: dict[str, Process] = field(default_factory=dict)
    mark: str = ""
    _ending: threading.Event = field(default_factory=threading.Event)

    @property
    def ui_url(self) -> str:
        """Where Prefect's pages are."""
        return self.api_url.removesuffix("/api")

    def run(self, *arguments: str, within: float = 900) -> subprocess.CompletedProcess[str]:
        """Run a Python module of this project to its end, inside the stack."""
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=within,
            check=False,
        )

    def pids(self) -> list[int]:
        """List every process that belongs to this stack, the sandbox and the browsers included."""
        pids = {process.pid for process in self.processes_of()}
        for process in self.processes_of():
            with contextlib.suppress(psutil.Error):
                # Once for each family: whose parent is ours is found with the parent.
                if process.ppid() not in pids:
                    pids |= {child.pid for child in process.children(recursive=True)}
        return sorted(pids)

    def processes_of(self) -> list[psutil.Process]:
        """Find the processes that carry this stack's mark; browsers do not, and are found below their runners."""
        return _marked(self.mark)

    def watch_over(self) -> None:
        """Start again what dies, until the stack ends: what systemd or Docker does in production."""
        threading.Thread(target=self._watch_over, name="supervisor", daemon=True).start()

    def _watch_over(self) -> None:
        while not self._ending.wait(1.0):
            for process in list(self.processes.values()):
                if not process.alive and not process.held and not self._ending.is_set():
                    process.restarts += 1
                    # Backing off keeps a process that dies at once from eating the machine.
                    if self._ending.wait(min(30.0, 0.5 * 2 ** min(process.restarts - 1, 6))):
                        return
                    process.start()
                    process.restarted()

    def down(self) -> None:
        """End everything: first asked, then by force, then seen dead."""
        self._ending.set()
        worker = self.processes.get("worker")
        if worker is not None:
            worker.stop(within=3)
        # The runs first, while Prefect and the network are there: they end their browsers themselves.
        for other in self._others():
            with contextlib.suppress(psutil.Error):
                other.send_signal(signal.SIGTERM)
        _gone(self._others, within=6)
        for process in self.processes.values():
            process.stop(within=4)
        for sandbox in (self.sandbox, *self.beside):
            sandbox.stop()
        for left in _marked(self.mark):
            with contextlib.suppress(psutil.Error):
                left.kill()
        reap_orphans(self.home / "run")
        _gone(lambda: _marked(self.mark), within=5)

    def _others(self) -> list[psutil.Process]:
        """Find everything of this stack but the server."""
        server = self.processes.get("server")
        group = server.popen.pid if server and server.popen else -1
        return [process for process in _marked(self.mark) if _session(process) != group]


def _session(process: psutil.Process) -> int:
    try:
        return os.getsid(process.pid)
    except OSError:
        return -1


def _marked(mark: str) -> list[psutil.Process]:
    """Find the processes that carry a stack's mark, alive."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def _gone(those: Callable[[], list[psutil.Process]], within: float) -> bool:
    ends = time.monotonic() + within
    while time.monotonic() < ends:
        if not those():
            return True
        time.sleep(0.1)
    return False


@contextlib.contextmanager
def up(
    home: Path,
    *,
    say: Say = lambda _: None,
    sandbox: SandboxProcess | None = None,
    beside: Sequence[Sandbox] = (),
    port: int | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Stack]:
    """Start everything below ``home``, and end all of it on the way out, however that is taken."""
    logs = home / "logs"
    private.home(home)
    for folder in (logs, home / "run"):
        private.folder(folder)
    mark = secrets.token_hex(8)
    env = _environment(home, mark, port or free_port(0), settings or {})
    sandbox = sandbox or SandboxProcess()
    stack = Stack(
        home=home, sandbox=sandbox, beside=beside, api_url=env["PREFECT_API_URL"], env=env, mark=mark
    )
    try:
        say("Prefect server")
        # It takes longest, and waits for nothing: the networks start meanwhile.
        stack.processes["server"] = _started(_server(env, logs))
        say("sandbox: a local X" + f", and {len(beside)} more networks" * bool(beside))
        for network in (sandbox, *beside):
            network.start()
        _wait_for(env["PREFECT_API_URL"] + "/health", stack.processes["server"])
        # So that every command finds the server by the home alone, the emergency stop above all.
        prefect_address.keep(home, env)
        yield stack
    finally:
        stack.down()


def start_worker(
    stack: Stack, say: Say = lambda _: None, *, meanwhile: Callable[[], None] = lambda: None
) -> None:
    """Apply the deployments (``meanwhile`` runs beside them), then start the worker, which starts the runs on watch."""
    say("deployments: applying prefect.yaml")
    with ThreadPoolExecutor(1) as beside:
        applied = beside.submit(stack.run, "deployments")
        meanwhile()
        must(applied.result(), "the deployments")
    say("worker: the runs on watch start")
    stack.processes["worker"] = _started(_worker(stack))
    stack.watch_over()


def start_metrics(stack: Stack, port: int) -> str:
    """Serve metrics and health; answers where. Like the rest, it is started again should it die."""
    stack.processes["metrics"] = _started(
        Process(
            name="metrics",
            command=[sys.executable, "-m", "steadypost.cli", "metrics", "--port", str(port)],
            env=stack.env,
            log=stack.home / "logs" / "metrics.log",
        )
    )
    _wait_for(f"http://127.0.0.1:{port}/live", stack.processes["metrics"])
    return f"http://127.0.0.1:{port}"


ON_WATCH_WITHIN = 240.0
"""Seconds until a run publishes: a loaded machine needs several times the usual half a minute."""


def until_on_watch(
    stack: Stack, within: float = ON_WATCH_WITHIN, *, stop: Callable[[], bool] = lambda: False
) -> Store:
    """Wait until runs publish and look, and the accounts are known; answers their store."""
    store = Store.open(stack.env.get("STEADYPOST_STORE_URL", f"sqlite:///{stack.home}/steadypost.db"))
    ends = time.monotonic() + within
    while not (
        {*JUDGED} <= {watch.flow for watch in store.read(watches.every)} and store.read(account_rows.every)
    ):
        if stop():
            break
        if time.monotonic() > ends:
            raise NotUp(f"nobody came on watch within {within:.0f} s; see {stack.home}/logs/worker.log")
        time.sleep(0.25)
    return store


def must(done: subprocess.CompletedProcess[str], what: str) -> None:
    """Raise ``NotUp`` unless a program ended well."""
    if done.returncode != 0:
        raise NotUp(f"{what} could not be applied:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")


def _environment(home: Path, mark: str, port: int, settings: Mapping[str, str]) -> dict[str, str]:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "STEADYPOST_"))
    }
    return {
        **inherited,
        **{name: value for name, value in os.environ.items() if name in GIVEN},
        MARK: mark,
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        # A slot comes back after a server that was killed only with leases that live in files.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
        **TOGETHER,
        "PREFECT_WORKER_QUERY_SECONDS": "2",
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        "STEADYPOST_HOME": str(home),
        "PYTHONUNBUFFERED": "1",
        **settings,
    }


def _server(env: Mapping[str, str], logs: Path) -> Process:
    port = env["PREFECT_SERVER_API_PORT"]
    return Process(
        name="server",
        command=[sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", port],
        env=env,
        log=logs / "server.log",
    )


def another_worker(stack: Stack) -> Process:
    """Start a second worker beside the first; the caller ends it."""
    return _started(_worker(stack, "another"))


def _worker(stack: Stack, name: str = "worker") -> Process:
    return Process(
        name=name,
        command=[
            *(sys.executable, "-m", "prefect", "worker", "start"),
            *("--pool", "steadypost", "--type", "process", "--name", f"steadypost-{name}"),
        ],
        env=stack.env,
        log=stack.home / "logs" / f"{name}.log",
        # The runs on watch may have died with it, and are started again.
        restarted=lambda: _see_to_the_watch(stack),
    )


def _see_to_the_watch(stack: Stack) -> None:
    stack.run("deployments", "--on-watch")


def _started(process: Process) -> Process:
    process.start()
    return process


def _wait_for(url: str, process: Process, within: float = 300) -> None:
    ends = time.monotonic() + within
    while time.monotonic() < ends:
        if not process.alive:
            break
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own http address
            return
        time.sleep(0.2)
    raise NotUp(f"{process.name} did not answer within {within:.0f} s; its log is {process.log}")
