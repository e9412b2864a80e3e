"""Being the account: four keys as they are, or a token that is known to be good for as long as an attempt takes.

A token is renewed here, before an ask or after one, and never within it.
"""

from __future__ import annotations

import base64
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from steadypost.channels.wire import Answered, Heard, Wire
from steadypost.channels.x_api import requests
from steadypost.channels.x_api.answers import Trouble
from steadypost.channels.x_api.line import renewal
from steadypost.channels.x_api.secret import (
    Grant,
    Keys,
    Secret,
    is_of,
    refresh_token,
    token_of,
)
from steadypost.channels.x_api.signing import ByKeys, ByToken, Signer
from steadypost.domain.clock import Clock
from steadypost.domain.outcome import Cause
from steadypost.domain.token import Token, Tokens, Unreadable

logger = logging.getLogger(__name__)

ENOUGH = timedelta(minutes=10)
"""How long a token must last to begin with: longer than any attempt."""

STILL = timedelta(minutes=3)
"""How long a token must last to go on with while X gives no new one."""

RENEWED_WITHIN = 20.0
"""Seconds: shorter than the lease under which it happens."""


class RenewalFailed(Exception):
    """X gave no new token."""

    def __init__(self, trouble: Trouble, *, refused: bool) -> None:
        super().__init__(trouble.why)
        self.trouble = trouble
        self.refused = refused
        """Whether X said that the old one is good for nothing."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """One account's sign-in, for one attempt, look or probe."""

    account: str
    secret: Secret
    tokens: Tokens | None
    wire: Wire
    now: Clock
    deadline: float
    """Of the attempt, in ``time.monotonic()`` seconds."""

    def signer(self) -> Signer | Trouble:
        """Give what signs requests, good for as long as an attempt takes."""
        if isinstance(self.secret, Keys):
            return ByKeys(self.secret)
        token = self._ready(self.secret)
        return token if isinstance(token, Trouble) else _bearer(token)

    def token(self) -> Token | Trouble | None:
        """Give the token that is kept, where there is one."""
        tokens = self.tokens
        return None if tokens is None else _from_store(lambda: tokens.current(self.account))

    def renew_refused(self, signer: Signer) -> Trouble | None:
        """Replace a token that X refused, for the next attempt; say why that cannot be."""
        if isinstance(self.secret, Keys) or not isinstance(signer, ByToken):
            return Trouble(cause=Cause.SIGNED_OUT, why="X refused the account's keys")
        kept = self.token()
        if isinstance(kept, Trouble):
            return kept
        if kept is not None and kept.secret.get("access_token") != signer.access_token:
            return None  # another process renewed it while this one was asking
        renewed = self._renew(self.secret, kept)
        return renewed if isinstance(renewed, Trouble) else None

    def _ready(self, grant: Grant) -> Token | Trouble:
        token = self.token()
        if isinstance(token, Trouble):
            return token
        ours = token if token is not None and is_of(token, grant) else None
        if ours is not None and ours.lasts(self.now(), ENOUGH):
            return ours
        renewed = self._renew(grant, token)
        if isinstance(renewed, Trouble) and ours is not None and ours.lasts(self.now(), STILL):
            return ours  # it lasts for this attempt, and the next one renews it
        return renewed

    def _renew(self, grant: Grant, stale: Token | None) -> Token | Trouble:
        tokens = self.tokens
        if tokens is None:
            return Trouble(
                cause=Cause.SESSION_UNUSABLE, why=f"{self.account}: there is no place to keep its token"
            )
        left = self.deadline - time.monotonic()
        if left < RENEWED_WITHIN:
            # A renewal that is cut off may cost the sign-in: the old token is used up, and the new one never came.
            return Trouble(cause=Cause.DEADLINE, why="too little time was left to renew the token")
        renewal_of = _Renewal(grant, self.wire, self.now)
        patience = timedelta(seconds=left - RENEWED_WITHIN)
        return _from_store(
            lambda: tokens.refresh(self.account, renewal_of, self.now(), stale=stale, patience=patience)
        )


T = TypeVar("T")


def _from_store(get: Callable[[], T]) -> T | Trouble:
    """Turn what the store cannot do now into what an attempt can say: the store is away, or its key is lost."""
    try:
        return get()
    except RenewalFailed as failed:
        return failed.trouble
    except Unreadable as unreadable:
        # Not the token of the block instead: it was used, and used again it ends the sign-in wherever the key is.
        return Trouble(cause=Cause.SESSION_UNUSABLE, why=str(unreadable))
    except Exception as error:
        logger.exception("the sign-in could not be read or renewed")
        why = f"the sign-in could not be read or renewed ({type(error).__name__})"
        return Trouble(cause=Cause.STORE_AWAY, why=why)


@dataclass(frozen=True, slots=True)
class _Renewal:
    """Asks X for the next token, under the store's lease."""

    grant: Grant
    wire: Wire
    now: Clock

    def __call__(self, kept: Token | None) -> Token:
        before = refresh_token(kept, self.grant)
        form = requests.renewal_form(self.grant.client_id, before)
        heard = renewal(self.wire, form, basic_of(self.grant), time.monotonic() + RENEWED_WITHIN)
        token = token_of(_body(heard), self.grant, before, self.now()) if _is_ok(heard) else None
        if token is None:
            raise failure(heard)
        return token


def failure(heard: Heard) -> RenewalFailed:
    """Say what it means that X gave no token. Only X's own word ends the sign-in."""
    if not isinstance(heard, Answered):
        return RenewalFailed(
            Trouble(cause=Cause.NO_WAY_THERE, why=f"renewing the token: {heard.why}"), refused=False
        )
    body = _body(heard)
    code = body.get("error") if isinstance(body, dict) else None
    if heard.status in {400, 401} and code in {
        "invalid_grant",
        "invalid_request",
        "invalid_client",
        "unauthorized_client",
    }:
        why = f"X no longer takes the account's token ({code}): sign it in again, 'steadypost account add'"
        return RenewalFailed(Trouble(cause=Cause.SIGNED_OUT, why=why), refused=True)
    why = f"renewing the token: X answered HTTP {heard.status}"
    return RenewalFailed(Trouble(cause=Cause.SERVER_ERROR, why=why), refused=False)


def _is_ok(heard: Heard) -> bool:
    return isinstance(heard, Answered) and heard.status == 200


def _body(heard: Heard) -> Any:
    return heard.json() if isinstance(heard, Answered) else None


def basic_of(grant: Grant) -> str:
    """Say who the app is, for the header; empty for an app without a secret."""
    if not grant.client_secret:
        return ""
    return base64.b64encode(f"{grant.client_id}:{grant.client_secret}".encode()).decode()


def _bearer(token: Token) -> ByToken:
    return ByToken(token.secret["access_token"])
