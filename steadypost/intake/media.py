"""What an image must be before a post with it enters."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from steadypost.domain.post import Media
from steadypost.intake.content import unsendable
from steadypost.intake.draft import Image
from steadypost.intake.refusal import Refusal, refusal

MEGABYTE = 1024 * 1024

LARGEST = {
    "image/png": 5 * MEGABYTE,
    "image/jpeg": 5 * MEGABYTE,
    "image/webp": 5 * MEGABYTE,
    "image/gif": 15 * MEGABYTE,
}
"""What X takes, and up to which size."""

MOST_PER_PART = 4

LONGEST_ALT = 1000

_HEAD = 512
"""Bytes by which a file's kind is recognised; its name proves nothing."""


def media(image: Image, folder: Path) -> Media | list[Refusal]:
    """Look at one image on its disk, and take it or say what is wrong with it."""
    problems = _alt(image)
    found = _file(image.path, folder)
    if isinstance(found, Refusal):
        return [*problems, found]
    path, kind = found
    return problems or Media(path=path, kind=kind, alt=image.alt.strip())


def _alt(image: Image) -> list[Refusal]:
    if len(image.alt) > LONGEST_ALT:
        why = f"a description has at most {LONGEST_ALT} characters, this one has {len(image.alt)}"
        return [refusal("images", image.alt, why, f"shorten it by {len(image.alt) - LONGEST_ALT}")]
    if bad := unsendable(image.alt.replace("\r\n", "\n")):
        return [refusal("images", image.alt, f"in its description: {bad.why}", bad.remedy)]
    return []


def _file(written: str, folder: Path) -> tuple[Path, str] | Refusal:
    if not written.strip() or unsendable(written):
        return refusal(
            "images",
            written,
            "it names no file that can be kept",
            "write the path of a PNG, JPEG, WebP or GIF file",
        )
    path = Path(os.path.normpath(folder / written.strip())).absolute()
    try:
        if path.is_fifo():  # opening it would wait for whoever writes, perhaps for ever
            return refusal("images", written, "it is a pipe", "name a PNG, JPEG, WebP or GIF file")
        with path.open("rb") as opened:
            about, head = os.fstat(opened.fileno()), opened.read(_HEAD)
    except FileNotFoundError:
        return refusal("images", written, f"there is no file {path}", f"paths are taken from {folder}")
    except IsADirectoryError:
        return refusal("images", written, "it is a folder", "name the image in it")
    except (OSError, ValueError) as unreadable:
        told = getattr(unreadable, "strerror", None) or str(unreadable)
        return refusal("images", written, f"it cannot be read ({told})", "let this user read it")
    return _kind(written, path, head, about)


def _kind(written: str, path: Path, head: bytes, about: os.stat_result) -> tuple[Path, str] | Refusal:
    import filetype  # noqa: PLC0415 - most posts have no image

    if not stat.S_ISREG(about.st_mode) or not head:
        return refusal("images", written, "there is nothing in it", "name a PNG, JPEG, WebP or GIF file")
    guess = filetype.guess(head)
    kind = guess.mime if guess is not None else "of no known kind"
    if kind not in LARGEST:
        return refusal(
            "images",
            written,
            f"by its content it is {kind}, whatever its name says",
            "convert it to PNG, JPEG, WebP or GIF",
        )
    if about.st_size > LARGEST[kind]:
        limit = LARGEST[kind] // MEGABYTE
        why = f"it has {about.st_size / MEGABYTE:.1f} MB, and X takes {limit} MB of {kind}"
        return refusal("images", written, why, "make it smaller")
    return path, kind
