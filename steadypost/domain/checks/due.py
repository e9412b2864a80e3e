"""Posts that are due and may go out, go out."""

from __future__ import annotations

from collections.abc import Iterator

from steadypost.domain import holding
from steadypost.domain.checks.rule import Rule
from steadypost.domain.checks.starting import fresh, is_between_runs
from steadypost.domain.clock import ago
from steadypost.domain.health import Check, Kind, Quiet, Tolerances, failing, ok, unknown
from steadypost.domain.observed import AccountSeen, BlocksSeen, Cannot, Head, Observed, StoreSeen
from steadypost.domain.remedy import Remedy


def judge(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    """Judge it by what was observed."""
    if isinstance(seen.store, Cannot):
        yield unknown(Kind.DUE, "the store cannot say what is due")
    for account in seen.accounts:
        yield of_account(account, seen, tolerances)


def of_account(account: AccountSeen, seen: Observed, tolerances: Tolerances) -> Check:
    """Judge one account."""
    name, now, head = account.name, seen.at, account.head
    if head is None:
        return ok(Kind.DUE, "nothing is due", name, Quiet.NOTHING_DUE)
    if (held := _held(account, seen)) is not None:
        return held
    late = now - head.due_at > tolerances.live_within
    if head.next_at > now:
        if late and head.cause is not None:
            return failing(
                Kind.DUE, f"delivery {head.id} was due {ago(head.due_at, now)} ago: {_why(head)}", name
            )
        return ok(
            Kind.DUE,
            f"delivery {head.id} goes again at {head.next_at:%Y-%m-%d %H:%M:%S} UTC: {_why(head)}",
            name,
        )
    if is_between_runs(seen, tolerances):
        told = "what is due is taken up as soon as a run of publish has started"
        return unknown(Kind.DUE, told, name, Quiet.STARTING)
    since = max(head.ready_since, account.claimed_at or head.ready_since)
    if not late and isinstance(seen.store, StoreSeen):
        # A run that has just started gets as much time as any run.
        since = max(since, seen.store.leased_since.get("publish", since))
    if now - since <= tolerances.taken_up_within:
        return ok(Kind.DUE, "what is due is being taken up", name)
    if (
        not late
        and isinstance(seen.store, StoreSeen)
        and fresh(seen.store.claimed_at, now, tolerances.taken_up_within)
    ):
        return ok(Kind.DUE, "others, due before, are being taken up", name)
    return failing(
        Kind.DUE,
        f"delivery {head.id} could have been taken up {ago(since, now)} ago and was not",
        name,
    )


def _why(head: Head) -> str:
    return f"{head.cause}: {head.why}" if head.why else str(head.cause or "no reason is known")


QUIET = {
    holding.SWITCHED_OFF: Quiet.SWITCHED_OFF,
    holding.STRUCK: Quiet.STRUCK,
    holding.PAUSED: Quiet.ACCOUNT_RESTS,
    holding.CIRCUIT_OPEN: Quiet.CIRCUIT_OPEN,
}
"""Why nothing is wrong while this holds; every other hold that needs no person is the account's own limits."""


def _held(account: AccountSeen, seen: Observed) -> Check | None:
    """Say why nothing of this account goes out, where something keeps it back."""
    known = seen.blocks if isinstance(seen.blocks, BlocksSeen) else BlocksSeen()
    name = account.name
    found = holding.holds(account, seen.at, off=known.is_off("publish", name), circuits=known.open_circuits)
    if not found:
        return None
    hold = found[0]
    until = f", until {hold.until:%Y-%m-%d %H:%M} UTC" if hold.until else ""
    if hold.needs_person:
        return failing(Kind.DUE, f"{hold.why}{until}", name)
    return ok(Kind.DUE, f"{hold.why}{until}", name, QUIET.get(hold.kind, Quiet.QUOTA_USED))


RULE = Rule(
    kind=Kind.DUE,
    judge=judge,
    remedies=(Remedy.GIVE_BACK_LEASES, Remedy.RENEW_BROWSERS, Remedy.RENEW_BROWSERS),
    first_aid="Ask 'steadypost why ID' what the delivery waits for.",
)
