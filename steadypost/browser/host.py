"""Where a process number means something: a machine, a start of it, a container; and which containers are over."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

import psutil

from steadypost import settings

CONTAINERS = "containers"
"""The file that names, in order, the containers that had this machine's home."""

CONTAINERS_KEPT = 200
"""Updates and restarts of many months: an unconfirmed attempt for longer waits for a person anyway."""


@dataclass(frozen=True, slots=True)
class Host:
    """Where a process number means something: one machine, one start of it, one namespace of processes."""

    name: str
    boot: str
    namespace: str

    @classmethod
    def here(cls) -> Host:
        """Return the place this process runs in."""
        machine = _read("/etc/machine-id")[:8]
        boot = _read("/proc/sys/kernel/random/boot_id")[:8] or str(int(psutil.boot_time()))
        try:
            namespace = os.readlink("/proc/self/ns/pid")  # noqa: PTH115 - a name and no path
            namespace = namespace.strip("pid:[]")
        except OSError:
            namespace = ""
        name = socket.gethostname().replace(":", "-").replace("/", "-")
        return cls(f"{name}.{machine}", boot, namespace)

    @classmethod
    def parse(cls, text: str) -> Host:
        """Read what `str` wrote."""
        name, boot, namespace = text.split("/")
        return cls(name, boot, namespace)

    def __str__(self) -> str:
        return f"{self.name}/{self.boot}/{self.namespace}"

    def is_over(self) -> bool:
        """Whether this was an earlier container with this home: one at a time notes itself, so earlier ones are gone."""
        noted = _read(str(settings.read().run_dir / CONTAINERS)).splitlines()
        known, here = str(self), str(Host.here())
        return known != here and here in noted and known in noted[: noted.index(here)]


def note_container(run_dir: Path, host: Host) -> None:
    """Note which container has a home now. The caller has seen to it that no other one has."""
    path = run_dir / CONTAINERS
    before = [one for one in _read(str(path)).splitlines() if one != str(host)]
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(
        "".join(f"{one}\n" for one in [*before, str(host)][-CONTAINERS_KEPT:]), encoding="utf-8"
    )
    beside.replace(path)


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return ""
