"""When a post on Mastodon says what was to be said."""

from __future__ import annotations

import html
import re

from steadypost.domain import likeness
from steadypost.domain.likeness import Grade, Link, Said
from steadypost.networks.mastodon.content import is_mention


def compare(ours: str, theirs: Said) -> Grade:
    """Hold a wanted text against a post as it was read back.

    Some servers read signs of a text as markup (``*so*``, ``1.``) or put others in their place (``:-)``, ``--``), and
    show what they made of it. What stood there is not told any more: where all letters that are shown stand in ours, in
    their order, the two cannot be told apart.
    """
    kept = _as_named(as_kept(ours), theirs)
    found = likeness.compare(kept, theirs)
    if found is not Grade.OTHER:
        return found
    bare = _without_servers(kept, theirs)
    is_near = bare != kept and likeness.compare(bare, theirs) is not Grade.OTHER
    return Grade.UNCLEAR if is_near or _may_become(bare, theirs) else Grade.OTHER


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


def _may_become(ours: str, theirs: Said) -> bool:
    """Whether a server that reads signs as it likes may show a text like this. It does not take most of it away."""
    shown = "".join(one if isinstance(one, str) else one.shown for one in theirs.pieces)
    has_new_signs = any(not (one.isascii() or one.isalnum() or one in ours) for one in shown)
    if not theirs.guessed and not has_new_signs:
        return False
    letters, told = _letters(shown), len(_letters(shown + theirs.text))
    return any(
        told >= len(one) and _holds(one, letters) for one in (_letters(ours), _letters(html.unescape(ours)))
    )


def _holds(text: str, letters: str) -> bool:
    """Whether a text has all these letters, in this order."""
    left = iter(text)
    return all(one in left for one in letters)


def _letters(text: str) -> str:
    return "".join(one for one in text.casefold() if one.isalnum())
