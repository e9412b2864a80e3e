"""An account is left alone, and goes on: each of them for its own cause."""

from __future__ import annotations

import pytest

from steadypost.domain.outcome import Cause, NotSubmitted, Phase
from steadypost.store import accounts as account_rows
from steadypost.store import reading, settling
from tests.store.people import HOUR, MINUTE, NOON, answer, claimed, claims, scheduled


def rest(store, cause, now=NOON, *, until=NOON + HOUR, **how):
    return store.write(
        account_rows.pause, "alice", until=until, cause=cause, why="-", session_mark="m", now=now, **how
    )


def ended(store, cause, now=NOON):
    """A delivery whose attempt this cause has ended before the click, and that waits for its next."""
    scheduled(store)
    claim = claimed(store, now)
    lost = NotSubmitted(cause=cause, why="-", phase=Phase.OPENED)
    store.write(settling.answered, claim.attempt_id, answer(lost), now=now, jitter=0.5)
    return claim.delivery_id


@pytest.mark.parametrize("cause", [Cause.SIGNED_OUT, Cause.CHALLENGE, Cause.UI_DRIFT])
def test_what_waited_for_the_account_is_due_as_soon_as_it_goes_on(store, cause):
    """Its own growing wait does not outlast the trouble that it waited for."""
    delivery_id = ended(store, cause)
    rest(store, cause)
    assert store.read(reading.show, delivery_id).delivery.next_at > NOON

    assert store.write(account_rows.resume, "alice", NOON)

    assert [claim.delivery_id for claim in claims(store, NOON)] == [delivery_id]


def test_what_waits_for_something_else_goes_on_waiting(store):
    """Another cause is not mended by a new session; nor is a limit of the network's."""
    ended(store, Cause.PAGE_UNREACHABLE)
    rest(store, Cause.SIGNED_OUT)
    store.write(account_rows.resume, "alice", NOON)
    assert [] == claims(store, NOON)

    ended(store, Cause.RATE_LIMIT)
    rest(store, Cause.RATE_LIMIT)
    store.write(account_rows.resume, "alice", NOON)
    assert [] == claims(store, NOON)


def test_a_rest_for_one_cause_is_not_ended_for_another(store):
    """The page is well again; that X wants to see somebody is another matter."""
    rest(store, Cause.CHALLENGE)

    assert not store.write(account_rows.resume, "alice", NOON, cause=Cause.UI_DRIFT)
    assert store.read(account_rows.one, "alice").is_paused(NOON)
    assert store.write(account_rows.resume, "alice", NOON, cause=Cause.CHALLENGE)
    assert not store.write(account_rows.resume, "alice", NOON)


def test_a_gentle_rest_leaves_another_be(store):
    """A shorter rest for a changed page never takes the place of six hours for a challenge; one that is over counts
    for nothing.
    """
    rest(store, Cause.CHALLENGE)
    assert not rest(store, Cause.UI_DRIFT, until=NOON + MINUTE, gently=True)
    assert store.read(account_rows.one, "alice").pause_cause is Cause.CHALLENGE

    assert rest(store, Cause.UI_DRIFT, NOON + 2 * HOUR, until=NOON + 3 * HOUR, gently=True)
    assert rest(store, Cause.UI_DRIFT, NOON + 2 * HOUR, until=NOON + 4 * HOUR, gently=True)
    assert store.read(account_rows.one, "alice").paused_until == NOON + 4 * HOUR
