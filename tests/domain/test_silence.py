"""The dead-man check tells what the watch cannot: that nobody is there."""

from datetime import timedelta

from steadypost.domain.silence import listen
from tests.domain.houses import NOW, SECOND

WITHIN = timedelta(minutes=5)
ALIVE = {"watch": NOW - SECOND, "publish": NOW - SECOND, "reconcile": NOW - SECOND}


def heard(heartbeats=None, **more):
    return listen(ALIVE if heartbeats is None else heartbeats, NOW, within=WITHIN, **more).said


def test_with_everybody_there_nothing_is_said():
    """Nobody is called."""
    assert () == heard()


def test_what_the_watch_can_tell_is_left_to_it():
    """A silent publisher under a living watch is the watch's to mend and to tell: one call, not two."""
    assert () == heard({**ALIVE, "publish": NOW - timedelta(hours=1)})


def test_a_silent_watch_is_told_with_all_that_is_silent_with_it():
    """When it was last heard of, and who else."""
    said = heard({**ALIVE, "watch": NOW - timedelta(minutes=10), "publish": NOW - timedelta(minutes=20)})

    assert (
        "watch sent its last heartbeat 10.0 min ago",
        "publish sent its last heartbeat 20.0 min ago",
    ) == said


def test_a_house_in_which_nobody_ever_was():
    """A store alone is no house."""
    assert 3 == len(heard({}))


def test_messages_that_do_not_get_through_are_told_here():
    """Nobody else can: they wait behind the very way that is down."""
    told = {"waiting_since": NOW - timedelta(minutes=10), "trouble": "custom-webhook/pager: HTTPStatusError"}

    assert "custom-webhook/pager" in heard(**told)[0]
    assert () == heard(waiting_since=NOW - timedelta(minutes=1))
    assert () == heard(waiting_since=NOW - WITHIN)
    assert 1 == len(heard(waiting_since=NOW - WITHIN - SECOND))
