"""Where X sends a person's browser back to: this machine's loopback only, for one request, and then closed."""

from __future__ import annotations

import hmac
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

PATH = "/callback"

READ_WITHIN = 5.0
"""Seconds: browsers open connections in advance on which nothing is ever asked."""

DONE = b"<!doctype html><title>Steadypost</title><p>Thank you. You can close this page and go back to the terminal."


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What the one request said."""

    state: str = field(repr=False)
    code: str = field(repr=False)
    error: str = ""

    def has(self, state: str) -> bool:
        """Whether it belongs to this sign-in."""
        return hmac.compare_digest(self.state.encode(), state.encode())


class Listener:
    """The listener, for a ``with`` block."""

    def __init__(self, port: int) -> None:
        self._server = _Server(("127.0.0.1", port), _Handler)
        self.redirect = f"http://127.0.0.1:{self._server.server_port}{PATH}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._server.server_close()

    def wait(self, within: float) -> Returned | None:
        """Wait for the one request, whatever it says; ``None`` when none comes."""
        ends = time.monotonic() + within
        while self._server.returned is None and (left := ends - time.monotonic()) > 0:
            self._server.timeout = left
            self._server.handle_request()
        self._server.server_close()
        return self._server.returned


class _Server(HTTPServer):
    returned: Returned | None = None

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a browser that hung up."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = READ_WITHIN

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        told = {name: values[0] for name, values in parse_qs(parts.query).items()}
        is_ours = parts.path == PATH
        self.server.returned = Returned(
            state=told.get("state", "") if is_ours else "",
            code=told.get("code", "") if is_ours else "",
            error=told.get("error", "")[:100],
        )
        self.send_response(200 if is_ours else 404)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(DONE)))
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(DONE)

    def log_message(self, *_: object) -> None:
        """Say nothing: the address holds a code."""
