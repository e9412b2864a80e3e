"""Fetching an image from an address that somebody wrote into a list.

The address is a stranger's word. So only https is spoken, only public machines are asked, and the connection goes to
the very address that was checked: a name that answers differently a moment later (DNS rebinding) leads nowhere. Every
redirect is a new address and is checked as one. No proxy is used, for it would look the name up again.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

import httpcore

from steadypost.networks.addresses import Ip, is_public

LARGEST = 15 * 1024 * 1024
"""Eight are fetched at once, and held in memory."""

CONNECT_WITHIN = 5.0
"""Seconds to reach a server, and of silence from it."""

ENDS_WITHIN = 20.0
"""Seconds for one image with all its redirects."""

MOST_ADDRESSES = 3
"""How many of a name's are tried, one after the other."""

MOST_REDIRECTS = 3


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a server gave."""

    content: bytes
    called: str
    """The media type it names; empty when it names none."""


@dataclass(frozen=True, slots=True)
class NotFetched:
    """Why an address gave no image, and what to do."""

    why: str
    remedy: str


Fetch = Callable[[str], Fetched | NotFetched]

_SAVE = "save it, and name its file"


class _Stopped(Exception):
    """The way to an image ends here."""

    def __init__(self, why: str, remedy: str = _SAVE) -> None:
        super().__init__(why)
        self.found = NotFetched(why, remedy)


# -- whom one may ask

Resolve = Callable[[str, int], list[str]]


def resolve(host: str, port: int) -> list[str]:
    """Look a name up."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


@dataclass(frozen=True, slots=True)
class Guard(httpcore.NetworkBackend):
    """Opens connections to public machines alone, and to the address that was looked at."""

    resolve: Resolve = resolve
    allows: Callable[[Ip], bool] = is_public
    backend: httpcore.NetworkBackend = field(default_factory=httpcore.SyncBackend)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Look a name up, check all it leads to, and connect to what was checked."""
        *others, last = self.checked(host, port)[:MOST_ADDRESSES]
        for address in others:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return self.backend.connect_tcp(address, port, timeout, local_address, socket_options)
        return self.backend.connect_tcp(last, port, timeout, local_address, socket_options)

    def checked(self, host: str, port: int) -> list[str]:
        """Give the addresses to connect to. A name that leads to a machine of ours as well leads nowhere."""
        try:
            found = [ipaddress.ip_address(one.partition("%")[0]) for one in self.resolve(host, port)]
        except (OSError, UnicodeError, ValueError):
            raise _Stopped(f"no name server knows {host}", "correct the address") from None
        if not found:
            raise _Stopped(f"no name server knows {host}", "correct the address")
        for address in found:
            if not self.allows(address):
                raise _Stopped(f"{host} is {address}, a machine that is not on the open internet")
        return [str(one) for one in found]

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        """No image comes from there."""
        raise _Stopped(f"{path} is no address of an image ({timeout}, {socket_options})")

    def sleep(self, seconds: float) -> None:
        """Nothing is tried again."""
        raise _Stopped(f"the image did not come within {seconds} s")


# -- one image


def fetch(
    address: str,
    *,
    guard: Guard | None = None,
    trust: ssl.SSLContext | None = None,
    clock: Callable[[], float] = time.monotonic,
    ends_within: float = ENDS_WITHIN,
) -> Fetched | NotFetched:
    """Fetch what an address shows, or say why it cannot be had. It is asked once."""
    ends_at = clock() + ends_within
    with httpcore.ConnectionPool(
        ssl_context=trust, network_backend=guard or Guard(), retries=0, max_connections=1
    ) as pool:
        try:
            for _ in range(MOST_REDIRECTS + 1):
                found = _one(pool, _checked(address), clock, ends_at)
                if isinstance(found, Fetched):
                    return found
                address = found
        except _Stopped as stopped:
            return stopped.found
        except (httpcore.TimeoutException, TimeoutError):
            return NotFetched("its server does not answer in time", f"try again later, or {_SAVE}")
        except (
            httpcore.NetworkError,
            httpcore.ProtocolError,
            httpcore.UnsupportedProtocol,
            OSError,
        ) as broken:
            # Their texts hold addresses of this machine's network; the kind says enough.
            return NotFetched(
                f"its server cannot be reached ({type(broken).__name__})", f"try again later, or {_SAVE}"
            )
    return NotFetched(f"it is redirected more than {MOST_REDIRECTS} times", _SAVE)


def _checked(address: str) -> str:
    """Refuse what is no plain https address; give it as it is sent."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _Stopped("this is no address", "correct it") from None
    if parts.scheme.casefold() != "https":
        raise _Stopped("it is not an https address", f"use https, or {_SAVE}")
    if not host or not address.isprintable() or " " in address:
        raise _Stopped("this is no address", "correct it")
    if parts.username is not None or parts.password is not None:
        raise _Stopped("it holds a name and a password", _SAVE)
    del port
    return urlunsplit(parts._replace(fragment=""))


def _one(
    pool: httpcore.ConnectionPool, address: str, clock: Callable[[], float], ends_at: float
) -> Fetched | str:
    """Ask once: what it shows, or where it leads."""
    left = ends_at - clock()
    if left <= 0:
        raise _Stopped("its server takes too long", f"try again later, or {_SAVE}")
    within = min(CONNECT_WITHIN, left)
    headers = [("Accept", "image/*, video/*"), ("Accept-Encoding", "identity"), ("User-Agent", "steadypost")]
    timeouts = dict.fromkeys(("connect", "read", "write", "pool"), within)
    with pool.stream("GET", _ascii(address), headers=headers, extensions={"timeout": timeouts}) as response:
        said = {name.lower().decode("latin-1"): value.decode("latin-1") for name, value in response.headers}
        if response.status in {301, 302, 303, 307, 308} and "location" in said:
            return urljoin(address, said["location"])
        if response.status != 200:
            raise _Stopped(f"its server answers {response.status}", "correct the address, or " + _SAVE)
        _check_size(said.get("content-length", ""))
        content = bytearray()
        for chunk in response.iter_stream():
            content += chunk
            if len(content) > LARGEST:
                raise _Stopped(_TOO_LARGE, f"make it smaller, or {_SAVE}")
            if clock() > ends_at:
                raise _Stopped("its server takes too long", f"try again later, or {_SAVE}")
    return Fetched(bytes(content), said.get("content-type", "").partition(";")[0].strip().casefold())


_TOO_LARGE = f"it has more than {LARGEST // 1024 // 1024} MB"


def _check_size(told: str) -> None:
    if told.isdecimal() and int(told) > LARGEST:
        raise _Stopped(_TOO_LARGE, f"make it smaller, or {_SAVE}")


def _ascii(address: str) -> str:
    """Write an address in the letters that go over the wire."""
    from urllib.parse import quote  # noqa: PLC0415

    parts = urlsplit(address)
    host = parts.netloc
    if not (parts.hostname or "").isascii():
        try:
            host = (parts.hostname or "").encode("idna").decode()
        except UnicodeError:
            raise _Stopped("no machine can have this name", "correct the address, or " + _SAVE) from None
    netloc = f"{host}:{parts.port}" if host != parts.netloc and parts.port else host
    safe = "%/:=&?~#+!$,;'@()*[]"
    return urlunsplit((parts.scheme, netloc, quote(parts.path, safe=safe), quote(parts.query, safe=safe), ""))


def shown(address: str) -> str:
    """Give an address without a name and a password, and without its query: that may be a key."""
    try:
        parts = urlsplit(address.strip())
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an address"
    query = "..." if parts.query else ""
    return urlunsplit((parts.scheme, f"{parts.hostname or ''}{port}", parts.path, query, ""))
