"""What a person is told: once, with what to do, and kept until it got through."""

from __future__ import annotations

from steadypost.domain.delivery import State
from steadypost.domain.evidence import CannotTell
from steadypost.store import looks, notices, reading, settling
from tests.store.people import HOUR, MINUTE, NOON, SECOND, UNHEARD, answer, armed, scheduled
from tests.store.racing import together

NOTHING = {0: CannotTell(why="the list did not reach back")}


def in_review(store):
    """A delivery that no look could settle."""
    delivery_id = scheduled(store)
    store.write(settling.answered, armed(store).attempt_id, answer(UNHEARD), now=NOON, jitter=0.5)
    store.write(looks.saw, delivery_id, NOTHING, now=NOON + MINUTE, next_at=NOON + MINUTE, most_looks=1)
    return delivery_id


def test_a_delivery_that_needs_a_person_is_told_of_once(store):
    """One message, with the reason and the commands, however often it is looked at."""
    delivery_id = in_review(store)
    store.write(looks.saw, delivery_id, NOTHING, now=NOON + 2 * MINUTE, next_at=NOON + HOUR, most_looks=1)

    [notice] = store.read(notices.due, NOON + HOUR)

    assert f"delivery:{delivery_id}:needs_review:1" == notice.key
    assert "no answer within 30 s" in notice.body
    assert f"steadypost resolve {delivery_id}" in notice.body


def test_nothing_is_told_of_what_goes_well_or_settles_itself(store):
    """An unconfirmed post is nobody's business while looks can still settle it."""
    delivery_id = scheduled(store)
    store.write(settling.answered, armed(store).attempt_id, answer(UNHEARD), now=NOON, jitter=0.5)
    store.write(looks.saw, delivery_id, NOTHING, now=NOON + MINUTE, next_at=NOON + MINUTE)

    assert State.UNCONFIRMED is store.read(reading.show, delivery_id).delivery.state
    assert [] == store.read(notices.every)


def test_a_notice_that_did_not_get_through_waits(store):
    """Nothing is lost while the channel is away, and nothing is told twice after."""
    in_review(store)
    [notice] = store.read(notices.due, NOON + HOUR)

    store.write(notices.not_sent, notice.id, why="ConnectError", next_at=NOON + 2 * HOUR)
    assert [] == store.read(notices.due, NOON + 2 * HOUR - SECOND)
    [again] = store.read(notices.due, NOON + 2 * HOUR)
    assert (1, "ConnectError") == (again.tries, again.trouble)

    store.write(notices.sent, notice.id, NOON + 2 * HOUR)
    assert [] == store.read(notices.due, NOON + 24 * HOUR)
    assert NOON + 2 * HOUR == store.read(notices.every)[0].sent_at


def test_many_tell_the_same_thing(store):
    """Of several processes that find the same trouble, one tells."""
    new = together(
        4,
        lambda _: store.write(notices.put, key="disk", title="The disk is full", body="Make room.", now=NOON),
    )

    assert [False, False, False, True] == sorted(new)
    assert 1 == len(store.read(notices.every))
