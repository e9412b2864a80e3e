"""What is unconfirmed is being looked for."""

from __future__ import annotations

from collections.abc import Iterator

from steadypost.domain.checks.looking import left_unread
from steadypost.domain.checks.rule import Rule
from steadypost.domain.clock import ago
from steadypost.domain.health import Check, Kind, Quiet, Tolerances, failing, ok, unknown
from steadypost.domain.observed import Cannot, Observed
from steadypost.domain.remedy import Remedy


def judge(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    """Judge it by what was observed."""
    if isinstance(seen.store, Cannot):
        yield unknown(Kind.UNCONFIRMED, "the store cannot say what is unconfirmed")
    for account in seen.accounts:
        since = account.looks_overdue_since
        if since is None or seen.at - since <= tolerances.looked_within:
            yield ok(Kind.UNCONFIRMED, "what is unconfirmed is being looked for", account.name)
        elif quiet := left_unread(account, seen):
            why = "looking was turned off" if quiet is Quiet.SWITCHED_OFF else "looks wait for memory"
            yield ok(Kind.UNCONFIRMED, why, account.name, quiet)
        elif account.look is not None and not account.look.well:
            told = f"what is unconfirmed cannot be looked for: {account.look.told}"
            yield unknown(Kind.UNCONFIRMED, told, account.name)
        else:
            told = f"a look has been due for {ago(since, seen.at)} and was not taken"
            yield failing(Kind.UNCONFIRMED, told, account.name)


RULE = Rule(
    kind=Kind.UNCONFIRMED,
    judge=judge,
    remedies=(Remedy.REVIVE_FLOW,) * 2,
    first_aid="Check on the network whether the post is there, then say so: 'steadypost resolve ID'.",
)
