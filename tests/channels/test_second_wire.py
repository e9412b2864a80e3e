"""Whoever gives a request up, it is not sent later."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
import time

import pytest

from steadypost.channels.wire import Wire


class Stopped(BaseException):
    """What ends the thread that waits, from outside."""


@pytest.fixture
def resolver(monkeypatch):
    """A resolver that finds a name only when it is let. Whoever waits for it in this thread is ended at once."""
    find, real = threading.Event(), socket.getaddrinfo

    def slow(_, *more, **named):
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        find.wait(30)
        return real("127.0.0.1", *more, **named)

    def stop(*_):
        raise Stopped

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    before = signal.signal(signal.SIGALRM, stop)
    yield find
    find.set()
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def test_a_request_whose_waiter_was_ended_is_not_sent_when_its_name_is_found(resolver):
    """By then its attempt counts as one that nothing acts for any more."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(2)
        wire = Wire(f"http://slow.example:{server.getsockname()[1]}")
        with pytest.raises(Stopped):
            wire.send("POST", "/post", json={"text": "Hello"}, deadline=time.monotonic() + 20)
        resolver.set()

        heard = b""
        with contextlib.suppress(OSError):
            line, _ = server.accept()
            with line:
                line.settimeout(2)
                heard = line.recv(1000)

    assert b"" == heard
