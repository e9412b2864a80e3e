"""Looks and probes wait while this machine is short of memory; publishing never does.

One is let through every few minutes, and the watch sees what is held back: such a gate once stopped all for hours.
"""

from __future__ import annotations

import contextlib
from datetime import timedelta

from steadypost.domain.health import MEMORY_MB
from steadypost.store import StoreAway, vitals
from tasks.house import House

THROUGH_EVERY = timedelta(minutes=5)
"""How long something is held back at a stretch."""


def is_shed(house: House, what: str) -> bool:
    """Say whether this is left for later, for want of memory, and write it down when that changes."""
    free = house.watching.free_memory()
    if free >= MEMORY_MB or not house.switches.degradation.is_on(house.clock()):
        if what not in house.watching.unshed:
            with contextlib.suppress(StoreAway):
                _note(house, what, "")
                house.watching.unshed.add(what)
        return False
    house.watching.unshed.discard(what)
    try:
        return _holds_back(house, what, f"{free:.0f} MB are free")
    except StoreAway:
        return False  # without a store there is nothing to do in any case


def _holds_back(house: House, what: str, told: str) -> bool:
    moment = house.clock()
    before = house.store.read(vitals.every).get(f"{vitals.SHED}{what}")
    if before is not None and not before.well and moment - before.since >= THROUGH_EVERY:
        _note(house, what, "")
        house.log.warning("%s: one round is let through", what)
        return False
    if before is None or before.well:
        house.log.warning("%s: left for later, because only %s", what, told)
    _note(house, what, told)
    return True


def _note(house: House, what: str, told: str) -> None:
    house.store.write(vitals.note, f"{vitals.SHED}{what}", well=not told, told=told, now=house.clock())
