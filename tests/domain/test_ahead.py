"""What comes next is told from what is known: when, after what, and who is waited for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from steadypost.domain.ahead import Around, ahead
from steadypost.domain.delivery import Delivery, State
from steadypost.domain.observed import CircuitSeen, SwitchSeen
from steadypost.domain.outcome import Cause
from steadypost.domain.parts import DeliveryPart, PartState
from steadypost.domain.quota import Limits, Use
from steadypost.networks.x.snowflake import id_at

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
FREE = Around(limits=Limits(), uses=())
ASKED = (DeliveryPart(n=0, state=PartState.ASKED),)
HOLE = (DeliveryPart(n=0), DeliveryPart(n=1, state=PartState.LIVE, remote_id=id_at(NOON)))


def delivery(state=State.SCHEDULED, **more):
    one = Delivery(
        id=7,
        post_id=1,
        account="alice",
        state=state,
        due_at=NOON,
        next_at=NOON,
        parts=(DeliveryPart(n=0),),
    )
    return replace(one, **more)


def steps(one, around=FREE, now=NOON):
    return [(step.kind, step.at) for step in ahead(one, around, now)]


def test_what_is_scheduled_goes_out_at_its_moment():
    """Or now, when that has passed."""
    assert [("goes_out", NOON + HOUR)] == steps(delivery(next_at=NOON + HOUR))
    assert [("goes_out", NOON + MINUTE)] == steps(delivery(), now=NOON + MINUTE)


def test_a_pause_holds_it_up():
    """Until its end; and when somebody has to mend the cause, it says so."""
    paused = replace(
        FREE, paused_until=NOON + HOUR, pause_cause=Cause.SIGNED_OUT, pause_why="X asks to sign in"
    )

    assert [("paused", NOON + HOUR), ("goes_out", NOON + HOUR)] == steps(delivery(), paused)
    assert "a person has to correct that" in ahead(delivery(), paused, NOON)[0].says
    assert [("goes_out", NOON + 2 * HOUR)] == steps(delivery(next_at=NOON + 2 * HOUR), paused)


def test_what_waits_for_a_switch_or_a_circuit_does_not_go_out_now():
    """Nobody is told "now" of a post that nothing lets through."""
    off = replace(FREE, off=SwitchSeen(by="carol", reason="elections"))
    here = CircuitSeen(name="browser-here", since=NOON - MINUTE, stops=frozenset({"alice"}))
    there = CircuitSeen(name="browser-there", since=NOON - MINUTE)

    assert [("switched_off", None), ("goes_out", None)] == steps(delivery(), off)
    assert [("circuit_open", None), ("goes_out", None)] == steps(
        delivery(), replace(FREE, circuits=(there, here))
    )
    assert [("goes_out", NOON)] == steps(delivery(), replace(FREE, circuits=(there,)))
    later = delivery(next_at=NOON + HOUR)
    assert [("goes_out", NOON + HOUR)] == steps(later, replace(FREE, circuits=(here,)))


def test_a_quota_that_is_used_up_holds_it_up():
    """Until there is room; while a post is under way nobody can say when."""
    used = Around(limits=Limits(per_hour=1), uses=[Use(units=1, counted_at=NOON - MINUTE)])
    open_still = replace(used, uses=[Use(units=1, counted_at=None)])

    assert [("quota_used", NOON + 59 * MINUTE), ("goes_out", NOON + 59 * MINUTE)] == steps(delivery(), used)
    assert [("quota_used", None), ("goes_out", None)] == steps(delivery(), open_still)
    two = (DeliveryPart(n=0), DeliveryPart(n=1))
    assert [("person", NOON)] == steps(delivery(parts=two), used)
    assert [("person", NOON + HOUR)] == steps(delivery(parts=two, next_at=NOON + HOUR), used)


def test_what_costs_more_than_any_budget_goes_before_a_person():
    """When its moment has come, with what it costs."""
    dear = Around(limits=Limits(budget_per_day=Decimal("0.1")), uses=[], cost=Decimal("0.2"))

    assert [("person", NOON)] == steps(delivery(), dear)
    assert [("person", NOON + HOUR)] == steps(delivery(next_at=NOON + HOUR), dear)
    assert "it costs $0.20" in ahead(delivery(), dear, NOON)[0].says
    assert [("goes_out", NOON)] == steps(delivery(), replace(dear, cost=Decimal("0.1")))


def test_others_of_its_account_go_first():
    """When they were due before it."""
    assert ["behind", "goes_out"] == [kind for kind, _ in steps(delivery(), replace(FREE, before_it=3))]


def test_what_will_be_too_late_is_missed():
    """By its own rule: now, or before the pause is over. A thread that has begun is finished all the same."""
    soon_late = delivery(late_after=MINUTE)
    paused = replace(FREE, paused_until=NOON + HOUR)

    assert [("missed", None)] == steps(soon_late, now=NOON + HOUR)
    assert ("missed", NOON + MINUTE) == steps(soon_late, paused)[-1]
    begun = replace(soon_late, state=State.PARTIAL)
    assert ("goes_out", NOON + HOUR) == steps(begun, paused)[-1]


@pytest.mark.parametrize(
    ("one", "word"),
    [
        (delivery(State.HELD), "release"),
        (delivery(State.QUARANTINED), "release"),
        (delivery(State.NEEDS_REVIEW, parts=ASKED), "resolve"),
        (delivery(State.NEEDS_REVIEW, parts=(*ASKED, DeliveryPart(n=1))), "resolve"),
        (delivery(State.NEEDS_REVIEW, parts=HOLE), "resolve"),
        (delivery(State.UNCONFIRMED, parts=ASKED), "resolve"),
    ],
)
def test_what_waits_for_a_person_names_the_command(one, word):
    """The one that is not refused."""
    told = ahead(one, FREE, NOON)

    assert "person" in {step.kind for step in told}
    assert any(f"'steadypost {word} 7'" in step.says for step in told)


@pytest.mark.parametrize(
    ("parts", "does"),
    [
        ((*ASKED, DeliveryPart(n=1)), "look at the account"),
        (HOLE, "a later part is live without an earlier one"),
    ],
)
def test_a_person_is_told_what_to_look_at(parts, does):
    """One part that may be live is enough to have to look."""
    assert does in ahead(delivery(State.NEEDS_REVIEW, parts=parts), FREE, NOON)[0].says


@pytest.mark.parametrize("state", list(State))
def test_something_is_said_of_every_state(state):
    """Nobody is left without an answer."""
    told = ahead(delivery(state), replace(FREE, worker="w", lease_until=NOON), NOON)

    assert told
    assert all(step.says for step in told)


def test_what_is_published_rests_when_it_was_seen():
    """Before that it is looked for."""
    assert ["look"] == [kind for kind, _ in steps(delivery(State.PUBLISHED))]
    assert [("rest", None)] == steps(delivery(State.PUBLISHED), replace(FREE, verified=True))
