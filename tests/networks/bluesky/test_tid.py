"""Record keys: the same in every attempt, different between deliveries, in the order of the parts."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadypost.networks.bluesky import tid

AT = datetime(2026, 11, 29, 20, 0, 0, 123_000, tzinfo=UTC)
KEY = "0123456789abcdef" * 2


def test_a_later_attempt_names_the_same_record():
    assert tid.name(KEY, AT, 3) == tid.name(KEY, AT, 3)


def test_this_key_stays_what_it_is():
    """Changing how names are made would make every delivery under way name another record."""
    assert [tid.name(KEY, AT, n) for n in range(3)] == TODAYS


TODAYS = ["3n3hyy3ebhqvq", "3n3hyy3ebhrvq", "3n3hyy3ebhsvq"]


def test_every_part_of_a_delivery_has_a_key_of_its_own_in_their_order():
    keys = [tid.name(KEY, AT, n) for n in range(tid.MOST_PARTS)]

    assert sorted(set(keys)) == keys


def test_deliveries_keyed_in_the_same_millisecond_do_not_meet():
    keys = {tid.name(secrets.token_hex(16), AT, n) for _ in range(2000) for n in range(3)}

    assert 6000 == len(keys)


@given(
    key=st.text("0123456789abcdef", min_size=32, max_size=32),
    at=st.datetimes(datetime(2023, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    n=st.integers(0, 199),
)
def test_a_key_is_valid_and_never_of_the_future(key, at, n):
    name = tid.name(key, at, n)

    assert tid.is_tid(name)
    assert at - timedelta(seconds=68) < tid.made_at(name) < at


@given(micros=st.integers(0, 2**53 - 1), clock=st.integers(0, 1023))
def test_a_key_tells_what_it_was_made_of(micros, clock):
    assert (micros, clock) == tid.decode(tid.encode(micros, clock))


@given(one=st.integers(0, 2**53 - 1), other=st.integers(0, 2**53 - 1))
def test_keys_sort_like_their_times(one, other):
    assert (one < other) == (tid.encode(one, 5) < tid.encode(other, 5))


@pytest.mark.parametrize(
    "value", ["", "3jui7kd54zh2", "3jui7kd54zh2yy", "kjui7kd54zh2y", "3jui7kd54zh21", "3JUI7KD54ZH2Y"]
)
def test_what_is_no_key(value):
    assert not tid.is_tid(value)
    with pytest.raises(ValueError, match="not a record key"):
        tid.decode(value)


def test_parts_are_dated_in_their_order():
    times = [tid.created_at(AT, n) for n in (0, 1, 900)]

    assert ["2026-11-29T20:00:00.123Z", "2026-11-29T20:00:00.124Z", "2026-11-29T20:00:01.023Z"] == times


def test_a_thread_longer_than_one_write_has_no_names():
    with pytest.raises(ValueError, match="at most 200"):
        tid.name(KEY, AT, 200)
