"""Draws what follows from each of X's answers, by giving each of them to the code that reads them.

``python tools/retries.py`` prints what ``docs/retries.md`` holds; a test compares them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from steadypost.channels.x_web import answers
from steadypost.channels.x_web.answers import NOT_SEEN_YET, Asked, Received, interpret
from steadypost.domain.causes import RULES, Again, Evidence, Rule
from steadypost.domain.outcome import Outcome, Unconfirmed
from steadypost.networks.x.snowflake import id_at

CODES = tuple(
    sorted(
        {
            *answers.REFUSALS,
            *answers.FOR_A_PERSON,
            *answers.DAILY_LIMITS,
            answers.RATE_LIMIT,
            answers.AUTOMATION,
            answers.DUPLICATE,
        }
    )
)
"""Every code of X's that is read."""

STATUSES = (401, 403, 404, 429, 500, 503)
"""The statuses that mean something without a code."""

HEAD = """\
# When it is asked again

Drawn by `python tools/retries.py`: each of X's answers was given to the code that reads them.
Tests hold the rows to what a delivery then does. Whatever the cause: what was asked for and never answered is
looked for, and is asked again only when it is proven absent. The ask itself is repeated by no machinery.

Waits grow: ten seconds, doubled each time up to a quarter of an hour, the upper half of each left to chance.
Retry-After and `x-rate-limit-reset` are honoured up to two days; a daily limit that names no end lasts to the next
midnight, UTC. Above all of this is one budget for the whole system (`steadypost/domain/budget.py`): within any
minute, retries in vain are at most a fifth of the fresh attempts and five more; beyond that, one every six seconds.
A retry that worked has cost nothing. Looks that could not be taken are repeated within the same budget.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One answer of X's, and what follows."""

    answer: str
    outcome: Outcome
    rule: Rule


def rows() -> Iterator[Row]:
    """Give every answer to the code that reads it."""
    for code in CODES:
        yield _row(str(code), 200, {"errors": [{"code": code}], "data": {}})
    for code in sorted(NOT_SEEN_YET):
        body = {"errors": [{"code": code}], "data": {}}
        yield _row(f"{code}, below an own part of seconds ago", 200, body, below_own=True)
    for status in STATUSES:
        yield _row(f"HTTP {status}, no code", status, {})
    yield _row("`tweet_results: {}`, no error", 200, {"data": {"create_tweet": {"tweet_results": {}}}})
    yield _row("an unknown code", 200, {"errors": [{"code": 99999}], "data": {}})


def _row(answer: str, status: int, body: object, *, below_own: bool = False) -> Row:
    moment = datetime(2026, 3, 4, 12, tzinfo=UTC)
    parent = id_at(moment - timedelta(seconds=5)) if below_own else None
    asked = Asked(handle="alice", armed_at=moment - timedelta(seconds=3), own_parent=parent)
    outcome = interpret(Received(status=status, body=json.dumps(body)), asked, moment)
    rule = rule_for(outcome)
    if rule is None:
        raise ValueError(f"no rule for {answer}")
    return Row(answer=answer, outcome=outcome, rule=rule)


def rule_for(outcome: Outcome) -> Rule | None:
    """Find what follows from an outcome; nothing follows from one that brought its id."""
    cause = getattr(outcome, "cause", None)
    if cause is None:
        return None
    rule = RULES[cause]
    if isinstance(outcome, Unconfirmed) and rule.evidence is not Evidence.ABSENCE:
        return replace(rule, again=Again.ABSENCE, evidence=Evidence.ABSENCE, charged=False, rest=None)
    return rule


def draw() -> str:
    """Draw both tables."""
    return "\n".join([HEAD, *_codes(), "", *_causes(), ""])


def _codes() -> Iterator[str]:
    yield "## What X answers\n"
    yield "| X's answer | what it is | cause | asked again | scope | evidence needed |"
    yield "|---|---|---|---|---|---|"
    for row in rows():
        kind = type(row.outcome).__name__.lower()
        cause = getattr(row.outcome, "cause", "")
        yield f"| {row.answer} | {kind} | {cause} | {_when(row.rule)} | {row.rule.scope} | {row.rule.evidence} |"


def _causes() -> Iterator[str]:
    yield "## Every cause there is\n"
    yield "| cause | what happened | asked again | scope | charged | evidence needed | what a person can do |"
    yield "|---|---|---|---|---|---|---|"
    for cause, rule in RULES.items():
        charged = "yes" if rule.charged else "no"
        to_do = rule.to_do(account="NAME", delivery="ID")
        when = f"{_when(rule)} | {rule.scope} | {charged} | {rule.evidence}"
        yield f"| {cause} | {rule.says} | {when} | {to_do} |"


def _when(rule: Rule) -> str:
    if rule.rest is None:
        return rule.again.value
    hours, minutes = divmod(int(rule.rest.total_seconds()) // 60, 60)
    return (
        f"{rule.again.value} ({hours} h)" if hours and not minutes else f"{rule.again.value} ({minutes} min)"
    )


if __name__ == "__main__":
    sys.stdout.write(draw())
