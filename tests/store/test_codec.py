"""An answer that waits on disk comes back as it was, whatever it says."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

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
from steadypost.domain.remote_id import RemoteId
from steadypost.store.codec import dumps, loads

NOON = datetime(2026, 3, 2, 12, 0, 0, 250, tzinfo=UTC)

OUTCOMES = [
    Published(remote_id=RemoteId("1")),
    Published(remote_id=RemoteId("at://did:plc:x/app.bsky.feed.post/3k"), lacking="a picture is missing"),
    Refused(cause=Cause.TOO_LONG, code="186", why="„zu lang“ ✗"),
    Deferred(cause=Cause.RATE_LIMIT, code="88", why="not now", until=NOON),
    Deferred(cause=Cause.RATE_LIMIT, code="-", why="not now", until=None),
    *(NotSubmitted(cause=Cause.PAGE_UNREACHABLE, why="down", phase=phase) for phase in Phase),
    *(Unconfirmed(cause=Cause.NO_ANSWER, why="silence", phase=phase) for phase in Phase),
]


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize(("first", "at_large"), [(0, False), (2, True)])
def test_what_was_written_is_read(outcome, first, at_large):
    answer = Answer(outcomes=(outcome, OUTCOMES[0]), first=first, at_large=at_large)

    assert answer == loads(dumps(answer))


def test_an_instant_of_another_zone_is_the_same_instant():
    elsewhere = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
    answer = Answer(outcomes=(Deferred(cause=Cause.RATE_LIMIT, code="-", why="", until=elsewhere),), first=0)

    (outcome,) = loads(dumps(answer)).outcomes

    assert (NOON, UTC) == (outcome.until, outcome.until.tzinfo)


def test_an_answer_of_an_earlier_version_lacks_nothing():
    """It knew neither what a post lacks nor what may still act."""
    answer = loads(json.dumps({"first": 1, "outcomes": [{"kind": "published", "remote_id": "7"}]}))

    assert Answer(outcomes=(Published(remote_id=RemoteId("7")),), first=1, at_large=False) == answer


def test_an_unknown_outcome_is_refused_and_not_guessed():
    text = json.dumps({"first": 0, "outcomes": [{"kind": "perhaps", "cause": "rate_limit", "why": ""}]})

    with pytest.raises(ValueError, match="no outcome is called 'perhaps'"):
        loads(text)
