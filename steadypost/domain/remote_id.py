"""The id a network gave to a post. Opaque: only the network's own package reads, orders or dates one."""

from __future__ import annotations

from typing import NewType

RemoteId = NewType("RemoteId", str)
"""Always a string, up to ``LONGEST`` characters: a number on X, an ``at://`` address on Bluesky."""

LONGEST = 512
"""What the store keeps of an id."""


class NotAnId(ValueError):
    """This is not an id that the network could have given to a post."""
