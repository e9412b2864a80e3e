"""What waits can go out within a day by the accounts' own limits."""

from __future__ import annotations

from collections.abc import Iterator

from steadypost.domain.checks.rule import Rule
from steadypost.domain.health import Check, Kind, Tolerances, failing, ok, unknown
from steadypost.domain.observed import Cannot, Observed


def judge(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    """Judge it by what was observed."""
    if isinstance(seen.store, Cannot):
        yield unknown(Kind.BACKLOG, "the store cannot say what waits")
    for account in seen.accounts:
        rates = [account.limits.per_day, account.limits.per_hour and account.limits.per_hour * 24]
        most = min((rate for rate in rates if rate), default=None)
        days = account.units / most if most else 0.0
        if days > tolerances.backlog_days:
            told = f"{account.units} posts are due, and the account may send {most} a day"
            yield failing(Kind.BACKLOG, told, account.name)
        else:
            yield ok(Kind.BACKLOG, f"{account.units} posts are due", account.name)


RULE = Rule(
    kind=Kind.BACKLOG,
    judge=judge,
    first_aid="Raise the account's limits, or cancel posts: 'steadypost queue' lists them.",
)
