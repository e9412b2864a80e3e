"""How much an account may publish: never more on the network than the window says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadypost.domain.quota import DAY, HOUR, Free, Full, Limits, Use, capacity

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


def used(*ago: timedelta, units: int = 1, unknown: bool = False) -> list[Use]:
    return [Use(units=units, counted_at=NOON - one, unknown=unknown) for one in ago]


def test_no_limits():
    """An account without limits always has room."""
    assert Free() == capacity(Limits(), used(*[SECOND] * 1000), 25, NOON)


@pytest.mark.parametrize(
    ("ago", "free"), [(HOUR, True), (HOUR - SECOND, False), (HOUR + SECOND, True), (timedelta(0), False)]
)
def test_the_edge_of_an_hour(ago, free):
    """A use counts for less than an hour, to the second."""
    assert free == isinstance(capacity(Limits(per_hour=1), used(ago), 1, NOON), Free)


def test_when_it_frees():
    """The earliest instant at which enough will have left the window."""
    uses = used(50 * MINUTE, 30 * MINUTE, 10 * MINUTE)

    assert NOON + 10 * MINUTE == capacity(Limits(per_hour=3), uses, 1, NOON).until
    assert NOON + 50 * MINUTE == capacity(Limits(per_hour=3), uses, 3, NOON).until


def test_in_flight_counts_and_leaves_at_no_known_time():
    """What is being sent may become live at any moment."""
    flying = [Use(units=1, counted_at=None)]

    assert Full(reason="quota_used", until=None) == capacity(Limits(per_hour=1), flying, 1, NOON)


def test_unknown_counts_and_is_named():
    """Three unknowns use up the quota, and the reason says so."""
    full = capacity(Limits(per_hour=2), used(MINUTE, MINUTE, unknown=True), 1, NOON)

    assert ("quota_used_by_unknown", NOON + HOUR - MINUTE) == (full.reason, full.until)


def test_a_thread_needs_room_for_all_of_it():
    """It is reserved whole before its first part."""
    assert isinstance(capacity(Limits(per_hour=3), used(MINUTE), 2, NOON), Free)
    assert isinstance(capacity(Limits(per_hour=3), used(MINUTE), 3, NOON), Full)


def test_the_day_is_the_last_twenty_four_hours():
    """No calendar day, in whatever zone: a window that slides."""
    limits = Limits(per_hour=5, per_day=2)

    assert isinstance(capacity(limits, used(23 * HOUR, 2 * HOUR), 1, NOON), Full)
    assert isinstance(capacity(limits, used(DAY, 2 * HOUR), 1, NOON), Free)


def test_spacing_between_deliveries():
    """Measured from the last that ended; while one is in flight there is no telling."""
    limits = Limits(spacing=5 * MINUTE)

    assert Full(reason="spacing", until=NOON + MINUTE) == capacity(limits, used(4 * MINUTE), 1, NOON)
    assert Free() == capacity(limits, used(5 * MINUTE), 1, NOON)
    assert Full(reason="spacing", until=None) == capacity(limits, [Use(units=1, counted_at=None)], 1, NOON)


@pytest.mark.parametrize(
    ("limits", "largest"),
    [(Limits(), None), (Limits(per_hour=3), 3), (Limits(per_day=2), 2), (Limits(per_hour=3, per_day=2), 2)],
)
def test_the_largest_delivery(limits, largest):
    """What no window can ever hold is known beforehand."""
    assert largest == limits.largest_delivery


ATTEMPTS = st.lists(
    st.tuples(
        st.integers(0, 1800),  # seconds after the one before that somebody wants to claim
        st.integers(1, 4),  # parts
        st.integers(0, 600),  # seconds the attempt takes
        st.floats(0, 1),  # when, within the attempt, its posts become live
        st.sampled_from(["live", "unknown and live", "unknown and not", "not sent"]),
    ),
    max_size=60,
)


@given(attempts=ATTEMPTS, per_hour=st.integers(1, 5), per_day=st.integers(1, 20))
def test_never_more_than_allowed_on_the_network(attempts, per_hour, per_day):
    """However claims, slow answers and lost answers interleave, no window on the ledger of live instants
    ever holds more than its limit.
    """
    limits = Limits(per_hour=per_hour, per_day=per_day)
    live: list[datetime] = []
    taken: list[tuple[datetime, Use, Use | None]] = []
    now = NOON
    for after, parts, took, at, end in attempts:
        now += after * SECOND
        uses = [use for ended, flying, over in taken if (use := over if ended <= now else flying)]
        if not isinstance(capacity(limits, uses, parts, now), Free):
            continue
        ended = now + took * SECOND
        counts = end != "not sent"
        over = Use(units=parts, counted_at=ended, unknown="unknown" in end) if counts else None
        taken.append((ended, Use(units=parts, counted_at=None), over))
        if end in {"live", "unknown and live"}:
            live += [now + at * took * SECOND] * parts

    for window, limit in ((HOUR, per_hour), (DAY, per_day)):
        for first in live:
            assert sum(first <= one < first + window for one in live) <= limit
