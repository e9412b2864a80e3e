"""Answers that are none: hanging up, resetting, and never saying anything.

An ordinary web framework cannot refuse to answer, so the sandbox keeps hold of the connections underneath.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any, ClassVar

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol


class Wire(H11Protocol):
    """An HTTP connection that can be found again by the address of its other end."""

    open: ClassVar[dict[tuple[str, int], asyncio.Transport]] = {}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remember the connection."""
        super().connection_made(transport)
        if self.client is not None:
            Wire.open[self.client] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it again."""
        if self.client is not None:
            Wire.open.pop(self.client, None)
        super().connection_lost(exc)


def transport_of(scope: Scope) -> asyncio.Transport | None:
    """The connection a request came on, while it is open."""
    client = scope.get("client")
    transport = Wire.open.get((client[0], client[1])) if client else None
    return None if transport is None or transport.is_closing() else transport


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class HangUp(Response):
    """Close the connection without a word."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's own
        """Hang up, and wait until the line is really gone."""
        if (transport := transport_of(scope)) is not None:
            transport.close()
        await _gone(receive)


class Reset(Response):
    """Reset the connection, as a dying machine in between does."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's own
        """Have the kernel send RST instead of an orderly end."""
        if (transport := transport_of(scope)) is not None:
            connection = transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        await _gone(receive)


class Silence(Response):
    """Keep the connection open and never answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's own
        """Wait until the other side gives up."""
        await _gone(receive)


class Drip(Response):
    """The same answer, in small pieces over a long time."""

    def __init__(self, content: str, *, over: float, pieces: int = 20, **rest: Any) -> None:
        super().__init__(content, **rest)
        self._over = over
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's own
        """Send a piece, wait, send the next."""
        body = bytes(self.body)
        size = max(1, -(-len(body) // self._pieces))
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for start in range(0, len(body), size):
            await send({"type": "http.response.body", "body": body[start : start + size], "more_body": True})
            await asyncio.sleep(self._over / self._pieces)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
