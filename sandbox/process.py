"""A sandbox as a process that ends with the one that started it, and requests to its control port."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Final, Self

ROOT: Final = Path(__file__).resolve().parent.parent

START_WITHIN: Final = timedelta(seconds=30)
"""A sandbox is ready in about a second; a loaded machine gets thirty."""

STOP_WITHIN: Final = timedelta(seconds=5)
"""How long an end may take before it is forced."""

# Settings for a proxy must not lead our own machine's traffic astray.
_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class SandboxError(RuntimeError):
    """The sandbox did not start, or refused what was asked of its control port."""


def request(method: str, url: str, token: str, body: Any = None) -> Any:
    """One request to a control port; raises ``SandboxError`` when it is refused."""
    asked = urllib.request.Request(  # noqa: S310 - always our own http address
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
    )
    try:
        with _OPENER.open(asked, timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            raise SandboxError(f"{method} {url}: {error.read().decode(errors='replace')}") from error


class Started:
    """A sandbox's process, for a ``with`` block. It cannot outlive its parent."""

    module: ClassVar[str]
    """The program that is started."""

    def __init__(self, **options: Any) -> None:
        """Take any option of the program: ``accounts=("alice",)``, ``lag_ms=500``; left out, its default holds."""
        self._arguments = [*_arguments(options)]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        return self._process.pid if self._process else None

    def start(self) -> Self:
        """Start it and wait until it says that it is ready."""
        with tempfile.TemporaryFile() as complaints:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self.module, "--exit-with-parent", *self._arguments],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                # A signal meant for the tests (Ctrl-C) is ours to pass on.
                start_new_session=True,
            )
            try:
                ready = json.loads(_ready_line(self._process))
            except BaseException as error:  # also Ctrl-C leaves no process behind
                self.stop()
                complaints.seek(0)
                said = complaints.read().decode(errors="replace").strip()
                if isinstance(error, (ValueError, SandboxError)):
                    raise SandboxError(f"the sandbox did not start: {error}\n{said}") from error
                raise
        self._take_in(ready)
        return self

    def _take_in(self, ready: Mapping[str, Any]) -> None:
        """Keep what the ready line says."""
        raise NotImplementedError  # each sandbox says another line

    def stop(self) -> None:
        """End it, by force if need be. Stopping what has stopped does nothing."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_WITHIN.total_seconds())
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


_OPTIONS: Final = {"accounts": "--account", "clock_offset_s": "--clock-offset"}


def _arguments(options: Mapping[str, Any]) -> Iterator[str]:
    for name, value in options.items():
        told = [f"{axis}={choice}" for axis, choice in value.items()] if isinstance(value, Mapping) else None
        several = [",".join(told)] if told else value if isinstance(value, list | tuple) else [value]
        option = _OPTIONS.get(name) or f"--{name.replace('_', '-')}"
        yield from (f"{option}={one}" for one in several if one is not None)


def _ready_line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None  # noqa: S101 - it was asked for
    deadline = time.monotonic() + START_WITHIN.total_seconds()
    line = b""
    while not line.endswith(b"\n"):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
            raise SandboxError(f"not ready within {START_WITHIN}")
        piece = os.read(process.stdout.fileno(), 65_536)
        if not piece:
            raise SandboxError("it ended before it was ready")
        line += piece
    return line
