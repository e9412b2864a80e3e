"""Files on their way to a post: taken, processed, described."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.faults import Where
from sandbox.mastodon.answers import refusal, refuse_visitor, unprocessable
from sandbox.mastodon.entities import media_entity
from sandbox.mastodon.ledger import Media
from sandbox.mastodon.world import KINDS, World
from sandbox.pictures import size_of
from sandbox.uploads import mime_of
from sandbox.weather import Gust

NEVER = 1e12
"""A moment that does not come."""


class Uploads:
    """Takes files."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ledger = world.ledger

    async def upload(self, request: Request) -> Response:
        """Take a file: 200 when it can be used, 202 when it is still to be processed."""
        visitor = self._world.visitor(request)
        refused = refuse_visitor(visitor, "write:media")
        if refused is not None or visitor.handle is None:
            return refused or refusal(401, "The access token is invalid")
        gusts = {one.name: one for one in self._world.weather.gusts(Where.MEDIA, visitor.handle)}
        if "media_error" in gusts:
            return refusal(gusts["media_error"]["status"], "File could not be taken")
        form = await request.form()
        file, description = form.get("file"), form.get("description")
        if not isinstance(file, UploadFile):
            return unprocessable("Validation failed: File can't be blank")
        content = await file.read()
        told = description if isinstance(description, str) else None
        if (wrong := self._wrong(content, told)) is not None:
            return unprocessable(f"Validation failed: {wrong}")
        return self._taken(visitor.handle, content, told, gusts)

    def _taken(self, owner: str, content: bytes, description: str | None, gusts: dict[str, Gust]) -> Response:
        kept = None if "description_lost" in gusts else description
        media = self._ledger.keep_media(owner, content, kind_of(content) or "", description=kept)
        media.is_broken = "media_breaks" in gusts
        if "slow_media" in gusts:
            media.ready_at = time.monotonic() + self._world.duration(gusts["slow_media"])
        ready = is_ready(media) and not media.is_broken
        return JSONResponse(media_entity(self._world, media, is_ready=ready), 200 if ready else 202)

    def _wrong(self, content: bytes, description: str | None) -> str | None:
        """What the server has against a file."""
        kind, limits = kind_of(content), self._world.limits
        if kind not in KINDS:
            return "File content type is invalid"
        is_image = kind.startswith("image/")
        most = limits["image_size_limit" if is_image else "video_size_limit"]
        if len(content) > most:
            return f"File file size must be less than {most}"
        if is_image:
            width, height = size_of(content)
            if width * height > limits["image_matrix_limit"]:
                return f"{width}x{height} images are not supported"
        if len(description or "") > limits["description_limit"]:
            return f"Description is too long (maximum is {limits['description_limit']} characters)"
        return None

    async def state(self, request: Request) -> Response:
        """Whether a file is processed: 206 until it is."""
        visitor = self._world.visitor(request)
        if (refused := refuse_visitor(visitor, "write:media")) is not None:
            return refused
        media = self._ledger.media.get(request.path_params["id"])
        if media is None or media.owner != visitor.handle or media.status is not None:
            return refusal(404, "Record not found")
        if media.is_broken:
            return unprocessable("Error processing thumbnail for uploaded media")
        ready = is_ready(media)
        return JSONResponse(media_entity(self._world, media, is_ready=ready), 200 if ready else 206)

    def lose(self, names: Iterable[Any]) -> None:
        """Have these files no more."""
        for name in names:
            self._ledger.media.pop(str(name), None)

    def begin_anew(self, names: Iterable[Any]) -> None:
        """Process these files once more, for ever."""
        for name in names:
            if (media := self._ledger.media.get(str(name))) is not None:
                media.ready_at = NEVER

    def wrong_media(self, owner: str, names: list[Any]) -> str | None:
        """What the server has against posting these files."""
        if len(names) > self._world.limits["max_media_attachments"]:
            return "Cannot attach more files than the limit"
        found = [self._ledger.media.get(str(name)) for name in names]
        missing = [
            str(name)
            for name, media in zip(names, found, strict=True)
            if media is None or media.owner != owner or media.status is not None
        ]
        if missing:
            return f"Media {', '.join(missing)} not found or already attached to another post"
        held = [media for media in found if media is not None]
        if len(held) > 1 and any(media.type in {"video", "audio"} for media in held):
            return "Cannot attach a video to a post that already contains images"
        if any(media.is_broken or not is_ready(media) for media in held):
            return "Cannot attach files that have not finished processing. Try again in a moment!"
        return None


def is_ready(media: Media) -> bool:
    """Whether a file is processed."""
    return time.monotonic() >= media.ready_at


def kind_of(content: bytes) -> str | None:
    """The media type of a file, by its first bytes."""
    if content[4:8] == b"ftyp":
        return "video/mp4"
    return mime_of(content)
