"""Whether an unreachable address is this machine's trouble or that address's.

Other accounts' addresses are tried too; what that does not tell is charged to the account alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

USUAL = {"http": 80, "https": 443, "socks": 1080, "socks4": 1080, "socks5": 1080, "socks5h": 1080}

HERE = frozenset({"localhost", "127.0.0.1", "::1"})
"""This machine itself. That it is reached, or not, tells nothing of the way out."""


class Whose(StrEnum):
    """Whose trouble it is."""

    MACHINE = "machine"
    """This machine reaches nothing: it has no network, no name service, or its proxy is gone."""
    ADDRESS = "address"
    """Others are found, and this one is not; or a connection to it opens, and no more."""
    UNKNOWN = "unknown"
    """There was no other address to try."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a network is, as a connection needs it."""

    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Address:
        """Read it out of an account's address."""
        parts = urlsplit(url.casefold())
        return cls(host=(parts.hostname or "").rstrip("."), port=parts.port or USUAL.get(parts.scheme, 443))

    @property
    def is_here(self) -> bool:
        """Whether it is this machine."""
        return self.host in HERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What trying other addresses showed."""

    has_network: bool
    """Whether this machine has any network but the one within itself."""
    reached: Mapping[Address, bool] = field(default_factory=dict)
    """Whether each address of the accounts is reached, this one's own among them."""
    proxy: bool | None = None
    """Whether the proxy is reached through which everything goes; ``None`` where there is none."""


def whose(own: Address, found: Found) -> Whose:
    """Judge whether this machine or the address is at fault when it cannot be reached."""
    if own.is_here:
        return Whose.ADDRESS
    if not found.has_network:
        return Whose.MACHINE
    if found.proxy is not None:
        # Behind a proxy nothing is reached directly: only that the proxy is gone is known.
        return Whose.UNKNOWN if found.proxy else Whose.MACHINE
    if any(reached for address, reached in found.reached.items() if not address.is_here):
        return Whose.ADDRESS
    others = any(address.host != own.host and not address.is_here for address in found.reached)
    return Whose.MACHINE if others else Whose.UNKNOWN
