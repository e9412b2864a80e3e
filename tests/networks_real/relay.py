"""A relay between a client and a real server: it cuts lines, before the server got a request or after it answered.

A server's own faults strike before its handler runs. What a network does worst, to take a request and lose the answer,
no server can do to itself: it needs somebody in between.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Handling(Enum):
    """What becomes of one request."""

    PASS = "pass"
    CUT_BEFORE = "cut_before"
    """The line is cut, and the server never hears of it."""
    CUT_AFTER = "cut_after"
    """The server answers, and the line is cut before the answer is passed on."""


@dataclass(frozen=True)
class Seen:
    """One request that came to the relay."""

    method: str
    path: str
    handling: Handling
    status: int | None
    """What the server answered; nothing where it never heard of it."""


@dataclass
class Relay:
    """A relay that listens."""

    url: str
    decide: Callable[[str, str], Handling] = lambda _method, _path: Handling.PASS
    drop: frozenset[str] = frozenset()
    """Headers that are not passed on, in small letters: a server that never heard of them ignores them."""
    seen: list[Seen] = field(default_factory=list)

    def asks(self, path: str) -> list[Seen]:
        """The POST requests to a path."""
        return [one for one in self.seen if one.method == "POST" and one.path == path]


def lose(path: str, handling: Handling, *, most: int | None = None) -> Callable[[str, str], Handling]:
    """Let this become of the POST requests to a path: of all, or of the first few."""
    lock, left = threading.Lock(), [most]

    def decide(method: str, asked: str) -> Handling:
        if method != "POST" or asked != path:
            return Handling.PASS
        with lock:
            if left[0] is None:
                return handling
            left[0] -= 1
            return handling if left[0] >= 0 else Handling.PASS

    return decide


@contextmanager
def relaying(upstream: str) -> Iterator[Relay]:
    """Run a relay to a server."""
    relay = Relay("")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(relay, upstream))
    server.daemon_threads = True
    relay.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield relay
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


HOP = frozenset({"connection", "transfer-encoding", "keep-alive", "content-length", "host"})


def _handler(relay: Relay, upstream: str) -> type[BaseHTTPRequestHandler]:
    host = urlsplit(upstream).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _relay(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            path = urlsplit(self.path).path
            handling = relay.decide(self.command, path)
            answer = None if handling is Handling.CUT_BEFORE else self._ask(body)
            relay.seen.append(Seen(self.command, path, handling, answer[0] if answer else None))
            self.close_connection = True
            if answer is not None and handling is Handling.PASS:
                self._answer(*answer)

        def _ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
            line = http.client.HTTPConnection(host, timeout=30)
            kept = {n: v for n, v in self.headers.items() if n.lower() not in HOP | relay.drop}
            try:
                line.request(self.command, self.path, body or None, {**kept, "host": host})
                heard = line.getresponse()
                return heard.status, heard.getheaders(), heard.read()
            finally:
                line.close()

        def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in HOP:
                    self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.send_header("connection", "close")
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = _relay  # noqa: N815 - the names that the base class calls

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
