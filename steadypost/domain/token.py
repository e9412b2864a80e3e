"""A sign-in that is replaced from time to time. One process renews it: a refresh token used twice ends its family."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A sign-in as the store keeps it: encrypted, in the channel's own form. Nothing secret of it is ever shown."""

    secret: Mapping[str, str] = field(repr=False)
    """What the channel needs to use it and to renew it."""
    expires_at: datetime | None = None
    """When it is no longer taken, as far as that is known."""

    def lasts(self, now: datetime, at_least: timedelta) -> bool:
        """Whether it is taken for at least so long from ``now``, as far as that is known."""
        return self.expires_at is None or self.expires_at - now >= at_least


def origin_of(entered: str) -> str:
    """Give the fingerprint of a secret that an operator entered, kept with tokens that descend from it."""
    return hashlib.sha256(entered.encode()).hexdigest()[:16]


Using = Callable[[Token | None], Token]
"""Asks the network for the next token, given the present one. It has a timeout of its own, shorter than the lease."""


class Unreadable(Exception):
    """A token is kept and cannot be read: its key is lost, or lies on another machine. The message says what to do."""


class Tokens(Protocol):
    """Where tokens that change are kept: renewed under a lease, saved before use."""

    def current(self, account: str) -> Token | None:
        """Give an account's token as last saved; ``None`` when it never had one."""
        ...

    def refresh(
        self,
        account: str,
        using: Using,
        now: datetime,
        *,
        stale: Token | None = None,
        patience: timedelta | None = None,
    ) -> Token:
        """Renew it by ``using``, once among all processes, and give what is then in force.

        ``stale`` is the token found too old or refused (else the one kept now); ``patience`` how long another renewal
        is waited for (``None``: until its lease has ended).
        """
        ...
