"""A picture as it goes out: turned the way its camera was held, without metadata, and small enough for the server.

Nothing that a camera or a program wrote beside the pixels leaves this machine: no place, no owner, no thumbnail. The
same file always gives the same bytes, so that a later attempt describes the same record.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

MOST_PIXELS: Final = 80_000_000
"""Larger pictures are not decoded: four bytes a pixel would fill a small machine's memory."""

FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP")
"""What is read. The library knows many more, and has some of them drawn by other programs."""

_SIDES: Final = (4000, 2000, 1600, 1200, 800, 500)
"""The longest side, tried in this order until the server's limit is met."""

_QUALITIES: Final = (92, 85, 75, 60)


class Unusable(ValueError):
    """This file is no picture that could be sent; the message says why."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture ready to be uploaded."""

    content: bytes
    kind: str
    width: int
    height: int


def prepare(content: bytes, limit: int) -> Prepared:
    """Turn, strip and shrink a picture to at most ``limit`` bytes; raise ``Unusable``."""
    picture = _upright(_opened(content))
    for candidate in _candidates(picture):
        if len(candidate.content) <= limit:
            return candidate
    raise Unusable(f"it does not fit into {limit:,} bytes however small it is drawn")


def _opened(content: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            # A picture that is too large is refused by its own size below, before it is decoded.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(content), formats=FORMATS)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Unusable("it is not a picture that can be read") from error
    if picture.width * picture.height > MOST_PIXELS:
        raise Unusable(f"it has {picture.width} x {picture.height} pixels; at most {MOST_PIXELS:,} are taken")
    # A camera's second picture beside the first (MPO: another exposure, or for another eye) does not move.
    if picture.format != "MPO" and getattr(picture, "n_frames", 1) > 1:
        raise Unusable(
            "it moves, and Bluesky shows only the first frame of a moving picture; send a still one"
        )
    return picture


def _upright(picture: Image.Image) -> Image.Image:
    """Decode it, turn it by its orientation, and bring its colours to sRGB, because the profile is dropped."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture.load()
            turned = ImageOps.exif_transpose(picture)
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise Unusable("it is damaged, and cannot be decoded to its end") from error
    return _plain(_in_srgb(turned))


def _in_srgb(picture: Image.Image) -> Image.Image:
    profile = picture.info.get("icc_profile")
    if not profile or picture.mode not in {"RGB", "CMYK"}:
        return picture
    try:
        theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        drawn = ImageCms.profileToProfile(picture, theirs, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return picture
    return drawn or picture


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
    bare.info = {}
    return bare


def _candidates(picture: Image.Image) -> Iterator[Prepared]:
    """Give the picture in ever smaller forms: the finest first."""
    for side in _sides(picture):
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


def _sides(picture: Image.Image) -> list[int]:
    longest = max(picture.size)
    return [min(longest, _SIDES[0]), *(side for side in _SIDES[1:] if side < longest)]


def _drawn(picture: Image.Image, side: int) -> Image.Image:
    if max(picture.size) <= side:
        return picture
    smaller = picture.copy()
    smaller.thumbnail((side, side), Image.Resampling.LANCZOS)
    return smaller


def _as(form: str, picture: Image.Image, **how: int | bool) -> Prepared:
    out = io.BytesIO()
    picture.save(out, form, **how)
    return Prepared(out.getvalue(), f"image/{form.lower()}", picture.width, picture.height)
