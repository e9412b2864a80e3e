"""``steadypost login NAME``: a person signs an account of X's page in, in a visible browser; the session is kept."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

from steadypost import private
from steadypost.channels.port import Access
from steadypost.cli.account import keeping, probing
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House

if TYPE_CHECKING:
    from blocks import AccountBlock
    from steadypost.channels.x_web.login import LoginReport

CHANNEL = "x_web"

WITHIN = 600.0
"""Seconds for a person to sign in."""

ELSEWHERE = (
    "on a machine with a display, sign in to x.com in your own browser, export its cookies as JSON, and hand that file "
    "to 'steadypost account add {0} --channel x_web'"
)
"""What to do where no window can be shown, or X does not let anybody sign in there."""


def login(house: House, name: str, *, within: float) -> probing.Standing:
    """Have a person sign the account in, test it, and only then keep the session."""
    there = keeping.known()
    block = there.blocks.get(name)
    if block is None:
        remedy = (
            f"set it up: steadypost account add {name} --channel {CHANNEL}; its session can be made there"
        )
        raise Stop(Ending.REFUSED, "account", f"no account is called {name!r}", remedy)
    if block.channel != CHANNEL:
        message = f"{name} is reached through {block.channel}, which needs no browser"
        remedy = f"sign it in anew: steadypost account add {name} --channel {block.channel}"
        raise Stop(Ending.USAGE, "usage", message, remedy)
    told = session_of(house, name, block.handle, block.base_url, within=within)
    signed_in = type(block)(**{**_fields(block), "session": told})
    found = probing.standing(name, signed_in, probing.probe(house, name, signed_in, None))
    if not found.probe.well:
        why, remedy = found.sentences[:2]
        raise Stop(Ending.REFUSED, "not_well", f"{why}. The session was not kept", remedy)
    keeping.keep(house, name, signed_in, None)
    return found


def session_of(house: House, name: str, handle: str, base_url: str, *, within: float = WITHIN) -> str:
    """Show X's sign-in page and wait for the account; give its session as JSON, or stop with what to do instead."""
    refuse_without_display(name)
    access = Access(account=name, handle=handle, base_url=base_url, secret={})
    report = _watched(house, access, within)
    if report.session is None:
        why = report.why or str(report.cause)
        message = f"@{handle} was not signed in: {why}. Nothing was kept"
        remedy = f"give the command again; if X does not let you sign in there: {ELSEWHERE.format(name)}"
        raise Stop(Ending.REFUSED, "not_signed_in", message, remedy)
    return json.dumps(report.session)


def refuse_without_display(name: str) -> None:
    """Stop where no window could be shown."""
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return
    message = "there is no display here, and a person has to see X's sign-in page"
    raise Stop(Ending.REFUSED, "no_display", message, ELSEWHERE.format(name))


def _watched(house: House, access: Access, within: float) -> LoginReport:
    from steadypost.browser import BrowserError, BrowserRunner, Job, LaunchSettings  # noqa: PLC0415 - only where one is opened
    from steadypost.channels.x_web.login import LoginErrand, LoginReport  # noqa: PLC0415
    from steadypost.domain.outcome import Cause  # noqa: PLC0415

    private.home(house.settings.home)
    try:
        # What a person sees and signs in with is a browser as it comes, with its window.
        settings = LaunchSettings(headless=False)
        runner = BrowserRunner.start(settings, private.folder(house.settings.run_dir), "login")
    except BrowserError as error:
        message = f"no browser with a window starts ({type(error).__name__})"
        remedy = "install chromium, or name one that has a window: STEADYPOST_CHROMIUM=/usr/bin/chromium"
        raise Stop(Ending.REFUSED, "browser", message, remedy) from None
    try:
        report: LoginReport = runner.run(
            Job("steadypost.channels.x_web.login:login", LoginErrand(access)),
            deadline=time.monotonic() + within,
        )
    except BrowserError:
        return LoginReport(
            cause=Cause.BROWSER_DIED, why="the browser was closed before the sign-in was complete"
        )
    finally:
        runner.close()
    return report


def _fields(block: AccountBlock) -> dict[str, Any]:
    """Give what a person set of a block."""
    return {name: getattr(block, name) for name, about in type(block).model_fields.items() if about.title}
