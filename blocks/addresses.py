"""Where an account's sign-in may be sent, as an operator enters it."""

from __future__ import annotations

from urllib.parse import urlsplit

HERE = frozenset({"127.0.0.1", "localhost", "::1"})
"""Where nothing leaves this machine, and TLS is not needed."""


def address_of(entered: str) -> str:
    """Give an address without a trailing slash; raise ``ValueError`` for one that no secret may be sent to."""
    try:
        parts = urlsplit(entered)
        host, port = parts.hostname, parts.port
    except ValueError:
        why = "an address is written like https://example.org, or https://[2001:db8::1]:8443 with a number of IPv6"
        raise ValueError(why) from None
    is_here = parts.scheme == "http" and host in HERE
    if not host or port == 0 or not (parts.scheme == "https" or is_here):
        raise ValueError("an address begins with https:// (http:// only for a server on this machine)")
    if parts.username is not None or parts.password is not None:
        # It is shown wherever the account is; what signs in has a field of its own.
        raise ValueError("an address holds no user name and no password: take them out of it")
    return entered.rstrip("/")
