"""Whether an image can be shown: decoded once, at intake, and never again on the way to a network.

A file of which only the beginning is left has the right kind and the right name, and fails in every composer.
"""

from __future__ import annotations

import io
import warnings
from functools import lru_cache
from pathlib import Path

KINDS = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}

MOST_PIXELS = 80_000_000
"""As many as are decoded to make one smaller; a small file may unpack to gigabytes."""


def kind_of(head: bytes) -> str:
    """Name a file's media type by how it begins. A PNG that moves is a PNG."""
    import filetype  # noqa: PLC0415 - most posts have no image

    guess = filetype.guess(head)
    kind = guess.mime if guess is not None else "of no known kind"
    return "image/png" if kind == "image/apng" else kind


@lru_cache(maxsize=4096)
def broken_file(path: Path, changed: int, size: int) -> str | None:  # noqa: ARG001 - they make it another file
    """Say what is wrong with an image's file, if anything is; of the same file only once."""
    try:
        return broken(path.read_bytes())
    except OSError as unreadable:
        return f"it cannot be read ({unreadable.strerror})"


def broken(raw: bytes) -> str | None:
    """Say what is wrong with an image, if anything is."""
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - most posts have no image

    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(raw), formats=list(KINDS)) as opened:
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
