"""Prefect's limits have room, or what fills them is alive."""

from __future__ import annotations

from collections.abc import Iterator

from steadypost.domain.checks.due import of_account
from steadypost.domain.checks.rule import Rule
from steadypost.domain.health import Check, Kind, Tolerances, Verdict, failing, ok, unknown
from steadypost.domain.observed import Cannot, Observed
from steadypost.domain.remedy import Remedy


def judge(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    """A limit that is full while due posts are not taken up may be held by dead processes."""
    if isinstance(seen.prefect, Cannot):
        yield unknown(Kind.SLOTS, seen.prefect.why)
        return
    full = sorted(slot.name for slot in seen.prefect.slots if slot.limit > 0 and slot.taken >= slot.limit)
    stands_still = [
        account.name
        for account in seen.accounts
        if account.head is not None
        and account.head.next_at <= seen.at
        and of_account(account, seen, tolerances).verdict is Verdict.FAILING
    ]
    if full and stands_still:
        told = f"full, while posts of {', '.join(stands_still)} wait and are not taken up: {', '.join(full)}"
        yield failing(Kind.SLOTS, told)
    else:
        yield ok(Kind.SLOTS, "Prefect's limits have room, or what fills them is under way")


RULE = Rule(
    kind=Kind.SLOTS,
    judge=judge,
    explains=(Kind.DUE,),
    remedies=(Remedy.GIVE_BACK_SLOTS,) * 2,
    first_aid="Set the limit's active slots back in Prefect's pages (Concurrency).",
)
