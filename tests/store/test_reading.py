"""What people read of the store, the leases, and answers as JSON."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadypost.domain.delivery import State
from steadypost.domain.outcome import (
    Answer,
    Cause,
    Deferred,
    NotSubmitted,
    Phase,
    Published,
    Refused,
    Unconfirmed,
)
from steadypost.store import UnknownAccount, UnknownDelivery, codec, persons, reading, settling, watches
from steadypost.store import accounts as account_rows
from steadypost.store.acts import By
from tests.store.people import (
    HOUR,
    MINUTE,
    NOON,
    SECOND,
    UNHEARD,
    answer,
    armed,
    claimed,
    claims,
    saying,
    scheduled,
)

CAUSE, WHY, PHASE = st.sampled_from(Cause), st.text(), st.sampled_from(Phase)
MOMENT = st.datetimes(timezones=st.just(UTC))
OUTCOME = st.one_of(
    st.builds(Published, remote_id=st.from_regex(r"[0-9]{15,20}", fullmatch=True)),
    st.builds(Refused, cause=CAUSE, code=WHY, why=WHY),
    st.builds(Deferred, cause=CAUSE, code=WHY, why=WHY, until=st.none() | MOMENT),
    st.builds(NotSubmitted, cause=CAUSE, why=WHY, phase=PHASE),
    st.builds(Unconfirmed, cause=CAUSE, why=WHY, phase=PHASE),
)


@given(st.builds(Answer, outcomes=st.lists(OUTCOME, min_size=1).map(tuple), first=st.integers(0, 25)))
def test_an_answer_survives_being_written_down(said):
    """Whatever an ask brought, it is read back as it was."""
    assert said == codec.loads(codec.dumps(said))


def test_the_queue(store):
    """In the order in which things are due, of everybody or of one, in every state or in one."""
    later = scheduled(store, saying("later"), due_at=NOON + HOUR)
    now = scheduled(store, saying("now", source="posts.csv:7"), account="bob")
    taken_back = scheduled(store, saying("never"), due_at=NOON - HOUR)
    store.write(persons.cancel, taken_back, now=NOON, by=By())

    def told(**of):
        return [entry.delivery.id for entry in store.read(reading.queue, **of)]

    assert [taken_back, now, later] == told()
    assert [now, later] == told(state=State.SCHEDULED)
    assert [taken_back, later] == told(account="alice")
    assert [taken_back] == told(limit=1)
    assert ("now", "posts.csv:7") == (
        store.read(reading.queue, account="bob")[0].text,
        store.read(reading.queue, account="bob")[0].source,
    )


def test_a_story(store):
    """Everything about one delivery, from its post to its last look."""
    delivery_id = scheduled(store, key="k")
    claim = armed(store, executor="runner 1")
    store.write(settling.answered, claim.attempt_id, answer(UNHEARD), now=NOON + SECOND, jitter=0.5)

    story = store.read(reading.show, delivery_id)

    [attempt] = story.attempts
    [use] = story.quota
    assert ("k", 1, NOON - HOUR) == (story.key, story.fence, story.created_at)
    assert ("runner 1", Phase.CLICKED, NOON, NOON + SECOND) == (
        attempt.executor,
        attempt.phase,
        attempt.armed_at,
        attempt.answered_at,
    )
    assert (1, NOON, NOON + SECOND, True, False) == (
        use.units,
        use.taken_at,
        use.counted_at,
        use.unknown,
        use.released,
    )
    with pytest.raises(UnknownDelivery):
        store.read(reading.show, delivery_id + 1)


def test_counts_and_what_is_next(store):
    """Every state is named, and what is next is what a worker may take next."""
    assert None is store.read(reading.next_due)
    scheduled(store, due_at=NOON + HOUR)
    scheduled(store, account="bob", due_at=NOON + MINUTE)

    assert NOON + MINUTE == store.read(reading.next_due)
    assert set(State) == set(store.read(reading.counts))
    assert (2, 1) == (
        store.read(reading.counts)[State.SCHEDULED],
        store.read(reading.counts, "bob")[State.SCHEDULED],
    )

    claimed(store, NOON + MINUTE)

    assert NOON + HOUR == store.read(reading.next_due)


def test_accounts(store):
    """By name, and an unknown one says who is known."""
    assert ["alice", "bob"] == [account.name for account in store.read(account_rows.every)]
    with pytest.raises(UnknownAccount, match="alice, bob"):
        store.read(account_rows.one, "carol")
    with pytest.raises(UnknownAccount):
        store.write(account_rows.resume, "carol", NOON)


def test_the_lease_of_a_flow(store):
    """Whoever comes last has the lease; who had it before learns so at the next heartbeat."""
    store.write(watches.take, "publish", run_id="first", now=NOON)
    assert store.write(watches.heartbeat, "publish", run_id="first", now=NOON + SECOND)
    store.write(watches.take, "publish", run_id="second", now=NOON + MINUTE)
    store.write(watches.take, "reconcile", run_id="third", now=NOON)

    assert not store.write(watches.heartbeat, "publish", run_id="first", now=NOON + HOUR)
    assert store.write(watches.heartbeat, "publish", run_id="second", now=NOON + HOUR)
    assert [("publish", "second", NOON + MINUTE, NOON + HOUR), ("reconcile", "third", NOON, NOON)] == [
        (watch.flow, watch.run_id, watch.since, watch.heartbeat_at) for watch in store.read(watches.every)
    ]


def test_a_naive_now_is_refused(store):
    """Times come with their zone, everywhere."""
    with pytest.raises(Exception, match="without zone"):
        claims(store, datetime(2026, 3, 2, 12))  # noqa: DTZ001
