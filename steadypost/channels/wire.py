"""One HTTP request, sent once, and what is known of it afterwards.

No retries, no redirects, no connection that was used before (one that the server just closed looks like a lost
answer), and one deadline for the whole: past it the connection is shut, so nothing is sent and nothing is heard. What
came of it is a value:

    Answered   the server answered this request with a status
    NotSent    provably no byte of the request was sent
    Unknown    it was sent, or may have been, and there is no whole answer

An answer means what the channel's own ``answers`` says it means: a 502 from a proxy is ``Answered`` here and no proof of
anything there.
"""

from __future__ import annotations

import contextlib
import email.utils
import functools
import json
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import httpx

from steadypost.channels.answers import ENCODINGS, TooLarge, read, secrets_of, without, writable
from steadypost.channels.bounded import Call, Late
from steadypost.domain import clock
from steadypost.domain.clock import Offset, offset_of, was_moved
from steadypost.domain.outcome import Cause

T = TypeVar("T")

CONNECTS_WITHIN = 8.0
"""Seconds for a connection to each address of a host: one that never answers leaves time for the next."""

ENOUGH_TO_JUDGE = 5.0
"""Seconds a server must have been given before its silence is called its own, and not the deadline's."""

FARTHEST = timedelta(days=36_525)
"""A clock further off than this is none, and times reckoned by it may not even exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The server answered."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """By their names in small letters."""
    body: bytes = field(repr=False)
    offset: Offset | None = None
    """How far the server's clock is ahead, by its ``Date``."""

    def json(self) -> Any:
        """Read the body as JSON; ``None`` when it is none. Its texts hold only what a store takes as text."""
        try:
            return writable(json.loads(self.body))
        except (ValueError, RecursionError):
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSent:
    """Provably nothing was sent."""

    cause: Cause
    """``NO_WAY_THERE``: no connection came about. ``DEADLINE``: there was too little time for one. ``SESSION_UNUSABLE``:
    what signs in cannot be written into a request."""
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """It was sent, or part of it, and no whole answer came."""

    cause: Cause
    """``NO_ANSWER``, or ``DEADLINE`` when too little time was given for one."""
    why: str


Heard = Answered | NotSent | Unknown


class Wire:
    """Requests to one server."""

    def __init__(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        verify: bool | Any = True,
        now: clock.Clock = clock.now,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._base = httpx.URL(base_url)
        self._headers = dict(headers or {})
        self._verify = verify
        self._now = now
        self._transport = transport
        self._compared: _Compared | None = None

    def __repr__(self) -> str:
        # Its headers may hold a token.
        return f"Wire({str(self._base)!r})"

    @property
    def offset(self) -> Offset | None:
        """How far the server's clock is ahead, by the most exact of its answers so far; ``None`` too when this machine's
        clock was moved since.
        """
        told = self._compared
        if told is None:
            return None
        passed, ticked = self._now() - told.at, timedelta(seconds=time.monotonic() - told.ticks)
        return None if was_moved(passed, ticked) else told.offset

    def send(
        self,
        method: str,
        path: str,
        *,
        deadline: float,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        content: bytes | None = None,
        data: Mapping[str, Any] | None = None,
        files: Any = None,
    ) -> Heard:
        """Send one request. ``deadline`` is ``time.monotonic()`` seconds; ``path`` is relative to the base address."""
        left = deadline - time.monotonic()
        if left <= 0:
            return NotSent(cause=Cause.DEADLINE, why="the deadline had passed before the request began")
        told = {"accept-encoding": ENCODINGS, **self._headers, **(headers or {})}
        if not all(map(_can_be_sent, told.values())):
            return NotSent(cause=Cause.SESSION_UNUSABLE, why=UNSENDABLE)
        try:
            opened = _client(self._verify, self._transport)
        except (ImportError, ValueError, OSError, httpx.InvalidURL) as error:
            # A proxy of the environment that cannot be spoken to, or certificates that are not there.
            return NotSent(
                cause=Cause.NO_WAY_THERE,
                why=f"this machine's way out is set up wrongly ({type(error).__name__})",
            )
        watch = _Watch(deadline, judges=left >= ENOUGH_TO_JUDGE)

        def exchange() -> tuple[httpx.Response, bytes, datetime]:
            with opened as client:
                request = client.build_request(
                    method,
                    _joined(self._base, path),
                    headers=told,
                    params=params,
                    json=json,
                    content=content,
                    data=data,
                    files=files,
                    timeout=httpx.Timeout(left, connect=min(left, CONNECTS_WITHIN)),
                    extensions={"trace": watch.note},
                )
                sent_at = self._now()
                response = client.send(request, stream=True)
                return response, read(response), sent_at

        try:
            response, body, sent_at = watch.over(exchange)
        except Late:
            return watch.ended("the deadline passed")
        except (httpx.HTTPError, httpx.InvalidURL, TooLarge, OSError, ValueError) as error:
            return watch.ended(_why(error))
        if watch.is_over:
            # What was cut off by the deadline may look like a body that ends where the connection does.
            return watch.ended("the deadline passed")
        if response.status_code >= 400:
            body = without(body, secrets_of(told, json, data))
        return self._answered(response, body, sent_at)

    def _answered(self, response: httpx.Response, body: bytes, sent_at: datetime) -> Answered:
        # An answer from a cache is dated by the day on which it was put there.
        date = "" if response.headers.get("age", "0").strip("0") else response.headers.get("date", "")
        offset, before = _offset(date, sent_at, self._now()), self.offset
        # A whole address may be another server's, whose clock says nothing of this one's.
        is_ours = (response.url.host, response.url.port) == (self._base.host, self._base.port)
        if offset is not None and is_ours and (before is None or offset.within <= before.within):
            self._compared = _Compared(offset, at=self._now(), ticks=time.monotonic())
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answered(status=response.status_code, headers=headers, body=body, offset=offset)


@dataclass(frozen=True, slots=True)
class _Compared:
    """How far two clocks differ, and when that was said: by this machine's clock, and by the monotonic one."""

    offset: Offset
    at: datetime
    ticks: float


UNSENDABLE = (
    "the sign-in holds signs that no request can carry, as if copied wrongly: enter it anew in the block"
)


def _why(error: BaseException) -> str:
    """Say what ended a request, by what lies beneath the client's error. Its own text may hold the address, and that a
    secret.
    """
    if isinstance(error, httpx.ProxyError):
        return "the proxy does not let it through: see its address and password in this machine's environment"
    beneath = error
    while (under := beneath.__cause__ or beneath.__context__) is not None:
        beneath = under
    match beneath:
        case ssl.SSLCertVerificationError():
            return f"the server's certificate is not accepted: {beneath.verify_message}"
        case ssl.SSLError():
            return f"no TLS connection could be agreed on: {beneath.reason or type(beneath).__name__}"
        case socket.gaierror(errno=socket.EAI_AGAIN):
            return "no name server answers"
        case socket.gaierror():
            return "the host name is not known"
        case TimeoutError():
            return "it did not answer in time"
        case OSError(errno=int(number)):
            return os.strerror(number)
        case _:
            return type(error).__name__


def _can_be_sent(header: str) -> bool:
    """Whether a header can be written; the library's own complaint would come as an exception, or quote a token."""
    return header.isascii() and header.isprintable()


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Read the certificates that are trusted, once in a process: reading them takes longer than all else of a request."""
    return httpx.create_ssl_context()


def _client(verify: bool | Any, transport: httpx.BaseTransport | None) -> httpx.Client:
    """Make a client for one request: its connection is new, and is closed with it."""
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=0)
    return httpx.Client(
        verify=_trusted() if verify is True else verify,
        transport=transport,
        limits=limits,
        follow_redirects=False,
        http2=False,
    )


def _joined(base: httpx.URL, path: str) -> httpx.URL:
    """Put a path behind the base address; a whole address stands for itself."""
    if path.startswith(("http://", "https://")):
        return httpx.URL(path)
    return base.copy_with(path=base.path.rstrip("/") + "/" + path.lstrip("/"), query=None, fragment=None)


def _offset(date: str, sent_at: datetime, received_at: datetime) -> Offset | None:
    try:
        told = email.utils.parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
    offset = offset_of(told if told.tzinfo else told.replace(tzinfo=UTC), sent_at, received_at)
    return offset if abs(offset.ahead) <= FARTHEST else None


# --- the deadline, and whether anything was sent

ENDS_WITHIN = 1.0
"""Seconds that a request may take to end once its connection is shut; one without a connection is left behind."""


class _Watch:
    """Follows one request: whether any of it was sent, and shuts its connection when the deadline comes.

    The timeouts of a client bound each wait, not their sum: a server that sends a byte every second is never late for
    any of them. And none reaches the system's resolver: a name that is looked up for minutes keeps the request from
    beginning. So it runs in a thread of its own, which is left behind when even the shut connection does not end it. It
    can send nothing then: whatever it begins next asks here first.
    """

    def __init__(self, deadline: float, *, judges: bool) -> None:
        self._deadline = deadline
        self._judges = judges
        """Whether the server is given enough time to be judged by what it does with it."""
        self._lock = threading.Lock()
        self._lines: list[socket.socket] = []
        self.has_begun = False
        """Whether a byte of the request may have been sent."""
        self.is_over = False
        """Whether the deadline came while the request was open."""

    def over(self, exchange: Callable[[], T]) -> T:
        """Carry the exchange out, raising what it raises, or ``Late`` past the deadline."""
        call = Call(exchange)
        try:
            return call.result(self._deadline)
        except Late:
            self._shut()
            # Its connection is shut, so it ends now; unless it has none yet.
            return call.result(time.monotonic() + ENDS_WITHIN)
        finally:
            if not call.has_ended:
                # What waits for it may be ended as well; then it is not sent later.
                self._shut()
            with self._lock:
                for line in self._lines:
                    line.close()
                self._lines.clear()

    def note(self, event: str, info: Mapping[str, Any]) -> None:
        """Take a mark of the client's: see httpx's extension ``trace``."""
        if event.startswith("connection.connect_") and event.endswith(".complete"):
            self._hold(info.get("return_value"))
        if event.endswith(".started"):
            with self._lock:
                if self.is_over or time.monotonic() >= self._deadline:
                    raise Late
                # A tunnel through a proxy is asked for in the same way, and is no request to the network.
                if event.endswith("send_request_headers.started") and not _is_tunnel(info.get("request")):
                    self.has_begun = True

    def ended(self, why: str) -> NotSent | Unknown:
        """Say what is known of a request that ended without an answer."""
        late = not self._judges and (self.is_over or time.monotonic() >= self._deadline)
        if not self.has_begun:
            cause = Cause.DEADLINE if late else Cause.NO_WAY_THERE
            return NotSent(cause=cause, why=f"no connection came about ({why})")
        return Unknown(cause=Cause.DEADLINE if late else Cause.NO_ANSWER, why=f"no answer ({why})")

    def _hold(self, stream: Any) -> None:
        """Keep a second handle of the connection: the first one changes hands when it becomes a safe one."""
        line = stream.get_extra_info("socket") if stream is not None else None
        if line is None:
            return
        with self._lock:
            if not self.is_over:
                self._lines.append(socket.socket(fileno=os.dup(line.fileno())))

    def _shut(self) -> None:
        with self._lock:
            self.is_over = True
            for line in self._lines:
                with contextlib.suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)


def _is_tunnel(request: Any) -> bool:
    return getattr(request, "method", None) == b"CONNECT"
