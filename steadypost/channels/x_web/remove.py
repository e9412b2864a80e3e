"""Taking down one post, for a person who said which. Never by itself: no flow and no task of ours runs this.

Whatever is clicked, one request can leave: the one that takes this very post down, once. So a menu that is other than
it was does no harm. Whether it worked is not asked here: a look at the post's own address says it.
"""

from __future__ import annotations

import contextlib

from playwright.sync_api import ElementHandle, Page
from playwright.sync_api import Error as PlaywrightError

from steadypost.browser.desk import Desk
from steadypost.channels.port import RemoveReport
from steadypost.channels.x_web.errand import Halt, RemoveErrand
from steadypost.channels.x_web.keeper import keeper_of
from steadypost.channels.x_web.opening import (
    check_signed_in,
    click,
    explain_missing,
    go,
    leave,
    page_of,
    time_for,
)
from steadypost.channels.x_web.requests import removes_a_post
from steadypost.channels.x_web.sheets import Do, verdict
from steadypost.channels.x_web.survey import Survey, Want, point, survey
from steadypost.domain.outcome import Cause, Phase

POST_WITHIN = 30.0
"""Seconds from the beginning of X's answer to the post on its own page."""

MENU_WITHIN = 5.0
"""Seconds for the post's menu to open, and for its question."""

ANSWERED_WITHIN = 15.0
"""Seconds for X's answer to the request."""

KEEP = 5.0


def remove(desk: Desk, errand: RemoveErrand) -> RemoveReport:
    """Take the post down; say whether the request for it left."""
    access = errand.access
    try:
        page = page_of(desk, access)
        go(desk, page, f"{access.base_url}/i/status/{errand.post}", keep=KEEP)
        desk.step(Phase.OPENED)
        _check(desk, page, errand)
        with keeper_of(page).removing(errand.post) as removal:
            _choose(page, errand)
            _confirm(page)
            return RemoveReport(asked=removal.left, why="" if removal.left else "no request left the page")
    except Halt as halt:
        leave(desk, access, halt)
        return RemoveReport(asked=False, cause=halt.cause, why=halt.why)


def _check(desk: Desk, page: Page, errand: RemoveErrand) -> None:
    """See the post, and that it is the account's own."""
    allowed = time_for(desk, POST_WITHIN, keep=KEEP)
    seen = survey(page, Want.POST, within=allowed, target=errand.post)
    check_signed_in(seen, errand.access.handle)
    if seen.target is None:
        if seen.gone:
            raise Halt(Cause.TARGET_GONE, "X's page says that there is no such post")
        raise explain_missing(seen, "no such post", allowed=allowed, cause=Cause.NOT_OFFERED)
    if seen.target.author.casefold() != errand.access.handle.casefold():
        raise Halt(Cause.OTHER_ACCOUNT, f"the post is @{seen.target.author}'s, not @{errand.access.handle}'s")


def _choose(page: Page, errand: RemoveErrand) -> None:
    _click(page, point(page, "menu", source=errand.post), "opening the post's menu")
    survey(page, Want.MENU, within=MENU_WITHIN)
    _click(page, point(page, "removal"), "choosing to delete the post")


def _confirm(page: Page) -> None:
    """Answer the page's question with what it would do; then wait for X's answer, or not for ever."""
    seen = survey(page, Want.SHEET, within=MENU_WITHIN)
    if not seen.sheets:
        return
    answer = point(page, "answer", number=_yes(seen))
    with (
        contextlib.suppress(PlaywrightError),
        page.expect_response(
            lambda response: removes_a_post(response.request.method, response.url),
            timeout=ANSWERED_WITHIN * 1000,
        ),
    ):
        _click(page, answer, "answering the page's question")


def _yes(seen: Survey) -> int:
    """Give the answer that stands out. A sheet that asks for a person is left to one."""
    sheet = seen.sheets[-1]
    if verdict(sheet, clicked=False).do is Do.ASK_A_PERSON:
        raise Halt(Cause.CHALLENGE, f"the sheet {sheet.name!r} asks for a person")
    prominent = [number for number, answer in enumerate(sheet.answers) if answer.prominent]
    if len(prominent) != 1:
        raise Halt(Cause.UI_DRIFT, "the page's question is not known")
    return prominent[0]


def _click(page: Page, what: ElementHandle | None, doing: str) -> None:
    if what is None:
        raise Halt(Cause.UI_DRIFT, f"{doing} did not work: the page has nothing for it")
    click(page, what, Cause.UI_DRIFT, doing)
