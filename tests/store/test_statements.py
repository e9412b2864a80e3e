"""How often the database is asked for one post. The figures may fall and not rise: each is a way to a server and back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from steadypost.domain.outcome import Answer, Published
from steadypost.domain.quota import Limits
from steadypost.networks.x.snowflake import id_at
from steadypost.store import AccountRecord, settling
from steadypost.store import accounts as account_rows
from tests.store.counting import built_statements, statements
from tests.store.people import NOON, claimed, saying, scheduled

IDLE_ACCOUNT = 5
"""Of an account of which nothing is due, in a round of the watch."""

CLAIM, ARM, RECORD = 28, 9, 15
"""Of a single post of an account with a quota, the beginning of each transaction included."""


@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize("channel", ["x_web", "x_api"])
@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_post_costs_no_more_statements_than_it_did(store, channel, parts):
    """Each further part is written twice, when it is armed and when its id is there; that it costs money adds none."""
    record = AccountRecord(name="alice", channel=channel, handle="Alice", limits=Limits(per_day=50))
    store.write(account_rows.put, record, NOON)
    scheduled(store, saying(*(f"Part {n}" for n in range(parts))))
    ids = [id_at(NOON, sequence=n) for n in range(parts)]

    with statements(store) as claiming:
        claim = claimed(store)
    with statements(store) as arming:
        assert store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=NOON)
    answer = Answer(outcomes=tuple(Published(remote_id=one) for one in ids))
    with statements(store) as recording:
        told = store.write(settling.answered, claim.attempt_id, answer, now=NOON, jitter=0.5)

    assert ids == [part.remote_id for part in told.delivery.parts]
    counted, more = (len(claiming), len(arming), len(recording)), parts - 1
    assert (True, True, True) == tuple(
        n <= most for n, most in zip(counted, (CLAIM, ARM + more, RECORD + 2 * more), strict=True)
    ), counted


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_what_each_post_asks_of_the_database_is_built_once(store):
    """Building a statement takes several times the processor that executing it does, and a post needs fifty."""
    record = AccountRecord(name="alice", channel="x_web", handle="Alice", limits=Limits(per_day=50))
    store.write(account_rows.put, record, NOON)
    built = []
    for n in range(2):
        scheduled(store, saying(f"Post {n}"))
        with built_statements(store) as said:
            claim = claimed(store)
            assert store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=NOON)
            answer = Answer(outcomes=(Published(remote_id=id_at(NOON, sequence=n)),))
            store.write(settling.answered, claim.attempt_id, answer, now=NOON, jitter=0.5)
        built.append(said)
    first, second = built

    assert len(second) > CLAIM
    assert [] == [str(one) for one in second if all(one is not other for other in first)]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_nothing_listens_to_each_statement(store):
    """With one listener SQLAlchemy calls four of its events for each statement, a sixth of what it takes."""
    assert not store._database.engine._has_events


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_an_idle_account_costs_a_round_of_the_watch_no_more_statements_than_it_did(store):
    """With 200 accounts each is 200 ways to a server and back, every minute."""
    counted = []
    for many in (1, 11):
        for n in range(many):
            store.write(account_rows.put, AccountRecord(name=f"a{n}", channel="x_web", handle=f"A{n}"), NOON)
        with statements(store) as said:
            store.observe(NOON, claims_of=timedelta(days=1))
        counted.append(len(said))

    assert counted[1] - counted[0] <= 10 * IDLE_ACCOUNT
