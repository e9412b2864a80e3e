"""What X takes for the use of its API: one table, read on 29 November 2026. Driving X's page costs nothing.

X changes its prices; the console at X says what was really charged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from steadypost.domain.post import Part

PRICES: Mapping[str, Decimal] = {
    "post": Decimal("0.015"),
    "post with a link": Decimal("0.20"),
    "description": Decimal("0.005"),
    "own post read": Decimal("0.001"),
}
"""In US dollars. An own post that is read is charged once a day, however often it is read."""

_LINK = re.compile(r"https?://|\b\w[\w-]*\.[a-z]{2,}\b", re.IGNORECASE)
"""More than X makes a link of: a budget may be kept too tightly, and never too loosely."""


def price(part: Part) -> Decimal:
    """Say what making a part live costs: a link makes it thirteen times as dear."""
    described = sum(1 for media in part.media if media.alt and not media.kind.startswith("video/"))
    base = PRICES["post with a link"] if _LINK.search(part.text) else PRICES["post"]
    return base + described * PRICES["description"]
