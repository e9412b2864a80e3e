"""A video's file (MP4, QuickTime) without whatever is not the video: no place, no camera, no words.

What is not needed to play it is renamed to ``free`` and filled with zeros, so that no offset in the file changes. What
is kept is listed, so that a kind of note that is not known here does not leave either; of the tracks, pictures and sound
are kept, since cameras write a track of places beside them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from steadypost.channels.stripping import Malformed

_Path = tuple[bytes, ...]

_KEPT: Final[Mapping[_Path, frozenset[bytes]]] = {
    (): frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"styp", b"sidx", b"ssix", b"moof", b"mfra"}),
    (b"moov",): frozenset({b"mvhd", b"trak", b"mvex", b"iods"}),
    (b"moov", b"trak"): frozenset({b"tkhd", b"edts", b"mdia", b"tref", b"tapt", b"clip", b"matt", b"load"}),
    (b"moov", b"trak", b"mdia"): frozenset({b"mdhd", b"hdlr", b"minf", b"elng"}),
    (b"moof",): frozenset({b"mfhd", b"traf"}),
}
"""Which boxes play a part in showing it, by the boxes they stand in."""

_SHOWN: Final = frozenset({b"vide", b"soun"})


def bare(video: bytes) -> bytes:
    """Give a video without its notes; raises ``Malformed``. One without any stays as it is."""
    patches = _read(video)[1]
    if not patches:
        return video
    out = bytearray(video)
    for at, new in patches:
        out[at : at + len(new)] = new
    return bytes(out)


def seconds_of(video: bytes) -> float:
    """Say how long a video plays, 0 where it does not say; raises ``Malformed`` where ``bare`` would."""
    return _read(video)[0]


def shape_of(video: bytes) -> tuple[int, int]:
    """Say how wide and how high a video is shown, zeros where it does not say; raises ``Malformed``."""
    movie = _one(video, _Box(b"", 0, 0, len(video)), b"moov")
    tracks = [one for one in _boxes(video, movie) if one.name == b"trak"]
    shown = (one for one in tracks if _handler(video, one) == b"vide" and _has(video, one, b"tkhd"))
    heads = [_one(video, one, b"tkhd") for one in shown]
    if not heads or heads[0].end - heads[0].body < _SHAPE.size:
        return 0, 0
    across, down_by, _, across_by, down, *_, width, height = _SHAPE.unpack_from(
        video, heads[0].end - _SHAPE.size
    )
    shape = width >> 16, height >> 16
    return shape[::-1] if down_by and across_by and not across and not down else shape


_SHAPE: Final = struct.Struct(">9i2I")
"""How a track's head ends: the matrix that turns its pictures, width and height."""

_Patch = tuple[int, bytes]
"""What is to be written, and where."""


def _read(video: bytes) -> tuple[float, list[_Patch]]:
    try:
        whole = _Box(b"", 0, 0, len(video))
        movie = _one(video, whole, b"moov")
        # What stands in a track that is left out is overwritten by the track's own patch.
        return _seconds(video, movie), [*_sift(video, whole, ()), *_without_others(video, movie)]
    except (IndexError, struct.error) as error:
        raise Malformed("it ends too early") from error


def _without_others(video: bytes, movie: _Box) -> Iterator[_Patch]:
    """Leave out the tracks that are neither pictures nor sound, and what they show."""
    tracks = [one for one in _boxes(video, movie) if one.name == b"trak"]
    handlers = [_handler(video, track) for track in tracks]
    if b"vide" not in handlers:
        raise Malformed("it has no pictures")
    claimed = 0
    for track, handler in zip(tracks, handlers, strict=True):
        spans = list(_spans(video, track))
        claimed += sum(end - start for start, end in spans)
        if claimed > len(video) or any(end > len(video) for _, end in spans):
            raise Malformed("it ends too early")
        if handler not in _SHOWN:
            if _has(video, movie, b"mvex"):
                raise Malformed("it is in fragments, and has more tracks than pictures and sound")
            yield from ((start, bytes(end - start)) for start, end in spans)
            yield from _blank(track)


# --- boxes


@dataclass(frozen=True, slots=True)
class _Box:
    name: bytes
    start: int
    body: int
    end: int


def _boxes(video: bytes, around: _Box) -> Iterator[_Box]:
    at, end = around.body, around.end
    while end - at >= 8:
        size, name = struct.unpack_from(">I4s", video, at)
        body = at + 8
        if size == 1:
            size, body = struct.unpack_from(">Q", video, body)[0], at + 16
        size = size or end - at
        if not body <= at + size <= end:
            raise Malformed("it ends too early")
        yield _Box(name, at, body, at + size)
        at += size
    if any(video[at:end]):  # QuickTime ends some lists with zeros
        raise Malformed("something stands behind its end")


def _one(video: bytes, around: _Box, *path: bytes) -> _Box:
    for name in path:
        found = [one for one in _boxes(video, around) if one.name == name]
        if len(found) != 1:
            raise Malformed(f"it has {len(found)} boxes {name.decode()} where one belongs")
        [around] = found
    return around


def _has(video: bytes, around: _Box, name: bytes) -> bool:
    return any(one.name == name for one in _boxes(video, around))


def _blank(box: _Box) -> Iterator[_Patch]:
    yield box.start + 4, b"free"
    yield box.body, bytes(box.end - box.body)


def _sift(video: bytes, around: _Box, path: _Path) -> Iterator[_Patch]:
    """Leave out what is not kept."""
    for box in _boxes(video, around):
        inside = (*path, box.name)
        if box.name not in _KEPT[path]:
            yield from _blank(box)
        elif inside in _KEPT:
            yield from _sift(video, box, inside)


# --- what they say


def _seconds(video: bytes, movie: _Box) -> float:
    at = _one(video, movie, b"mvhd").body
    scale, duration = struct.unpack_from(">20xIQ" if video[at] else ">12xII", video, at)
    if not scale:
        raise Malformed("its clock does not run")
    if not duration and _has(video, movie, b"mvex"):
        extends = _one(video, movie, b"mvex")
        if _has(video, extends, b"mehd"):
            at = _one(video, extends, b"mehd").body
            (duration,) = struct.unpack_from(">4xQ" if video[at] else ">4xI", video, at)
    return 0.0 if duration in {2**32 - 1, 2**64 - 1} else duration / scale


def _handler(video: bytes, track: _Box) -> bytes:
    at = _one(video, track, b"mdia", b"hdlr").body
    return video[at + 8 : at + 12]


def _spans(video: bytes, track: _Box) -> Iterator[tuple[int, int]]:
    """Say where the samples of a track are: chunk by chunk, from where to where."""
    tables = _one(video, track, b"mdia", b"minf", b"stbl")
    wide = _has(video, tables, b"co64")
    starts = _numbers(video, _one(video, tables, b"co64" if wide else b"stco"), "Q" if wide else "I")
    told = _numbers(video, _one(video, tables, b"stsc"), "3I")
    runs = list(zip(told[::3], told[1::3], strict=True))
    sizes = _one(video, tables, b"stsz")
    size, left = struct.unpack_from(">4xII", video, sizes.body)
    each = () if size else _numbers(video, sizes, "I", skip=4)
    run = n = 0
    for chunk, start in enumerate(starts, start=1):
        while run + 1 < len(runs) and runs[run + 1][0] <= chunk:
            run += 1
        count = min(runs[run][1], left - n)
        yield start, start + (size * count if size else sum(each[n : n + count]))
        n += count


def _numbers(video: bytes, box: _Box, form: str, *, skip: int = 0) -> tuple[int, ...]:
    """Read a table of numbers: behind version and flags, how many rows it has, and the rows."""
    at = box.body + 4 + skip
    (rows,) = struct.unpack_from(">I", video, at)
    numbers = rows * int(form[:-1] or 1)
    if numbers * struct.calcsize(f">{form[-1]}") > box.end - at - 4:
        raise Malformed("a table of its ends too early")
    return struct.unpack_from(f">{numbers}{form[-1]}", video, at + 4)
