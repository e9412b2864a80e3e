"""Hearing what X answers its own page: the lists it is painted from, and the time by X's clock. Reads only."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, Request, Response

from steadypost.browser.desk import Desk
from steadypost.channels.x_web.told import OPERATIONS, Heard, dated
from steadypost.domain.clock import Offset, now, offset_of, was_moved

DATED = frozenset({"document", "xhr", "fetch"})
"""Whose date is that of this moment. What else a page is made of comes from the browser's cache, with the date of the
day on which it was put there, and at once: by its quickness it would pass for the best comparison of all.
"""

GOOD_ENOUGH = timedelta(seconds=1)
"""How exact a comparison of the clocks has to be for no more answers to be listened for: a date tells half a second."""

MOST_DATES = 40
"""How many dated answers are kept to compare the clocks by: the best of them decides, and more say no more."""


class Ear:
    """Listens at a page until the end of the job.

    Every answer heard costs: a page is made of a hundred. Where no ``lists`` are wanted, the answer that was the page
    itself says what time it is; others are listened for only if it does not.
    """

    def __init__(self, desk: Desk, page: Page, base_url: str, *, lists: bool = True) -> None:
        self._desk, self._page, self._listens = desk, page, False
        self._host = urlsplit(base_url).netloc
        self._lists: list[tuple[Response, Heard]] = []
        self._read: list[Heard] = []
        self._dates: list[Heard] = []
        self._began, self._ticks = now(), time.monotonic()
        if lists:
            self._listen()

    def opened(self, document: Response | None) -> None:
        """Take the answer that was the page itself."""
        if document is not None and not self._listens:
            self._answered(document)
        known = self.offset()
        if known is None or known.within > GOOD_ENOUGH:
            self._listen()

    def _listen(self) -> None:
        if not self._listens:
            self._listens = True
            self._desk.listen(self._page, "response", self._answered)

    def _answered(self, response: Response) -> None:
        if urlsplit(response.url).netloc != self._host or response.request.resource_type not in DATED:
            return
        headers = response.headers
        sent_at, came_at = _between(response.request)
        heard = Heard(
            url=response.url,
            status=response.status,
            # What a cache gave says when it was put there.
            date="" if "age" in headers or response.from_service_worker else headers.get("date", ""),
            sent_at=sent_at,
            came_at=came_at,
            kept=bool(headers.get("age", "").strip("0, ")),
        )
        if urlsplit(response.url).path.rpartition("/")[2] in OPERATIONS:
            self._lists.append((response, heard))
        if len(self._dates) < MOST_DATES:
            self._dates.append(heard)

    def lists(self) -> list[Heard]:
        """Give the answers that fill lists, in the order in which they came."""
        self._read += [_with_body(response, heard) for response, heard in self._lists[len(self._read) :]]
        return list(self._read)

    def read_already(self) -> list[Heard]:
        """Give those of them that were read so far: one still on its way is not waited for."""
        return list(self._read)

    def offset(self) -> Offset | None:
        """Say how far X's clock is ahead of this machine's; ``None`` too when this one was moved while we listened."""
        passed, ticked = now() - self._began, timedelta(seconds=time.monotonic() - self._ticks)
        return None if was_moved(passed, ticked) else offset(self._dates)


def _between(request: Request) -> tuple[datetime | None, datetime | None]:
    """Say when an answer was asked for and when it began to come, as the browser itself noted it.

    This process may hear of both much later, when the machine is busy, and then all at once.
    """
    timing = request.timing
    start, sent, came = timing["startTime"], timing["requestStart"], timing["responseStart"]
    if start <= 0 or sent < 0 or came <= sent:
        # It was never sent: a cache had it.
        return None, None
    return _instant(start + sent), _instant(start + came)


def _instant(milliseconds: float) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _with_body(response: Response, heard: Heard) -> Heard:
    """Read an answer's body. One that cannot be read any more counts as a failure: a list without it has a gap."""
    try:
        body, asked = response.body(), response.request.post_data or ""
    except PlaywrightError:
        return Heard(url=heard.url, status=0)
    return replace(heard, asked=asked, body=body.decode(errors="replace"))


def offset(heard: Sequence[Heard]) -> Offset | None:
    """Say how far the network's clock is ahead of ours: by the answer that is the most exact."""
    found = [one for answer in heard if (one := _offset(answer)) is not None]
    return min(found, key=lambda one: one.within, default=None)


def _offset(heard: Heard) -> Offset | None:
    date = dated(heard.date)
    if date is None or heard.sent_at is None or heard.came_at is None or heard.came_at < heard.sent_at:
        # What came before it was asked for was timed by a clock that was set back meanwhile.
        return None
    return offset_of(date, heard.sent_at, heard.came_at)
