"""What is tried again shares a budget, and passes nobody who has not had a turn."""

from __future__ import annotations

from steadypost.domain.budget import Budget
from steadypost.domain.outcome import Cause, NotSubmitted, Phase
from steadypost.store import attempts as attempt_rows
from steadypost.store import settling
from tests.store.people import HOUR, LEASE, NOON, SECOND, answer, claims, published, scheduled

AWAY = NotSubmitted(cause=Cause.PAGE_UNREACHABLE, why="X does not answer", phase=Phase.CLAIMED)


def tried_before(store, count, account="alice"):
    """Deliveries whose first attempt came to nothing, due again."""
    ids = [scheduled(store, account=account, due_at=NOON - SECOND) for _ in range(count)]
    for claim in claims(store, NOON, accounts=(account,)):
        store.write(settling.answered, claim.attempt_id, answer(AWAY), now=NOON, jitter=0.5)
    return ids


def claim(store, now, **bounds):
    return store.claim(
        worker="worker", now=now, lease=LEASE, at_most=100, accounts=("alice", "bob"), **bounds
    )


def test_no_more_are_tried_again_than_the_budget_has_left(store):
    """Ten wait for another try, three may: three are claimed, the oldest."""
    ids = tried_before(store, 10)

    assert [one.delivery_id for one in claim(store, NOON + HOUR, retries=3)] == ids[:3]
    assert 7 == len(claim(store, NOON + HOUR))


def test_what_has_had_no_attempt_passes_by_those_that_wait_for_the_budget(store):
    """An outage's leftovers keep nothing fresh waiting, on their own account either."""
    tried_before(store, 5)
    fresh = scheduled(store, due_at=NOON + SECOND)
    of_bob = scheduled(store, account="bob", due_at=NOON + SECOND)

    got = claim(store, NOON + HOUR, retries=0)

    assert {one.delivery_id for one in got} == {fresh, of_bob}


def test_each_account_gets_what_it_has_places_for(store):
    """Alice has a hundred due and one place; Bob has all he needs."""
    for _ in range(10):
        scheduled(store)
    of_bob = [scheduled(store, account="bob") for _ in range(3)]

    got = claim(store, NOON, at_most_each={"alice": 1, "bob": 5})

    assert 1 == [one.account for one in got].count("alice")
    assert {one.delivery_id for one in got if one.account == "bob"} == set(of_bob)
    assert [] == claim(store, NOON, at_most_each={"alice": 0, "bob": 0})


def test_the_budget_is_counted_from_the_attempts_of_everybody(store):
    """Two workers' retries in vain are spent, those that worked are not; what is over an hour old is not read."""
    tried_before(store, 4)
    later = NOON + HOUR
    assert [] == store.read(attempt_rows.recent, later - Budget().within)

    for n, one in enumerate(claim(store, later)):
        brought = published() if n == 0 else answer(AWAY)
        store.write(settling.answered, one.attempt_id, brought, now=later, jitter=0.5)
    tries = store.read(attempt_rows.recent, later - Budget().within)

    assert [(one.again, one.worked) for one in tries] == [(True, False)] * 3 + [(True, True)]
    assert Budget().left(tries, later) == Budget().floor - 3
