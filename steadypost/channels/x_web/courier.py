"""Carries one ask to X on a connection that has carried nothing before.

When a kept connection dies before any answer, Chromium sends the request again by itself, below everything a
page's tools see, a POST as well: of two copies nobody here would know. It does so only on a connection that was
used before, and the page's own were. So the request leaves, with the page's own headers, from a place whose
connections are kept apart from the page's and which has none yet (decision 0027):

* **a frame** within the page, made for this: a frame without credentials has a network partition of its own,
  new with every document. It serves once for each document: the first part's ask.
* **a room**, a browser context with a blank page: what a thread's later parts leave from. It costs a process.

Nothing of a page's is let out twice for this: the page's own request is held until its carried twin is answered,
and gets that answer.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from playwright.sync_api import Browser, CDPSession
from playwright.sync_api import Error as PlaywrightError

from steadypost.channels.x_web.scripts import alone

BLANK_PATH = "/i/blank-frame-of-this-machine"
"""Where the frame's page seems to be. It is made here; nobody is asked for it."""

BLANK = [
    {"name": "content-type", "value": "text/html"},
    # Where the request comes from is told as the page itself would.
    {"name": "referrer-policy", "value": "unsafe-url"},
]
"""The headers of a page with nothing on it."""

MARK = "x-carried"
"""A header that tells the twin from the page's own request. It is taken off before anything leaves."""

FRAME = alone("frame")
"""Opens the frame and asks from it; says whether it did. What it did not begin at once it never begins."""

ROOM = alone("room")

ONCE = "performance.getEntriesByType('navigation')[0]?.nextHopProtocol === 'h2'"
"""Whether a page came over HTTP/2. There the words of an ask can be given as a stream, which the browser cannot say a
second time, whatever the server says of the first. HTTP/1.1 takes none.
"""

NO_STREAM = frozenset({400, 411, 501})
"""What a server may answer that wants to be told the length of what it is asked: a stream has none."""

_WANT_A_LENGTH: set[str] = set()
"""The origins that once answered so, for this runner's life."""

Message = Mapping[str, Any]


def told(event: Message, mark: str, *, once: bool) -> Mapping[str, Any]:
    """Give a page's held request as the scripts take it; ``once`` is whether it can be said as a stream."""
    request = event["request"]
    return {
        "url": request["url"],
        "body": request["postData"],
        "mark": {MARK: mark, "content-type": _headers(event).get("content-type", "text/plain")},
        "blank": BLANK_PATH,
        "once": once and _origin(request["url"]) not in _WANT_A_LENGTH,
    }


def takes_no_stream(asked: Message, answer: Message) -> None:
    """Remember a server that may want to be told the length of an ask: the next is said with one."""
    if answer.get("responseStatusCode") in NO_STREAM:
        _WANT_A_LENGTH.add(_origin(asked["request"]["url"]))


def mark_of(event: Message) -> str:
    """Give the mark of a twin; empty for what the page itself asks."""
    return str(_headers(event).get(MARK, ""))


def is_blank(event: Message) -> bool:
    """Whether this asks for the frame's page."""
    asked = event["request"]
    return bool(asked["method"] == "GET" and urlsplit(asked["url"]).path == BLANK_PATH)


def headers_of(event: Message) -> list[dict[str, str]]:
    """Give the headers of a page's request, cookies and all, as its twin takes them over."""
    return [{"name": name, "value": value} for name, value in event["request"]["headers"].items()]


def can_be_carried(event: Message) -> bool:
    """Whether page and address are of one origin, and the text was seen whole.

    Of another origin the browser would ask for leave first, and the ask would be second on its connection.
    """
    asked, headers = event["request"], _headers(event)
    origin = _origin(asked["url"])
    return "postData" in asked and headers.get("origin", origin) == origin


def blocks_its_page(event: Message) -> bool:
    """Whether the page is blocked until this is answered, and no frame in it can ask: a request that does not return
    before has the highest of all priorities.
    """
    return bool(event["request"].get("initialPriority") == "VeryHigh")


def _headers(event: Message) -> Mapping[str, str]:
    return {name.lower(): value for name, value in event["request"]["headers"].items()}


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class Room:
    """One context, one blank page of the network's own origin, one request."""

    def __init__(self, line: Line, url: str) -> None:
        self._line = line
        self._landed = False
        """Whether the blank page has been given to the browser."""
        self._ready = False
        self._event: Message | None = None
        self._asked: Message = {}
        self._deliver: Deliver | None = None
        self._context, self._session = line.open(self)
        stages = [{"requestStage": stage} for stage in ("Request", "Response")]
        self._say("Fetch.enable", {"patterns": stages})
        self._say("Page.enable")
        self._say("Page.navigate", {"url": f"{_origin(url)}{BLANK_PATH}"})

    def carry(self, asked: Message, event: Message, deliver: Deliver) -> None:
        """Ask for what a page's held request asks for, as told; ``deliver`` gets what comes back."""
        self._asked, self._event, self._deliver = asked, event, deliver
        self._go()

    def close(self) -> None:
        """End the context, with whatever is still on its way."""
        self._line.close(self._context, self._session)

    def hear(self, message: Message) -> None:
        """Take what the page of this context says."""
        match message.get("method"):
            case "Page.frameStoppedLoading" if self._landed:
                self._landed, self._ready = False, True
                self._go()
            case "Fetch.requestPaused":
                self._paused(message["params"])
            case _:
                pass

    def _go(self) -> None:
        if self._ready and self._event is not None:
            self._ready = False  # once
            asks = {"expression": f"({ROOM})({json.dumps(self._asked)})", "awaitPromise": True}
            self._line.ask(self._session, "Runtime.evaluate", asks, self._ended)

    def _ended(self, _: Message) -> None:
        """The ask has ended. What was answered was delivered before."""
        deliver, self._deliver = self._deliver, None
        if deliver is not None:
            deliver({"responseErrorReason": "ConnectionClosed"}, None)

    def _paused(self, event: Message) -> None:
        name = {"requestId": event["requestId"]}
        if "responseStatusCode" in event or "responseErrorReason" in event:
            self._answered(event, name)
        elif is_blank(event):
            self._landed = True
            self._say("Fetch.fulfillRequest", {**name, "responseCode": 200, "responseHeaders": BLANK})
        elif self._event is not None and mark_of(event):
            self._say("Fetch.continueRequest", {**name, "headers": headers_of(self._event)})
        else:
            self._say("Fetch.failRequest", {**name, "errorReason": "BlockedByClient"})

    def _answered(self, event: Message, name: Message) -> None:
        deliver, self._deliver = self._deliver, None
        if deliver is None:
            return
        if "responseErrorReason" in event:
            deliver(event, None)
        else:
            self._line.ask(self._session, "Fetch.getResponseBody", name, lambda body: deliver(event, body))

    def _say(self, method: str, params: Message | None = None) -> None:
        self._line.ask(self._session, method, params or {}, lambda _: None)


Deliver = Callable[[Message, Message | None], None]
"""Takes the event of an answer, or of its failure, and its body as the browser gives it, if there is one."""


class Line:
    """The browser's own line: opens rooms, and hands them what their pages say.

    Rooms are opened below Playwright: one of its own pages costs three times as much processor time.
    """

    def __init__(self, browser: Browser) -> None:
        self._session: CDPSession = browser.new_browser_cdp_session()
        self._session.on("Target.receivedMessageFromTarget", self._heard)
        self._rooms: dict[str, Room] = {}
        self._awaited: dict[tuple[str, int], Callable[[Message], None]] = {}
        self._said = 0

    def open(self, room: Room) -> tuple[str, str]:
        """Open a context with a page; give the names of both."""
        context = self._session.send("Target.createBrowserContext", {"disposeOnDetach": True})[
            "browserContextId"
        ]
        try:
            page = {"url": "about:blank", "browserContextId": context}
            target = self._session.send("Target.createTarget", page)["targetId"]
            session: str = self._session.send("Target.attachToTarget", {"targetId": target})["sessionId"]
        except PlaywrightError:
            self.close(context, "")
            raise
        self._rooms[session] = room
        return context, session

    def close(self, context: str, session: str) -> None:
        """Close a context. One that is gone is as good as closed."""
        self._rooms.pop(session, None)
        self._awaited = {key: then for key, then in self._awaited.items() if key[0] != session}
        with contextlib.suppress(PlaywrightError):
            self._session.send("Target.disposeBrowserContext", {"browserContextId": context})

    def ask(self, session: str, method: str, params: Message, then: Callable[[Message], None]) -> None:
        """Say something to a page; ``then`` gets its answer."""
        self._said += 1
        self._awaited[session, self._said] = then
        message = json.dumps({"id": self._said, "method": method, "params": params})
        self._session.send("Target.sendMessageToTarget", {"sessionId": session, "message": message})

    def _heard(self, event: Message) -> None:
        message, session = json.loads(event["message"]), event["sessionId"]
        with contextlib.suppress(PlaywrightError):  # a browser that died is noticed by whoever waits
            if "id" in message:
                then = self._awaited.pop((session, message["id"]), None)
                if then is not None:
                    then(message.get("result", {}))
            elif session in self._rooms:
                self._rooms[session].hear(message)


_LINES: WeakKeyDictionary[Browser, Line] = WeakKeyDictionary()
"""One line for each browser of this runner."""


def room_for(browser: Browser | None, url: str) -> Room | None:
    """Make a room ready for the origin of this address; nothing where the browser does not let us."""
    if browser is None:
        return None
    try:
        if browser not in _LINES:
            _LINES[browser] = Line(browser)
        return Room(_LINES[browser], url)
    except PlaywrightError:
        return None
