"""How an account posts, where Bluesky leaves a choice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import urlsplit

from steadypost.channels.bluesky.identity import DIRECTORY

MOST_LANGUAGES: Final = 3
MOST_LABELS: Final = 10

PICTURE_EVERYWHERE: Final = 1_000_000
"""What every server takes of a picture."""

PICTURE_BLUESKY: Final = 2_000_000
"""What Bluesky's own servers take since they were raised."""

BLUESKYS_OWN: Final = ".host.bsky.network"

VIDEO_SERVICE: Final = "https://video.bsky.app"
"""Where videos are processed, of accounts on every server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The choices of one account."""

    languages: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    cards: bool = True
    """Whether links get a preview."""
    needs_alt: bool = False
    """Whether a picture without a description is turned down."""
    picture_bytes: int | None = None
    """The most bytes of a picture; ``None``: what the server is known to take."""
    directory: str = DIRECTORY
    video_service: str = VIDEO_SERVICE

    @classmethod
    def read(cls, told: Mapping[str, str | bool]) -> Self:
        """Read them as the account's block gives them: lists are texts with commas."""
        picture_bytes = str(told.get("picture_bytes", "") or "")
        return cls(
            languages=_listed(told.get("languages"))[:MOST_LANGUAGES],
            labels=_listed(told.get("labels"))[:MOST_LABELS],
            cards=told.get("cards", True) is not False,
            needs_alt=told.get("needs_alt") is True,
            picture_bytes=int(picture_bytes) if picture_bytes.isdigit() else None,
            directory=str(told.get("directory") or DIRECTORY),
            video_service=str(told.get("video_service") or VIDEO_SERVICE),
        )

    def shown(self) -> dict[str, str]:
        """Say what a record tells of these choices."""
        return shown(self.languages, self.labels)

    def largest_picture(self, server: str) -> int:
        """Give the most bytes of a picture on a server. None says its limit, and a picture that is too large costs the
        whole post, so those that are not known to take more get what all of them take.
        """
        if self.picture_bytes is not None:
            return self.picture_bytes
        host = urlsplit(server).hostname or ""
        return PICTURE_BLUESKY if host.endswith(BLUESKYS_OWN) else PICTURE_EVERYWHERE


LANGUAGES: Final = "languages"
LABELS: Final = "labels"


def shown(languages: Iterable[str], labels: Iterable[str]) -> dict[str, str]:
    """Write down what a record says of itself beside its words, as two are compared."""
    return {LANGUAGES: ",".join(sorted(languages)), LABELS: ",".join(sorted(labels))}


def _listed(told: str | bool | None) -> tuple[str, ...]:
    names = str(told).split(",") if isinstance(told, str) else []
    return tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
