"""Past its deadline the work is dead: its processes are gone, and what it had in hand never happens later.

Before the click it was not submitted, after it nobody knows. Judged by the process table and by the ledger.
"""

import os
import signal
import threading
import time

import pytest

from steadypost.browser import is_dead
from steadypost.channels.port import Place
from steadypost.domain.evidence import Present
from steadypost.domain.outcome import Cause, NotSubmitted, Phase, Unconfirmed
from tests.browser.support import alive, process_tree, silent_site, slowness

pytestmark = pytest.mark.browser


def soon():
    """Seconds that an attempt is given here: eight are kept for writing and asking, and one is left to open the page."""
    return 8.0 + 1.2 * min(10.0, slowness())


AFTERWARDS = 1.5
"""Seconds in which a click that outlived its deadline would reach the network."""


@pytest.fixture(autouse=True)
def _warm(alice, sandbox):
    """The page was open before: what the deadline leaves is for the work and not for the machine's start."""
    sandbox.seed("alice", 1)
    alice.look()


def stop_browser(alice):
    os.kill(alice.browsers.runner_at_work.identity.chromium.pid, signal.SIGSTOP)


def overrun(alice, text, **how):
    """Run into the deadline; give the outcome, having seen that nothing of the runner is left to act.

    What comes home just before its deadline leaves a runner that does not tidy up: whoever takes the next one, as a
    pool does, sees the old one dead first.
    """
    runner = alice.browsers.runner
    pids = process_tree(runner)
    within = soon()
    began = time.monotonic()
    outcome = alice.say(text, within=within, **how)
    took = time.monotonic() - began

    assert alice.browsers.runner is not runner
    assert not alive(pids)
    assert is_dead(str(runner.identity))
    assert took < within + 10 * slowness()
    return outcome


def ledger_stands_still(alice, sandbox):
    """Nothing more happens: the work is dead, not merely waited for no longer."""
    before = (alice.ledger(), sandbox.asks())
    time.sleep(AFTERWARDS)  # there is no condition to wait for: that nothing happens is the point

    assert (alice.ledger(), sandbox.asks()) == before


def test_a_browser_stopped_before_the_click_has_sent_nothing(alice, sandbox):
    """SIGSTOP, and the deadline passes: not submitted."""
    # There is nothing to write into yet: however late it is heard of, it stops before the click.
    sandbox.weather({"fault": "ui", "account": "alice", "params": {"kind": "slow_composer", "seconds": 120}})
    outcome = overrun(
        alice, "Never", on=lambda reached: stop_browser(alice) if reached is Phase.OPENED else None
    )

    assert (type(outcome), outcome.cause) == (NotSubmitted, Cause.DEADLINE)
    assert [] == sandbox.asks()
    ledger_stands_still(alice, sandbox)


def test_a_browser_stopped_at_the_click_never_clicks_later(alice, sandbox):
    """Armed, about to click, stopped: nobody knows, and the click that was given does not come to life."""

    def stop_and_arm():
        # The runner waits for this answer and clicks upon it.
        stop_browser(alice)
        return True

    outcome = overrun(alice, "Never", arm=stop_and_arm)

    assert alice.phases[-1] is Phase.CLICKED
    assert (type(outcome), outcome.cause) == (Unconfirmed, Cause.DEADLINE)
    ledger_stands_still(alice, sandbox)


def test_a_browser_stopped_after_the_click_leaves_it_unconfirmed_and_then_evidence(alice, sandbox):
    """The post is live and its answer on the way when everything stops."""
    sandbox.weather({"fault": "delay_after_create", "account": "alice", "params": {"seconds": 120}})

    def stop_when_live():
        sandbox.wait_until(lambda _: alice.ledger(), description="the post is live", within=60)
        stop_browser(alice)

    stopper = threading.Thread(target=stop_when_live)
    stopper.start()
    outcome = overrun(alice, "My last words")
    stopper.join()

    assert isinstance(outcome, Unconfirmed)
    ledger_stands_still(alice, sandbox)
    sandbox.clear_weather()
    (post,) = alice.ledger()
    assert alice.finds("My last words", alice.look(Place.PROFILE)) == Present(remote_id=post["id"])


def test_an_answer_that_drips_is_unconfirmed_before_the_deadline(alice, sandbox):
    """The post is live, its answer takes minutes to trickle in: one ask, and nobody waits longer than was given."""
    sandbox.weather({"fault": "create_then_drip", "account": "alice", "params": {"seconds": 300}})
    within = soon()
    began = time.monotonic()
    outcome = alice.say("Drop by drop", within=within)

    assert time.monotonic() - began < within + 10 * slowness()
    assert isinstance(outcome, Unconfirmed)
    assert len(sandbox.asks()) == len(alice.ledger()) == 1
    ledger_stands_still(alice, sandbox)


def test_a_black_hole_sends_nothing(alice, sandbox):
    """A connection that is taken and never answered, where X's page should be."""
    with silent_site() as url:
        outcome = alice.but(base_url=url.rstrip("/")).say("Never", within=15.0)

    assert (type(outcome), outcome.cause) == (NotSubmitted, Cause.PAGE_UNREACHABLE)
    assert [] == sandbox.asks()
