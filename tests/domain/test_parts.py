"""Parts of a thread: each has its own end, and what is live stays live."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadypost.domain.outcome import (
    Answer,
    Cause,
    Deferred,
    NotSubmitted,
    Phase,
    Published,
    Refused,
    Unconfirmed,
)
from steadypost.domain.parts import DeliveryPart, PartState, parts_after, parts_seen
from steadypost.domain.remote_id import RemoteId

WAITING, ASKED, LIVE = PartState.WAITING, PartState.ASKED, PartState.LIVE
OUTCOMES = {
    Refused(cause=Cause.TOO_LONG, code="186", why="too long"): WAITING,
    Deferred(cause=Cause.RATE_LIMIT, code="88", why="slowly"): WAITING,
    NotSubmitted(cause=Cause.EARLIER_PART, why="an earlier one", phase=Phase.CLAIMED): WAITING,
    Unconfirmed(cause=Cause.NO_ANSWER, why="no answer", phase=Phase.CLICKED): ASKED,
    Published(remote_id=RemoteId("9")): LIVE,
}


def part(n, state):
    return DeliveryPart(n=n, state=state, remote_id=RemoteId(f"{n}") if state is LIVE else None)


def thread(*states):
    return tuple(part(n, state) for n, state in enumerate(states))


states = st.lists(st.sampled_from(PartState), min_size=1, max_size=6)


@pytest.mark.parametrize("state", [WAITING, ASKED])
def test_a_part_has_an_id_exactly_when_it_is_live(state):
    with pytest.raises(ValueError, match="exactly"):
        DeliveryPart(n=0, state=state, remote_id=RemoteId("1"))
    with pytest.raises(ValueError, match="exactly"):
        DeliveryPart(n=0, state=LIVE)


@pytest.mark.parametrize(("outcome", "state"), OUTCOMES.items(), ids=lambda one: type(one).__name__)
def test_each_outcome_has_one_end_for_its_part(outcome, state):
    assert [state] == [one.state for one in parts_after(thread(ASKED), Answer(outcomes=(outcome,)))]


def test_an_answer_belongs_to_the_part_it_began_with():
    lost = Unconfirmed(cause=Cause.NO_ANSWER, why="no answer", phase=Phase.CLICKED)
    after = parts_after(
        thread(LIVE, ASKED, ASKED), Answer(outcomes=(Published(remote_id=RemoteId("7")), lost), first=1)
    )

    assert [RemoteId("0"), RemoteId("7"), None] == [one.remote_id for one in after]
    assert [LIVE, LIVE, ASKED] == [one.state for one in after]


@given(states, st.data())
def test_no_answer_takes_a_live_part_back(before, data):
    parts = thread(*before)
    outcomes = tuple(data.draw(st.sampled_from(list(OUTCOMES))) for _ in parts)
    after = parts_after(parts, Answer(outcomes=outcomes))

    assert all(old == new for old, new in zip(parts, after, strict=True) if old.state is LIVE)
    assert [one.n for one in parts] == [one.n for one in after]


@given(states, st.sets(st.integers(0, 5)), st.sets(st.integers(0, 5)))
def test_a_look_gives_ids_takes_back_what_is_absent_and_leaves_the_rest(before, found, absent):
    parts = thread(*before)
    after = parts_seen(parts, {n: RemoteId(f"found {n}") for n in found}, absent)

    for old, new in zip(parts, after, strict=True):
        if old.state is LIVE:
            assert old == new
        elif old.n in found:
            assert (LIVE, f"found {old.n}") == (new.state, new.remote_id)
        elif old.n in absent:
            assert WAITING is new.state
        else:
            assert old == new


def test_what_was_found_is_not_absent():
    """A look that says both has seen it."""
    (one,) = parts_seen(thread(ASKED), {0: RemoteId("5")}, {0})

    assert RemoteId("5") == one.remote_id
