"""The probe: opens the composer, sees whether all is there that publishing needs, and submits nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from steadypost.browser.desk import Desk
from steadypost.channels.port import Access, Probe
from steadypost.channels.x_web.errand import Halt, ProbeErrand
from steadypost.channels.x_web.opening import (
    check_signed_in,
    explain_missing,
    go,
    leave,
    once_more_if_broken,
    page_of,
    time_for,
)
from steadypost.channels.x_web.selectors import NEEDED
from steadypost.channels.x_web.survey import Survey, Want, survey
from steadypost.domain.outcome import Cause, Phase

COMPOSER_WITHIN = 30.0
"""Seconds from the beginning of X's answer to a composer that could be used."""

KEEP = 6.0
"""Seconds of the deadline that are kept for a picture of the page, and for coming home."""

PICTURE_WITHIN = 4.0

NOT_AS_IT_SHOULD_BE = frozenset({Cause.UI_DRIFT, Cause.OVERLAY})
"""What a person will want to see for themselves."""

MOST_OF_A_PAGE = 500_000
"""Characters of a page that are kept. X's composer takes a fifth of that."""

PRIVATE = '[data-testid="DMDrawer"], input, textarea:not([data-testid^="tweetTextarea"])'
"""What of a page is nobody's business: messages, and fields that hold what somebody typed."""

ELEMENTS = """(hidden) => {
    const page = document.documentElement.cloneNode(true);
    for (const one of page.querySelectorAll(`script, style, noscript, iframe, link, meta, ${hidden}`)) one.remove();
    return page.outerHTML;
}"""
"""The page's elements, without its scripts (which hold tokens) and without what is private."""


def probe(desk: Desk, errand: ProbeErrand) -> Probe:
    """Say whether an ask could go ahead now."""
    access = errand.access
    try:
        page = page_of(desk, access)
        address = f"{access.base_url}/compose/post"
        go(desk, page, address, keep=KEEP)
        desk.step(Phase.OPENED)
        allowed = time_for(desk, COMPOSER_WITHIN, keep=KEEP)
        seen = survey(page, Want.COMPOSER, within=allowed)
        if once_more_if_broken(desk, page, seen, address, keep=KEEP):
            allowed = time_for(desk, COMPOSER_WITHIN, keep=KEEP)
            seen = survey(page, Want.COMPOSER, within=allowed)
    except Halt as halt:
        return Probe(well=False, handle="", cause=halt.cause, why=halt.why)
    return _verdict(desk, page, access, seen, allowed)


def _verdict(desk: Desk, page: Page, access: Access, seen: Survey, allowed: float) -> Probe:
    try:
        check_signed_in(seen, access.handle)
        if not seen.met:
            raise explain_missing(seen, "no composer", allowed=allowed)
        _check_elements(seen)
    except Halt as halt:
        shown = _show(page) if halt.cause in NOT_AS_IT_SHOULD_BE else {}
        leave(desk, access, halt)
        return Probe(well=False, handle=seen.who, cause=halt.cause, why=halt.why, drift=seen.drift, **shown)
    return Probe(well=True, handle=seen.who, drift=seen.drift)


def _show(page: Page) -> Mapping[str, Any]:
    """Take the elements and a picture. A page that cannot even be shown is no worse for that."""
    shown: dict[str, Any] = {}
    with contextlib.suppress(PlaywrightError):
        shown["page"] = str(page.evaluate(ELEMENTS, PRIVATE))[:MOST_OF_A_PAGE]
        shown["picture"] = page.screenshot(
            type="jpeg", quality=60, mask=[page.locator(PRIVATE)], timeout=PICTURE_WITHIN * 1000
        )
    return shown


def _check_elements(seen: Survey) -> None:
    missing = [purpose.value for purpose in NEEDED if seen.hits.get(purpose, -1) < 0]
    if missing:
        raise Halt(Cause.UI_DRIFT, f"not on the page: {', '.join(missing)}")
    if seen.composer and seen.composer.cover:
        raise Halt(Cause.OVERLAY, f"{seen.composer.cover} lies over the page")
