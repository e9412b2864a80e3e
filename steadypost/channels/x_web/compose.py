"""Writing in X's composer, and making sure that it holds exactly what we want said."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from playwright.sync_api import Page

from steadypost.browser.desk import Desk
from steadypost.channels.x_web.errand import Halt
from steadypost.channels.x_web.opening import click, put_aside, tell_drift, time_for, uncover
from steadypost.channels.x_web.pictures import attach, composer_in
from steadypost.channels.x_web.scripts import alone
from steadypost.channels.x_web.survey import Composer, Survey, Want, point, survey
from steadypost.domain.outcome import Cause
from steadypost.domain.post import Part

SETTLES_WITHIN = 1.5
"""Seconds in which the composer shows what was typed, and enables its button. It takes 0.02."""

COMES_ON_WITHIN = 8.0
"""Seconds in which a button comes on whose page asks somebody first; only then is the same text written another way."""

LIST_WITHIN = 0.4
"""Seconds in which a list of suggestions for the last word opens, if it is still going to."""

ADD_WITHIN = 3.0
"""Seconds in which the button that adds a part is there and can be clicked."""

KEPT_WITHIN = 0.5
"""Seconds in which a part shows what was written in it."""

MOST_REWRITES = 3
"""How often a part is written again before the next is added. What is still missing then, the last look finds."""

KEEP = 6.0
"""Seconds of the deadline that writing leaves for the ask itself."""

MOST_OBSTACLES = 6
"""How many things are taken away from over one composer: more come than go."""

_SEARCHED = re.compile(r"(?:^|\s)[@#$＠＃＄]\S+$")
"""A last word under which X looks for suggestions; open, their list keeps Enter for itself, and clicks too."""

Way = Callable[[Page, str], None]
"""One way to put a text where the caret is."""


def insert(page: Page, text: str) -> None:
    """Put a text in at once, as an input method does. No key is pressed, so no list can take one."""
    page.keyboard.insert_text(text)


MANY_LINES = 50
"""Lines of a text from which on it is put in in one go: line by line, each costs as much as all the lines before it."""

IN_ONE_GO = alone("writing")
"""Puts a text in with one change; says whether it did."""


def put_in(page: Page, text: str) -> None:
    """Put a text in at once, whatever it is long."""
    if text.count("\n") < MANY_LINES or not page.evaluate(IN_ONE_GO, {"text": text, "natively": True}):
        insert(page, text)


def paste(page: Page, text: str) -> None:
    """Put a text in as the clipboard does, without the machine's clipboard."""
    page.evaluate(IN_ONE_GO, {"text": text, "natively": False})


def type_out(page: Page, text: str) -> None:
    """Put a text in key by key. Slower; what a key would do something else with is put in."""
    for number, line in enumerate(text.split("\n")):
        if number:
            _close_list(page, at_end=False)
            page.keyboard.press("Enter")
        for place, piece in enumerate(line.split("\t")):
            if place:
                page.keyboard.insert_text("\t")
            if piece:
                page.keyboard.type(piece)


WAYS: Sequence[Way] = (insert, paste, type_out)
"""In the order in which they are tried when the first, quickest one did not do."""


def write_all(desk: Desk, page: Page, seen: Survey, parts: Sequence[Part], *, answering: bool) -> Survey:
    """Write every part into the empty composer; return the survey that found it all right, or raise ``Halt``."""
    _start_empty(page, seen)
    texts = [_even(part.text) for part in parts]
    for n, part in enumerate(parts):
        if n:
            _add_part(desk, page, texts[: n + 1])
        if part.media:
            attach(desk, page, n, part.media)
        _write(page, texts[n], put_in)
    for way in (None, *WAYS):
        if way is not None:
            _rewrite(page, texts, way)
        seen = settled(page, texts, answering=answering)
        if way is None and _is_only_disabled(seen, texts):
            limit = time_for(desk, COMES_ON_WITHIN, keep=KEEP)
            seen = survey(page, Want.COMPOSED, within=limit, texts=texts, answering=answering)
        if seen.met:
            return seen
    raise _refused(seen, texts, answering=answering)


def _see_kept(page: Page, texts: Sequence[str]) -> None:
    """See that the parts so far are as they should be before another is added: a page that draws itself anew while
    one writes takes the text with it.
    """
    for _ in range(MOST_REWRITES):
        seen = survey(page, Want.WRITTEN, within=KEPT_WITHIN, texts=texts)
        if seen.met:
            return
        if not _take_away(page, seen):
            _rewrite(page, texts, put_in)


# --- an empty composer


def _start_empty(page: Page, seen: Survey) -> None:
    """Leave nothing of an earlier attempt, or raise. The first box gets the caret."""
    composer = composer_in(seen)
    if any(composer.attached) or len(composer.boxes) > 1:
        raise Halt(Cause.COMPOSER_NOT_EMPTY, "the composer opened with parts or pictures in it")
    if composer.boxes[0].text.strip():
        _clear(page)
        if not survey(page, Want.EMPTY, within=SETTLES_WITHIN, focus=0).met:
            raise Halt(Cause.COMPOSER_NOT_EMPTY, "the composer opened with a text that does not go away")


def _clear(page: Page) -> None:
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.press("Backspace")


# --- parts


def _add_part(desk: Desk, page: Page, texts: Sequence[str]) -> None:
    """Add one more text box, and put the caret there."""
    for last in (False, False, True):
        _see_kept(page, texts[:-1])
        try:
            _click_add(desk, page)
            _see_added(page, texts)
        except Halt as halt:
            # The page drew itself anew between the look and the click: what was written is gone, and the button off.
            if last or halt.cause is not Cause.NOT_OFFERED:
                raise
        else:
            return


def _see_added(page: Page, texts: Sequence[str]) -> None:
    if not survey(page, Want.BOXES, within=ADD_WITHIN, texts=texts, focus=len(texts) - 1).met:
        raise Halt(Cause.NOT_OFFERED, "the composer did not open another part")


def _click_add(desk: Desk, page: Page) -> None:
    seen = survey(page, Want.ADD, within=ADD_WITHIN)
    for _ in range(MOST_OBSTACLES):
        if seen.met or not _take_away(page, seen):
            break
        seen = survey(page, Want.ADD, within=ADD_WITHIN)
    if not seen.met:
        raise Halt(Cause.NOT_OFFERED, "the composer has no button to add a part")
    tell_drift(desk, seen.hits)
    button = point(page, "add")
    if button is None:
        raise Halt(Cause.NOT_OFFERED, "the button to add a part went away")
    click(page, button, Cause.NOT_OFFERED, "adding a part", within=ADD_WITHIN)


# --- text


def _even(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def is_searched(text: str) -> bool:
    """Whether X looks for suggestions to the last word of a text.

    >>> [is_searched("with @bob"), is_searched("a #tag."), is_searched("mail a@b.example"), is_searched("＠bob")]
    [True, True, False, True]
    """
    return _SEARCHED.search(text) is not None


def _write(page: Page, text: str, way: Way) -> None:
    """Write a text where the caret is. A space behind a last word that is searched for ends the search, and X
    takes outer space away by itself.
    """
    if text:
        way(page, text)
    if is_searched(text):
        page.keyboard.insert_text(" ")


def _rewrite(page: Page, texts: Sequence[str], way: Way) -> None:
    """Clear every box and write it another way."""
    for n, text in enumerate(texts):
        survey(page, Want.BOXES, within=SETTLES_WITHIN, texts=texts, focus=n)
        _clear(page)
        _write(page, text, way)


def lost_its_text(page: Page, texts: Sequence[str]) -> bool:
    """Whether every box is there and what was in one is gone; then it is written again."""
    seen = survey(page, Want.WRITTEN, within=0, texts=texts)
    lost = bool(seen.composer and not seen.met and len(seen.composer.boxes) == len(texts))
    if lost:
        _rewrite(page, texts, put_in)
    return lost


def settled(page: Page, texts: Sequence[str], *, answering: bool) -> Survey:
    """Look until all is as it should be; take away what may be taken away."""
    trimmed = False
    for _ in range(MOST_OBSTACLES):
        seen = survey(page, Want.COMPOSED, within=SETTLES_WITHIN, texts=texts, answering=answering)
        if seen.wall:
            raise Halt(*seen.wall)
        if seen.met and not _list_opens(page, texts):
            return seen
        if not seen.met and not _take_away(page, seen):
            if trimmed or not _is_only_disabled(seen, texts):
                return seen
            trimmed = True
            _take_spaces_back(page, texts)
    return survey(page, Want.COMPOSED, within=0, texts=texts, answering=answering)


def _list_opens(page: Page, texts: Sequence[str]) -> bool:
    """Give a list of suggestions its time, where there could be one; close it."""
    if not is_searched(texts[-1]) or not survey(page, Want.LISTED, within=LIST_WITHIN).met:
        return False
    _close_list(page)
    return True


def _close_list(page: Page, *, at_end: bool = True) -> None:
    """Close an open list. A space behind the word does it without a key that would mean something else if the list
    closed by itself meanwhile; within a text there is no room for one.
    """
    seen = survey(page, Want.FREE, within=0)
    if seen.met or seen.composer is None:
        return
    if at_end:
        page.keyboard.insert_text(" ")
        if survey(page, Want.FREE, within=LIST_WITHIN).met:
            return
    # It is open, and so Escape is the list's own.
    page.keyboard.press("Escape")
    survey(page, Want.FREE, within=LIST_WITHIN)


def _is_only_disabled(seen: Survey, texts: Sequence[str]) -> bool:
    composer = seen.composer
    return bool(composer and composer.enabled is False and holds(composer, texts))


def _take_spaces_back(page: Page, texts: Sequence[str]) -> None:
    """Without the spaces behind them: at the very limit they are one character too many."""
    for n, text in enumerate(texts):
        if is_searched(text):
            survey(page, Want.BOXES, within=SETTLES_WITHIN, texts=texts, focus=n)
            page.keyboard.press("ControlOrMeta+End")
            page.keyboard.press("Backspace")


def _take_away(page: Page, seen: Survey) -> bool:
    """Take away one thing that stands in the way, if there is one. Raises for what must stay."""
    composer = seen.composer
    if seen.sheets:
        put_aside(page, seen.sheets[-1], clicked=False)
    elif composer and composer.suggestions:
        _close_list(page)
    elif composer and composer.cover:
        uncover(page, composer.cover)
    else:
        return False
    return True


def holds(composer: Composer, texts: Sequence[str]) -> bool:
    """Whether every box holds its text, and there is no other."""
    boxes = composer.boxes
    return len(boxes) == len(texts) and all(box.holds(text) for box, text in zip(boxes, texts, strict=True))


def _refused(seen: Survey, texts: Sequence[str], *, answering: bool) -> Halt:
    """Say what is wrong with a composer that will not do."""
    composer = composer_in(seen)
    if not holds(composer, texts):
        return Halt(Cause.COMPOSER_DIFFERS, "the composer does not hold the text, however it is typed")
    if composer.suggestions:
        return Halt(Cause.OVERLAY, "a list of suggestions stays open")
    if composer.cover:
        return Halt(Cause.OVERLAY, f"{composer.cover} lies over the button")
    if composer.enabled is None:
        return Halt(Cause.UI_DRIFT, "the composer has no button")
    if answering and composer.context.notice:
        return Halt(
            Cause.TARGET_CLOSED, "the post takes no replies: the dialog says so, and its button stays off"
        )
    return Halt(Cause.BUTTON_DISABLED, "the composer holds the text, and its button stays disabled")
