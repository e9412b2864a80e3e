"""What the answer to an ask means. Pure, and nothing is decided by the words of a message.

200 with the names we chose and the contents we computed    published
200 with anything else                                      unconfirmed: the records are asked for by name
400 InvalidSwap                                             unconfirmed: there is a record under our name
400 ExpiredToken, InvalidToken; 401                         nothing was written: the sign-in is renewed
400, 403, 413 with another name                             refused: records are checked before they are written
429                                                         deferred: points are counted before anything is done
everything else                                             unconfirmed (a used name answers 500 in a thread)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from steadypost.channels.bluesky import limits
from steadypost.channels.bluesky.trouble import account_cause
from steadypost.channels.bluesky.xrpc import Odd, Reply, Result, Wrong
from steadypost.channels.wire import NotSent, Unknown
from steadypost.domain.clock import Offset
from steadypost.domain.outcome import (
    Cause,
    Deferred,
    NotSubmitted,
    Outcome,
    Phase,
    Published,
    Refused,
    Unconfirmed,
)
from steadypost.domain.remote_id import RemoteId
from steadypost.networks.bluesky.record import Ref

RENEWED_WITHIN: Final = timedelta(seconds=2)
"""How soon an ask whose token had ended is made again: the next attempt renews the sign-in first."""


def is_about_sign_in(reply: Reply) -> bool:
    """Whether the next attempt has to sign in anew first: the token is not taken, or the account is not there any
    more. It may have moved; if it has not, signing in says why it may not act.
    """
    if not isinstance(reply, Wrong):
        return False
    return account_cause(reply.name) in {Cause.SIGN_IN_RENEWED, Cause.LOCKED} or reply.name == "RepoNotFound"


def outcomes(
    reply: Reply, refs: Sequence[Ref], *, offset: Offset | None, now: datetime
) -> tuple[Outcome, ...]:
    """Say of each part what became of it. A thread is written whole or not at all."""
    if isinstance(reply, Result):
        return _written(reply, refs)
    return (_for_all(reply, offset, now),) * len(refs)


def _for_all(reply: Wrong | Odd | NotSent | Unknown, offset: Offset | None, now: datetime) -> Outcome:
    match reply:
        case NotSent(cause=cause, why=why):
            return NotSubmitted(cause=cause, why=why, phase=Phase.ARMED)
        case Unknown(cause=cause, why=why):
            return Unconfirmed(cause=cause, why=why, phase=Phase.CLICKED)
        case Odd(status=429, headers=headers) | Wrong(status=429, headers=headers):
            why = "Bluesky takes no more of this account for now"
            until = limits.until(headers, offset, now)
            return Deferred(cause=limits.cause(headers), code="429", why=why, until=until)
        case Odd(why=why):
            return Unconfirmed(cause=Cause.ODD_ANSWER, why=why, phase=Phase.ANSWERED)
        case Wrong():
            return _wrong(reply, now)


def _wrong(reply: Wrong, now: datetime) -> Outcome:
    if reply.name == "InvalidSwap":
        why = "Bluesky says that there is a record under this post's name"
        return Unconfirmed(cause=Cause.DUPLICATE, why=why, phase=Phase.ANSWERED)
    if reply.status >= 500:
        return Unconfirmed(cause=Cause.SERVER_ERROR, why=f"the server says {reply}", phase=Phase.ANSWERED)
    why = f"the server says {reply}"
    if is_about_sign_in(reply):
        return Deferred(cause=Cause.SIGN_IN_RENEWED, code=reply.name, why=why, until=now + RENEWED_WITHIN)
    if (cause := account_cause(reply.name)) is not None:
        return Deferred(cause=cause, code=reply.name, why=why)
    if reply.name == "BlobNotFound":
        return Deferred(cause=Cause.MEDIA_NOT_ATTACHED, code=reply.name, why=f"{why}; it is uploaded anew")
    if reply.status == 401:
        return Deferred(cause=Cause.SIGNED_OUT, code=reply.name, why=why)
    if reply.status in {400, 403, 413}:
        return Refused(cause=Cause.REFUSED_OTHERWISE, code=reply.name, why=why)
    return Unconfirmed(cause=Cause.ODD_ANSWER, why=why, phase=Phase.ANSWERED)


# --- what was written


@dataclass(frozen=True, slots=True)
class _Written:
    uri: str
    cid: str


def _written(reply: Result, refs: Sequence[Ref]) -> tuple[Outcome, ...]:
    told = _told(reply)
    if len(told) != len(refs):
        why = f"the server says that it wrote {len(told)} records, not {len(refs)}"
        return (Unconfirmed(cause=Cause.ODD_ANSWER, why=why, phase=Phase.ANSWERED),) * len(refs)
    return tuple(_one(ref, one) for ref, one in zip(refs, told, strict=True))


def _one(ref: Ref, told: _Written) -> Outcome:
    if told.uri != ref.uri:
        why = f"the server names another record than {ref.uri}"
        return Unconfirmed(cause=Cause.ODD_ANSWER, why=why, phase=Phase.ANSWERED)
    if told.cid != ref.cid:
        # It is live under our name, but it is not what we meant to say: the look reads what it says.
        why = "the server names another content than the one it was given"
        return Unconfirmed(cause=Cause.ODD_ANSWER, why=why, phase=Phase.ANSWERED)
    return Published(remote_id=RemoteId(told.uri))


def _told(reply: Result) -> list[_Written]:
    results: Any = reply.data.get("results", [reply.data])
    found = results if isinstance(results, list) else []
    return [
        _Written(one["uri"], one["cid"])
        for one in found
        if isinstance(one, dict) and isinstance(one.get("uri"), str) and isinstance(one.get("cid"), str)
    ]
