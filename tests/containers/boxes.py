"""Everything in containers, as a person runs it: compose.yaml and tools/containers.sh of a copy of this repository."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.containers.engine import Engine, compose
from tests.containers.images import ROOT

POSTS = "/var/lib/steadypost/posts.jsonl"

PROJECT = "boxes"

WELL_WITHIN = 600.0
"""Seconds. On a busy machine Prefect's server alone takes a minute to come up."""


class Figures:
    """What took how long, and how many of what."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def note(self, what: str) -> None:
        """Keep a line, and say it at once."""
        self._lines.append(what)
        print(f"containers: {what}", file=sys.__stderr__, flush=True)

    @contextlib.contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Note how long something took."""
        begun = time.monotonic()
        yield
        self.note(f"{what}: {time.monotonic() - begun:.0f} s")

    def tell(self) -> None:
        """Say all of it once more."""
        print(*self._lines, sep="\n", file=sys.__stderr__)


class House:
    """One project of compose on an engine."""

    image = "steadypost:latest"

    def __init__(self, engine: Engine, folder: Path, *, database: str) -> None:
        self.engine = engine
        self.folder = folder
        self._compose = [*compose(), "--profile", "ad-hoc"]
        self.port = _free_port()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        listed = _git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
        for name in filter(None, listed):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes((ROOT / name).read_bytes())
                (folder / name).chmod((ROOT / name).stat().st_mode & 0o777)
        engine.run("sh", "tools/containers.sh", cwd=folder)
        given = {
            "COMPOSE_PROJECT_NAME": PROJECT,
            "POSTGRES_IMAGE": database,
            "STEADYPOST_AD_HOC": "docker",
            "DOCKER_SOCKET": str(engine.socket),
            "DOCKER_GROUP": str(engine.socket.stat().st_gid),
            "PREFECT_PORT": str(self.port),
        }
        kept = [
            line for line in (folder / ".env").read_text().splitlines() if line.partition("=")[0] not in given
        ]
        (folder / ".env").write_text("\n".join([*kept, *map("=".join, given.items())]) + "\n")
        self.secrets = dict(line.split("=", 1) for line in kept)

    # -- compose

    def up(self) -> None:
        """Do what the README says, but for the build: the image is there."""
        self.compose("up", "--detach", "--no-build")

    def down(self) -> None:
        """End all of it, its volumes included."""
        with contextlib.suppress(AssertionError):
            self.compose("down", "--volumes", "--timeout", "5")

    def compose(self, *words: str, **more: Any) -> str:
        """Run compose."""
        return self.engine.run(*self._compose, *words, cwd=self.folder, **more)

    def container(self, service: str) -> dict[str, Any]:
        """Look at a service's container."""
        (seen,) = json.loads(self.engine.docker("inspect", self._named(service)))
        return dict(seen)

    def _named(self, service: str) -> str:
        # Asked of the engine: compose takes a second for each question.
        told = self.engine.docker(
            *("ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={PROJECT}"),
            *("--filter", f"label=com.docker.compose.service={service}"),
            *("--filter", "label=com.docker.compose.oneoff=False"),
        )
        (name,) = told.split()
        return name

    def well(self, service: str, within: float = WELL_WITHIN) -> None:
        """Wait until a service's own health check is well."""
        ends = time.monotonic() + within
        state: Any = None
        while time.monotonic() < ends:
            with contextlib.suppress(AssertionError, ValueError):
                state = self.container(service)["State"]
                if state.get("Health", {}).get("Status") == "healthy":
                    return
            time.sleep(1)  # another machine's processes, as it were: nothing tells
        logs = self.compose("logs", "--tail", "40")
        raise AssertionError(f"{service} was not well within {within:.0f} s: {state}\n{logs[-6000:]}")

    # -- in the worker's container

    def inside(self, *words: str, service: str = "worker", **more: Any) -> str:
        """Run a program in a service's container."""
        return self.engine.docker("exec", self._named(service), *words, **more)

    def steadypost(self, *words: str) -> Any:
        """Run a command of ours; answers its document."""
        return json.loads(self.inside("steadypost", *words, "--json"))

    def processes(self, word: str) -> set[str]:
        """Find the processes of the worker's container whose command has a word: each by its number."""
        told = "import psutil; [print(p.pid, *p.info['cmdline'] or ()) for p in psutil.process_iter(['cmdline'])]"
        lines = self.inside("python", "-c", told).splitlines()
        return {line.split()[0] for line in lines if word in f"{line} " and "psutil" not in line}

    def posts(self) -> list[dict[str, Any]]:
        """Read what the file channel holds: the truth of what went out."""
        try:
            told = self.inside("cat", POSTS)
        except AssertionError:
            return []
        return [json.loads(line) for line in told.splitlines() if line.strip()]

    def times(self) -> Counter[str]:
        """Count how often each text went out."""
        return Counter(post["text"] for post in self.posts())

    def take_in(self, texts: list[str], *, first: float, every: float) -> None:
        """Take in posts, one at each step, the first after so many seconds."""
        rows = [f"me,+{first + n * every:.0f}s,{text},yes" for n, text in enumerate(texts)]
        file = self.folder / "posts.csv"
        file.write_text("\n".join(["accounts,when,text,allow_repeat", *rows]) + "\n")
        name = self.container("worker")["Id"]
        self.engine.docker("cp", str(file), f"{name}:/var/lib/steadypost/posts.csv")
        told = self.inside("steadypost", "import", "/var/lib/steadypost/posts.csv")
        assert re.search(rf"\b{len(texts)}\b", told), told


def wait_for(what: Any, description: str, within: float) -> Any:
    """Wait for what other processes do."""
    ends = time.monotonic() + within
    while not (found := what()):
        if time.monotonic() > ends:
            raise AssertionError(f"waited {within:.0f} s in vain until {description}")
        time.sleep(1)  # see ``House.well``
    return found


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout
