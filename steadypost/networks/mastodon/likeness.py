"""When a post on Mastodon says what was to be said."""

from __future__ import annotations

import html
import re
from typing import TypeGuard

from steadypost.domain import likeness
from steadypost.domain.likeness import Grade, Link, Piece, Said
from steadypost.networks.mastodon.content import is_mention


def compare(ours: str, theirs: Said) -> Grade:
    """Hold a wanted text against a post as it was read back.

    Some servers read signs of a text as markup (``*so*``, ``1.``) or put others in their place (``:-)``, ``--``), and
    show only the result. Where all letters that are shown stand in ours, in their order, the two cannot be told apart.
    Nor can they where they name accounts alike on other servers: a server may have several names, and writes an account
    with the one it prefers.
    """
    kept = as_kept(ours)
    named = _as_named(kept, theirs)
    # The sign of a tag is written as ``#``, whichever was typed.
    found = max(likeness.compare(one, theirs) for one in {named, _TAG.sub("#", named)})
    if found is not Grade.OTHER:
        return found
    bare = Said(tuple(map(_without_server, theirs.pieces)), guessed=theirs.guessed)
    alone = _names_alone(kept, theirs)
    is_near = bare != theirs and likeness.compare(alone, bare) is not Grade.OTHER
    return Grade.UNCLEAR if is_near or _may_become(alone, bare) else Grade.OTHER


def as_kept(text: str) -> str:
    """Give a text as Mastodon keeps it: it shows any number of empty lines as one."""
    even = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    return re.sub(r"\n{2,}", "\n\n", even)


_TAG = re.compile(r"\N{FULLWIDTH NUMBER SIGN}(?=\w)")


def _is_mention(piece: Piece) -> TypeGuard[Link]:
    return isinstance(piece, Link) and is_mention(piece)


def _as_named(text: str, theirs: Said) -> str:
    """Write mentions as their accounts are named: ``@Alice`` is the account ``alice``, whatever the letters' case."""
    for piece in filter(_is_mention, theirs.pieces):
        for name in {piece.short, piece.leads_to or piece.short}:
            for spelled in {name, _in_letters_of_name_servers(name)}:
                text = re.sub(rf"{_FIRST}{re.escape(spelled)}(?![\w@])", name, text, flags=re.IGNORECASE)
    return text


_FIRST = r"(?<![\w@/])"


def _in_letters_of_name_servers(name: str) -> str:
    """Write the server in a name as name servers know it; an international one has two spellings."""
    user, _, server = name.rpartition("@")
    try:
        return f"{user}@{server.encode('idna').decode()}"
    except UnicodeError:
        return name


def _names_alone(text: str, theirs: Said) -> str:
    """Write the mentions of a text without the names of servers, as ``_without_server`` does theirs."""
    for piece in filter(_is_mention, theirs.pieces):
        user, at, _ = piece.short[1:].partition("@")
        # A name that is typed without a server is one of the account's own server, and never shown with another's.
        server = r"@\w(?:[\w.:-]*\w)?"
        server = server if at else f"(?:{server})?"
        typed = rf"{_FIRST}@{re.escape(user)}{server}(?![\w@])"
        text = re.sub(typed, f"@{user}{at}", text, flags=re.IGNORECASE)
    return text


def _without_server(piece: Piece) -> Piece:
    if not _is_mention(piece):
        return piece
    user, at, _ = piece.short[1:].partition("@")
    return f"@{user}{at}"


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
