"""Runners for the tests, and a look afterwards that nothing is left."""

import tempfile
from pathlib import Path

import pytest

from steadypost.browser import BrowserRunner, LaunchSettings


@pytest.fixture
def run_dir(tmp_path):
    return tmp_path / "browsers"


@pytest.fixture
def new_runner(run_dir):
    """Start runners; whatever became of them, afterwards nothing of them is left, on disk or running."""
    runners = []

    def start(**settings):
        runners.append(BrowserRunner.start(LaunchSettings(**settings), run_dir))
        return runners[-1]

    yield start
    for runner in runners:
        runner.close()
        assert not runner.process_tree.living()
        assert not Path(runner.process_tree.folder).exists()
    assert not list(run_dir.glob("*"))


@pytest.fixture(scope="module")
def kept_runner():
    """One runner for all tests of a file that leave it in order."""
    with tempfile.TemporaryDirectory() as folder:
        runner = BrowserRunner.start(LaunchSettings(), Path(folder))
        yield runner
        runner.close()


@pytest.fixture
def runner(kept_runner):
    yield kept_runner
    kept_runner.settle()
    assert kept_runner.is_fit()
