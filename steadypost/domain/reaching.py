"""How far back a list of posts goes without a gap."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import accumulate


def reached(moments: Iterable[datetime]) -> datetime | None:
    """Say how far back a list reaches, from when its entries were made, in the order of the list.

    In a list of the newest first entries may be out of order: pinned, or dated by their author. So an entry counts only
    when an older one follows it, and no younger one.
    """
    backwards = list(reversed(list(moments)))
    followed = zip(backwards[1:], accumulate(backwards, max), strict=False)
    return min((one for one, youngest_after in followed if youngest_after <= one), default=None)
