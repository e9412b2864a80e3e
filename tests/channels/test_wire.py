"""One request is sent once, and what is known of it afterwards is never more than what is known."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from steadypost.channels import wire
from steadypost.channels.answers import LARGEST_ANSWER
from steadypost.channels.wire import Answered, NotSent, Unknown, Wire
from steadypost.domain import clock
from steadypost.domain.outcome import Cause

HELLO = b"HTTP/1.1 200 OK\r\nDate: Sun, 29 Nov 2026 12:00:00 GMT\r\nContent-Length: 2\r\n\r\n{}"


class Server:
    """Answers each connection as it is told to, and keeps what it heard."""

    def __init__(self, answer: Callable[[socket.socket], None]) -> None:
        self.heard: list[bytes] = []
        self.ended = threading.Event()
        self._answer = answer
        self._line = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._line.getsockname()[1]}/api"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._line.accept()
                with line, contextlib.suppress(OSError):
                    line.settimeout(20)
                    self.heard.append(line.recv(65536))
                    self._answer(line)
                self.ended.set()

    def close(self) -> None:
        self._line.close()


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[socket.socket], None]], Server]]:
    servers: list[Server] = []

    def start(answer: Callable[[socket.socket], None]) -> Server:
        servers.append(Server(answer))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def soon(seconds: float = 5.0) -> float:
    return time.monotonic() + seconds


def test_an_answer_is_told_whole(serve):
    """The status, the headers, the body, and how far the server's clock is ahead."""
    server = serve(lambda line: line.sendall(HELLO))
    wire = Wire(server.url, headers={"Authorization": "Bearer s3cr3t"})

    heard = wire.send("POST", "/statuses", json={"a": 1}, headers={"Idempotency-Key": "k"}, deadline=soon())

    assert isinstance(heard, Answered)
    assert 200 == heard.status
    assert {} == heard.json()
    assert wire.offset == heard.offset
    assert heard.offset is not None
    assert heard.offset.within < timedelta(seconds=2)
    assert server.heard[0].startswith(b"POST /api/statuses HTTP/1.1\r\n")
    assert b"idempotency-key: k" in server.heard[0].lower()


def test_nothing_is_sent_twice_and_no_redirect_is_followed(serve):
    """A redirect is an answer like any other."""
    server = serve(
        lambda line: line.sendall(b"HTTP/1.1 307 Go\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")
    )

    heard = Wire(server.url).send("POST", "/statuses", deadline=soon())

    assert isinstance(heard, Answered)
    assert 307 == heard.status
    assert 1 == len(server.heard)


def test_nobody_there_is_provably_not_sent():
    """Without a connection not a byte has left."""
    with socket.create_server(("127.0.0.1", 0)) as line:
        port = line.getsockname()[1]

    heard = Wire(f"http://127.0.0.1:{port}").send("POST", "/statuses", deadline=soon())

    assert isinstance(heard, NotSent)
    assert Cause.NO_WAY_THERE is heard.cause


def test_a_lost_answer_is_not_known(serve):
    """The server took the request, and the line was cut."""
    server = serve(lambda line: line.shutdown(socket.SHUT_RDWR))

    heard = Wire(server.url).send("POST", "/statuses", deadline=soon())

    assert isinstance(heard, Unknown)
    assert Cause.NO_ANSWER is heard.cause
    assert 1 == len(server.heard)


def test_half_an_answer_is_none(serve):
    """A status without the whole body tells nothing."""
    server = serve(lambda line: line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"))

    assert isinstance(Wire(server.url).send("POST", "/statuses", deadline=soon()), Unknown)


def drip(line: socket.socket) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        line.sendall(b" ")
        time.sleep(0.05)


def test_the_deadline_holds_against_a_server_that_is_never_late_for_one_byte(serve):
    """No wait for a byte is long, and their sum is: past the deadline the line is shut."""
    server = serve(drip)
    began = time.monotonic()

    heard = Wire(server.url).send("POST", "/statuses", deadline=soon(0.5))

    assert isinstance(heard, Unknown)
    assert Cause.DEADLINE is heard.cause
    assert time.monotonic() - began < 3
    assert server.ended.wait(5)


def test_nothing_begins_after_the_deadline(serve):
    """A request whose time is over is not sent."""
    server = serve(lambda line: line.sendall(HELLO))

    heard = Wire(server.url).send("POST", "/statuses", deadline=time.monotonic() - 0.001)

    assert isinstance(heard, NotSent)
    assert Cause.DEADLINE is heard.cause
    assert [] == server.heard


def test_no_secret_is_shown(serve):
    """Neither the wire's own nor those of an answer."""
    server = serve(
        lambda line: line.sendall(b"HTTP/1.1 200 OK\r\nX-Token: s3cr3t\r\nContent-Length: 6\r\n\r\ns3cr3t")
    )
    wire = Wire(server.url, headers={"Authorization": "Bearer s3cr3t"})

    shown = repr(wire) + repr(wire.send("GET", "/me", deadline=soon()))

    assert "s3cr3t" not in shown


@pytest.mark.parametrize("wrong", ["s3cr3t\u2026", "s3cr\xe9t", "s3cr3t\n", "s3cr3t\r\nX: y", "s3cr3t\x00"])
def test_a_token_that_no_request_can_carry_is_an_answer_and_no_exception(serve, wrong):
    """A page that shortens a token copies an ellipsis; nothing is sent, and nothing of the token is told."""
    server = serve(lambda line: line.sendall(HELLO))

    heard = Wire(server.url, headers={"Authorization": f"Bearer {wrong}"}).send("GET", "/me", deadline=soon())

    assert isinstance(heard, NotSent)
    assert Cause.SESSION_UNUSABLE is heard.cause
    assert "s3cr" not in repr(heard)
    assert [] == server.heard


def test_an_answer_of_endless_brackets_is_no_json():
    """A body within the size that is read can still nest deeper than Python follows."""
    assert Answered(status=200, headers={}, body=b"[" * 200_000).json() is None


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "ftp://me:s3cr3t@one.example"])
def test_a_proxy_that_nobody_here_speaks_to_is_an_answer_and_no_exception(serve, monkeypatch, proxy):
    """Nothing was sent, and it is this machine's matter, not the post's."""
    server = serve(lambda line: line.sendall(HELLO))
    monkeypatch.setenv("all_proxy", proxy)
    monkeypatch.delenv("no_proxy", raising=False)

    heard = Wire(server.url).send("POST", "/statuses", deadline=soon())

    assert isinstance(heard, NotSent)
    assert Cause.NO_WAY_THERE is heard.cause
    assert "s3cr3t" not in repr(heard)
    assert [] == server.heard


def test_a_clock_that_was_moved_after_the_answer_is_not_known(serve):
    """What is armed then would seem to be asked for long before or after the posts that the network shows."""
    server = serve(lambda line: line.sendall(HELLO))
    moved = timedelta(0)
    wire = Wire(server.url, now=lambda: clock.now() + moved)

    first = wire.send("GET", "/me", deadline=soon())
    assert wire.offset == first.offset
    moved = timedelta(minutes=10)
    assert wire.offset is None

    second = wire.send("GET", "/me", deadline=soon())
    assert wire.offset == second.offset
    assert first.offset.ahead - second.offset.ahead > timedelta(minutes=9)


def test_an_answer_from_a_cache_tells_no_time(serve):
    """It is dated by the day on which it was put there, and would move the window of what can be ours."""
    server = serve(lambda line: line.sendall(HELLO.replace(b"Content", b"Age: 312\r\nContent")))
    wire = Wire(server.url)

    assert isinstance(wire.send("GET", "/instance", deadline=soon()), Answered)
    assert wire.offset is None


@pytest.fixture
def hanging(monkeypatch) -> Iterator[threading.Event]:
    """A resolver that answers nobody before it is set."""
    answers, looked_up = threading.Event(), socket.getaddrinfo

    def hang(*args, **kwargs):
        answers.wait(60)
        return looked_up(*args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    yield answers
    answers.set()


def test_the_deadline_holds_against_a_resolver_that_hangs(serve, hanging, wait_until):
    """No timeout of a client's reaches it. What begins once it answers sends nothing any more."""
    server = serve(lambda line: line.sendall(HELLO))
    began, before = time.monotonic(), set(threading.enumerate())

    heard = Wire(server.url).send("POST", "/statuses", json={"a": 1}, deadline=soon(0.3))

    assert time.monotonic() - began < 3
    assert isinstance(heard, NotSent)
    assert Cause.DEADLINE is heard.cause
    left_behind = set(threading.enumerate()) - before
    assert 1 == len([one for one in left_behind if one.name == "bounded call"])
    hanging.set()
    wait_until(
        lambda: not any(one.is_alive() for one in left_behind if one.name == "bounded call"),
        description="the request that was left behind has ended",
    )
    assert [] == [one for one in server.heard if one]


def test_the_deadline_holds_for_all_addresses_of_a_name_together(monkeypatch):
    """A client's timeout holds for each address that it tries: with several they add up."""
    tried: list[str] = []
    addresses = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"203.0.113.{last}", 443)) for last in range(1, 9)
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses)

    class Silent(socket.socket):
        def connect(self, address):
            tried.append(address[0])
            time.sleep(
                self.gettimeout() or 5
            )  # an address that never answers takes the client's whole timeout
            raise TimeoutError

    monkeypatch.setattr(socket, "socket", Silent)
    began = time.monotonic()

    heard = Wire("http://many.example").send("POST", "/statuses", deadline=soon(0.4))

    assert time.monotonic() - began < 2
    assert isinstance(heard, NotSent)
    assert Cause.DEADLINE is heard.cause
    assert tried


def test_an_address_that_never_answers_leaves_time_for_the_next(serve, monkeypatch):
    """A host with an address of IPv6 that leads nowhere from here is reached by its other one."""
    server = serve(lambda line: line.sendall(HELLO))
    port = int(server.url.rpartition(":")[2].partition("/")[0])
    kind = (socket.SOCK_STREAM, 6, "")
    addresses = [(socket.AF_INET, *kind, ("203.0.113.1", port)), (socket.AF_INET, *kind, ("127.0.0.1", port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses)
    monkeypatch.setattr(wire, "CONNECTS_WITHIN", 0.2)

    class Silent(socket.socket):
        def connect(self, address):
            if address[0] == "127.0.0.1":
                return super().connect(address)
            time.sleep(self.gettimeout() or 60)  # it takes the client's whole timeout
            raise TimeoutError

    monkeypatch.setattr(socket, "socket", Silent)

    heard = Wire(f"http://two.example:{port}").send("POST", "/statuses", deadline=soon(10))

    assert isinstance(heard, Answered)
    assert 1 == len(server.heard)


# --- answers that are meant to do harm, or that nobody thought of


def answering(body: bytes, *headers: str, status: str = "200 OK") -> Callable[[socket.socket], None]:
    told = "\r\n".join((f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""))
    return lambda line: line.sendall(told.encode() + body)


def test_an_answer_may_be_packed(serve):
    """By the one way that was asked for."""
    server = serve(answering(gzip.compress(b'{"id": "1"}'), "Content-Encoding: gzip"))

    heard = Wire(server.url).send("GET", "/", deadline=soon())

    assert {"id": "1"} == heard.json()
    assert b"accept-encoding: gzip\r\n" in server.heard[0].lower()


@pytest.mark.parametrize("packed", ["gzip", "gzip, gzip", "br"])
def test_a_small_answer_does_not_become_a_large_one(serve, packed):
    """Packed twice, sixty kilobytes unpack to gigabytes; none of them are held."""
    bomb = gzip.compress(bytes(256 * 1024 * 1024), compresslevel=9)
    server = serve(answering(bomb, f"Content-Encoding: {packed}"))
    tracemalloc.start()

    heard = Wire(server.url).send("POST", "/statuses", json={}, deadline=soon(20))

    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(heard, Unknown)
    assert most < 3 * LARGEST_ANSWER


@pytest.mark.parametrize(
    "date",
    [
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Thu, 01 Jan 2026 00:00:00 +99999999999999",
        "Thu, 01 Jan 2026 00:00:00 +2500",
        "soon",
    ],
)
def test_a_date_that_cannot_be_tells_no_time(serve, date):
    """The answer counts all the same; times reckoned by such a clock would not exist."""
    server = serve(answering(b"{}", f"Date: {date}"))
    wire = Wire(server.url)

    heard = wire.send("POST", "/statuses", json={}, deadline=soon())

    assert (200, None, None) == (heard.status, heard.offset, wire.offset)


def test_another_servers_clock_is_not_this_ones(serve):
    """A whole address leads elsewhere, such as to a directory, whose clock may be right when this one's is not."""
    server = serve(answering(b"{}", "Date: Sun, 29 Nov 2026 12:00:00 GMT"))
    other = serve(answering(b"{}", "Date: Sun, 29 Nov 2020 12:00:00 GMT"))
    wire = Wire(server.url)

    assert isinstance(wire.send("GET", f"{other.url}/did", deadline=soon()), Answered)
    assert wire.offset is None
    assert isinstance(wire.send("GET", "/", deadline=soon()), Answered)
    assert wire.offset is not None


def test_texts_of_an_answer_can_be_kept():
    """Half a letter and a zero can be written in JSON, and no store takes them: the outcome would be lost with them."""
    body = rb'{"error": "a\ud800b\u0000c", "\udfff": ["\u0000", {"x": "\ud83d\ude00"}]}'

    told = Answered(status=422, headers={}, body=body).json()

    assert {"error": "a\ufffdb\ufffdc", "\ufffd": ["\ufffd", {"x": "\U0001f600"}]} == told
