"""A relay before a real server that cuts lines before a request or after its answer, which no server can do itself."""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote_plus, urlsplit


class Handling(Enum):
    """What becomes of one request."""

    PASS = "pass"  # noqa: S105 - no password
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


class Losses:
    """Which answers to requests for a post are lost, in the words of the sandboxes' weather."""

    def __init__(self, paths: frozenset[str]) -> None:
        self._paths = paths
        self._lock = threading.Lock()
        self._rules: list[dict[str, Any]] = []

    def weather(self, *rules: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Replace the rules by these, each ``{"match": REGEX, "count": MOST}``; with none, tell how they have struck."""
        with self._lock:
            if rules:
                self._rules = [{**rule, "hits": 0} for rule in rules]
            return [dict(rule) for rule in self._rules]

    def strikes(self, method: str, path: str, body: bytes) -> bool:
        """Whether the answer to this request is lost; it is counted."""
        if method != "POST" or path not in self._paths:
            return False
        with self._lock:
            for rule in self._rules:
                if rule["hits"] < rule["count"] and any(
                    re.search(rule["match"], text) for text in _texts(body)
                ):
                    rule["hits"] += 1
                    return True
        return False


def _texts(body: bytes) -> Iterator[str]:
    """Every text that a request's body holds: values of JSON, or of a form."""
    told = body.decode(errors="replace")
    try:
        waiting = [json.loads(told)]
    except ValueError:
        yield from (unquote_plus(one.partition("=")[2]) for one in told.split("&"))
        return
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict | list):
            waiting += one.values() if isinstance(one, dict) else one


@dataclass
class Relay:
    """A relay that listens."""

    url: str
    decide: Callable[[str, str], Handling] = lambda _method, _path: Handling.PASS
    losses: Losses | None = None
    """Answers to be lost by what is asked; ``decide`` comes first."""
    replaced: Mapping[bytes, bytes] = field(default_factory=dict)
    """What reads otherwise in each answer: the server's own address, so that a client stays with the relay."""
    drop: frozenset[str] = frozenset()
    """Headers that are not passed on, in small letters: a server that never heard of them ignores them."""
    seen: list[Seen] = field(default_factory=list)

    def handling(self, method: str, path: str, body: bytes) -> Handling:
        """Say what becomes of a request."""
        decided = self.decide(method, path)
        if decided is Handling.PASS and self.losses is not None and self.losses.strikes(method, path, body):
            return Handling.CUT_AFTER
        return decided

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
            handling = relay.handling(self.command, path, body)
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
            for told, instead in relay.replaced.items():
                body = body.replace(told, instead)
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
