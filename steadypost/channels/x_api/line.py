"""The way to X for one account: signed requests, X's clock, and who the account is.

Everything here may be repeated, except what is sent with ``once``.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from steadypost.channels.wire import Answered, Heard, Wire
from steadypost.channels.x_api import requests
from steadypost.channels.x_api.answers import Trouble, is_misdated, told_or_trouble
from steadypost.channels.x_api.signing import FORM, Method, Signer
from steadypost.domain.clock import Clock, Offset
from steadypost.domain.outcome import Cause

READ_WITHIN = 15.0
"""Seconds that a question may take."""

SENT_WITHIN = 60.0
"""Seconds that a piece of a file may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who X says the account is."""

    user_id: str
    handle: str
    may_write: bool = True
    """Whether the keys are for writing too, as far as X says."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one answer told, and when, by the monotonic clock."""

    what: Any
    at: float
    behind_wall: float
    """This machine's clock less the monotonic one: it jumps when this machine's clock is set."""


class Memory:
    """What a process knows of X from earlier attempts. Asking again would cost a request each."""

    IDENTITY_FOR = 20 * 3600.0
    CLOCK_FOR = 600.0
    MOVED = 1.0

    def __init__(self, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._elapsed = elapsed
        self._lock = threading.Lock()
        self._identities: dict[str, _Seen] = {}
        self._offsets: dict[str, _Seen] = {}

    def identity(self, key: str, now: datetime) -> Identity | None:
        """Give who signs in with this secret, if X said so lately."""
        found: Identity | None = self._recall(
            self._identities, _mark(key), self.IDENTITY_FOR, now, moved=False
        )
        return found

    def offset(self, base_url: str, now: datetime) -> Offset | None:
        """Give how far X's clock is ahead, if X said so lately and this machine's was not set since."""
        found: Offset | None = self._recall(self._offsets, base_url, self.CLOCK_FOR, now, moved=True)
        return found

    def note_identity(self, key: str, identity: Identity, now: datetime) -> None:
        """Remember who signs in with this secret."""
        self._keep(self._identities, _mark(key), identity, now)

    def note_offset(self, base_url: str, offset: Offset, now: datetime) -> None:
        """Remember what X's clock showed."""
        self._keep(self._offsets, base_url, offset, now)

    def forget(self, key: str) -> None:
        """Remember no longer who signs in with a secret that was refused."""
        with self._lock:
            self._identities.pop(_mark(key), None)

    def _keep(self, where: dict[str, _Seen], name: str, what: Any, now: datetime) -> None:
        at = self._elapsed()
        with self._lock:
            where[name] = _Seen(what, at, now.timestamp() - at)

    def _recall(self, where: dict[str, _Seen], name: str, lasts: float, now: datetime, *, moved: bool) -> Any:
        at = self._elapsed()
        with self._lock:
            seen = where.get(name)
        if seen is None or at - seen.at > lasts:
            return None
        has_moved = abs(now.timestamp() - at - seen.behind_wall) > self.MOVED
        return None if moved and has_moved else seen.what


def _mark(key: str) -> str:
    """Name a secret without keeping it."""
    return hashlib.sha256(key.encode()).hexdigest()


class Line:
    """One account's way to X, for one attempt, look or probe."""

    def __init__(self, wire: Wire, base_url: str, signer: Signer, memory: Memory, now: Clock) -> None:
        self._wire = wire
        self._base = base_url
        self._signer = signer
        self._memory = memory
        self._key = f"{base_url}\x1f{signer.key}"
        self.now = now

    @property
    def offset(self) -> Offset | None:
        """How far X's clock is ahead, as its answers told."""
        return self._wire.offset or self._memory.offset(self._base, self.now())

    def once(self, path: str, body: Mapping[str, Any], deadline: float) -> Heard:
        """Send the ask: one request, whatever becomes of it."""
        return self._send("POST", path, deadline, json=dict(body))

    @property
    def is_dated(self) -> bool:
        """Whether what it sends is signed with a date."""
        return self._signer.is_dated

    def get(self, path: str, params: Mapping[str, str], deadline: float) -> Heard:
        """Ask a question."""
        return self._redated("GET", path, READ_WITHIN, deadline, params=params)

    def post(self, path: str, deadline: float, **content: Any) -> Heard:
        """Send what is no post: a file, a description."""
        return self._redated("POST", path, SENT_WITHIN, deadline, **content)

    def delete(self, path: str, deadline: float) -> Heard:
        """Ask for something of the account's to be taken down."""
        return self._redated("DELETE", path, READ_WITHIN, deadline)

    def whoami(self, deadline: float, *, anew: bool = False) -> Identity | Trouble:
        """Say who the account is, and compare the clocks."""
        known = None if anew else self._memory.identity(self._key, self.now())
        if known is not None and self.offset is not None:
            return known
        heard = self.get(requests.ME, {"user.fields": "username"}, deadline)
        told = told_or_trouble(heard, "asking who is signed in", self.now(), 200)
        if isinstance(told, Trouble):
            self._memory.forget(self._key)
            return told
        found = _identity(told, heard)
        if found is None:
            return Trouble(cause=Cause.SERVER_ERROR, why="X did not say who is signed in")
        self._memory.note_identity(self._key, found, self.now())
        return found

    def _redated(self, method: Method, path: str, within: float, deadline: float, **content: Any) -> Heard:
        """Send what may be sent again: a signature that X's clock refused is made once more, dated by that clock."""
        dated_by = self.offset
        heard = self._send(method, path, _within(within, deadline), **content)
        if self.is_dated and is_misdated(heard, dated_by):
            heard = self._send(method, path, _within(within, deadline), **content)
        return heard

    def _send(self, method: Method, path: str, deadline: float, **content: Any) -> Heard:
        offset = self.offset
        at_x = self.now() + (offset.ahead if offset else timedelta(0))
        params = content.get("params") or {}
        signed = self._signer.headers(method, f"{self._base}{path}", params, at_x)
        heard = self._wire.send(method, path, deadline=deadline, headers=signed, **content)
        if isinstance(heard, Answered) and heard.offset is not None:
            self._memory.note_offset(self._base, self._wire.offset or heard.offset, self.now())
        return heard


def renewal(wire: Wire, form: Mapping[str, str], basic: str, deadline: float) -> Heard:
    """Ask for the next token. A client with a secret says who it is in the header, one without only in the form."""
    headers = {"content-type": FORM} | ({"authorization": f"Basic {basic}"} if basic else {})
    return wire.send(
        "POST", requests.TOKEN, deadline=_within(READ_WITHIN, deadline), headers=headers, data=form
    )


def _within(seconds: float, deadline: float) -> float:
    return min(deadline, time.monotonic() + seconds)


def _identity(told: Any, heard: Heard) -> Identity | None:
    data = told.get("data")
    user_id, handle = (data.get("id"), data.get("username")) if isinstance(data, dict) else (None, None)
    if not isinstance(user_id, str) or not isinstance(handle, str) or not user_id.isdigit() or not handle:
        return None
    level = heard.headers.get("x-access-level", "") if isinstance(heard, Answered) else ""
    return Identity(user_id=user_id, handle=handle, may_write=level != "read")
