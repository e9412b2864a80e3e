"""What follows from an outcome: the row of its cause, unless the outcome leaves open whether something was posted."""

from __future__ import annotations

from dataclasses import replace

from steadypost.domain.causes import RULES, Again, Evidence, Rule
from steadypost.domain.outcome import Outcome, Unconfirmed


def rule_for(outcome: Outcome) -> Rule | None:
    """Find what follows from an outcome; nothing follows from one that brought its id."""
    cause = getattr(outcome, "cause", None)
    if cause is None:
        return None
    rule = RULES[cause]
    if isinstance(outcome, Unconfirmed) and rule.evidence is not Evidence.ABSENCE:
        return replace(rule, again=Again.ABSENCE, evidence=Evidence.ABSENCE, charged=False, rest=None)
    return rule
