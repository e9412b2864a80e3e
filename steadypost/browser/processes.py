"""Finding every process of a runner, killing it, and seeing it dead.

Chromium has a session of its own: it is found by mark, process group and descent, and killed until none is left.
"""

import contextlib
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import psutil

from steadypost import private
from steadypost.browser.errors import StillAlive
from steadypost.browser.host import Host

MARK = "STEADYPOST_RUNNER"
"""The variable that every process of a runner inherits; its value is the runner's own id."""

KILL_WITHIN = 5.0
"""Seconds in which killed processes must be seen dead; usually 0.05, else `StillAlive`."""

LOOK_EVERY = 0.01


@dataclass(frozen=True, slots=True)
class ProcessId:
    """One process, told from a later one of the same number by its birth."""

    pid: int
    born: float

    @classmethod
    def of(cls, pid: int) -> "ProcessId | None":
        """Return the process that has this number now."""
        born = birth(pid)
        return None if born is None else cls(pid, born)

    def is_alive(self) -> bool:
        """Say whether it could still do something. A zombie can not."""
        return birth(self.pid) == self.born and _is_living(self.pid)

    def is_stopped(self) -> bool:
        """Say whether it has been suspended."""
        try:
            return bool(psutil.Process(self.pid).status() == psutil.STATUS_STOPPED)
        except psutil.Error:
            return False


def birth(pid: int) -> float | None:
    """Return when a process began, since boot (psutil's time moves with the clock); None when there is none."""
    if sys.platform != "linux":
        with contextlib.suppress(psutil.Error):
            return round(psutil.Process(pid).create_time(), 2)
        return None
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    ticks = int(stat.rpartition(")")[2].split()[19])
    return round(ticks / os.sysconf("SC_CLK_TCK"), 2)


def _is_living(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.Error:
        return False


@dataclass(frozen=True, slots=True)
class BrowserIdentity:
    """The browser of one attempt, as a text to record: ``host:pid:birth:group``."""

    host: Host
    chromium: ProcessId
    group: int

    @classmethod
    def parse(cls, text: str) -> "BrowserIdentity":
        """Read what `str` wrote."""
        host, pid, born, group = text.rsplit(":", 3)
        return cls(Host.parse(host), ProcessId(int(pid), float(born)), int(group))

    def __str__(self) -> str:
        return f"{self.host}:{self.chromium.pid}:{self.chromium.born}:{self.group}"


def is_dead(identity: "BrowserIdentity | str") -> bool | None:
    """Say whether this browser can no longer act; None when not visible from here (another machine or container)."""
    known = BrowserIdentity.parse(identity) if isinstance(identity, str) else identity
    here = Host.here()
    if known.host.is_over():
        return True
    if known.host.name != here.name:
        return None
    if known.host.boot != here.boot:
        return True
    if known.host.namespace != here.namespace:
        return None
    return not known.chromium.is_alive() and not _members(_Group(known.group, known.chromium))


def end_browser(identity: "BrowserIdentity | str", *, within: float = 5.0) -> bool | None:
    """Kill a browser of a silent worker wherever on this machine it is; answer like `is_dead`."""
    known = BrowserIdentity.parse(identity) if isinstance(identity, str) else identity
    until = time.monotonic() + within
    while (dead := is_dead(known)) is False and time.monotonic() < until:
        _kill_group(_Group(known.group, known.chromium))
        time.sleep(LOOK_EVERY)
    return dead


@dataclass(frozen=True, slots=True)
class _Group:
    """A process group, told from a later one of the same number by its leader's birth."""

    number: int
    leader: ProcessId

    def is_over(self) -> bool:
        """Say whether the number has been reused, which happens only after the last member died."""
        now = birth(self.number)
        return self.number == self.leader.pid and now is not None and now != self.leader.born


def _members(group: _Group) -> list[psutil.Process]:
    if group.is_over():
        return []
    return [p for p in _living() if _group_of(p.pid) == group.number]


def _living() -> Iterator[psutil.Process]:
    """Look at every process but this one. Not by `psutil.process_iter`, whose memory all threads share."""
    me = os.getpid()
    for pid in psutil.pids():
        if pid != me and _is_living(pid):
            with contextlib.suppress(psutil.Error):
                yield psutil.Process(pid)


def _group_of(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except OSError:
        return None


@dataclass(frozen=True, slots=True)
class ProcessTree:
    """All that belongs to one runner, and how to find it again after its parent died."""

    runner_id: str
    host: str
    parent: ProcessId
    folder: str
    runner: ProcessId | None = None
    chromium: ProcessId | None = None
    chromium_group: int | None = None

    def with_runner(self, runner: ProcessId) -> "ProcessTree":
        """Add the runner's own process, which leads its session."""
        return replace(self, runner=runner)

    def with_chromium(self, chromium: ProcessId, group: int) -> "ProcessTree":
        """Add the browser."""
        return replace(self, chromium=chromium, chromium_group=group)

    def identity(self) -> BrowserIdentity | None:
        """Return the browser's identity, once there is one."""
        if self.chromium is None or self.chromium_group is None:
            return None
        return BrowserIdentity(Host.parse(self.host), self.chromium, self.chromium_group)

    def groups(self) -> list[_Group]:
        """Return the process groups known to be the runner's."""
        runner = [_Group(self.runner.pid, self.runner)] if self.runner else []
        if self.chromium is None or self.chromium_group is None:
            return runner
        return [*runner, _Group(self.chromium_group, self.chromium)]

    def living(self) -> list[psutil.Process]:
        """Look for every process of the runner that could still act."""
        groups = {group.number for group in self.groups() if not group.is_over()} - {os.getpgrp()}
        found = {p.pid: p for p in _living() if _group_of(p.pid) in groups or self._marks(p)}
        for process in list(found.values()):
            found.update((child.pid, child) for child in _descendants(process))
        found.pop(os.getpid(), None)
        return list(found.values())

    def _marks(self, process: psutil.Process) -> bool:
        """Say whether a process is the runner's: by mark, or (children overwrite it) by group, parent or folder."""
        try:
            if process.environ().get(MARK) == self.runner_id:
                return True
            return any(self.folder in argument for argument in process.cmdline())
        except (psutil.Error, OSError):
            return False


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [child for child in process.children(recursive=True) if _is_living(child.pid)]
    except psutil.Error:
        return []


def kill_and_see_dead(process_tree: ProcessTree, *, within: float = KILL_WITHIN) -> None:
    """Kill everything of a runner and return when nothing is left, else raise `StillAlive`. Known groups go first,
    blindly.
    """
    until = time.monotonic() + within
    for group in process_tree.groups():
        _kill_group(group)
    while found := process_tree.living():
        for process in found:
            with contextlib.suppress(psutil.Error):
                process.kill()
        if time.monotonic() > until:
            raise StillAlive([process.pid for process in found])
        time.sleep(LOOK_EVERY)
        _reap(found, spare=process_tree.runner)


def _kill_group(group: _Group) -> None:
    if group.is_over() or group.number in (0, 1, os.getpgrp()):
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group.number, signal.SIGKILL)


def _reap(processes: Iterable[psutil.Process], *, spare: ProcessId | None) -> None:
    """Collect orphans where we are a container's first process; the runner itself is left to its `Popen`."""
    for process in processes:
        if spare is None or process.pid != spare.pid:
            with contextlib.suppress(ChildProcessError, PermissionError):
                os.waitpid(process.pid, os.WNOHANG)


def memory_mb(process_tree: ProcessTree) -> float:
    """Return what the runner, its driver and its browser hold together, shared memory counted once where told.

    Only what descends from the runner: to look for strays takes a look at every process of the machine.
    """
    runner = process_tree.runner
    if runner is None or not runner.is_alive():
        return 0.0
    with contextlib.suppress(psutil.Error):
        root = psutil.Process(runner.pid)
        return sum(_memory_of(process) for process in [root, *_descendants(root)]) / 2**20
    return 0.0


def _memory_of(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
        return int(getattr(full, "pss", 0) or full.rss)
    except psutil.AccessDenied:
        with contextlib.suppress(psutil.Error):
            return int(process.memory_info().rss)
    except psutil.Error:
        pass
    return 0


class Registry:
    """One small file per living runner, so that the next process can find what a killed one left."""

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir

    def write(self, process_tree: ProcessTree) -> None:
        """Write the runner's file, whole or not at all, for this user's eyes only."""
        private.folder(self.run_dir)
        path = self._path(process_tree.runner_id)
        draft = path.with_suffix(".draft")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(process_tree), file)
        draft.replace(path)

    def forget(self, process_tree: ProcessTree) -> None:
        """Remove what a runner left on disk. Only for a runner seen dead."""
        shutil.rmtree(process_tree.folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # the next `reap_orphans` finds a file without processes
            self._path(process_tree.runner_id).unlink(missing_ok=True)

    def all(self) -> list[ProcessTree]:
        """Read every file that can be read; one that can not is left for a person."""
        return [h for path in sorted(self.run_dir.glob("runner-*.json")) if (h := _read_process_tree(path))]

    def _path(self, runner_id: str) -> Path:
        return self.run_dir / f"runner-{runner_id}.json"


def _read_process_tree(path: Path) -> ProcessTree | None:
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        for name in ("parent", "runner", "chromium"):
            known[name] = known[name] and ProcessId(**known[name])
        return ProcessTree(**known)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def reap_orphans(run_dir: Path) -> list[str]:
    """Kill, and see dead, every runner here whose parent is gone; return their ids. Call before lending.

    Raises `StillAlive`, after having tried all, when something could not be killed.
    """
    registry = Registry(run_dir)
    reaped: list[str] = []
    stubborn: list[int] = []
    for process_tree in registry.all():
        if not _is_orphan(process_tree):
            continue
        try:
            _end_orphan(process_tree)
        except StillAlive as error:
            stubborn.extend(error.pids)
            continue
        registry.forget(process_tree)
        reaped.append(process_tree.runner_id)
    if stubborn:
        raise StillAlive(stubborn)
    return reaped


def orphans(run_dir: Path) -> list[str]:
    """Name the runners whose parent is gone, without touching them."""
    return [process_tree.runner_id for process_tree in Registry(run_dir).all() if _is_orphan(process_tree)]


def _end_orphan(process_tree: ProcessTree) -> None:
    """Kill what is left. Of an earlier start of the machine nothing is, and its numbers now mean others."""
    if Host.parse(process_tree.host).boot == Host.here().boot:
        kill_and_see_dead(process_tree)


def _is_orphan(process_tree: ProcessTree) -> bool:
    there, here = Host.parse(process_tree.host), Host.here()
    if there.name != here.name:
        return False
    if there.boot != here.boot:
        return True
    return there.namespace == here.namespace and not process_tree.parent.is_alive()
