"""Which encoding a text file is in: told by its mark, by strict trial, or by a person. Never guessed.

UTF-8 proves itself: text in another encoding is practically never valid UTF-8. cp1252 proves nothing, because it
reads almost any bytes; so what it reads must look like words. Where it does not, the file is refused with what it
would say, and ``--encoding`` names the right one.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from steadypost.intake.sheet import FileRefused, unreadable

TOLD = {
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "cp1252": "Windows-1252",
}

_SAVE = 'save it as "CSV UTF-8"'
_OTHERS = ("mac_roman", "cp1250", "iso8859_15", "cp1251", "cp932", "gb18030", "euc_kr")
"""What is tried when a file is refused, to show what it would say; which one is right, a person says."""
_READ = 1 << 16


@dataclass(frozen=True, slots=True)
class _Stuck:
    """Where a trial ended: the line, and what stands there."""

    line: int
    shown: str


def encoding_of(path: Path, told: str | None) -> str:
    """Find the encoding of a file, or raise ``FileRefused``."""
    if told:
        return _as_told(path, told)
    with path.open("rb") as opened:
        head = opened.read(512)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _proven(path, "utf-16")
    if marked := _unmarked_utf16(head):
        return _proven(path, marked)
    if head.startswith(b"PK\x03\x04"):
        raise unreadable(
            path, 0, path.name, "this is a workbook or a ZIP, and no CSV", "name it .xlsx if it is one"
        )
    _refuse_nul(path)
    if _trial(path, "utf-8-sig") is None:
        return "utf-8-sig"
    return _windows(path)


def lines(path: Path, encoding: str) -> Iterator[str]:
    """Give the lines with their ends, as the csv module wants them."""
    with path.open(encoding=encoding, newline="") as opened:
        yield from opened


def _as_told(path: Path, told: str) -> str:
    try:
        name = codecs.lookup(told).name
        "".encode(name)
    except (LookupError, ValueError):
        why, remedy = "no encoding has this name", "write utf-8, utf-16, cp1252, cp1250 or mac_roman"
        raise unreadable(path, 0, told, why, remedy) from None
    return _proven(path, "utf-8-sig" if name == "utf-8" else name)


def _proven(path: Path, encoding: str) -> str:
    if stuck := _trial(path, encoding):
        raise unreadable(path, stuck.line, stuck.shown, f"this is not {encoding}", _SAVE)
    return encoding


def _unmarked_utf16(head: bytes) -> str | None:
    """UTF-16 without its mark: every second byte of a header in plain letters is zero."""
    pairs = len(head) // 2
    if pairs < 4:
        return None
    if head[1 : pairs * 2 : 2].count(0) > pairs * 0.9 and not head[0 : pairs * 2 : 2].count(0):
        return "utf-16-le"
    if head[0 : pairs * 2 : 2].count(0) > pairs * 0.9 and not head[1 : pairs * 2 : 2].count(0):
        return "utf-16-be"
    return None


def _refuse_nul(path: Path) -> None:
    with path.open("rb") as opened:
        for n, line in enumerate(opened, start=1):
            if b"\0" in line:
                why = "this line holds a NUL character: it is not text"
                raise unreadable(path, n, "NUL", why, _SAVE)


def _trial(path: Path, encoding: str) -> _Stuck | None:
    """Decode all of it; say where that ends."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    line = 1
    with path.open("rb") as opened:
        while True:
            chunk = opened.read(_READ)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeError as wrong:
                at = wrong.start if isinstance(wrong, UnicodeDecodeError) else 0
                whole = wrong.object if isinstance(wrong, UnicodeDecodeError) else chunk
                line += whole.count(b"\n", 0, at)
                return _Stuck(line, whole[max(0, at - 20) : at + 20].decode("cp1252", errors="replace"))
            if not chunk:
                return None
            line += text.count("\n")


# -- cp1252: what Excel writes in western Europe and America when it is not told otherwise


def _windows(path: Path) -> str:
    if stuck := _trial(path, "cp1252"):
        why = "this is neither UTF-8 nor Windows-1252"
        raise unreadable(path, stuck.line, stuck.shown, why, _say(path))
    for n, line in enumerate(lines(path, "cp1252"), start=1):
        if found := _implausible(line):
            raise _unlikely(path, n, found)
    return "cp1252"


def _unlikely(path: Path, n: int, found: str) -> FileRefused:
    why = f"this is not UTF-8, and as Windows-1252 it would say {found!r}"
    return unreadable(path, n, found, why, _say(path))


def _say(path: Path) -> str:
    """Say how the encoding is named, and what the file would say in those that read like words."""
    words = {name: _first_word(path, name) for name in _OTHERS if _trial(path, name) is None}
    readings = [f"--encoding {name} (it says {word!r} then)" for name, word in words.items() if word]
    shown = ", ".join(readings[:3]) or "--encoding cp1250"
    return f"{_SAVE}, or name its encoding: {shown}"


def _first_word(path: Path, encoding: str) -> str:
    """Give the first word with another letter than A to Z; empty where one of them is no word of any language."""
    first = ""
    for line in lines(path, encoding):
        for found in _LETTERS.finditer(line):
            word = found[0]
            if not word.isascii() and not _is_word(word):
                return ""
            first = first or ("" if word.isascii() else word[:30])
    return first


def _is_word(word: str) -> bool:
    letters = [letter for letter in word if letter not in _IN_WORDS]
    scripts = {unicodedata.name(letter, "?").split()[0] for letter in letters}
    return (
        all(unicodedata.category(letter)[0] in "LM" for letter in letters)
        and (len(scripts) < 2 or scripts <= _TOGETHER)
        and not _CAPITAL_IN_WORD.search(word)
    )


_IN_WORDS = frozenset("’‘“”„«»–—…€。、！？「」")
_LETTERS = re.compile(r"[^\s\d!-@\[-`{-~]+")
_TOGETHER = frozenset({"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"})


_FOREIGN = re.compile(r"[^\W\d_a-zA-Z]{4,}")
"""A word without one plain letter: Cyrillic or Greek read as cp1252 looks so, no western word does."""
_SIGN_IN_WORD = re.compile(r"\w[^\w\s'’‘\-–—…·./:,;&+@#%()\[\]{}\"“”„«»!?*=~^|\\<>$€£]\w")
_CAPITAL_IN_WORD = re.compile(r"[a-zß-öø-ÿ][À-ÖØ-ÞŠŽŒŸ]|[À-ÖØ-ÞŠŽŒŸ][a-z]+[À-ÖØ-ÞŠŽŒŸ]")
_TWICE_ENCODED = re.compile(r"[Ã][\x80-\xbf€-™¡-¿]|â€")
_WORD = re.compile(r"\S+")


def _implausible(line: str) -> str | None:
    """Find a word that nobody writes in a language for which cp1252 was made."""
    if line.isascii():
        return None
    for found in _WORD.finditer(line):
        word = found[0]
        if word.isascii():
            continue
        if any(pattern.search(word) for pattern in (_FOREIGN, _SIGN_IN_WORD, _TWICE_ENCODED)):
            return word[:60]
        if _CAPITAL_IN_WORD.search(word) and not word.isupper():
            return word[:60]
        if any(unicodedata.category(letter) in {"Cc", "Lm"} or letter in "¤¦¬¯¸þÞÿ" for letter in word):
            return word[:60]
    return None
