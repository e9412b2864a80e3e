"""The tokens of accounts: one refresher at a time, under a lease, and nothing used that was not saved before.

The token is read again under the lease; a refresher whose lease had ended drops its own.
"""

from __future__ import annotations

import functools
import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from steadypost.domain.clock import Clock, utc
from steadypost.domain.token import Token, Using
from steadypost.store.engine import Database
from steadypost.store.errors import StoreAway, StoreError
from steadypost.store.schema import tokens
from steadypost.store.sealing import KEY_FILE, Seal, Unsealable

LEASE = timedelta(seconds=60)
"""How long one refresh may take. The request itself is given up well before."""

PATIENCE = timedelta(seconds=75)
"""How long a process waits for another one's refresh: longer than a lease whose holder died."""

ASK_AGAIN_AFTER = 0.1
"""Seconds between two tries to get a lease, or to save a token in a store that is away."""


class RefreshBusy(StoreError):
    """Another process has been refreshing the account's token for too long."""

    def __init__(self, account: str, patience: timedelta) -> None:
        super().__init__(
            f"the token of account {account!r} has been refreshed by another process for more than "
            f"{patience.total_seconds():.0f} s",
            remedy="Nothing was sent; the post goes again by itself",
        )
        self.account = account


@dataclass(frozen=True, slots=True)
class _Kept:
    """A token, and which version of the row it was read from."""

    token: Token | None
    version: int


@dataclass(frozen=True, slots=True)
class _Lease:
    """The right to refresh, and the token that was found with it."""

    holder: str
    until: datetime
    found: _Kept


class Tokens:
    """The tokens in one store. Threads and processes may share them."""

    def __init__(
        self,
        database: Database,
        seal: Callable[[], Seal],
        *,
        wait: Callable[[float], object] = time.sleep,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        # Opened when it is first needed: where no account has a token, no key file is made.
        self._seal = functools.cache(seal)
        self._wait = wait
        self._elapsed = elapsed

    @classmethod
    def at(cls, database: Database, home: Path) -> Tokens:
        """Give them with the key file of this machine's home; it is made when the first token is kept."""
        return cls(database, lambda: Seal.at(home / KEY_FILE))

    def __repr__(self) -> str:
        return f"Tokens({self._database.shown!r})"

    def current(self, account: str) -> Token | None:
        """Read an account's token; ``None`` when it never had one."""
        with self._database.reading() as connection:
            return self._read(connection, account).token

    def put(self, account: str, token: Token) -> None:
        """Keep a token that a person signed in for, whatever was kept before."""
        with self._database.writing() as connection:
            _ensure(connection, account)
            connection.execute(
                update(tokens)
                .where(tokens.c.account == account)
                .values(version=tokens.c.version + 1, **self._closed(account, token))
            )

    def forget(self, account: str) -> None:
        """Keep an account's token no longer."""
        with self._database.writing() as connection:
            connection.execute(
                update(tokens)
                .where(tokens.c.account == account)
                .values(version=tokens.c.version + 1, sealed=None, expires_at=None)
            )

    def refresh(
        self,
        account: str,
        using: Using,
        now: datetime,
        *,
        stale: Token | None = None,
        lease: timedelta = LEASE,
        patience: timedelta | None = None,
    ) -> Token:
        """Have one process ask for the next token, and answer the one that is kept afterwards.

        ``stale``: the token found too old or refused. If another is kept by then, or another saved one while ``using``
        failed, that is answered. ``patience``: how long another refresh is waited for.
        """
        old = self.current(account) if stale is None else stale
        clock = self._clock(now)
        with self._leased(account, clock, lease, PATIENCE if patience is None else patience) as held:
            if held.found.token is not None and held.found.token != old:
                return held.found.token
            try:
                token = using(held.found.token)
            except Exception:
                latest = self._latest(account)
                if latest.token is None or latest.version == held.found.version:
                    raise
                return latest.token
            return self._save_by_all_means(account, token, held, clock)

    # -----------------------------------------------------------------------------------------------------

    def _clock(self, now: datetime) -> Clock:
        """Let time go on from ``now``: what is waited for here takes some."""
        began = self._elapsed()
        return lambda: now + timedelta(seconds=self._elapsed() - began)

    @contextmanager
    def _leased(self, account: str, now: Clock, lease: timedelta, patience: timedelta) -> Iterator[_Lease]:
        held = self._wait_for_lease(account, now, lease, patience)
        try:
            yield held
        finally:
            self._give_back(account, held.holder)

    def _wait_for_lease(self, account: str, now: Clock, lease: timedelta, patience: timedelta) -> _Lease:
        gives_up_at = now() + patience
        while (held := self._take(account, now(), lease)) is None:
            if now() >= gives_up_at:
                raise RefreshBusy(account, patience)
            self._wait(ASK_AGAIN_AFTER)  # no event says when the other process is done
        return held

    def _take(self, account: str, now: datetime, lease: timedelta) -> _Lease | None:
        """Take the lease if it is free, and read the token in the same transaction."""
        if self._is_leased(account, now):
            return None
        holder = secrets.token_hex(16)
        free = or_(tokens.c.lease_until.is_(None), tokens.c.lease_until <= now)
        try:
            with self._database.writing() as connection:
                _ensure(connection, account)
                taken = connection.execute(
                    update(tokens)
                    .where(tokens.c.account == account, free)
                    .values(holder=holder, lease_until=now + lease)
                )
                found = self._read(connection, account)
                return _Lease(holder, now + lease, found) if taken.rowcount else None
        except IntegrityError:
            return None  # another process wrote the account's first row at the same moment

    def _is_leased(self, account: str, now: datetime) -> bool:
        """Look without taking a turn at writing, because many may be waiting."""
        with self._database.reading() as connection:
            until = connection.scalar(select(tokens.c.lease_until).where(tokens.c.account == account))
        return until is not None and until > now

    def _give_back(self, account: str, holder: str) -> None:
        with self._database.writing() as connection:
            connection.execute(
                update(tokens)
                .where(tokens.c.account == account, tokens.c.holder == holder)
                .values(holder=None, lease_until=None)
            )

    def _save_by_all_means(self, account: str, token: Token, held: _Lease, now: Clock) -> Token:
        """Save a token, also in a store that comes back within the lease: lost, it would cost a person a sign-in."""
        while True:
            try:
                return self._save(account, token, held.found.version)
            except StoreAway:
                if now() >= held.until:
                    raise
                self._wait(ASK_AGAIN_AFTER)  # no event says when the store is back

    def _save(self, account: str, token: Token, version: int) -> Token:
        """Save a token, unless another one was saved since; answer the one that is kept."""
        with self._database.writing() as connection:
            saved = connection.execute(
                update(tokens)
                .where(tokens.c.account == account, tokens.c.version == version)
                .values(version=version + 1, **self._closed(account, token))
            )
            kept = token if saved.rowcount else self._read(connection, account).token
        # The token was removed meanwhile: this one is good and was not saved.
        return kept or token

    def _latest(self, account: str) -> _Kept:
        with self._database.reading() as connection:
            return self._read(connection, account)

    def _read(self, connection: Connection, account: str) -> _Kept:
        row = connection.execute(
            select(tokens.c.sealed, tokens.c.version).where(tokens.c.account == account)
        ).one_or_none()
        if row is None:
            return _Kept(None, 0)
        token = None if row.sealed is None else _loads(self._seal().open(row.sealed), account)
        return _Kept(token, row.version)

    def _closed(self, account: str, token: Token) -> dict[str, Any]:
        return {"sealed": self._seal().close(_dumps(token, account)), "expires_at": token.expires_at}


def _ensure(connection: Connection, account: str) -> None:
    """Make the account's row if it has none."""
    known = connection.scalar(select(tokens.c.version).where(tokens.c.account == account))
    if known is None:
        connection.execute(insert(tokens).values(account=account, version=0))


def _dumps(token: Token, account: str) -> str:
    told = {"account": account, "secret": dict(token.secret), "expires_at": _told(token.expires_at)}
    return json.dumps(told, sort_keys=True)


def _loads(text: str, account: str) -> Token:
    told = json.loads(text)
    if told["account"] != account:
        # Encrypted text that was copied from another account's row would sign in as that account.
        raise Unsealable(
            f"the token kept for account {account!r} is another account's",
            remedy=f"Sign the account in again: 'steadypost account add {account} --channel CHANNEL --replace'",
        )
    return Token(secret=told["secret"], expires_at=_moment(told["expires_at"]))


def _told(moment: datetime | None) -> str | None:
    return None if moment is None else utc(moment).isoformat()


def _moment(told: str | None) -> datetime | None:
    return None if told is None else datetime.fromisoformat(told)
