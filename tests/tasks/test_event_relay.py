"""Changes of state reach Prefect's events, off the hot path; what goes wrong with that goes wrong for no post."""

from __future__ import annotations

import json
from functools import partial

import pytest

from steadypost.domain.outcome import Cause
from steadypost.store import StoreAway, Transition, transitions
from steadypost.store import accounts as account_rows
from tasks import event_relay
from tasks.event_relay import relaying_events, tell, told
from tests.domain.test_secrets import AUTH
from tests.rooms import instead
from tests.tasks.conftest import NOW


@pytest.fixture
def events(monkeypatch):
    """What Prefect was told."""
    found = []
    monkeypatch.setattr(event_relay, "emit_event", lambda **event: found.append(event))
    return found


def test_every_change_is_told_once(house, claimed, events):
    """With its number, when it happened, whose it is, and from what to what."""
    claim = claimed("Good morning!")
    house.store.write(
        account_rows.pause, "alice", until=NOW, cause=Cause.LOCKED, why="", session_mark="", now=house.clock()
    )

    assert 3 == tell(house)
    assert 0 == tell(house)

    assert [
        "steadypost.delivery.scheduled",
        "steadypost.delivery.sending",
        "steadypost.account.paused",
    ] == [one["event"] for one in events]
    assert f"steadypost.delivery.{claim.delivery_id}" == events[0]["resource"]["prefect.resource.id"]
    assert ("scheduled", "sending") == (events[1]["payload"]["before"], events[1]["payload"]["after"])
    assert ("steadypost.account.alice", "locked") == (
        events[2]["resource"]["prefect.resource.id"],
        events[2]["payload"]["cause"],
    )
    assert NOW == events[0]["occurred"]


def test_what_could_not_be_told_waits(house, claimed, monkeypatch, events):
    """With Prefect away, and with the store away, nothing is lost and nobody is held up."""
    claimed("Good morning!")
    real = partial(house.store.write, transitions.told)
    instead(
        monkeypatch,
        house.store,
        transitions.told,
        lambda *_: (_ for _ in ()).throw(StoreAway("gone", remedy="")),
    )
    with pytest.raises(StoreAway):
        tell(house)
    instead(monkeypatch, house.store, transitions.told, real)

    assert 2 == tell(house)
    assert 4 == len(events)


def test_an_event_relay_survives_everything(house, claimed, monkeypatch, wait_until):
    """It is a thread of its own: whatever Prefect's client raises, it goes on, and ends when the house does."""
    claimed("Good morning!")
    tried, monkeys = [], iter([RuntimeError("no loop"), OSError("no network")])
    monkeypatch.setattr(event_relay, "EVERY", 0.01)

    def emit(**event):
        tried.append(event)
        error = next(monkeys, None)
        if error:
            raise error

    monkeypatch.setattr(event_relay, "emit_event", emit)
    with relaying_events(house):
        wait_until(lambda: not house.store.read(transitions.untold), description="everything was told")

    assert 4 == len(tried)


def test_no_event_holds_a_secret():
    """Whatever an account is called."""
    named = Transition(
        id=1,
        at=NOW,
        account=f"auth_token={AUTH}",
        delivery_id=None,
        before="ready",
        after="paused",
        cause=None,
    )

    assert AUTH not in json.dumps(told(named), default=str)
