"""What a person is to be told gets through."""

from __future__ import annotations

from collections.abc import Iterator

from steadypost.domain.checks.rule import Rule
from steadypost.domain.clock import ago
from steadypost.domain.health import Check, Kind, Tolerances, failing, ok, unknown
from steadypost.domain.observed import Cannot, Observed


def judge(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    """Judge it by what was observed."""
    if isinstance(seen.store, Cannot):
        yield unknown(Kind.NOTICES, "the store cannot say what is to be told")
        return
    since = seen.store.notices_since
    if seen.store.no_person_named:
        # Nothing is broken: an operator has not said yet who is to be told, and the messages are kept.
        waits = f"; {seen.store.notices_waiting} messages wait: 'steadypost notices'" if since else ""
        yield ok(Kind.NOTICES, f"no person to tell is named in the block 'Steadypost on call'{waits}")
    elif since is not None and seen.store.told_later:
        yield ok(Kind.NOTICES, f"{seen.store.notices_waiting} messages wait: {seen.store.told_later}")
    elif since is not None and seen.at - since > tolerances.notices_within:
        told = f"{seen.store.notices_waiting} messages wait, the oldest for {ago(since, seen.at)}"
        yield failing(Kind.NOTICES, f"{told}: {seen.store.notices_trouble or 'not tried yet'}")
    else:
        yield ok(Kind.NOTICES, "what is to be told gets through")


RULE = Rule(
    kind=Kind.NOTICES,
    judge=judge,
    first_aid="Correct the notification block: 'steadypost notices' says why it takes nothing.",
    told=False,
)
