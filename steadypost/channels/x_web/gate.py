"""The gate between our page and X: lets out the requests this ask is for, each once, and takes the answers.

The click is ours, but what the page makes of it is the page's. A page that lost its reply context sends a
stand-alone post; a page that sees two clicks sends two copies. So every request that could make a post is
held for an instant and compared with what was armed. What does not fit never leaves this machine. The answer
is read before the page gets it: a page that goes elsewhere at once cannot take the id with it.
"""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from playwright.sync_api import CDPSession, Page, Request
from playwright.sync_api import Error as PlaywrightError

from steadypost.browser.desk import Desk
from steadypost.channels.x_web.answers import HEADERS, Received
from steadypost.domain.evidence import CLOCK_SKEW, as_shown
from steadypost.domain.outcome import Cause, Outcome, Published
from steadypost.domain.snowflake import NotASnowflake, RemoteId, made_at, remote_id

OPERATIONS = frozenset({"CreateTweet", "CreateNoteTweet"})
"""The last word of the address. What stands before it changes with every release."""

PATTERNS = [{"urlPattern": "*/Create*Tweet*", "requestStage": stage} for stage in ("Request", "Response")]
"""What is held for an instant, on its way out and on its way back. Nothing else is touched."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """A request that was not let out, and why."""

    cause: Cause
    why: str


@dataclass(frozen=True, slots=True)
class Lost:
    """A request that was let out and whose answer cannot come any more."""

    why: str


Heard = Received | Lost | Stopped


@dataclass(slots=True)
class Turns:
    """Whose turn it is. Pure: decides of one request after the other whether it is the next part's."""

    texts: Sequence[str]
    reply_to: RemoteId | None
    armed_at: datetime
    ids: dict[int, RemoteId] = field(default_factory=dict)
    """The ids of the parts so far, where known."""
    passed: int = 0
    """How many parts have been let out."""

    def judge(self, body: str | None) -> int | Stopped | None:
        """Give the part this request is for, or why it must not leave; ``None`` for one too many."""
        asked = _variables(body)
        if asked is None:
            return Stopped(Cause.UI_DRIFT, "the page's request cannot be read")
        text, parent = asked
        said = as_shown(text)
        n = self.passed
        if n < len(self.texts) and said == as_shown(self.texts[n]) and self._follows(n, parent):
            self.passed += 1
            return n
        if n >= len(self.texts) or any(said == as_shown(before) for before in self.texts[:n]):
            return None
        if said != as_shown(self.texts[n]):
            return Stopped(Cause.COMPOSER_DIFFERS, "the page was about to send another text")
        return Stopped(Cause.REPLY_CONTEXT_MISSING, "the page was about to send it under another parent")

    def _follows(self, n: int, parent: str | None) -> bool:
        """Whether this is the parent the part must have."""
        if n == 0:
            return parent == self.reply_to
        if n - 1 in self.ids:
            return parent == self.ids[n - 1]
        # The page can have read the answer before us; then its id is at least a fresh one.
        try:
            return parent != self.reply_to and made_at(remote_id(parent)) >= self.armed_at - CLOCK_SKEW
        except NotASnowflake:
            return False


def _variables(body: str | None) -> tuple[str, str | None] | None:
    """The text and the parent in a request's body; ``None`` when it has another form than we know."""
    try:
        variables = json.loads(body or "")["variables"]
        text, reply = variables["tweet_text"], variables.get("reply") or {}
        parent = reply.get("in_reply_to_tweet_id")
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
    return (text, parent) if isinstance(text, str) and isinstance(parent, str | None) else None


class Keeper:
    """Keeps one page's gate for as long as the page lives. Without a gate in it, nothing is let out at all:
    a page that looks, or is being parked, cannot post.
    """

    def __init__(self, page: Page) -> None:
        self.gate: Gate | None = None
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._session.on("Fetch.requestPaused", self._paused)
        self._session.send("Fetch.enable", {"patterns": PATTERNS})

    def _paused(self, event: Mapping[str, Any]) -> None:
        # A page that closes meanwhile takes its requests with it.
        with contextlib.suppress(PlaywrightError):
            if "responseStatusCode" in event or "responseErrorReason" in event:
                self._answer(event)
            else:
                self._request(event)

    def _request(self, event: Mapping[str, Any]) -> None:
        asked = event["request"]
        passes = not makes_a_post(asked["method"], asked["url"])
        if not passes and self.gate is not None:
            passes = self.gate.admit(_name(event), self._body(event))
        if passes:
            self._session.send("Fetch.continueRequest", {"requestId": event["requestId"]})
        else:
            blocked = {"requestId": event["requestId"], "errorReason": "BlockedByClient"}
            self._session.send("Fetch.failRequest", blocked)

    def _body(self, event: Mapping[str, Any]) -> str | None:
        body: str | None = event["request"].get("postData")
        return body

    def _answer(self, event: Mapping[str, Any]) -> None:
        if self.gate is not None and self.gate.expects(_name(event)):
            self.gate.hear(_name(event), self._heard(event))
        self._session.send("Fetch.continueRequest", {"requestId": event["requestId"]})

    def _heard(self, event: Mapping[str, Any]) -> Heard:
        if "responseErrorReason" in event:
            return Lost(f"the connection ended: {event['responseErrorReason']}")
        try:
            body = _decoded(self._session.send("Fetch.getResponseBody", {"requestId": event["requestId"]}))
        except PlaywrightError:
            return Lost("the connection ended within the answer")
        headers = {entry["name"].lower(): entry["value"] for entry in event.get("responseHeaders", ())}
        wanted = {name: headers[name] for name in HEADERS if name in headers}
        return Received(status=event["responseStatusCode"], body=body, headers=wanted)


_KEEPERS: WeakKeyDictionary[Page, Keeper] = WeakKeyDictionary()
"""One keeper for each page of this lane."""


def keeper_of(page: Page) -> Keeper:
    """Give the page's keeper, placing one at a page that has none."""
    if page not in _KEEPERS:
        _KEEPERS[page] = Keeper(page)
    return _KEEPERS[page]


class Gate:
    """The gate for one ask: open, within ``with``, from the click until all has been heard."""

    def __init__(
        self, desk: Desk, page: Page, turns: Turns, understand: Callable[[int, Heard], Outcome]
    ) -> None:
        self.turns = turns
        self.outcomes: dict[int, Outcome] = {}
        """What is known of which part, from the instant it is known."""
        self.waiting: set[int] = set()
        """The parts that were let out and not answered yet."""
        self.surplus = 0
        """Requests that were one too many, and never left."""
        self._understand = understand
        self._flying: dict[str, int] = {}
        self._blocked = 0
        self._keeper = keeper_of(page)
        desk.listen(page, "requestfailed", self._failed)

    def __enter__(self) -> Self:
        self._keeper.gate = self
        return self

    def __exit__(self, *_: object) -> None:
        self._keeper.gate = None

    def admit(self, name: str, body: str | None) -> bool:
        """Whether a request may leave."""
        verdict = self.turns.judge(body)
        if isinstance(verdict, int):
            self.waiting.add(verdict)
            self._flying[name] = verdict
            return True
        self._blocked += 1
        if verdict is None:
            self.surplus += 1
        else:
            self._note(self.turns.passed, verdict)
        return False

    def expects(self, name: str) -> bool:
        """Whether this is the answer to a request that was let out."""
        return name in self._flying

    def hear(self, name: str, heard: Heard) -> None:
        """Take an answer."""
        self._note(self._flying.pop(name), heard)

    def _note(self, n: int, heard: Heard) -> None:
        self.waiting.discard(n)
        if n not in self.outcomes:
            self.outcomes[n] = outcome = self._understand(n, heard)
            if isinstance(outcome, Published):
                self.turns.ids[n] = outcome.remote_id

    def _failed(self, request: Request) -> None:
        """A request ended without an answer, for instance because the page went elsewhere."""
        if not makes_a_post(request.method, request.url):
            return
        if self._blocked:
            # One that we stopped ourselves. Were it another, its answer would still come, or the wait end.
            self._blocked -= 1
            return
        said = as_shown((_variables(request.post_data) or ("", None))[0])
        for n in sorted(self.waiting):
            if said == as_shown(self.turns.texts[n]):
                self._note(n, Lost("the page gave the request up"))


def _name(event: Mapping[str, Any]) -> str:
    """What a request is called from its beginning to its answer."""
    name: str = event.get("networkId") or event["requestId"]
    return name


def makes_a_post(method: str, url: str) -> bool:
    """Whether this is a request that could make a post."""
    return method == "POST" and urlsplit(url).path.rpartition("/")[2] in OPERATIONS


def _decoded(answer: Mapping[str, Any]) -> str:
    body: str = answer["body"]
    return base64.b64decode(body).decode(errors="replace") if answer["base64Encoded"] else body
