"""What was probably meant by a command that is none. Nothing is named that would do the opposite."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

MEANT = {
    "remove": "cancel",
    "rm": "cancel",
    "unpublish": "delete ID --from-network",
    "drop": "cancel",
    "revoke": "cancel",
    "stop": "switches publish --off",
    "pause": "strike account NAME",
    "halt": "switches publish --off",
    "off": "switches publish --off",
    "on": "switches publish --on",
    "start": "up",
    "run": "up",
    "serve": "up",
    "hold": "strike",
    "block": "strike",
    "unblock": "lift",
    "approve": "release",
    "publish": "add TEXT -a NAME --when now",
    "send": "add TEXT -a NAME --when now",
    "tweet": "add TEXT -a NAME --when now",
    "unpause": "resume",
    "continue": "resume",
    "update": "edit",
    "change": "edit",
    "modify": "edit",
    "rename": "edit",
    "postpone": "shift",
    "delay": "shift",
    "duplicate": "copy",
    "clone": "copy",
    "revert": "undo",
    "rollback": "undo",
    "redo": "history",
    "log": "history",
    "list": "queue",
    "ls": "queue",
    "find": "queue --text WORDS",
    "search": "queue --text WORDS",
    "post": "add",
    "new": "add",
    "create": "add",
    "schedule": "add",
    "week": "calendar",
    "today": "calendar",
    "next": "queue",
    "users": "accounts",
    "setup": "account add NAME --channel CHANNEL",
    "logout": "strike account NAME",
    "settings": "doctor",
    "config": "doctor",
    "help": "--help",
    "version": "--version",
    "repost": "copy",
    "republish": "copy",
    "month": "calendar --month",
    "view": "show",
    "get": "show",
    "health": "doctor",
    "check": "doctor",
}
"""Words that people try first, and what does that here."""

ACTS = frozenset(
    {"release", "retry", "cancel", "lift", "strike", "resume", "undo", "drill", "reschedule", "swap"}
)
"""Commands that let something go or take something back: a slip that is not all but the word names none of them."""

NEARLY = 0.84
"""How alike a slip has to be to one of those."""


def hint(written: str, known: Collection[str]) -> str:
    """Say what was probably meant, or what there is."""
    word = written.casefold()
    if word in MEANT:
        return f"'{MEANT[word]}' does that"
    for name in get_close_matches(word, known, n=3):
        if name not in ACTS or get_close_matches(word, [name], cutoff=NEARLY):
            return f"'{name}' was meant?"
    return f"there are: {', '.join(known)}"
