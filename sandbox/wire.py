"""Answers that are none: hanging up, resetting, never answering. It keeps hold of the connections underneath."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any, ClassVar, Protocol

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


def connection_of(scope: Scope) -> str | None:
    """The name of the connection a request came on: no other has the same address at the other end."""
    client = scope.get("client")
    return f"{client[0]}:{client[1]}" if client else None


def is_open(scope: Scope) -> bool:
    """Whether the asker is still there."""
    stream = stream_of(scope)
    return stream.is_open if stream is not None else transport_of(scope) is not None


def stream_of(scope: Scope) -> Stream | None:
    """The stream of HTTP/2 a request came on."""
    stream: Stream | None = scope.get("extensions", {}).get("sandbox.stream")
    return stream


class Stream(Protocol):
    """One stream of an HTTP/2 connection, for answers that are none."""

    @property
    def is_open(self) -> bool:
        """Whether an answer could still be sent."""

    def hang_up(self) -> None:
        """Close the whole connection."""

    def reset(self) -> None:
        """Reset the whole connection."""

    def refuse(self, by: str) -> None:
        """Say that nothing was looked at."""


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class HangUp(Response):
    """Close the connection without a word."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's own
        """Hang up, and wait until the line is really gone."""
        if (stream := stream_of(scope)) is not None:
            stream.hang_up()
        elif (transport := transport_of(scope)) is not None:
            transport.close()
        await _gone(receive)


class Reset(Response):
    """Reset the connection, as a dying machine in between does."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's own
        """Have the kernel send RST instead of an orderly end."""
        if (stream := stream_of(scope)) is not None:
            stream.reset()
        elif (transport := transport_of(scope)) is not None:
            reset(transport)
        await _gone(receive)


class Refusal(Reset):
    """Take the request back: say that nothing was looked at. HTTP/1.1 has no words for it, and resets."""

    def __init__(self, by: str) -> None:
        super().__init__()
        self._by = by

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the stream."""
        stream = stream_of(scope)
        if stream is None:
            await super().__call__(scope, receive, send)
            return
        stream.refuse(self._by)
        await _gone(receive)


def reset(transport: asyncio.Transport) -> None:
    """End a connection without an orderly end."""
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


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
