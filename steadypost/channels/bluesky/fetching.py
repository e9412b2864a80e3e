"""Reading a page that a post links to, without trusting its address.

Public ``http(s)`` addresses only, each redirect judged anew, resolved once; bounded in size and time, never
decompressed.
"""

from __future__ import annotations

import functools
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar
from urllib.parse import urljoin, urlsplit

import httpx

from steadypost.channels.bounded import Late, bounded
from steadypost.networks import addresses
from steadypost.networks.addresses import Ip

T = TypeVar("T")

MOST_REDIRECTS: Final = 4

Resolve = Callable[[str, int], list[str]]
"""Gives the addresses of a host name."""
Allowed = Callable[[Ip, int], bool]
"""Whether an address and port may be connected to."""


class NotFetched(Exception):
    """The page was not read; the message says why, and holds nothing of what it said."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was at an address."""

    url: str
    """The address after redirects."""
    kind: str
    """The media type, without parameters."""
    charset: str | None
    content: bytes


def is_public(ip: Ip, port: int) -> bool:
    """Whether an address is one that the whole world may reach, on a port for web pages."""
    return port in {80, 443} and addresses.is_public(ip)


def resolve(host: str, port: int) -> list[str]:
    """Ask the machine for a host's addresses."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:
        raise NotFetched("its host name is not known") from error
    return [str(one[4][0]) for one in found]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetcher:
    """Reads pages of strangers."""

    allowed: Allowed = is_public
    resolve: Resolve = resolve
    agent: str = "Mozilla/5.0 (compatible; Steadypost; link preview)"

    def fetch(self, url: str, *, most: int, deadline: float) -> Fetched:
        """Read what is at an address, at most so many bytes; raise ``NotFetched``."""
        return _in_time(lambda: self._followed(url, most, deadline), deadline)

    def _followed(self, url: str, most: int, deadline: float) -> Fetched:
        for _ in range(MOST_REDIRECTS + 1):
            answer = self._once(url, most, deadline)
            if isinstance(answer, Fetched):
                return answer
            url = answer
        raise NotFetched("it redirects too often")

    def check(self, url: str, *, deadline: float) -> None:
        """Raise ``NotFetched`` when an address is not one that strangers may have this machine ask."""
        _in_time(lambda: self._target(url), deadline)

    def _once(self, url: str, most: int, deadline: float) -> Fetched | str:
        """Read one address, or tell where it redirects to."""
        host, port, pinned = self._target(url)
        left = _left(deadline)
        timeout = httpx.Timeout(left, connect=min(left, 5.0))
        headers = {
            "host": _authority(url),
            "user-agent": self.agent,
            "accept": "text/html,image/*;q=0.9",
            "accept-encoding": "identity",
        }
        try:
            with (
                httpx.Client(
                    trust_env=False, follow_redirects=False, verify=certificates(), timeout=timeout
                ) as client,
                client.stream("GET", pinned, headers=headers, extensions={"sni_hostname": host}) as answer,
            ):
                return _read(url, answer, most, deadline)
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
            raise NotFetched(f"{host}:{port} gave no answer ({type(error).__name__})") from error

    def _target(self, url: str) -> tuple[str, int, httpx.URL]:
        """Judge an address, and give it with the host's number in place of its name."""
        try:
            parts = urlsplit(url)
            port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
        except ValueError as error:
            raise NotFetched("it is not a valid address") from error
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
            raise NotFetched("only plain http and https addresses are read")
        ips = [ipaddress.ip_address(one.partition("%")[0]) for one in self.resolve(parts.hostname, port)]
        if not ips or not all(self.allowed(ip, port) for ip in ips):
            raise NotFetched("it leads to an address that is not public")
        try:
            pinned = httpx.URL(url).copy_with(host=str(ips[0]), port=port)
        except httpx.InvalidURL as error:
            raise NotFetched("it is not a valid address") from error
        return parts.hostname, port, pinned


def _read(url: str, answer: httpx.Response, most: int, deadline: float) -> Fetched | str:
    if answer.has_redirect_location:
        try:
            return urljoin(url, answer.headers["location"])
        except ValueError:
            raise NotFetched("it redirects to no valid address") from None
    if answer.status_code != 200:
        raise NotFetched(f"it answered {answer.status_code}")
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise NotFetched("it answered with compressed content, which was not asked for")
    kind, _, _ = answer.headers.get("content-type", "").partition(";")
    content = bytearray()
    for piece in answer.iter_raw():
        content += piece
        if len(content) > most:
            raise NotFetched(f"it is larger than {most:,} bytes")
        _left(deadline)
    return Fetched(url, kind.strip().lower(), answer.charset_encoding, bytes(content))


def _in_time(work: Callable[[], T], deadline: float) -> T:
    """Look a name up, or read a page, until the deadline: no timeout reaches a resolver, or sums up waits for bytes."""
    try:
        return bounded(work, deadline)
    except Late:
        raise NotFetched("it took too long") from None


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise NotFetched("it took too long")
    return left


def _authority(url: str) -> str:
    return httpx.URL(url).netloc.decode("ascii")


@functools.cache
def certificates() -> ssl.SSLContext:
    """Read the certificates of the world once: that takes longer than many a page."""
    return ssl.create_default_context()
