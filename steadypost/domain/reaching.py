"""How far back a list of posts goes without a gap."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise


def reached(moments: Iterable[datetime]) -> datetime | None:
    """Say how far back a list reaches, from when its entries were made, in the order of the list.

    In a list of the newest first an entry may be out of order: pinned, or dated by its author. Younger ones may still
    follow it, so an entry counts only when an older one follows it.
    """
    return min((upper for upper, lower in pairwise(moments) if lower <= upper), default=None)
