"""What an author can do to a post that is there: take it down, pin it. No ask: nothing becomes live by it."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.ledger import NoSuchPost
from sandbox.world import Visitor, World

Change = Callable[[str, str], None]
"""Does something to a post: whose, and which."""


class Changing:
    """Takes changes of posts by their authors."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ledger = world.ledger

    def delete(self, handle: str, post_id: str) -> None:
        """Take a post down."""
        if self._ledger.live(post_id).author == handle:
            self._ledger.delete(post_id)

    def pin(self, handle: str, post_id: str) -> None:
        """Put a post at the top of its author's profile."""
        self._ledger.pin(handle, post_id)

    async def __call__(self, request: Request, change: Change) -> Response:
        """Do it for the account signed in, to a post of its own; the network says the same of what is not there."""
        visitor = self._world.visitor(request)
        if not self._may(request, visitor):
            return JSONResponse(
                {"errors": [{"code": 32, "message": "Could not authenticate you. (32)"}]}, 401
            )
        try:
            post_id = str((await request.json())["variables"]["tweet_id"])
            change(visitor.handle or "", post_id)
        except (ValueError, KeyError, TypeError, NoSuchPost):
            return JSONResponse({"errors": [{"code": 144, "message": "No status found with that ID. (144)"}]})
        return JSONResponse({"data": {"delete_tweet": {"tweet_results": {}}}})

    def _may(self, request: Request, visitor: Visitor) -> bool:
        token = request.cookies.get("auth_token", "")
        session = self._ledger.signed_in(token)
        csrf = session.tokens[token] if session else ""
        return bool(csrf) and csrf == request.headers.get("x-csrf-token") and visitor.trouble is None
