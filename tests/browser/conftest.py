"""Lanes for the tests, and a look afterwards that nothing is left."""

import tempfile
from pathlib import Path

import pytest

from steadypost.browser import Lane, LaunchSettings


@pytest.fixture
def run_dir(tmp_path):
    return tmp_path / "lanes"


@pytest.fixture
def new_lane(run_dir):
    """Start lanes; whatever became of them, afterwards nothing of them is left, on disk or running."""
    lanes = []

    def start(**settings):
        lanes.append(Lane.start(LaunchSettings(**settings), run_dir))
        return lanes[-1]

    yield start
    for lane in lanes:
        lane.close()
        assert not lane.household.living()
        assert not Path(lane.household.folder).exists()
    assert not list(run_dir.glob("*"))


@pytest.fixture(scope="module")
def kept_lane():
    """One lane for all tests of a file that leave it in order."""
    with tempfile.TemporaryDirectory() as folder:
        lane = Lane.start(LaunchSettings(), Path(folder))
        yield lane
        lane.close()


@pytest.fixture
def lane(kept_lane):
    yield kept_lane
    kept_lane.settle()
    assert kept_lane.is_fit()
