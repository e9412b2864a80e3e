"""How large a picture is, read from the beginning of its file."""

from __future__ import annotations

import struct
from typing import Final

SMALLEST: Final = (1, 1)
"""What is said of a picture whose beginning says nothing."""

_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
"""The JPEG markers that carry a size."""


def size_of(content: bytes) -> tuple[int, int]:
    """Give width and height of a PNG, GIF, JPEG or WebP."""
    try:
        if content.startswith(b"\x89PNG"):
            return _pair(struct.unpack(">II", content[16:24]))
        if content.startswith(b"GIF8"):
            return _pair(struct.unpack("<HH", content[6:10]))
        if content.startswith(b"\xff\xd8"):
            return _jpeg(content)
        if content.startswith(b"RIFF"):
            return _webp(content)
    except (struct.error, IndexError):
        return SMALLEST
    return SMALLEST


def _pair(numbers: tuple[int, ...]) -> tuple[int, int]:
    return numbers[0], numbers[1]


def _jpeg(content: bytes) -> tuple[int, int]:
    at = 2
    while content[at] == 0xFF:
        marker, length = content[at + 1], struct.unpack(">H", content[at + 2 : at + 4])[0]
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + length
    return SMALLEST


def _webp(content: bytes) -> tuple[int, int]:
    if content[12:16] == b"VP8X":
        width = int.from_bytes(content[24:27], "little") + 1
        return width, int.from_bytes(content[27:30], "little") + 1
    if content[12:16] == b"VP8 ":
        width, height = struct.unpack("<HH", content[26:30])
        return width & 0x3FFF, height & 0x3FFF
    bits = int.from_bytes(content[21:25], "little")
    return (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1
