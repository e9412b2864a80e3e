"""What a reply dialog says of what it answers. Pure.

It says so in many ways, some days in none: by a link, in plain words on a button, by the post above the box, in
an accessible name. What it does not say is no contradiction: it was opened by the post's own button, and the
gate lets no request out under another parent. What contradicts is.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from steadypost.channels.x_web.survey import Context, Target
from steadypost.domain.remote_id import RemoteId

ENOUGH_TEXT = 12
"""Characters of a post that tell it from another."""


class Says(StrEnum):
    """What a dialog says of the post that is to be answered."""

    THIS = "this"
    """It shows whose post it answers, or the post's text."""
    NOTHING = "nothing"
    """Nothing of it can be recognised."""
    ANOTHER = "another"
    """It shows that it answers something else."""


def says(context: Context, target: Target, post: RemoteId, *, ours: str = "") -> Says:
    """Judge what a dialog says. It may name who is about to answer (``ours``), and whom the post itself names.

    >>> bob = Target(author="bob", cover=None, text="What do you think of our maps?")
    >>> says(Context(people=("Bob",)), bob, "20"), says(Context(), bob, "20"), says(Context(posts=("21",)), bob, "20")
    (<Says.THIS: 'this'>, <Says.NOTHING: 'nothing'>, <Says.ANOTHER: 'another'>)
    """
    if context.posts and post not in context.posts:
        return Says.ANOTHER
    if _names(context, target) or _shows(context, target):
        return Says.THIS
    others = _folded(context.people) - _folded((ours, *target.people))
    return Says.ANOTHER if others else Says.NOTHING


def _names(context: Context, target: Target) -> bool:
    return target.author.casefold() in _folded(context.people)


def _folded(names: Iterable[str]) -> set[str]:
    return {name.casefold() for name in names}


def _shows(context: Context, target: Target) -> bool:
    return len(target.text) >= ENOUGH_TEXT and target.text in context.text
