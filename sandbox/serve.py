"""Both ports of the local X: the page, over HTTP/1.1 or HTTP/2, and the control port."""

from __future__ import annotations

import asyncio
import secrets
import socket
from pathlib import Path
from typing import Final

from starlette.applications import Starlette

from sandbox.control import make_control
from sandbox.h2wire import connections_of, make_context
from sandbox.running import HOST, listen, run, url_of
from sandbox.site import make_site
from sandbox.world import Settings, World

CONNECTIONS: Final = {
    "fresh": "one request each, so that a browser has nothing to repeat an ask on",
    "kept": "HTTP/1.1 with connections that are used again, on which a browser repeats what was lost",
    "http2": "HTTP/2 with TLS by a certificate that nobody vouches for, where it repeats too",
}
"""How the page port treats connections."""


async def _serve_http2(app: Starlette, listener: socket.socket) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    return await loop.create_server(connections_of(app), sock=listener, ssl=make_context(HOST))


async def serve(
    settings: Settings,
    *,
    port: int = 0,
    control_port: int = 0,
    state_file: Path | None = None,
    tied: bool = False,
) -> None:
    """Run a sandbox until it is told to end."""
    world, token = World(settings), secrets.token_urlsafe(24)
    page, control = listen(port), listen(control_port)
    site, apps = make_site(world), [(make_control(world, token), control)]
    secure = None
    if settings.connections == "http2":
        secure = await _serve_http2(site, page)
    else:
        apps.append((site, page))
    state = {
        "url": url_of(page, "http" if secure is None else "https"),
        "control_url": url_of(control),
        "control_token": token,
        "accounts": world.introduce(),
    }
    await run(apps, state, state_file=state_file, tied=tied)
    if secure is not None:
        secure.close()
