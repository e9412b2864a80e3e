"""What a person may change of a delivery: what waits, never what is live, may be live, or is being sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from steadypost.domain.change import (
    RESTS,
    WAITS,
    Barred,
    Op,
    barred,
    can_be_taken_down,
    can_be_undone,
    edited,
    moved,
)
from steadypost.domain.delivery import Delivery, State, WhenLate
from steadypost.domain.outcome import Cause
from steadypost.domain.parts import DeliveryPart, PartState
from steadypost.domain.remote_id import RemoteId

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

WAITING, ASKED = DeliveryPart(n=0), DeliveryPart(n=0, state=PartState.ASKED)
LIVE = DeliveryPart(n=0, state=PartState.LIVE, remote_id=RemoteId("1"))
THEN = DeliveryPart(n=1)

CLOSED = {
    State.SENDING: ASKED,
    State.PARTIAL: LIVE,
    State.UNCONFIRMED: ASKED,
    State.NEEDS_REVIEW: ASKED,
    State.PUBLISHED: LIVE,
    State.REMOVED: LIVE,
    State.CANCELLED: WAITING,
}
"""The states in which nothing of a delivery may be changed, with a part as it is there."""


def delivery(state=State.SCHEDULED, *parts, **more):
    told = {"due_at": NOON + HOUR, "next_at": NOON + HOUR, **more}
    return Delivery(id=7, post_id=3, account="alice", state=state, parts=parts or (WAITING,), **told)


def asks(**more):
    return edited(
        more.pop("of", delivery()),
        **{"retry": False, "was_held_for_wording": False, "concern": "", "now": NOON, **more},
    )


@pytest.mark.parametrize("op", Op)
@pytest.mark.parametrize("state", sorted(WAITS))
def test_what_waits_may_be_changed(op, state):
    assert barred(op, delivery(state)) is None


@pytest.mark.parametrize("op", Op)
@pytest.mark.parametrize("state", CLOSED)
def test_what_is_or_may_be_live_stays_as_it_is_with_a_reason_and_a_remedy(op, state):
    bar = barred(op, delivery(state, CLOSED[state], THEN))

    assert isinstance(bar, Barred)
    assert bar.why
    assert bar.remedy


@pytest.mark.parametrize(
    ("op", "allowed"),
    [
        (Op.EDIT, RESTS),
        (Op.RETRY, RESTS),
        (Op.RESCHEDULE, {State.MISSED}),
        (Op.MOVE, set()),
    ],
)
def test_what_ended_unsent_may_be_changed_only_by_what_lets_it_go_again(op, allowed):
    assert set(allowed) == {
        state for state in (State.REFUSED, State.MISSED) if barred(op, delivery(state)) is None
    }


def test_a_bar_names_the_delivery_in_its_remedy():
    for state in (State.SENDING, State.PARTIAL, State.NEEDS_REVIEW, State.PUBLISHED):
        assert "7" in barred(Op.EDIT, delivery(state, CLOSED[state], THEN)).remedy


def test_of_a_thread_half_live_it_says_how_much():
    assert "1 of its 2 parts is live" == barred(Op.EDIT, delivery(State.PARTIAL, LIVE, THEN)).why


class TestMoved:
    """Another time."""

    def test_it_waits_for_its_new_time(self):
        after = moved(Op.RESCHEDULE, delivery(), NOON + 3 * HOUR, NOON)

        assert (NOON + 3 * HOUR, NOON + 3 * HOUR) == (after.due_at, after.next_at)

    def test_what_was_attempted_keeps_the_wait_that_followed(self):
        """A first copy might still come to life until then."""
        before = delivery(attempts=1, next_at=NOON + 2 * HOUR)

        assert NOON + 2 * HOUR == moved(Op.RESCHEDULE, before, NOON + MINUTE, NOON).next_at
        assert NOON + 3 * HOUR == moved(Op.RESCHEDULE, before, NOON + 3 * HOUR, NOON).next_at

    def test_a_time_that_is_too_late_by_its_own_rule_is_refused(self):
        before = delivery(late_after=10 * MINUTE)

        assert isinstance(moved(Op.RESCHEDULE, before, NOON - 11 * MINUTE, NOON), Barred)
        assert not isinstance(moved(Op.RESCHEDULE, before, NOON - 10 * MINUTE, NOON), Barred)

    def test_what_missed_its_time_goes_out_at_the_new_one(self):
        missed = delivery(
            State.MISSED, late_after=MINUTE, cause=Cause.TOO_LONG, why="late", broken=2, deferred=3
        )
        after = moved(Op.RESCHEDULE, missed, NOON + HOUR, NOON)

        assert (State.SCHEDULED, None, "", 0, 0) == (
            after.state,
            after.cause,
            after.why,
            after.broken,
            after.deferred,
        )

    def test_what_asks_because_it_is_late_was_answered_by_a_new_time(self):
        late = delivery(State.HELD, due_at=NOON - HOUR, late_after=MINUTE, when_late=WhenLate.ASK)

        assert State.SCHEDULED is moved(Op.RESCHEDULE, late, NOON + HOUR, NOON).state

    def test_what_is_held_for_its_words_stays_held_at_another_time(self):
        held = delivery(State.HELD, late_after=MINUTE, when_late=WhenLate.ASK)

        assert State.HELD is moved(Op.RESCHEDULE, held, NOON + 2 * HOUR, NOON).state

    @pytest.mark.parametrize("state", CLOSED)
    def test_nothing_that_may_be_live_is_moved(self, state):
        assert isinstance(moved(Op.MOVE, delivery(state, CLOSED[state], THEN), NOON + HOUR, NOON), Barred)


class TestEdited:
    """Other words."""

    def test_other_words_without_a_concern_go_out_as_planned(self):
        before = delivery()

        assert before == asks(of=before)

    @pytest.mark.parametrize("state", [State.SCHEDULED, State.HELD])
    def test_a_concern_holds_it_and_says_why(self, state):
        after = asks(of=delivery(state), concern="says the same as delivery 3")

        assert (State.HELD, "says the same as delivery 3") == (after.state, after.why)

    def test_only_what_was_held_for_its_words_is_let_go_by_others(self):
        held = delivery(State.HELD, why="says the same")

        assert State.SCHEDULED is asks(of=held, was_held_for_wording=True).state
        assert held == asks(of=held)

    @pytest.mark.parametrize("state", [State.REFUSED, State.MISSED, State.QUARANTINED])
    def test_what_came_to_rest_goes_again_only_when_told_to(self, state):
        before = delivery(state, cause=Cause.TOO_LONG, why="too long", broken=3)

        assert before == asks(of=before)

    @pytest.mark.parametrize("state", [State.REFUSED, State.QUARANTINED])
    def test_told_to_it_starts_anew(self, state):
        after = asks(
            of=delivery(state, cause=Cause.TOO_LONG, why="too long", broken=3, deferred=2), retry=True
        )

        assert (State.SCHEDULED, None, "", 0, 0) == (
            after.state,
            after.cause,
            after.why,
            after.broken,
            after.deferred,
        )

    def test_a_retry_never_comes_before_the_wait_that_followed_an_attempt(self):
        refused = delivery(State.REFUSED, due_at=NOON - HOUR, next_at=NOON + MINUTE, attempts=1)

        assert NOON + MINUTE == asks(of=refused, retry=True).next_at
        assert NOON == asks(of=replace(refused, attempts=0), retry=True).next_at

    def test_a_retry_of_what_would_be_held_is_refused(self):
        bar = asks(of=delivery(State.REFUSED), retry=True, concern="says the same")

        assert "says the same" in bar.why

    def test_a_retry_of_what_is_too_late_asks_for_a_time(self):
        late = delivery(State.REFUSED, due_at=NOON - HOUR, late_after=MINUTE)

        assert "reschedule 7" in asks(of=late, retry=True).remedy
        assert isinstance(asks(of=delivery(State.MISSED), retry=True), Barred)

    @pytest.mark.parametrize("retry", [True, False])
    @pytest.mark.parametrize("state", CLOSED)
    def test_nothing_that_may_be_live_gets_other_words(self, state, retry):
        assert isinstance(asks(of=delivery(state, CLOSED[state], THEN), retry=retry), Barred)


class TestTakenDown:
    """A removal from the network."""

    @pytest.mark.parametrize(
        ("state", "part"),
        [(State.PUBLISHED, LIVE), (State.REMOVED, LIVE), (State.CANCELLED, LIVE)],
    )
    def test_what_is_live_with_its_id_can_be(self, state, part):
        assert can_be_taken_down(delivery(state, part)) is None

    @pytest.mark.parametrize(
        ("state", "parts", "first"),
        [
            (State.PARTIAL, (LIVE, THEN), "steadypost cancel 7"),
            (State.SENDING, (ASKED,), "steadypost show 7"),
            (State.UNCONFIRMED, (ASKED,), "steadypost resolve 7 --live ADDRESS"),
            (State.NEEDS_REVIEW, (LIVE, replace(ASKED, n=1)), "steadypost resolve 7 --live ADDRESS"),
            (State.NEEDS_REVIEW, (LIVE, THEN), "steadypost resolve 7 --drop"),
            (State.CANCELLED, (WAITING,), "steadypost show 7"),
            (State.REFUSED, (WAITING,), "steadypost show 7"),
            (State.SCHEDULED, (WAITING,), "steadypost cancel 7"),
            (State.HELD, (WAITING,), "steadypost cancel 7"),
        ],
    )
    def test_else_it_says_what_comes_first(self, state, parts, first):
        assert first in can_be_taken_down(delivery(state, *parts)).remedy

    def test_every_state_has_an_answer(self):
        for state in State:
            can_be_taken_down(delivery(state, CLOSED.get(state, WAITING)))


class TestUndone:
    """A change taken back."""

    @pytest.mark.parametrize("state", sorted({*WAITS, *RESTS, State.CANCELLED}))
    def test_what_was_never_sent_can_be(self, state):
        assert can_be_undone(delivery(state)) is None

    @pytest.mark.parametrize("state", [one for one in CLOSED if one is not State.CANCELLED])
    def test_what_went_out_or_may_have_cannot(self, state):
        assert isinstance(can_be_undone(delivery(state, CLOSED[state], THEN)), Barred)

    def test_what_was_taken_back_half_live_cannot(self):
        assert isinstance(can_be_undone(delivery(State.CANCELLED, LIVE, THEN)), Barred)
