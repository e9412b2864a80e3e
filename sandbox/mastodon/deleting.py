"""DELETE /api/v1/statuses/:id: a person takes an own post down."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.faults import Where
from sandbox.mastodon.answers import refusal, refuse_visitor
from sandbox.mastodon.entities import status_entity
from sandbox.mastodon.world import World
from sandbox.wire import HangUp


class Deleting:
    """Takes posts down."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ledger = world.ledger

    async def __call__(self, request: Request) -> Response:
        """Take the post down, and tell it once more, as the real server does."""
        visitor = self._world.visitor(request)
        refused = refuse_visitor(visitor, "write:statuses")
        if refused is not None or visitor.account is None:
            return refused or refusal(401, "The access token is invalid")
        found = self._ledger.statuses.get(request.path_params["id"])
        if found is None or not found.live or found.author != visitor.account.username:
            return refusal(404, "Record not found")
        gusts = self._world.weather.gusts(Where.DELETE, visitor.handle)
        for gust in gusts:
            if gust.name == "refuse_delete":
                return refusal(gust["status"], "Service unavailable")
        told = status_entity(self._world, found, visitor.account)
        self._ledger.delete(found.id)
        if any(gust.name == "drop_delete_response" for gust in gusts):
            return HangUp()
        return JSONResponse(told)
