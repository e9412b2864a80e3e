"""What the other servers have in common: time, the line with its troubles, and the ledger of what was really posted.

A server answers ``Reply``; how that reaches the client, if it does, is the weather's to say, which is drawn anew for
each request while it is foul. Everything is drawn from dice that the test hands in.
"""

from __future__ import annotations

import contextlib
import email.parser
import email.policy
import email.utils
import gzip
import json
import random
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


class Time:
    """True time: it passes by itself, and a test may let hours of it pass at once."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._ticks = monotonic()

    def __call__(self) -> datetime:
        """Say what time it is."""
        return self._at + timedelta(seconds=monotonic() - self._ticks)

    def passes(self, wait: timedelta) -> None:
        """Let so much pass now."""
        self._at += wait


@dataclass(kw_only=True)
class Posted:
    """One line of the ledger."""

    id: str
    text: str
    at: datetime
    """When it was made, in true time."""
    reply_to: str | None = None
    alts: tuple[str, ...] = ()
    by_hand: bool = False
    gone: bool = False
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(kw_only=True)
class Request:
    """What a client sent."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    content: bytes
    told: dict[str, Any] = field(default_factory=dict)
    """The fields of its body, files under their names as bytes."""

    @property
    def token(self) -> str:
        """What it signs in with."""
        return self.headers.get("authorization", "").removeprefix("Bearer ").strip()


@dataclass(kw_only=True)
class Reply:
    """What the server says."""

    status: int = 200
    told: Any = None
    """JSON, or bytes as they are."""
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        """Write it out."""
        if isinstance(self.told, bytes):
            return self.told
        return b"" if self.told is None else json.dumps(self.told).encode()


@dataclass(frozen=True, kw_only=True)
class Manner:
    """What becomes of one request."""

    carried_out: bool = True
    after: timedelta | None = None
    """It is carried out so much later, when its answer has long been given."""
    instead: Reply | None = None
    """What is answered in place of the truth."""
    cut: str = ""
    """``before``, ``after``, ``headers`` or ``body``: where the line is cut."""
    packed: str = ""
    """``gzip`` or ``chunked``."""
    drips: bool = False


CALM = Manner()

PAGE = b"<!DOCTYPE html><html><head><title>%d</title></head><body><h1>Something went wrong</h1></body></html>"


def bodies(dice: random.Random, status: int) -> Reply:
    """Say a failure in one of the forms there are."""
    form = dice.randrange(7)
    plain = {"content-type": "text/plain"}
    page = {"content-type": "text/html; charset=utf-8"}
    told: Any = {
        "error": dice.choice(["Not now", "This action is not allowed", "Too many requests", "\u00e9rreur"])
    }
    if form == 1:
        return Reply(status=status, told=PAGE % status, headers=page)
    if form == 2:
        return Reply(status=status, told=b"", headers=plain)
    if form == 3:
        return Reply(
            status=status, told=json.dumps(told).encode()[:-3], headers={"content-type": "application/json"}
        )
    if form == 4:
        latin = "Zugriff gesperrt f\u00fcr Sie".encode("latin-1")
        return Reply(status=status, told=latin, headers={"content-type": "application/json; charset=utf-8"})
    if form == 5:
        return Reply(status=status, told={"errors": [{"code": 0, "message": None}], "error": None})
    if form == 6:
        return Reply(status=status, told=["no"])
    return Reply(status=status, told=told)


NOT_DONE = (400, 401, 403, 404, 409, 410, 413, 415, 422, 429, 500, 502, 503, 504)
"""What a server, or something before it, answers without having done anything."""

DONE_ALL_THE_SAME = (500, 502, 503, 504)
"""What is answered in front of a server that did it."""


class OtherServer:
    """A server on this machine. ``handle`` says what it answers in calm weather."""

    writes: tuple[str, ...] = ()
    """The paths whose POST may create a post."""

    def __init__(self, time: Time, dice: random.Random) -> None:
        self.time = time
        self.dice = dice
        self.ledger: list[Posted] = []
        self.targets: list[str] = []
        """The posts that may be answered."""
        self.writes_seen: list[tuple[datetime, str]] = []
        """Every request that may have created a post."""
        self.storm = 0.0
        """How much of what is asked meets trouble."""
        self.date_ahead: timedelta | None = timedelta(0)
        """What its ``Date`` is off by; ``None``: it sends none."""
        self.latest_commit = timedelta(seconds=20)
        """How long after its answer a request may still be carried out."""
        self._late: list[tuple[datetime, Request]] = []
        self._left_out: str | None = None
        self._lock = threading.RLock()
        self._server: ThreadingHTTPServer | None = None
        self.url = ""

    def handle(self, request: Request) -> Reply:
        """Answer, and do what is asked for."""
        raise NotImplementedError

    def is_write(self, request: Request) -> bool:
        """Whether a request may create a post."""
        return request.method == "POST" and request.path in self.writes

    # --- what becomes of a request

    def manner(self, request: Request) -> Manner:
        """Draw the weather of one request."""
        dice = self.dice
        packed = dice.choice(["", "", "gzip", "chunked"])
        if dice.random() >= self.storm:
            return Manner(packed=packed, drips=dice.random() < 0.02)
        if not self.is_write(request):
            return self._foul_look(packed)
        kind = dice.randrange(9)
        if kind == 0:
            return Manner(carried_out=False, cut="before")
        if kind == 1:
            return Manner(cut=dice.choice(["after", "headers", "body"]), packed=packed)
        if kind == 2:
            return Manner(instead=bodies(dice, dice.choice(DONE_ALL_THE_SAME)))
        if kind == 3:
            wait = self.latest_commit * dice.random()
            cut = dice.choice(["", "after"])
            return Manner(
                carried_out=False, after=wait, instead=bodies(dice, dice.choice((502, 503, 504))), cut=cut
            )
        if kind == 4:
            # Something on the way answers in its own name: a portal, a moved address, a page of patience.
            status = dice.choice([200, 301, 302, 307, 308])
            headers = {"content-type": "text/html", **({"location": "/elsewhere"} if status > 200 else {})}
            return Manner(
                carried_out=False, instead=Reply(status=status, told=PAGE % status, headers=headers)
            )
        if kind == 5:
            odd = dice.choice([b"", b"{}", b"null", b"[]", b'{"id": null}', b'{"id": "'])
            return Manner(instead=Reply(status=dice.choice([200, 201, 202, 204, 206]), told=odd))
        if kind == 6:
            return self.own_trouble(request)
        return Manner(carried_out=False, instead=self.failure(dice.choice(NOT_DONE)))

    def own_trouble(self, request: Request) -> Manner:
        """Draw what only this network does."""
        return Manner(cut="after")

    def _foul_look(self, packed: str) -> Manner:
        dice = self.dice
        kind = dice.randrange(5)
        if kind == 0:
            return Manner(cut=dice.choice(["before", "after", "headers", "body"]), packed=packed)
        if kind == 1:
            return Manner(
                instead=Reply(status=200, told=dice.choice([b"", b"[", b"{", b"null", b"<html>", PAGE % 200]))
            )
        return Manner(
            carried_out=False,
            instead=self.failure(dice.choice([401, 403, 404, 410, 429, 500, 502, 503, 504])),
        )

    def failure(self, status: int) -> Reply:
        """Say a failure, with what headers there are about limits."""
        reply = bodies(self.dice, status)
        if status == 429 or self.dice.random() < 0.2:
            reply.headers |= self.limit_headers()
        return reply

    def limit_headers(self) -> dict[str, str]:
        """Say when more may be asked, in one of the forms there are."""
        wait = self.dice.randrange(1, 120)
        until = self.time() + timedelta(seconds=wait)
        return self.dice.choice(
            [
                {},
                {"Retry-After": str(wait)},
                {"Retry-After": email.utils.format_datetime(until, usegmt=True)},
                {
                    "X-RateLimit-Limit": "300",
                    "X-RateLimit-Remaining": "0",
                    "X-RateLimit-Reset": until.isoformat(),
                },
                {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(until.timestamp()))},
                {"RateLimit-Limit": "300", "RateLimit-Remaining": "0", "RateLimit-Reset": str(wait)},
            ]
        )

    # --- the line

    def answer(self, request: Request) -> tuple[Manner, Reply]:
        """Do what becomes of a request."""
        with self._lock:
            self.catch_up()
            if self.is_write(request):
                self.writes_seen.append((self.time(), request.path))
            manner = self.manner(request)
            if manner.after is not None:
                self._late.append((self.time() + manner.after, request))
            reply = self.handle(request) if manner.carried_out and manner.cut != "before" else Reply()
            return manner, manner.instead or reply

    def without_one(self, page: list[Posted], often: float) -> list[Posted]:
        """Leave one post out of an answer now and then, and none twice running."""
        last, self._left_out = self._left_out, None
        if not page or self.dice.random() >= often:
            return page
        chosen = page[self.dice.randrange(len(page))]
        if chosen.id == last:
            return page
        self._left_out = chosen.id
        return [one for one in page if one is not chosen]

    def catch_up(self) -> None:
        """Carry out what was still to come."""
        due = [one for at, one in self._late if at <= self.time()]
        self._late = [(at, one) for at, one in self._late if at > self.time()]
        for one in due:
            self.handle(one)

    def storms(self, so_much: float) -> None:
        """Set how foul the weather is; in calm weather what was signed out is signed in again."""
        with self._lock:
            self.storm = so_much
            if not so_much:
                self.recovers()

    def recovers(self) -> None:
        """Do what a person does about a sign-in that ended."""

    def date_is(self, ahead: timedelta | None) -> None:
        """Set what ``Date`` shows."""
        self.date_ahead = ahead

    @contextlib.contextmanager
    def serving(self) -> Iterator[OtherServer]:
        """Listen on an own port."""
        server = _Listening(("127.0.0.1", 0), _handler(self.answer, self.date))
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def date(self) -> str | None:
        """Say what the header ``Date`` shows."""
        if self.date_ahead is None:
            return None
        return email.utils.format_datetime((self.time() + self.date_ahead).astimezone(UTC), usegmt=True)


class _Listening(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that went away is nothing new here."""


def _handler(
    answer: Callable[[Request], tuple[Manner, Reply]], date: Callable[[], str | None]
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do(self) -> None:
            manner, reply = answer(self._read())
            if manner.cut in {"before", "after"}:
                self._cut()
                return
            self._write(manner, reply)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do  # noqa: N815 - the library's own form

        def log_message(self, *told: Any) -> None:
            pass

        def _read(self) -> Request:
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            content = self.rfile.read(int(headers.get("content-length", "0")))
            request = Request(
                method=self.command,
                path=unquote(parts.path),
                query=dict(parse_qsl(parts.query, keep_blank_values=True)),
                headers=headers,
                content=content,
            )
            request.told = fields(headers.get("content-type", ""), content)
            return request

        def _write(self, manner: Manner, reply: Reply) -> None:
            body = reply.body()
            headers = {"content-type": "application/json; charset=utf-8", **reply.headers}
            if manner.packed == "gzip":
                body = gzip.compress(body)
                headers["content-encoding"] = "gzip"
            self.send_response_only(reply.status)
            if (told := date()) is not None:
                headers["date"] = told
            for name, value in headers.items():
                self.send_header(name, value)
            empty = reply.status in {204, 304}
            if manner.packed == "chunked" and not empty:
                self.send_header("transfer-encoding", "chunked")
            elif not empty:
                self.send_header("content-length", str(len(body)))
            if manner.cut == "headers":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nConte")
                self._cut()
                return
            self.end_headers()
            if manner.cut == "body":
                self.wfile.write(
                    body[: len(body) // 2] if manner.packed != "chunked" else b"fff\r\n" + body[:9]
                )
                self._cut()
                return
            if empty:
                return
            for piece in _pieces(body, drips=manner.drips):
                self.wfile.write(
                    b"%x\r\n%s\r\n" % (len(piece), piece) if manner.packed == "chunked" else piece
                )
            if manner.packed == "chunked":
                self.wfile.write(b"0\r\n\r\n")
            # Some close a line that was to be kept, just then.
            self.close_connection = len(body) % 3 == 0

        def _cut(self) -> None:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

    return Handler


def _pieces(body: bytes, *, drips: bool) -> list[bytes]:
    size = 7 if drips else 1400
    return [body[at : at + size] for at in range(0, len(body), size)]


def fields(kind: str, content: bytes) -> dict[str, Any]:
    """Read a body in the form it says it has."""
    if kind.startswith("application/json"):
        told = json.loads(content or b"{}")
        return told if isinstance(told, dict) else {}
    if kind.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(content.decode(), keep_blank_values=True))
    if kind.startswith("multipart/form-data"):
        head = f"Content-Type: {kind}\r\n\r\n".encode()
        message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + content)
        found: dict[str, Any] = {}
        for part in message.iter_parts():
            name = part.get_param("name", header="content-disposition")
            value = part.get_payload(decode=True)
            is_file = part.get_filename() is not None
            found[str(name)] = value if is_file else value.decode()
        return found
    return {}
