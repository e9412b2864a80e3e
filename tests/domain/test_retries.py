"""Every cause has its row, and a delivery does what its row says."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from steadypost.domain.causes import RULES, Again, Evidence, Fault, check_rules
from steadypost.domain.delivery import Delivery, State
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
from steadypost.domain.parts import DeliveryPart
from steadypost.domain.pause import pause_after
from steadypost.domain.waits import LONGEST_WAIT
from steadypost.networks.x.snowflake import id_at
from tools.retries import rule_for

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def sending(**named):
    return Delivery(
        id=1, post_id=1, account="alice", state=State.SENDING, due_at=NOW, next_at=NOW,
        parts=(DeliveryPart(n=0),), **named,
    )  # fmt: skip


def ends(cause):
    """The outcome in which this cause says that nothing was posted, if there is one."""
    if cause in {Cause.PARENT_UNSEEN, Cause.SIGN_IN_RENEWED}:
        return Deferred(cause=cause, code="385", why="")
    match RULES[cause].again:
        case Again.NEVER:
            return Refused(cause=cause, code="-", why="")
        case Again.NAMED_END:
            return Deferred(cause=cause, code="-", why="", until=NOW + timedelta(minutes=7))
        case Again.ABSENCE | Again.PERSON:
            return Unconfirmed(cause=cause, why="", phase=Phase.CLICKED)
        case _:
            return NotSubmitted(cause=cause, why="", phase=Phase.OPENED)


def after(outcome, **named):
    return sending(**named).settle(Answer(outcomes=(outcome,)), NOW, 0.5)


@pytest.mark.parametrize("cause", Cause)
def test_a_delivery_does_what_its_row_says(cause):
    """When it moves again, whether it pays for it, and whether somebody has to look first."""
    rule, delivery = RULES[cause], after(ends(cause))

    if rule.again is Again.NEVER:
        assert delivery.state is State.REFUSED
    elif rule.evidence is Evidence.ABSENCE:
        assert delivery.state is State.UNCONFIRMED
    else:
        assert delivery.state is State.SCHEDULED
        assert delivery.next_at > NOW
        assert (delivery.broken, delivery.deferred) == ((1, 0) if rule.charged else (0, 1))


@pytest.mark.parametrize("cause", [cause for cause in Cause if RULES[cause].again is Again.GROWING_WAITS])
def test_waits_grow_and_have_an_end(cause):
    """Each failure in a row waits longer, up to the cap; by chance within its upper half."""
    waits = []
    for before in range(4):
        counts = {"broken": before} if RULES[cause].charged else {"deferred": before}
        waits.append(after(ends(cause), **counts).next_at - NOW)
    longest = after(ends(cause), **({} if RULES[cause].charged else {"deferred": 50})).next_at - NOW

    assert waits == sorted(set(waits))
    assert longest <= LONGEST_WAIT
    assert after(ends(cause)).next_at != sending().settle(Answer(outcomes=(ends(cause),)), NOW, 0.9).next_at


@pytest.mark.parametrize("cause", [cause for cause in Cause if cause.scope is Scope.ACCOUNT])
def test_the_account_rests_as_long_as_its_row_says(cause):
    """An end that the network named is the end; otherwise it is the row's."""
    pause = pause_after(Answer(outcomes=(NotSubmitted(cause=cause, why="", phase=Phase.OPENED),)), NOW)

    assert pause.until - NOW == RULES[cause].rest
    if RULES[cause].again is Again.NAMED_END:
        assert pause_after(Answer(outcomes=(ends(cause),)), NOW).until == NOW + timedelta(minutes=7)
        assert after(ends(cause)).next_at == NOW + timedelta(minutes=7)


@pytest.mark.parametrize("cause", Cause)
def test_what_may_be_live_needs_proof_whatever_its_cause(cause):
    """No cause excuses from looking: an answer that leaves it open is followed by no ask."""
    unconfirmed = Unconfirmed(cause=cause, why="", phase=Phase.CLICKED)

    assert rule_for(unconfirmed).evidence is Evidence.ABSENCE
    assert after(unconfirmed).state is State.UNCONFIRMED
    assert (
        sending().settle(Answer(outcomes=(unconfirmed,)), NOW, 0.5, patient=False).state is State.UNCONFIRMED
    )


def test_nothing_follows_from_an_id():
    """What is published is not asked for again."""
    assert rule_for(Published(remote_id=id_at(NOW))) is None


@pytest.mark.parametrize("cause", Cause)
def test_without_patience_only_what_was_never_sent_goes_at_once(cause):
    """The old way, for comparison: no wait before arming. What the network answered is listened to all the same."""
    delivery = sending().settle(Answer(outcomes=(ends(cause),)), NOW, 0.5, patient=False)

    if isinstance(ends(cause), NotSubmitted):
        assert (delivery.state, delivery.next_at) == (State.SCHEDULED, NOW)
    else:
        assert delivery == after(ends(cause))


def test_a_table_with_a_hole_does_not_load():
    """A new cause without its row is found before anything runs."""
    with pytest.raises(ValueError, match="no row for"):
        check_rules({cause: rule for cause, rule in RULES.items() if cause is not Cause.OVERLAY})


@pytest.mark.parametrize(
    ("cause", "wrong", "why"),
    [
        (Cause.SIGNED_OUT, {"rest": None}, "an account's cause names a rest"),
        (Cause.STORE_AWAY, {"rest": timedelta(hours=1)}, "an account's cause names a rest"),
        (Cause.UI_DRIFT, {"charged": True}, "is charged for its own faults only"),
        (Cause.CHALLENGE, {"remedy": ""}, "what to do"),
        (Cause.TOO_LONG, {"remedy": ""}, "what to do"),
    ],
)
def test_a_row_that_contradicts_itself_does_not_load(cause, wrong, why):
    with pytest.raises(ValueError, match=f"{cause}: .*{why}"):
        check_rules({**RULES, cause: replace(RULES[cause], **wrong)})


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_is_told_in_words(cause):
    """No person is shown the word of a table."""
    rule = RULES[cause]

    assert "_" not in rule.says
    assert rule.says
    assert not rule.says.endswith(".")
    assert "{" not in rule.says
    assert "{" not in rule.to_do(account="alice", delivery=7)


def test_what_a_circuit_guards_is_nobody_elses():
    """A sign-in that is lost is its account's, a browser this machine's, a page the network's."""
    scopes = {
        Fault.SIGN_IN: Scope.ACCOUNT,
        Fault.PAGE: Scope.NETWORK,
        Fault.WAY: Scope.NETWORK,
        Fault.MACHINE: Scope.HOST,
    }

    assert {} == {
        cause: rule.fault
        for cause, rule in RULES.items()
        if rule.fault in scopes and scopes[rule.fault] is not rule.scope
    }
