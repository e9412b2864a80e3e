"""When a post on Mastodon says what was to be said."""

from __future__ import annotations

import re

from steadypost.domain import likeness
from steadypost.domain.likeness import Grade, Link, Said
from steadypost.networks.mastodon.content import is_mention


def compare(ours: str, theirs: Said) -> Grade:
    """Hold a wanted text against a post as it was read back.

    Some servers read signs of a text as markup (``*so*``) and show what they made of it. Which signs those were is not
    told any more: where nothing but signs differs then, the two cannot be told apart.
    """
    found = likeness.compare(_as_named(as_kept(ours), theirs), theirs)
    if found is Grade.OTHER and theirs.guessed and _letters(ours) == _letters(theirs.text):
        return Grade.UNCLEAR
    return found


def as_kept(text: str) -> str:
    """Give a text as Mastodon keeps it: it shows any number of empty lines as one."""
    even = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    return re.sub(r"\n{2,}", "\n\n", even)


def _as_named(text: str, theirs: Said) -> str:
    """Write mentions as their accounts are named: ``@Alice`` is the account ``alice``, whatever the letters' case."""
    for piece in theirs.pieces:
        if isinstance(piece, Link) and is_mention(piece):
            for name in {piece.short, piece.leads_to or piece.short}:
                text = re.sub(rf"(?<![\w@/]){re.escape(name)}(?![\w@])", name, text, flags=re.IGNORECASE)
    return text


def _letters(text: str) -> str:
    return "".join(one for one in text.casefold() if one.isalnum())
