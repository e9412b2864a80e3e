"""One look at the page, in one round trip: everything that has to be known before the next step."""

from __future__ import annotations

import contextlib
import time
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from weakref import WeakKeyDictionary

from playwright.sync_api import ElementHandle, JSHandle, Page
from playwright.sync_api import Error as PlaywrightError

from steadypost.channels.x_web import selectors
from steadypost.channels.x_web.scripts import ASKED_OF_EVERY_PAGE, script
from steadypost.channels.x_web.sheets import Sheet, sheet_from
from steadypost.channels.x_web.walls import wall
from steadypost.domain.outcome import Cause
from steadypost.domain.remote_id import RemoteId

SCRIPT = script("survey", "composer")

POINT = script("point", "composer")

PRESS = script("press", "composer")

GUARDED_MS = 1000.0
"""How long the page is kept from taking a click that missed the button. It comes within a few milliseconds."""

MOST_INTERRUPTIONS = 20
"""How often a look may be cut off by the page navigating before that is the page's fault."""


_OPENED: WeakKeyDictionary[Page, ElementHandle] = WeakKeyDictionary()
"""What a reply's composer is in that opened within its page. Any other composer within a page must not be touched."""


class Want(StrEnum):
    """What to wait for. A wall always ends the wait, too."""

    COMPOSER = "composer"
    """Signed in, and a composer in a dialog with its button."""
    POST = "post"
    """Signed in, and the post that is to be answered - or word that it is gone."""
    REPLYABLE = "replyable"
    """That post with a reply button that can be clicked."""
    ADD = "add"
    """An enabled button to add a part."""
    BOXES = "boxes"
    """As many text boxes as there are texts."""
    EMPTY = "empty"
    """Nothing in any text box."""
    ATTACHED = "attached"
    """``count`` pictures on the part ``focus``, all uploaded."""
    WRITTEN = "written"
    """Every text as it should be."""
    FREE = "free"
    """No list of suggestions."""
    UNCOVERED = "uncovered"
    """Nothing over the button that posts."""
    LISTED = "listed"
    """A list of suggestions."""
    DESCRIBING = "describing"
    """The editor of descriptions."""
    KEPT = "kept"
    """That editor closed, or with nothing left to save."""
    PUT_AWAY = "put_away"
    """That editor closed."""
    MENU = "menu"
    """An open menu."""
    SHEET = "sheet"
    """Something that lies over the page and asks."""
    CLEAR = "clear"
    """Nothing that lies over the page and asks."""
    COMPOSED = "composed"
    """Every text as it should be, and nothing between us and an enabled button."""


@dataclass(frozen=True, slots=True)
class Box:
    """What one text box holds."""

    text: str
    exact: bool
    """Whether line breaks are certain. Without blocks to count, blank lines are not."""

    def holds(self, wanted: str) -> bool:
        """Whether this is the wanted text."""
        return _plain(self.text, exact=self.exact) == _plain(wanted, exact=self.exact)


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a part, as the composer shows it."""

    source: str
    """Which one it is: its address within the page."""
    alt: str
    """What the page says of it to those who cannot see it."""


@dataclass(frozen=True, slots=True)
class Context:
    """What the dialog says of what it answers."""

    people: tuple[str, ...] = ()
    """Everybody it names."""
    posts: tuple[str, ...] = ()
    """Which posts it shows, where it links to them."""
    text: str = ""
    notice: bool = False
    """Whether it tells something, as a page does that takes no answers."""


@dataclass(frozen=True, slots=True)
class Composer:
    """The composer in the dialog."""

    boxes: tuple[Box, ...]
    enabled: bool | None
    """Whether the button can be clicked; ``None`` when there is no button."""
    cover: str | None
    """What lies over the button."""
    suggestions: bool
    attached: tuple[tuple[Picture, ...], ...]
    """The pictures of each part."""
    context: Context = Context()


@dataclass(frozen=True, slots=True)
class Target:
    """The post that is to be answered, as its page shows it."""

    author: str
    cover: str | None
    """What lies over its reply button."""
    text: str = ""
    """How it begins."""
    takes_replies: bool = True
    """Whether its reply button can be clicked."""
    people: tuple[str, ...] = ()
    """Everybody it names."""


@dataclass(frozen=True, slots=True)
class Editor:
    """What descriptions of pictures are written in."""

    source: str | None
    """The picture it shows; ``None`` when it shows none."""
    apart: bool
    """Whether it is a dialog of its own, over the composer."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What one look at the page saw."""

    met: bool
    """Whether what was wanted is there."""
    url: str
    who: str
    """The handle that is signed in; empty when nobody is, or the page does not say."""
    wall: tuple[Cause, str] | None
    gone: bool
    """Whether the page says that there is nothing at this address."""
    loading: bool
    """Whether the page has not arrived yet: the document, or anything on it."""
    target: Target | None
    composer: Composer | None
    hits: Mapping[str, int]
    sheets: tuple[Sheet, ...] = ()
    """What lies over the page and is not the composer, the topmost last."""
    editor: Editor | None = None
    broken: bool = False
    """Whether the page shows nothing but that it could not be drawn."""
    failed_calls: tuple[int, ...] = ()
    """How the page's own calls ended that failed: an HTTP status; 0 for no answer. Only where there is no composer."""

    @property
    def drift(self) -> tuple[str, ...]:
        """Names of what was found only by a fall-back."""
        return selectors.drifted(self.hits)


def survey(
    page: Page,
    want: Want,
    *,
    within: float,
    target: RemoteId | None = None,
    texts: Sequence[str] = (),
    focus: int | None = None,
    count: int = 0,
    answering: bool = False,
) -> Survey:
    """Look until what is wanted is there, a wall is, or the time is up; say what was seen then.

    With ``focus``, that part's text box gets the caret when all is well.
    """
    asked: dict[str, Any] = {
        "want": want.value,
        "target": target,
        "texts": list(texts),
        "focus": focus,
        "count": count,
    }
    asked["answering"] = answering
    return _read(evaluate(page, SCRIPT, asked, within=within))


def evaluate(page: Page, script: str, asked: Mapping[str, Any], *, within: float) -> Mapping[str, Any]:
    """Run a script that looks, and run it again on the next page when a navigation takes it away."""
    end = time.monotonic() + within
    for _ in range(MOST_INTERRUPTIONS):
        left = max(0.0, end - time.monotonic())
        with contextlib.suppress(PlaywrightError):
            seen: Mapping[str, Any] = page.evaluate(
                script, {**_asked_of(page), **asked, "within": left * 1000}
            )
            return seen
        forget_composer_within(page)  # it went with its document
        if page.is_closed():
            break
    # The last time for the exception's own sake: its type says whether the browser died.
    last: Mapping[str, Any] = page.evaluate(script, {**_asked_of(page), **asked, "within": 0})
    return last


def _asked_of(page: Page) -> dict[str, Any]:
    return {**ASKED_OF_EVERY_PAGE, "opened": _OPENED.get(page)}


def point(
    page: Page, thing: str, *, part: int = 0, source: str = "", number: int = 0
) -> ElementHandle | None:
    """Give the element of the composer that is this thing; nothing where there is none."""
    asked = {**_asked_of(page), "thing": thing, "part": part, "source": source, "number": number}
    return page.evaluate_handle(POINT, asked).as_element()


def press(page: Page, *, within: float) -> bool:
    """Click once on the button that posts, as soon as it is on, free and at rest; say whether it was clicked on.

    Not by Playwright's own click, which brings 0.7 MB of scripts into every new document.
    """
    asked = {**_asked_of(page), "within": within * 1000, "guarded": GUARDED_MS}
    place = page.evaluate(PRESS, asked)
    if place is not None:
        page.mouse.click(place["x"], place["y"])
    return place is not None


def boxes_within(page: Page) -> JSHandle:
    """Give the text boxes that are within the page, as something to compare with."""
    return page.evaluate_handle(POINT, {**_asked_of(page), "thing": "within"})


def take_composer_within(page: Page, before: JSHandle) -> bool:
    """From now on, take the composer that has opened within the page since; say whether there is one."""
    asked = {**_asked_of(page), "thing": "opened", "before": before}
    with contextlib.suppress(PlaywrightError):  # the page that was looked at before is gone
        found = page.evaluate_handle(POINT, asked).as_element()
        if found is not None:
            _OPENED[page] = found
    return page in _OPENED


def forget_composer_within(page: Page) -> None:
    """Touch no composer within the page any more."""
    _OPENED.pop(page, None)


def _read(seen: Mapping[str, Any]) -> Survey:
    who = seen["who"]
    return Survey(
        met=seen["met"],
        url=seen["url"],
        who=who or "",
        wall=wall(seen["path"], seen["alerts"], who=who, sign_in=seen["signIn"]),
        gone=seen["gone"],
        loading=seen["loading"],
        target=_target(seen["post"]),
        composer=_composer(seen["composer"]),
        hits=seen["hits"],
        sheets=tuple(sheet_from(sheet) for sheet in seen["sheets"]),
        editor=Editor(**seen["editor"]) if seen["editor"] else None,
        broken=seen["broken"],
        failed_calls=tuple(seen["failedCalls"]),
    )


def _target(seen: Mapping[str, Any] | None) -> Target | None:
    if not seen or not seen["reply"]:
        return None
    reply = seen["reply"]
    return Target(
        author=seen["author"],
        cover=reply["cover"],
        text=seen["text"],
        takes_replies=reply["enabled"],
        people=tuple(seen["people"]),
    )


def _composer(seen: Mapping[str, Any] | None) -> Composer | None:
    if not seen:
        return None
    submit = seen["submit"]
    return Composer(
        boxes=tuple(Box(box["text"], box["exact"]) for box in seen["boxes"]),
        enabled=submit["enabled"] if submit else None,
        cover=submit["cover"] if submit else None,
        suggestions=seen["suggestions"],
        attached=tuple(tuple(Picture(**one) for one in pictures) for pictures in seen["attached"]),
        context=_context(seen["context"]),
    )


def _context(seen: Mapping[str, Any]) -> Context:
    return Context(
        people=tuple(seen["people"]), posts=tuple(seen["posts"]), text=seen["text"], notice=seen["notice"]
    )


def _plain(text: str, *, exact: bool) -> str:
    even = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    even = even.replace("\N{NO-BREAK SPACE}", " ").strip()
    return even if exact else "\n".join(line.strip() for line in even.split("\n") if line.strip())
