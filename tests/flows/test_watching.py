"""A real house, broken, notices, mends and tells by itself; every class of fault is played by ``bench recovery``."""

from datetime import timedelta

import pytest

from rehearsal.recovery import play, ward
from steadypost.domain.health import Kind, Verdict
from steadypost.store import incidents

pytestmark = [pytest.mark.browser, pytest.mark.prefect, pytest.mark.slow, pytest.mark.timeout(600)]

EVERY = 5


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """Everything, running, with somebody on call."""
    with ward(tmp_path_factory.mktemp("ward"), every=EVERY) as house:
        yield house
        left = house.stack.pids
    assert [] == left()


def test_a_house_that_is_well_says_so_of_everything(house):
    """Every kind of check is there, none is unknown, nobody was called."""
    standings = house.store.read(incidents.standings)

    assert {one.check.kind for one in standings} == set(Kind)
    assert {one.check.verdict for one in standings} == {Verdict.OK}
    assert not [heard for heard in house.pager.heard if heard.calls]


def test_a_publisher_that_hangs_and_a_worker_that_stands_still_are_mended_by_nobody(house):
    """
    Found, ended, started anew; the post that was due meanwhile goes out, once.

    Whoever is on call hears of it once, afterwards: that nobody was needed.
    """
    played = play(house, "worker_and_run_stopped")

    assert played.detected_s <= 2 * EVERY + 5
    assert played.recovered_s < timedelta(minutes=5).total_seconds()
    assert played.is_told_once()
    assert not [heard for heard in played.heard if heard.calls]
    tried = {str(one.remedy) for found in played.incidents for one in found.tries}
    assert {"restart_worker", "revive_flow"} <= tried
    assert [] == house.judge.false
    assert [] == house.stack.sandbox.counts()["copies"]
