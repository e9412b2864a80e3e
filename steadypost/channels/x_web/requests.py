"""What a request of the page's says: whether it could make a post or take one down, and which. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, parse_qs, parse_qsl, urlsplit

from steadypost.channels.x_web.coded import may_say_in_code, says_in_code
from steadypost.domain.likeness import canonical
from steadypost.domain.remote_id import RemoteId

OPERATIONS = frozenset({"CreateTweet", "CreateNoteTweet"})
"""The last word of the address. What stands before it changes with every release."""

OLD_OPERATION = "/statuses/update"
"""What older addresses have in them."""

DESCRIPTION = "/media/metadata/create.json"
"""The end of the address that describes a picture, in words that may be the post's own."""

REMOVAL = "DeleteTweet"
"""The last word of the address that takes a post down."""

HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})
"""The methods that change nothing."""

TEXT = "tweet_text"
"""Under which name a request says the text of a post."""


def same_text(sent: str, composed: str) -> bool:
    r"""Whether the page sends what was composed. Line ends and forms of accents are the same, outer space is none.

    >>> same_text("cafe\u0301\n\nx", " caf\u00e9\r\n\r\nx ")
    True
    >>> same_text("a  b", "a b")
    False
    """
    return canonical(sent) == canonical(composed)


@dataclass(frozen=True, slots=True)
class Said:
    """What a request would make live."""

    text: str
    parent: str | None
    pictures: int


def said_in(body: str | None) -> Said | None:
    """What a request's body says; ``None`` when it has another form than we know, or says more than one post."""
    try:
        whole = json.loads(body or "")
        variables = whole["variables"]
        text, reply = variables[TEXT], variables.get("reply") or {}
        parent = reply.get("in_reply_to_tweet_id")
        pictures = len((variables.get("media") or {}).get("media_entities") or ())
        texts = [name for name, _ in _strings(whole) if name == TEXT]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    known = isinstance(text, str) and isinstance(parent, str | None) and len(texts) == 1
    return Said(text, parent, pictures) if known else None


def makes_a_post(method: str, url: str, body: str | None = None, texts: Sequence[str] = ()) -> bool:
    """Whether this is a request that could make a post: by its name, or by what it says."""
    address = urlsplit(url)
    named = address.path.rpartition("/")[2] in OPERATIONS or OLD_OPERATION in address.path
    if method in HARMLESS:
        return method == "GET" and (named or _asks(address.query))
    if address.path.endswith(DESCRIPTION):
        return False
    return named or _says_one_of(body, texts) or says_in_code(_whole(address, body), texts)


def may_make_a_post(url: str, body: str | None, texts: Sequence[str]) -> bool:
    """Whether a request that is not known for one may make a post all the same: it says what cannot be read here."""
    return may_say_in_code(_whole(urlsplit(url), body), body or "", texts)


def _whole(address: SplitResult, body: str | None) -> str:
    """Give all that a request says."""
    return f"{address.path} {address.query} {body or ''}"


def _asks(query: str) -> bool:
    """Whether an address itself says the text of a post, by the name that such a text has."""
    said = parse_qs(query) if TEXT in query else {}
    return TEXT in said or any(f'"{TEXT}"' in value for values in said.values() for value in values)


def removes_a_post(method: str, url: str) -> bool:
    """Whether this is the request that takes a post down."""
    return method not in HARMLESS and urlsplit(url).path.rpartition("/")[2] == REMOVAL


def removed(body: str | None) -> str | None:
    """Which post a request would take down; nothing for one that has another form than we know."""
    try:
        given = json.loads(body or "")["variables"]["tweet_id"]
    except (ValueError, LookupError, TypeError):
        return None
    return given if isinstance(given, str) else None


@dataclass(slots=True)
class Removal:
    """The one post that may be taken down, and whether the request for it has left."""

    post: RemoteId
    left: bool = False

    def lets_out(self, method: str, url: str, body: str | None) -> bool:
        """Whether a request may leave: what changes nothing, and once the one that takes this post down."""
        if method in HARMLESS:
            return True
        if self.left or not removes_a_post(method, url) or removed(body) != self.post:
            return False
        self.left = True
        return True


_IN_PIECES = re.compile(r"\n\n(.*?)\n--", re.DOTALL)
"""The values of a form that is sent in pieces, each between a blank line and the next border."""


def _says_one_of(body: str | None, texts: Sequence[str]) -> bool:
    even = (body or "").replace("\r\n", "\n")
    try:
        values = list(_strings(json.loads(even)))
    except (ValueError, RecursionError):
        said = [value for _, value in parse_qsl(even)] + _IN_PIECES.findall(even)
        lines = [text.replace("\r\n", "\n") for text in texts]
        return says_aloud(even, [*lines, *texts]) or any(
            same_text(value, text) for value in said for text in texts
        )
    asks = any(name == TEXT for name, _ in values)
    return asks or any(same_text(value, text) for _, value in values for text in texts)


def _strings(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every string in a value, with the name it stands under."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _strings(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item, name)


SAYS_ITSELF = 8
"""Characters from which on a text is known again among other words."""


def says_aloud(payload: str | bytes, texts: Sequence[str]) -> bool:
    r"""Whether a message has one of the texts in it, whatever its form; a short one only as a value of its own.

    >>> says_aloud(b"\x08Hello all", ["Hello all"]), says_aloud('["a\\nb"]', ["a\nb"]), says_aloud("shift", ["hi"])
    (True, True, False)
    """
    heard = payload.encode() if isinstance(payload, str) else payload
    written = (text.strip() for text in texts)
    return any(form.encode() in heard for text in written if text for form in _forms(text))


def _forms(text: str) -> Sequence[str]:
    values = [json.dumps(text), json.dumps(text, ensure_ascii=False)]
    return [*values, text] if len(text) >= SAYS_ITSELF else values
