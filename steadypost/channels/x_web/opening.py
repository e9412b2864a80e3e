"""Getting to a page of X as the right account. Shared by everything that opens one; changes nothing there."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import ElementHandle, Page, Response
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import TimeoutError as PageTimeout

from steadypost.browser.desk import Desk
from steadypost.channels.port import Access
from steadypost.channels.x_web import selectors
from steadypost.channels.x_web.errand import DRIFT, Halt
from steadypost.channels.x_web.keeper import keeper_of
from steadypost.channels.x_web.selectors import HARMLESS_COVERS
from steadypost.channels.x_web.sheets import Do, Sheet, verdict
from steadypost.channels.x_web.survey import Survey, Want, forget_composer_within, point, survey
from steadypost.domain.outcome import Cause, Scope

CONTEXT_OPTIONS: dict[str, Any] = {
    # A request that a service worker makes for the page would pass by the gate.
    "service_workers": "block",
}

DOCUMENT_WITHIN = 30.0
"""Seconds in which X has to begin to answer."""

ENOUGH_TO_JUDGE = 5.0
"""Seconds a page must have been given before its silence is called its own fault and not the deadline's."""

NO_WAY_OUT = frozenset(
    {
        "ERR_INTERNET_DISCONNECTED",
        "ERR_NETWORK_IO_SUSPENDED",
        "ERR_INSUFFICIENT_RESOURCES",
        "ERR_OUT_OF_MEMORY",
    }
)
"""Chromium's own codes for what is certainly wrong at home: no network at all, no memory."""

NO_WAY_THERE = frozenset(
    {
        "ERR_NAME_NOT_RESOLVED",
        "ERR_NAME_RESOLUTION_FAILED",
        "ERR_DNS_TIMED_OUT",
        "ERR_DNS_SERVER_FAILED",
        "ERR_NETWORK_CHANGED",
        "ERR_NETWORK_ACCESS_DENIED",
        "ERR_ADDRESS_UNREACHABLE",
        "ERR_PROXY_CONNECTION_FAILED",
    }
)
"""Its codes for what may be wrong at home, or with this one address: whoever charges somebody asks further first."""

_NET_CODE = re.compile(r"\bnet::(ERR_[A-Z0-9_]+)")

ACTION_WITHIN = 5.0
"""Seconds for a click, before anything is armed."""

PASSES_WITHIN = 6.0
"""Seconds in which something passes that only tells something: a toast, a hint."""

BANNER_WITHIN = 2.0
"""Seconds for a click that takes a cookie banner away."""

GOES_WITHIN = 1.5
"""Seconds in which a sheet goes away that was answered."""


def page_of(desk: Desk, access: Access, *, as_left: bool = False) -> Page:
    """Sit down at the account's page, with its gate kept from the first moment."""
    page = desk.page(access.account, dict(access.secret), as_left=as_left, **CONTEXT_OPTIONS)
    keeper_of(page)
    forget_composer_within(page)
    return page


def leave(desk: Desk, access: Access, halt: Halt) -> None:
    """Keep no context in which the account had trouble: signing out, X takes the cookies, and whoever solves
    the trouble elsewhere would still find them gone here. Nor one whose page keeps a draft, and would restore it for
    every post to come.
    """
    if halt.cause.scope is Scope.ACCOUNT or halt.cause is Cause.COMPOSER_NOT_EMPTY:
        with contextlib.suppress(PlaywrightError):
            desk.discard(access.account)


def time_for(desk: Desk, most: float, *, keep: float) -> float:
    """How long this step may take: its own limit, or what the deadline leaves after ``keep`` seconds."""
    return max(0.1, min(most, desk.remaining() - keep))


def go(desk: Desk, page: Page, url: str, *, keep: float) -> Response | None:
    """Open an address, and give its answer. Its elements are waited for where they are needed."""
    allowed = time_for(desk, DOCUMENT_WITHIN, keep=keep)
    try:
        response = page.goto(url, wait_until="commit", timeout=allowed * 1000)
    except PlaywrightError as error:
        if page.is_closed() or not desk.browser.is_connected():
            raise
        if isinstance(error, PageTimeout) and allowed < ENOUGH_TO_JUDGE:
            raise Halt(Cause.DEADLINE, "too little time was left for X's page to open") from None
        if (code := _net_code(error)) in NO_WAY_OUT:
            raise Halt(Cause.NO_WAY_OUT, f"this machine found no way to X ({code})") from None
        if code in NO_WAY_THERE:
            raise Halt(Cause.NO_WAY_THERE, f"no way was found to {_site(url)} ({code})") from None
        raise Halt(
            Cause.PAGE_UNREACHABLE, f"X's page did not open ({code or type(error).__name__})"
        ) from None
    _check_status(response)
    return response


def _site(url: str) -> str:
    return urlsplit(url).netloc


def _net_code(error: PlaywrightError) -> str:
    """Read Chromium's code for a failed navigation. Playwright hands it on in no other place."""
    found = _NET_CODE.search(error.message)
    return found[1] if found else ""


def _check_status(response: Response | None) -> None:
    status = response.status if response else 200
    if status == 429:
        raise Halt(Cause.RATE_LIMIT, "X answered HTTP 429 to opening its page")
    if status >= 500:
        raise Halt(Cause.SERVER_ERROR, f"X answered HTTP {status} to opening its page")


def check_signed_in(seen: Survey, handle: str) -> None:
    """Raise unless the page shows this account, and nothing stands before it."""
    if seen.wall:
        raise Halt(*seen.wall)
    if seen.who and seen.who.casefold() != handle.casefold():
        raise Halt(Cause.OTHER_ACCOUNT, f"signed in as @{seen.who}, not as @{handle}")


def explain_missing(seen: Survey, what: str, *, allowed: float, cause: Cause = Cause.UI_DRIFT) -> Halt:
    """Say why something that should be on the page was not there after this many seconds.

    ``cause`` is what it is when the page is otherwise well: what every post would meet is the page's doing, what
    only a post of this shape meets is the post's.
    """
    if failed := failure(seen.failed_calls, broken=seen.broken):
        return failed
    if allowed < ENOUGH_TO_JUDGE:
        return Halt(Cause.DEADLINE, "too little time was left for X's page to appear")
    if seen.loading:
        return Halt(Cause.PAGE_UNREACHABLE, "X's page did not arrive in time")
    if not seen.who:
        return Halt(Cause.UI_DRIFT, "the page does not say who is signed in")
    return Halt(cause, f"the page has {what}")


def failure(calls: Sequence[int], *, broken: bool) -> Halt | None:
    """Say what kept a page from being drawn, if it was the network: its answers to the page's own calls say so, or
    the page does, which then offers nothing but to try again.

    >>> failure([0, 503], broken=False), failure([0], broken=False)
    (Halt('server_error: X answered HTTP 503 to its page'), None)
    """
    if broken and 429 in calls:
        return Halt(Cause.RATE_LIMIT, "X answered HTTP 429 to its page")
    if status := next((status for status in calls if status >= 500), None):
        return Halt(Cause.SERVER_ERROR, f"X answered HTTP {status} to its page")
    return (
        Halt(Cause.PAGE_UNREACHABLE, "X's page could not be drawn, and offers to try again")
        if broken
        else None
    )


def once_more_if_broken(desk: Desk, page: Page, seen: Survey, url: str, *, keep: float) -> bool:
    """Load a page again that could not be drawn, unless X wants fewer requests. A look may be repeated."""
    again = seen.broken and 429 not in seen.failed_calls and desk.remaining() > keep + ENOUGH_TO_JUDGE
    if again:
        go(desk, page, url, keep=keep)
    return again


# --- what lies over the page


def click(
    page: Page, what: ElementHandle, cause: Cause, doing: str, *, within: float = ACTION_WITHIN
) -> None:
    """Click on something, before anything is armed; raise ``cause`` if that does not work."""
    try:
        what.click(timeout=within * 1000)
    except PlaywrightError:
        if page.is_closed():
            raise
        raise Halt(cause, f"{doing} did not work") from None


def uncover(page: Page, cover: str) -> None:
    """Take away what lies over the composer's button, if it is known to be harmless; raise if it is not and stays."""
    if cover not in HARMLESS_COVERS:
        if survey(page, Want.UNCOVERED, within=PASSES_WITHIN).met:
            return
        raise Halt(Cause.OVERLAY, f"{cover} lies over the page")
    banner = point(page, "banner", source=cover)
    if banner is None:
        raise Halt(Cause.OVERLAY, f"{cover} lies over the page and does not go away")
    click(page, banner, Cause.OVERLAY, f"taking {cover} from over the page", within=BANNER_WITHIN)


def put_aside(
    page: Page, sheet: Sheet, *, clicked: bool, goes_on: bool = True, before: Sequence[Sheet] = ()
) -> None:
    """Answer or close a sheet that stands in the way, if it is known to be harmless; raise if not. One that only tells
    something is answered once: ``before`` holds those that were.
    """
    if sheet.name in HARMLESS_COVERS and not clicked:
        uncover(page, sheet.name)
        return
    said = verdict(sheet, clicked=clicked, goes_on=goes_on)
    title = f"the sheet {sheet.name!r} ({sheet.text[:60]!r})"
    if said.do is Do.ASK_A_PERSON:
        raise Halt(Cause.CHALLENGE, f"{title} asks for a person")
    if sheet.only_tells and sheet in before:
        raise Halt(Cause.OVERLAY, f"{title} came again")
    thing = {Do.ANSWER: "answer", Do.CLOSE: "closer"}.get(said.do)
    answer = point(page, thing, number=said.number) if thing else None
    if answer is None:
        raise Halt(Cause.OVERLAY, f"{title} lies over the page")
    click(page, answer, Cause.OVERLAY, f"putting {title} aside", within=BANNER_WITHIN)
    if sheet.only_tells and not survey(page, Want.CLEAR, within=GOES_WITHIN).met:
        raise Halt(Cause.OVERLAY, f"{title} does not go away")


def tell_drift(desk: Desk, hits: Mapping[str, int]) -> None:
    """Let the parent know what is no longer where it used to be."""
    if drift := selectors.drifted(hits):
        desk.question(DRIFT, drift)
