"""The watch tells of posts that were refused or missed, as the on-call block says."""

import pytest

from blocks import OnCall
from steadypost.domain.endings import Telling
from steadypost.domain.outcome import Answer, Cause, Refused
from steadypost.store import StoreAway, endings, settling
from steadypost.store import notices as notice_rows
from tasks.endings import tell_of_endings
from tests.rooms import instead

TOO_LONG = Refused(cause=Cause.TOO_LONG, code="186", why="X answered 186")


@pytest.fixture
def refused(house, claimed, time):
    """A post that the network refused two minutes ago."""
    claim = claimed("First frost.")
    assert house.store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=house.clock())
    house.store.write(
        settling.answered, claim.attempt_id, Answer(outcomes=(TOO_LONG,)), now=house.clock(), jitter=0.5
    )
    time.pass_by(minutes=2)


@pytest.mark.parametrize(("telling", "notices"), [("at_once", 1), ("daily", 1), ("never", 0)])
def test_it_is_told_as_the_operator_chooses(house, refused, telling, notices):
    """Twice in a row it is told once."""
    choice = OnCall(tell_ended=telling).tell_ended
    for _ in range(2):
        tell_of_endings(house, choice)

    assert notices == len(house.store.read(notice_rows.every))


def test_a_document_of_an_older_version_tells_at_once():
    """The field was appended, with a default."""
    assert Telling.AT_ONCE is OnCall(block="slack-webhook/ops").tell_ended


def test_a_store_that_is_away_ends_no_watch(house, refused, monkeypatch):
    """The next round finds the same."""

    def away(*_):
        raise StoreAway("locked", remedy="-")

    with monkeypatch.context() as patched:
        instead(patched, house.store, endings.tell, away)
        assert 0 == tell_of_endings(house, Telling.AT_ONCE)

    assert 1 == tell_of_endings(house, Telling.AT_ONCE)
