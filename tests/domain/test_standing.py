"""One judgement of how an account stands."""

from datetime import UTC, datetime, timedelta

import pytest

from steadypost.domain.health import Check, Kind, Verdict
from steadypost.domain.observed import AccountSeen, Head
from steadypost.domain.outcome import Cause
from steadypost.domain.quota import Full
from steadypost.domain.standing import Word, cannot_be_used, standing

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=6)
QUOTA_USED = Full(reason="quota_used", until=LATER)
HEAD = Head(id=7, due_at=NOON, next_at=NOON, ready_since=NOON)


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
    """And says whether it stays so until a person acts."""
    found = standing(one, NOON)

    assert (word, needs_person) == (found.word, found.needs_person)


def test_what_a_person_can_do_is_a_command():
    """It ends the pause."""
    found = standing(seen(paused_until=LATER, pause_cause=Cause.CHALLENGE), NOON)

    assert found.remedy.endswith("then: steadypost resume alice")


@pytest.mark.parametrize(
    ("one", "closed", "says"),
    [
        (seen(), {}, "ready"),
        # What the block says outlasts what was just found.
        (seen(closed="rules not accepted"), {"alice": "no session"}, "cannot be used: rules not accepted"),
        (seen(), {"alice": "no session"}, "cannot be used: no session"),
        (seen(), {"bob": "no session"}, "ready"),
        (seen(struck="stopped by Carol"), {}, "stopped by an operator: stopped by Carol"),
        (
            seen(paused_until=LATER, pause_cause=Cause.LOCKED),
            {},
            "paused: the network has locked the account",
        ),
        (seen(paused_until=LATER, pause_cause=Cause.LOCKED, pause_why="X said so"), {}, "paused: X said so"),
        (seen(paused_until=LATER), {}, "paused"),
        (seen(capacity=QUOTA_USED, head=HEAD), {}, "waits for its limits: quota used"),
        # With nothing due the limits hold nothing back.
        (seen(capacity=QUOTA_USED), {}, "ready"),
    ],
)
def test_word_and_reason_in_one(one, closed, says):
    assert says == standing(one, NOON, closed).says


def test_only_a_sign_in_that_failed_makes_an_account_unusable():
    checks = [
        Check(kind=Kind.SESSION, verdict=Verdict.FAILING, what="signed out", about="alice"),
        Check(kind=Kind.SESSION, verdict=Verdict.UNKNOWN, what="not known", about="bob"),
        Check(kind=Kind.SESSION, verdict=Verdict.FAILING, what="the blocks cannot be read"),
        Check(kind=Kind.READER, verdict=Verdict.FAILING, what="not readable", about="carol"),
    ]

    assert {"alice": "signed out"} == cannot_be_used(checks)
