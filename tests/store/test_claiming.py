"""Who gets to send what, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, update

from steadypost.domain.delivery import State
from steadypost.domain.evidence import SeenPost
from steadypost.domain.likeness import plain
from steadypost.domain.outcome import Cause
from steadypost.domain.remote_id import RemoteId
from steadypost.store import Store, StoreAway, leases, ledger, reading, settling, unconfirmed
from steadypost.store import accounts as account_rows
from steadypost.store import claims as claiming
from steadypost.store.leases import LONGEST_HOLD
from steadypost.store.schema import deliveries
from tests.store.people import (
    HOUR,
    LEASE,
    MINUTE,
    NEVER,
    NOON,
    SECOND,
    UNHEARD,
    an_id,
    answer,
    armed,
    claimed,
    claims,
    person,
    published,
    saying,
    scheduled,
    with_picture,
)
from tests.store.racing import flat, in_processes, together


def test_eight_workers_and_one_delivery(store):
    """Of eight that reach for the same delivery at the same moment, one gets it."""
    delivery_id = scheduled(store)

    got = together(8, lambda number: claims(store, worker=f"worker{number}"))

    assert [delivery_id] == flat([claim.delivery_id for claim in one] for one in got)
    assert 1 == len(store.read(reading.show, delivery_id).attempts)


def test_ten_workers_and_a_hundred_deliveries(store):
    """Ten workers claim a hundred deliveries a hundred times, each exactly once."""
    ids = [scheduled(store) for _ in range(100)]

    def all_day(number: int) -> list[int]:
        found: list[int] = []
        while got := claims(store, worker=f"worker{number}", at_most=3):
            found += [claim.delivery_id for claim in got]
        return found

    assert ids == flat(together(10, all_day))


def test_workers_of_several_processes(store, url):
    """It is the database that decides who wins, not anything that the threads of one process share."""
    ids = [scheduled(store) for _ in range(30)]

    assert ids == flat(in_processes(3, url, 1))


def test_a_quota_holds_under_parallel_claims(store):
    """With two posts an hour, eight workers and ten due deliveries, exactly two go out."""
    store.write(account_rows.put, person("alice", per_hour=2), NOON)
    for _ in range(10):
        scheduled(store)

    got = together(8, lambda number: claims(store, worker=f"worker{number}", at_most=1))

    assert 2 == sum(map(len, got))


def test_a_claim_says_everything_an_attempt_needs(store):
    """Whoever has the claim need not ask the store for anything more."""
    delivery_id = scheduled(store, replace(with_picture(), reply_to=RemoteId("1580000000000000001")))

    claim = claimed(store)

    assert (delivery_id, 1, 1, "alice", "x_web", "Alice") == (
        claim.delivery_id,
        claim.n,
        claim.fence,
        claim.account,
        claim.channel,
        claim.handle,
    )
    assert with_picture().parts == claim.parts
    assert (0, 2, "1580000000000000001") == (claim.first, claim.total, claim.reply_to)
    assert NOON + LEASE == claim.lease_until


def test_nothing_is_claimed_before_its_moment(store):
    """Due exactly now is due; a second later is not."""
    scheduled(store, due_at=NOON)
    scheduled(store, due_at=NOON + SECOND)

    assert 1 == len(claims(store, NOON))
    assert 1 == len(claims(store, NOON + SECOND))


def test_oldest_first_across_accounts(store):
    """What has waited longest goes first, whoever's it is."""
    late = scheduled(store, account="alice", due_at=NOON - MINUTE)
    later = scheduled(store, account="bob", due_at=NOON - 3 * MINUTE)
    latest = scheduled(store, account="alice", due_at=NOON - 2 * MINUTE)

    assert [later, latest, late] == [claim.delivery_id for claim in claims(store)]


def test_only_the_accounts_asked_for(store):
    """A worker that cannot open an account leaves its deliveries alone."""
    scheduled(store, account="alice")
    mine = scheduled(store, account="bob")

    assert [mine] == [claim.delivery_id for claim in claims(store, accounts=["bob"])]


def test_a_thread_that_does_not_fit_waits_and_delays_only_its_account(store):
    """
    A thread is reserved whole before its first part; the shorter post behind it waits its turn,
    and another account's does not.
    """
    store.write(account_rows.put, person("alice", per_hour=3), NOON)
    scheduled(store, saying("one", "two"), due_at=NOON - 3 * MINUTE)
    scheduled(store, saying("three", "four"), due_at=NOON - 2 * MINUTE)
    scheduled(store, saying("five"), due_at=NOON - MINUTE)
    bobs = scheduled(store, account="bob")

    got = claims(store)

    assert [("alice", 2), ("bob", 1)] == [(claim.account, len(claim.parts)) for claim in got]
    assert bobs == got[-1].delivery_id


def test_a_thread_that_can_never_fit_is_put_before_a_person(store):
    """What no window can ever hold does not stand in front of what fits."""
    store.write(account_rows.put, person("alice", per_day=2), NOON)
    endless = scheduled(store, saying("one", "two", "three"), due_at=NOON - MINUTE)
    short = scheduled(store)

    assert [short] == [claim.delivery_id for claim in claims(store)]
    assert State.HELD is store.read(reading.show, endless).delivery.state
    assert "3 parts" in store.read(reading.show, endless).delivery.why


def test_fifty_that_cannot_go_delay_none_that_can(store):
    """Fifty older deliveries that may not go out now do not stand before one that may."""
    store.write(account_rows.put, person("bob", per_hour=1), NOON)
    for _ in range(50):
        scheduled(store, account="bob", due_at=NOON - HOUR)
    backing_off = [scheduled(store, due_at=NOON - HOUR) for _ in range(50)]
    broken = answer(replace(NEVER, cause=Cause.OVERLAY))
    for claim in claims(store, accounts=["alice"]):
        store.write(settling.answered, claim.attempt_id, broken, now=NOON, jitter=0.5)
    ready = scheduled(store)

    got = claims(store, NOON + SECOND)

    assert ready in [claim.delivery_id for claim in got]
    assert not set(backing_off) & {claim.delivery_id for claim in got}


def test_the_late_rule(store):
    """
    A delivery may start until the last instant its late rule allows, and is missed after it, with the
    reason, even when it is held or its account is paused.
    """
    within = scheduled(store, due_at=NOON, late_after=HOUR)
    past = scheduled(store, due_at=NOON - SECOND, late_after=HOUR)
    held = scheduled(store, saying("again"), due_at=NOON - SECOND)
    held = scheduled(store, saying("Again"), due_at=NOON - SECOND, late_after=HOUR)
    store.write(
        account_rows.pause,
        "alice",
        until=NOON + 9 * HOUR,
        cause=Cause.LOCKED,
        why="locked",
        session_mark="",
        now=NOON,
    )

    assert [] == claims(store, NOON + HOUR)
    assert [State.SCHEDULED, State.MISSED, State.MISSED] == [
        store.read(reading.show, one).delivery.state for one in (within, past, held)
    ]
    assert "1:00:00 late" in store.read(reading.show, past).delivery.why


def test_a_thread_that_has_begun_is_never_missed(store):
    """Half a thread is worse than a late one."""
    scheduled(store, saying("one", "two"), late_after=MINUTE)
    claim = armed(store)
    first = an_id()
    store.write(
        settling.answered, claim.attempt_id, answer(published(first).outcomes[0], NEVER), now=NOON, jitter=0.5
    )

    again = claimed(store, NOON + HOUR)

    assert (1, ("two",), first) == (again.first, tuple(part.text for part in again.parts), again.reply_to)


def test_a_paused_account_waits_and_goes_on(store):
    """A pause stops an account until its end, and no other account; somebody may end it before."""
    scheduled(store, account="alice")
    scheduled(store, account="bob")
    pause = {"cause": Cause.CHALLENGE, "why": "X asked who we are", "session_mark": "old", "now": NOON}
    store.write(account_rows.pause, "alice", until=NOON + HOUR, **pause)

    assert ["bob"] == [claim.account for claim in claims(store)]
    assert "old" == store.read(account_rows.one, "alice").session_mark
    assert [] == claims(store, NOON + HOUR - SECOND)

    store.write(account_rows.resume, "alice", NOON)

    assert ["alice"] == [claim.account for claim in claims(store)]


def test_putting_an_account_again_leaves_its_pause(store):
    """What a block says and what the network said are two things."""
    store.write(
        account_rows.pause, "bob", until=NOON + HOUR, cause=Cause.LOCKED, why="", session_mark="m", now=NOON
    )
    store.write(account_rows.put, replace(person("bob", per_hour=3), longest=4_000), NOON)

    bob = store.read(account_rows.one, "bob")

    assert (4_000, 3, NOON + HOUR, Cause.LOCKED) == (
        bob.longest,
        bob.limits.per_hour,
        bob.paused_until,
        bob.pause_cause,
    )


@pytest.mark.parametrize("ended", [True, False], ids=["ended", "unconfirmed"])
def test_the_edge_of_a_window(store, ended):
    """
    A post counts for one hour from the end of its attempt, to the second, and just the same when nobody
    knows whether it is live.
    """
    store.write(account_rows.put, person("alice", per_hour=1), NOON)
    scheduled(store)
    scheduled(store)
    claim = armed(store)
    assert [] == claims(store, NOON + MINUTE), "in flight, it counts"
    store.write(
        settling.answered,
        claim.attempt_id,
        published() if ended else answer(UNHEARD),
        now=NOON + MINUTE,
        jitter=0.5,
    )

    assert [not ended] == [use.unknown for use in store.read(reading.quota, "alice", NOON + MINUTE)]
    assert [] == claims(store, NOON + MINUTE + HOUR - SECOND)
    assert 1 == len(claims(store, NOON + MINUTE + HOUR))


def test_spacing(store):
    """Two deliveries of an account keep their distance; the parts of a thread are one delivery."""
    store.write(account_rows.put, person("alice", spacing=timedelta(minutes=5)), NOON)
    scheduled(store, saying("one", "two"))
    scheduled(store)
    claim = armed(store)
    store.write(settling.answered, claim.attempt_id, published(an_id(), an_id()), now=NOON, jitter=0.5)

    assert [] == claims(store, NOON + 5 * MINUTE - SECOND)
    assert 1 == len(claims(store, NOON + 5 * MINUTE))


def test_posts_made_by_hand_count(store):
    """What somebody posts by hand uses the quota from the instant its id names, and is counted once."""
    store.write(account_rows.put, person("alice", per_hour=1), NOON)
    scheduled(store)
    by_hand = SeenPost(id=an_id(NOON - MINUTE), author="Alice", said=plain("hello"))

    assert [1, 0] == [store.write(ledger.note_foreign, "alice", [by_hand], NOON) for _ in range(2)]
    assert [] == claims(store, NOON)
    assert 1 == len(claims(store, NOON + HOUR))


def test_leases_are_renewed_only_while_they_hold(store):
    """A worker that was stopped past its lease has lost what it held, however often it renews."""
    scheduled(store)
    claim = claimed(store, worker="walter")

    assert 1 == store.write(leases.renew, worker="walter", now=NOON + 20 * SECOND, lease=LEASE)
    assert 0 == store.write(leases.renew, worker="wilma", now=NOON + 20 * SECOND, lease=LEASE)
    assert NOON + 50 * SECOND == store.read(reading.show, claim.delivery_id).attempts[-1].lease_until
    assert 0 == store.write(leases.renew, worker="walter", now=NOON + 50 * SECOND, lease=LEASE)


def test_what_a_worker_forgot_is_not_held_for_ever(store):
    """A claim that a living worker does not know of is renewed by nobody, or for ten minutes at the most."""
    scheduled(store)
    claim = claimed(store, worker="walter")

    assert 0 == store.write(leases.renew, worker="walter", now=NOON + SECOND, lease=LEASE, in_hand=[])
    assert 1 == store.write(
        leases.renew, worker="walter", now=NOON + SECOND, lease=LEASE, in_hand=[claim.attempt_id]
    )
    moment = NOON + SECOND
    while store.write(leases.renew, worker="walter", now=moment, lease=LEASE):
        moment += 20 * SECOND
    assert NOON + LONGEST_HOLD == store.read(reading.show, claim.delivery_id).attempts[-1].lease_until
    assert 1 == len(store.rescue(NOON + LONGEST_HOLD))


def test_a_claim_reaches_its_worker_though_the_next_fails(store, monkeypatch):
    """When the store goes away between two claims, the first one is not lost with the second."""
    scheduled(store)
    scheduled(store)
    take = claiming._claim_next
    tries = iter([take, None])

    def go_away(*args, **more):
        work = next(tries)
        if work is None:
            raise StoreAway("the store is away", remedy="Wait")
        return work(*args, **more)

    monkeypatch.setattr(claiming, "_claim_next", go_away)

    assert 1 == len(claims(store))


def test_the_queue_is_read_through_its_indexes(tmp_path):
    """What is asked every quarter of a second does not walk through what is not due."""
    with Store.create(f"sqlite:///{tmp_path / 'store.db'}") as store:
        asked = []
        event.listen(
            store._database.engine,
            "before_cursor_execute",
            lambda _c, _cursor, said, given, _context, _many: asked.append((said, given)),
        )
        store.write(account_rows.put, person("alice"), NOON)
        scheduled(store)
        asked.clear()
        claimed(store)
        store.rescue(NOON)
        store.read(unconfirmed.accounts_due, NOON)
        store.read(unconfirmed.due, "alice", NOON)
        store.read(reading.next_due)
        store.read(claiming.is_anything_due, NOON)
        with store._database.engine.connect() as connection:
            plans = [
                " ".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", given))
                for said, given in list(asked)
                if said.startswith("SELECT")
            ]

    assert [] == [plan for plan in plans if "SCAN deliveries" in plan and "USING" not in plan]
    for name in ("claimable", "late", "leased", "unconfirmed", "unverified", "next"):
        assert any(f"ix_deliveries_{name}" in plan for plan in plans), name


def test_claims_ask_for_nothing_when_there_is_nothing(url):
    """No accounts, no places, no due deliveries: no claims."""
    with Store.open(url) as store:
        store.write(account_rows.put, person("alice"), NOON)

        assert [] == claims(store)
        assert [] == claims(store, accounts=[])
        assert [] == claims(store, at_most=0)


def test_accounts_with_nothing_due_cost_two_questions(store):
    """A watch asks for every network each time that it wakes."""
    asked: list[str] = []
    event.listen(
        store._database.engine, "before_cursor_execute", lambda *given: asked.append(given[2].split()[0])
    )

    assert [] == claims(store)
    assert asked.count("SELECT") <= 3


def test_it_is_known_at_once_whether_there_is_anything_to_claim(store):
    """One question, in all networks: yes as soon as a claim finds something, or a worker holds something."""

    def is_due(moment=NOON):
        return store.read(claiming.is_anything_due, moment)

    assert not is_due()
    scheduled(store, due_at=NOON + MINUTE, late_after=HOUR)
    assert not is_due(NOON + MINUTE - SECOND)
    assert is_due(NOON + MINUTE)
    claim = claimed(store, NOON + MINUTE)
    assert is_due(NOON + MINUTE), "its lease may be by a clock that is ahead"
    store.rescue(claim.lease_until)
    [waits] = store.read(reading.queue)
    assert not is_due(waits.delivery.next_at - SECOND)
    assert is_due(waits.delivery.next_at)


def test_the_late_are_put_aside_though_they_would_wait_for_longer(store):
    """Their time is over before their next attempt's has come: that is something to claim for, too."""
    scheduled(store, late_after=MINUTE)
    store.write(settling.answered, armed(store).attempt_id, answer(NEVER), now=NOON + SECOND, jitter=1.0)
    [waits] = store.read(reading.queue)
    store.write(changed_next_at, waits.delivery.id, NOON + HOUR)

    assert store.read(claiming.is_anything_due, NOON + 2 * MINUTE)


def changed_next_at(connection, delivery_id, until):
    """Let a delivery wait until then."""
    connection.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(next_at=until))
