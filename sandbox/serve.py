"""Run both ports in one process, say when they are ready, and end quickly when told to."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette

from sandbox.control import make_control
from sandbox.h2wire import connections_of, make_context
from sandbox.site import make_site
from sandbox.wire import Wire
from sandbox.world import Settings, World

HOST: Final = "127.0.0.1"

CONNECTIONS: Final = {
    "fresh": "one request each, so that a browser has nothing to repeat an ask on",
    "kept": "HTTP/1.1 with connections that are used again, on which a browser repeats what was lost",
    "http2": "HTTP/2 with TLS by a certificate that nobody vouches for, where it repeats too",
}
"""How the page port treats connections."""


class _Server(uvicorn.Server):
    """A server that leaves signals to whoever runs it: here are two of them in one process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(port: int) -> socket.socket:
    """Take a port of this machine; 0: any that is free."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    return listener


def server_of(app: Starlette) -> _Server:
    """Make a server of an app, over the wire on which answers can be broken."""
    config = uvicorn.Config(
        app,
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


def _url(listener: socket.socket, scheme: str = "http") -> str:
    return f"{scheme}://{HOST}:{listener.getsockname()[1]}"


async def _serve_http2(app: Starlette, listener: socket.socket) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    return await loop.create_server(connections_of(app), sock=listener, ssl=make_context(HOST))


def write_state(path: Path, state: dict[str, Any]) -> None:
    """Leave the ready line in a file that only its owner can read, whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(state), encoding="utf-8")
    draft.replace(path)


async def _stdin_closed() -> None:
    """Return when whoever started this process is gone."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(1024):
        pass


async def serve(
    settings: Settings,
    *,
    port: int = 0,
    control_port: int = 0,
    state_file: Path | None = None,
    tied: bool = False,
) -> None:
    """Run a sandbox until a signal, or until stdin closes if it is tied to its parent."""
    world = World(settings)
    token = secrets.token_urlsafe(24)
    listeners = [listen(port), listen(control_port)]
    site, control = make_site(world), make_control(world, token)
    http2 = settings.connections == "http2"
    apps = [(control, listeners[1])] if http2 else [(site, listeners[0]), (control, listeners[1])]
    servers = [server_of(app) for app, _ in apps]
    secure = await _serve_http2(site, listeners[0]) if http2 else None
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    running = [
        asyncio.create_task(server.serve(sockets=[listener]))
        for server, (_, listener) in zip(servers, apps, strict=True)
    ]
    while not all(server.started for server in servers):  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.005)
    state = {
        "url": _url(listeners[0], "https" if http2 else "http"),
        "control_url": _url(listeners[1]),
        "control_token": token,
        "accounts": world.introduce(),
    }
    if state_file is not None:
        write_state(state_file, state)
    sys.stdout.write(json.dumps(state) + "\n")
    sys.stdout.flush()
    endings = [asyncio.create_task(stop.wait()), *running]
    if tied:
        endings.append(asyncio.create_task(_stdin_closed()))
    await asyncio.wait(endings, return_when=asyncio.FIRST_COMPLETED)
    if secure is not None:
        secure.close()
    for server in servers:
        # Answers that hang on purpose would be waited for.
        server.should_exit = server.force_exit = True
    await asyncio.wait(running, timeout=2)
