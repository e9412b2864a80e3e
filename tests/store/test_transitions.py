"""Every change of state is written down with it, once, and told until somebody has been told."""

from __future__ import annotations

from steadypost.domain.outcome import Cause
from tests.store.people import HOUR, MINUTE, NOON, SECOND, UNHEARD, answer, armed, published, scheduled


def changes(store):
    return [(one.delivery_id, one.before, one.after, one.cause) for one in store.untold()]


def test_the_life_of_a_delivery(store):
    """From coming in to being live; what changes no state is no change."""
    one = scheduled(store)
    claim = armed(store)
    store.answered(claim.attempt_id, answer(UNHEARD), NOON + SECOND, 0.5)
    store.answered(claim.attempt_id, published(), NOON + MINUTE, 0.5)

    assert [
        (one, "", "scheduled", None),
        (one, "scheduled", "sending", None),
        (one, "sending", "unconfirmed", Cause.NO_ANSWER),
        (one, "unconfirmed", "published", None),
    ] == changes(store)


def test_an_account_rests_and_goes_on(store):
    """Once each: a pause that is made longer is the same pause."""
    for until in (HOUR, 2 * HOUR):
        store.pause_account(
            "alice", until=NOON + until, cause=Cause.CHALLENGE, why="x", session_mark="", now=NOON
        )
    store.resume_account("alice", NOON + MINUTE)
    store.resume_account("alice", NOON + MINUTE)

    assert [(None, "ready", "paused", Cause.CHALLENGE), (None, "paused", "ready", None)] == changes(store)


def test_what_was_told_is_told_no_more_and_forgotten_in_the_end(store):
    """The rest waits."""
    scheduled(store)
    scheduled(store)
    first, second = store.untold()
    assert [first] == store.untold(1)

    store.told([first.id], NOON)

    assert [second] == store.untold()
    store.told([second.id], NOON + 36 * 24 * HOUR)
    with store._database.reading() as connection:
        assert 1 == len(connection.exec_driver_sql("SELECT id FROM transitions").all())


def test_what_is_undone_was_no_change(store):
    """It stands and falls with the transaction that makes it."""
    one = scheduled(store)
    before = changes(store)

    try:
        with store._database.writing() as connection:
            connection.exec_driver_sql(f"UPDATE deliveries SET state = 'nonsense' WHERE id = {one}")  # noqa: S608
    except Exception:  # noqa: BLE001 - whatever the database calls it
        pass

    assert before == changes(store)
