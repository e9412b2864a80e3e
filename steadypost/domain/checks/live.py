"""Posts that count as published are live, as the network shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from steadypost.domain.checks.looking import left_unread
from steadypost.domain.checks.rule import Rule
from steadypost.domain.clock import ago
from steadypost.domain.health import Check, Kind, Quiet, Tolerances, Verdict, failing, ok, unknown
from steadypost.domain.observed import AccountSeen, Cannot, Observed, Published


def judge(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    """Judge it by what was observed."""
    if isinstance(seen.store, Cannot):
        yield unknown(Kind.LIVE, "the store cannot say what counts as published")
    for account in seen.accounts:
        check = _live_of(account, seen.at, tolerances)
        # Unknown because it was turned off: not ok, and no reason to call a person.
        yield (
            replace(check, quiet=left_unread(account, seen)) if check.verdict is Verdict.UNKNOWN else check
        )


def _live_of(account: AccountSeen, now: datetime, tolerances: Tolerances) -> Check:
    """Compare what counts as published with what looks have shown. The latest look counts."""
    name, claimed = account.name, list(account.published)
    if not claimed:
        return ok(Kind.LIVE, "nothing was published in the last hour", name, Quiet.NOTHING_DUE)
    last_seen = max((one.at for one in claimed if one.seen_at), default=None)
    open_ = [one for one in claimed if not one.seen_at and (last_seen is None or one.at > last_seen)]
    missing = [one for one in open_ if one.gone or _is_missing(one, tolerances)]
    if missing:
        told = f"{len(missing)} posts count as published, and the account's page does not show them"
        return failing(
            Kind.LIVE, f"{told}: delivery {missing[0].id}, published {ago(missing[0].at, now)} ago", name
        )
    blind = [one for one in open_ if now - one.at > tolerances.looked_within]
    if blind:
        why = f": {account.look.told}" if account.look is not None and not account.look.well else ""
        return unknown(
            Kind.LIVE,
            f"no look has shown delivery {blind[0].id}, published {ago(blind[0].at, now)} ago{why}",
            name,
        )
    return ok(Kind.LIVE, "what was published is there, or is too fresh to tell", name)


def _is_missing(one: Published, tolerances: Tolerances) -> bool:
    """Two looks that would have shown it did not, the last of them later than X is slow to show a post."""
    return len(one.missed_at) >= 2 and max(one.missed_at) - one.at >= tolerances.shown_within


RULE = Rule(
    kind=Kind.LIVE,
    judge=judge,
    first_aid="Open the account's page in a browser: are the posts there? If not, the network hides them.",
    left_behind="Later posts are shown. Those that are gone stay gone: 'steadypost queue --state removed'.",
)
