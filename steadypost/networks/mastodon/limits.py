"""What one server allows, by ``GET /api/v2/instance``; what it does not tell is Mastodon 4.3's (read in August 2026)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steadypost.domain.network import Allowance

MEGABYTE = 1024 * 1024

IMAGE_BYTES = 16 * MEGABYTE
VIDEO_BYTES = 99 * MEGABYTE

IMAGES = ("image/jpeg", "image/png", "image/gif", "image/webp")
VIDEOS = ("video/mp4", "video/webm", "video/quicktime")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits(Allowance):
    """How much one server lets an account say, with what only servers of this kind limit."""

    per_link: int = 23
    """How many characters every ``http(s)`` link counts, however long it is."""
    pixels: int = 33_177_600
    """The largest picture: width times height."""


USUAL = Limits(
    longest=500,
    # No server limits a thread; each part is a post of its own, asked for one after the other.
    parts=100,
    pictures=4,
    longest_description=1500,
    takes={**dict.fromkeys(IMAGES, IMAGE_BYTES), **dict.fromkeys(VIDEOS, VIDEO_BYTES)},
)
"""What is assumed of a server that has not been asked yet."""


def limits_of(instance: Any) -> Limits | None:
    """Read the limits from a server's own description; ``None`` when this is not one."""
    configuration = _mapping(_mapping(instance).get("configuration"))
    if not configuration:
        return None
    statuses, media = (
        _mapping(configuration.get("statuses")),
        _mapping(configuration.get("media_attachments")),
    )
    return Limits(
        longest=_number(statuses, "max_characters", USUAL.longest),
        parts=USUAL.parts,
        pictures=_number(statuses, "max_media_attachments", USUAL.pictures),
        longest_description=_number(media, "description_limit", USUAL.longest_description),
        takes=_takes(media),
        per_link=_number(statuses, "characters_reserved_per_url", USUAL.per_link),
        pixels=_number(media, "image_matrix_limit", USUAL.pixels),
    )


def _takes(media: Mapping[str, Any]) -> Mapping[str, int]:
    """Say which media types the server takes, and how large a file of each may be."""
    told = media.get("supported_mime_types")
    named = [one for one in told if isinstance(one, str)] if isinstance(told, list) else []
    image = _number(media, "image_size_limit", IMAGE_BYTES)
    video = _number(media, "video_size_limit", VIDEO_BYTES)
    return {kind: image if kind.startswith("image/") else video for kind in named or USUAL.takes}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _number(told: Mapping[str, Any], name: str, otherwise: int) -> int:
    value = told.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else otherwise
