"""Causes, their scopes, and the outcome that decides."""

from __future__ import annotations

from steadypost.domain.outcome import Answer, Cause, NotSubmitted, Phase, Published, Scope, Unconfirmed
from steadypost.domain.remote_id import RemoteId

LIVE = Published(remote_id=RemoteId("1580000000000000001"))
UNHEARD = Unconfirmed(cause=Cause.NO_ANSWER, why="", phase=Phase.CLICKED)
NEVER = NotSubmitted(cause=Cause.EARLIER_PART, why="", phase=Phase.CLAIMED)


def test_the_first_that_is_not_live_decides():
    """A thread is as far as its first part in trouble."""
    assert UNHEARD == Answer(outcomes=(LIVE, UNHEARD, NEVER)).headline
    assert LIVE == Answer(outcomes=(LIVE, LIVE)).headline


def test_the_same_for_every_part_that_is_missing():
    """What ended before any part had its turn says so of each, and always of one."""
    assert 2 == len(Answer.same_for_all(NEVER, parts=3, first=1).outcomes)
    assert 1 == len(Answer.same_for_all(NEVER, parts=3, first=3).outcomes)


def test_every_cause_has_one_scope():
    """And what only a person can end is about an account."""
    assert set(Scope) == {cause.scope for cause in Cause}
    assert {Scope.ACCOUNT} == {cause.scope for cause in Cause if cause.needs_person}


def test_a_browser_s_death_is_charged_to_the_item():
    """Content that kills the composer must run out of attempts by itself."""
    assert Scope.ITEM is Cause.BROWSER_DIED.scope
    assert Scope.HOST is Cause.BROWSER_UNAVAILABLE.scope
