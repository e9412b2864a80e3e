"""What is kept, and for how long: a year of a busy house, and the time after it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from steadypost.domain.delivery import State
from steadypost.domain.outcome import Phase
from steadypost.domain.retention import RULES, kept
from steadypost.networks.x.snowflake import id_at
from steadypost.store import accounts as account_rows
from steadypost.store import (
    codec,
    housekeeping,
    persons,
    reading,
    schema,
    series,
    series_changes,
    settling,
)
from steadypost.store.acts import By
from tests.store.counting import statements
from tests.store.people import (
    HOUR,
    MINUTE,
    NOON,
    SECOND,
    an_id,
    armed,
    claimed,
    claims,
    person,
    published,
    saying,
    scheduled,
)

DAY = timedelta(days=1)
NAMES = [f"account{n:02}" for n in range(50)]
A_DAY = 100
TABLES = (
    schema.posts,
    schema.post_parts,
    schema.deliveries,
    schema.delivery_parts,
    schema.attempts,
    schema.quota_uses,
    schema.evidence,
    schema.transitions,
)


def publish_some(store, days, first=0):
    """Write down so many days of posts, as the store would have after publishing them: by the hundred, in few words."""
    outcome = codec.dumps(published(an_id()))

    def write(connection):
        for day in range(first, first + days):
            numbers = [day * A_DAY + n + 1 for n in range(A_DAY)]
            at = {n: NOON + day * DAY + i * MINUTE for i, n in enumerate(numbers)}
            name = {n: NAMES[n % len(NAMES)] for n in numbers}
            rows = {
                schema.posts: [
                    {"id": n, "source": "", "fingerprint": f"{n:064}", "created_at": at[n] - HOUR}
                    for n in numbers
                ],
                schema.post_parts: [{"post_id": n, "n": 0, "text": f"Post {n}. " * 15} for n in numbers],
                schema.deliveries: [
                    {
                        "id": n,
                        "post_id": n,
                        "account": name[n],
                        "state": "published",
                        "due_at": at[n],
                        "next_at": at[n],
                        "units": 1,
                        "attempts": 1,
                        "broken": 0,
                        "deferred": 0,
                        "looks": 0,
                        "why": "",
                        "fence": 1,
                        "created_at": at[n] - HOUR,
                        "updated_at": at[n],
                        "published_at": at[n],
                        "verified_at": at[n],
                    }
                    for n in numbers
                ],
                schema.delivery_parts: [
                    {
                        "delivery_id": n,
                        "n": 0,
                        "state": "live",
                        "remote_id": id_at(at[n], sequence=n % 4096),
                        "account": name[n],
                    }
                    for n in numbers
                ],
                schema.attempts: [
                    {
                        "id": n,
                        "delivery_id": n,
                        "n": 1,
                        "fence": 1,
                        "worker": "w",
                        "executor": "",
                        "first_part": 0,
                        "phase": Phase.ANSWERED,
                        "claimed_at": at[n],
                        "lease_until": at[n],
                        "armed_at": at[n],
                        "answered_at": at[n],
                        "gone_at": at[n],
                        "outcome": outcome,
                    }
                    for n in numbers
                ],
                schema.quota_uses: [
                    {
                        "account": name[n],
                        "attempt_id": n,
                        "units": 1,
                        "taken_at": at[n],
                        "counted_at": at[n],
                        "unknown": False,
                        "released": False,
                    }
                    for n in numbers
                ],
                schema.evidence: [
                    {
                        "delivery_id": n,
                        "n": 0,
                        "at": at[n] + SECOND,
                        "kind": "present",
                        "remote_id": id_at(at[n], sequence=n % 4096),
                        "why": "",
                        "fence": 1,
                    }
                    for n in numbers
                ],
                schema.transitions: [
                    {
                        "at": at[n],
                        "account": name[n],
                        "delivery_id": n,
                        "before": before,
                        "after": after,
                        "told_at": at[n],
                    }
                    for n in numbers
                    for before, after in (("scheduled", "sending"), ("sending", "published"))
                ],
            }
            for table, values in rows.items():
                connection.execute(insert(table), values)

    store.write(write)


def sweep_all(store, now):
    """Let go of everything that is old; answer how many batches it took."""
    batches = 0
    while sum(store.write(housekeeping.sweep, now, 2000).values()):
        batches += 1
    return batches


def rows(store):
    def count(connection):
        return {one.name: connection.scalar(select(func.count()).select_from(one)) for one in TABLES}

    return store.read(count)


def plans(store, said):
    """Give which tables these statements read row by row."""
    found = set()
    with store._database.engine.connect() as connection:
        for one in said:
            if one.lstrip().upper().startswith("SELECT"):
                values = (None,) * one.count("?")
                told = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}", values)
                found |= {row[3] for row in told if row[3].startswith("SCAN")}
    return found


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.slow
def test_a_year_at_a_hundred_posts_a_day(store):
    """Once the longest rule's time is over the store grows no more, and a claim asks what it asked on the first day."""
    for name in NAMES:
        store.write(account_rows.put, person(name, per_day=50), NOON)
    scheduled(store, account=NAMES[0], due_at=NOON + HOUR)
    with statements(store) as first_day:
        assert 1 == len(claims(store, NOON + HOUR, accounts=NAMES))
    first_scans = plans(store, first_day)

    publish_some(store, 366, first=1)
    now = NOON + 367 * DAY
    sweep_all(store, now)
    after_a_year = rows(store)
    publish_some(store, 10, first=367)
    sweep_all(store, now + 10 * DAY)
    later = rows(store)

    assert {name: pytest.approx(count, abs=2 * A_DAY) for name, count in after_a_year.items()} == later
    assert later["evidence"] <= (kept("evidence").days + 1) * A_DAY
    assert later["transitions"] <= 2 * (kept("transitions").days + 1) * A_DAY
    assert later["deliveries"] <= (kept("deliveries").days + 2) * A_DAY

    at = now + 11 * DAY
    scheduled(store, account=NAMES[0], due_at=at)
    with statements(store) as after_it:
        assert 1 == len(claims(store, at, accounts=NAMES))
    assert len(first_day) == len(after_it)
    assert plans(store, after_it) <= first_scans


def test_what_is_not_at_its_end_is_kept_however_old(store):
    """Unconfirmed, held, scheduled for far away: nobody is done with it."""
    ids = [scheduled(store, saying("Good morning"), account="alice", due_at=NOON + 3000 * DAY)]
    ids.append(scheduled(store, saying("Good morning"), account="alice", due_at=NOON))
    ids.append(scheduled(store, account="bob"))
    armed(store, NOON, accounts=("bob",))
    store.rescue(NOON + HOUR)
    before = [store.read(reading.show, one).delivery.state for one in ids]
    assert [State.SCHEDULED, State.HELD, State.UNCONFIRMED] == before

    sweep_all(store, NOON + 1000 * DAY)

    assert before == [store.read(reading.show, one).delivery.state for one in ids]


def test_numbers_are_never_given_out_anew(store):
    """The last of everything stays: what others remember by its number must not become another."""
    last = scheduled(store)
    claim = armed(store)
    store.write(settling.answered, claim.attempt_id, published(), now=NOON, jitter=0.5)

    sweep_all(store, NOON + 1000 * DAY)

    later = scheduled(store, due_at=NOON + 1000 * DAY)
    assert later > last
    assert armed(store, NOON + 1000 * DAY).attempt_id > claim.attempt_id


def test_it_goes_with_all_that_is_about_it_and_a_repetition_of_it_stays(store):
    """What a person did to it, what was told of it, and the posts that nobody has any more."""
    first = scheduled(store, saying("Good morning"))
    store.write(settling.answered, armed(store).attempt_id, published(), now=NOON, jitter=0.5)
    repeats = scheduled(store, saying("Good morning"))
    assert first == store.read(reading.show, repeats).repeats
    dropped = scheduled(store)
    store.write(persons.cancel, dropped, now=NOON, by=By())
    scheduled(store)
    claimed(store, accounts=("alice",))

    sweep_all(store, NOON + 1000 * DAY)

    assert {repeats} < {one.delivery.id for one in store.read(reading.queue, limit=100)}
    assert not {first, dropped} & {one.delivery.id for one in store.read(reading.queue, limit=100)}
    assert store.read(reading.show, repeats).repeats is None


def test_a_change_is_kept_for_as_long_as_a_series_follows_it(store):
    """Another hour and other accounts, from a time far ahead: no delivery tells of them."""
    begun = store.write(
        series.begin,
        saying("Good morning"),
        accounts=["alice"],
        rule="FREQ=DAILY",
        zone="UTC",
        starts="2026-03-03T09:00:00",
        now=NOON,
    )
    far, by = "2036-01-01T09:00:00", By()
    reword = (series_changes.reword, begun.series_id, None)
    store.write(*reword, at="18:30", since=far, by=by, now=NOON)
    bob = series_changes.Members(joining=("bob",))
    store.write(*reword, members=bob, since=far, by=by, now=NOON)
    store.write(*reword, at="19:30", since=far, by=by, now=NOON)

    sweep_all(store, NOON + 1000 * DAY)

    [one] = store.read(series.every)
    assert ["18:30", "19:30"] == [at for _, at in one.hours]
    assert (("alice",), ("alice", "bob")) == (one.accounts_at("2035"), one.accounts_at(far))


def test_the_page_says_what_the_code_does():
    """docs/retention.md is the table of the code."""
    page = (Path(__file__).parents[2] / "docs" / "retention.md").read_text()
    for rule in RULES.values():
        assert f"| {rule.where} | {rule.what} | {rule.keep.days} | {rule.why} |" in page
