"""HTTP/2 with TLS for the page port, on which browsers repeat a lost POST. The protocol is the library's."""

from __future__ import annotations

import asyncio
import ssl
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import ProtocolError
from starlette.types import ASGIApp, Message

from sandbox.wire import reset

CERTIFICATE_LIFE: Final = timedelta(days=2)


def make_context(host: str) -> ssl.SSLContext:
    """TLS with a certificate of our own, made anew at every start, signed by itself, never kept."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + CERTIFICATE_LIFE)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["h2"])
    with tempfile.TemporaryDirectory() as place:
        # The standard library reads certificates from files only; this one is gone before the first request.
        pem = Path(place) / "certificate.pem"
        pem.touch(mode=0o600)
        pem.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        context.load_cert_chain(pem)
    return context


@dataclass(slots=True, eq=False)
class _Request:
    """One request on its way through the application: a stream, as `sandbox.wire` asks for it."""

    connection: Connection
    number: int
    scope: dict[str, Any]
    inbox: asyncio.Queue[Message] = field(default_factory=asyncio.Queue)
    window: asyncio.Event = field(default_factory=asyncio.Event)
    is_open: bool = True

    def hang_up(self) -> None:
        """Close the whole connection."""
        self.connection.close()

    def reset(self) -> None:
        """Reset the whole connection."""
        self.connection.reset()

    def refuse(self, by: str) -> None:
        """Say that nothing was looked at."""
        self.connection.refuse(self.number, by)
        self.gone()

    def gone(self) -> None:
        """This answer is not waited for any more."""
        self.is_open = False
        self.window.set()
        self.inbox.put_nowait({"type": "http.disconnect"})

    async def send(self, message: Message) -> None:
        """Take a piece of the answer from the application."""
        if not self.is_open:
            return
        if message["type"] == "http.response.start":
            self.connection.start(self.number, message)
        else:
            await self.connection.continue_with(self, message)


class Connection(asyncio.Protocol):
    """One connection of a browser, with all of its requests."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._requests: dict[int, _Request] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._transport: asyncio.Transport | None = None

    # -- the socket

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - TCP is nothing else
        self._transport = transport
        self._h2.initiate_connection()
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's own
        """Tell every request that its answer is not waited for."""
        self._transport = None
        for request in list(self._requests.values()):
            request.gone()

    def data_received(self, data: bytes) -> None:
        """Take in what came."""
        try:
            events = self._h2.receive_data(data)
        except ProtocolError:
            self._flush()
            self.close()
            return
        for event in events:
            self._handle(event)
        self._flush()

    def close(self) -> None:
        """Close the connection in order."""
        if self._transport is not None:
            self._transport.close()

    def reset(self) -> None:
        """End it without a word: below TLS too."""
        if self._transport is not None:
            reset(self._transport)

    def refuse(self, stream: int, by: str) -> None:
        """Take a request back that was in truth carried out."""
        if by == "goodbye":
            # Frames of the library's own would count the stream as seen.
            self._h2.close_connection(ErrorCodes.NO_ERROR, last_stream_id=max(0, stream - 2))
        else:
            self._h2.reset_stream(stream, ErrorCodes.REFUSED_STREAM)
        self._flush()
        if by == "goodbye":
            self.close()

    def _flush(self) -> None:
        if self._transport is not None:
            self._transport.write(self._h2.data_to_send())

    # -- requests

    def _handle(self, event: Event) -> None:
        match event:
            case RequestReceived():
                self._open(event)
            case DataReceived():
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                self._put(event.stream_id, {"type": "http.request", "body": event.data, "more_body": True})
            case StreamEnded():
                self._put(event.stream_id, {"type": "http.request", "body": b"", "more_body": False})
            case StreamReset():
                if request := self._requests.get(event.stream_id or 0):
                    request.gone()
            case WindowUpdated():
                for request in self._requests.values():
                    request.window.set()
            case ConnectionTerminated():
                self.close()
            case _:
                pass

    def _put(self, stream: int | None, message: Message) -> None:
        if request := self._requests.get(stream or 0):
            request.inbox.put_nowait(message)

    def _open(self, event: RequestReceived) -> None:
        number = event.stream_id or 0
        request = _Request(self, number, _scope(event, self._peer()))
        request.scope["extensions"] = {"sandbox.stream": request}
        self._requests[number] = request
        task = asyncio.create_task(self._run(request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _peer(self) -> tuple[str, int] | None:
        if self._transport is None:
            return None
        host, port = self._transport.get_extra_info("peername")[:2]
        return host, port

    async def _run(self, request: _Request) -> None:
        try:
            await self._app(request.scope, request.inbox.get, request.send)
        finally:
            self._requests.pop(request.number, None)

    # -- answers

    def start(self, stream: int, message: Message) -> None:
        """Send the head of an answer."""
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message["headers"]]
        kept = [(name, value) for name, value in headers if name.lower() != "connection"]
        self._h2.send_headers(stream, [(":status", str(message["status"])), *kept])
        self._flush()

    async def continue_with(self, request: _Request, message: Message) -> None:
        """Send a piece of an answer, as fast as the other side takes it."""
        body, last = message.get("body", b""), not message.get("more_body", False)
        while request.is_open:
            room = self._room(request.number)
            piece, body = body[:room], body[room:]
            if body and not piece:
                request.window.clear()
                await request.window.wait()
                continue
            self._h2.send_data(request.number, piece, end_stream=last and not body)
            self._flush()
            if not body:
                return

    def _room(self, stream: int) -> int:
        return min(self._h2.local_flow_control_window(stream), self._h2.max_outbound_frame_size)


def _scope(event: RequestReceived, client: tuple[str, int] | None) -> dict[str, Any]:
    """What the application is told of a request."""
    headers = [(str(name), str(value)) for name, value in event.headers or []]
    pseudo = {name: value for name, value in headers if name.startswith(":")}
    path, _, query = pseudo[":path"].partition("?")
    plain = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers if name[0] != ":"]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "2",
        "method": pseudo[":method"],
        "scheme": "https",
        "path": unquote(path),
        "raw_path": path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "root_path": "",
        "headers": [(b"host", pseudo.get(":authority", "").encode()), *_one_cookie(plain)],
        "client": client,
        "server": None,
    }


def _one_cookie(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """HTTP/2 may send a header for each cookie; applications expect one."""
    cookies = [value for name, value in headers if name == b"cookie"]
    others = [(name, value) for name, value in headers if name != b"cookie"]
    return [*others, (b"cookie", b"; ".join(cookies))] if cookies else others


def connections_of(app: ASGIApp) -> Callable[[], Connection]:
    """What makes a connection of this application for each browser that comes."""
    return lambda: Connection(app)
