"""An account for the store: its block without the secrets."""

from __future__ import annotations

from blocks import AccountBlock
from steadypost.store import AccountRecord


def record_of(name: str, block: AccountBlock) -> AccountRecord:
    """Make the store's account of a block."""
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
