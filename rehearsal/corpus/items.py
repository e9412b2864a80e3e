"""One post to try things with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PARENTS: Final = {
    "bob/1": ("bob", "Any questions?"),
    "bob/2": ("bob", "Any questions left?"),
    "bob/3": ("bob", "What do @carol and @dora think?"),
    "carol/1": ("carol", "The bread is out of the oven."),
    "erik/1": ("erik", "Read https://example.com/notes first, please"),
    "self/1": ("alice", "1/3 A thread about maps"),
    "self/2": ("alice", "2/3 Of rivers and roads"),
    "self/3": ("alice", "Thanks to @bob for the pictures"),
}
"""What a post may answer, by its symbolic name: who said it, and what. Alice is the one who posts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A post as a person would write it."""

    text: str
    kind: str
    """What is particular about it."""
    reply_to: str | None = None
    """The symbolic name of what it answers, one of ``PARENTS``."""
    media: tuple[str | None, ...] = ()
    """Its pictures, each by its description; ``None`` where not described."""

    @property
    def parent(self) -> tuple[str, str] | None:
        """Who said what it answers, and what that was."""
        return None if self.reply_to is None else PARENTS[self.reply_to]
