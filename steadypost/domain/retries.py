"""When a delivery is asked for again, after each cause there is: data, one row each.

``python -m steadypost.channels.x_web.table`` draws the rows, with X's own codes, into ``docs/retries.md``; tests
hold them to what the domain and the channel really do. One rule stands above all rows: whatever the cause, an
answer that leaves it open whether something was posted is followed by looks, and by no other ask before
absence is proven.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from steadypost.domain.outcome import Cause, Outcome, Scope, Unconfirmed
from steadypost.domain.pause import REST


class Again(StrEnum):
    """When the same delivery is asked for again."""

    NEVER = "never"
    """The network said no and would say no again: somebody has to change the post."""
    GROWING_WAITS = "after a growing wait"
    """Ten seconds, doubled each time up to a quarter of an hour, spread by chance over the upper half."""
    NAMED_END = "at the end it named"
    """Retry-After, or the header that names the reset; where there is none, after the account's rest."""
    REST = "after the account's rest"
    """Nothing of the account moves before. A new session in its block ends the rest at once."""
    ABSENCE = "once it is proven absent"
    """By two looks a settle window apart, its browser dead."""
    PERSON = "when a person says so"
    """Neither waiting nor looking can settle it."""


class Evidence(StrEnum):
    """What must be known before it is asked for again."""

    NONE = "none: nothing was posted"
    ABSENCE = "proof that it is not live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What follows from one cause."""

    again: Again
    scope: Scope
    evidence: Evidence
    charged: bool = False
    """Whether the delivery pays for it: after five in a row that it broke by itself a person is asked."""
    rest: timedelta | None = None
    """How long the account is left alone when the network names no end."""


def _later(cause: Cause) -> Rule:
    """Let go of what was not the delivery's own doing: it costs it nothing."""
    return Rule(again=Again.GROWING_WAITS, scope=cause.scope, evidence=Evidence.NONE)


def _charged(cause: Cause) -> Rule:
    return Rule(again=Again.GROWING_WAITS, scope=cause.scope, evidence=Evidence.NONE, charged=True)


def _rested(cause: Cause, again: Again = Again.REST) -> Rule:
    return Rule(again=again, scope=cause.scope, evidence=Evidence.NONE, rest=REST[cause])


def _never(cause: Cause) -> Rule:
    return Rule(again=Again.NEVER, scope=cause.scope, evidence=Evidence.NONE)


def _looked_for(cause: Cause, again: Again = Again.ABSENCE) -> Rule:
    return Rule(again=again, scope=cause.scope, evidence=Evidence.ABSENCE)


RULES: Mapping[Cause, Rule] = {
    # the account
    Cause.SIGNED_OUT: _rested(Cause.SIGNED_OUT),
    Cause.SESSION_UNUSABLE: _rested(Cause.SESSION_UNUSABLE),
    Cause.OTHER_ACCOUNT: _rested(Cause.OTHER_ACCOUNT),
    Cause.CHALLENGE: _rested(Cause.CHALLENGE),
    Cause.LOCKED: _rested(Cause.LOCKED),
    Cause.SUSPENDED: _rested(Cause.SUSPENDED),
    Cause.CONSENT: _rested(Cause.CONSENT),
    Cause.RULES_NOT_ACCEPTED: _rested(Cause.RULES_NOT_ACCEPTED),
    Cause.HANDLE_TAKEN: _rested(Cause.HANDLE_TAKEN),
    Cause.AUTOMATION_SUSPECTED: _rested(Cause.AUTOMATION_SUSPECTED),
    Cause.DAILY_LIMIT: _rested(Cause.DAILY_LIMIT, Again.NAMED_END),
    Cause.RATE_LIMIT: _rested(Cause.RATE_LIMIT, Again.NAMED_END),
    Cause.CREDIT_USED: _rested(Cause.CREDIT_USED),
    Cause.SIGN_IN_RENEWED: _later(Cause.SIGN_IN_RENEWED),
    # the page
    Cause.UI_DRIFT: _later(Cause.UI_DRIFT),
    Cause.PAGE_UNREACHABLE: _later(Cause.PAGE_UNREACHABLE),
    Cause.SERVER_ERROR: _later(Cause.SERVER_ERROR),
    Cause.OVERLAY: _charged(Cause.OVERLAY),
    Cause.COMPOSER_NOT_EMPTY: _charged(Cause.COMPOSER_NOT_EMPTY),
    Cause.COMPOSER_DIFFERS: _charged(Cause.COMPOSER_DIFFERS),
    Cause.BUTTON_DISABLED: _charged(Cause.BUTTON_DISABLED),
    Cause.REPLY_CONTEXT_MISSING: _charged(Cause.REPLY_CONTEXT_MISSING),
    Cause.MEDIA_NOT_ATTACHED: _charged(Cause.MEDIA_NOT_ATTACHED),
    Cause.NOT_OFFERED: _charged(Cause.NOT_OFFERED),
    Cause.NOTHING_LEFT: _charged(Cause.NOTHING_LEFT),
    # the content
    Cause.TOO_LONG: _never(Cause.TOO_LONG),
    Cause.TARGET_GONE: _never(Cause.TARGET_GONE),
    Cause.PARENT_UNSEEN: _later(Cause.PARENT_UNSEEN),
    Cause.TARGET_CLOSED: _never(Cause.TARGET_CLOSED),
    Cause.MEDIA_REFUSED: _never(Cause.MEDIA_REFUSED),
    Cause.REFUSED_OTHERWISE: _never(Cause.REFUSED_OTHERWISE),
    Cause.MEDIA_MISSING: _charged(Cause.MEDIA_MISSING),
    Cause.DUPLICATE: _looked_for(Cause.DUPLICATE, Again.PERSON),
    # us
    Cause.BROWSER_UNAVAILABLE: _later(Cause.BROWSER_UNAVAILABLE),
    Cause.NO_PLACE: _later(Cause.NO_PLACE),
    Cause.NO_WAY_OUT: _later(Cause.NO_WAY_OUT),
    Cause.NO_WAY_THERE: _later(Cause.NO_WAY_THERE),
    Cause.CIRCUIT_OPEN: _later(Cause.CIRCUIT_OPEN),
    Cause.LEASE_LOST: _later(Cause.LEASE_LOST),
    Cause.WORKER_LOST: _later(Cause.WORKER_LOST),
    Cause.STORE_AWAY: _later(Cause.STORE_AWAY),
    Cause.BROWSER_DIED: _charged(Cause.BROWSER_DIED),
    Cause.DEADLINE: _charged(Cause.DEADLINE),
    Cause.DEFECT: _charged(Cause.DEFECT),
    Cause.EARLIER_PART: _charged(Cause.EARLIER_PART),
    # after the click
    Cause.NO_ANSWER: _looked_for(Cause.NO_ANSWER),
    Cause.ODD_ANSWER: _looked_for(Cause.ODD_ANSWER),
}
"""What follows from each cause, when the answer itself proves that nothing was posted."""


def rule_for(outcome: Outcome) -> Rule | None:
    """Find what follows from an outcome; nothing follows from one that brought its id."""
    cause = getattr(outcome, "cause", None)
    if cause is None:
        return None
    if isinstance(outcome, Unconfirmed) and RULES[cause].evidence is not Evidence.ABSENCE:
        return _looked_for(cause)
    return RULES[cause]


def check_rules(rules: Mapping[Cause, Rule] = RULES) -> None:
    """Hold the rows to what they promise; run when this module is loaded."""
    if missing := set(Cause) - set(rules):
        raise ValueError(f"no row for {sorted(missing)}")
    if wrong := [cause for cause, rule in rules.items() if rule.scope is not cause.scope]:
        raise ValueError(f"rows name another scope than their causes: {sorted(wrong)}")


check_rules()
