"""A picture or a video as it goes out: the one that came in, upright, without metadata, within what its network takes.

Nothing that a camera or a program wrote beside the pixels leaves this machine: no place, no owner, no thumbnail. What is
upright and within the limit keeps its very bytes but for that, and so does what moves; only the rest is drawn anew. The
same file always gives the same bytes, so that a later attempt describes the same record.
"""

from __future__ import annotations

import hashlib
import io
import math
import struct
import warnings
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageCms, ImageOps

from steadypost.channels.stripping import Malformed, stripped
from steadypost.channels.videos import bare, shape_of
from steadypost.domain.network import Network
from steadypost.domain.outcome import Cause
from steadypost.domain.post import Media

MOST_PIXELS: Final = 80_000_000
"""Larger pictures are not decoded: four bytes a pixel would fill a small machine's memory."""

KINDS: Final = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/gif",
    "WEBP": "image/webp",
}
"""What is read. The library knows many more, and has some of them drawn by other programs."""

_SIDES: Final = (4000, 2000, 1600, 1200, 800, 500)
"""The longest side, tried in this order until the network's limit is met."""

_QUALITIES: Final = (92, 85, 75, 60)


_DAMAGED: Final = (OSError, SyntaxError, ValueError, EOFError, TypeError, LookupError, struct.error)
"""What the library raises for a file that is not as its kind says."""

DAMAGED: Final = "it is damaged, and cannot be decoded to its end"


class Unusable(ValueError):
    """This file is no picture that could be sent; the message says why."""

    cause = Cause.MEDIA_REFUSED


class Missing(Unusable):
    """The file is not there, or is not what it was when its post came in."""

    cause = Cause.MEDIA_MISSING


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture ready to be uploaded."""

    content: bytes
    kind: str
    width: int = 0
    height: int = 0
    moves: bool = False

    @property
    def name(self) -> str:
        """A file's name that says nothing of this machine, and is taken everywhere."""
        ending = self.kind.rpartition("/")[2]
        return f"file.{'mov' if ending == 'quicktime' else ending}"


def ready(media: Media, limit: int, pixels: int = MOST_PIXELS, *, moving: Collection[str]) -> Prepared:
    """Give a post's file as it goes out, in at most ``limit`` bytes and ``pixels``; raise ``Unusable``.

    A video goes out without its notes, and is not made smaller. ``moving`` are the media types of pictures that its
    network shows moving.
    """
    content = _read(media)
    if media.is_video:
        return _video(content, media.kind, limit)
    prepared = prepare(content, limit, pixels)
    if prepared.moves and prepared.kind not in moving:
        raise Unusable(_is_shown_still(moving))
    return prepared


def _video(content: bytes, kind: str, limit: int) -> Prepared:
    if len(content) > limit:
        raise Unusable(f"it has {len(content):,} bytes, and at most {limit:,} are taken: make it smaller")
    try:
        return Prepared(bare(content), kind, *shape_of(content))
    except Malformed as error:
        raise Unusable(f"it is damaged: {error}") from error


def unshown(media: Media, network: Network) -> str | None:
    """Say why a picture that moves cannot be shown so on a network; ``None`` too for a still one."""
    try:
        if _moves(_opened(_read(media))):
            ready(media, network.allows.takes[media.kind], moving=network.moving)
    except Unusable as error:
        return str(error)
    return None


def _is_shown_still(moving: Collection[str]) -> str:
    kinds = " or ".join(sorted(one.rpartition("/")[2].upper() for one in moving))
    return "it moves, and would be shown as a still picture" + (f": save it as {kinds}" if kinds else "")


def _read(media: Media) -> bytes:
    try:
        content = media.path.read_bytes()
    except OSError as error:
        raise Missing(
            f"it cannot be read ({error.strerror}): put it back, or take it off the post"
        ) from error
    if media.digest and hashlib.sha256(content).hexdigest() != media.digest:
        raise Missing("the file was changed after the post came in")
    return content


def prepare(content: bytes, limit: int, pixels: int = MOST_PIXELS) -> Prepared:
    """Strip a picture, and turn and shrink it where it has to be; raise ``Unusable``."""
    picture = _opened(content)
    moves = _moves(picture)
    if moves or (_is_upright(picture) and picture.width * picture.height <= pixels):
        bare = _bare(content, picture, moves=moves)
        if bare is not None and len(bare.content) <= limit:
            return bare
    if moves:
        raise Unusable(f"it moves, and does not fit into {limit:,} bytes: make it shorter or smaller")
    for candidate in _candidates(_upright(picture), pixels):
        if len(candidate.content) <= limit:
            return candidate
    raise Unusable(f"it does not fit into {limit:,} bytes however small it is drawn")


def _opened(content: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            # A picture that is too large is refused by its own size below, before it is decoded.
            warnings.simplefilter("ignore")
            picture = Image.open(io.BytesIO(content), formats=[one for one in KINDS if one != "MPO"])
    except (*_DAMAGED, Image.DecompressionBombError) as error:
        raise Unusable("it is not a picture that can be read") from error
    if picture.width * picture.height > MOST_PIXELS:
        raise Unusable(f"it has {picture.width} x {picture.height} pixels; at most {MOST_PIXELS:,} are taken")
    return picture


def _moves(picture: Image.Image) -> bool:
    # A camera's second picture beside the first (MPO: another exposure, or for another eye) does not move.
    try:
        return picture.format != "MPO" and getattr(picture, "n_frames", 1) > 1
    except _DAMAGED as error:
        raise Unusable(DAMAGED) from error


ORIENTATION: Final = 0x0112


def _is_upright(picture: Image.Image) -> bool:
    try:
        return picture.getexif().get(ORIENTATION, 1) not in range(2, 9)
    except _DAMAGED:
        return True  # what cannot be read turns nothing anywhere


def _bare(content: bytes, picture: Image.Image, *, moves: bool) -> Prepared | None:
    """Give the file as it is but for its metadata; ``None`` for one that is not built as it should be."""
    kind = KINDS[picture.format or ""]
    try:
        return Prepared(stripped(content, kind), kind, picture.width, picture.height, moves)
    except Malformed:
        return None


def _upright(picture: Image.Image) -> Image.Image:
    """Decode it, turn it by its orientation, and bring colours that its new form has not to sRGB."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture.load()
            turned = ImageOps.exif_transpose(picture)
    except _DAMAGED as error:
        raise Unusable(DAMAGED) from error
    return _plain(_in_rgb(turned))


def _in_rgb(picture: Image.Image) -> Image.Image:
    """Draw what has a profile for other than red, green and blue in sRGB; a profile for these stays beside them."""
    profile = picture.info.get("icc_profile")
    if not profile or picture.mode not in {"L", "CMYK"}:
        return picture
    try:
        theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        drawn = ImageCms.profileToProfile(picture, theirs, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        drawn = None
    found = drawn or picture.copy()
    found.info = {name: told for name, told in found.info.items() if name != "icc_profile"}
    return found


def _plain(picture: Image.Image) -> Image.Image:
    """Copy the pixels alone into a picture of one of two modes: with transparency, or without."""
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    if picture.mode.startswith("I"):
        picture = picture.point(lambda value: value / 256).convert("L")
    bare = picture.convert(mode)
    # A cut-out corner that nothing shines through is no transparency, and costs a photograph a lossless format.
    alpha = bare.getchannel("A").getextrema() if mode == "RGBA" else (255, 255)
    if alpha == (255, 255):
        bare = bare.convert("RGB")
    # A profile is of what it was written for: nothing but red, green and blue has those of these.
    profile = picture.info.get("icc_profile") if picture.mode in {"RGB", "RGBA", "P", "PA"} else None
    bare.info = {"icc_profile": profile} if profile else {}
    return bare


def _candidates(picture: Image.Image, pixels: int) -> Iterator[Prepared]:
    """Give the picture in ever smaller forms: the finest first."""
    for side in _sides(picture, pixels):
        drawn = _drawn(picture, side)
        if picture.mode == "RGBA" or _is_drawing(drawn):
            yield _as("PNG", drawn, optimize=True)
        for quality in _QUALITIES:
            if picture.mode == "RGBA":
                yield _as("WEBP", drawn, quality=quality, method=4)
            else:
                yield _as("JPEG", drawn, quality=quality, optimize=True)


def _is_drawing(picture: Image.Image) -> bool:
    """Whether it has few colours, as drawings and screenshots do: those blur as a photograph's format."""
    return picture.getcolors(4096) is not None


def _sides(picture: Image.Image, pixels: int) -> list[int]:
    longest, shortest = max(picture.size), min(picture.size)
    # The shorter one, rounded down first: however the longer one is rounded then, both together are not too many.
    least = max(1, math.isqrt(pixels * shortest // longest))
    first = longest if longest * shortest <= pixels else least * longest // shortest
    first = min(first, _SIDES[0])
    return [first, *(side for side in _SIDES[1:] if side < first)]


def _drawn(picture: Image.Image, side: int) -> Image.Image:
    if max(picture.size) <= side:
        return picture
    smaller = picture.copy()
    smaller.thumbnail((side, side), Image.Resampling.LANCZOS)
    return smaller


def _as(form: str, picture: Image.Image, **how: int | bool) -> Prepared:
    out = io.BytesIO()
    picture.save(out, form, icc_profile=picture.info.get("icc_profile"), **how)
    return Prepared(out.getvalue(), f"image/{form.lower()}", picture.width, picture.height)
