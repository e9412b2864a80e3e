"""One message says which posts were not published, what happened to each, and what to do."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from steadypost.domain.delivery import State
from steadypost.domain.endings import NAMED, SHOWN, Ended, Telling, is_time, message
from steadypost.domain.outcome import Cause

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def ended(number=17, state=State.REFUSED, cause=Cause.TOO_LONG, why="X answered 186", text="First frost."):
    return Ended(
        delivery_id=number, account="alice", state=state, due_at=NOON, cause=cause, why=why, text=text
    )


def missed(number=18):
    return ended(number, State.MISSED, None, "was due at noon, may be 1:00:00 late, and was later")


def test_which_what_and_what_to_do():
    """By number, account, time and words; the remedy is a command and comes last."""
    said = message([ended()])

    assert "1 post not published: 1 refused" == said.title
    assert (
        "Refused: the network says that it is too long.\n"
        "Delivery 17 of alice, due 2026-05-04 12:00 UTC: “First frost.”\n"
        "→ steadypost edit 17 --text 'SHORTER TEXT' --retry"
    ) == said.body


@pytest.mark.parametrize(
    ("one", "command"),
    [
        (missed(), "steadypost reschedule 18 --when +10m"),
        (ended(cause=Cause.TARGET_GONE), "steadypost edit 17 --reply-to '' --retry"),
        (ended(cause=Cause.MEDIA_REFUSED), "steadypost edit 17 --image FILE --retry"),
        (ended(cause=None, why=""), "steadypost edit 17 --text 'CHANGED TEXT' --retry"),
        (ended(state=State.PARTIAL, cause=Cause.SIGNED_OUT), "what it waits for: steadypost why 17"),
    ],
)
def test_each_has_its_remedy(one, command):
    """Whatever befell it, a command is named."""
    assert command in message([one]).body


def test_many_are_one_message():
    """Forty missed overnight: the first are named, of the others there are the number and the command."""
    said = message([*[missed(n) for n in range(40)], ended(99)])

    assert "41 posts not published: 1 refused, 40 missed" == said.title
    assert NAMED == said.body.count("Delivery ")
    assert (
        "And 26 more: 'steadypost queue --state refused' and 'steadypost queue --state missed'." in said.body
    )


def test_a_long_text_is_cut_to_what_tells_which_it_is():
    """On one line."""
    body = message([ended(text="word \n" * 100)]).body

    assert "“word word" in body
    assert "…”" in body
    assert 3 == len(body.splitlines())


@pytest.mark.parametrize(
    ("telling", "ago", "right"),
    [
        (Telling.AT_ONCE, None, True),
        (Telling.AT_ONCE, timedelta(minutes=1), True),
        (Telling.DAILY, None, True),
        (Telling.DAILY, timedelta(hours=23, minutes=59), False),
        (Telling.DAILY, timedelta(hours=24), True),
        (Telling.NEVER, None, False),
    ],
)
def test_when_it_is_said_is_the_operators_choice(telling, ago, right):
    """At once, once a day, or never."""
    assert right is is_time(telling, None if ago is None else NOON - ago, NOON)


@pytest.mark.parametrize(
    ("accounts", "command"),
    [
        (["alice"], None),
        (["alice", "alice"], "steadypost reschedule --account alice --when +10m"),
        (["alice", "bob"], "steadypost reschedule --since yesterday --when +10m"),
    ],
)
def test_several_missed_posts_have_one_command_for_all(accounts, command):
    """Of one account, or of all; a single post has its own."""
    body = message([replace(missed(n), account=name) for n, name in enumerate(accounts)]).body

    assert (command is not None) is ("All that were missed" in body)
    assert command is None or command in body


@pytest.mark.parametrize(("length", "is_cut"), [(SHOWN, False), (SHOWN + 1, True)])
def test_a_text_is_cut_only_when_it_is_too_long(length, is_cut):
    body = message([ended(text="x" * length)]).body

    assert is_cut is ("…" in body)
    assert ("x" * (SHOWN - 1) if is_cut else "x" * SHOWN) in body
