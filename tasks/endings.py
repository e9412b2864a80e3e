"""Messages about posts that were refused or missed: their author is to know."""

from __future__ import annotations

from steadypost.domain.endings import Telling
from steadypost.store import StoreError, endings
from tasks.house import House


def tell_of_endings(house: House, telling: Telling) -> int:
    """Record messages about ended posts, if it is time; answers of how many. A store that is away is left for the
    next round.
    """
    try:
        told = house.store.write(endings.tell, telling, house.clock())
    except StoreError as away:
        house.log.warning("what ended without being published cannot be read: %s", away)
        return 0
    if told:
        house.log.info("a message tells of %s posts that were not published", told)
    return told
