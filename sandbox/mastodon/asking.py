"""POST /api/v1/statuses: the one request that makes a post, and everything that can happen around it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import regex
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from sandbox.asking import Reported
from sandbox.faults import Where
from sandbox.mastodon.answers import gateway_timeout, refusal, refuse_visitor, throttled, unprocessable
from sandbox.mastodon.entities import account_entity, status_entity
from sandbox.mastodon.faults import FAULTS
from sandbox.mastodon.ledger import Account, Status, StatusAsk, Wish
from sandbox.mastodon.uploads import Uploads
from sandbox.mastodon.world import World
from sandbox.weather import Gust
from sandbox.wire import HangUp, Reset, Silence, connection_of

VISIBILITIES: Final = ("public", "unlisted", "private", "direct")

MAKES_NOTHING: Final = frozenset(
    {
        "drop_request",
        "reject_before_create",
        "proxy_504_before",
        "hang_before_create",
        "refused",
        "too_many_posts",
    }
)
"""The deciding faults under which nothing becomes live."""

LOSES_KEY: Final = frozenset({"proxy_504_after", "create_late"})
"""The faults under which a key is not written down although a post became live."""


Strikes = Mapping[str, Gust]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One ask, with what is to be made of it."""

    ask: StatusAsk
    wish: Wish
    account: Account
    strikes: Strikes
    """The weather it meets, by name."""

    @property
    def decision(self) -> Gust | None:
        """The fault that decides its answer."""
        return next((gust for name, gust in self.strikes.items() if FAULTS[name].decides), None)

    @property
    def key(self) -> str | None:
        """Its Idempotency-Key, where that means anything."""
        return None if "key_ignored" in self.strikes else self.ask.key

    def delays(self, name: str) -> Iterator[Gust]:
        """What of the weather takes time at this point."""
        return (gust for gust in self.strikes.values() if gust.name == name)


class Asking:
    """Takes asks, and decides them."""

    def __init__(self, world: World, uploads: Uploads) -> None:
        self._world = world
        self._ledger = world.ledger
        self._uploads = uploads
        self._busy: set[tuple[str, str]] = set()
        """The keys of asks that are at work."""

    async def __call__(self, request: Request) -> Response:
        """Write the ask down, decide it, and answer."""
        visitor = self._world.visitor(request)
        wish = wish_of(await parameters(request))
        key = request.headers.get("idempotency-key") or None
        ask = self._ledger.open_ask(visitor.handle, wish, key=key)
        ask.connection = connection_of(request.scope)
        refused = refuse_visitor(visitor, "write:statuses")
        if refused is not None or visitor.account is None:
            return self._reported(ask, refused or refusal(401, "The access token is invalid"))
        gusts = self._world.weather.gusts(Where.CREATE, visitor.handle, ask.text)
        ask.weather = [gust.name for gust in gusts]
        strikes = {gust.name: gust for gust in gusts}
        case = Case(ask=ask, wish=wish, account=visitor.account, strikes=strikes)
        return self._reported(ask, await self._decide(case))

    def _reported(self, ask: StatusAsk, answer: Response) -> Response:
        if ask.outcome == "pending":
            ask.outcome = f"http:{answer.status_code}"
        return Reported(answer, ask, self._world.clock)

    async def _decide(self, case: Case) -> Response:
        decision = case.decision
        if decision is not None and decision.name in MAKES_NOTHING:
            case.ask.outcome = f"nothing:{decision.name}"
            return self._without(decision)
        if case.key is not None and (told := self._by_key(case, case.key)) is not None:
            return self._after(case, None) or told
        mark = (case.account.id, case.key or case.ask.id)
        self._busy.add(mark)
        try:
            return await self._create(case)
        finally:
            self._busy.discard(mark)

    # -- the key

    def _by_key(self, case: Case, key: str) -> Response | None:
        """What is answered because of an ask's key; `None`: it is the first with it."""
        ask, account = case.ask, case.account
        known = self._ledger.remembered(account, key, for_ms=self._world.limits["key_life_ms"])
        if known is None:
            if (account.id, key) in self._busy and "key_races" not in case.strikes:
                ask.outcome = "key at work"
                return refusal(503, "There was a temporary problem serving your request, please try again")
            return None
        if "key_500" in case.strikes:
            ask.outcome = "key:500"
            return refusal(500, "Something went wrong on our end")
        if not self._ledger.exists(known):
            ask.outcome = "key:gone"
            return refusal(404, "Record not found")
        ask.outcome, ask.post = "repeated", known
        return JSONResponse(status_entity(self._world, self._ledger.live(known), account))

    # -- the server's own rules

    def _rule_against(self, wish: Wish, account: Account) -> Response | None:
        """The no to the first rule that the ask breaks."""
        if wish.visibility not in VISIBILITIES:
            return unprocessable("Validation failed: Visibility is not included in the list")
        if wish.reply_to is not None and not self._ledger.exists(wish.reply_to):
            return refusal(404, "The post you are trying to reply to does not appear to exist.")
        if (wrong := self._uploads.wrong_media(account.username, list(wish.media))) is not None:
            return unprocessable(f"Validation failed: {wrong}")
        if not wish.text and not wish.media:
            return unprocessable("Validation failed: Text can't be blank")
        most = self._world.limits["max_characters"]
        if counted(wish.warning + wish.text, self._world.limits["characters_reserved_per_url"]) > most:
            return unprocessable(f"Validation failed: Text character limit of {most} exceeded")
        return None

    # -- making it live

    async def _create(self, case: Case) -> Response:
        await self._world.wait(case.delays("delay_before_create"))
        if "media_gone" in case.strikes:
            self._uploads.lose(case.wish.media)
        if "media_unready" in case.strikes:
            self._uploads.begin_anew(case.wish.media)
        if (refused := self._rule_against(case.wish, case.account)) is not None:
            case.ask.outcome = f"refused:{refused.status_code}"
            return refused
        decision = case.decision
        if decision is not None and decision.name == "create_late":
            case.ask.outcome = "late"
            self._world.after(self._world.duration(decision), partial(self._make, case))
            return gateway_timeout()
        status = self._make(case)
        await self._world.wait(case.delays("delay_after_create"))
        if case.key is not None and (decision is None or decision.name not in LOSES_KEY):
            self._ledger.remember(case.account, case.key, status.id)
        told = status_entity(self._world, status, case.account)
        if "vanish" in case.strikes:
            self._ledger.delete(status.id)
        await asyncio.sleep(self._world.settings.latency_ms / 1000)
        return self._after(case, told) or JSONResponse(told)

    def _make(self, case: Case) -> Status:
        wish, strikes = case.wish, case.strikes
        if "limited_account" in strikes and wish.visibility == "public":
            wish.visibility = "unlisted"
        delay = strikes.get("timeline_delay")
        status = self._ledger.create(
            case.account.username,
            wish,
            ask=case.ask.id,
            hidden_ms=None if delay is None else int(self._world.duration(delay) * 1000),
            loses_media="media_lost" in strikes,
        )
        case.ask.post, case.ask.outcome = status.id, "created"
        return status

    # -- answering

    def _without(self, gust: Gust) -> Response:
        """The answer under a fault that makes nothing."""
        match gust.name:
            case "drop_request":
                return HangUp()
            case "hang_before_create":
                return Silence()
            case "proxy_504_before":
                return gateway_timeout()
            case "refused":
                return unprocessable(gust["words"])
            case "too_many_posts":
                return throttled(self._world, gust.params.get("reset_seconds"))
            case _:
                return refusal(gust["status"], "Service unavailable")

    def _after(self, case: Case, told: dict[str, Any] | None) -> Response | None:
        """The answer under a fault that strikes when the post is live; `None`: the usual one."""
        gust = case.decision
        match gust.name if gust else None:
            case "drop_response":
                return HangUp()
            case "reset_connection":
                return Reset()
            case "create_then_hang":
                return Silence()
            case "proxy_504_after":
                return gateway_timeout()
            case "create_then_5xx" if gust:
                return refusal(gust["status"], "Service unavailable")
            case "shape" if gust and told is not None:
                return self._reshaped(gust["kind"], told, case.account)
            case _:
                return None

    def _reshaped(self, kind: str, told: dict[str, Any], account: Account) -> Response:
        match kind:
            case "not_json":
                return HTMLResponse("<html><body>Thank you.</body></html>")
            case "empty":
                return JSONResponse({})
            case "no_id":
                return JSONResponse({name: value for name, value in told.items() if name != "id"})
            case "number_id":
                return JSONResponse({**told, "id": int(told["id"])})
            case "other_account":
                others = (one for one in self._ledger.accounts.values() if one is not account)
                return JSONResponse({**told, "account": account_entity(self._world, next(others, account))})
            case _:
                return JSONResponse({"id": told["id"]})


_COUNTED = regex.compile(r"(?<link>https?://[^\s<>]+)|(?<=@\w+)@[\w.-]+\w")


def counted(text: str, per_link: int) -> int:
    """How many characters the server counts."""
    even = _COUNTED.sub(lambda found: "x" * per_link if found["link"] else "", text)
    return len(regex.findall(r"\X", even))


async def parameters(request: Request) -> dict[str, Any]:
    """What was sent, as JSON or as a form."""
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            body = await request.json()
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}
    form = await request.form()
    told: dict[str, Any] = {name: form[name] for name in form if not name.endswith("[]")}
    return {**told, **{name[:-2]: form.getlist(name) for name in form if name.endswith("[]")}}


def wish_of(told: Mapping[str, Any]) -> Wish:
    """Read what a person wants posted. A warning without a text becomes the text, as on the real server."""
    text, warning = str(told.get("status") or "").strip(), str(told.get("spoiler_text") or "").strip()
    media = told.get("media_ids")
    reply_to = told.get("in_reply_to_id")
    return Wish(
        text=text or warning,
        warning=warning if text else "",
        visibility=str(told.get("visibility") or "public"),
        language=None if told.get("language") is None else str(told["language"]),
        sensitive=told.get("sensitive") in {True, "true", "1"} or bool(text and warning),
        reply_to=None if reply_to in {None, ""} else str(reply_to),
        media=[str(one) for one in media] if isinstance(media, list) else [],
    )
