"""What the documents point to is there: files, folders, modules, targets of make, tests."""

import ast
import re
from importlib.util import find_spec

import pytest

from tests.docs.test_commands import DECISIONS, DOCUMENTS, ROOT

PACKAGES = ("steadypost", "flows", "tasks", "blocks", "deployments", "sandbox", "rehearsal", "bench", "tests")
MORE = [ROOT / "CHANGELOG.md", ROOT / "sandbox" / "README.md", ROOT / "tests" / "containers" / "README.md"]
ALL = [path for path in [*DOCUMENTS, *MORE] if path.exists()]
NOW = [path for path in ALL if DECISIONS not in path.parents]
"""A decision tells how it was on its day."""

TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
PATH = re.compile(rf"(?:{'|'.join(PACKAGES)}|docs|tools|examples)/[\w./<>*-]*")


def named(path):
    return str(path.relative_to(ROOT))


def code(text):
    """Code spans, and the lines of code blocks."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    spans = re.findall(r"`([^`]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))
    return [
        *(line for block in blocks for line in block.splitlines()),
        *(" ".join(one.split()) for one in spans),
    ]


def headings(path):
    """The anchors of a document, as forges make them."""
    text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", found.lower()).strip().replace(" ", "-")
        for found in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }


def is_there(word):
    """Whether a path is, with any name in the place of ``<name>`` and ``*``."""
    return any(ROOT.glob(re.sub(r"<\w+>", "*", word.rstrip("/."))))


def has_test(word):
    file, _, name = word.partition("::")
    functions = (
        one.name for one in ast.walk(ast.parse((ROOT / file).read_text())) if isinstance(one, ast.FunctionDef)
    )
    return name.split("[")[0] in functions


@pytest.mark.parametrize("path", ALL, ids=named)
def test_links_lead_somewhere(path):
    links = re.findall(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)", path.read_text())
    targets = [((path.parent / file) if file else path, anchor) for file, anchor in links]

    assert [] == [str(target) for target, _ in targets if not target.exists()]
    assert [] == [
        f"{target}#{anchor}" for target, anchor in targets if anchor and anchor not in headings(target)
    ]


@pytest.mark.parametrize("path", NOW, ids=named)
def test_what_is_named_is_there(path):
    """Paths of the repository, modules that are run, targets of make, single tests."""
    told = code(path.read_text())
    paths = {found for one in told for found in re.findall(rf"(?<![\w./<>-]){PATH.pattern}", one)}
    modules = {found for one in told for found in re.findall(r"python -m ([\w.]+)", one)}
    targets = {found for one in told for found in re.findall(r"^make ([a-z-]+)", one)}
    tests = {found for one in told for found in re.findall(r"tests/[\w./]+\.py::\w+", one)}

    assert [] == sorted(one for one in paths if not is_there(one))
    assert [] == sorted(one for one in modules if find_spec(one) is None)
    assert [] == sorted(targets - TARGETS)
    assert [] == sorted(one for one in tests if not has_test(one))


def test_there_is_something_to_find():
    """A reading that finds nothing would agree with everything."""
    told = [one for path in NOW for one in code(path.read_text())]

    assert len([one for one in told if PATH.search(one)]) > 60
    assert len([one for one in told if re.match(r"make [a-z]", one)]) > 10


def test_what_is_not_there_is_found():
    """A check that cannot fail would hold nothing."""
    assert is_there("steadypost/channels/<channel>/answers.py")
    assert not is_there("steadypost/channels/<channel>/no_such_file.py")
    assert not has_test("tests/docs/test_paths.py::test_that_is_none")
    assert "publishing-and-more" not in headings(ROOT / "README.md")
    assert "an-account" in headings(ROOT / "README.md")
