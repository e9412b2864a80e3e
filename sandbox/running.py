"""Runs a sandbox's applications in one process: prints one ready line, ends quickly when told to."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette

from sandbox.wire import Wire

HOST: Final = "127.0.0.1"


class _Server(uvicorn.Server):
    """A server that leaves signals to its process, which runs several."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(port: int) -> socket.socket:
    """Take a port of this machine; 0: any that is free."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    return listener


def url_of(listener: socket.socket, scheme: str = "http") -> str:
    """The address of a port that was taken."""
    return f"{scheme}://{HOST}:{listener.getsockname()[1]}"


def _server_of(app: Starlette) -> _Server:
    config = uvicorn.Config(
        app,
        # Answers can be broken on this wire.
        http=Wire,
        ws="none",
        lifespan="off",
        log_level="error",
        access_log=False,
        # Every answer is dated by the network's clock instead.
        date_header=False,
        timeout_graceful_shutdown=1,
    )
    return _Server(config)


def write_state(path: Path, state: Mapping[str, Any]) -> None:
    """Leave the ready line in a file that only its owner can read, whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(state), encoding="utf-8")
    draft.replace(path)


async def _stdin_closed() -> None:
    """Return when the parent process is gone."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(1024):
        pass


async def run(
    apps: Sequence[tuple[Starlette, socket.socket]],
    state: Mapping[str, Any],
    *,
    state_file: Path | None = None,
    tied: bool = False,
) -> None:
    """Serve the apps until a signal, or until stdin closes if tied to the parent; ``state`` is the ready line."""
    servers = [_server_of(app) for app, _ in apps]
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    running = [
        asyncio.create_task(server.serve(sockets=[listener]))
        for server, (_, listener) in zip(servers, apps, strict=True)
    ]
    while not all(server.started for server in servers):  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.005)
    if state_file is not None:
        write_state(state_file, state)
    sys.stdout.write(json.dumps(state) + "\n")
    sys.stdout.flush()
    endings = [asyncio.create_task(stop.wait()), *running]
    if tied:
        endings.append(asyncio.create_task(_stdin_closed()))
    await asyncio.wait(endings, return_when=asyncio.FIRST_COMPLETED)
    for server in servers:
        # Answers that hang on purpose would be waited for.
        server.should_exit = server.force_exit = True
    await asyncio.wait(running, timeout=2)
