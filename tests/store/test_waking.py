"""What waited for a reason that is gone goes again now; what may be live is left to its own wait."""

from steadypost.domain.delivery import State
from steadypost.domain.outcome import Cause, Deferred, NotSubmitted, Phase
from steadypost.store import reading, settling, waking
from tests.store.people import HOUR, NOON, SECOND, answer, armed, claimed, claims, scheduled

DOWN = NotSubmitted(cause=Cause.PAGE_UNREACHABLE, why="X does not answer", phase=Phase.CLAIMED)
PAGE = {Cause.PAGE_UNREACHABLE, Cause.SERVER_ERROR}


def put_off(store, outcome=DOWN, *, arm=False, account="alice"):
    delivery_id = scheduled(store, account=account)
    claim = (armed if arm else claimed)(store)
    store.write(settling.answered, claim.attempt_id, answer(outcome), now=NOON, jitter=0.5)
    return delivery_id


def test_it_waits_no_longer(store):
    """Its wait was for a page that is well again."""
    delivery_id = put_off(store)
    assert [] == claims(store, NOON + SECOND)

    assert 1 == store.write(waking.wake, "alice", PAGE, now=NOON + SECOND)

    assert [claim.delivery_id for claim in claims(store, NOON + SECOND)] == [delivery_id]


def test_another_account_and_another_cause_wait_on(store):
    """Bob's page is another page, and a composer that differs is no page that was down."""
    put_off(store, account="bob")
    put_off(store, NotSubmitted(cause=Cause.COMPOSER_DIFFERS, why="", phase=Phase.OPENED))

    assert 0 == store.write(waking.wake, "alice", PAGE, now=NOON + SECOND)
    assert [] == claims(store, NOON + SECOND)


def test_what_was_ever_armed_keeps_its_wait(store):
    """A first copy may still come to life until that wait is over: it is nobody's to shorten."""
    delivery_id = put_off(store, Deferred(cause=Cause.SERVER_ERROR, code="-", why=""), arm=True)

    assert 0 == store.write(waking.wake, "alice", PAGE, now=NOON + SECOND)
    assert store.read(reading.show, delivery_id).delivery.state is State.SCHEDULED
    assert [] == claims(store, NOON + SECOND)


def test_what_is_not_due_is_not_early(store):
    """Waking never makes a post go out before its moment."""
    put_off(store)
    later = scheduled(store, due_at=NOON + HOUR)
    store.write(waking.wake, "alice", PAGE, now=NOON + SECOND)

    assert later not in [claim.delivery_id for claim in claims(store, NOON + SECOND)]
