"""How the page is built today: one choice per axis. Same page for a person, other markup, drawn at random in tests."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

WORDS: Final = Path(__file__).parent / "page" / "words.json"

RANDOM: Final = "random"

TODAYS: Final = "todays"


class BadVariant(ValueError):
    """A variant that the sandbox does not know."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One way in which builds differ. The first choice is today's."""

    says: str
    choices: Mapping[str, str]

    @property
    def todays(self) -> str:
        """The choice of the usual build."""
        return next(iter(self.choices))


AXES: Final[Mapping[str, Axis]] = {
    "buttons": Axis(
        "What a button is made of.",
        {
            "button": "The element of that name.",
            "div": "A `div` with the role, without `disabled`: only ARIA says so.",
            "a": "An `a` with the role and without an address.",
        },
    ),
    "testids": Axis(
        "What became of the test ids of the composer, the sheets and the navigation.",
        {
            "todays": "They are as they were.",
            "renamed": "About half of them have other names.",
            "absent": "About half of them are gone; roles and places stay.",
        },
    ),
    "dialog": Axis(
        "How the dialog with the composer is built.",
        {
            "nested": "A layer holds the mask and, beside it, the dialog.",
            "deep": "The dialog stands deep in wrappers, and a heading inside it names it.",
            "flat": "The layer itself is the dialog: mask, header and composer are its children.",
            "loose": "Mask and composer lie in #layers side by side, and nothing has the role of a dialog.",
        },
    ),
    "behind": Axis(
        "What lies behind the dialog at /compose/post.",
        {"composer": "The home page with a composer of its own.", "none": "The home page without one."},
    ),
    "lists": Axis(
        "Where suggestions open.",
        {
            "inside": "In the composer, under the box.",
            "layer": "In a layer of their own, outside the dialog.",
            "mask": "In a layer with an invisible mask, which keeps every click until the list is closed.",
        },
    ),
    "sheets": Axis(
        "Where sheets and questions open.",
        {
            "layer": "In a layer of their own, over a mask.",
            "inside": "Inside the dialog, over a mask.",
            "bare": "In #layers without a mask of their own.",
        },
    ),
    "hydration": Axis(
        "How the composer comes to life.",
        {
            "at_once": "It works as soon as it can be seen.",
            "late": "A skeleton comes first, then the box, then the controls.",
            "inert": "Everything is there, and takes nothing for a moment.",
            "replaced": "The box is replaced once, shortly after it came, and what was in it is lost.",
        },
    ),
    "language": Axis(
        "The language of every word and label.",
        {"en": "English.", "de": "German.", "ja": "Japanese.", "ar": "Arabic, from right to left."},
    ),
    "tools": Axis(
        "The order of the controls below the box.",
        {
            "usual": "Tools, counter, the button that adds a part, the button that posts.",
            "reversed": "The other way round, the tools too.",
            "split": "The buttons stand in the header, and the tools below the box.",
        },
    ),
    "faces": Axis(
        "What buttons show.",
        {"words": "Words.", "icons": "A drawing; the word is only the accessible name."},
    ),
    "editor": Axis(
        "How the box draws its text.",
        {
            "draft": "A block per line, as Draft does.",
            "lexical": "One paragraph with line breaks, as Lexical does.",
            "spaced": "A paragraph per line: what the browser reads out has more line breaks than the text.",
        },
    ),
    "reply": Axis(
        "How the composer says what is answered.",
        {
            "links": "The post above the box, and a line with a link to whoever wrote it.",
            "button": "The post above the box, and a line in plain words on a button.",
            "parent": "Only the post above the box, with its author and its text.",
            "aria": "Nothing is shown; the accessible names of the box and the dialog say whom.",
        },
    ),
    "controls": Axis(
        "Whose the tools are in a thread.",
        {
            "shared": "One set at the end serves whichever part has the caret.",
            "active": "They stand in the part that has the caret, and only there; so do those of its pictures.",
        },
    ),
    "media": Axis(
        "How descriptions of pictures are reached.",
        {
            "each": "A control on each picture.",
            "carousel": "One control for all pictures of a part, and a way from picture to picture.",
        },
    ),
    "describe": Axis(
        "How a description is written.",
        {
            "sheet": "In a sheet that closes when it is saved.",
            "modal": "In a dialog that stays open until it is closed; Save works once something was written.",
            "inline": "In a field below the pictures that stays open until it is closed.",
        },
    ),
}
"""Every axis by its name."""

RENAMES: Final[Mapping[str, str]] = {
    "tweetTextarea_": "postTextarea_",
    "tweetButton": "composerSubmit",
    "tweetButtonInline": "composerSubmitInline",
    "addButton": "addPostButton",
    "fileInput": "mediaFileInput",
    "mediaButton": "composerMediaButton",
    "toolBar": "composerToolBar",
    "attachments": "composerAttachments",
    "altTextLabel": "mediaDescriptionButton",
    "altTextInput": "mediaDescriptionInput",
    "altTextSave": "endEditingButton",
    "altTextSheet": "mediaEditorDialog",
    "app-bar-close": "modalClose",
    "SheetClose": "sheetCloseButton",
    "confirmationSheetDialog": "sheetDialog",
    "confirmationSheetConfirm": "sheetPrimaryAction",
    "confirmationSheetCancel": "sheetSecondaryAction",
    "mask": "modalMask",
    "sheet-mask": "sheetMask",
    "Dropdown": "typeaheadDropdown",
    "typeaheadResult": "typeaheadItem",
    "unsentButton": "draftsButton",
    "toast": "toastMessage",
    "SideNav_NewTweet_Button": "SideNav_NewPost_Button",
    "AppTabBar_Profile_Link": "SideNav_Profile_Link",
    "SideNav_AccountSwitcher_Button": "SideNav_Account_Button",
}
"""The test ids that a build may rename or drop. A name that ends in `_` stands for all that begin with it."""

IDENTITY: Final = ("AppTabBar_Profile_Link", "SideNav_AccountSwitcher_Button")
"""Where the page says who is signed in. One of them is always as it was: it is never out of sight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One build of the page."""

    seed: int = 0
    choices: Mapping[str, str] = field(default_factory=lambda: {name: a.todays for name, a in AXES.items()})
    names: Mapping[str, str | None] = field(default_factory=dict)
    """The test ids that differ, each with its name in this build, or with none."""

    def __getitem__(self, axis: str) -> str:
        return self.choices[axis]

    @property
    def language(self) -> str:
        """The language of the page."""
        return self.choices["language"]

    @property
    def direction(self) -> str:
        """Where lines begin."""
        return "rtl" if self.language == "ar" else "ltr"

    def describe(self) -> dict[str, Any]:
        """The variant as plain data."""
        return {"seed": self.seed, "choices": dict(self.choices), "names": dict(self.names)}


def read_variant(spec: Any, *, seed: int) -> Variant:
    """The variant that a start command or the control port names, or a refusal that says what there is."""
    asked = _from_text(spec) if isinstance(spec, str) else spec
    if not isinstance(asked, Mapping):
        raise BadVariant(f"variant must be a text or an object, not {spec!r}")
    rng = random.Random(f"variant:{seed}")  # noqa: S311 - repeatable, not secret
    choices = {name: _choose(name, asked.get(name), rng) for name in AXES}
    unknown = sorted(set(asked) - set(AXES))
    if unknown:
        raise BadVariant(f"unknown axis {', '.join(unknown)}; there are {', '.join(AXES)}")
    return Variant(seed=seed, choices=choices, names=_names(choices["testids"], rng))


def _from_text(text: str) -> dict[str, str]:
    """`random`, `todays`, `language=de,buttons=div` or `random,language=de`."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    asked = dict.fromkeys(AXES, RANDOM) if RANDOM in words else {}
    for word in words:
        if word in {RANDOM, TODAYS}:
            continue
        axis, equals, choice = word.partition("=")
        if not equals:
            raise BadVariant(f"variant {word!r} is neither {RANDOM}, {TODAYS} nor axis=choice")
        asked[axis] = choice
    return asked


def _choose(name: str, asked: Any, rng: random.Random) -> str:
    # Drawn in every case: what one axis is told must not change what the others draw.
    drawn = rng.choice(list(AXES[name].choices))
    if asked is None:
        return AXES[name].todays
    if asked == RANDOM:
        return drawn
    if asked not in AXES[name].choices:
        raise BadVariant(f"{name} must be {RANDOM} or one of {', '.join(AXES[name].choices)}, not {asked!r}")
    return str(asked)


def _names(kind: str, rng: random.Random) -> dict[str, str | None]:
    kept = rng.choice(IDENTITY)
    touched = [name for name in RENAMES if rng.random() < 0.5 and name != kept]
    match kind:
        case "renamed":
            return {name: RENAMES[name] for name in touched}
        case "absent":
            return dict.fromkeys(touched)
        case _:
            return {}


@cache
def words(language: str) -> Mapping[str, str]:
    """Every word of the page in a language, by its English; for English there is nothing to look up."""
    table: dict[str, dict[str, str]] = json.loads(WORDS.read_text(encoding="utf-8"))
    return {english: others[language] for english, others in table.items()} if language != "en" else {}


def word(language: str, english: str) -> str:
    """What the page says for this in a language. What stands behind a bar tells two uses of a word apart."""
    return words(language).get(english, english.partition("|")[0])
