"""Holds what a page sends, from its first moment to its last, and carries out what the gate lets through.

What may leave does so from a connection of its own, on which the browser has nothing to repeat (``courier``).
"""

from __future__ import annotations

import base64
import contextlib
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from playwright.sync_api import CDPSession, Page
from playwright.sync_api import Error as PlaywrightError

from steadypost.channels.x_web.courier import (
    BLANK,
    FRAME,
    ONCE,
    blocks_its_page,
    can_be_carried,
    headers_of,
    is_blank,
    mark_of,
    takes_no_stream,
    told,
)
from steadypost.channels.x_web.held import (
    NOT_GIVEN_ON,
    Message,
    body_of,
    decoded,
    heard,
    is_readable,
    name_of,
)
from steadypost.channels.x_web.requests import (
    HARMLESS,
    Removal,
    makes_a_post,
    may_make_a_post,
    removes_a_post,
    says_aloud,
)
from steadypost.channels.x_web.workers import WITHOUT, Workers
from steadypost.domain.remote_id import RemoteId

if TYPE_CHECKING:
    from steadypost.channels.x_web.gate import Gate

ALWAYS_HELD = [{"urlPattern": "*/graphql/*"}, {"urlPattern": "*/statuses/update*"}]
"""What is held for an instant on its way out while nobody asks: what a page could post with by itself."""

HELD_WHILE_ASKING = [{"urlPattern": "*"}]
"""And from the click on: everything, for the operation may have another name since this morning."""

WORLD = "steadypost"
"""Where our script in the page runs. Named, it is made once; any other would stay for every document to come."""


class Keeper:
    """Keeps one page's gate for as long as the page lives. Without a gate in it, nothing is let out at all:
    a page that looks, or is being parked, can neither post nor take a post down.
    """

    def __init__(self, page: Page) -> None:
        self.gate: Gate | None = None
        self._page = page
        self._held: dict[str, Message] = {}
        """The page's own requests whose twins have not left yet, by the twin's mark."""
        self._twins: dict[str, Message] = {}
        """The page's own requests whose twins have left, by the twin's name."""
        self._removal: Removal | None = None
        self._framed = False
        """Whether this document's frame has carried its one request."""
        self._streams = False
        """Whether this document came by a protocol on which an ask can be said so that it cannot be repeated."""
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._session.on("Fetch.requestPaused", self._paused)
        self._hold(ALWAYS_HELD)
        self._workers = Workers(self._session, self._hear_of_workers)
        page.add_init_script(WITHOUT)
        page.on("websocket", lambda socket: socket.on("framesent", self._sent))

    def _sent(self, payload: str | bytes) -> None:
        """Hear what the page sends by a socket: it cannot be held."""
        if self.gate is not None and says_aloud(payload, self.gate.turns.texts):
            self.gate.passed_by = True

    def _hear_of_workers(self) -> None:
        if self.gate is not None and self._workers.may_send():
            self.gate.unheard = True

    def begin(self, gate: Gate) -> None:
        """Put a gate in."""
        self.gate = gate
        self._hear_of_workers()
        self._framed = False
        said = self._session.send("Runtime.evaluate", {"expression": ONCE, "returnByValue": True})
        self._streams = said["result"].get("value") is True
        self._hold(HELD_WHILE_ASKING)

    def end(self) -> None:
        """Take the gate out, and let nothing more leave."""
        self.gate = None
        self._held.clear()
        self._twins.clear()
        with contextlib.suppress(PlaywrightError):
            self._hold(ALWAYS_HELD)

    @contextlib.contextmanager
    def removing(self, post: RemoteId) -> Iterator[Removal]:
        """Let the request out that takes this post down, and within this time no other that changes anything."""
        self._removal = removal = Removal(post)
        self._hold(HELD_WHILE_ASKING)
        try:
            yield removal
        finally:
            self._removal = None
            with contextlib.suppress(PlaywrightError):
                self._hold(ALWAYS_HELD)

    def _hold(self, patterns: Sequence[Mapping[str, str]]) -> None:
        self._session.send("Fetch.enable", {"patterns": list(patterns)})

    def _paused(self, event: Message) -> None:
        # A page that closes meanwhile takes its requests with it.
        with contextlib.suppress(PlaywrightError):
            if "responseStatusCode" in event or "responseErrorReason" in event:
                self._answer(event)
            elif is_blank(event):
                self._say("fulfillRequest", event, responseCode=200, responseHeaders=BLANK)
            elif mark := mark_of(event):
                self._twin(event, mark)
            else:
                self._request(event)

    def _request(self, event: Message) -> None:
        asked = event["request"]
        text = self.gate.turns.texts if self.gate else ()
        if self._removal is not None:
            if self._removal.lets_out(asked["method"], asked["url"], body_of(event)):
                self._say("continueRequest", event)
            else:
                self._say("failRequest", event, errorReason="BlockedByClient")
        elif removes_a_post(asked["method"], asked["url"]):
            self._say("failRequest", event, errorReason="BlockedByClient")
        elif not makes_a_post(asked["method"], asked["url"], body_of(event), text):
            if self.gate is not None and asked["method"] not in HARMLESS:
                coded = may_make_a_post(asked["url"], body_of(event), text)
                self.gate.unheard |= coded or not is_readable(event)
            self._say("continueRequest", event)
        elif self.gate is not None and self.gate.admit(name_of(event), body_of(event)):
            self._let_out(event)
        else:
            self._say("failRequest", event, errorReason="BlockedByClient")

    # --- out

    def _let_out(self, event: Message) -> None:
        """Have the request carried; where it cannot be, it goes from the page itself, as any other."""
        gate = self.gate
        if gate is None:
            return
        if not can_be_carried(event):
            self._say("continueRequest", event, interceptResponse=True)
        elif self._framed or blocks_its_page(event):
            self._ask_from_room(gate, event)
        elif not self._asked_from_frame(event):
            self._say("continueRequest", event, interceptResponse=True)
        gate.prepare(event["request"]["url"])

    def _ask_from_room(self, gate: Gate, event: Message) -> None:
        room = gate.take_room(event["request"]["url"])
        if room is None:
            self._say("continueRequest", event, interceptResponse=True)
        else:
            room.carry(told(event, "room", once=self._streams), event, partial(self._delivered, event))

    def _asked_from_frame(self, event: Message) -> bool:
        """Ask from a frame of the page. ``False`` only if it has not asked and cannot any more."""
        mark = secrets.token_hex(8)
        self._held[mark] = event
        self._framed = True
        with contextlib.suppress(PlaywrightError):
            place = {"frameId": event["frameId"], "worldName": WORLD}
            world = self._session.send("Page.createIsolatedWorld", place)
            asked = f"({FRAME})({json.dumps(told(event, mark, once=self._streams))})"
            where = {"contextId": world["executionContextId"], "awaitPromise": True, "returnByValue": True}
            said = self._session.send("Runtime.evaluate", {"expression": asked, **where})
            if said["result"].get("value") is True:
                return True
        # One that was let out meanwhile is held no longer; one that comes now is turned back.
        return self._held.pop(mark, None) is None

    def _twin(self, event: Message, mark: str) -> None:
        """Let out what a frame asks, once, with the headers of the page's own request."""
        original = self._held.pop(mark, None)
        if original is None:
            self._say("failRequest", event, errorReason="BlockedByClient")
            return
        self._twins[name_of(event)] = original
        self._say("continueRequest", event, headers=headers_of(original), interceptResponse=True)

    # --- back

    def _answer(self, event: Message) -> None:
        original = self._twins.pop(name_of(event), None)
        body = self._fetched(event)
        self._hear(original or event, event, body)
        if original is not None:
            self._give_page(original, event, body)
        self._say("continueRequest", event)

    def lose_twin(self) -> None:
        """Take notice that what the frame asked has ended, and perhaps without an answer."""
        twins, self._twins = self._twins, {}
        with contextlib.suppress(PlaywrightError):
            for original in twins.values():
                self._delivered(original, {"responseErrorReason": "ConnectionClosed"}, None)

    def _delivered(self, original: Message, event: Message, body: Message | None) -> None:
        """Take what a room brought."""
        self._hear(original, event, body)
        self._give_page(original, event, body)

    def _hear(self, original: Message, event: Message, body: Message | None) -> None:
        if self.gate is not None and self.gate.expects(name_of(original)):
            takes_no_stream(original, event)
            self.gate.hear(name_of(original), heard(event, body))

    def _give_page(self, original: Message, event: Message, body: Message | None) -> None:
        if body is None:
            reason = event.get("responseErrorReason", "ConnectionClosed")
            self._say("failRequest", original, errorReason=reason)
            return
        plain = base64.b64encode(decoded(body).encode()).decode()
        headers = [one for one in event["responseHeaders"] if one["name"].lower() not in NOT_GIVEN_ON]
        self._say(
            "fulfillRequest",
            original,
            responseCode=event["responseStatusCode"],
            responseHeaders=headers,
            body=plain,
        )

    def _fetched(self, event: Message) -> Message | None:
        if "responseErrorReason" in event:
            return None
        try:
            body: Message = self._session.send("Fetch.getResponseBody", {"requestId": event["requestId"]})
        except PlaywrightError:
            return None
        return body

    def _say(self, method: str, event: Message, **more: Any) -> None:
        self._session.send(f"Fetch.{method}", {"requestId": event["requestId"], **more})


_KEEPERS: WeakKeyDictionary[Page, Keeper] = WeakKeyDictionary()
"""One keeper for each page of this runner."""


def keeper_of(page: Page) -> Keeper:
    """Give the page's keeper, placing one at a page that has none."""
    if page not in _KEEPERS:
        _KEEPERS[page] = Keeper(page)
    return _KEEPERS[page]
