"""What a network has against the videos of a part. How large and how long they may be is its allowance's to say."""

from __future__ import annotations

from collections.abc import Iterator

from steadypost.domain.network import Allowance, Objection
from steadypost.domain.post import Media

MEGABYTE = 1024 * 1024

KINDS = ("video/mp4", "video/quicktime")
"""What is read here."""

LARGEST = 100 * MEGABYTE
"""Bytes of a video that is read, wherever it goes: it is held in memory while it is sent."""


def against(
    n: int, media: tuple[Media, ...], allowance: Allowance, network: str, *, instead: str = ""
) -> Iterator[Objection]:
    """Say why a network would not take the videos of the part with this index."""
    videos = [one for one in media if one.is_video]
    if videos and len(media) > 1:
        yield Objection(
            part=n,
            field="images",
            value=f"{len(media)} files",
            why=f"{network} takes a video only alone",
            remedy="give it a part of its own",
        )
    for one in videos:
        found = _against(one, allowance, network, instead)
        if found is not None:
            why, remedy = found
            yield Objection(part=n, field="images", value=one.path.name, why=why, remedy=remedy)


def _against(one: Media, allowance: Allowance, network: str, instead: str) -> tuple[str, str] | None:
    if not any(kind.startswith("video/") for kind in allowance.takes):
        other = "send a picture there instead (images@NETWORK), or leave the account out"
        return f"{network}: no video can be sent to {allowance.whose} from here", f"{instead}{other}"
    if one.kind not in allowance.takes:
        return f"{network} does not take {one.kind} from {allowance.whose}", "save it as MP4"
    most, longest = allowance.takes[one.kind], allowance.longest_video
    if one.size > most:
        why = f"it has {one.size / MEGABYTE:.1f} MB, and {network} takes at most {most // MEGABYTE} MB"
        return why, "save it in fewer pixels, or make it shorter"
    if longest is None:
        return None
    if one.size and not one.seconds:
        why = f"it does not say how long it is, and {network} takes at most {longest.total_seconds():.0f} s"
        return why, "save it again as an ordinary MP4"
    over = one.seconds - longest.total_seconds()
    if over > 0:
        why = f"it lasts {one.seconds:.1f} s, and {network} takes at most {longest.total_seconds():.0f} s"
        return why, f"make it shorter by {over:.1f} s"
    return None
