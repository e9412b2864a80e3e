"""What ships is in pieces that can be read: no module over 400 lines, no class over 300 lines or 25 public methods.

What is larger today is named below with its reason and its size. It may shrink and may not grow, and whoever brings it
under the limit takes its line out: nothing new is to be added.
"""

import ast
import functools
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHIPPED = ("steadypost", "flows", "tasks", "blocks", "deployments")

LONGEST_MODULE = 400
LONGEST_CLASS = 300
MOST_METHODS = 25

MODULES = {
    "steadypost/browser/pool.py": (
        537,
        "who gets which browser is decided under one lock, with who starts the next",
    ),
    "steadypost/browser/runner.py": (
        452,
        "a browser's life and its jobs share one state, and each step names the next",
    ),
    "steadypost/channels/x_web/told.py": (
        599,
        "one format of X's, read in one place; nothing else knows of it",
    ),
    "steadypost/domain/delivery.py": (418, "the states, and every move between them"),
    "steadypost/store/intake.py": (
        427,
        "one transaction, with everything that decides whether a post comes in",
    ),
    "tasks/bulkheads.py": (422, "a process's share of every limit, and the leases it is held by"),
}

CLASSES = {
    "steadypost/browser/pool.py Pool": (310, "see its module"),
}


@functools.cache
def modules():
    """Give the text of every module that ships, by its path."""
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for package in SHIPPED
        for path in sorted((ROOT / package).rglob("*.py"))
    }


@functools.cache
def classes():
    """Give every class in them, by its module's path and its name."""
    return {
        f"{name} {node.name}": node
        for name, text in modules().items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ClassDef)
    }


def public_methods(node):
    return [
        one.name
        for one in node.body
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) and not one.name.startswith("_")
    ]


def too_large(sizes, limit, known):
    """Name what is over the limit, or over the size it is known to have."""
    return {name: size for name, size in sizes.items() if size > (known[name][0] if name in known else limit)}


def test_no_module_is_longer_than_can_be_read():
    sizes = {name: len(text.splitlines()) for name, text in modules().items()}

    assert {} == too_large(sizes, LONGEST_MODULE, MODULES)
    assert [] == [name for name in MODULES if sizes.get(name, 0) <= LONGEST_MODULE], "take these out"


def test_no_class_is_longer_than_can_be_read():
    sizes = {name: node.end_lineno - node.lineno + 1 for name, node in classes().items()}

    assert {} == too_large(sizes, LONGEST_CLASS, CLASSES)
    assert [] == [name for name in CLASSES if sizes.get(name, 0) <= LONGEST_CLASS], "take these out"


def test_no_class_has_more_methods_than_can_be_remembered():
    assert {} == {
        name: len(methods)
        for name, node in classes().items()
        if len(methods := public_methods(node)) > MOST_METHODS
    }


def test_every_exception_says_why():
    assert [] == [name for name, (_, why) in {**MODULES, **CLASSES}.items() if not why.strip()]


def test_what_grows_is_noticed():
    """A check that cannot fail would hold nothing."""
    known = {"old": (500, "it was there")}

    assert {"new": 401, "old": 501} == too_large({"new": 401, "old": 501, "small": 400}, 400, known)
    assert {} == too_large({"new": 400, "old": 500}, 400, known)
