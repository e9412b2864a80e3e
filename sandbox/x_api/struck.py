"""How an answer comes out in bad weather."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sandbox.clock import Clock
from sandbox.x_api.weather import Rule
from sandbox.x_api.world import CLOSED, DUPLICATE, Refusal

if TYPE_CHECKING:
    from sandbox.x_api.desk import Desk

Answer = tuple[int, Any, dict[str, str]]


class Lost(Exception):
    """The line is cut."""


class Half(Exception):
    """The line is cut in the middle of this answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


def _limit(seconds: float, clock: Clock, name: str) -> dict[str, str]:
    return {name: str(int(clock.now_ms() / 1000 + seconds))}


def struck(desk: Desk, rule: Rule, do: Callable[[], Answer]) -> Answer:
    """Answer as the fault has it."""
    happens = bool(rule.params.get("happens", rule.fault != "server_error"))
    seconds = float(rule.params.get("seconds", 60))
    clock = desk.sandbox.clock
    match rule.fault:
        case "lost_before":
            raise Lost
        case "lost_after":
            do()
            raise Lost
        case "half_answer":
            raise Half(do())
        case "hang":
            if happens:
                do()
            time.sleep(seconds)
            raise Lost
        case "gateway_timeout":
            if happens:
                do()
            return 504, b"<html><h1>504 Gateway Time-out</h1></html>", {"content-type": "text/html"}
        case "server_error":
            if happens:
                do()
            status = int(rule.params.get("status", 503))
            return (
                status,
                {"title": "Service Unavailable", "type": "about:blank", "status": status, "detail": ""},
                {},
            )
        case "payment_required":
            detail = "Your enrolled account does not have any credits to fulfill this request."
            return 402, Refusal(402, "CreditsDepleted", detail, "credits").body, {}
        case "usage_capped":
            return (
                429,
                Refusal(
                    429, "UsageCapExceeded", "Usage cap exceeded: Monthly product cap", "usage-capped"
                ).body,
                {},
            )
        case "rate_limited":
            body = {
                "title": "Too Many Requests",
                "detail": "Too Many Requests",
                "type": "about:blank",
                "status": 429,
            }
            return 429, body, _limit(seconds, clock, "x-rate-limit-reset") | {"x-rate-limit-remaining": "0"}
        case "daily_limit":
            body = {
                "title": "Too Many Requests",
                "detail": "Too Many Requests",
                "type": "about:blank",
                "status": 429,
            }
            more = {"x-user-limit-24hour-remaining": "0", "x-rate-limit-reset": "1"}
            return 429, body, _limit(seconds, clock, "x-user-limit-24hour-reset") | more
        case "unauthorized":
            return (
                401,
                {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"},
                {},
            )
        case "out_of_bounds":
            return 401, {"errors": [{"code": 135, "message": "Timestamp out of bounds."}]}, {"date": ""}
        case "token_ends":
            if desk.person is not None:
                desk.person.bearer_until = 0.0
            return (
                401,
                {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"},
                {},
            )
        case "duplicate":
            if rule.params.get("happens"):
                do()
            return 403, Refusal(403, "Forbidden", DUPLICATE).body, {}
        case "closed":
            return 403, Refusal(403, "Forbidden", CLOSED).body, {}
        case "forbidden":
            told = dict(rule.params)
            kind, detail = str(told.pop("type", "")), str(told.pop("detail", ""))
            return 403, Refusal(403, "Forbidden", detail, kind, **told).body, {}
        case "rights":
            detail = "Your client app is not configured with the appropriate oauth1 app permissions for this endpoint."
            return (
                403,
                Refusal(403, "Forbidden", detail, str(rule.params.get("type", "oauth1-permissions"))).body,
                {},
            )
        case "page":
            return 200, b"<html>Welcome to the hotel</html>", {"content-type": "text/html"}
        case "errors_beside" | "no_id" | "other_id":
            return _spoilt(rule.fault, desk, do())
        case _:
            return do()


def _spoilt(fault: str, desk: Desk, answer: Answer) -> Answer:
    status, body, headers = answer
    if fault == "no_id":
        return status, {"data": {}}, headers
    if fault == "other_id":
        return (
            status,
            {
                "data": body["data"]
                | {"id": str(desk.body.get("reply", {}).get("in_reply_to_tweet_id", "20"))}
            },
            headers,
        )
    problem = {
        "type": "https://api.x.com/2/problems/field-hydration-failure",
        "title": "Field Hydration Failure",
        "detail": "A field could not be told.",
        "resource_type": "post",
        "field": "text",
    }
    return status, {**body, "errors": [problem]}, headers
