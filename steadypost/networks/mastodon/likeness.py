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

    Some servers read signs of a text as markup (``*so*``, ``1.``) and show only the result. Where all that is shown
    stands in ours, in its order, the two cannot be told apart. Nor can they where they name accounts alike on other
    servers: a server may have several names, and writes an account with the one it prefers.
    """
    kept = as_kept(ours)
    named = _as_named(kept, theirs)
    # The sign of a tag is written as ``#``, whichever was typed.
    found = max(likeness.compare(one, theirs) for one in {named, _TAG.sub("#", named)})
    if found is Grade.OTHER and any(map(_is_mention, theirs.pieces)):
        bare = Said(tuple(map(_without_server, theirs.pieces)), guessed=theirs.guessed)
        found = min(likeness.compare(_names_alone(kept, theirs), bare), Grade.UNCLEAR)
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
        user = re.escape(_user(piece))
        text = re.sub(
            rf"{_FIRST}({user})(?:@\w(?:[\w.:-]*\w)?)?(?![\w@])", _user(piece), text, flags=re.IGNORECASE
        )
    return text


def _without_server(piece: Piece) -> Piece:
    return _user(piece) if _is_mention(piece) else piece


def _user(mention: Link) -> str:
    return f"@{mention.short[1:].partition('@')[0]}"


def _holds(ours: str, theirs: Said) -> bool:
    """Whether a text has the letters of all that is shown, in the same order."""
    left = iter(_letters(ours))
    shown = "".join(one if isinstance(one, str) else one.shown for one in theirs.pieces)
    return all(one in left for one in _letters(shown))


def _letters(text: str) -> str:
    return "".join(one for one in text.casefold() if one.isalnum())
