"""How long an account rests after the network or its sign-in said so.

It charges no delivery; a new session or accepted rules in the account's block end it within a cycle.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from steadypost.domain.causes import RULES, Cause
from steadypost.domain.outcome import Answer, Deferred


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
    if cause is None or (rest := RULES[cause].rest) is None:
        return None
    named = outcome.until if isinstance(outcome, Deferred) else None
    return Pause(until=named or now + rest, cause=cause, why=getattr(outcome, "why", ""))
