"""How far back a list of posts goes without a gap."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise


def reached(moments: Iterable[datetime]) -> datetime | None:
    """Say how far back a list has come whose entries, as they stand in it, were made at these moments.

    A list of the newest first may hold an entry that stands out of order: pinned, or dated by its author. Younger ones
    may still follow it, so an entry shows how far the list has come only when an older one follows it.
    """
    return min((upper for upper, lower in pairwise(moments) if lower <= upper), default=None)
