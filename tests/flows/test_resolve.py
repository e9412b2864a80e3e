"""A person's word in Prefect's form: taken whole, or refused with what to do."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from flows.resolve import resolve
from steadypost.domain.delivery import State
from steadypost.domain.outcome import Answer, Cause, Phase, Unconfirmed
from steadypost.domain.post import Part, Post
from steadypost.domain.snowflake import id_at
from steadypost.intake.resolution import Resolution
from steadypost.store import AccountRecord, Store

NOW = datetime.now(UTC)
AGO = NOW - timedelta(minutes=30)
UNHEARD = Unconfirmed(cause=Cause.NO_ANSWER, why="no answer", phase=Phase.CLICKED)
FOUND = id_at(AGO + timedelta(seconds=1))


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A store with one delivery in doubt, which this machine's settings name."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    monkeypatch.setenv("STEADYPOST_STORE_URL", url)
    with Store.create(url) as opened:
        opened.put_account(AccountRecord(name="alice", channel="x_web", handle="Alice"), AGO)
        opened.add(Post(parts=(Part(text="Good morning"),)), accounts=["alice"], due_at=AGO, now=AGO)
        [claim] = opened.claim(worker="w", now=AGO, lease=timedelta(minutes=1), at_most=1, accounts=["alice"])
        opened.arm(claim.attempt_id, claim.fence, AGO)
        opened.answered(claim.attempt_id, Answer(outcomes=(UNHEARD,)), AGO, 0.5)
        yield opened


def say(**word):
    """Run the flow's own body on what the form sends: no server is needed for that."""
    return resolve.fn(Resolution(**{"delivery": 1, "by": "Carol", "why": "I looked", **word}))


def test_a_post_that_was_found_is_published(store):
    """As on the command line, with the same record of who and why."""
    state = say(live=[f"https://x.com/alice/status/{FOUND}"])

    assert (state.is_completed(), state.name) == (True, "Published")
    [act] = store.show(1).acts
    assert ("Carol", "resolve --live", "I looked") == (act.by, act.did, act.why)


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ({}, "nothing is said"),
        ({"absent": True, "by": " "}, "by ' ': it is empty; say who you are"),
        ({"live": ["tomorrow"]}, "live 'tomorrow': this is neither"),
        ({"live": [f"x.com/bob/status/{FOUND}"]}, "look for it at https://x.com/Alice"),
        ({"drop": True}, "may be live"),
        ({"delivery": 99, "absent": True}, "there is no delivery 99"),
    ],
)
def test_what_is_not_taken_says_why(store, word, told):
    """As a failed run with a sentence, not a traceback; and nothing is changed."""
    state = say(**word)

    assert (state.is_failed(), state.name) == (True, "Refused")
    assert told in state.message
    assert State.UNCONFIRMED is store.show(1).delivery.state
    assert () == store.show(1).acts


def test_what_a_worker_holds_is_not_taken(store):
    """With the end of its lease."""
    store.resolve(1, absent=True, by="Carol", why="not there", now=AGO)
    [claim] = store.claim(worker="w", now=NOW, lease=timedelta(hours=1), at_most=1, accounts=["alice"])

    assert f"{claim.lease_until:%Y-%m-%d %H:%M:%S} UTC" in say(absent=True).message


def test_what_the_form_cannot_send(store):
    """No delivery 0, no field nobody knows, no word without a name."""
    for odd in ({"delivery": 0}, {"force": True}, {"why": None}):
        with pytest.raises(ValidationError):
            say(**odd)
