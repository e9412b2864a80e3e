"""A look at the queue loads what it needs and nothing else; the program behaves as a process of its own."""

import json
import os
import resource
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from steadypost.domain.post import Part, Post
from steadypost.store import intake

NOW = datetime.now(UTC)

HEAVY = ("prefect", "twitter_text", "alembic", "playwright", "pydantic", "filetype", "psycopg", "hypothesis")

LOADED = """
import sys
from steadypost.cli.program import program
try:
    program.main(sys.argv[1:], prog_name="steadypost")
except SystemExit as end:
    assert end.code == 0, end.code
print("loaded:", *sys.modules, file=sys.stderr)
"""


def loaded_by(*words):
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *words], capture_output=True, text=True, timeout=60, check=True
    )
    return set(done.stderr.rpartition("loaded:")[2].split())


@pytest.mark.parametrize(
    "words",
    [
        ["queue"],
        ["show", "1"],
        ["why", "1"],
        ["accounts"],
        ["figures"],
        ["status"],
        ["why"],
        ["series"],
        ["cancel", "1"],
        ["release", "2"],
        ["resolve", "1", "--drop", "--why", "x"],
        ["retry", "--cause", "overlay", "--why", "x"],
    ],
)
def test_what_needs_no_prefect_loads_none(store, call, words):
    """Nor anything else that takes longer than the answer."""
    for _ in range(2):
        call("add", "A good day.", "-a", "alice", "-w", "+1h")

    assert not loaded_by(*words) & set(HEAVY)


def test_the_help_loads_no_command(home):
    """Not even the store."""
    loaded = loaded_by("--help")

    assert not loaded & {*HEAVY, "sqlalchemy", "rich"}
    assert not any(name.startswith("steadypost.cli.commands.") for name in loaded)


def test_adding_loads_no_browser_and_no_prefect(store):
    """Only what judges a post."""
    loaded = loaded_by("add", "A good day.", "-a", "alice", "-w", "+1h")

    assert not loaded & {"prefect", "playwright", "alembic"}


def test_the_queue_costs_little_more_than_what_it_stands_on(store):
    """Work, and not waiting; beside SQLAlchemy alone, and not in seconds: so this holds on a machine that is busy.

    The half second of a quiet machine is measured by the bench. Prefect alone would be six times the yardstick.
    """
    yardsticks, costs = [], []
    for _ in range(3):
        yardsticks.append(work_of("-c", "import sqlalchemy"))
        costs.append(work_of("-m", "steadypost.cli", "queue", "--json"))

    assert min(costs) < 3 * min(yardsticks)


def work_of(*python):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *python], capture_output=True, timeout=120, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def test_a_process_of_its_own(store, start):
    """One document on standard output, nothing on standard error, and the exit code of the help."""
    good = start("queue", "--json", python=["-W", "error"])
    assert (0, "", True) == (good.returncode, good.stderr, json.loads(good.stdout)["ok"])

    missing = start("show", "7", "--json")
    assert (1, "not_found") == (missing.returncode, json.loads(missing.stdout)["error"]["kind"])


def test_a_reader_that_has_seen_enough_is_no_error(store, call):
    """``steadypost queue --all | head -1`` ends without a word."""
    for n in range(60):
        post = Post(parts=(Part(text=f"Post number {n}. " + "A long word. " * 200),))
        store.write(intake.add, post, accounts=["alice"], due_at=NOW, now=NOW)
    command = (
        f"{sys.executable} -m steadypost.cli queue --json --limit 1000 | head -1; echo ${{PIPESTATUS[0]}}"
    )

    # Written by the bufferful, as on most machines: then it is click that meets the closed pipe first.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}

    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=60, check=True, env=env
    )

    assert ["{", "0"] == done.stdout.split()
    assert "" == done.stderr


def test_a_terminal_without_our_letters_is_no_error(store, call, start):
    """Old machines log in plain ASCII."""
    call("add", "今日は 🌅", "-a", "alice", "-w", "+1h")
    plain = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "POSIX"}

    done = start("queue", env=plain)

    assert (0, "") == (done.returncode, done.stderr)
    assert done.stdout.isascii()
