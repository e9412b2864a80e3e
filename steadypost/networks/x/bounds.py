"""How long a text can be at most, without measuring it: most posts fit with room, and measuring takes a millisecond."""

from __future__ import annotations

import unicodedata

_LINK = 23
"""What X counts for a link, however short it is; every link has a dot."""

_HEAVIEST = 2
"""What X counts for the heaviest character."""


def surely_fits(text: str, longest: int) -> bool:
    """Whether a text is shorter than ``longest``, however it is measured. ``False`` says nothing."""
    if ".." in text or len(text) > longest:
        return False
    if not text.isprintable() and not text.replace("\n", "").isprintable():
        return False  # what cannot be measured is said by who measures
    letters = len(text) if text.isascii() else _HEAVIEST * len(unicodedata.normalize("NFC", text))
    dots = sum(map(text.count, ".\u3002\uff0e\uff61"))
    return letters + _LINK * dots <= longest
