"""Answers as the server and what stands before it give them."""

from __future__ import annotations

from starlette.responses import HTMLResponse, JSONResponse, Response

from sandbox.mastodon.world import Visitor, World

PROXY_PAGE = "<html><head><title>504 Gateway Time-out</title></head><body><h1>504</h1></body></html>"


def refusal(status: int, words: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """A no, in the server's words."""
    return JSONResponse({"error": words}, status, headers)


def unprocessable(words: str) -> JSONResponse:
    """A no to what was asked for."""
    return refusal(422, words)


def gateway_timeout() -> Response:
    """What a proxy says when the server took too long for it."""
    return HTMLResponse(PROXY_PAGE, 504)


def throttled(world: World, reset_seconds: float | None, *, by: str = "server") -> Response:
    """A 429: by the server, that says when in ISO 8601, or by a proxy, that says how long."""
    if by == "proxy":
        headers = {} if reset_seconds is None else {"retry-after": str(int(reset_seconds))}
        return HTMLResponse("<html><body><h1>429 Too Many Requests</h1></body></html>", 429, headers)
    ahead = None if reset_seconds is None else int(world.clock.now_ms() + reset_seconds * 1000)
    return refusal(429, "Too many requests", limit_headers(world, left=0, ends=ahead))


def limit_headers(world: World, *, left: int, ends: int | None) -> dict[str, str]:
    """How much of a limit is left, and when it begins anew."""
    told = {"x-ratelimit-limit": str(world.settings.requests), "x-ratelimit-remaining": str(max(0, left))}
    return told if ends is None else {**told, "x-ratelimit-reset": world.iso(ends)}


def refuse_visitor(visitor: Visitor, scope: str) -> Response | None:
    """Why this visitor may not do what the scope is for."""
    if visitor.account is None:
        return refusal(401, "The access token is invalid")
    if not visitor.may(scope):
        return refusal(403, "This action is outside the authorized scopes")
    if visitor.is_disabled:
        return refusal(403, "Your login is currently disabled")
    return None
