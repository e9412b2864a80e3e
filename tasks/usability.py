"""What is found out when account blocks are saved: whether they can be used, and which was saved again unchanged."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from steadypost.channels.port import Access
from steadypost.store import Store, StoreAway, vitals
from steadypost.store.vitals import ACCOUNT


class Unusable(Protocol):
    """An account that cannot be opened, and why."""

    @property
    def why(self) -> str: ...  # noqa: D102


class Saved(Protocol):
    """What was read of the account blocks."""

    @property
    def saved(self) -> Mapping[str, tuple[datetime, str]]: ...  # noqa: D102


class Saves:
    """Remembers when each block was saved and what it said, to know one that was saved again as it was."""

    def __init__(self) -> None:
        self._before: dict[str, tuple[datetime, str]] = {}

    def again(self, read: Saved) -> frozenset[str]:
        """Name the blocks that were saved since the last reading without any change."""
        before, self._before = self._before, dict(read.saved)
        return frozenset(
            name
            for name, (at, says) in read.saved.items()
            if name in before and before[name][0] != at and before[name][1] == says
        )


def note(
    store: Store, accounts: Mapping[str, Access | Unusable], unreadable: Mapping[str, str], *, now: datetime
) -> None:
    """Write down which blocks cannot be used and why, where that is news: before anything of theirs is due."""
    why = {name: "" if isinstance(one, Access) else one.why for name, one in accounts.items()}
    why |= {name: f"its block cannot be read: {told}" for name, told in unreadable.items()}
    try:
        noted = store.read(vitals.every)
        for name, told in why.items():
            known = noted.get(f"{ACCOUNT}{name}")
            if known is None or known.told != told or known.well == bool(told):
                store.write(vitals.note, f"{ACCOUNT}{name}", well=not told, told=told, now=now)
    except StoreAway:
        return
