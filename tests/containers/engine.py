"""An engine of the tests' own: its data, its socket and its containers lie in one folder, and end with it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAMS = {"dockerd": "docker.io", "docker": "docker.io", "mmdebstrap": "mmdebstrap"}
"""What is needed, and the package of Debian's that has it."""

STARTS_WITHIN = 60.0


class NoEngine(Exception):
    """No engine can be had here; says why in a sentence."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A running engine."""

    socket: Path
    folder: Path

    def run(
        self, *command: str, cwd: Path | None = None, env: dict[str, str] | None = None, within: float = 900
    ) -> str:
        """Run a program that speaks to this engine; answers what it wrote, and fails with it."""
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, "DOCKER_HOST": f"unix://{self.socket}", "DOCKER_BUILDKIT": "0", **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=within,
            check=False,
        )
        if done.returncode != 0:
            raise AssertionError(
                f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
            )
        return done.stdout

    def has(self, image: str) -> bool:
        """Whether it has an image."""
        return bool(self.docker("images", "--quiet", image).strip())

    def docker(self, *words: str, **more: Any) -> str:
        """Run ``docker``."""
        return self.run("docker", *words, **more)


def compose() -> list[str]:
    """Give the command of compose, as a plugin or as Debian's program."""
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    if plugin.returncode == 0:
        return ["docker", "compose"]
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    raise NoEngine("compose is not here: install docker-compose")


@contextlib.contextmanager
def engine(folder: Path, *, kept: bool = False) -> Iterator[Engine]:
    """Start an engine, and end it with all that it runs; raises ``NoEngine`` where none can be had. Its images are
    removed with it, unless they are ``kept`` for the next time.
    """
    if os.geteuid() != 0:
        raise NoEngine("only root can start an engine of its own")
    lacking = sorted({package for program, package in PROGRAMS.items() if not shutil.which(program)})
    if lacking:
        raise NoEngine(f"an engine is not here: install {' '.join(lacking)}")
    compose()
    socket = folder / "docker.sock"
    with (folder / "dockerd.log").open("wb") as log:
        daemon = subprocess.Popen(
            [
                "dockerd",
                *("--data-root", str(folder / "data")),
                *("--exec-root", str(folder / "exec")),
                *("--pidfile", str(folder / "dockerd.pid")),
                *("--host", f"unix://{socket}"),
                # No rules of the machine's are touched. Its containers reach each other, and nothing else.
                *("--iptables=false", "--ip6tables=false", "--bridge=none"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    running = Engine(socket, folder)
    try:
        _wait(daemon, running)
        yield running
    finally:
        _end(daemon, running)
        # The engine leaves its network namespace mounted, and a folder with a mount in it cannot be removed.
        left = str(running.folder / "exec" / "netns" / "default")
        subprocess.run(["umount", "--lazy", left], capture_output=True, check=False)
        if not kept:
            shutil.rmtree(running.folder / "data", ignore_errors=True)


def _wait(daemon: subprocess.Popen[bytes], running: Engine) -> None:
    ends = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < ends and daemon.poll() is None:
        with contextlib.suppress(AssertionError):
            running.docker("info")
            return
        time.sleep(0.2)  # another process: nothing tells when it is there
    said = (running.folder / "dockerd.log").read_text(errors="replace").splitlines()
    raise NoEngine(f"no engine starts here: {said[-1] if said else 'it said nothing'}")


def _end(daemon: subprocess.Popen[bytes], running: Engine) -> None:
    if daemon.poll() is None:
        with contextlib.suppress(AssertionError):
            if left := running.docker("ps", "--all", "--quiet").split():
                running.docker("rm", "--force", "--volumes", *left)
        with contextlib.suppress(AssertionError):
            running.docker("network", "prune", "--force")
        daemon.terminate()
        try:
            daemon.wait(60)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()
