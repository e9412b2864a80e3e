"""Brings to a person what has been unconfirmed for a day; reads the store alone.

Where nothing is known to hinder looks (the machine slept), due looks come first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import timedelta

from blocks import Unopened
from steadypost.domain.observed import Noted
from steadypost.store import Overdue, StoreError, vitals
from steadypost.store import overdue as overdue_rows
from tasks.house import House

LAST_CHANCE = timedelta(minutes=20)
"""How long due looks get after an absence: longer than the longest interval between two."""

IN_ANY_CASE = timedelta(days=4)
"""After so long unconfirmed nothing is waited for: longer than a machine sleeps over a long weekend. A run that is
replaced again and again forgets since when it knows of each, and would give every one a last chance for ever."""

EVERY = timedelta(minutes=1)
"""How long between two sweeps of one process."""


def kept_from_looking(house: House, account: str, noted: Mapping[str, Noted]) -> str:
    """Say what keeps this process from looking at an account; empty when nothing is known to."""
    access = house.directory.access(account)
    if isinstance(access, Unopened):
        return access.why
    # Without any account the blocks were not read yet: that tells nothing of this one.
    if access is None and house.directory.accounts:
        return f"there is no account block named {account} any more"
    moment = house.clock()
    if not house.switches.reconcile.is_on(moment, account):
        return _of_switch(house.switches.reconcile.by, house.switches.reconcile.reason)
    look = noted.get(f"{vitals.LOOK}{account}")
    if look is not None and not look.well:
        return f"no look at the account could be taken: {look.told}"
    return ""


def _of_switch(by: str, reason: str) -> str:
    whose = f" by {by}" if by else ""
    return f"the switch reconcile was turned off{whose}{f': {reason}' if reason else ''}"


class Sweeper:
    """The sweep of one process, and since when it has known of each unconfirmed delivery that is overdue."""

    def __init__(self, house: House, ticks: Callable[[], float] = time.monotonic) -> None:
        self._house = house
        self._ticks = ticks
        self._known: dict[int, float] = {}
        self._next = ticks()

    def is_time(self) -> bool:
        """Whether the next sweep is due; it then is, and the one after it is a while ahead."""
        if self._ticks() < self._next:
            return False
        self._next = self._ticks() + EVERY.total_seconds()
        return True

    def sweep(self) -> list[int]:
        """Ask a person about every overdue unconfirmed delivery; answer which. A store that is away is left for the
        next sweep.
        """
        try:
            return self._sweep()
        except StoreError as away:
            self._house.log.warning("what is unconfirmed for too long cannot be read: %s", away)
            return []

    def _sweep(self) -> list[int]:
        overdue = self._house.store.read(overdue_rows.every, self._house.clock())
        self._known = {one.delivery_id: self._known.get(one.delivery_id, self._ticks()) for one in overdue}
        if not overdue:
            return []
        noted = self._house.store.read(vitals.every)
        return [
            one.delivery_id
            for one in overdue
            if self._ask(one, kept_from_looking(self._house, one.account, noted))
        ]

    def _ask(self, one: Overdue, reason: str) -> bool:
        waited = timedelta(seconds=self._ticks() - self._known[one.delivery_id])
        if not reason and waited < LAST_CHANCE and self._house.clock() - one.since < IN_ANY_CASE:
            return False
        why = f"unconfirmed since {one.since:%Y-%m-%d %H:%M} UTC: {reason or 'no look has settled it'}"
        asked = self._house.store.write(overdue_rows.ask_a_person, one.delivery_id, why, self._house.clock())
        if asked:
            self._house.log.warning("delivery %s needs a person: %s", one.delivery_id, why)
        return asked
