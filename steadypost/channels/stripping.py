"""A picture's file without whatever is not the picture: no place, no camera, no words, nothing behind its end.

The bytes of the pixels are not touched, so nothing is lost and what moves still does. What is kept is listed, colour
profiles among it; all else is left out, so that a kind of note that is not known here does not leave either.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Final


class Malformed(ValueError):
    """The file is not built as its kind says."""


def stripped(content: bytes, kind: str) -> bytes:
    """Give the file with the picture alone; raises ``Malformed``. A file with nothing else in it stays as it is."""
    try:
        return b"".join(_KINDS[kind](content))
    except (IndexError, struct.error) as error:
        raise Malformed("it ends too early") from error


def _at_least(content: bytes, end: int) -> int:
    if end > len(content):
        raise Malformed("it ends too early")
    return end


# --- JPEG: segments, each with a marker

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_JFIF, _THUMBLESS = 0xE0, b"\xff\xe0\x00\x10"
_BARE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers without a length."""


def _jpeg(content: bytes) -> Iterator[bytes]:
    if content[:2] != b"\xff\xd8":
        raise Malformed("it does not begin as a JPEG")
    yield content[:2]
    at = 2
    while True:
        if content[at] != 0xFF:
            raise Malformed("something stands between its segments")
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker == _EOI:
            yield content[at : at + 2]
            return
        elif marker in _BARE:
            at += 2
        else:
            end = _at_least(content, at + 2 + struct.unpack_from(">H", content, at + 2)[0])
            if marker == _SOS:
                end = _scan_ends(content, end)
            if _is_of_the_picture(marker, content[at + 4 : end]):
                yield _THUMBLESS + content[at + 4 : at + 16] + b"\0\0" if marker == _JFIF else content[at:end]
            at = end


def _is_of_the_picture(marker: int, told: bytes) -> bool:
    if marker == 0xFE:  # a comment
        return False
    if not 0xE0 <= marker <= 0xEF:
        return True
    wanted = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}.get(marker)
    return wanted is not None and told.startswith(wanted)


def _scan_ends(content: bytes, at: int) -> int:
    """Find the marker behind coded pixels: in them, 0xFF stands only before a zero or a restart."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0:
            raise Malformed("it ends too early")
        if content[at + 1] == 0 or content[at + 1] in _BARE:
            at += 2
        else:
            return at


# --- PNG: chunks, each with a name

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_CHUNKS: Final = frozenset(
    b"IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs sPLT acTL fcTL fdAT".split()
)


def _png(content: bytes) -> Iterator[bytes]:
    if not content.startswith(_PNG):
        raise Malformed("it does not begin as a PNG")
    yield _PNG
    at, name = len(_PNG), b""
    while name != b"IEND":
        length, name = struct.unpack_from(">I4s", content, at)
        end = _at_least(content, at + 12 + length)
        if name in _CHUNKS:
            yield content[at:end]
        at = end


# --- GIF: blocks, each with a label

_PLAYS: Final = (b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012")
"""The programs whose notes are about how often it plays, and its colours."""


def _gif(content: bytes) -> Iterator[bytes]:
    if content[:4] != b"GIF8":
        raise Malformed("it does not begin as a GIF")
    at = 13 + _table(content[10])
    yield content[:at]
    while content[at] != 0x3B:
        if content[at] == 0x2C:
            end = _blocks_end(content, at + 10 + _table(content[at + 9]) + 1)
            yield content[at:end]
        elif content[at] == 0x21:
            end = _blocks_end(content, at + 2)
            # Control and plain text are drawn; a comment is not, nor what a program notes for itself.
            plays = content[at + 1] == 0xFF and content[at + 3 : at + 14] in _PLAYS
            if plays or content[at + 1] in {0xF9, 0x01}:
                yield content[at:end]
        else:
            raise Malformed("something stands between its blocks")
        at = end
    yield content[at : at + 1]


def _table(flags: int) -> int:
    """How many bytes a table of colours has."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _blocks_end(content: bytes, at: int) -> int:
    while content[at]:
        at += 1 + content[at]
    return at + 1


# --- WebP: chunks in one envelope

_WEBP: Final = frozenset({b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"})
_NOTES: Final = 0b1100
"""The flags by which a file says that it has Exif and XMP."""


def _webp(content: bytes) -> Iterator[bytes]:
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        raise Malformed("it does not begin as a WebP")
    end = _at_least(content, 8 + struct.unpack_from("<I", content, 4)[0])
    kept = b"".join(_riff(content[12:end]))
    yield b"RIFF" + struct.pack("<I", len(kept) + 4) + b"WEBP" + kept


def _riff(content: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(content):
        name, length = struct.unpack_from("<4sI", content, at)
        end = _at_least(content, at + 8 + length)
        inside = content[at + 8 : end]
        if name == b"VP8X":
            inside = bytes([inside[0] & ~_NOTES]) + inside[1:]
        if name == b"ANMF":
            inside = inside[:16] + b"".join(_riff(inside[16:]))
        if name in _WEBP:
            yield struct.pack("<4sI", name, len(inside)) + inside + b"\0" * (len(inside) % 2)
        at = end + length % 2


_KINDS: Final[Mapping[str, Callable[[bytes], Iterator[bytes]]]] = {
    "image/jpeg": _jpeg,
    "image/png": _png,
    "image/gif": _gif,
    "image/webp": _webp,
}
