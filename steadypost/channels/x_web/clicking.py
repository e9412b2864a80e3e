"""The one click, and what comes between it and the first request. Nothing here decides what may leave: the gate does."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from steadypost.browser.desk import Desk
from steadypost.channels.x_web.compose import holds, lost_its_text, settled
from steadypost.channels.x_web.errand import Halt
from steadypost.channels.x_web.gate import Gate
from steadypost.channels.x_web.opening import put_aside
from steadypost.channels.x_web.survey import Survey, Want, press, survey
from steadypost.channels.x_web.windows import Windows
from steadypost.domain.outcome import Cause

ROOM_TO_ANSWER = 5.0
"""Seconds that must be left of the deadline for the click to be worth giving: X takes one to thirty."""

KNOWN_WITHIN = 3.5
"""Seconds from the click in which the first request leaves. It takes 0.02; after them the page is closed, and it is
certain that nothing was asked. What takes a sheet away or writes anew gets time of its own.
"""

CLICK_WITHIN = 2.0
"""Seconds in which a click has to land. It takes 0.05; what lies over the button makes it wait."""

LEAVES_WITHIN = 1.5
"""Seconds from a click to the first request; a composer that waits as before after them was not hit."""

AT_LEAST = 0.5
"""Seconds that any click is given, however late it came."""

LOOK_ROUND_EVERY = 0.25
"""Seconds after a click, or another look, at which it is worth looking what came between it and the request."""

ROUND_MS = 50.0

LEAST_ROUNDS = 12
"""How often the page has had its turn at the least: on a busy machine seconds say little."""

AFTER_A_SHEET = 1.5
"""Seconds in which a sheet that was answered lets the post go on."""

MOST_SHEETS = 4
"""How many sheets are put aside after one click."""

MOST_CLICKS = 2
"""A second click is given only when nothing has left and all is composed as before, its button on and free: a sheet took
the first, or the page drew its text box anew under it, or something passed over the button. The gate lets each part out
once, whatever is clicked.
"""


def click_until_something_leaves(desk: Desk, page: Page, gate: Gate, texts: Sequence[str]) -> Halt | None:
    """Give the one click; say what kept its request from leaving, if nothing has left or been stopped for good."""
    hindrance, ends = _nothing_left(), time.monotonic() + KNOWN_WITHIN
    windows = Windows(desk, page, gate)
    for clicks_left in reversed(range(MOST_CLICKS)):
        landed = _click_once(page)
        try:
            within = min(LEAVES_WITHIN, ends - time.monotonic()) if landed else 0.0
            if _something_leaves(page, gate, texts, max(AT_LEAST, within)):
                if clicks_left and _is_ready_again(desk, page, gate, texts):
                    ends = time.monotonic() + KNOWN_WITHIN
                    continue
                return None
            if windows.hindrance:
                return windows.hindrance
            hindrance, again = _what_hindered(page, gate, texts)
            if again and clicks_left and desk.remaining() >= ROOM_TO_ANSWER:
                if gate.sheets:
                    ends = time.monotonic() + KNOWN_WITHIN
                continue
            return None if _something_leaves(page, gate, texts, ends - time.monotonic()) else hindrance
        except Halt as halt:
            return halt
        except PlaywrightError:
            # The page is gone, or will not be looked at. What left is listened for.
            return None if gate.has_decided() else Halt(Cause.NOTHING_LEFT, "the page went away at the click")
    return hindrance


def _nothing_left() -> Halt:
    """Say that a click had no effect that could be a post."""
    return Halt(Cause.NOTHING_LEFT, "the click let no request through")


def _click_once(page: Page) -> bool:
    """Give the one click; say whether it is known to have landed. One that is not may have taken effect as well."""
    with contextlib.suppress(PlaywrightError):
        return press(page, within=CLICK_WITHIN)
    return False


def _something_leaves(page: Page, gate: Gate, texts: Sequence[str], within: float) -> bool:
    """Wait for the first request, answering sheets on its way. Raises ``Halt`` for one that stays."""
    looked = time.monotonic()
    ends, looks, rounds = looked + within, 0, 0
    while not gate.has_decided():
        if time.monotonic() > ends and rounds >= LEAST_ROUNDS:
            return False
        rounds += 1
        page.wait_for_timeout(ROUND_MS)
        if gate.has_decided() or time.monotonic() - looked < LOOK_ROUND_EVERY:
            continue
        seen = survey(page, Want.COMPOSER, within=0)
        looked = time.monotonic()
        if gate.has_decided():
            break
        if seen.wall:
            raise Halt(*seen.wall)
        sheet = seen.sheets[-1] if seen.sheets else None
        # After a request in a form we do not know, a sheet with one button offers to send it again.
        if sheet and looks < MOST_SHEETS and not (gate.odd and sheet.only_tells):
            looks += 1
            put_aside(page, sheet, clicked=True, goes_on=_is_whole(seen, texts), before=gate.sheets)
            gate.sheets.append(sheet)
            ends = time.monotonic() + AFTER_A_SHEET
    return True


def _is_whole(seen: Survey, texts: Sequence[str]) -> bool:
    """Whether the composer still holds what was armed, as far as it can be seen under a sheet."""
    return seen.composer is None or holds(seen.composer, texts)


def _is_ready_again(desk: Desk, page: Page, gate: Gate, texts: Sequence[str]) -> bool:
    """Whether all that came was stopped for its text, the page having drawn its box anew between the last look and
    the request; and all is composed as before now, and the gate open again.
    """
    if not gate.has_only_stopped_another_text() or not lost_its_text(page, texts):
        return False
    if not settled(page, texts, answering=False).met or desk.remaining() < ROOM_TO_ANSWER:
        return False
    gate.reopen()
    return True


def _what_hindered(page: Page, gate: Gate, texts: Sequence[str]) -> tuple[Halt, bool]:
    """Say why no request came, and whether the click may be given again: see ``MOST_CLICKS``."""
    if gate.odd:
        return Halt(Cause.UI_DRIFT, "the page was about to post in a form we do not know"), False
    try:
        was_lost = lost_its_text(page, texts)
        seen = survey(page, Want.COMPOSED, within=0, texts=texts)
        is_covered = seen.composer is not None and seen.composer.cover
        if gate.sheets or (was_lost and not is_covered):
            settled(page, texts, answering=False)
            seen = survey(page, Want.COMPOSED, within=0, texts=texts)
    except Halt as halt:
        return halt, False
    if seen.composer and seen.composer.cover:
        return Halt(Cause.OVERLAY, f"{seen.composer.cover} lay over the button"), False
    if seen.composer and seen.composer.suggestions:
        return Halt(Cause.OVERLAY, "a list of suggestions lay over the button"), False
    return _nothing_left(), seen.met
