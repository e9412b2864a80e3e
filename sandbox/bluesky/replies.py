"""Answers that are errors of the protocol, and those that the weather gives in place of the server's."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from sandbox.bluesky.lexicon import Invalid, check_params
from sandbox.wire import HangUp, Reset, Silence

HTML: Final = "<html><head><title>{0}</title></head><body><h1>{0}</h1><hr>openresty</body></html>"


class Wrong(Exception):
    """An answer that is an error of the protocol."""

    def __init__(
        self, status: int, name: str, message: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.name = name
        self.headers = headers or {}

    def answer(self) -> Response:
        """The error as the server sends it."""
        return JSONResponse({"error": self.name, "message": str(self)}, self.status, self.headers)


def let_through(told: dict[str, Any], gust: dict[str, Any] | None, now_ms: int) -> Response:
    """The answer to what was done, as the weather lets it through."""
    fault = gust["fault"] if gust else ""
    if fault.endswith("_after") and gust is not None:
        return instead({**gust, "fault": fault.removesuffix("_after")}, now_ms)
    if fault == "odd_body":
        return PlainTextResponse("<!doctype html>ok", media_type="application/json")
    results = told.get("results") or [told]
    if fault == "odd_uri":
        results[-1]["uri"] = results[-1]["uri"][:-1] + ("3" if results[-1]["uri"][-1] == "2" else "2")
    if fault == "odd_cid":
        results[-1]["cid"] = "bafyrei" + "a" * 52
    return JSONResponse(told)


def instead(gust: dict[str, Any], now_ms: int) -> Response:
    """The answer, or none, that the weather gives in place of the server's."""
    match gust["fault"].removesuffix("_before"):
        case "drop" | "hang_up":
            return HangUp()
        case "reset":
            return Reset()
        case "silent":
            return Silence()
        case "proxy":
            return Response(HTML.format("Gateway Time-out"), gust["status"], media_type="text/html")
        case "broken":
            return Wrong(500, "InternalServerError", "Internal Server Error").answer()
        case "too_many":
            limit, _, seconds = str(gust["policy"]).partition(";w=")
            reset = now_ms // 1000 + int(gust["seconds"])
            return limited(int(limit), int(seconds), reset).answer()
        case "too_many_bare":
            return Wrong(429, "RateLimitExceeded", "Rate Limit Exceeded").answer()
        case "refused":
            return Wrong(400, "InvalidRequest", "Invalid record").answer()
        case "expired_token":
            return Wrong(400, "ExpiredToken", "Token has expired").answer()
        case "invalid_token":
            return Wrong(400, "InvalidToken", "Token could not be verified").answer()
        case _:
            return Wrong(int(gust["status"]), "NotEnoughResources", "Try again later").answer()


def limited(limit: int, seconds: int, reset: int) -> Wrong:
    """Say that a window is used up."""
    headers = {
        "ratelimit-limit": str(limit),
        "ratelimit-remaining": "0",
        "ratelimit-reset": str(reset),
        "ratelimit-policy": f"{limit};w={seconds}",
    }
    return Wrong(429, "RateLimitExceeded", "Rate Limit Exceeded", headers)


def bearer(request: Request) -> str:
    """The token that a request shows."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer" or not token:
        raise Wrong(401, "AuthMissing", "Authentication Required")
    return token


def read_params(method: str, params: dict[str, Any]) -> None:
    """Hold the parameters of a query against its lexicon."""
    try:
        check_params(method, params)
    except Invalid as error:
        raise Wrong(400, "InvalidRequest", f"Params/{error}") from error
