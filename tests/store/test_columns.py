"""Instants are kept in UTC to the microsecond on both databases, and conditions are written as indexes have them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select, text
from sqlalchemy.exc import StatementError

from steadypost.domain.delivery import State
from steadypost.store.schema.columns import (
    CLAIMABLE,
    SENDING,
    UNCONFIRMED,
    UNSETTLED,
    UNVERIFIED,
    Moment,
    one_of,
)

NOON = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)
TIMES = Table("times_of_a_test", MetaData(), Column("n", Integer, primary_key=True), Column("at", Moment))


@pytest.fixture
def kept(store):
    """Keep instants, and read them back in the order in which the database sorts them."""

    def keep(*moments):
        def work(connection):
            TIMES.create(connection)
            connection.execute(insert(TIMES), [{"n": n, "at": at} for n, at in enumerate(moments)])
            return list(connection.execute(select(TIMES.c.at).order_by(TIMES.c.at)).scalars())

        return store.write(work)

    return keep


def test_an_instant_comes_back_aware_and_to_the_microsecond(kept):
    [back] = kept(NOON)

    assert NOON == back
    assert timedelta(0) == back.utcoffset()


@pytest.mark.parametrize("hours", [-11, 5.5, 14])
def test_one_of_another_zone_is_the_same_instant(kept, hours):
    assert [NOON] == kept(NOON.astimezone(timezone(timedelta(hours=hours))))


def test_instants_sort_by_time_and_not_by_how_they_were_written(kept):
    later = (NOON + timedelta(minutes=1)).astimezone(timezone(timedelta(hours=-11)))
    earlier = (NOON - timedelta(minutes=1)).astimezone(timezone(timedelta(hours=14)))

    assert [earlier, NOON, later] == kept(later, NOON, earlier)


def test_none_stays_none(kept):
    assert [None] == kept(None)


def test_an_instant_without_a_zone_is_refused(kept):
    with pytest.raises(StatementError, match="without zone"):
        kept(NOON.replace(tzinfo=None))


def test_a_condition_is_written_out():
    """A database uses an index over some rows only for a condition that it can read."""
    assert "state IN ('sending', 'partial')" == one_of("state", [State.SENDING, State.PARTIAL])


def test_what_may_be_claimed_may_not_be_live():
    claimable, unsettled = (
        {state for state in State if repr(str(state)) in condition} for condition in (CLAIMABLE, UNSETTLED)
    )

    assert {State.SCHEDULED, State.PARTIAL} == claimable
    assert {State.SENDING, State.UNCONFIRMED, State.NEEDS_REVIEW} == unsettled
    assert set() == claimable & unsettled


@pytest.mark.parametrize(
    ("condition", "index"),
    [
        (CLAIMABLE, "deliveries"),
        (SENDING, "deliveries"),
        (UNCONFIRMED, "deliveries"),
        (UNVERIFIED, "deliveries"),
    ],
)
def test_each_condition_is_one_that_the_table_has(store, condition, index):
    """Written wrong it would fail here, and not in the first query of a quarter of a second."""
    question = text(f"SELECT count(*) FROM {index} WHERE {condition}")  # noqa: S608 - our own words

    assert 0 == store.read(lambda connection: connection.execute(question).scalar_one())
