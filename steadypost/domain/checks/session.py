"""The sign-in is good for the posts that are due in the next hour."""

from __future__ import annotations

from collections.abc import Iterator

from steadypost.domain.checks.rule import Rule
from steadypost.domain.health import Check, Kind, Quiet, Tolerances, failing, ok, unknown
from steadypost.domain.observed import AccountSeen, Cannot, Observed
from steadypost.domain.remedy import Remedy


def judge(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    """A sign-in that is not good is wrong from the moment something is due within the hour."""
    if isinstance(seen.store, Cannot):
        yield unknown(Kind.SESSION, "the store cannot say what is due")
    for account in seen.accounts:
        yield _session_of(account, seen, tolerances)


def _session_of(account: AccountSeen, seen: Observed, tolerances: Tolerances) -> Check:
    name, due = account.name, account.next_due_at
    if due is None or due > seen.at + tolerances.session_ahead:
        return ok(Kind.SESSION, "nothing is due within the hour", name, Quiet.NOTHING_DUE)
    paused = account.paused_until is not None and account.paused_until > seen.at
    if paused and account.pause_cause is not None and account.pause_cause.needs_person:
        return failing(
            Kind.SESSION, f"{account.pause_cause}: {account.pause_why or 'a person has to act'}", name
        )
    if isinstance(seen.blocks, Cannot):
        return unknown(Kind.SESSION, f"the blocks cannot be read: {seen.blocks.why}", name)
    circuit = next((one for one in seen.blocks.open_circuits if one.is_sign_in and name in one.stops), None)
    if circuit is not None:
        return failing(Kind.SESSION, f"signed out: {circuit.why or 'the reason is not known'}", name)
    sign_in = seen.blocks.sign_ins.get(name)
    if sign_in is None:
        return failing(Kind.SESSION, "the account's block is gone", name)
    if sign_in.closed:
        return failing(Kind.SESSION, sign_in.closed, name)
    if sign_in.expires_at is not None and sign_in.expires_at <= max(due, seen.at):
        return failing(Kind.SESSION, f"the sign-in ends at {sign_in.expires_at:%Y-%m-%d %H:%M} UTC", name)
    return ok(Kind.SESSION, "the sign-in is good for what is due", name)


RULE = Rule(
    kind=Kind.SESSION,
    judge=judge,
    explains=(Kind.DUE, Kind.READER, Kind.LIVE, Kind.UNCONFIRMED),
    of_its_account=True,
    remedies=(Remedy.RELOAD_SESSION,) * 2,
    first_aid="Sign in again, and save the new sign-in in the account's block.",
)
