"""What an answer holds, read no further than it may be and fit to be kept."""

from __future__ import annotations

import contextlib
import re
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import httpx

LARGEST_ANSWER = 16 * 1024 * 1024
"""Bytes of an answer that are read, once it is unpacked. A longer one is no answer to anything asked here."""

ENCODINGS = "gzip"
"""How an answer may be packed: what is unpacked here no further than it is read."""


class TooLarge(Exception):
    """The answer is longer than any that is read."""


def read(response: httpx.Response) -> bytes:
    """Read the whole answer, unpacking it no further than is read. What is packed in another way is not read."""
    with contextlib.closing(response):
        packed = response.headers.get("content-encoding", "identity").strip().lower()
        unpack = _unpacking(packed)
        body = bytearray()
        for chunk in response.iter_raw():
            body += unpack(chunk, LARGEST_ANSWER + 1 - len(body))
            if len(body) > LARGEST_ANSWER:
                raise TooLarge
        return bytes(body)


Unpack = Callable[[bytes, int], bytes]
"""Gives what a piece holds, at most so many bytes."""


def _unpacking(packed: str) -> Unpack:
    """Give what unpacks an answer; the client's own way would unpack a piece as a whole, however large it becomes."""
    if packed in {"", "identity"}:
        return lambda chunk, _: chunk
    if packed not in {"gzip", "x-gzip"}:
        raise _Packed(packed)
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)

    def unpack(chunk: bytes, most: int) -> bytes:
        try:
            return inflater.decompress(chunk, most)
        except zlib.error as error:
            raise _Packed("damaged") from error

    return unpack


_SIGNS_IN = re.compile(r'(?:Bearer|Basic)\s+(\S+)|="([^"]{12,})"')
_SECRET_FIELDS = ("password", "client_secret", "refresh_token", "code", "code_verifier")


def secrets_of(headers: Mapping[str, str], *bodies: Any) -> set[str]:
    """Give what of a request signs in."""
    written = "".join(value for name, value in headers.items() if name.lower() == "authorization")
    found = {bare or quoted for bare, quoted in _SIGNS_IN.findall(written)}
    fields = [body.get(name) for body in bodies if isinstance(body, Mapping) for name in _SECRET_FIELDS]
    return found | {one for one in fields if isinstance(one, str) and one}


def without(body: bytes, secrets: set[str]) -> bytes:
    """Take out of a refusal what it repeats of the request: its words are shown to people and kept."""
    for one in sorted(secrets, key=len, reverse=True):
        body = body.replace(one.encode(), b"[secret]")
    return body


class _Packed(ValueError):
    """The answer is packed in a way that was not asked for, or does not unpack."""


def writable(told: Any) -> Any:
    """Put the sign for an unreadable letter where a text holds half a letter or a zero: no store takes either."""
    match told:
        case str():
            return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", told)
        case dict():
            return {writable(name): writable(value) for name, value in told.items()}
        case list():
            return [writable(value) for value in told]
        case _:
            return told


_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")
