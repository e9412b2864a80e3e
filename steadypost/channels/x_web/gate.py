"""The gate between our page and X: lets out the requests this ask is for, each once, and takes the answers.

The click is ours, but what the page makes of it is the page's. A page that lost its reply context sends a
stand-alone post; a page that sees two clicks sends two copies. So every request that could make a post is
held for an instant and compared with what was armed. What does not fit never leaves this machine. The answer
is read before the page gets it: a page that goes elsewhere at once cannot take the id with it.

What may leave does so from a connection of its own, on which the browser has nothing to repeat (``courier``).
"""

from __future__ import annotations

import base64
import contextlib
import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Self
from weakref import WeakKeyDictionary

from playwright.sync_api import CDPSession, Page, Request
from playwright.sync_api import Error as PlaywrightError

from steadypost.browser.desk import Desk
from steadypost.channels.x_web.courier import (
    BLANK,
    FRAME,
    Room,
    blocks_its_page,
    can_be_carried,
    headers_of,
    is_blank,
    mark_of,
    room_for,
    told,
)
from steadypost.channels.x_web.held import (
    NOT_GIVEN_ON,
    Heard,
    Lost,
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
    said_in,
    same_text,
    says_aloud,
)
from steadypost.channels.x_web.sheets import Sheet
from steadypost.channels.x_web.turns import Stopped, Turns
from steadypost.channels.x_web.workers import WITHOUT, Workers
from steadypost.domain.outcome import Cause, Outcome, Published
from steadypost.domain.remote_id import RemoteId

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
            room.carry(event, partial(self._delivered, event))

    def _asked_from_frame(self, event: Message) -> bool:
        """Ask from a frame of the page. ``False`` only if it has not asked and cannot any more."""
        mark = secrets.token_hex(8)
        self._held[mark] = event
        self._framed = True
        with contextlib.suppress(PlaywrightError):
            place = {"frameId": event["frameId"], "worldName": WORLD}
            world = self._session.send("Page.createIsolatedWorld", place)
            asked = f"({FRAME})({json.dumps(told(event, mark))})"
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

    def _delivered(self, original: Message, event: Message, body: Message | None) -> None:
        """Take what a room brought."""
        self._hear(original, event, body)
        self._give_page(original, event, body)

    def _hear(self, original: Message, event: Message, body: Message | None) -> None:
        if self.gate is not None and self.gate.expects(name_of(original)):
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
        self.odd = 0
        """Requests that hold a part's text in a form we do not know. They never left either."""
        self.sheets: list[Sheet] = []
        """Sheets that were put aside between the click and a request."""
        self.passed_by = False
        """Whether something may have gone by another way: a window of its own, which was not held from the first
        moment, or a socket.
        """
        self.unheard = False
        """Whether something may have left that cannot be read here."""
        self._understand = understand
        self._flying: dict[str, int] = {}
        self._blocked = 0
        self._shut = False
        """Whether something was stopped: after that nothing more is let out, or it could not be said."""
        self._stopped: Stopped | None = None
        self._browser = page.context.browser
        self._rooms: list[Room] = []
        self._room: Room | None = None
        self._keeper = keeper_of(page)
        desk.listen(page, "requestfailed", self._failed)
        desk.listen(page.context, "page", self._opened)

    def __enter__(self) -> Self:
        self._keeper.begin(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._keeper.end()
        for room in [*self._rooms, *([self._room] if self._room else [])]:
            room.close()

    def _opened(self, another: Page) -> None:
        """Hold what another window sends as well. It may have sent something before it could be held."""
        self.passed_by = True
        with contextlib.suppress(PlaywrightError):
            keeper_of(another)

    def has_decided(self) -> bool:
        """Whether a request has been let out or one has been stopped for good, or one may have gone by another way."""
        return self.turns.passed > 0 or bool(self.outcomes) or self.passed_by

    def shut(self) -> None:
        """Let nothing more out."""
        self._shut = True

    def has_only_stopped_another_text(self) -> bool:
        """Whether nothing has left, and what was stopped was stopped for its text."""
        stopped = self._stopped
        if self.turns.passed > 0 or self.passed_by:
            return False
        return stopped is not None and stopped.cause is Cause.COMPOSER_DIFFERS

    def reopen(self) -> None:
        """Forget what was stopped for its text. Only while nobody was told of it: what has been said stays true."""
        self._shut, self._stopped = False, None
        self.outcomes.clear()

    def admit(self, name: str, body: str | None) -> bool:
        """Whether a request may leave."""
        verdict = None if self._shut else self.turns.judge(body)
        if isinstance(verdict, int):
            self.waiting.add(verdict)
            self._flying[name] = verdict
            return True
        self._blocked += 1
        if verdict is None:
            self.surplus += 1
        elif said_in(body) is None:
            self.odd += 1
        else:
            self._shut, self._stopped = True, self._stopped or verdict
            self._note(self.turns.passed, verdict)
        return False

    def prepare(self, url: str) -> None:
        """Make ready what the next part leaves from, while this one is waited for."""
        if self._room is None and self.turns.passed < len(self.turns.texts):
            self._room = room_for(self._browser, url)

    def take_room(self, url: str) -> Room | None:
        """Give a room to one request: what was made ready, or one that is made now."""
        room, self._room = self._room or room_for(self._browser, url), None
        if room is not None:
            self._rooms.append(room)
        return room

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
        body = (request.post_data_buffer or b"").decode(errors="replace")
        if not makes_a_post(request.method, request.url, body, self.turns.texts):
            return
        if self._blocked:
            # One that we stopped ourselves. Were it another, its answer would still come, or the wait end.
            self._blocked -= 1
            return
        said = said_in(body)
        for n in sorted(self.waiting):
            if said is not None and same_text(said.text, self.turns.texts[n]):
                self._note(n, Lost("the page gave the request up"))
