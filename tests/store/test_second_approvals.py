"""A yes that is taken back holds all that goes by it, however that came to go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from steadypost.domain.delivery import State
from steadypost.store import accounts as account_rows
from steadypost.store import approving, changing, reading, series, undoing
from steadypost.store.acts import By
from steadypost.store.operations import Cancelling
from steadypost.store.selecting import Selection
from tests.store.people import HOUR, NOON, claims, person, saying

EARLY = NOON - HOUR
ANN, BOB = By(name="Ann"), By(name="Bob")


@pytest.fixture
def daily(store):
    """Two times of a series of Ann's on alice, whose posts need Bob's yes; and how a third is planned."""
    store.write(account_rows.put, replace(person("alice"), approvers="Bob"), EARLY)
    begun = store.write(
        series.begin,
        saying("Daily."),
        accounts=["alice"],
        rule="FREQ=DAILY",
        zone="UTC",
        starts="2026-03-02T12:00:00",
        now=EARLY,
        by="Ann",
    )
    times = [(f"2026-03-0{day}T12:00:00", NOON + (day - 2) * 24 * HOUR) for day in (2, 3, 4)]

    def place(many):
        planned = times[:many]
        added = store.write(series.place, begun.series_id, planned, until=planned[-1][1], now=EARLY)
        return [one.delivery_id for one in added]

    return place


def states(store, *numbers):
    return [store.read(reading.show, one).delivery.state for one in numbers]


def approved(store, number):
    return store.write(approving.approve, Selection(ids=(number,)), by=BOB, now=EARLY).change_id


def undone(store, change_id, by):
    return store.write(undoing.undo, change_id, by=by, now=EARLY)[1]


def test_what_was_planned_since_by_a_yes_that_is_taken_back_waits_again(store, daily):
    first, second = daily(2)
    yes = approved(store, first)
    [third] = daily(3)

    done = undone(store, yes, BOB)

    assert [State.HELD] * 3 == states(store, first, second, third)
    assert [first, second, third] == [one.before.id for one in done.changed]
    approved(store, second)
    assert [State.SCHEDULED] * 3 == states(store, first, second, third)


def test_what_was_cancelled_meanwhile_comes_back_to_wait(store, daily):
    """The yes that it once had is gone."""
    first, second = daily(2)
    yes = approved(store, first)
    work = Cancelling(ANN)
    cancelled = store.write(
        changing.change, work, Selection(ids=(first,)), did="cancel", by=ANN, now=EARLY
    ).change_id
    undone(store, yes, BOB)
    undone(store, cancelled, ANN)

    assert [State.HELD, State.HELD] == states(store, first, second)
    assert [] == claims(store, NOON + 48 * HOUR)
