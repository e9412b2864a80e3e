"""One judgement of how an account stands."""

from datetime import UTC, datetime, timedelta

import pytest

from steadypost.domain.observed import AccountSeen
from steadypost.domain.outcome import Cause
from steadypost.domain.standing import Word, standing

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=6)


def seen(**more):
    return AccountSeen(name="alice", **more)


@pytest.mark.parametrize(
    ("one", "word", "needs_person"),
    [
        (seen(), Word.READY, False),
        (seen(closed="its rules are not accepted"), Word.CLOSED, True),
        (seen(refused_for="bob"), Word.REFUSED, True),
        (seen(struck="stopped by Carol"), Word.STOPPED, False),
        (seen(paused_until=LATER, pause_cause=Cause.RATE_LIMIT), Word.PAUSED, False),
        (seen(paused_until=LATER, pause_cause=Cause.CHALLENGE), Word.PAUSED, True),
        (seen(paused_until=NOON, pause_cause=Cause.CHALLENGE), Word.READY, False),
        # What outlasts the other is said.
        (seen(paused_until=LATER, pause_cause=Cause.RATE_LIMIT, closed="no session"), Word.CLOSED, True),
    ],
)
def test_each_has_one_word(one, word, needs_person):
    """And says whether it stays so until somebody acts."""
    found = standing(one, NOON)

    assert (word, needs_person) == (found.word, found.needs_person)


def test_what_a_person_can_do_is_a_command():
    """It ends the pause."""
    found = standing(seen(paused_until=LATER, pause_cause=Cause.CHALLENGE), NOON)

    assert found.remedy.endswith("then: steadypost resume alice")
