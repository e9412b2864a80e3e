"""A person's word in Prefect's form: taken whole, or refused with what to do."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from flows.resolve import resolve
from steadypost.domain.delivery import State
from steadypost.domain.outcome import Answer, Cause, Phase, Unconfirmed
from steadypost.domain.post import Part, Post
from steadypost.intake.resolution import Resolution
from steadypost.networks.x.snowflake import id_at
from steadypost.store import AccountRecord, Store, intake, persons, reading, settling
from steadypost.store import accounts as account_rows
from steadypost.store.acts import By

NOW = datetime.now(UTC)
AGO = NOW - timedelta(minutes=30)
UNHEARD = Unconfirmed(cause=Cause.NO_ANSWER, why="no answer", phase=Phase.CLICKED)
FOUND = id_at(AGO + timedelta(seconds=1))


@pytest.fixture
def store(tmp_path, monkeypatch, outside_of_a_run):
    """A store with one unconfirmed delivery, which this machine's settings name."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    monkeypatch.setenv("STEADYPOST_STORE_URL", url)
    with Store.create(url) as opened:
        opened.write(account_rows.put, AccountRecord(name="alice", channel="x_web", handle="Alice"), AGO)
        opened.write(
            intake.add, Post(parts=(Part(text="Good morning"),)), accounts=["alice"], due_at=AGO, now=AGO
        )
        [claim] = opened.claim(worker="w", now=AGO, lease=timedelta(minutes=1), at_most=1, accounts=["alice"])
        opened.write(settling.arm, claim.attempt_id, fence=claim.fence, now=AGO)
        opened.write(settling.answered, claim.attempt_id, Answer(outcomes=(UNHEARD,)), now=AGO, jitter=0.5)
        yield opened


def say(**word):
    """Run the flow's own body on what the form sends: no server is needed for that."""
    return resolve.fn(Resolution(**{"delivery": 1, "by": "Carol", "why": "I looked", **word}))


def test_a_post_that_was_found_is_published(store):
    """As on the command line, with the same record of who and why."""
    state = say(live=[f"https://x.com/alice/status/{FOUND}"])

    assert ("Completed", "Delivery 1 of alice is published.") == (state.name, state.message)
    [act] = store.read(reading.show, 1).acts
    assert ("Carol", "resolve --live", "I looked") == (act.by, act.did, act.why)


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ({}, "nothing is said"),
        ({"absent": True, "by": " "}, "Your name ' ': it is empty; say who you are"),
        ({"live": ["tomorrow"]}, "Live as 'tomorrow': this is neither"),
        ({"live": [f"x.com/bob/status/{FOUND}"]}, "look for it among the posts of @Alice on X"),
        ({"drop": True}, "may be live"),
        ({"delivery": 99, "absent": True}, "there is no delivery 99"),
    ],
)
def test_what_is_not_taken_says_why(store, word, told):
    """As a failed run with a sentence, not a traceback; and nothing is changed."""
    state = say(**word)

    assert (True, "Failed") == (state.is_failed(), state.name)
    assert told in state.message
    assert State.UNCONFIRMED is store.read(reading.show, 1).delivery.state
    assert () == store.read(reading.show, 1).acts


def test_what_a_worker_holds_is_not_taken(store):
    """With the end of its lease."""
    store.write(persons.resolve, 1, absent=True, by=By(name="Carol", why="not there"), now=AGO)
    [claim] = store.claim(worker="w", now=NOW, lease=timedelta(hours=1), at_most=1, accounts=["alice"])

    assert f"{claim.lease_until:%Y-%m-%d %H:%M:%S} UTC" in say(absent=True).message


def test_what_the_form_cannot_send(store):
    """No delivery 0, no field nobody knows, no word without a name."""
    for odd in ({"delivery": 0}, {"force": True}, {"why": None}):
        with pytest.raises(ValidationError):
            say(**odd)
