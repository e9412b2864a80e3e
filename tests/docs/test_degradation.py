"""docs/degradation.md says what goes on without what; each of its rows is held by tests that exist."""

import ast
import re
from pathlib import Path

import pytest

ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in Path("docs/degradation.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith("| away")
]

ASKED_FOR = (
    "notifications", "metrics", "artifacts", "media upload", "timeline reads", "one account", "one browser",
    "all browsers", "the store", "Prefect's API", "disk space", "memory",
)  # fmt: skip


def promised_in(path):
    """The tests of a file that are really run, and say what they promise."""
    return {
        node.name
        for node in ast.parse(Path(path).read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and ast.get_docstring(node)
    }


def test_everything_that_can_be_away_has_its_row():
    """No row may get lost."""
    away = " ".join(row[0] for row in ROWS)

    assert [] == [one for one in ASKED_FOR if one not in away]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_row_says_all_of_it_and_is_held_by_tests(row):
    """What goes on, how it shows, how it ends; and every test it names exists."""
    assert 5 == len(row)
    assert all(row)
    held_by = re.findall(r"`([^`:]+)::([^`]+)`", row[4])
    assert held_by
    assert [] == [(path, name) for path, name in held_by if name not in promised_in(path)]
