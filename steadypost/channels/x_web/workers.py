"""The workers of a page: what they could send by a way that no gate holds and no one hears (WebTransport).

A page itself does without it from its first moment; its workers cannot be stopped that early. So each is told to do
without as soon as it is there, and until it has done so, or once it has opened a line, it may send unheard.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from playwright.sync_api import CDPSession
from playwright.sync_api import Error as PlaywrightError

WITHOUT = """const ways = ["SharedWorker", "fetchLater", "WebTransport", "RTCPeerConnection", "webkitRTCPeerConnection"];
for (const way of ways) delete globalThis[way];
delete globalThis.Navigator?.prototype.serviceWorker;"""
"""What a page has to do without: what is sent in these ways passes by its gate; and no service worker is ever let in that
a page could wait for. Not every browser has all of them.
"""

ATTACH = {
    "autoAttach": True,
    "waitForDebuggerOnStart": False,
    "flatten": False,
    "filter": [{"type": "worker"}],
}

DO_WITHOUT = 1
"""The number of the message that is answered once a worker does without."""

TOLD: Sequence[tuple[int, str, Mapping[str, Any]]] = (
    (2, "Network.enable", {}),
    (3, "Target.setAutoAttach", ATTACH),
    (DO_WITHOUT, "Runtime.evaluate", {"expression": "delete globalThis.WebTransport"}),
)
"""What each worker is told: to say what it opens, to say of its own workers, and to do without."""

OPENS = frozenset({"Network.webTransportCreated", "Target.attachedToTarget"})
"""What a worker says when it has opened a line, or has a worker of its own, which is told nothing."""


class Workers:
    """Knows whether any worker of a page may send unheard."""

    def __init__(self, session: CDPSession, changed: Callable[[], None]) -> None:
        self._session = session
        self._changed = changed
        self._began: set[str] = set()
        self._opened: set[str] = set()
        session.on("Target.attachedToTarget", self._came)
        session.on("Target.receivedMessageFromTarget", self._said)
        session.on("Target.detachedFromTarget", self._went)
        session.send("Target.setAutoAttach", ATTACH)

    def may_send(self) -> bool:
        """Whether one that lives may send unheard."""
        return bool(self._began or self._opened)

    def _came(self, event: Mapping[str, Any]) -> None:
        name = event["sessionId"]
        self._began.add(name)
        self._changed()
        with contextlib.suppress(PlaywrightError):  # one that has ended already
            for number, method, params in TOLD:
                message = json.dumps({"id": number, "method": method, "params": params})
                self._session.send("Target.sendMessageToTarget", {"sessionId": name, "message": message})

    def _said(self, event: Mapping[str, Any]) -> None:
        name, message = event["sessionId"], json.loads(event["message"])
        if message.get("id") == DO_WITHOUT:
            self._began.discard(name)
        elif message.get("method") in OPENS:
            self._opened.add(name)
            self._changed()

    def _went(self, event: Mapping[str, Any]) -> None:
        self._began.discard(event["sessionId"])
        self._opened.discard(event["sessionId"])
