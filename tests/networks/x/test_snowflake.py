"""Ids, and the instants they carry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadypost.domain.clock import now, utc
from steadypost.networks.x.snowflake import NotASnowflake, id_at, made_at, remote_id

MOMENTS = st.datetimes(datetime(2011, 1, 1), datetime(2070, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS, st.integers(0, 2**22 - 1))
def test_an_id_tells_when_it_was_made(moment, sequence):
    """To the millisecond, whatever its sequence."""
    told = made_at(id_at(moment, sequence=sequence))

    assert timedelta(0) <= moment - told < timedelta(milliseconds=1)


@given(MOMENTS, MOMENTS)
def test_ids_are_in_the_order_of_their_moments(one, other):
    """A later post never has a smaller id."""
    assert (one <= other) <= (int(id_at(one)) <= int(id_at(other)))


def test_a_known_id():
    """A post that the whole world saw being made, to the minute."""
    told = made_at(remote_id("1585841080431321088"))

    assert datetime(2022, 10, 28, 3, 49, tzinfo=UTC) == told.replace(second=0, microsecond=0)


@given(MOMENTS.map(id_at))
def test_what_x_gives_is_taken(given_id):
    """Every id that X could have given is one."""
    assert given_id == remote_id(given_id)


@given(
    st.one_of(
        st.text().filter(lambda text: not (text.isascii() and text.isdecimal())),
        st.integers(),
        st.floats(),
        st.none(),
        st.integers(0, 10**14 - 1).map(str),
        st.integers(2**63, 10**21).map(str),
    )
)
def test_what_x_cannot_have_given_is_refused(value):
    """Placeholders, numbers, cut ids, and other alphabets' digits."""
    with pytest.raises(NotASnowflake):
        remote_id(value)


@pytest.mark.parametrize(
    "value", ["posted_1700000000", "1585841080431321088\n", " 1585841080431321088", "١" * 18]
)
def test_what_was_once_taken_for_an_id(value):
    """Each of these got into somebody's tables."""
    with pytest.raises(NotASnowflake):
        remote_id(value)


def test_times_have_a_zone():
    """Ours are in UTC; one without a zone cannot be placed."""
    assert timedelta(0) == now().utcoffset()
    assert datetime(2026, 3, 2, 12, tzinfo=UTC) == utc(datetime.fromisoformat("2026-03-02T17:30+05:30"))
    with pytest.raises(ValueError, match="without zone"):
        utc(datetime(2026, 3, 2, 12))  # noqa: DTZ001
