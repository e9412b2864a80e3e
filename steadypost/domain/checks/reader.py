"""The account's page can be read."""

from __future__ import annotations

from collections.abc import Iterator

from steadypost.domain.checks.rule import Rule
from steadypost.domain.clock import ago
from steadypost.domain.health import Check, Kind, Quiet, Tolerances, ok, unknown
from steadypost.domain.observed import Cannot, Observed


def judge(seen: Observed, _: Tolerances) -> Iterator[Check]:
    """Judge it by what was observed."""
    if isinstance(seen.store, Cannot):
        yield unknown(Kind.READER, "the store cannot say how the last looks went")
    for account in seen.accounts:
        look = account.look
        if look is None:
            yield ok(Kind.READER, "nothing has been looked for", account.name, Quiet.NOT_ASKED)
        elif look.well:
            yield ok(Kind.READER, f"was read {ago(look.at, seen.at)} ago", account.name)
        else:
            told = f"the account's page has not been readable for {ago(look.since, seen.at)}: {look.told}"
            yield unknown(Kind.READER, told, account.name)


RULE = Rule(
    kind=Kind.READER,
    judge=judge,
    explains=(Kind.LIVE, Kind.UNCONFIRMED),
    of_its_account=True,
    first_aid="Open the account's page in a browser: does it ask to sign in, or show nothing?",
)
