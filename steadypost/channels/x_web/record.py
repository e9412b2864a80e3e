"""The recorder: walks a signed-in page as the probe does, submits nothing, and keeps what the page is made of.

That is how a page that has changed at X comes into the tests: its structure, without texts, names and secrets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from steadypost.browser.desk import Desk
from steadypost.channels.port import Access
from steadypost.channels.x_web import selectors
from steadypost.channels.x_web.errand import Halt, ProbeErrand, Recording
from steadypost.channels.x_web.opening import (
    check_signed_in,
    click,
    explain_missing,
    go,
    leave,
    page_of,
    time_for,
)
from steadypost.channels.x_web.recording import check, secrets_of, written
from steadypost.channels.x_web.scripts import alone
from steadypost.channels.x_web.survey import Survey, Want, point, survey
from steadypost.domain.outcome import Cause, Phase
from steadypost.domain.remote_id import RemoteId

STRUCTURE = alone("structure")

SEEN_WITHIN = 30.0
"""Seconds for a page to show what is recorded of it."""

LIST_WITHIN = 10.0
"""Seconds for one's own list of posts."""

KEEP = 5.0

NEWEST = """() => {
    const stamp = document.querySelector('article a[href*="/status/"]:has(time)');
    return stamp?.pathname.match(/\\/status\\/(\\d+)/)?.[1] ?? null;
}"""

PATHS = ("/compose/post", "/i/flow/login", "/i/flow/signup")
"""Addresses of more than one word that mean nobody."""


def record(desk: Desk, errand: ProbeErrand) -> Recording:
    """Record the composer, and where there is a post, its page and the reply dialog."""
    access = errand.access
    try:
        page = page_of(desk, access)
        go(desk, page, f"{access.base_url}/compose/post", keep=KEEP)
        desk.step(Phase.OPENED)
        pages = {"composer": _taken(desk, page, access, Want.COMPOSER)}
        post = _newest(desk, page, access)
        if post is not None:
            go(desk, page, f"{access.base_url}/i/status/{post}", keep=KEEP)
            pages["post"] = _taken(desk, page, access, Want.POST, post)
            _open_reply(page, post)
            pages["reply"] = _taken(desk, page, access, Want.COMPOSER)
    except Halt as halt:
        leave(desk, access, halt)
        return Recording(pages={}, cause=halt.cause, why=halt.why)
    finally:
        # What was opened is left with the page: nothing was written in it.
        desk.discard(access.account)
    return Recording(pages=pages)


def _taken(desk: Desk, page: Page, access: Access, want: Want, post: RemoteId | None = None) -> str:
    allowed = time_for(desk, SEEN_WITHIN, keep=KEEP)
    seen = survey(page, want, within=allowed, target=post)
    check_signed_in(seen, access.handle)
    if not seen.met:
        raise explain_missing(seen, f"no {want} to record", allowed=allowed)
    tree = page.evaluate(STRUCTURE, _asked(access, post))
    text = written(tree, {"want": want, "path": tree["path"], "post": tree["post"], "hits": _hits(seen)})
    check(text, secrets_of(access.handle, access.secret))
    return text


def _asked(access: Access, post: RemoteId | None) -> Mapping[str, Any]:
    return {
        "handle": access.handle,
        "post": post,
        "reserved": list(selectors.RESERVED),
        "paths": list(PATHS),
        "words": sorted(selectors.words()),
    }


def _hits(seen: Survey) -> dict[str, int]:
    return {purpose: hit for purpose, hit in sorted(seen.hits.items()) if hit >= 0}


def _newest(desk: Desk, page: Page, access: Access) -> RemoteId | None:
    """Find a post of the account's own, if it shows one."""
    go(desk, page, f"{access.base_url}/{access.handle}", keep=KEEP)
    try:
        page.wait_for_selector("article", timeout=LIST_WITHIN * 1000)
        found = page.evaluate(NEWEST)
    except PlaywrightError:
        if page.is_closed():
            raise
        return None
    return RemoteId(found) if found else None


def _open_reply(page: Page, post: RemoteId) -> None:
    button = point(page, "reply", source=post)
    if button is None:
        raise Halt(Cause.UI_DRIFT, "the post has no reply button to record")
    click(page, button, Cause.UI_DRIFT, "opening the reply dialog")
