"""Every change of state is written down with it, once, and told until somebody has been told."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from steadypost.domain.delivery import ImpossibleMove
from steadypost.domain.outcome import Cause
from steadypost.store import accounts as account_rows
from steadypost.store import persons, settling
from steadypost.store import transitions as transition_rows
from steadypost.store.acts import By
from steadypost.store.schema import transitions
from tests.store.people import HOUR, MINUTE, NOON, SECOND, UNHEARD, answer, armed, published, scheduled


def changes(store):
    return [(one.delivery_id, one.before, one.after, one.cause) for one in store.read(transition_rows.untold)]


def test_the_life_of_a_delivery(store):
    """From coming in to being live; what changes no state is no change."""
    one = scheduled(store)
    claim = armed(store)
    store.write(settling.answered, claim.attempt_id, answer(UNHEARD), now=NOON + SECOND, jitter=0.5)
    store.write(settling.answered, claim.attempt_id, published(), now=NOON + MINUTE, jitter=0.5)

    assert [
        (one, "", "scheduled", None),
        (one, "scheduled", "sending", None),
        (one, "sending", "unconfirmed", Cause.NO_ANSWER),
        (one, "unconfirmed", "published", None),
    ] == changes(store)


def test_an_account_rests_and_goes_on(store):
    """Once each: a pause that is made longer is the same pause."""
    for until in (HOUR, 2 * HOUR):
        store.write(
            account_rows.pause,
            "alice",
            until=NOON + until,
            cause=Cause.CHALLENGE,
            why="x",
            session_mark="",
            now=NOON,
        )
    store.write(account_rows.resume, "alice", NOON + MINUTE)
    store.write(account_rows.resume, "alice", NOON + MINUTE)

    assert [(None, "ready", "paused", Cause.CHALLENGE), (None, "paused", "ready", None)] == changes(store)


def test_what_was_told_is_told_no_more_and_forgotten_in_the_end(store):
    """The rest waits."""
    scheduled(store)
    scheduled(store)
    first, second = store.read(transition_rows.untold)
    assert [first] == store.read(transition_rows.untold, 1)

    store.write(transition_rows.told, [first.id], NOON)

    assert [second] == store.read(transition_rows.untold)
    store.write(transition_rows.told, [second.id], NOON + 36 * 24 * HOUR)
    with store._database.reading() as connection:
        assert 1 == len(connection.exec_driver_sql("SELECT id FROM transitions").all())


def test_what_is_undone_was_no_change(store):
    """It stands and falls with the transaction that makes it."""
    one = scheduled(store)
    before = changes(store)

    with pytest.raises(ImpossibleMove):
        store.write(lambda connection: _cancelled_and_then_broken(connection, one))

    assert before == changes(store)


def _cancelled_and_then_broken(connection, delivery_id):
    persons.cancel(connection, delivery_id, by=By(), now=NOON)
    assert "cancelled" in {row.after for row in connection.execute(select(transitions))}
    persons.cancel(connection, delivery_id, by=By(), now=NOON)
