"""What this machine keeps is for its owner alone, also what was made looser before."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from steadypost import private
from steadypost.domain.outcome import Answer, Cause, NotSubmitted, Phase
from steadypost.store import Outbox, Store
from steadypost.store import accounts as account_rows
from tasks import journal, page_snapshots
from tests.store.people import NOON, person


@pytest.fixture(autouse=True)
def _loose():
    """A user whose shell makes everything for everybody; it is given back as it was."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def looser(folder: Path) -> dict[str, str]:
    """Name everything below a folder, itself included, that anybody but its owner can do something with."""
    every = [folder, *folder.rglob("*")]
    return {str(one.relative_to(folder)): oct(mode(one)) for one in every if mode(one) & 0o077}


def test_every_folder_on_the_way_is_the_owner_s(tmp_path):
    """``mkdir(mode=0o700, parents=True)`` gives its mode to the last one only."""
    private.folder(tmp_path / "home" / "run" / "outbox")

    assert {} == looser(tmp_path / "home")


def test_a_home_that_was_made_looser_is_taken_back(tmp_path):
    """What an older version made is tightened when this one starts, and what comes after it is private."""
    home = tmp_path / "home"
    home.mkdir(mode=0o755)

    private.home(home)
    (home / "note.txt").write_text("made by somebody who says nothing of modes")

    assert {} == looser(home)


@pytest.mark.parametrize("which", ["sticky", "a user's whole home"])
def test_a_folder_that_others_live_in_is_left_as_it_is(tmp_path, monkeypatch, which):
    """Somebody may name /tmp; taking it from everybody would break their machine."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777 if which == "sticky" else 0o755)
    monkeypatch.setenv("HOME", str(shared if which != "sticky" else tmp_path / "else"))
    before = mode(shared)

    private.home(shared)

    assert before == mode(shared)


def test_a_store_and_what_sqlite_keeps_beside_it_are_the_owner_s(tmp_path):
    """The write-ahead log holds the same posts."""
    with Store.create(f"sqlite:///{tmp_path}/steadypost.db") as store:
        store.write(account_rows.put, person("alice"), NOON)
        there = {one.name: mode(one) for one in tmp_path.iterdir()}

    assert {"steadypost.db", "steadypost.db-wal", "steadypost.db-shm"} == set(there)
    assert {0o600} == set(there.values())


def test_a_store_that_was_made_looser_is_tightened(tmp_path):
    """An older version's, its write-ahead log included."""
    path = tmp_path / "steadypost.db"
    url = f"sqlite:///{path}"
    with Store.create(url) as before:
        before.write(account_rows.put, person("alice"), NOON)
        for one in tmp_path.iterdir():
            one.chmod(0o644)
        with Store.open(url) as after:
            after.write(account_rows.put, person("bob"), NOON)
            there = {mode(one) for one in tmp_path.iterdir()}

    assert {0o600} == there


def test_logs_the_outbox_and_kept_pages_are_the_owner_s(tmp_path):
    """Each makes its own folder, whoever comes first."""
    home = tmp_path / "home"
    ended = NotSubmitted(cause=Cause.DEFECT, why="", phase=Phase.CLAIMED)
    Outbox(home / "run" / "outbox", "somewhere").keep(1, Answer(outcomes=(ended,)), NOON)
    page_snapshots.keep(home / "snapshots", "alice", picture=b"png", page="<p>", now=NOON)
    with journal.kept(home / "logs", "publish"):
        journal.line("store", "a line")

    assert {} == looser(home)


@pytest.mark.parametrize("command", [["init"], ["queue"], ["doctor"]])
def test_the_command_line_makes_and_keeps_a_private_home(tmp_path, command):
    """Whatever the shell's mask says, and whichever command comes first."""
    home = tmp_path / "home"
    environment = {**os.environ, "STEADYPOST_HOME": str(home)}
    run = [sys.executable, "-m", "steadypost.cli"]
    if command != ["init"]:
        subprocess.run([*run, "init"], env=environment, check=True, capture_output=True)
        home.chmod(0o755)

    subprocess.run([*run, *command], env=environment, check=False, capture_output=True)

    assert {} == looser(home)


def test_the_sandbox_s_state_is_the_owner_s(tmp_path):
    """It holds the token that commands it, and sessions."""
    from sandbox.running import write_state  # noqa: PLC0415 - only here

    write_state(tmp_path / "sandbox.json", {"control_token": "t"})

    assert 0o600 == mode(tmp_path / "sandbox.json")
