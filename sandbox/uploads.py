"""Pictures: uploaded in three steps or in one, then described."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox import shapes
from sandbox.ledger import Media
from sandbox.world import World

KINDS: Final = {
    b"\x89PNG": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
}
"""How the pictures that the network takes begin."""


def mime_of(content: bytes) -> str | None:
    """What kind of picture this is, judged by its bytes and not by its name."""
    return next((mime for start, mime in KINDS.items() if content.startswith(start)), None)


@dataclass(slots=True)
class _Upload:
    owner: str
    segments: dict[int, bytes] = field(default_factory=dict)

    def content(self) -> bytes:
        return b"".join(self.segments[n] for n in sorted(self.segments))


class Uploads:
    """Takes pictures in."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._open: dict[str, _Upload] = {}
        self._made = 0

    async def upload(self, request: Request) -> Response:
        """`INIT`, `APPEND` and `FINALIZE`, or the whole picture in one form."""
        visitor = self._world.visitor(request)
        if visitor.handle is None:
            return JSONResponse(shapes.refusal(32, None, with_data=False), 401)
        form = await request.form()
        command = request.query_params.get("command") or str(form.get("command", ""))
        name = request.query_params.get("media_id") or str(form.get("media_id", ""))
        match command:
            case "INIT":
                return self._init(visitor.handle)
            case "APPEND":
                return await self._append(name, request, form.get("media"))
            case "FINALIZE":
                return self._finalize(name)
            case _:
                return self._keep(visitor.handle, await _bytes(form.get("media")))

    def _init(self, owner: str) -> Response:
        self._made += 1
        name = f"upload-{self._made}"
        self._open[name] = _Upload(owner)
        return JSONResponse({"media_id_string": name}, 202)

    async def _append(self, name: str, request: Request, part: object) -> Response:
        if name not in self._open:
            return JSONResponse({"error": "no such upload"}, 404)
        segment = int(request.query_params.get("segment_index", "0"))
        self._open[name].segments[segment] = await _bytes(part)
        return Response(status_code=204)

    def _finalize(self, name: str) -> Response:
        upload = self._open.pop(name, None)
        if upload is None:
            return JSONResponse({"error": "no such upload"}, 404)
        return self._keep(upload.owner, upload.content())

    def _keep(self, owner: str, content: bytes) -> Response:
        mime = mime_of(content)
        if mime is None:
            return JSONResponse({"error": "media type unrecognized."}, 400)
        media = self._world.ledger.keep_media(owner, content, mime)
        return JSONResponse(
            {"media_id_string": media.id, "size": len(content), "image": {"image_type": mime}}
        )

    async def describe(self, request: Request) -> Response:
        """Give a picture its alternative text."""
        visitor = self._world.visitor(request)
        body = await request.json()
        media = self._world.ledger.media.get(str(body.get("media_id")))
        if media is None or media.owner != visitor.handle:
            return JSONResponse({"error": "no such media"}, 404)
        media.alt = str(body.get("alt_text", {}).get("text", "")) or None
        return Response(status_code=200)

    async def show(self, request: Request) -> Response:
        """The picture itself."""
        media: Media | None = self._world.ledger.media.get(request.path_params["media_id"])
        return Response(status_code=404) if media is None else Response(media.content, media_type=media.mime)


async def _bytes(part: object) -> bytes:
    if isinstance(part, UploadFile):
        return await part.read()
    return str(part or "").encode()
