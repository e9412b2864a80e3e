"""The checks: what should be true against what was observed, as pure functions. One check, one file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from steadypost.domain.checks import (
    backlog,
    browsers,
    circuit,
    clock,
    disk,
    due,
    leases,
    live,
    memory,
    notices,
    on_watch,
    outbox,
    reader,
    runs,
    server,
    session,
    slots,
    store,
    switch,
    unconfirmed,
    worker,
)
from steadypost.domain.checks.rule import Rule
from steadypost.domain.health import Check, Kind, Tolerances, Verdict
from steadypost.domain.observed import Observed

_IN_ORDER = (
    store,
    server,
    worker,
    on_watch,
    runs,
    slots,
    due,
    live,
    reader,
    unconfirmed,
    session,
    leases,
    browsers,
    circuit,
    switch,
    outbox,
    notices,
    disk,
    memory,
    clock,
    backlog,
)
"""What everything stands on comes first."""

RULES: Mapping[Kind, Rule] = {one.RULE.kind: one.RULE for one in _IN_ORDER}
"""Every check, in the order of reporting."""


def judge(seen: Observed, tolerances: Tolerances) -> list[Check]:
    """Check everything, and mark what is explained by something else."""
    return explain([check for rule in RULES.values() for check in rule.judge(seen, tolerances)])


def explain(checks: Iterable[Check]) -> list[Check]:
    """Mark what is not ok only because something else is not: one cause, one incident, one message."""
    given = list(checks)
    wrong = [check for check in given if check.verdict is not Verdict.OK]
    return [_explained(check, wrong) if check.verdict is not Verdict.OK else check for check in given]


def _explained(check: Check, wrong: Iterable[Check]) -> Check:
    by = next((other for other in wrong if _explains(other, check)), None)
    return check if by is None else replace(check, explained_by=by.kind)


def _explains(cause: Check, check: Check) -> bool:
    rule = RULES[cause.kind]
    if cause.key == check.key:
        return False
    if check.kind in rule.explains_of.get(cause.about, ()):
        return True
    if check.kind not in rule.explains:
        return False
    # An unknown check explains only other unknown ones: what is seen to fail, fails.
    if (rule.blinds or cause.verdict is Verdict.UNKNOWN) and check.verdict is Verdict.FAILING:
        return False
    return not rule.of_its_account or cause.about == check.about


def check_rules(rules: Mapping[Kind, Rule] = RULES) -> None:
    """Every kind has its rule, and no two explain each other, or neither would ever be told; run when loaded."""
    if lacking := set(Kind) - set(rules):
        raise ValueError(f"no rule for {', '.join(sorted(lacking))}")
    for rule in rules.values():
        for kind in rule.explains:
            if rule.kind in rules[kind].explains:
                raise ValueError(f"{rule.kind} and {kind} explain each other")


check_rules()
