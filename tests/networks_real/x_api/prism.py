"""Prism: an independent server, which holds each request to X's OpenAPI and says what is wrong with it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.x_api.contract import FILE

HERE = Path(__file__).resolve().parents[3] / "var" / "networks" / "prism"
"""Where `tools/networks.sh` has npm put it."""


class NoPrism(RuntimeError):
    """Prism did not start."""


def program() -> Path:
    """Where Prism is, once ``make test-networks`` has installed it."""
    return HERE / "node_modules" / ".bin" / "prism"


def why_not() -> str | None:
    """Say why Prism cannot be started here; ``None`` when it can."""
    if shutil.which("node") is None:
        return "Node is not installed: Prism needs version 20 of it"
    return None if program().exists() else "Prism is not installed: make test-networks installs it"


@contextmanager
def serving() -> Iterator[str]:
    """Run it on this machine; give its address."""
    with socket.create_server(("127.0.0.1", 0)) as line:
        port = line.getsockname()[1]
    log = (HERE / "prism.log").open("w")
    command = [str(program()), "mock", "--host", "127.0.0.1", "--port", str(port), "--seed", "7", str(FILE)]
    process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "NO_UPDATE_NOTIFIER": "1"})
    try:
        _wait(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)
        log.close()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    ends = time.monotonic() + 60
    while time.monotonic() < ends and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)  # nobody says when it listens
        else:
            return
    raise NoPrism(f"Prism did not start: see {HERE / 'prism.log'}")
