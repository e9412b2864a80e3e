"""Run both ports in one process, say when they are ready, and end quickly when told to."""

from __future__ import annotations

import asyncio
import json
import secrets
import signal
import socket
import sys
from pathlib import Path

from sandbox.mastodon.control import make_control
from sandbox.mastodon.site import make_site
from sandbox.mastodon.world import Settings, World
from sandbox.serve import HOST, listen, server_of, write_state


def _url(listener: socket.socket) -> str:
    return f"http://{HOST}:{listener.getsockname()[1]}"


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
    """Run a server until a signal, or until stdin closes if it is tied to its parent."""
    world, token = World(settings), secrets.token_urlsafe(24)
    listeners = [listen(port), listen(control_port)]
    world.address = _url(listeners[0])
    servers = [server_of(make_site(world)), server_of(make_control(world, token))]
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    running = [
        asyncio.create_task(server.serve(sockets=[listener]))
        for server, listener in zip(servers, listeners, strict=True)
    ]
    while not all(server.started for server in servers):  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.005)
    state = {
        "url": world.address,
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
    for server in servers:
        # Answers that hang on purpose would be waited for.
        server.should_exit = server.force_exit = True
    await asyncio.wait(running, timeout=2)
