"""Images and videos by address: fetched once at intake, checked, and kept under the digest of what they hold.

What is kept is what goes out: an address may show something else tomorrow, or nothing.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from steadypost import private
from steadypost.intake import decoding, fetching
from steadypost.intake.fetching import Fetch, Fetched, NotFetched
from steadypost.intake.refusal import Refusal, refusal

AT_ONCE = 8
"""How many are fetched at the same time."""

ENDINGS = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "image/gif": ".gif"} | {
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An image on the shelf."""

    path: Path
    """Its name is the SHA-256 of its content."""
    kind: str
    size: int
    seconds: float = 0
    """How long a video plays; 0 where it does not say."""


@dataclass(slots=True)
class Shelf:
    """Where images by address are kept. Each address is fetched once, however many posts show it."""

    folder: Path
    keep: bool = True
    """Whether they are written; a dry run only looks."""
    fetch: Fetch = fetching.fetch
    _found: dict[str, Kept | Refusal] = field(default_factory=dict)

    def take(self, address: str) -> Kept | Refusal:
        """Fetch an image, or say why it cannot be had."""
        address = address.strip()
        if address not in self._found:
            self._found[address] = self._take(address)
        return self._found[address]

    def take_all(self, addresses: Collection[str]) -> None:
        """Fetch several at the same time."""
        missing = sorted({one.strip() for one in addresses} - set(self._found))
        if len(missing) > 1:
            with ThreadPoolExecutor(max_workers=min(AT_ONCE, len(missing))) as pool:
                self._found |= zip(missing, pool.map(self._take, missing), strict=True)

    def _take(self, address: str) -> Kept | Refusal:
        found = self.fetch(address)
        if isinstance(found, NotFetched):
            return refusal("images", fetching.shown(address), found.why, found.remedy)
        kind = _kind(found)
        if isinstance(kind, NotFetched):
            return refusal("images", fetching.shown(address), kind.why, kind.remedy)
        seen = decoding.found(found.content, kind)
        if seen.broken:
            return refusal("images", fetching.shown(address), seen.broken, _SAVE)
        name = hashlib.sha256(found.content).hexdigest() + ENDINGS[kind]
        path = (self.folder / name).absolute()
        if self.keep and not path.exists():
            _write(path, found.content)
        return Kept(path=path, kind=kind, size=len(found.content), seconds=seen.seconds)


def is_address(written: str) -> bool:
    """Whether an image is named by its address, and not by its file."""
    return written.strip().casefold().startswith(("http://", "https://"))


def _kind(found: Fetched) -> str | NotFetched:
    """Judge an image by its content; what the server calls it has to agree."""
    kind = decoding.kind_of(found.content)
    if kind not in ENDINGS:
        called = f" (the server calls it {found.called})" if found.called else ""
        why = f"by its content it is {kind}{called}"
        return NotFetched(why, f"use the address of the file itself: {decoding.TAKEN}")
    if found.called and found.called not in _AGREES.get(kind, {kind}):
        return NotFetched(f"the server calls it {found.called}, and by its content it is {kind}", _SAVE)
    return kind


_SAVE = "save it, and name its file"
_UNSAID = {"application/octet-stream", "binary/octet-stream"}
"""What storage services call everything."""
_ALSO = {
    "image/jpeg": ("image/jpg", "image/pjpeg"),
    "image/png": ("image/apng",),
    "video/mp4": ("application/mp4", "video/x-m4v", "video/quicktime"),
    "video/quicktime": ("video/mp4",),
}
_AGREES = {
    kind: {
        kind,
        *_UNSAID,
        *_ALSO.get(kind, ()),
    }
    for kind in ENDINGS
}


def _write(path: Path, content: bytes) -> None:
    """Write it whole or not at all: whoever finds the name finds all of it."""
    private.folder(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        Path(name).replace(path)
    except BaseException:  # also Ctrl-C leaves no half a file behind
        Path(name).unlink(missing_ok=True)
        raise
