"""What the documents tell people to type can be typed: each command is one, and has the options shown."""

import re
import shlex

import click
import pytest

from rehearsal.stack import ROOT
from steadypost.cli.program import program

DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "SECURITY.md",
    ROOT / "CONTRIBUTING.md",
    *(ROOT / "docs").rglob("*.md"),
]
DECISIONS = ROOT / "docs" / "decisions"


def told(text):
    """Every command line of ours, in a code span or a line of a code block."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))
    for line in [*lines, *spans]:
        found = re.match(r"(?:\$ )?(?:\S+/)?steadypost (.+)", line.split(" # ")[0].strip())
        if found:
            yield found[1].split(" | ")[0]


def wrong_with(line):
    """Say what of a command line is not so; nothing when it can be typed."""
    command, context = program, click.Context(program)
    for word in shlex.split(line.replace("…", " ").replace("...", " "), comments=True):
        if word.startswith("-") and len(word) > 1:
            names = {name for one in command.get_params(context) for name in [*one.opts, *one.secondary_opts]}
            if word.split("=")[0] not in names:
                return f"{command.name} has no {word}"
        elif isinstance(command, click.Group) and re.fullmatch(r"[a-z][a-z-]*", word):
            found = command.get_command(context, word)
            if found is None:
                return None if command.invoke_without_command else f"{command.name} has no command {word}"
            command, context = found, click.Context(found, parent=context)
    return None


@pytest.mark.parametrize(
    "path",
    # A decision tells how it was on its day.
    [path for path in DOCUMENTS if DECISIONS not in path.parents],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_what_is_to_be_typed_can_be_typed(path):
    """Its commands and options exist."""
    wrong = {line: why for line in told(path.read_text()) if (why := wrong_with(line))}

    assert {} == wrong


def test_there_is_something_to_type():
    """The documents are read as they are written; a reading that finds nothing would agree with everything."""
    assert len([line for path in DOCUMENTS for line in told(path.read_text())]) > 100


@pytest.mark.parametrize("line", ["publicate 3", "queue --colour", "account forge me"])
def test_what_is_not_so_is_found(line):
    """A command or an option that is none."""
    assert wrong_with(line)
