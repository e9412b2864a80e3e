"""Whether a request says a text in code: as base64, in hexadecimal, packed, as numbers, or unreadably. Pure.

The page's own chatter (what was clicked, how long it took) says little and says it in words. What is long enough to hold
the text and is no words may be the post.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import itertools
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

SAYS_ITSELF = 8
"""Letters and digits from which on a text is known again in what is left of a message without its signs."""

LEAST_ROOM = 24
"""Bytes that nothing sealed is shorter than: a beginning of its own, a seal, a few letters. A page's ids and digests have
sixteen and twenty; what is only packed is read.
"""

MOST_LAYERS = 3
MOST_BYTES = 1_000_000
"""What of a message is unpacked at the most."""

_RUN = re.compile(r"[A-Za-z0-9+/_-]{8,}")
_NAMED = re.compile(r"\"tweet_text\\*\"\s*:")
_SIGN = re.compile(r"\\+(?:u([0-9a-fA-F]{4})|[nrt])")
_NUMBERS = re.compile(r"\[(?:\s*\d{1,6}\s*,){7,}\s*\d{1,6}\s*\]")
_FORM = re.compile(r"[^=&\s{}\"]+=[^&\s]*(?:&[^=&\s{}\"]+=[^&\s]*)*\Z")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+\Z")


def says_in_code(message: str, texts: Sequence[str]) -> bool:
    """Whether a message has one of the texts in it, in a code that is known here."""
    wanted = [bare for text in texts if len(bare := _bare(text)) >= SAYS_ITSELF]
    if not wanted:
        return False
    within = any(text in said for said in map(_bare, _unpacked(message)) for text in wanted)
    return within or _NAMED.search(_plain(message)) is not None


def may_say_in_code(message: str, body: str, texts: Sequence[str]) -> bool:
    """Whether something in a message is long enough to be one of the texts and cannot be read; or its body has no known
    form at all.
    """
    room = min((_room(text) for text in texts if text.strip()), default=LEAST_ROOM)
    unread = any(_holds(run) >= room for run in _RUN.findall(_plain(message)) if _is_opaque(run))
    return unread or (len(body.encode()) >= room and not _has_a_form(body))


def _bare(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def _room(text: str) -> int:
    """Say how few bytes can say a text: the best ways to pack it are a quarter shorter than this one."""
    return max(LEAST_ROOM, len(zlib.compress(text.encode(), 9)[2:-4]) * 3 // 4)


def _plain(message: str) -> str:
    """Give a message without what stands for single signs."""
    return _SIGN.sub(lambda found: chr(int(found[1], 16)) if found[1] else " ", unquote(message))


def _unpacked(message: str, depth: int = MOST_LAYERS) -> Iterator[str]:
    """Give whatever is packed within a message."""
    plain = _plain(message[:MOST_BYTES])
    numbers = (said for found in _NUMBERS.findall(plain) for said in _of_numbers(_listed(found)))
    runs = (packed.decode(errors="replace") for run in _RUN.findall(plain) for packed in _of_letters(run))
    for one in itertools.chain(numbers, runs):
        yield _plain(one)
        if depth > 1:
            yield from _unpacked(one, depth - 1)


def _listed(numbers: str) -> list[int]:
    """Read a list of numbers, also one with leading zeros, which is no JSON."""
    return [int(one) for one in numbers.strip("[]").split(",")]


def _of_numbers(numbers: Sequence[int]) -> Iterator[str]:
    """Give what numbers stand for, as signs and as bytes."""
    yield "".join(chr(one) for one in numbers)
    with contextlib.suppress(ValueError):
        yield bytes(numbers).decode()


def _of_letters(run: str) -> Iterator[bytes]:
    """Give what a run of letters stands for, in every code in which it stands for something."""
    if _HEX.match(run):
        yield bytes.fromhex(run)
    even = run.replace("-", "+").replace("_", "/")
    try:
        raw = base64.b64decode(even + "=" * (-len(even) % 4), validate=True)
    except binascii.Error:
        return
    yield raw
    for form in (47, -zlib.MAX_WBITS):  # with the head of gzip or of zlib, and without one
        with contextlib.suppress(zlib.error):
            yield zlib.decompressobj(form).decompress(raw, MOST_BYTES)


def _is_opaque(run: str) -> bool:
    """Whether a run of letters is no words, in code or not, no name and no address: its cases and digits are mixed."""
    if any(_is_words(packed) for packed in _of_letters(run)):
        return False
    if _HEX.match(run):
        return not run.isdecimal()
    return (
        all(re.search(kind, run) for kind in ("[A-Z]", "[a-z]", "[0-9+]")) and run.count("/") <= len(run) / 12
    )


def _is_words(packed: bytes) -> bool:
    try:
        return packed.decode().replace("\n", " ").isprintable()
    except UnicodeDecodeError:
        return False


def _holds(run: str) -> int:
    """Say how many bytes a run of letters can stand for."""
    return len(run) // 2 if _HEX.match(run) else len(run) * 3 // 4


def _has_a_form(body: str) -> bool:
    """Whether a body is JSON, line by line or whole, or a form of either kind."""
    if body.startswith("--") or _FORM.match(body):
        return True
    return _is_json(body) or all(_is_json(line) for line in body.splitlines() if line.strip())


def _is_json(body: str) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True
