"""When a post was made, by this machine's clock: never later than it was known, never before it was asked for."""

from datetime import UTC, datetime, timedelta

import pytest

from steadypost.domain.clock import Offset
from steadypost.store.made import here

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def ahead(by):
    return Offset(ahead=by, within=timedelta(0))


@pytest.mark.parametrize(
    ("told", "offset", "asked_at", "made"),
    [
        (NOON - MINUTE, None, None, NOON - MINUTE),
        # The network's clock is three minutes ahead, or behind.
        (NOON, ahead(3 * MINUTE), None, NOON - 3 * MINUTE),
        (NOON - 5 * MINUTE, ahead(-3 * MINUTE), None, NOON - 2 * MINUTE),
        # By no clock after it was known.
        (NOON + MINUTE, None, None, NOON),
        (NOON - MINUTE, ahead(-3 * MINUTE), None, NOON),
        # By no clock before it was asked for.
        (NOON - 5 * MINUTE, None, NOON - 2 * MINUTE, NOON - 2 * MINUTE),
        (NOON - MINUTE, None, NOON - 2 * MINUTE, NOON - MINUTE),
        # This machine's clock was set back since it was asked for.
        (NOON - MINUTE, None, NOON + 2 * MINUTE, NOON),
    ],
)
def test_between_the_ask_and_the_answer(told, offset, asked_at, made):
    assert made == here(told, offset, known_at=NOON, asked_at=asked_at)
