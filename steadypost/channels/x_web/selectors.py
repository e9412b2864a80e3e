"""Where things are on X's page: data, every purpose with its fall-backs in order.

X renames its elements without notice. The first way is today's name; whoever finds a thing by a later one
reports the drift by name and goes on. Nothing here is tried one time-out after the other: the page is asked
for all of them at once (see ``survey``), and asked again when it changes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Purpose(StrEnum):
    """What an element is for."""

    PROFILE = "profile"
    """The link to one's own profile: who is signed in."""
    SIGN_IN = "sign_in"
    """Something that only somebody signed out is shown."""
    DIALOG = "dialog"
    """What the composer is in. Behind it is a second composer, the home page's."""
    BOX = "box"
    """A part's text box; ``{n}`` is the part."""
    SUBMIT = "submit"
    ADD = "add"
    FILE = "file"
    ALT_OPEN = "alt_open"
    ALT_TEXT = "alt_text"
    ALT_SAVE = "alt_save"
    REPLY = "reply"
    """On a post."""
    POST = "post"
    TEXT = "text"
    SUGGESTIONS = "suggestions"
    """The list that opens under an @ or a #."""
    GONE = "gone"
    """What stands where a post or profile does not exist."""
    CUT = "cut"
    """What opens the rest of a text."""
    CONTEXT = "context"
    """What says that a post is pinned, or somebody's repost."""
    FAILED = "failed"
    """What a list offers that could not be loaded."""
    EMPTY = "empty"
    """What stands where a list has no entries."""
    COOKIES = "cookies"
    """What takes the cookie banner away."""
    ACCOUNT = "account"
    """The button that changes accounts: it names the one that is signed in."""
    CLOSE = "close"
    """What closes a sheet."""
    MENU = "menu"
    """On a post: what opens its menu."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to find something: a CSS selector, and the exact words on it where the selector is too wide; or the
    place in which it always is, which the scripts know.
    """

    name: str
    css: str
    words: tuple[str, ...] = ()
    place: bool = False

    def for_page(self) -> dict[str, Any]:
        """Give it as the script in the page takes it."""
        return {"css": self.css, "words": list(self.words), "place": self.place}


def _id(name: str, below: str = "") -> Way:
    return Way(name, f'[data-testid="{name}"]{below}')


def _label(words: str) -> Way:
    return Way(f"aria-label {words}", f'[aria-label="{words}"]')


BY_ITS_PLACE = Way("its place", "", place=True)
"""Whatever it is called, made of, or says in whichever language: it is known by where it stands."""

RESERVED = (
    "home", "explore", "search", "notifications", "messages", "i", "settings", "compose", "jobs", "lists", "bookmarks",
    "communities", "premium", "login", "logout", "signup", "tos", "privacy", "about", "download", "hashtag", "intent",
    "share", "account", "status", "chat", "grok", "moments", "topics", "topics_picker", "follower_requests",
)  # fmt: skip
"""What stands in the place of a name in the page's own addresses and is nobody's."""

WAYS: Mapping[Purpose, tuple[Way, ...]] = {
    Purpose.PROFILE: (
        _id("AppTabBar_Profile_Link"),
        Way("aria-label Profile", 'nav a[aria-label="Profile"]'),
        BY_ITS_PLACE,
    ),
    Purpose.ACCOUNT: (
        _id("SideNav_AccountSwitcher_Button"),
        Way("the menu's button", 'header [aria-haspopup="menu"]:has(img)'),
    ),
    Purpose.SIGN_IN: (
        _id("loginButton"),
        _id("LoginForm_Login_Button"),
        _id("ocfEnterTextTextInput"),
        Way("link to login", 'a[href="/login"], a[href="/i/flow/login"]'),
    ),
    Purpose.DIALOG: (
        Way("role dialog", '[role="dialog"]'),
        Way("aria-modal", '[aria-modal="true"]'),
        BY_ITS_PLACE,
    ),
    Purpose.BOX: (
        _id("tweetTextarea_{n}"),
        _id("tweetTextarea_{n}RichTextInputContainer"),
        _id("tweetTextarea_{n}_label"),
        Way("role textbox", '[contenteditable="true"][role="textbox"]'),
        Way("draft editor", ".public-DraftEditor-content"),
        BY_ITS_PLACE,
    ),
    Purpose.SUBMIT: (
        _id("tweetButton"),
        _id("tweetButtonInline"),
        _id("replyButton"),
        Way(
            "words on a button",
            'button, [role="button"], input[type="submit"]',
            ("Post", "Post all", "Reply"),
        ),
        BY_ITS_PLACE,
    ),
    Purpose.ADD: (
        _id("addButton"),
        _id("threadAddButton"),
        _id("addThreadButton"),
        _label("Add post"),
        _label("Add another post"),
        _label("Add to thread"),
        BY_ITS_PLACE,
    ),
    Purpose.FILE: (
        _id("fileInput"),
        Way("file input", 'input[type="file"]'),
    ),
    Purpose.ALT_OPEN: (
        _id("altTextLabel"),
        _label("Add description"),
        Way("link to media", 'a[href$="/media"]'),
    ),
    Purpose.ALT_TEXT: (
        _id("altTextInput"),
        Way("name altTextInput", 'textarea[name="altTextInput"]'),
    ),
    Purpose.ALT_SAVE: (
        _id("altTextSave"),
        _id("endEditingButton"),
    ),
    Purpose.CLOSE: (
        _id("SheetClose"),
        _id("app-bar-close"),
        _id("sheetCloseButton"),
        _id("modalClose"),
    ),
    Purpose.MENU: (_id("caret"),),
    Purpose.REPLY: (
        _id("reply"),
        Way("aria-label ends with Reply", 'button[aria-label$="Reply"]'),
        Way(
            "the first action",
            ':is([role="group"], .actions) > :is(button, [role="button"]):first-child, '
            '[role="group"] > :first-child > :is(button, [role="button"]):first-child',
        ),
    ),
    Purpose.POST: (
        _id("tweet"),
        Way("article", 'article[role="article"]'),
    ),
    Purpose.TEXT: (
        _id("tweetText"),
        Way("language of a text", "div[lang][dir]"),
    ),
    Purpose.SUGGESTIONS: (
        _id("Dropdown"),
        Way("typeahead list", '[role="listbox"]:has([data-testid^="typeahead"])'),
    ),
    Purpose.GONE: (_id("error-detail"),),
    Purpose.CUT: (
        _id("tweet-text-show-more-link"),
        Way("words on a link", 'a[href*="/status/"], button', ("Show more",)),
    ),
    Purpose.CONTEXT: (_id("socialContext"),),
    Purpose.FAILED: (
        Way("words on a button", '[data-testid="primaryColumn"] button', ("Retry", "Try again")),
    ),
    Purpose.EMPTY: (_id("emptyState"),),
    Purpose.COOKIES: (
        Way(
            "words on the banner",
            '#layers button, [data-testid="BottomBar"] button',
            ("Refuse non-essential cookies", "Accept all cookies", "Got it"),
        ),
    ),
}

HARMLESS_COVERS = frozenset({"twc-cc-mask", "BottomBar"})
"""What may lie over the page and be taken away without asking anybody: the cookie banner. Nothing else."""

NEEDED = (Purpose.PROFILE, Purpose.DIALOG, Purpose.BOX, Purpose.SUBMIT, Purpose.FILE)
"""Without these nothing can be published."""


def for_page() -> dict[str, list[dict[str, Any]]]:
    """Give all of it as the script in the page takes it."""
    return {purpose.value: [way.for_page() for way in ways] for purpose, ways in WAYS.items()}


def words() -> frozenset[str]:
    """Give every word of the page's own that something is known by. They mean nobody.

    >>> "Post all" in words(), "Add post" in words()
    (True, True)
    """
    every = [way for ways in WAYS.values() for way in ways]
    labels = [label for way in every for label in re.findall(r'\[aria-label="([^"]+)"\]', way.css)]
    return frozenset([*labels, *(word for way in every for word in way.words)])


def drifted(hits: Mapping[str, int]) -> tuple[str, ...]:
    """Name what was found only by a fall-back: ``submit: tweetButtonInline``.

    >>> drifted({"profile": 0, "submit": 1, "add": -1})
    ('submit: tweetButtonInline',)
    """
    return tuple(f"{purpose}: {WAYS[Purpose(purpose)][hit].name}" for purpose, hit in hits.items() if hit > 0)
