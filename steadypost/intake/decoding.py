"""Whether an image or a video can be shown: read once, at intake, and never again on the way to a network.

A file of which only the beginning is left has the right kind and the right name, and fails in every composer.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from steadypost.domain import videos

PICTURES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}

KINDS = frozenset({*PICTURES.values(), *videos.KINDS})

TAKEN = "a PNG, JPEG, WebP or GIF picture, or an MP4 or MOV video"
"""The same, for people."""

MOST_PIXELS = 80_000_000
"""As many as are decoded to make one smaller; a small file may unpack to gigabytes."""


def kind_of(head: bytes) -> str:
    """Name a file's media type by how it begins. A PNG that moves is a PNG."""
    import filetype  # noqa: PLC0415 - most posts have no image

    if (video := _video(head)) is not None:
        return video
    guess = filetype.guess(head)
    kind = guess.mime if guess is not None else "of no known kind"
    return "image/png" if kind == "image/apng" else kind


_QUICKTIME = b"qt  "
_MP4 = frozenset(
    {b"mp41", b"mp42", b"isom", *(b"iso%d" % n for n in range(2, 10))}
    | {b"avc1", b"M4V ", b"dash", b"MSNV", b"XAVC"}
)


def _video(head: bytes) -> str | None:
    """Name a video's media type by its first brand, which says what it is; the others say what it is like."""
    if head[4:8] != b"ftyp":
        return None
    # Pictures (HEIC, AVIF), sound (M4A) and telephones' old videos (3GP) name MP4's brands too, behind their own.
    return "video/quicktime" if head[8:12] == _QUICKTIME else "video/mp4" if head[8:12] in _MP4 else None


@dataclass(frozen=True, slots=True)
class Found:
    """What a file turned out to be."""

    broken: str | None = None
    """What is wrong with it, if anything is."""
    seconds: float = 0
    """How long a video plays; 0 where it does not say."""


@lru_cache(maxsize=4096)
def found_in_file(path: Path, kind: str, changed: int, size: int) -> Found:  # noqa: ARG001 - they make it another file
    """Look at an image's or a video's file; at the same file only once."""
    try:
        return found(path.read_bytes(), kind)
    except OSError as unreadable:
        return Found(f"it cannot be read ({unreadable.strerror})")


def found(raw: bytes, kind: str) -> Found:
    """Look at an image or a video."""
    from steadypost.channels.stripping import Malformed  # noqa: PLC0415 - as above
    from steadypost.channels.videos import seconds_of  # noqa: PLC0415 - most posts have no video

    if kind not in videos.KINDS:
        return Found(broken(raw))
    try:
        return Found(seconds=seconds_of(raw))
    except Malformed as error:
        return Found(f"it cannot be read to its end: it is damaged ({error})")


def broken(raw: bytes) -> str | None:
    """Say what is wrong with an image, if anything is."""
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - most posts have no image

    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(raw), formats=list(PICTURES)) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    return f"it has {opened.width} x {opened.height} pixels, and at most {MOST_PIXELS:,} are decoded"
                opened.load()
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            return "it unpacks to more than any network takes"
        except UnidentifiedImageError:
            return "it cannot be decoded: it is damaged or something else"
        except (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, MemoryError):
            return "it cannot be decoded to its end: it is damaged"
    return None
