"""A list reaches as far back as its entries show, and an entry out of order shows nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from steadypost.domain.reaching import reached

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def ago(*hours):
    return [NOON - timedelta(hours=one) for one in hours]


@pytest.mark.parametrize(
    ("hours", "back_to"),
    [
        ([], None),
        # Of a single entry it is not known whether it is in its place.
        ([1], None),
        ([1, 2], 1),
        ([1, 2, 3], 2),
        # The last may be out of order: what is between it and the one before is not known.
        ([1, 2, 500], 2),
        # Pinned, at the top.
        ([500, 1, 2, 3], 2),
        # Dated back by its author, in the middle.
        ([1, 500, 2, 3], 2),
        # Several of them, one after the other.
        ([500, 501, 1, 2], 1),
        ([1, 500, 501, 502, 2, 3], 2),
        # One that is too young where it stands: what is above it may be anywhere.
        ([1, 2, 3, 0.5, 4], 0.5),
        # Two of the same instant are in order.
        ([1, 2, 2], 2),
        # Not a list of the newest first.
        ([3, 2, 1], None),
    ],
)
def test_how_far_back_a_list_reaches(hours, back_to):
    assert (None if back_to is None else NOON - timedelta(hours=back_to)) == reached(ago(*hours))
