"""What a text must not be: what generators leave behind when they fail, which a machine takes for a post."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass

CUT = 200
"""No text is searched for signs of a refusal beyond its first words."""


@dataclass(frozen=True, slots=True)
class Smell:
    """One reason to believe that nobody meant this text to be read."""

    why: str
    remedy: str


_UNFILLED = re.compile(
    r"\{\{.*?\}\}|\{%.*?%\}|<%.*?%>|\$\{\w+\}|\{[a-z]+(?:_[a-z]+)+\}"
    r"|\[(?:insert|your|add|enter|placeholder)\b[^\]\n]{0,60}\]|\blorem ipsum\b",
    re.IGNORECASE | re.DOTALL,
)
_MARKUP = re.compile(
    r"<!doctype|<!--|</(?:p|div|span|html|body|strong|em|b|i|u|a|h[1-6]|ul|ol|li|table|tr|td|script|style)\s*>"
    r"|<(?:br|hr|p|div|img|html|body|script|style)\b[^<>]{0,200}/?>|&(?:amp|nbsp|lt|gt|quot|apos|#\d+|#x[0-9a-f]+);"
    r"|^```|\n```",
    re.IGNORECASE,
)
_FORMULA = re.compile(r"=[A-Z][A-Z0-9.]+\(")
_CANNOT = r"i (?:can['’]?t|cannot|can not|am unable to|am not able to|won['’]?t be able to)"
_HELP = r"(?:(?:help|assist)(?: you)? with|fulfil+|comply with|generate|create|write|provide|produce)"
_MACHINE = re.compile(
    r"\bas an? (?:ai|artificial intelligence)(?: language)? (?:model|assistant)\b|\bas an ai,"
    r"|\bas an? (?:large )?language model\b"
    rf"|^(?:(?:i['’]?m|i am) (?:sorry|afraid)|sorry|unfortunately),?\s*(?:but\s+)?{_CANNOT} {_HELP}\b"
    rf"|^{_CANNOT} {_HELP} (?:that|this|your|such|content|a (?:tweet|post|thread|reply))\b"
    r"|^(?:sure|certainly|of course|absolutely)[!,.:]?\s+here(?:['’]s| is| are) (?:a|an|your|some|\d+)\b"
    r"|^here(?:['’]s| is| are) (?:a|an|your|the|some|\d+) (?:possible |short |draft )?(?:tweet|post|thread|reply)s?\b",
    re.IGNORECASE,
)
_NOTHING = frozenset(
    {"none", "null", "nil", "nan", "undefined", "n/a", "todo", "tbd", "[object object]", "test"}
)
_JSON_BEGUN = re.compile(r"\s*(?:\[\s*[\[{\"]|\{\s*\"[^\"\n]{1,80}\"\s*:)")

_CONTROL_ALLOWED = "\n"


def unsendable(text: str) -> Smell | None:
    """Find a character that X, a browser's text field or a store would not carry."""
    for at, letter in enumerate(text):
        if letter in "\ufeff\uffff\ufffe":
            return Smell(
                f"no network takes the invisible character U+{ord(letter):04X} at {at}",
                "delete that character",
            )
        if letter == "\N{REPLACEMENT CHARACTER}":
            return Smell(f"a character was lost before it came here, at {at}", "save the text as UTF-8 again")
        if unicodedata.category(letter) in {"Cc", "Cs"} and letter not in _CONTROL_ALLOWED:
            return Smell(
                f"no text field takes the control character U+{ord(letter):04X} at {at}", "use a space"
            )
    return None


DRAWN_AS_NOTHING = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters by name that no font draws: the Hangul fillers, and Braille without a dot."""


def is_blank(text: str) -> bool:
    """Whether a reader would see nothing: white space, joiners and marks without anything to join."""
    return all(
        letter.isspace() or letter in DRAWN_AS_NOTHING or unicodedata.category(letter) in {"Cf", "Mn", "Cc"}
        for letter in text
    )


def smell(text: str) -> Smell | None:
    """Find the first reason to believe that this was not written to be read."""
    begin = text.strip()[:CUT]
    if _is_json(text):
        return Smell("it is data (JSON), not a text", "publish the text inside it")
    if begin.casefold() in _NOTHING:
        return Smell("it is a placeholder, not a text", "write the text")
    if found := _UNFILLED.search(text):
        return Smell(f"it holds an unfilled template: {found[0][:40]!r}", "fill it in")
    if _FORMULA.match(begin):
        return Smell("it is a spreadsheet's formula and not its value", "write what the cell shows")
    if found := _MARKUP.search(text):
        return Smell(f"it holds markup that would be shown as it is: {found[0][:40]!r}", "write plain text")
    if found := _MACHINE.search(begin):
        return Smell(
            f"it speaks as a text generator, not as its author: {found[0][:40]!r}", "write the post itself"
        )
    return None


def _is_json(text: str) -> bool:
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return _JSON_BEGUN.match(text) is not None
