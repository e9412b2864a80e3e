"""The graph, and what each answer makes of a delivery."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadypost.domain.delivery import (
    CAME_TO_LIGHT,
    CLAIMABLE,
    FINAL,
    FOR_A_PERSON,
    MOVES,
    Delivery,
    ImpossibleMove,
    State,
    check_graph,
)
from steadypost.domain.outcome import (
    Answer,
    Cause,
    Deferred,
    NotSubmitted,
    Phase,
    Published,
    Refused,
    Scope,
    Unconfirmed,
)
from steadypost.domain.parts import DeliveryPart, PartState
from steadypost.domain.waits import (
    FIRST_LOOK,
    FIRST_WAIT,
    LONGEST_WAIT,
    MOST_BROKEN_ATTEMPTS,
    wait_before_retry,
)
from steadypost.networks.x.snowflake import id_at
from tools.states import draw, meanings

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

ID = [id_at(NOON, sequence=number) for number in range(3)]
UNHEARD = Unconfirmed(cause=Cause.NO_ANSWER, why="no answer", phase=Phase.CLICKED)
NEVER = NotSubmitted(cause=Cause.EARLIER_PART, why="an earlier part is not live", phase=Phase.CLAIMED)
TOO_LONG = Refused(cause=Cause.TOO_LONG, code="186", why="too long")
SLOWLY = Deferred(cause=Cause.RATE_LIMIT, code="88", why="slowly")
TOMORROW = replace(SLOWLY, until=NOON + 24 * HOUR)
BROKEN = NotSubmitted(cause=Cause.COMPOSER_DIFFERS, why="something else", phase=Phase.COMPOSED)
NO_BROWSER = NotSubmitted(cause=Cause.BROWSER_UNAVAILABLE, why="none starts", phase=Phase.CLAIMED)


def live(n: int) -> Published:
    return Published(remote_id=ID[n])


def sending(parts: int = 1, **changes: object) -> Delivery:
    """A delivery that was armed: all of its parts may be live."""
    asked = tuple(DeliveryPart(n=n, state=PartState.ASKED) for n in range(parts))
    delivery = Delivery(
        id=7, post_id=1, account="alice", state=State.SENDING, due_at=NOON - HOUR, next_at=NOON, parts=asked
    )
    return replace(delivery, **changes)


def settled(delivery: Delivery, *outcomes, first: int = 0, jitter: float = 0.0) -> Delivery:
    return delivery.settle(Answer(outcomes=outcomes, first=first), NOON, jitter)


# The graph ---------------------------------------------------------------------------------------------------


def test_unconfirmed_is_never_sent_again_unseen():
    """Between "we never heard back" and "ask again" there is always evidence."""
    assert State.SENDING not in MOVES[State.UNCONFIRMED]


def test_only_a_claim_leads_to_sending():
    """What is held, unconfirmed, refused or put before a person is sent by nobody."""
    assert CLAIMABLE == {state for state, targets in MOVES.items() if State.SENDING in targets}


def test_only_what_the_network_shows_or_a_person_moves_what_rests():
    """
    A published delivery may only be seen gone; one that rests as not live, or as gone, may turn out to be live. A
    person may let go out what was refused or missed, take back that something was taken back, and take down what is
    live of a thread whose rest was taken back.
    """
    by_a_person = {
        State.REFUSED: {State.SCHEDULED, State.HELD},
        State.MISSED: {State.SCHEDULED, State.HELD},
        State.CANCELLED: {State.SCHEDULED, State.HELD, State.QUARANTINED, State.REMOVED},
    }
    for state in FINAL:
        shown = {State.REMOVED} if state is State.PUBLISHED else CAME_TO_LIGHT | by_a_person.get(state, set())

        assert MOVES[state] <= shown, state
    assert not FINAL & FOR_A_PERSON


def test_every_delivery_can_come_to_an_end():
    """From wherever it stands, a way leads to an end: nothing is stuck for ever (I4)."""
    for state in State:
        reached = {state}
        while grown := {target for one in reached for target in MOVES[one]} - reached:
            reached |= grown

        assert reached & FINAL, state


@pytest.mark.parametrize(
    ("state", "targets"),
    [
        (State.UNCONFIRMED, MOVES[State.UNCONFIRMED] | {State.SENDING}),
        (State.NEEDS_REVIEW, MOVES[State.NEEDS_REVIEW] | {State.SENDING}),
        (State.SCHEDULED, frozenset()),
    ],
    ids=["asks unseen", "sends what a person holds", "leaves a state that nothing reaches"],
)
def test_a_wrong_graph_does_not_start(state, targets):
    """An edit that breaks what the graph promises is refused when it is loaded."""
    with pytest.raises(ValueError, match=r".+"):
        check_graph({**MOVES, state: targets})
    with pytest.raises(ValueError, match="row"):
        check_graph({one: MOVES[one] for one in State if one is not state})


def test_a_move_that_is_not_there():
    """It is refused, and says from where to where."""
    with pytest.raises(ImpossibleMove, match="from published to sending"):
        sending(state=State.PUBLISHED).move(State.SENDING)


def test_every_state_has_its_paragraph():
    """What a state means stands where it is declared."""
    assert {str(state) for state in State} == set(meanings(State))
    assert {str(state) for state in PartState} == set(meanings(PartState))


def test_the_drawing_is_the_graph():
    """docs/state-machine.md is what the code draws; draw it anew with ``python tools/states.py``."""
    drawn = Path(__file__).parents[2] / "docs" / "state-machine.md"

    assert draw() == drawn.read_text()


# Answers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcomes", "state", "states"),
    [
        ([live(0)], State.PUBLISHED, "L"),
        ([TOO_LONG], State.REFUSED, "W"),
        ([SLOWLY], State.SCHEDULED, "W"),
        ([BROKEN], State.SCHEDULED, "W"),
        ([NO_BROWSER], State.SCHEDULED, "W"),
        ([UNHEARD], State.UNCONFIRMED, "A"),
        ([live(0), live(1), live(2)], State.PUBLISHED, "LLL"),
        ([live(0), TOO_LONG, NEVER], State.NEEDS_REVIEW, "LWW"),
        ([live(0), SLOWLY, NEVER], State.PARTIAL, "LWW"),
        ([live(0), BROKEN, NEVER], State.PARTIAL, "LWW"),
        ([live(0), UNHEARD, NEVER], State.UNCONFIRMED, "LAW"),
        ([UNHEARD, UNHEARD, UNHEARD], State.UNCONFIRMED, "AAA"),
        ([TOO_LONG, NEVER, NEVER], State.REFUSED, "WWW"),
        ([UNHEARD, live(1), NEVER], State.UNCONFIRMED, "ALW"),
        ([BROKEN, live(1), NEVER], State.NEEDS_REVIEW, "WLW"),
    ],
)
def test_what_an_answer_makes_of_a_delivery(outcomes, state, states):
    """One row for each kind of answer, for singles and for threads."""
    words = {"L": PartState.LIVE, "W": PartState.WAITING, "A": PartState.ASKED}

    after = settled(sending(len(outcomes)), *outcomes)

    assert state is after.state
    assert [words[one] for one in states] == [part.state for part in after.parts]


def test_published_forgets_its_troubles():
    """What went wrong before is told by its attempts, not by a delivery that is live."""
    after = settled(sending(broken=3, deferred=2, cause=Cause.OVERLAY, why="covered"), live(0))

    assert (0, 0, None, "") == (after.broken, after.deferred, after.cause, after.why)


def test_a_part_that_is_live_stays_live():
    """No later answer takes away an id."""
    begun = settled(sending(2), live(0), NEVER).move(State.SENDING)

    after = settled(begun, UNHEARD, UNHEARD)

    assert [ID[0], None] == [part.remote_id for part in after.parts]


def test_a_resumed_thread_brings_its_parts_home():
    """An answer that begins at the second part says nothing of the first."""
    begun = settled(sending(3), live(0), BROKEN, NEVER).move(State.SENDING)

    after = settled(begun, live(1), live(2), first=1)

    assert (State.PUBLISHED, ID) == (after.state, [part.remote_id for part in after.parts])


def test_what_a_delivery_broke_itself_is_charged_to_it():
    """At the limit a person is asked: singles are quarantined, threads that have begun are reviewed."""
    almost = MOST_BROKEN_ATTEMPTS - 1

    assert (State.SCHEDULED, 1) == (settled(sending(), BROKEN).state, settled(sending(), BROKEN).broken)
    assert State.QUARANTINED is settled(sending(broken=almost), BROKEN).state
    assert State.NEEDS_REVIEW is settled(sending(2, broken=almost), live(0), BROKEN).state


@pytest.mark.parametrize("cause", [cause for cause in Cause if cause.scope is not Scope.ITEM])
def test_somebody_else_s_trouble_is_charged_to_nobody(cause):
    """However often the account, the network or the host fails, the delivery waits and goes on."""
    weary = sending(broken=MOST_BROKEN_ATTEMPTS - 1, deferred=50)

    after = settled(weary, NotSubmitted(cause=cause, why="", phase=Phase.CLAIMED))

    assert (State.SCHEDULED, weary.broken, 51) == (after.state, after.broken, after.deferred)


def test_told_to_wait():
    """Until the instant the network named; and if it named none, or one that is past, not at once for ever."""
    assert TOMORROW.until == settled(sending(), TOMORROW).next_at
    assert NOON == settled(sending(), replace(TOMORROW, until=NOON - HOUR)).next_at
    assert NOON + FIRST_WAIT / 2 == settled(sending(), SLOWLY).next_at


def test_unconfirmed_is_looked_for_soon():
    """The first look comes quickly, and the count of looks begins anew."""
    after = settled(sending(looks=4), UNHEARD)

    assert (NOON + FIRST_LOOK, 0, Cause.NO_ANSWER) == (after.next_at, after.looks, after.cause)


def test_lateness_is_measured_from_when_it_was_due():
    """Never from when it goes again; and a thread that has begun is always finished."""
    delivery = sending(state=State.SCHEDULED, late_after=HOUR, next_at=NOON + 9 * HOUR)

    assert [False, True] == [delivery.is_late(NOON + late) for late in (timedelta(0), timedelta(seconds=1))]
    assert not replace(delivery, state=State.PARTIAL).is_late(NOON + HOUR)
    assert not replace(delivery, late_after=None).is_late(NOON + 1000 * HOUR)


@given(earlier=st.integers(0, 10_000), jitter=st.floats(0, 1, exclude_max=True))
def test_waits_grow_and_stay_bounded(earlier, jitter):
    """Each wait lies in the upper half of its step, and no step exceeds the longest."""
    step = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(earlier, 20))

    assert step / 2 <= wait_before_retry(earlier, jitter) <= step
    assert wait_before_retry(earlier, 0) <= wait_before_retry(earlier + 1, 0)


OUTCOMES = st.sampled_from([TOO_LONG, SLOWLY, TOMORROW, BROKEN, NO_BROWSER, NEVER, UNHEARD, "live"])


@given(st.lists(OUTCOMES, min_size=1, max_size=3), st.integers(0, MOST_BROKEN_ATTEMPTS - 1))
def test_whatever_is_answered(drawn, broken):
    """Any mixture of outcomes ends somewhere the graph allows, and never where a live part could be repeated."""
    outcomes = [live(n) if one == "live" else one for n, one in enumerate(drawn)]

    after = settled(sending(len(outcomes), broken=broken), *outcomes)

    assert after.state in MOVES[State.SENDING]
    if after.state in CLAIMABLE:
        assert all(part.state is PartState.WAITING for part in after.parts[after.first_missing :])
    if any(part.state is PartState.ASKED for part in after.parts):
        assert State.UNCONFIRMED is after.state
    assert (State.PUBLISHED is after.state) == all(part.state is PartState.LIVE for part in after.parts)


def test_a_part_is_live_exactly_when_it_has_its_id():
    """There is no live part without an id, and no id without a live part."""
    with pytest.raises(ValueError, match="id"):
        DeliveryPart(n=0, state=PartState.LIVE)
    with pytest.raises(ValueError, match="id"):
        DeliveryPart(n=0, remote_id=ID[0])
