"""Writing in X's composer, and making sure that it holds exactly what we want said."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator, Page

from steadypost.browser.desk import Desk
from steadypost.channels.x_web import selectors
from steadypost.channels.x_web.errand import Halt
from steadypost.channels.x_web.opening import time_for, uncover
from steadypost.channels.x_web.selectors import Purpose
from steadypost.channels.x_web.survey import Composer, Survey, Want, survey
from steadypost.domain.outcome import Cause
from steadypost.domain.post import Media, Part

SETTLES_WITHIN = 1.5
"""Seconds in which the composer shows what was typed, and enables its button. It takes 0.02."""

UPLOADED_WITHIN = 60.0
"""Seconds for the pictures of one part."""

ACTION_WITHIN = 5.0
"""Seconds for a click inside the composer, before anything is armed."""

KEEP = 6.0
"""Seconds of the deadline that writing leaves for the ask itself."""

_UNFINISHED_WORD = re.compile(r"(?:^|\s)[@#]\w+$")
"""What opens X's list of suggestions; open, it keeps Enter for itself."""

Way = Callable[[Page, str], None]
"""One way to put a line of text where the caret is."""


def insert(page: Page, line: str) -> None:
    """Put a line in at once, as an input method does. Exact for everything that Draft.js was tried with."""
    page.keyboard.insert_text(line)


def type_out(page: Page, line: str) -> None:
    """Put a line in key by key. Slower; a tab would leave the box, so it is put in."""
    for number, piece in enumerate(line.split("\t")):
        if number:
            page.keyboard.insert_text("\t")
        if piece:
            page.keyboard.type(piece)


def write_all(desk: Desk, page: Page, seen: Survey, parts: Sequence[Part]) -> Survey:
    """Write every part into the empty composer; return the survey that found it all right, or raise ``Halt``."""
    _start_empty(page, seen)
    texts = [_even(part.text) for part in parts]
    for n, part in enumerate(parts):
        if n:
            _add_part(page, texts[: n + 1])
        if part.media:
            _attach(desk, page, n, part.media)
        _write(page, texts[n], insert)
    seen = _settled(page, texts)
    if seen.met:
        return seen
    _rewrite(page, texts, type_out)
    seen = _settled(page, texts)
    if seen.met:
        return seen
    raise _refused(seen, texts)


# --- an empty composer


def _start_empty(page: Page, seen: Survey) -> None:
    """Leave nothing of an earlier attempt, or raise. The first box gets the caret."""
    composer = _composer(seen)
    if any(composer.attached) or len(composer.boxes) > 1:
        raise Halt(Cause.COMPOSER_NOT_EMPTY, "the composer opened with parts or pictures in it")
    if composer.boxes[0].text.strip():
        _clear(page)
        if not survey(page, Want.EMPTY, within=SETTLES_WITHIN, focus=0).met:
            raise Halt(Cause.COMPOSER_NOT_EMPTY, "the composer opened with a text that does not go away")


def _clear(page: Page) -> None:
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.press("Backspace")


# --- parts and pictures


def _add_part(page: Page, texts: Sequence[str]) -> None:
    """Add one more text box, and put the caret there."""
    seen = survey(page, Want.ADD, within=SETTLES_WITHIN)
    if not seen.met:
        raise Halt(Cause.UI_DRIFT, "the composer has no button to add a part")
    _click(page, selectors.locator(dialog(page, seen), Purpose.ADD, seen.hits["add"]).last, "adding a part")
    if not survey(page, Want.BOXES, within=ACTION_WITHIN, texts=texts, focus=len(texts) - 1).met:
        raise Halt(Cause.UI_DRIFT, "the composer did not open another part")


def _attach(desk: Desk, page: Page, n: int, media: Sequence[Media]) -> None:
    """Attach a part's pictures, before its text: attaching draws the part anew, and typed text can be lost."""
    seen = survey(page, Want.BOXES, within=SETTLES_WITHIN, texts=[""] * (n + 1), focus=n)
    files = [item.path for item in media]
    selectors.locator(dialog(page, seen), Purpose.FILE, seen.hits["file"]).first.set_input_files(files)
    limit = time_for(desk, UPLOADED_WITHIN, keep=KEEP)
    seen = survey(page, Want.ATTACHED, within=limit, focus=n, count=len(media))
    if not seen.met or _composer(seen).attached[n] != len(media):
        raise Halt(Cause.MEDIA_NOT_ATTACHED, "the composer does not show the pictures")
    before = sum(_composer(seen).attached[:n])
    for number, item in enumerate(media):
        if item.alt:
            _describe(page, seen, before + number, item.alt)
    survey(page, Want.BOXES, within=SETTLES_WITHIN, texts=[""] * (n + 1), focus=n)


def _describe(page: Page, seen: Survey, place: int, alt: str) -> None:
    """Say in words what a picture shows."""
    opener = selectors.locator(dialog(page, seen), Purpose.ALT_OPEN, 0).nth(place)
    _click(page, opener, "describing a picture")
    box = _either(page, Purpose.ALT_TEXT)
    try:
        box.fill(alt, timeout=ACTION_WITHIN * 1000)
        _click(page, _either(page, Purpose.ALT_SAVE), "saving a description")
        box.wait_for(state="hidden", timeout=ACTION_WITHIN * 1000)
    except PlaywrightError:
        if page.is_closed():
            raise
        raise Halt(Cause.MEDIA_NOT_ATTACHED, "the description of a picture was not taken") from None


def _either(page: Page, purpose: Purpose) -> Locator:
    """Point at whichever way finds something first: one wait for all of them."""
    found = selectors.locator(page, purpose, 0)
    for hit in range(1, len(selectors.WAYS[purpose])):
        found = found.or_(selectors.locator(page, purpose, hit))
    return found.first


# --- text


def _even(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _write(page: Page, text: str, way: Way) -> None:
    """Write a text where the caret is, line by line."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if number:
            page.keyboard.press("Enter")
        if line:
            way(page, line)
            if _UNFINISHED_WORD.search(line):
                _close_suggestions(page)


def _close_suggestions(page: Page) -> None:
    # Only when it is open: with nothing to close, Escape closes the composer.
    if selectors.locator(page, Purpose.SUGGESTIONS, 0).first.is_visible():
        page.keyboard.press("Escape")


def _rewrite(page: Page, texts: Sequence[str], way: Way) -> None:
    """Clear every box and write it another way."""
    for n, text in enumerate(texts):
        survey(page, Want.BOXES, within=SETTLES_WITHIN, texts=texts, focus=n)
        _clear(page)
        _write(page, text, way)


def _settled(page: Page, texts: Sequence[str]) -> Survey:
    """Look until all is as it should be; take away what may be taken away."""
    seen = survey(page, Want.COMPOSED, within=SETTLES_WITHIN, texts=texts)
    if not seen.met and seen.composer and seen.composer.suggestions:
        _close_suggestions(page)
        seen = survey(page, Want.COMPOSED, within=SETTLES_WITHIN, texts=texts)
    if not seen.met and seen.composer and seen.composer.cover:
        uncover(page, seen.composer.cover)
        seen = survey(page, Want.COMPOSED, within=SETTLES_WITHIN, texts=texts)
    if seen.wall:
        raise Halt(*seen.wall)
    return seen


def _refused(seen: Survey, texts: Sequence[str]) -> Halt:
    """Say what is wrong with a composer that will not do."""
    composer = _composer(seen)
    boxes = composer.boxes
    if len(boxes) != len(texts) or not all(box.holds(text) for box, text in zip(boxes, texts, strict=True)):
        return Halt(Cause.COMPOSER_DIFFERS, "the composer does not hold the text, however it is typed")
    if composer.cover:
        return Halt(Cause.OVERLAY, f"{composer.cover} lies over the button")
    if composer.enabled is None:
        return Halt(Cause.UI_DRIFT, "the composer has no button")
    return Halt(Cause.BUTTON_DISABLED, "the composer holds the text, and its button stays disabled")


# --- where


def _composer(seen: Survey) -> Composer:
    if seen.composer is None:
        raise Halt(Cause.UI_DRIFT, "the composer closed by itself")
    return seen.composer


def dialog(page: Page, seen: Survey) -> Locator:
    """Point at the dialog with the composer. Behind it is a second composer, which must not be touched."""
    box = selectors.locator(page, Purpose.BOX, seen.hits["box"])
    return selectors.locator(page, Purpose.DIALOG, seen.hits["dialog"]).filter(has=box).first


def _click(page: Page, what: Locator, doing: str) -> None:
    try:
        what.click(timeout=ACTION_WITHIN * 1000)
    except PlaywrightError:
        if page.is_closed():
            raise
        raise Halt(Cause.UI_DRIFT, f"{doing} did not work") from None
