"""A person signs an account in, at X's own page in a window of their own; this only watches, and keeps the session.

Nothing is typed or clicked here, and nothing of the browser pretends to be another. Whether X lets anybody sign in
there is X's to say: where it does not, the session is exported from the person's usual browser instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from steadypost.browser.desk import Desk
from steadypost.channels.port import Access
from steadypost.channels.x_web.errand import Halt
from steadypost.channels.x_web.opening import go
from steadypost.channels.x_web.survey import Survey, Want, survey
from steadypost.domain.outcome import Cause

SIGN_IN = "/i/flow/login"
"""X's own page for it."""

KEEP = 5.0
"""Seconds of the deadline that are kept for taking the session."""

SEEN_WITHIN = 1.0
"""Seconds for one look at who is signed in."""

BETWEEN_MS = 500.0


@dataclass(frozen=True, slots=True)
class LoginErrand:
    """Wait for this account to be signed in."""

    access: Access


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginReport:
    """What became of it."""

    session: Mapping[str, Any] | None = field(default=None, repr=False)
    """A Playwright storage state; ``None`` where the account was not seen signed in."""
    cause: Cause | None = None
    why: str = ""


def login(desk: Desk, errand: LoginErrand, rest: Callable[[Page], object] | None = None) -> LoginReport:
    """Open the page, and wait until it shows the account signed in, positively; or until the deadline."""
    access = errand.access
    wait = rest or _rest
    try:
        page = desk.page(f"login {access.account}", fresh=True)
        go(desk, page, f"{access.base_url}{SIGN_IN}", keep=KEEP)
        while desk.remaining() > KEEP:
            seen = survey(page, Want.COMPOSER, within=SEEN_WITHIN)
            if _is_signed_in(seen):
                return _kept(page, access, seen.who)
            wait(page)
    except Halt as halt:
        return LoginReport(cause=halt.cause, why=halt.why)
    except PlaywrightError:
        return LoginReport(cause=Cause.SIGNED_OUT, why="the window was closed before the sign-in")
    return LoginReport(cause=Cause.DEADLINE, why=f"@{access.handle} was not signed in in time")


def _rest(page: Page) -> None:
    page.wait_for_timeout(BETWEEN_MS)


def _is_signed_in(seen: Survey) -> bool:
    """Whether the page names somebody, and nothing stands before them: no login, no challenge, no consent."""
    return bool(seen.who) and seen.wall is None


def _kept(page: Page, access: Access, who: str) -> LoginReport:
    if who.casefold() != access.handle.casefold():
        return LoginReport(cause=Cause.OTHER_ACCOUNT, why=f"signed in as @{who}, not as @{access.handle}")
    return LoginReport(session=dict(page.context.storage_state()))
