"""Which of several members works on which account: the same answer for all who know the same members.

Accounts go to the highest ranked member with room (rendezvous hashing). It only shapes load; the claim keeps posts
single.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping


def rank(member: str, account: str) -> int:
    """Say how much an account belongs to a member: the highest has it (rendezvous hashing)."""
    return int.from_bytes(hashlib.sha256(f"{member}\x1f{account}".encode()).digest()[:8])


def spread(members: Mapping[str, Collection[str]]) -> dict[str, str]:
    """Give each account a member of those that can work on it; ``members`` says who can work on what."""
    accounts = sorted({name for able in members.values() for name in able})
    fair = -(-len(accounts) // len(members)) if members else 0
    has: Counter[str] = Counter()
    found = {}
    # Accounts with the fewest members choose first, while those have room.
    for account in sorted(accounts, key=lambda name: (sum(name in able for able in members.values()), name)):
        able = [member for member, names in members.items() if account in names]
        with_room = [member for member in able if has[member] < fair] or able
        found[account] = max(with_room, key=lambda member: (rank(member, account), member))
        has[found[account]] += 1
    return found
