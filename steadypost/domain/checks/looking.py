"""Whether an account is left unread on purpose."""

from __future__ import annotations

from steadypost.domain.health import Quiet
from steadypost.domain.observed import AccountSeen, BlocksSeen, Observed, StoreSeen


def left_unread(account: AccountSeen, seen: Observed) -> Quiet | None:
    """Say why this account is deliberately not looked at; ``None`` when it is."""
    if isinstance(seen.blocks, BlocksSeen) and seen.blocks.is_off("reconcile", account.name) is not None:
        return Quiet.SWITCHED_OFF
    return Quiet.SHED if isinstance(seen.store, StoreSeen) and "looks" in seen.store.shed else None
