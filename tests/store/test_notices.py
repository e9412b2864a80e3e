"""What a person is told: once, with what to do, and kept until it got through."""

from __future__ import annotations

from steadypost.domain.delivery import State
from steadypost.domain.evidence import CannotTell
from tests.store.people import HOUR, MINUTE, NOON, SECOND, UNHEARD, answer, armed, scheduled
from tests.store.racing import together

NOTHING = {0: CannotTell(why="the list did not reach back")}


def in_review(store):
    """A delivery that no look could settle."""
    delivery_id = scheduled(store)
    store.answered(armed(store).attempt_id, answer(UNHEARD), NOON, 0.5)
    store.saw(delivery_id, NOTHING, NOON + MINUTE, NOON + MINUTE, most_looks=1)
    return delivery_id


def test_a_delivery_that_needs_a_person_is_told_of_once(store):
    """One message, with the reason and the commands, however often it is looked at."""
    delivery_id = in_review(store)
    store.saw(delivery_id, NOTHING, NOON + 2 * MINUTE, NOON + HOUR, most_looks=1)

    [notice] = store.notices_due(NOON + HOUR)

    assert f"delivery:{delivery_id}:needs_review:1" == notice.key
    assert "no answer within 30 s" in notice.body
    assert f"steadypost resolve {delivery_id}" in notice.body


def test_nothing_is_told_of_what_goes_well_or_settles_itself(store):
    """A post in doubt is nobody's business while looks can still settle it."""
    delivery_id = scheduled(store)
    store.answered(armed(store).attempt_id, answer(UNHEARD), NOON, 0.5)
    store.saw(delivery_id, NOTHING, NOON + MINUTE, NOON + MINUTE)

    assert State.UNCONFIRMED is store.show(delivery_id).delivery.state
    assert [] == store.notices()


def test_a_notice_that_did_not_get_through_waits(store):
    """Nothing is lost while the channel is away, and nothing is told twice after."""
    in_review(store)
    [notice] = store.notices_due(NOON + HOUR)

    store.notice_not_sent(notice.id, "ConnectError", NOON + 2 * HOUR)
    assert [] == store.notices_due(NOON + 2 * HOUR - SECOND)
    [again] = store.notices_due(NOON + 2 * HOUR)
    assert (1, "ConnectError") == (again.tries, again.trouble)

    store.notice_sent(notice.id, NOON + 2 * HOUR)
    assert [] == store.notices_due(NOON + 24 * HOUR)
    assert NOON + 2 * HOUR == store.notices()[0].sent_at


def test_many_tell_the_same_thing(store):
    """Of several processes that find the same trouble, one tells."""
    new = together(4, lambda _: store.put_notice("disk", "The disk is full", "Make room.", NOON))

    assert [False, False, False, True] == sorted(new)
    assert 1 == len(store.notices())
