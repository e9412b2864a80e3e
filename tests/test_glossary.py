"""Words mean one thing: the glossary's are used, and those that were replaced do not come back."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GLOSSARY = ROOT / "docs" / "glossary.md"
MOST_TERMS = 40

SHIPPED = ("steadypost", "flows", "tasks", "blocks", "deployments")
TOLD = ("docs", "README.md", "CONTRIBUTING.md", "prefect.yaml", "examples")
HISTORY = "steadypost/store/migrations/versions/"
"""Migrations that were published speak of the columns of their time."""

RETIRED = {
    "seat": r"\bseat(s|ed)?\b|_seats?\b|\bSeat",
    "beat": r"\bbeat(s|en|ing)?\b|\bbeat_|_beats?\b",
    "mates": r"\bmates\b|\bMates\b",
    "household": r"household",
    "herald": r"herald",
    "circuit page": r"circuit[ _]?pages?\b(?<!steadypost-circuit-page)",
    "letter": r"\bletters?\b|\bletters_|\bLetter\b",
    "exhibit": r"exhibit",
    "fate": r"\bfates?\b",
    "owed": r"\bowed\b",
    "doubt": r"doubt",
    "lane": r"\blanes?\b|Lane|_lanes?\b|\blane_",
    "nursery": r"nursery|birthplace|\bmourn|expendable",
    "cannot be meant": r"cannot\s+be\s+meant",
    "manieth": r"manieth",
    "own eyes": r"\bown\s+eyes\b",
    "stands still": r"\b(stands?|stood|standing)\s+still\b",
}

WHERE_ANSWERS_WAIT = ("steadypost/store/", "tasks/", "flows/", "deployments/", "docs/runbooks/")
"""Elsewhere a letter is one of an alphabet."""

ALLOWED = {
    ("exhibit", "tasks/canaries.py"): "the folder of an earlier version is taken over",
    ("seat", "examples/posts.csv"): "a window seat, in a post",
}
"""Where a retired word is meant in another sense, and why. Never added to: what is not needed any more is taken out."""


def files(*below: str) -> Iterator[Path]:
    """Find what git knows of, and what is about to be added."""
    known = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *below]
    told = subprocess.run(known, cwd=ROOT, capture_output=True, text=True, check=True)
    for name in told.stdout.splitlines():
        path = ROOT / name
        if (
            path.suffix in {".py", ".md", ".yaml", ".js", ".csv"}
            and path.is_file()
            and not name.startswith(HISTORY)
        ):
            yield path


def terms() -> list[str]:
    """Read the words that the glossary explains."""
    return re.findall(r"^\| \*\*(.+?)\*\* \|", GLOSSARY.read_text(), flags=re.MULTILINE)


@pytest.fixture(scope="module")
def texts():
    """What ships and what is told, by name."""
    return {str(path.relative_to(ROOT)): path.read_text() for path in files(*SHIPPED, *TOLD)}


def used_in(texts, word):
    """Where a retired word stands."""
    below = WHERE_ANSWERS_WAIT if word == "letter" else ""
    return {name for name, text in texts.items() if name.startswith(below) and re.search(RETIRED[word], text)}


def bare(text):
    """A term as it is written in sentences, in classes and in functions alike."""
    return re.sub(r"[\W_]", "", text).lower()


def test_a_newcomer_can_learn_them_in_one_sitting():
    """At most forty, each explained once."""
    assert sorted(set(terms())) == sorted(terms())
    assert 20 <= len(terms()) <= MOST_TERMS


def test_every_word_is_used(texts):
    """A word that nobody uses explains nothing."""
    everything = bare("".join(text for name, text in texts.items() if name != "docs/glossary.md"))

    unused = [one for one in terms() if bare(one) not in everything]

    assert [] == unused


@pytest.mark.parametrize("word", RETIRED)
def test_a_retired_word_does_not_come_back(texts, word):
    """Neither in code nor in documents nor in messages."""
    assert set() == used_in(texts, word) - {name for retired, name in ALLOWED if retired == word}


def test_exceptions_only_become_fewer(texts):
    """An exception that is not needed any more is taken out, so that the word cannot come back there."""
    needed = {(word, name) for word in RETIRED for name in used_in(texts, word)}

    assert set() == set(ALLOWED) - needed
    assert len(ALLOWED) <= 2
