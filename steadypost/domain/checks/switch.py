"""Nothing that is due has been waiting for hours for a switch that was forgotten."""

from __future__ import annotations

from collections.abc import Iterator

from steadypost.domain.checks.rule import Rule
from steadypost.domain.clock import ago
from steadypost.domain.health import Check, Kind, Tolerances, failing, ok, unknown
from steadypost.domain.observed import Cannot, Observed


def judge(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    """Judge it by what was observed."""
    if isinstance(seen.blocks, Cannot):
        yield unknown(Kind.SWITCH, f"the blocks cannot be read: {seen.blocks.why}")
        return
    if isinstance(seen.store, Cannot):
        yield unknown(Kind.SWITCH, "the store cannot say what waits")
        return
    off = seen.blocks.off.get("publish")
    since = min((account.head.due_at for account in seen.store.accounts if account.head), default=None)
    if off is not None and since is not None and seen.at - since > tolerances.switched_off:
        told = f"publishing was turned off by {off.by or 'an unknown person'} ({off.reason or 'no reason given'})"
        yield failing(Kind.SWITCH, f"{told}, and something has been due for {ago(since, seen.at)}")
    else:
        yield ok(Kind.SWITCH, "nothing has been waiting for hours for a switch")


RULE = Rule(
    kind=Kind.SWITCH,
    judge=judge,
    first_aid="Turn publishing on again in the block 'Steadypost switches', or say until when it is off.",
)
