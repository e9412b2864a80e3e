"""The network's clock is the clock: what its answers say of it is what is kept, whatever this machine's own says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sandbox.client import SandboxProcess
from steadypost.domain.evidence import Present
from steadypost.domain.network import Place
from steadypost.domain.outcome import Published
from tests.channels.conftest import alice_at

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", params=[-600, -20, 600])
def skewed(request):
    with SandboxProcess(accounts=("alice", "bob"), clock_offset_s=request.param) as sandbox:
        yield request.param, sandbox


@pytest.fixture
def alice(skewed, browsers):
    _, sandbox = skewed
    return alice_at(sandbox, browsers)


def test_a_post_goes_out_and_is_known_again_on_clocks_that_differ(alice, skewed):
    """An id that this machine would call ten minutes old, or not made yet, is the true one; a thread's parts too."""
    seconds, sandbox = skewed
    sandbox.seed("alice", 5)
    outcomes = alice.ask("One of two, see example.com.", "Two of two").outcomes
    alice.offset = alice.channel.offset
    sighting = alice.look(Place.REPLIES, back=timedelta(minutes=30))

    assert [Published, Published] == [type(outcome) for outcome in outcomes]
    assert Present(remote_id=outcomes[0].remote_id) == alice.finds("One of two, see example.com.", sighting)
    for told in (alice.offset, sighting.offset):
        assert abs(told.ahead - timedelta(seconds=seconds)) <= told.within + timedelta(seconds=1)


def test_what_the_browser_has_cached_says_nothing_of_the_time(alice, skewed):
    """A page opened again comes from the browser's cache for the most part, dated when it was put there."""
    seconds, sandbox = skewed
    sandbox.seed("alice", 5)
    alice.look()
    jump = -90 if seconds > 0 else 90
    sandbox.set_clock(jump_s=jump)
    told = alice.look().offset
    sandbox.set_clock(jump_s=-jump)

    assert abs(told.ahead - timedelta(seconds=seconds + jump)) <= told.within + timedelta(seconds=1)
