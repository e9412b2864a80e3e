"""Small videos, built by hand: whole by the rules of their container, with nothing in them to see."""

from __future__ import annotations

import struct

PLACE = b"+48.8690+002.3310/ Rue de la Paix 7"
FRAMES = b"what is to be seen in it"
"""The bytes of its one picture; no test opens it."""


def box(name: bytes, *inside: bytes) -> bytes:
    told = b"".join(inside)
    return struct.pack(">I4s", 8 + len(told), name) + told


def table(name: bytes, *numbers: int, head: tuple[int, ...] = ()) -> bytes:
    """Give a box with version, flags and 32-bit numbers."""
    return box(name, struct.pack(f">{1 + len(head) + len(numbers)}I", 0, *head, *numbers))


def track(handler: bytes, at: int, size: int, *more: bytes) -> bytes:
    """Give a track with one sample, which stands at this place of its file."""
    samples = box(
        b"stbl",
        table(b"stsd", 0),
        table(b"stsc", 1, 1, 1, 1),
        table(b"stsz", 0, 1, size),
        table(b"stco", 1, at),
    )
    media = box(
        b"mdia",
        table(b"mdhd", 0, 0, 1000, 2000, 0),
        box(b"hdlr", bytes(8), handler, bytes(13)),
        box(b"minf", samples),
    )
    return box(b"trak", box(b"tkhd", bytes(84)), media, *more)


def header(seconds: float) -> bytes:
    return box(b"mvhd", struct.pack(">5I", 0, 0, 0, 1000, round(seconds * 1000)), bytes(80))


def video(
    *,
    seconds: float = 2,
    brand: bytes = b"isom",
    size: int = 0,
    in_moov: bytes = b"",
    in_trak: bytes = b"",
    behind: bytes = b"",
    noted: bytes = b"",
) -> bytes:
    """Give a video's file. ``size`` is how long its samples are at least; ``noted`` is what a track of notes holds."""
    kind = box(b"ftyp", brand, bytes(4), brand)
    at = len(kind) + 8
    frames = FRAMES.ljust(size, b"\x01")
    tracks = [track(b"vide", at, len(frames), in_trak)]
    if noted:
        tracks.append(track(b"meta", at + len(frames), len(noted)))
    return b"".join(
        (kind, box(b"mdat", frames, noted), box(b"moov", header(seconds), *tracks, in_moov), behind)
    )
