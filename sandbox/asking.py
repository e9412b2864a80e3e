"""CreateTweet: the one request that makes a post, and everything that can happen around it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox.clock import Clock
from sandbox.faults import FAULTS, OPERATION_NAMES, Where
from sandbox.ledger import DAY_MS, Account, Ask, Post
from sandbox.length import LIMIT, NOTE_LIMIT, weighted_length
from sandbox.shapes import created, empty_result, refusal, reshaped
from sandbox.weather import Gust
from sandbox.wire import Drip, HangUp, Refusal, Reset, Silence, connection_of, is_open
from sandbox.world import Visitor, World

MEDIA_LIMIT: Final = 4

RATE_LIMITED: Final = 88

TROUBLE_CODES: Final = {"challenge": 326, "locked": 326, "suspended": 64, "consent": 326}
"""What an ask is refused with while the session is in this state."""

MAKES_NOTHING: Final = frozenset(
    {"reject_before_create", "hang_before_create", "no_create_200_empty", "error_code", "http_status"}
)
"""The deciding faults under which nothing becomes live."""

LATE_ANSWERS: Final[Mapping[str, Callable[[Ask], Response]]] = {
    "hang up": lambda _: HangUp(),
    "silence": lambda _: Silence(),
    "503": lambda _: PlainTextResponse("Over capacity", 503),
    "empty": lambda ask: JSONResponse(empty_result(ask.operation)),
}
"""What is said of a post that is not there yet."""


def usual_name(operation: str) -> str:
    """What an operation is called on other days."""
    return "CreateTweet" if operation in OPERATION_NAMES else operation


class Reported(Response):
    """An answer that writes into the ledger whether it left."""

    def __init__(self, answer: Response, ask: Ask, clock: Clock) -> None:
        super().__init__()
        self._answer = answer
        self._ask = ask
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and note what became of the answer."""
        speaks = not isinstance(self._answer, HangUp | Reset | Silence | Refusal)
        self._ask.delivered = False
        listened = is_open(scope)
        await self._answer(scope, receive, send)
        self._ask.delivered = speaks and listened
        self._ask.answered_at, self._ask.answered_at_host = self._clock.now_ms(), self._clock.host_ms()


class Asking:
    """Takes asks, one at a time each, and decides them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ledger = world.ledger

    async def __call__(self, request: Request) -> Response:
        """Write the ask down, decide it, and answer."""
        visitor = self._world.visitor(request)
        ask = await self._open(request, visitor)
        refused = self._refuse_visitor(request, visitor, ask)
        if refused is not None:
            return Reported(refused, ask, self._world.clock)
        gusts = self._world.weather.gusts(Where.CREATE, visitor.handle, ask.text)
        late = self._world.weather.latency("create", visitor.handle, ask.text)
        ask.weather = [gust.name for gust in (*gusts, *late)]
        return Reported(await self._decide(ask, visitor, gusts, late), ask, self._world.clock)

    async def _open(self, request: Request, visitor: Visitor) -> Ask:
        name = request.path_params["operation"]
        try:
            variables = (await request.json())["variables"]
        except (ValueError, KeyError, TypeError):
            variables = {}
        ask = self._ledger.open_ask(
            operation=usual_name(name),
            account=visitor.handle,
            text=str(variables.get("tweet_text", "")),
            reply_to=(variables.get("reply") or {}).get("in_reply_to_tweet_id"),
            media=[e["media_id"] for e in (variables.get("media") or {}).get("media_entities", [])],
        )
        ask.connection = connection_of(request.scope)
        ask.sized = "content-length" in request.headers
        ask.sent_as = None if name == ask.operation else name
        return ask

    def _refuse_visitor(self, request: Request, visitor: Visitor, ask: Ask) -> Response | None:
        if visitor.account is None:
            return self._refused(ask, 32, status=401)
        token = request.cookies.get("auth_token", "")
        session = self._ledger.signed_in(token)
        csrf = session.tokens[token] if session else ""
        if not csrf or csrf != request.cookies.get("ct0") or csrf != request.headers.get("x-csrf-token"):
            return self._refused(ask, 353, status=403)
        if visitor.trouble is not None:
            return self._refused(ask, TROUBLE_CODES[visitor.trouble], status=403)
        return None

    async def _decide(
        self, ask: Ask, visitor: Visitor, gusts: Sequence[Gust], late: Sequence[Gust]
    ) -> Response:
        strikes = {gust.name: gust for gust in gusts}
        await self._world.wait(gust for gust in gusts if gust.name == "delay_before_create")
        decision = next((gust for gust in gusts if FAULTS[gust.name].decides), None)
        if decision is not None and decision.name in MAKES_NOTHING:
            answer = self._struck(ask, decision)
        elif "length_required" in strikes and not ask.sized:
            ask.outcome, answer = "http:411", PlainTextResponse("", 411)
        elif (code := self._rule_against(ask, visitor, strikes)) is not None:
            answer = self._refused(ask, code)
        elif decision is not None and decision.name == "create_late":
            answer = self._put_off(ask, visitor, strikes, decision)
        else:
            post = self._create(ask, visitor, strikes)
            await self._world.wait(gust for gust in gusts if gust.name == "delay_after_create")
            answer = self._tell(ask, post, decision, strikes.get("shape"))
        await self._world.wait(late)
        await asyncio.sleep(self._world.settings.latency_ms / 1000)
        return answer

    # -- the network's own rules

    def _rule_against(self, ask: Ask, visitor: Visitor, strikes: Mapping[str, Gust]) -> int | None:
        """The code of the first rule that the ask breaks."""
        assert visitor.account is not None  # noqa: S101 - refused before
        limit = NOTE_LIMIT if ask.operation == "CreateNoteTweet" and visitor.account.premium else LIMIT
        if weighted_length(ask.text) > limit:
            return 186
        if not all(name in self._ledger.media for name in ask.media) or len(ask.media) > MEDIA_LIMIT:
            return 324
        if not ask.text.strip() and not ask.media:
            return 324
        if ask.reply_to is not None and not self._ledger.exists(ask.reply_to):
            return 385
        if _takes_no_replies(ask, strikes.get("replies_refused")):
            return 433
        if "daily_limit" in strikes and self._over_daily_limit(visitor, strikes["daily_limit"]):
            return 344
        guarded = "no_duplicate_guard" not in strikes
        return 187 if guarded and self._is_copy(visitor.account, ask.text) else None

    def _over_daily_limit(self, visitor: Visitor, gust: Gust) -> bool:
        limit: int = gust["limit"]
        return self._ledger.made_within(str(visitor.handle), DAY_MS) >= limit

    def _is_copy(self, account: Account | None, text: str) -> bool:
        if account is None or not text.strip():
            return False
        within = self._world.settings.duplicate_window_ms
        return self._ledger.copy_of(account.handle, text, within_ms=within) is not None

    # -- making it live

    def _create(self, ask: Ask, visitor: Visitor, strikes: Mapping[str, Gust]) -> Post:
        post = self._make_live(ask, visitor, strikes)
        ask.post = post.id
        ask.outcome = "created"
        if "create_twice" in strikes:
            self._echo(ask, visitor, strikes)
        if "vanish" in strikes:
            self._ledger.delete(post.id)
        if "edited_after" in strikes:
            self._edit_later(post, strikes["edited_after"])
        return post

    def _edit_later(self, post: Post, gust: Gust) -> None:
        def edit() -> None:
            if post.live:
                self._ledger.edit(post.id, gust["text"] or f"{post.text} (edited)")

        self._world.after(self._world.duration(gust), edit)

    def _put_off(self, ask: Ask, visitor: Visitor, strikes: Mapping[str, Gust], gust: Gust) -> Response:
        """Answer now and make the post live later, as when an ask waits in a queue behind the one who answers."""

        def create() -> None:
            if gust["guard"] and self._is_copy(visitor.account, ask.text):
                ask.outcome = "refused:187"
            else:
                self._create(ask, visitor, strikes)

        ask.outcome = "late"
        self._world.after(self._world.duration(gust), create)
        return LATE_ANSWERS[gust["answer"]](ask)

    def _echo(self, ask: Ask, visitor: Visitor, strikes: Mapping[str, Gust]) -> None:
        """The same ask once more, as when something in between repeats it. Its answer is not waited for."""
        echo = self._ledger.open_ask(
            operation=ask.operation,
            account=ask.account,
            text=ask.text,
            reply_to=ask.reply_to,
            media=ask.media,
        )
        echo.weather, echo.delivered = ["create_twice"], False
        if strikes["create_twice"]["guard"]:
            echo.outcome = "refused:187"
        else:
            echo.outcome, echo.post = "created", self._make_live(echo, visitor, strikes).id

    def _make_live(self, ask: Ask, visitor: Visitor, strikes: Mapping[str, Gust]) -> Post:
        delay = strikes.get("timeline_delay")
        return self._ledger.create(
            str(visitor.handle),
            ask.text,
            reply_to=ask.reply_to,
            media=ask.media,
            ask=ask.id,
            hidden_ms=None if delay is None else int(self._world.duration(delay) * 1000),
        )

    # -- answering

    def _refused(
        self, ask: Ask, code: int, *, status: int = 200, headers: dict[str, str] | None = None
    ) -> Response:
        ask.outcome = f"refused:{code}"
        operation = ask.operation if status == 200 else None
        moment = self._world.clock.now_ms()
        body = refusal(code, operation, with_data=status == 200, moment=moment)
        return JSONResponse(body, status, headers)

    def _tell(self, ask: Ask, post: Post, decision: Gust | None, shape: Gust | None) -> Response:
        if decision is not None and decision.name != "create_then_drip":
            return self._struck(ask, decision)
        result = self._world.shaper.tweet(post)
        if decision is not None:
            text = json.dumps(created(ask.operation, result))
            return Drip(text, over=decision["seconds"], media_type="application/json")
        body = (
            created(ask.operation, result)
            if shape is None
            else reshaped(shape["kind"], ask.operation, result)
        )
        return (
            PlainTextResponse(body, media_type="text/html") if isinstance(body, str) else JSONResponse(body)
        )

    def _struck(self, ask: Ask, gust: Gust) -> Response:
        """The answer under a fault that decides it."""
        match gust.name:
            case "drop_response":
                return HangUp()
            case "reset_connection":
                return Reset()
            case "refuse_stream":
                return Refusal(gust["by"])
            case "misdirect":
                return PlainTextResponse("Misdirected", 421)
            case "create_then_hang":
                return Silence()
            case "create_then_5xx":
                return PlainTextResponse("Internal error", gust["status"])
            case "empty_result":
                return JSONResponse(empty_result(ask.operation))
            case "error_code":
                status = gust["status"] or (429 if gust["code"] == RATE_LIMITED else 200)
                headers = _reset_header(gust, self._world.clock)
                return self._refused(ask, gust["code"], status=status, headers=headers)
            case _:
                return _nothing_made(ask, gust, self._world.clock)


def _takes_no_replies(ask: Ask, gust: Gust | None) -> bool:
    """Whether the post that is answered takes no answers today."""
    return gust is not None and ask.reply_to is not None and gust["of"] in {None, ask.reply_to}


def _nothing_made(ask: Ask, gust: Gust, clock: Clock) -> Response:
    """The answers under faults that make nothing and name no reason."""
    match gust.name:
        case "hang_before_create":
            ask.outcome = "hung"
            return Silence()
        case "no_create_200_empty":
            ask.outcome = "empty"
            return JSONResponse(empty_result(ask.operation))
        case _:
            ask.outcome = f"http:{gust['status']}"
            return PlainTextResponse("", gust["status"], _reset_header(gust, clock))


def _reset_header(gust: Gust, clock: Clock) -> dict[str, str] | None:
    ahead: float | None = gust.params.get("reset_seconds")
    if ahead is None:
        return None
    return {
        "x-rate-limit-limit": "50",
        "x-rate-limit-remaining": "0",
        "x-rate-limit-reset": str(int(clock.now_ms() / 1000 + ahead)),
    }
