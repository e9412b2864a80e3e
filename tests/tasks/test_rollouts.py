"""A rollout gives a switch to more and more, and takes it back by itself when those who have it fare worse."""

import contextlib
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from prefect.logging import disable_run_logger

from blocks import Switch, Switches
from flows.rollout import rollout as rollout_flow
from steadypost.domain.outcome import Answer, Cause, Phase, Published, Unconfirmed
from steadypost.domain.post import Part, Post
from steadypost.domain.rollout import Course
from steadypost.networks.x.snowflake import id_at
from steadypost.store import (
    AccountRecord,
    AlreadyRollingOut,
    Store,
    StoreAway,
    intake,
    notices,
    reading,
    rollouts,
    settling,
    unconfirmed,
)
from steadypost.store import accounts as account_rows
from tasks import documents
from tasks.rollouts import CannotRollOut, begin, carry_on
from tests.rooms import instead

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
PEOPLE = ("alice", "bob", "carol", "dave")
TREATED = ("dave",)
"""Whom a tenth of the accounts falls on, of these four, for the switch of these tests."""
SWITCH = "reconcile"
LOG = logging.getLogger("steadypost")


@pytest.fixture
def prefect(monkeypatch):
    """What Prefect holds, in memory: the switch is off."""
    held = {"switches": Switches(**{SWITCH: Switch(on=False)}), "away": False}

    def read():
        if held["away"]:
            raise documents.ApiAway("ConnectError")
        return held["switches"], ()

    def change(name, change):
        before = getattr(held["switches"], name)
        after = change(before)
        held["switches"] = Switches(**{**dict(held["switches"].each()), name: after})
        return before, after

    monkeypatch.setattr(documents, "switches", read)
    monkeypatch.setattr(documents, "change_switch", change)
    return held


@pytest.fixture
def store(tmp_path):
    with Store.create(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        for name in PEOPLE:
            opened.write(account_rows.put, AccountRecord(name=name, channel="x_web", handle=name), NOON)
        yield opened


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def started(store, steps=(25, 100), watch=48 * HOUR):
    return begin(store, SWITCH, steps=steps, watch=watch, by="alice", why="it is new", now=NOON)


def go_by(store, clock, hours, *, harmed=()):
    """Let hours pass in which everybody posts once an hour; the posts of those harmed stay unconfirmed."""
    for _ in range(hours):
        for name in PEOPLE:
            _post(store, name, clock.now + MINUTE, harmed=name in harmed)
        clock.now += HOUR


def _post(store, name, due, *, harmed):
    text = f"{name} at {due:%d. %H:%M}"
    store.write(intake.add, Post(parts=(Part(text=text),)), accounts=[name], due_at=due, now=due - MINUTE)
    [claim] = store.claim(worker="w", now=due, lease=MINUTE, at_most=1, accounts=[name])
    assert store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=due)
    unconfirmed = Unconfirmed(cause=Cause.NO_ANSWER, why="no answer", phase=Phase.CLICKED)
    outcome = (
        unconfirmed if harmed else Published(remote_id=id_at(due + timedelta(seconds=PEOPLE.index(name) + 1)))
    )
    store.write(
        settling.answered,
        claim.attempt_id,
        Answer(outcomes=(outcome,)),
        now=due + timedelta(seconds=10),
        jitter=0.5,
    )


def has_it(prefect, now=NOON):
    switch = getattr(prefect["switches"], SWITCH)
    return tuple(name for name in PEOPLE if switch.is_on(now, name))


def course(store):
    return [(one.course, one.share) for one in store.read(rollouts.every, also_over=True)]


def test_the_first_share_has_it_at_once(prefect, store):
    """By the word of whoever began it, with the reason; the rest is as it was."""
    started(store)

    assert has_it(prefect) == TREATED
    switch = getattr(prefect["switches"], SWITCH)
    assert ("rollout", "rolled out by alice: it is new") == (switch.by, switch.reason)


def test_it_is_raised_in_steps_and_in_the_end_is_on_for_all(prefect, store, clock):
    """Each share is watched for its time; a person is told at the end."""
    started(store, steps=(25, 100), watch=24 * HOUR)

    seen = []
    for _ in range(2):
        go_by(store, clock, 23)
        assert [] == carry_on(store, clock, LOG)
        seen.append(has_it(prefect, clock.now))
        go_by(store, clock, 2)
        carry_on(store, clock, LOG)

    assert seen == [TREATED, PEOPLE]
    assert course(store) == [(Course.DONE, 100)]
    assert [notice.title for notice in store.read(notices.every)] == [
        f"{SWITCH} is on for all (0 of 100 bad with it, 0 of 0 without)"
    ]


def test_it_goes_back_by_itself_when_those_who_have_it_fare_worse(prefect, store, clock):
    """Long before its watch is over; a person is told once, with the figures; the rest never had it."""
    started(store)

    hours = 0
    while not carry_on(store, clock, LOG):
        go_by(store, clock, 1, harmed=TREATED)
        hours += 1
        assert hours < 12

    assert () == has_it(prefect, clock.now)
    assert course(store) == [(Course.WENT_BACK, 0)]
    [notice] = store.read(notices.every)
    assert "went back to 0 %: it did harm" in notice.title
    assert "bad with it, 0 of" in notice.title
    assert [] == carry_on(store, clock, LOG)


def test_what_harms_all_alike_is_not_laid_at_its_door(prefect, store, clock):
    """X is away for everybody: the treated fare no worse than the rest."""
    started(store)
    go_by(store, clock, 22, harmed=PEOPLE)

    assert [] == carry_on(store, clock, LOG)
    assert has_it(prefect, clock.now) == TREATED


def test_silence_is_not_success(prefect, store, clock):
    """Nothing came due: after the watch it stays with those who have it, however long."""
    started(store)
    clock.now += 100 * HOUR

    assert [] == carry_on(store, clock, LOG)
    assert course(store) == [(Course.WATCHING, 25)]


def test_whoever_sets_the_switch_by_hand_has_the_last_word(prefect, store, clock):
    """The rollout sees it and leaves it as it is."""
    started(store)
    documents.change_switch(SWITCH, lambda one: one.model_copy(update={"on": False}))

    carry_on(store, clock, LOG)

    assert course(store)[0][0] is Course.LEFT
    assert () == has_it(prefect)


def test_one_that_died_between_switch_and_store_goes_on(prefect, store, clock):
    """The switch was raised, and nobody wrote it down: the switch's own word counts."""
    first = started(store, steps=(25, 75, 100))
    documents.change_switch(SWITCH, lambda one: one.model_copy(update={"share": 75.0}))

    carry_on(store, clock, LOG)

    assert course(store) == [(Course.WATCHING, 75)]
    assert not store.write(rollouts.keep, first, replace(first, course=Course.DONE))


def test_what_is_away_is_waited_for(prefect, store, clock, monkeypatch):
    """Neither Prefect nor the store answers: nothing moves, nothing breaks."""
    started(store)
    prefect["away"] = True
    assert [] == carry_on(store, clock, LOG)
    instead(monkeypatch, store, rollouts.every, _away)

    assert [] == carry_on(store, clock, LOG)


def _away(**_):
    raise StoreAway("locked", remedy="-")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"switch": "reconcil"}, "reconcile was meant?"),
        ({"steps": (50, 10)}, "steps: shares grow"),
        ({"watch": timedelta(seconds=1)}, "for a minute at the least"),
    ],
)
def test_what_cannot_be_rolled_out(prefect, store, given, says):
    """The reason says what to do; nothing has been changed."""
    wanted = {"switch": SWITCH, "steps": (25, 100), "watch": HOUR, **given}

    with pytest.raises(CannotRollOut, match=says.replace("?", r"\?")):
        begin(
            store, wanted["switch"], steps=wanted["steps"], watch=wanted["watch"], by="a", why="b", now=NOON
        )

    assert [] == store.read(rollouts.every)
    assert () == has_it(prefect)


def test_what_all_have_already_cannot_be_rolled_out(prefect, store):
    """It would be taken from some of them first."""
    documents.change_switch(SWITCH, lambda one: one.model_copy(update={"on": True}))

    with pytest.raises(CannotRollOut, match="100 % have reconcile already"):
        started(store)


def test_one_rollout_of_a_switch_at_a_time(prefect, store):
    """Two would each undo the other's."""
    started(store, steps=(25, 100))
    documents.change_switch(SWITCH, lambda one: one.model_copy(update={"share": 1.0}))

    with pytest.raises(AlreadyRollingOut, match="reconcile is being rolled out already"):
        started(store, steps=(30, 100))


def test_the_form_refuses_with_the_reason(prefect, store, monkeypatch, caplog):
    """In a state that lists count, its reason in its message."""
    monkeypatch.setattr("flows.rollout.at_work", lambda _: contextlib.nullcontext(store))

    monkeypatch.setattr("flows.answering.create_markdown_artifact", lambda *_, **__: uuid4())
    with disable_run_logger():
        state = rollout_flow.fn(switch="nothing", why="w", by="b", steps=[10.0], watch_hours=1)

    assert "Failed" == state.name
    assert "no switch is called 'nothing'" in state.message


def test_rows_written_with_a_switch_on_are_read_with_it_off(prefect, store, clock):
    """
    Half of a thread's life under the new rule, half under the old: what the store holds has one meaning, and no
    switch is needed to read it.
    """
    started(store)
    go_by(store, clock, 2, harmed=TREATED)
    with_it = [store.read(reading.show, entry.delivery.id) for entry in store.read(reading.queue, limit=100)]
    documents.change_switch(SWITCH, lambda one: one.model_copy(update={"on": False}))

    assert [
        store.read(reading.show, entry.delivery.id) for entry in store.read(reading.queue, limit=100)
    ] == with_it
    assert set(store.read(unconfirmed.accounts_with_unconfirmed)) == set(TREATED)
