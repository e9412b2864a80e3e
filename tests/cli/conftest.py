"""The command line, called as a program calls it, over a store of its own."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from steadypost.browser import proof
from steadypost.cli.account import keeping
from steadypost.cli.program import program
from steadypost.store import AccountRecord, Store
from steadypost.store import accounts as account_rows
from tasks import documents

NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Nothing of this machine's own settings reaches a test."""
    for name in list(os.environ):
        if name.startswith(("STEADYPOST_", "PREFECT_API")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("STEADYPOST_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.fixture(autouse=True)
def browser(monkeypatch):
    """A browser that starts, so that the doctor need not start one every time; ``proves`` has it really tried."""
    real = proof.prove
    monkeypatch.setattr(proof, "prove", lambda: proof.Proven("chromium", "1.2.3"))
    return real


@pytest.fixture
def proves(browser, monkeypatch):
    """The doctor really starts a browser."""
    monkeypatch.setattr(proof, "prove", browser)


@pytest.fixture
def call():
    """Call the command line in this process."""

    def run(*words, stdin=None):
        result = CliRunner().invoke(program, list(words), input=stdin)
        return SimpleNamespace(
            code=result.exit_code,
            out=result.stdout,
            err=result.stderr,
            json=json.loads(result.stdout) if "--json" in words else None,
        )

    return run


@pytest.fixture
def start():
    """Start the command line as a process of its own."""

    def run(*words, python=(), **options):
        command = [sys.executable, *python, "-m", "steadypost.cli", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **options)

    return run


@pytest.fixture
def store(home):
    home.mkdir()
    with Store.create(f"sqlite:///{home / 'steadypost.db'}") as opened:
        for name in ("alice", "bob", "carol"):
            opened.write(account_rows.put, AccountRecord(name=name, channel="x_web", handle=f"{name}_x"), NOW)
        yield opened


class Shelf:
    """The account blocks there are, as Prefect would keep them."""

    def __init__(self):
        self.blocks = {}
        self.away = False

    def accounts(self):
        if self.away:
            raise documents.ApiAway("ConnectError")
        return dict(self.blocks), {}

    def save(self, name, block):
        if self.away:
            raise keeping._away("ConnectError")
        self.blocks[name] = block


@pytest.fixture
def shelf(monkeypatch):
    """Account blocks in memory."""
    kept = Shelf()
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    monkeypatch.setattr(documents, "accounts", kept.accounts)
    monkeypatch.setattr(keeping, "save", kept.save)
    return kept


@pytest.fixture
def empty(home):
    """A store without accounts."""
    home.mkdir()
    with Store.create(f"sqlite:///{home / 'steadypost.db'}") as opened:
        yield opened
