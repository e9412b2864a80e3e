"""How long an account is left alone after the network, or its sign-in, said so.

A pause belongs to the account. It charges no delivery, and a new session (or a changed word on the rules)
in the account's block ends it within one cycle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from steadypost.domain.outcome import Answer, Cause, Deferred, Scope

REST: Mapping[Cause, timedelta] = {
    # Somebody has to act; until then we open the page now and then and, seeing the same, leave again.
    Cause.SIGNED_OUT: timedelta(minutes=30),
    Cause.CONSENT: timedelta(minutes=30),
    Cause.OTHER_ACCOUNT: timedelta(minutes=30),
    Cause.SESSION_UNUSABLE: timedelta(minutes=30),
    Cause.RULES_NOT_ACCEPTED: timedelta(minutes=30),
    Cause.HANDLE_TAKEN: timedelta(minutes=30),
    # X asked a person a question. We do not come near it for a long time, and never answer it.
    Cause.CHALLENGE: timedelta(hours=6),
    Cause.LOCKED: timedelta(hours=6),
    Cause.SUSPENDED: timedelta(hours=24),
    Cause.AUTOMATION_SUSPECTED: timedelta(hours=6),
    # X's own windows, when it did not name their end: fifteen minutes is its documented rate-limit window.
    Cause.RATE_LIMIT: timedelta(minutes=15),
    Cause.DAILY_LIMIT: timedelta(hours=6),
    # Somebody has to add credit; now and then it is tried, which costs nothing while there is none.
    Cause.CREDIT_USED: timedelta(hours=6),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Leave this account alone until then."""

    until: datetime
    cause: Cause
    why: str


def pause_after(answer: Answer, now: datetime) -> Pause | None:
    """Say whether an answer is about its account, and for how long to leave the account alone."""
    outcome = answer.headline
    cause = getattr(outcome, "cause", None)
    if cause is None or cause.scope is not Scope.ACCOUNT:
        return None
    named = outcome.until if isinstance(outcome, Deferred) else None
    return Pause(until=named or now + REST[cause], cause=cause, why=getattr(outcome, "why", ""))


def check_rest() -> None:
    """Every cause that pauses an account says for how long; run when this module is loaded."""
    missing = {cause for cause in Cause if cause.scope is Scope.ACCOUNT} - set(REST)
    if missing:
        raise ValueError(f"no rest is named for {sorted(missing)}")


check_rest()
