"""A sign-in that was good a minute ago is good enough to ask with, and no longer than that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from steadypost.channels.confirmed import Confirmed
from steadypost.domain.clock import Offset

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
AHEAD = Offset(ahead=timedelta(seconds=3), within=timedelta(seconds=1))


class Clocks:
    """This machine's, and one that nobody moves."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.set_by = timedelta(0)

    def elapsed(self) -> float:
        return self.seconds

    @property
    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds) + self.set_by


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def confirmed(clocks) -> Confirmed[str]:
    return Confirmed(elapsed=clocks.elapsed)


def test_it_is_known_for_a_minute(clocks, confirmed):
    """With whose it was, and how far the network's clock was ahead."""
    confirmed.note("s3cr3t-token", "alice", AHEAD, clocks.now)

    clocks.seconds = 59
    proof = confirmed.lately("s3cr3t-token", clocks.now)
    assert ("alice", AHEAD) == (proof.who, proof.offset)
    clocks.seconds = 61
    assert confirmed.lately("s3cr3t-token", clocks.now) is None


def test_another_secret_is_another_sign_in(clocks, confirmed):
    """A new token in the block is asked about; none of them is kept."""
    confirmed.note("s3cr3t-token", "alice", AHEAD, clocks.now)

    assert confirmed.lately("another", clocks.now) is None
    assert "s3cr3t" not in repr(confirmed)


def test_what_was_turned_down_is_known_no_longer(clocks, confirmed):
    """And to drop what is not there is no matter."""
    confirmed.note("a", "alice", AHEAD, clocks.now)
    confirmed.drop("a")
    confirmed.drop("b")

    assert confirmed.lately("a", clocks.now) is None


@pytest.mark.parametrize("by", [-5, 5])
def test_a_clock_that_was_set_meanwhile_is_compared_anew(clocks, confirmed, by):
    """How far the network's is ahead was said of the clock before."""
    confirmed.note("a", "alice", AHEAD, clocks.now)
    clocks.set_by = timedelta(seconds=by)

    assert confirmed.lately("a", clocks.now) is None


def test_without_the_networks_clock_nothing_is_kept(clocks, confirmed):
    """An ask needs it: what it asks for is told from other posts by it."""
    confirmed.note("a", "alice", None, clocks.now)

    assert confirmed.lately("a", clocks.now) is None


def test_what_is_over_is_not_kept_for_ever(clocks, confirmed):
    """Tokens change every two hours."""
    for n in range(100):
        clocks.seconds = 30.0 * n
        confirmed.note(f"token {n}", "alice", AHEAD, clocks.now)

    assert len(confirmed._kept) <= 3
