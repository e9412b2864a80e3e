"""What is sent, and what the sandbox answers, is what X's own OpenAPI says."""

from __future__ import annotations

import json
import time

import pytest

from sandbox.x_api import contract, desk
from steadypost.channels.x_api import requests
from steadypost.domain.network import Place
from steadypost.domain.outcome import Published
from steadypost.domain.post import Part

MEGABYTE = 1024 * 1024


@pytest.fixture
def heard(monkeypatch):
    """Every request and every answer of the sandbox, by operation."""
    told = []
    do = desk.Desk._in_weather

    def note(one, name, variables):
        answer = do(one, name, variables)
        told.append((name, answer))
        return answer

    monkeypatch.setattr(desk.Desk, "_in_weather", note)
    return told


def test_everything_that_is_asked_for_is_in_the_contract(alice, sandbox, picture, heard):
    """Posts, threads, answers, files of every kind, looks at every place: no request is one X would not know."""
    alice.options = {"made_with_ai": True, "paid_partnership": True, "reply_settings": "verified"}
    every = [
        Part(text="One https://example.com", media=(picture(), picture(name="b.png"))),
        Part(text="Two", media=(picture(kind="image/gif", name="c.gif"),)),
        Part(text="Three", media=(picture(6 * MEGABYTE, kind="video/mp4", name="d.mp4"),)),
    ]
    answer = alice.asks(*every)
    first = answer.outcomes[0].remote_id
    alice.looks(Place.PROFILE)
    alice.looks(Place.REPLIES)
    alice.looks(Place.THREAD, post=first)
    alice.probes()
    alice.channel().remove(alice.access(), first, deadline=time.monotonic() + 40)

    assert [Published] * 3 == list(map(type, answer.outcomes))
    assert "broken" not in sandbox.requests
    asked = {
        each["operationId"] for methods in contract.contract()["paths"].values() for each in methods.values()
    }
    assert asked == {name for name, _ in heard}
    for name, (status, body, _) in heard:
        contract.check_answer(name, status, json.loads(json.dumps(body)))


@pytest.mark.parametrize(
    "body",
    [
        {"text": "a", "colour": "blue"},
        {"text": 1},
        {"text": "a", "reply": {"in_reply_to_tweet_id": 1}},
        {"text": "a", "reply": {}},
        {"text": "a", "media": {"media_ids": []}},
        {"text": "a", "media": {"media_ids": ["1", "2", "3", "4", "5"]}},
        {"text": "a", "media": {"media_ids": ["one"]}},
        {"text": "a", "reply_settings": "everybody"},
        {"text": "a", "made_with_ai": "yes"},
        {"text": "a", "poll": {"options": ["a"]}},
    ],
)
def test_the_sandbox_takes_nothing_that_the_contract_does_not(body):
    """Its schemas are closed: what X would refuse with a 400 is refused here."""
    with pytest.raises(contract.Broken):
        contract.check_request("POST", requests.CREATE, {}, body, "application/json")


@pytest.mark.parametrize(
    "query",
    [{"tweet.fields": "text"}, {"max_results": "4"}, {"max_results": "101"}, {"exclude": "posts"}],
)
def test_questions_are_held_to_the_contract_too(query):
    """Also their names: X has renamed some."""
    with pytest.raises(contract.Broken):
        contract.check_request("GET", requests.timeline_path("1001"), query, None, "")


def test_what_the_sandbox_refuses_is_a_400(alice, sandbox, monkeypatch):
    """And the channel says so: the post, or the channel, has to be changed."""
    body = requests.create_body
    monkeypatch.setattr(requests, "create_body", lambda *what: {**body(*what), "colour": "blue"})

    outcome = alice.asks_one()

    assert ("400", "broken") == (outcome.code, sandbox.requests[-1])


@pytest.mark.parametrize(
    "fault",
    ["payment_required", "usage_capped", "rate_limited", "unauthorized", "duplicate", "errors_beside"],
)
def test_what_goes_wrong_has_x_s_shape(alice, sandbox, heard, fault):
    """Success is held to the contract whatever stands beside it; a refusal has a title, a type and its status."""
    sandbox.weather({"fault": fault})
    alice.asks_one()

    name, (status, body, _) = heard[-1]
    if status == 201:
        contract.check_answer(name, status, body)
    else:
        assert {"title", "type", "status", "detail"} <= set(body)
        assert status == body["status"]
