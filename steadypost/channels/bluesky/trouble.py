"""What keeps an attempt from being made, before anything was asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from steadypost.channels.bluesky import limits
from steadypost.channels.bluesky.xrpc import Odd, Reply, Result, Wrong
from steadypost.channels.wire import NotSent, Unknown
from steadypost.domain.outcome import Cause, Deferred, NotSubmitted, Outcome, Phase, Refused


class NotReady(Exception):
    """Something that has to be there before the ask is not; the message is for people."""

    def __init__(
        self,
        cause: Cause,
        why: str,
        until: datetime | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(why)
        self.cause = cause
        self.until = until
        self.headers = headers or {}
        """Those of the answer, where they name the end of a limit."""

    def outcome(self, phase: Phase) -> Outcome:
        """Say what that makes of the delivery."""
        if self.until is not None:
            return Deferred(cause=self.cause, code="-", why=str(self), until=self.until)
        return NotSubmitted(cause=self.cause, why=str(self), phase=phase)


class Never(NotReady):
    """The post itself cannot go out as it is, now or later."""

    def outcome(self, phase: Phase) -> Outcome:  # noqa: ARG002 - it is no matter how far it had come
        """Say what that makes of the delivery."""
        return Refused(cause=self.cause, code="-", why=str(self))


class Later(NotReady):
    """Something besides the account and its server is not ready; the post waits for it, and is not charged."""

    def outcome(self, phase: Phase) -> Outcome:  # noqa: ARG002 - it is no matter how far it had come
        """Say what that makes of the delivery."""
        return Deferred(cause=self.cause, code="-", why=str(self), until=self.until)


_CAUSES = {
    "AccountTakedown": Cause.SUSPENDED,
    "AccountSuspended": Cause.SUSPENDED,
    "AccountDeactivated": Cause.LOCKED,
    "RepoDeactivated": Cause.LOCKED,
    "RepoTakendown": Cause.SUSPENDED,
    "AuthFactorTokenRequired": Cause.CHALLENGE,
    # The token is not taken; whatever was asked was not looked at.
    "ExpiredToken": Cause.SIGN_IN_RENEWED,
    "InvalidToken": Cause.SIGN_IN_RENEWED,
    "AuthMissing": Cause.SIGN_IN_RENEWED,
}


def account_cause(name: str) -> Cause | None:
    """Give the cause that an error's name means for the whole account."""
    return _CAUSES.get(name)


def unanswered(what: str, reply: Reply) -> NotReady:
    """Say why a step before the ask did not come to its end."""
    match reply:
        case Wrong(name=name) if (cause := account_cause(name)) is not None:
            return NotReady(cause, f"{what}: the server says {reply}")
        case Wrong(status=429, headers=headers) | Odd(status=429, headers=headers):
            why = f"{what}: Bluesky takes no more of this account for now"
            return NotReady(limits.cause(headers), why, headers=headers)
        case Wrong(status=status) if status < 500:
            return NotReady(Cause.REFUSED_OTHERWISE, f"{what}: the server says {reply}")
        case Wrong():
            return NotReady(Cause.SERVER_ERROR, f"{what}: the server says {reply}")
        case Odd(why=why):
            return NotReady(Cause.SERVER_ERROR, f"{what}: {why}")
        case NotSent(cause=cause, why=why):
            return NotReady(cause, f"{what}: {why}")
        case Unknown(why=why):
            return NotReady(Cause.SERVER_ERROR, f"{what}: {why}")
        case Result():
            return NotReady(Cause.SERVER_ERROR, f"{what}: the answer lacks what it has to hold")
