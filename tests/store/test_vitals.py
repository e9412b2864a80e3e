"""What the store shows of a house's health, read from claims, answers and looks; on both databases."""

from steadypost.domain.checks import judge
from steadypost.domain.clock import Offset
from steadypost.domain.evidence import Absent, Present
from steadypost.domain.health import Kind, Tolerances, Verdict
from steadypost.domain.outcome import Cause, NotSubmitted, Phase
from steadypost.domain.quota import Full
from steadypost.store import accounts as account_rows
from steadypost.store import clocks as network_clocks
from steadypost.store import intake, looks, notices, reading, settling, strikes, vitals
from steadypost.store.acts import By
from steadypost.store.strikes import Of
from tests.domain import houses
from tests.store.people import (
    HOUR,
    MINUTE,
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
)


def observed(store, now=NOON):
    return store.observe(now, claims_of=HOUR)


def account(store, now=NOON, name="alice"):
    return next(one for one in observed(store, now).accounts if one.name == name)


def verdict(store, kind, now=NOON, name="alice"):
    """Judge a house whose store is this one, and in which all else is well."""
    seen = observed(store, now)
    everything = houses.house(at=now, store=seen)
    return next(
        one.verdict for one in judge(everything, Tolerances()) if one.kind is kind and one.about in {name, ""}
    )


def published_now(store, now=NOON, at=None, **more):
    """Schedule, claim, arm and publish one."""
    scheduled(store, due_at=now, **more)
    claim = armed(store, now)
    store.write(
        settling.answered, claim.attempt_id, published(an_id(at or now)), now=now + 2 * SECOND, jitter=0.5
    )
    return claim.delivery_id


def look(store, delivery_id, found, at):
    store.write(looks.saw, delivery_id, {0: found}, now=at, next_at=at + MINUTE, at=at)


def test_a_store_nobody_uses(store):
    """Nothing waits, nobody is on watch, nothing is wrong with either account."""
    seen = observed(store)

    assert {"alice", "bob"} == {one.name for one in seen.accounts}
    assert all(one.head is None and one.waiting == 0 and one.next_due_at is None for one in seen.accounts)
    assert {} == seen.heartbeats


def test_what_waits_and_since_when(store):
    """A thread of three that has been due for ten minutes; a post of tomorrow waits for nobody."""
    first = scheduled(store, saying("one", "two", "three"), due_at=NOON - 10 * MINUTE)
    scheduled(store, due_at=NOON + 24 * HOUR)
    seen = account(store)

    assert (1, 3, first) == (seen.waiting, seen.units, seen.head.id)
    assert NOON - 10 * MINUTE == seen.head.ready_since == seen.next_due_at
    assert Verdict.FAILING is verdict(store, Kind.DUE)


def test_what_came_in_late_has_not_been_waiting(store):
    """Its moment is long ago, and it is here since a second."""
    [added] = store.write(intake.add, saying(), accounts=["alice"], due_at=NOON - HOUR, now=NOON - SECOND)
    seen = account(store)

    assert added.delivery_id == seen.head.id
    assert NOON - SECOND == seen.head.ready_since
    assert Verdict.OK is verdict(store, Kind.DUE)


def test_a_quota_that_is_used_up_is_quiet(store):
    """The account's own limit says: not yet."""
    store.write(account_rows.put, person("alice", per_hour=1), NOON)
    published_now(store)
    scheduled(store, due_at=NOON + MINUTE)
    seen = account(store, NOON + 10 * MINUTE)

    assert isinstance(seen.capacity, Full)
    assert Verdict.OK is verdict(store, Kind.DUE, NOON + 10 * MINUTE)


def test_what_is_struck_waits_quietly_and_says_by_whom(store):
    """An operator's stop of a tag keeps back only what has it; what may go is what is next in line."""
    struck = scheduled(store, saying("Launch! #launch"), due_at=NOON - 10 * MINUTE)
    store.write(strikes.put, Of.TAG, "launch", by=By(name="Bob", why="a bad headline"), now=NOON - HOUR)
    seen = account(store)

    assert struck == seen.head.id
    assert "a bad headline" in seen.struck
    assert Verdict.OK is verdict(store, Kind.DUE)

    free = scheduled(store, due_at=NOON - 5 * MINUTE)
    seen = account(store)
    assert (free, "") == (seen.head.id, seen.struck)
    assert Verdict.FAILING is verdict(store, Kind.DUE)


def test_a_post_that_waits_for_its_next_attempt_says_why(store):
    """What kept it is known, and after five minutes it is late."""
    scheduled(store)
    claim = claimed(store)
    away = NotSubmitted(cause=Cause.PAGE_UNREACHABLE, why="503", phase=Phase.CLAIMED)
    store.write(settling.answered, claim.attempt_id, answer(away), now=NOON + SECOND, jitter=0.5)
    seen = account(store, NOON + 2 * SECOND)

    assert Cause.PAGE_UNREACHABLE is seen.head.cause
    assert seen.head.next_at > NOON + 2 * SECOND
    assert Verdict.OK is verdict(store, Kind.DUE, NOON + 2 * SECOND)


def test_published_and_seen(store):
    """A look saw it: it is live, and that is known from the network."""
    delivery_id = published_now(store)
    look(
        store,
        delivery_id,
        Present(remote_id=store.read(reading.show, delivery_id).delivery.parts[0].remote_id),
        NOON + 10 * SECOND,
    )
    [one] = account(store, NOON + MINUTE).published

    assert (delivery_id, NOON + 10 * SECOND) == (one.id, one.seen_at)
    assert Verdict.OK is verdict(store, Kind.LIVE, NOON + MINUTE)


def test_published_and_missed_is_red_however_the_publisher_feels(store):
    """The network answered with an id, and two looks at the account's page do not show it."""
    delivery_id = published_now(store)
    for after in (6 * SECOND, 30 * SECOND):
        look(store, delivery_id, Absent(why="not in the list"), NOON + after)
    [one] = account(store, NOON + 31 * SECOND).published

    assert (NOON + 6 * SECOND, NOON + 30 * SECOND) == one.missed_at
    assert Verdict.FAILING is verdict(store, Kind.LIVE, NOON + 31 * SECOND)


def test_published_and_nobody_looked_is_unknown(store):
    """Not ok: what nobody has seen may well not be there."""
    published_now(store)

    assert Verdict.OK is verdict(store, Kind.LIVE, NOON + 30 * SECOND)
    assert Verdict.UNKNOWN is verdict(store, Kind.LIVE, NOON + 3 * MINUTE)


def test_a_lease_that_ran_out(store):
    """Held by a worker that fell silent, until somebody takes it back."""
    scheduled(store)
    claim = claimed(store)

    assert {claim.delivery_id: NOON + 30 * SECOND} == observed(store, NOON + MINUTE).lapsed
    assert Verdict.FAILING is verdict(store, Kind.LEASES, NOON + MINUTE)
    store.rescue(NOON + MINUTE)
    assert {} == observed(store, NOON + MINUTE).lapsed


def test_a_look_that_is_overdue(store):
    """What is unconfirmed was to be looked for, and nobody did."""
    scheduled(store)
    claim = armed(store)
    store.write(settling.answered, claim.attempt_id, answer(UNHEARD), now=NOON + SECOND, jitter=0.5)

    assert NOON + 6 * SECOND == account(store, NOON + 5 * MINUTE).looks_overdue_since
    assert Verdict.FAILING is verdict(store, Kind.UNCONFIRMED, NOON + 5 * MINUTE)


def test_the_network_s_answers_tell_that_a_clock_is_off(store):
    """The host that is furthest off is named, with how far it is ahead; what was compared long ago says nothing."""
    store.write(network_clocks.note, "one", "x.com", Offset(ahead=2 * SECOND, within=SECOND), NOON)
    assert ("one", -2 * SECOND) == observed(store, NOON + MINUTE).clock_off
    assert Verdict.OK is verdict(store, Kind.CLOCK, NOON + MINUTE)

    store.write(network_clocks.note, "two", "x.com", Offset(ahead=-10 * MINUTE, within=SECOND), NOON)
    assert ("two", 10 * MINUTE) == observed(store, NOON + MINUTE).clock_off
    assert Verdict.FAILING is verdict(store, Kind.CLOCK, NOON + MINUTE)

    store.write(network_clocks.note, "two", "x.com", Offset(ahead=SECOND, within=SECOND), NOON + 2 * MINUTE)
    assert ("one", -2 * SECOND) == observed(store, NOON + 3 * MINUTE).clock_off
    assert observed(store, NOON + 24 * HOUR).clock_off is None


def test_what_is_noted_keeps_since_when(store):
    """Said again it stays as old as it is; the other way round it begins anew."""
    for after, well in ((0, True), (10, True), (20, False), (30, False)):
        store.write(vitals.note, f"{vitals.LOOK}alice", well=well, told="a wall", now=NOON + after * SECOND)
    noted = store.read(vitals.every)[f"{vitals.LOOK}alice"]

    assert (False, NOON + 20 * SECOND, NOON + 30 * SECOND) == (noted.well, noted.since, noted.at)
    assert noted == account(store, NOON + 31 * SECOND).look
    assert Verdict.UNKNOWN is verdict(store, Kind.READER, NOON + 31 * SECOND)


def test_messages_that_wait(store):
    """Since when the oldest waits, and why."""
    store.write(notices.put, key="a", title="A", body="a", now=NOON)
    [notice] = store.read(notices.due, NOON)
    store.write(notices.not_sent, notice.id, why="connection refused", next_at=NOON + HOUR)
    seen = observed(store, NOON + 10 * MINUTE)

    assert (1, NOON, "connection refused") == (seen.notices_waiting, seen.notices_since, seen.notices_trouble)
    assert Verdict.FAILING is verdict(store, Kind.NOTICES, NOON + 10 * MINUTE)


def test_who_was_taken_up_last(store):
    """A claim is progress, of its account and of the house."""
    scheduled(store)
    claims(store, NOON)

    assert NOON == account(store).claimed_at == observed(store).claimed_at
    assert account(store, name="bob").claimed_at is None
