"""What messages, notices and docstrings tell people to type can be typed."""

import ast
import re

import pytest

from rehearsal.stack import ROOT
from tests.docs.test_commands import wrong_with

SHIPPED = ("steadypost", "flows", "tasks", "blocks", "deployments")
QUOTED = re.compile(
    r"(?<!\w)'steadypost ([^']+)'|``steadypost ([^`]+)``|^steadypost ([a-z-].*?)(?=[,;:] |$)", re.MULTILINE
)


def texts(path):
    """Every text of a module, with a word in the place of each value."""
    inside = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            inside |= {id(one) for one in node.values}
            yield "".join(str(one.value) if isinstance(one, ast.Constant) else "VALUE" for one in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield re.sub(r"\{\w*\}", "VALUE", node.value)


def told(path):
    for text in texts(path):
        for found in QUOTED.finditer(text):
            yield " ".join(next(filter(None, found.groups())).split())


FOUND = {
    str(path.relative_to(ROOT)): lines
    for package in SHIPPED
    for path in sorted((ROOT / package).rglob("*.py"))
    if (lines := sorted(set(told(path))))
}


@pytest.mark.parametrize("path", FOUND)
def test_what_a_message_names_can_be_typed(path):
    assert {} == {line: why for line in FOUND[path] if (why := wrong_with(line))}


def test_there_is_something_to_type():
    """A reading that finds nothing would agree with everything."""
    assert sum(map(len, FOUND.values())) > 80
