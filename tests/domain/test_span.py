"""Stretches of time are counted once, whatever their order, and what is left out is left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadypost.domain.span import Span, joined, total, without

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def span(since, until):
    return Span(NOON + since * MINUTE, NOON + until * MINUTE)


SPANS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 30)).map(lambda one: span(one[0], one[0] + one[1])),
    max_size=8,
)


def minutes(spans):
    """Name the minutes that spans hold, counted by hand."""
    return {n for n in range(120) if any(NOON + n * MINUTE in one for one in spans)}


@given(SPANS, SPANS)
def test_every_minute_is_counted_once_and_holes_are_left_out(spans, holes):
    """Beside sets of minutes, which nobody gets wrong."""
    assert minutes(spans) == minutes(joined(spans))
    assert len(minutes(spans)) == total(spans) / MINUTE
    assert minutes(spans) - minutes(holes) == minutes(without(spans, holes))


def test_a_span_ends_after_it_begins():
    """Nothing lasts less than nothing."""
    with pytest.raises(ValueError, match="before it begins"):
        span(1, 0)
    assert span(1, 3).within(span(2, 9)) == span(2, 3)
    assert span(1, 3).within(span(3, 9)) is None
