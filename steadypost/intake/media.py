"""What an image or a video must be before a post with it enters."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from steadypost.domain import videos
from steadypost.domain.network import Network
from steadypost.domain.post import Media, Part, digest_of
from steadypost.intake import decoding
from steadypost.intake.content import unsendable
from steadypost.intake.draft import Image
from steadypost.intake.refusal import Refusal, refusal
from steadypost.intake.shelf import Kept, Shelf, is_address

MEGABYTE = 1024 * 1024

READ = 50 * MEGABYTE
"""The largest image that is read. How much a network takes is its own, and a still one is made smaller to fit."""

LONGEST_ALT = 10_000
"""More than any network takes."""

_HEAD = 512
"""Bytes by which a file's kind is recognised; its name proves nothing."""


@dataclass(frozen=True, slots=True)
class Images:
    """Where images are looked for: beside their list, or at their addresses."""

    folder: Path
    shelf: Shelf | None = None
    """Where images by address are kept; without one no address is fetched."""

    def media(self, image: Image) -> Media | list[Refusal]:
        """Look at one image, and take it or say what is wrong with it."""
        if is_address(image.path):
            return _of_file(image, lambda: self._fetched(image.path))
        return _of_file(image, lambda: _file(image.path, self.folder))

    def _fetched(self, address: str) -> Kept | Refusal:
        if self.shelf is None:
            remedy = "save it, and name its file; 'steadypost import' fetches it itself"
            return refusal("images", address, "no address is fetched here", remedy)
        return self.shelf.take(address)


def media(image: Image, folder: Path) -> Media | list[Refusal]:
    """Look at one image on its disk, and take it or say what is wrong with it."""
    return Images(folder).media(image)


def _of_file(image: Image, find: Callable[[], Kept | Refusal]) -> Media | list[Refusal]:
    problems = _alt(image)
    found = find()
    if isinstance(found, Refusal):
        return [*problems, found]
    # A dry run keeps no file that it fetched.
    digest = digest_of(found.path) if found.path.exists() else ""
    return problems or Media(
        path=found.path,
        kind=found.kind,
        alt=image.alt.strip(),
        digest=digest,
        size=found.size,
        seconds=found.seconds,
    )


def _alt(image: Image) -> list[Refusal]:
    if len(image.alt) > LONGEST_ALT:
        why = f"a description has at most {LONGEST_ALT} characters, this one has {len(image.alt)}"
        return [refusal("images", image.alt, why, f"shorten it by {len(image.alt) - LONGEST_ALT}")]
    if bad := unsendable(image.alt.replace("\r\n", "\n")):
        return [refusal("images", image.alt, f"in its description: {bad.why}", bad.remedy)]
    return []


def _file(written: str, folder: Path) -> Kept | Refusal:
    if not written.strip() or unsendable(written):
        return refusal(
            "images",
            written,
            "it names no file that can be kept",
            f"write the path of {decoding.TAKEN}",
        )
    path = Path(os.path.normpath(folder / written.strip())).absolute()
    try:
        if path.is_fifo():  # opening it would wait for whoever writes, perhaps for ever
            return refusal("images", written, "it is a pipe", f"name {decoding.TAKEN}")
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


def _kind(written: str, path: Path, head: bytes, about: os.stat_result) -> Kept | Refusal:
    if not stat.S_ISREG(about.st_mode) or not head:
        return refusal("images", written, "there is nothing in it", f"name {decoding.TAKEN}")
    kind = decoding.kind_of(head)
    if kind not in decoding.KINDS:
        return refusal(
            "images",
            written,
            f"by its content it is {kind}, whatever its name says",
            f"convert it to {decoding.TAKEN}",
        )
    read = videos.LARGEST if kind in videos.KINDS else READ
    if about.st_size > read:
        why = f"it has {about.st_size / MEGABYTE:.1f} MB, and at most {read // MEGABYTE} MB are read"
        return refusal("images", written, why, "make it smaller")
    seen = decoding.found_in_file(path, kind, about.st_mtime_ns, about.st_size)
    if seen.broken:
        remedy = "save or export it again, in fewer pixels if it has too many"
        return refusal("images", written, seen.broken, remedy)
    return Kept(path=path, kind=kind, size=about.st_size, seconds=seen.seconds)


def unshown(field: str, parts: Iterable[Part], networks: Iterable[Network]) -> Iterator[Refusal]:
    """Say which pictures move and cannot be shown so: those are never made over."""
    from steadypost.channels import pictures  # noqa: PLC0415 - most posts have no image

    shown = dict.fromkeys(one for part in parts for one in part.media)
    for network in {one.name: one for one in networks}.values():
        for one in shown:
            # A dry run keeps no file that it fetched.
            why = (
                pictures.unshown(one, network)
                if one.path.exists() and one.kind in network.allows.takes and not one.is_video
                else None
            )
            if why is not None:
                remedy = "send a still picture there instead, or another file"
                yield refusal(field, one.path.name, f"{network.title}: {why}", remedy)
