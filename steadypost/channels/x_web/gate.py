"""The gate between our page and X: lets out the requests this ask is for, each once, and takes the answers.

The click is ours, but what the page makes of it is the page's. A page that lost its reply context sends a
stand-alone post; a page that sees two clicks sends two copies. So every request that could make a post is
held for an instant and compared with what was armed. What does not fit never leaves this machine. The answer
is read before the page gets it: a page that goes elsewhere at once cannot take the id with it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Self

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, Request

from steadypost.browser.desk import Desk
from steadypost.channels.x_web.courier import MARK, Room, room_for
from steadypost.channels.x_web.held import Heard, Lost
from steadypost.channels.x_web.keeper import keeper_of
from steadypost.channels.x_web.requests import makes_a_post, said_in, same_text
from steadypost.channels.x_web.sheets import Sheet
from steadypost.channels.x_web.turns import Stopped, Turns
from steadypost.domain.outcome import Cause, Outcome, Published


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
        if MARK in request.headers:
            self._keeper.lose_twin()
            return
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
