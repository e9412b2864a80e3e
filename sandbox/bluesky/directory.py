"""What stands beside the protocol: the directory of accounts, handles as domains, and pages of strangers."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sandbox.bluesky.world import World


class Directory:
    """Answers without asking who asks."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        """Where it answers; any other first word is a DID."""
        return [
            Route("/.well-known/atproto-did", self.well_known),
            Route("/pages/{name:path}", self.page),
            Route("/{did}", self.directory),
        ]

    async def well_known(self, request: Request) -> Response:
        """The DID of the handle whose domain this is."""
        repo = self._world.repos.find(request.headers.get("host", "").partition(":")[0])
        return PlainTextResponse(repo.did if repo else "none", 200 if repo else 404)

    async def directory(self, request: Request) -> Response:
        """The document of a DID."""
        repo = self._world.repos.all.get(request.path_params["did"])
        if repo is None:
            return JSONResponse({"message": "DID not registered"}, 404)
        return JSONResponse(self._world.document(repo))

    async def page(self, request: Request) -> Response:
        """A page of a stranger."""
        kind, content = self._world.pages.get(request.path_params["name"], ("", b""))
        return Response(content, 200 if kind else 404, media_type=kind or "text/plain")
