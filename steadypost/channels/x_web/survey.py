"""One look at the page, in one round trip: everything that has to be known before the next step."""

from __future__ import annotations

import contextlib
import time
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from steadypost.channels.x_web import selectors
from steadypost.channels.x_web.scripts import ASKED_OF_EVERY_PAGE, script
from steadypost.channels.x_web.walls import wall
from steadypost.domain.outcome import Cause
from steadypost.domain.snowflake import RemoteId

SCRIPT = script("survey")

MOST_INTERRUPTIONS = 20
"""How often a look may be cut off by the page navigating before that is the page's fault."""


class Want(StrEnum):
    """What to wait for. A wall always ends the wait, too."""

    COMPOSER = "composer"
    """Signed in, and a composer in a dialog with its button."""
    POST = "post"
    """Signed in, and the post that is to be answered - or word that it is gone."""
    ADD = "add"
    """An enabled button to add a part."""
    BOXES = "boxes"
    """As many text boxes as there are texts."""
    EMPTY = "empty"
    """Nothing in any text box."""
    ATTACHED = "attached"
    """``count`` pictures on the part ``focus``, all uploaded."""
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
class Composer:
    """The composer in the dialog."""

    boxes: tuple[Box, ...]
    enabled: bool | None
    """Whether the button can be clicked; ``None`` when there is no button."""
    cover: str | None
    """What lies over the button."""
    suggestions: bool
    uploading: bool
    attached: tuple[int, ...]
    people: tuple[str, ...]
    """Whom the dialog says it answers."""
    posts: tuple[str, ...]
    """Which posts the dialog shows above the text, where it links to them."""


@dataclass(frozen=True, slots=True)
class Target:
    """The post that is to be answered, as its page shows it."""

    author: str
    cover: str | None
    """What lies over its reply button."""


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
    """Whether the document itself has not arrived yet."""
    target: Target | None
    composer: Composer | None
    hits: Mapping[str, int]

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
) -> Survey:
    """Look until what is wanted is there, a wall is, or the time is up; say what was seen then.

    With ``focus``, that part's text box gets the caret when all is well.
    """
    asked = {"want": want.value, "target": target, "texts": list(texts), "focus": focus, "count": count}
    return _read(evaluate(page, SCRIPT, asked, within=within))


def evaluate(page: Page, script: str, asked: Mapping[str, Any], *, within: float) -> Mapping[str, Any]:
    """Run a script that looks, and run it again on the next page when a navigation takes it away."""
    end = time.monotonic() + within
    for _ in range(MOST_INTERRUPTIONS):
        left = max(0.0, end - time.monotonic())
        with contextlib.suppress(PlaywrightError):
            seen: Mapping[str, Any] = page.evaluate(
                script, {**ASKED_OF_EVERY_PAGE, **asked, "within": left * 1000}
            )
            return seen
        if page.is_closed():
            break
    # The last time for the exception's own sake: its type says whether the browser died.
    last: Mapping[str, Any] = page.evaluate(script, {**ASKED_OF_EVERY_PAGE, **asked, "within": 0})
    return last


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
    )


def _target(seen: Mapping[str, Any] | None) -> Target | None:
    if not seen or not seen["reply"]:
        return None
    return Target(author=seen["author"], cover=seen["reply"]["cover"])


def _composer(seen: Mapping[str, Any] | None) -> Composer | None:
    if not seen:
        return None
    submit = seen["submit"]
    return Composer(
        boxes=tuple(Box(box["text"], box["exact"]) for box in seen["boxes"]),
        enabled=submit["enabled"] if submit else None,
        cover=submit["cover"] if submit else None,
        suggestions=seen["suggestions"],
        uploading=seen["uploading"],
        attached=tuple(seen["attached"]),
        people=tuple(seen["context"]["people"]),
        posts=tuple(seen["context"]["posts"]),
    )


def _plain(text: str, *, exact: bool) -> str:
    even = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    even = even.replace("\N{NO-BREAK SPACE}", " ").rstrip()
    return even if exact else "\n".join(line.strip() for line in even.split("\n") if line.strip())
