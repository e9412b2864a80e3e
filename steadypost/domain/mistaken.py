"""Recognises a file that holds a session, in whatever form, so that a refusal does not show a sign-in in a log.

Known by structure: storage state, cookie lists, ``cookies.txt``, settings, headers, tokens; plain, broken off or
base64.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

COOKIES = frozenset(
    {
        "auth_token",
        "auth_multi",
        "ct0",
        "kdt",
        "twid",
        "_twitter_sess",
        "sessionid",
        "session_id",
        "csrf_token",
    }
)
"""Names by which a cookie is a sign-in, wherever they stand."""

TOKENS = frozenset(
    {
        "access_token",
        "refresh_token",
        "id_token",
        "token",
        "auth_token",
        "bearer_token",
        "api_key",
        "apikey",
        "api_secret",
        "client_secret",
        "consumer_secret",
        "secret",
        "password",
        "passwd",
        "authorization",
        "cookie",
        "accessjwt",
        "refreshjwt",
        "jwt",
        "session",
        "app_password",
        "private_key",
    }
)
"""Names of sign-in secrets, in settings and in JSON."""

OF_A_POST = frozenset({"text", "parts", "accounts", "when"})
"""What only a post has: it may be about tokens, and name them in its text."""

SHORTEST = 8
"""A shorter value is no sign-in secret."""

_NETSCAPE = re.compile(r"^\S+\t(?:TRUE|FALSE)\t/\S*\t(?:TRUE|FALSE)\t\d+\t\S+(?:\t\S*)?$", re.IGNORECASE)
_SETTING = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*[=:]\s*[\"']?([^\s\"']{8,})")
_HEADER = re.compile(r"^\s*(?:set-)?cookie\s*:\s*\S+=\S+|^\s*authorization\s*:\s*\S+\s+\S{8,}", re.IGNORECASE)
_NAMED = re.compile(
    rf"(?<![A-Za-z0-9_])({'|'.join(sorted(map(re.escape, COOKIES)))})(?![A-Za-z0-9_])[^A-Za-z0-9]{{1,24}}"
    r"(?:value[^A-Za-z0-9]{1,12})?[A-Za-z0-9%+/=_-]{16,}"
)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{60,}={0,2}")


_BARE = re.compile(
    r"(?=\S*\d)(?=\S*[a-z])(?=\S*[A-Z])[A-Za-z0-9_+/=-]{30,128}"
    r"|[a-z0-9]{4}(?:-[a-z0-9]{4}){3}"
    r"|eyJ[\w-]+\.[\w-]+\.[\w-]*"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
"""A token of letters of both cases and digits; an app password; a signed token; the first line of a key."""


def looks_like_session(text: str, depth: int = 3) -> bool:
    """Whether this text, the whole of a file, holds a sign-in. It errs to the careful side."""
    plain = text.replace("\0", "").strip().removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    if not plain or depth == 0:
        return False
    values = list(_json(plain))
    if _is_bare(values[0] if len(values) == 1 else plain.splitlines()):
        return True
    if values:
        return any(_holds(value, depth) for value in values)
    if _is_list_of_posts(plain):
        return False
    return _is_written_out(plain) or _is_encoded(plain, depth)


def _is_bare(found: Any) -> bool:
    """Whether it is a credential and nothing else: of several lines the first is enough, as no post begins so."""
    words = [found] if isinstance(found, str) else found
    first = next(iter(words), "") if isinstance(words, list) else ""
    return isinstance(first, str) and _BARE.fullmatch(first.strip()) is not None


def _json(text: str) -> Iterator[Any]:
    """Read the text as one value, or as one value on each line; nothing where it is neither."""
    if text[0] not in '{["':
        return
    try:
        yield json.loads(text)
    except (ValueError, RecursionError):
        try:
            yield from [json.loads(line) for line in text.splitlines() if line.strip()]
        except (ValueError, RecursionError):
            return


def _holds(value: Any, depth: int) -> bool:
    match value:
        case Mapping():
            return _object_holds(value, depth)
        case list():
            return any(_holds(one, depth) for one in value)
        case str():
            return _is_nested(value, depth)
        case _:
            return False


def _object_holds(found: Mapping[str, Any], depth: int) -> bool:
    names = {str(name).casefold() for name in found}
    if names & OF_A_POST:
        return False
    if _is_cookie(found, names) or any(_is_token(name, value) for name, value in found.items()):
        return True
    return any(_holds(value, depth) for value in found.values())


def _is_nested(text: str, depth: int) -> bool:
    """Whether a text within JSON is itself a session: JSON, or base64 of it. Prose in it stays prose."""
    return (text[:1] in {"{", "["} and looks_like_session(text, depth - 1)) or _is_encoded(text, depth)


def _is_cookie(found: Mapping[str, Any], names: set[str]) -> bool:
    """Whether this is one entry of an export of cookies, or of recorded headers."""
    if not {"name", "value"} <= names:
        return False
    name = str(found.get("name") or found.get("Name") or "").casefold()
    placed = bool(
        names & {"domain", "host", "path", "expires", "expirationdate", "httponly", "samesite", "url"}
    )
    return placed or name in COOKIES | TOKENS or name == "set-cookie"


def _is_token(name: str, value: Any) -> bool:
    bare = re.sub(r"[^a-z0-9]+", "_", str(name).casefold()).strip("_")
    if bare in COOKIES | TOKENS or bare.endswith(("_token", "_secret", "_password", "_api_key")):
        return isinstance(value, str) and len(value) >= SHORTEST
    return False


def _is_list_of_posts(text: str) -> bool:
    """Whether its first line is the header of a list of posts."""
    first = text.splitlines()[0].casefold()
    return sum(name in re.split(r"[,;\t\"' ]+", first) for name in OF_A_POST) >= 2


def _is_written_out(text: str) -> bool:
    """Whether it is lines of cookies, settings or headers, or broken off in the midst of something of the kind."""
    lines = text.splitlines()[:2000]
    if text.startswith(("# Netscape HTTP Cookie", "# HTTP Cookie File")):
        return True
    if any(_NETSCAPE.match(line.removeprefix("#HttpOnly_")) or _HEADER.match(line) for line in lines):
        return True
    settings = [found for line in lines if (found := _SETTING.match(line))]
    if any(_is_token(found[1], found[2]) for found in settings):
        return True
    return _is_sheet_of_cookies(lines) or _NAMED.search(text) is not None


def _is_sheet_of_cookies(lines: list[str]) -> bool:
    header = {cell.strip(" \"'").casefold() for cell in re.split(r"[,;\t]", lines[0])}
    return {"name", "value"} <= header and bool(header & {"domain", "host", "path", "expires"})


def _is_encoded(text: str, depth: int) -> bool:
    """Whether it is, or holds, base64 of something that is one."""
    whole = "".join(text.split())
    pieces = [whole] if _BASE64.fullmatch(whole) else _BASE64.findall(text)[:20]
    return any(looks_like_session(_decoded(piece), depth - 1) for piece in pieces)


def _decoded(piece: str) -> str:
    bare = piece.replace("-", "+").replace("_", "/").rstrip("=")
    # A copy that lost its end is readable up to there.
    bare = bare[: len(bare) - 1] if len(bare) % 4 == 1 else bare
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4)).decode("utf-8", errors="ignore")
    except binascii.Error:
        return ""
