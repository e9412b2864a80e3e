"""Pictures and videos, brought to X and made ready before anything is asked. None of it is public by that.

One request up to five megabytes; what is larger, or has to be made over (GIF, video), in pieces, and then X is asked
until it is ready.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from steadypost.channels import pictures
from steadypost.channels.x_api import requests
from steadypost.channels.x_api.answers import Trouble, told_or_trouble
from steadypost.channels.x_api.line import Line
from steadypost.domain.outcome import Cause
from steadypost.domain.post import Media
from steadypost.networks.x import ALLOWS, NETWORK

MEGABYTE = 1024 * 1024

IN_ONE = 5 * MEGABYTE
"""The largest file that goes in one request."""

PIECE = 4 * MEGABYTE

LONGEST_WAIT = 30.0
"""Seconds after which X is asked again, whatever it named."""


@dataclass(frozen=True, slots=True)
class Uploads:
    """Brings the files of one attempt."""

    line: Line
    deadline: float
    wait: Callable[[float], object]
    tell: Callable[[], object]
    """Called each time X says how far it is."""

    def bring(self, media: Media) -> str | Trouble:
        """Bring one file, with its description; its id lives for a day."""
        try:
            ready = pictures.ready(media, ALLOWS.takes.get(media.kind, IN_ONE), moving=NETWORK.moving)
        except pictures.Unusable as error:
            return Trouble(cause=error.cause, why=f"{media.path.name}: {error}")
        brought = self._sent(replace(media, kind=ready.kind), ready)
        if isinstance(brought, Trouble):
            return brought
        return self._described(brought, media) or brought

    def _sent(self, media: Media, ready: pictures.Prepared) -> str | Trouble:
        if requests.category_of(media) == "tweet_image" and len(ready.content) <= IN_ONE:
            return self._in_one(media, ready)
        return self._in_pieces(media, ready)

    def _in_one(self, media: Media, ready: pictures.Prepared) -> str | Trouble:
        told = self._post(
            requests.UPLOAD,
            f"uploading {media.path.name}",
            data={"media_category": requests.category_of(media)},
            files={"media": (ready.name, ready.content, ready.kind)},
        )
        return told if isinstance(told, Trouble) else self._ready(told, media)

    def _in_pieces(self, media: Media, ready: pictures.Prepared) -> str | Trouble:
        content = ready.content
        what = f"uploading {media.path.name}"
        begun = self._post(requests.INITIALIZE, what, json=requests.initialize_body(media, len(content)))
        if isinstance(begun, Trouble):
            return begun
        media_id = _media_id(begun)
        if media_id is None:
            return _no_id(media)
        for n, at in enumerate(range(0, len(content), PIECE)):
            trouble = self._piece(media_id, n, content[at : at + PIECE], media)
            if trouble is not None:
                return trouble
        ended = self._post(requests.finalize_path(media_id), what)
        return ended if isinstance(ended, Trouble) else self._ready(ended, media)

    def _piece(self, media_id: str, n: int, piece: bytes, media: Media) -> Trouble | None:
        told = self._post(
            requests.append_path(media_id),
            f"uploading {media.path.name}",
            data={"segment_index": str(n)},
            files={"media": ("piece", piece, "application/octet-stream")},
        )
        self.tell()
        return told if isinstance(told, Trouble) else None

    def _ready(self, told: Any, media: Media) -> str | Trouble:
        """Ask until X has made the file ready, has refused it, or the time is over."""
        media_id = _media_id(told)
        if media_id is None:
            return _no_id(media)
        while (state := _state(told)) not in {None, "succeeded"}:
            if state == "failed":
                return Trouble(
                    cause=Cause.MEDIA_REFUSED, why=f"X could not use {media.path.name}: convert it"
                )
            pause = _pause(told)
            if time.monotonic() + pause >= self.deadline:
                return Trouble(cause=Cause.DEADLINE, why=f"X has not made {media.path.name} ready in time")
            self.wait(pause)
            heard = self.line.get(requests.UPLOAD, requests.status_query(media_id), self.deadline)
            told = told_or_trouble(heard, f"asking after {media.path.name}", self.line.now(), 200)
            if isinstance(told, Trouble):
                return told
            if _media_id(told) != media_id:
                # Not a word about this file: it is not known to be ready, and an ask with it would be refused for good.
                return Trouble(
                    cause=Cause.ODD_ANSWER, why=f"X did not say whether {media.path.name} is ready"
                )
            self.tell()
        return media_id

    def _described(self, media_id: str, media: Media) -> Trouble | None:
        if not media.alt or media.kind.startswith("video/"):
            return None
        body = requests.describe_body(media_id, media.alt)
        told = self._post(requests.DESCRIBE, f"describing {media.path.name}", json=body)
        return told if isinstance(told, Trouble) else None

    def _post(self, path: str, what: str, **content: Any) -> Any | Trouble:
        heard = self.line.post(path, self.deadline, **content)
        told = told_or_trouble(heard, what, self.line.now(), 200, 201, 202, 204)
        if isinstance(told, Trouble) and told.cause is Cause.REFUSED_OTHERWISE:
            return Trouble(cause=Cause.MEDIA_REFUSED, why=told.why)
        return told


def _media_id(told: Any) -> str | None:
    data = told.get("data")
    found = data.get("id") if isinstance(data, dict) else None
    return found if isinstance(found, str) and found.isdigit() else None


def _no_id(media: Media) -> Trouble:
    return Trouble(cause=Cause.MEDIA_NOT_ATTACHED, why=f"X gave no id for {media.path.name}")


def _processing(told: Any) -> dict[str, Any]:
    data = told.get("data")
    found = data.get("processing_info") if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def _state(told: Any) -> str | None:
    """Say how far X is; ``None`` when there is nothing to wait for."""
    info = _processing(told)
    return str(info.get("state") or "pending") if info else None


def _pause(told: Any) -> float:
    named = _processing(told).get("check_after_secs")
    return min(float(named), LONGEST_WAIT) if isinstance(named, int) and named > 0 else 1.0
