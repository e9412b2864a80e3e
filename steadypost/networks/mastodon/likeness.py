"""When a post on Mastodon says what was to be said."""

from __future__ import annotations

import html
import re

from steadypost.domain import likeness
from steadypost.domain.likeness import Grade, Link, Said
from steadypost.networks.mastodon.content import is_mention


def compare(ours: str, theirs: Said) -> Grade:
    """Hold a wanted text against a post as it was read back.

    Some servers read signs of a text as markup (``*so*``, ``1.``) and show what they made of it. What was signs then is
    not told any more: where all that is shown stands in ours, in its order, the two cannot be told apart.
    """
    kept = _as_named(as_kept(ours), theirs)
    found = likeness.compare(kept, theirs)
    if found is Grade.OTHER and (bare := _without_servers(kept, theirs)) != kept:
        return min(likeness.compare(bare, theirs), Grade.UNCLEAR)
    if (
        found is Grade.OTHER
        and theirs.guessed
        and any(_holds(one, theirs) for one in (ours, html.unescape(ours)))
    ):
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


def _without_servers(text: str, theirs: Said) -> str:
    """Take the server from each name that is shown without it, and without a word whom it means."""
    for piece in theirs.pieces:
        if isinstance(piece, Link) and piece.leads_to is None:
            name = re.escape(piece.short)
            text = re.sub(rf"(?<![\w@/])({name})@[\w.-]*\w", r"\1", text, flags=re.IGNORECASE)
    return text


def _holds(ours: str, theirs: Said) -> bool:
    """Whether a text has the letters of all that is shown, in the same order."""
    left = iter(_letters(ours))
    shown = "".join(one if isinstance(one, str) else one.shown for one in theirs.pieces)
    return all(one in left for one in _letters(shown))


def _letters(text: str) -> str:
    return "".join(one for one in text.casefold() if one.isalnum())
