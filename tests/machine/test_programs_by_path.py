"""No test names a program of the machine by its path: what lies there on one machine does not on the next."""

import ast
import re

import pytest

from rehearsal.stack import ROOT

FOLDERS = ("tests", "rehearsal", "bench", "sandbox")

OF_THE_MACHINE = re.compile(r"(?<![\w#!.])/(?:(?:usr/(?:local/)?)?(?:s?bin|lib|lib64|libexec)|opt|snap)/\w+")
"""A program's place; ``#!`` is how every script begins."""

ALLOWED = {
    ("tests/containers/images.py", "/opt/wheels"): "a folder of an image that the tests make",
    ("tests/containers/test_house.py", "/opt/steadypost"): "where the product lies in its image",
    ("tests/deployments/test_containers.py", "/opt/steadypost"): "the same",
}
"""What may be named all the same, and why."""


def paths_in(source):
    """Every place of a program that stands in a string of this source, with its line."""
    tree = ast.parse(source)
    # What follows a value in an f-string continues that value's path.
    continued = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for before, part in zip(node.values, node.values[1:], strict=False)
        if isinstance(before, ast.FormattedValue)
    }
    return [
        (node.lineno, found.group())
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for found in OF_THE_MACHINE.finditer(node.value)
        if not (id(node) in continued and found.start() == 0)
    ]


def test_no_test_names_a_program_by_its_path():
    """Nor does what tests start. A browser is found as the product finds it, any other program on the PATH."""
    named = [
        f"{path.relative_to(ROOT)}:{line} names {program}"
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path.name != "test_programs_by_path.py"
        for line, program in paths_in(path.read_text())
        if (str(path.relative_to(ROOT)), program) not in ALLOWED
    ]

    assert [] == named


@pytest.mark.parametrize(
    "source",
    [
        'CHROMIUM = "/usr/bin/chromium"',
        'run(["/bin/true"])',
        'run("exec /usr/local/bin/initdb -D x", shell=True)',
        'f"/opt/google/{name}"',
        'f"{name} /snap/bin/chromium"',
        'Path("/usr/lib/chromium/chromium")',
    ],
)
def test_a_path_is_seen(source):
    """In whatever way it is written."""
    assert 1 == len(paths_in(source))


@pytest.mark.parametrize(
    "source",
    [
        '"#!/bin/sh\\ntrue"',
        'f"{folder}/bin/chromium"',
        'home / "bin"',
        '"https://x.com/bin/status"',
        '"a/bin/b"',
    ],
)
def test_what_is_no_path_of_the_machine_is_not_seen(source):
    """A script's first line, a folder of one's own, an address."""
    assert [] == paths_in(source)
