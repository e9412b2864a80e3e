"""Telling of posts that were refused or missed: nothing waits for anybody's word, and their author wants to know."""

from __future__ import annotations

from steadypost.domain.endings import Telling
from steadypost.store import StoreError, endings
from tasks.house import House


def tell_of_endings(house: House, telling: Telling) -> int:
    """Write down what is to be told of posts that ended, if it is time to; answers of how many. Never raises for a
    store that is away: the next round finds the same.
    """
    try:
        told = house.store.write(endings.tell, telling, house.clock())
    except StoreError as away:
        house.log.warning("what ended without being published cannot be read: %s", away)
        return 0
    if told:
        house.log.info("a message tells of %s posts that were not published", told)
    return told
