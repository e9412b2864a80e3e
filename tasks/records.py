"""What the store is told of an account: what its block says, without its secrets."""

from __future__ import annotations

from blocks import AccountBlock
from steadypost.store import AccountRecord


def record_of(name: str, block: AccountBlock) -> AccountRecord:
    """Give the account as the store knows it."""
    return AccountRecord(
        name=name,
        channel=block.channel,
        network=block.network.name,
        handle=block.handle,
        longest=block.allowance().longest,
        limits=block.limits(),
        on_absence=block.on_absence,
        settle=block.settle(),
        approvers=block.approved_by,
    )
