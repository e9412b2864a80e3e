"""Signed in as an account: signing in once, renewing in time, never inside an ask.

Sign-ins are limited (30 in five minutes), so all processes share a session, renewed by one and saved before use.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from steadypost.channels.bluesky import limits, xrpc
from steadypost.channels.bluesky.identity import Identity, Resolver
from steadypost.channels.bluesky.trouble import NotReady, account_cause, unanswered
from steadypost.channels.bluesky.xrpc import Reply, Result, Wrong
from steadypost.channels.port import Access
from steadypost.channels.wire import Wire
from steadypost.domain import clock
from steadypost.domain.clock import Clock
from steadypost.domain.outcome import Cause
from steadypost.domain.token import Token, Tokens, Unreadable, Using, origin_of

logger = logging.getLogger(__name__)

RENEW_BEFORE: Final = timedelta(minutes=10)
"""A token is renewed this long before its end: longer than any attempt, and than clocks that disagree as a rule."""

LATEST: Final = 1 << 36
"""Seconds since 1970; a time beyond it, some thousand years from now, is none."""

UNKNOWN_LIFE: Final = timedelta(minutes=30)
"""How long a token is used whose end cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A sign-in that is good."""

    did: str
    server: str
    """The server for the account's records."""
    handle: str
    """The account's handle, as the server told it."""
    token: Token = field(repr=False)

    @property
    def access(self) -> str:
        """What is shown with every request."""
        return self.token.secret["access"]


def session_of(token: Token) -> Session:
    """Read what was kept."""
    kept = token.secret
    return Session(did=kept["did"], server=kept["server"], handle=kept["handle"], token=token)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Signs one account in."""

    access: Access
    tokens: Tokens
    resolver: Resolver
    wire: Callable[[str], Wire]
    """Gives a client for a server."""
    now: Clock = clock.now

    def ready(self, *, deadline: float, stale: Session | None = None) -> Session:
        """Give a session that is good for longer than an attempt; ``stale`` is one that was just refused.

        Raise ``NotReady``.
        """
        token = self._kept()
        if self._is_good(token, stale):
            return session_of(_there(token))
        found = token

        def using(kept: Token | None) -> Token:
            if kept != found and self._is_good(kept, stale):
                return _there(kept)  # another process was faster
            return self._next(kept, deadline)

        return session_of(self._refreshed(using, found, deadline))

    def _kept(self) -> Token | None:
        with _store():
            return self.tokens.current(self.access.account)

    def _refreshed(self, using: Using, found: Token | None, deadline: float) -> Token:
        left = timedelta(seconds=max(0.0, deadline - time.monotonic()))
        with _store():
            return self.tokens.refresh(self.access.account, using, self.now(), stale=found, patience=left)

    def _is_good(self, token: Token | None, stale: Session | None) -> bool:
        if token is None or not self._is_ours(token):
            return False
        is_other = stale is None or token.secret["access"] != stale.access
        return is_other and token.lasts(self.now(), RENEW_BEFORE)

    def _is_ours(self, token: Token) -> bool:
        """Whether a token descends from what the block says now."""
        return token.secret.get("origin") == self._origin()

    def _origin(self) -> str:
        """What an operator entered: another password or handle begins anew."""
        told = (self.access.handle.lower(), self._password(), self.access.base_url)
        return origin_of("\x1f".join(told))

    def _password(self) -> str:
        return str(self.access.secret.get("app_password", ""))

    # --- one step further

    def _next(self, kept: Token | None, deadline: float) -> Token:
        """Renew the session, or sign in where there is none that can be renewed."""
        old = kept if kept is not None and self._is_ours(kept) else None
        home = self._home(old, deadline)
        if old is not None and old.secret["server"] == home.server:
            reply = xrpc.call(
                self.wire(home.server),
                "com.atproto.server.refreshSession",
                None,
                deadline=deadline,
                token=old.secret["refresh"],
            )
            if not _has_ended(reply):
                return self._token(home, reply, "renewing the session")
        return self._signed_in(home, deadline)

    def _home(self, old: Token | None, deadline: float) -> Identity:
        """Find where the account lives now; a directory that is away does not keep a known account from its server."""
        try:
            home = self.resolver.identity(self._did(old, deadline), deadline=deadline)
        except NotReady as trouble:
            if old is None or trouble.cause is Cause.SIGNED_OUT:
                raise
            known = session_of(old)
            return Identity(did=known.did, server=known.server, handles=(known.handle,))
        if old is None and self.access.handle.lower() not in home.handles:
            # Any domain can claim a handle; it counts when the account says so too. A password is sent there next.
            why = f"handle {self.access.handle} leads to {home.did}, which does not go by it: correct it in the block"
            raise NotReady(Cause.OTHER_ACCOUNT, why)
        return home

    def _did(self, old: Token | None, deadline: float) -> str:
        if old is not None:
            return session_of(old).did
        did = self.resolver.did(self.access.handle, deadline=deadline)
        if did is None:
            raise NotReady(
                Cause.SIGNED_OUT, f"no account has the handle {self.access.handle}: correct it in the block"
            )
        return did

    def _signed_in(self, home: Identity, deadline: float) -> Token:
        body = {"identifier": home.did, "password": self._password()}
        wire = self.wire(home.server)
        reply = xrpc.call(wire, "com.atproto.server.createSession", body, deadline=deadline)
        if isinstance(reply, Wrong):
            raise self._turned_down(reply, wire)
        return self._token(home, reply, "signing in")

    def _turned_down(self, reply: Wrong, wire: Wire) -> NotReady:
        if reply.status == 429:
            until = limits.until(reply.headers, wire.offset, self.now())
            why = "Bluesky takes no more sign-ins of this account for now"
            return NotReady(Cause.RATE_LIMIT, why, until or self.now() + timedelta(minutes=5))
        if reply.name == "AuthFactorTokenRequired":
            why = "Bluesky asks for a code sent by mail: put an app password into the block"
            return NotReady(Cause.CHALLENGE, why)
        if reply.name == "AuthenticationRequired":
            why = (
                f"app password of {self.access.handle} is not taken: make a new one and put it into the block"
            )
            return NotReady(Cause.SIGNED_OUT, why)
        return unanswered("signing in", reply)

    def _token(self, home: Identity, reply: Reply, what: str) -> Token:
        if not isinstance(reply, Result) or not reply.text("accessJwt") or not reply.text("refreshJwt"):
            raise unanswered(what, reply)
        if reply.text("did") != home.did:
            raise NotReady(
                Cause.OTHER_ACCOUNT, f"{what}: the server signed in {reply.text('did')}, not {home.did}"
            )
        check_active(reply)
        secret = {
            "access": reply.text("accessJwt"),
            "refresh": reply.text("refreshJwt"),
            "did": home.did,
            "server": home.server,
            "handle": reply.text("handle"),
            "origin": self._origin(),
        }
        ends = self._ends(secret["access"]) or self.now() + UNKNOWN_LIFE
        return Token(secret=secret, expires_at=ends)

    def _ends(self, jwt: str) -> datetime | None:
        """Read when a token ends, by this machine's clock: what a token tells for certain is how long it lives."""
        told = _told(jwt)
        begins, ends = told.get("iat"), told.get("exp")
        if not isinstance(ends, int) or not 0 < ends < LATEST:
            return None
        if isinstance(begins, int) and 0 < ends - begins < 400 * 86_400:
            return self.now() + timedelta(seconds=ends - begins)
        return datetime.fromtimestamp(ends, UTC)


@contextmanager
def _store() -> Iterator[None]:
    """Turn what the store cannot do now into what an attempt can say: nothing has been asked."""
    try:
        yield
    except NotReady:
        raise
    except Unreadable as unreadable:
        # Not the app password instead: two machines with two keys would sign in by turns, and that is rationed.
        raise NotReady(Cause.SESSION_UNUSABLE, str(unreadable)) from None
    except Exception as error:
        logger.exception("the sign-in could not be read or renewed")
        why = f"the sign-in could not be read or renewed ({type(error).__name__})"
        raise NotReady(Cause.STORE_AWAY, why) from error


def check_active(reply: Result) -> None:
    """Raise ``NotReady`` when the server says that the account may not act."""
    if reply.data.get("active") is False:
        status = reply.text("status") or "not active"
        cause = Cause.LOCKED if status == "deactivated" else Cause.SUSPENDED
        raise NotReady(cause, f"account {reply.text('handle')} is {status} on Bluesky")


def _has_ended(reply: Reply) -> bool:
    """Whether a refresh token is not taken any more."""
    if not isinstance(reply, Wrong):
        return False
    return account_cause(reply.name) is Cause.SIGN_IN_RENEWED or reply.name == "AuthenticationRequired"


def _there(token: Token | None) -> Token:
    if token is None:
        raise TypeError("no token was kept")
    return token


def _told(jwt: str) -> dict[str, Any]:
    """Read what a token says of itself; it is not for us to check it."""
    try:
        body = jwt.split(".")[1]
        told = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError, binascii.Error):
        return {}
    return told if isinstance(told, dict) else {}


class InMemory:
    """Keeps tokens in this process only, for a channel that was given no store."""

    def __init__(self) -> None:
        self._kept: dict[str, Token] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def current(self, account: str) -> Token | None:
        """Read an account's token."""
        return self._kept.get(account)

    def refresh(
        self,
        account: str,
        using: Using,
        now: datetime,
        *,
        stale: Token | None = None,
        patience: timedelta | None = None,
    ) -> Token:
        """Have one thread ask for the next token."""
        del now, stale, patience
        with self._lock:
            lock = self._locks.setdefault(account, threading.Lock())
        with lock:
            self._kept[account] = using(self._kept.get(account))
            return self._kept[account]
