"""One ask is one request, and its answer is read exactly."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from steadypost.channels.wire import Answered
from steadypost.channels.x_api import channel
from steadypost.channels.x_api.answers import SENTENCES, Asked, created
from steadypost.domain.clock import Offset
from steadypost.domain.outcome import (
    Cause,
    Deferred,
    NotSubmitted,
    Phase,
    Published,
    Refused,
    Unconfirmed,
)
from steadypost.domain.post import Part
from steadypost.networks.x.snowflake import id_at, made_at

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)
PARENT = id_at(NOW)


def test_a_post_goes_out_once_with_its_id(alice, sandbox):
    """The id is the ledger's, and nothing was asked twice."""
    outcome = alice.asks_one("Straße & <Wege> https://example.com/ä?b=1&c")

    [post] = sandbox.live("alice")
    assert Published(remote_id=post["id"]) == outcome
    assert "Straße & <Wege> https://example.com/ä?b=1&c" == post["text"]
    assert ["getUsersMe", "createPosts"] == sandbox.requests


def test_who_is_known_is_not_asked_again(alice, sandbox):
    """Identity and clocks are remembered for a while: the next post is one request."""
    alice.asks_one("One")
    sandbox.requests.clear()

    assert isinstance(alice.asks_one("Two"), Published)
    assert ["createPosts"] == sandbox.requests


def test_the_phases_are_told_in_order(alice):
    """A worker that dies leaves behind how far it had come."""
    alice.asks_one()

    assert [Phase.OPENED, Phase.SIGNED_IN, Phase.COMPOSED, Phase.ARMED, Phase.CLICKED, Phase.ANSWERED] == (
        alice.phases
    )


def test_nothing_is_asked_unarmed(alice, sandbox):
    """A lease that was lost meanwhile stops the attempt before the ask."""
    outcome = alice.asks_one(arm=lambda: False)

    assert (NotSubmitted, Cause.LEASE_LOST) == (type(outcome), outcome.cause)
    assert [] == sandbox.asks()


def test_a_thread_is_asked_for_part_by_part(alice, sandbox):
    """Each part answers the one before it."""
    answer = alice.asks("One", "Two", "Three")

    posts = sandbox.live("alice")
    ids = [post["id"] for post in posts]
    assert ids == [outcome.remote_id for outcome in answer.outcomes]
    assert [None, ids[0], ids[1]] == [post["reply_to"] for post in posts]


def test_a_thread_resumes_at_its_first_missing_part(alice, sandbox):
    """The parts that are live are not asked for again."""
    first = alice.asks_one("One").remote_id

    answer = alice.asks("Two", "Three", first=1, live=(first,), reply_to=first)

    assert 1 == answer.first
    assert ["One", "Two", "Three"] == [post["text"] for post in sandbox.live("alice")]


def test_an_unconfirmed_part_stops_the_thread(alice, sandbox):
    """What comes after it would hang in the air; it is provably not asked for."""
    sandbox.weather({"fault": "lost_after", "match": "Two"})

    one, two, three = alice.asks("One", "Two", "Three").outcomes

    assert (Published, Unconfirmed, NotSubmitted) == (type(one), type(two), type(three))
    assert Cause.EARLIER_PART == three.cause
    assert 2 == len(sandbox.asks())


def test_options_are_the_account_s(alice, sandbox):
    """Disclosure and who may answer, and nothing that X does not know."""
    alice.options = {"made_with_ai": True, "reply_settings": "following", "colour": "blue"}

    alice.asks_one()

    assert {"made_with_ai": True, "reply_settings": "following"} == sandbox.live()[0]["options"]


UNKNOWN = ["lost_before", "lost_after", "half_answer", "gateway_timeout", "server_error", "page", "no_id"]


@pytest.mark.parametrize("fault", UNKNOWN)
def test_what_is_no_answer_is_unconfirmed(alice, sandbox, fault):
    """Whether it is live or not: nobody was told, so somebody has to look. Nothing is sent a second time."""
    sandbox.weather({"fault": fault})

    assert Unconfirmed is type(alice.asks_one())
    assert 1 == len(sandbox.asks())


def test_no_answer_in_time_is_unconfirmed(alice, sandbox):
    """The deadline shuts the line; what X makes of it is seen by a look."""
    alice.asks_one("Before")
    sandbox.weather({"fault": "hang", "params": {"seconds": 9}})

    outcome = alice.asks_one(within=6)

    assert (Unconfirmed, Cause.NO_ANSWER) == (type(outcome), outcome.cause)


def test_the_id_of_another_post_is_not_taken(alice, sandbox):
    """An id that cannot be this post's is no answer."""
    parent = alice.asks_one("Before").remote_id
    sandbox.weather({"fault": "other_id"})

    outcome = alice.asks_one("After", reply_to=parent)

    assert (Unconfirmed, Cause.ODD_ANSWER) == (type(outcome), outcome.cause)


def test_errors_beside_the_id_change_nothing(alice, sandbox):
    """They are about fields. The post is live, and a second ask would make a copy."""
    sandbox.weather({"fault": "errors_beside"})

    assert Published(remote_id=alice.asks_one().remote_id) == Published(remote_id=sandbox.live()[0]["id"])


def test_a_duplicate_is_looked_for(alice, sandbox):
    """It may be ours: a 403 with no id proves neither."""
    alice.asks_one("Good morning")

    outcome = alice.asks_one("Good morning")

    assert (Unconfirmed, Cause.DUPLICATE) == (type(outcome), outcome.cause)


def test_x_s_rules_about_answers(alice, sandbox):
    """Whom the author never named is told so, with what to do; an own thread is another matter."""
    theirs = sandbox.hand_post("bob", "Good evening")

    outcome = alice.asks_one("Indeed", reply_to=theirs)

    assert (Refused, Cause.TARGET_CLOSED) == (type(outcome), outcome.cause)
    assert "answer by hand" in outcome.why
    named = sandbox.hand_post("bob", "Good evening @alice")
    assert isinstance(alice.asks_one("Indeed", reply_to=named), Published)


def test_a_target_that_is_gone(alice, sandbox):
    """Somebody has to change the post."""
    theirs = sandbox.hand_post("bob", "@alice Good evening")
    sandbox.delete(theirs)

    outcome = alice.asks_one("Indeed", reply_to=theirs)

    assert (Refused, Cause.TARGET_GONE) == (type(outcome), outcome.cause)


def test_an_own_part_of_seconds_ago_that_x_does_not_find(alice, sandbox):
    """It may not have come to all of X's machines: the part goes again, and is not refused."""
    first = alice.asks_one("One").remote_id
    detail = "You attempted to reply to a Tweet that is deleted or not visible to you."
    sandbox.weather({"fault": "forbidden", "params": {"detail": detail}})

    [outcome] = alice.asks("Two", first=1, live=(first,), reply_to=first).outcomes

    assert (Deferred, Cause.PARENT_UNSEEN) == (type(outcome), outcome.cause)


@pytest.mark.parametrize("ahead", [-1800, -60, -20, 0, 20, 60, 1800])
def test_an_id_that_fits_this_machine_s_clock_is_ours_whatever_dates_the_answer(ahead):
    """A ``Date`` that contradicts both is a proxy's; what fits neither clock is another post's."""
    offset = Offset(ahead=timedelta(seconds=ahead), within=timedelta(seconds=1))
    asked = Asked(armed_at=NOW, offset=offset)

    def told(made):
        body = json.dumps({"data": {"id": id_at(made), "text": "x"}}).encode()
        heard = Answered(status=201, headers={}, body=body, offset=offset)
        return created(heard, asked, NOW + timedelta(seconds=2))

    ours, at_x = NOW + timedelta(seconds=1), NOW + timedelta(seconds=1 + ahead)
    assert [Published(remote_id=id_at(ours)), Published(remote_id=id_at(at_x))] == [told(ours), told(at_x)]
    for wrong in (min(ours, at_x) - timedelta(seconds=30), max(ours, at_x) + timedelta(seconds=30)):
        assert isinstance(told(wrong), Unconfirmed)


def heard_400(parent, **body):
    told = {
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": "https://api.twitter.com/2/problems/invalid-request",
        "errors": [{"parameters": {"reply.in_reply_to_tweet_id": [parent]}, "message": "is not valid"}],
    }
    return Answered(status=400, headers={}, body=json.dumps(told | body).encode())


NOT_FOUND = {"type": "https://api.twitter.com/2/problems/resource-not-found", "errors": []}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"errors": [{"parameters": {"reply.in_reply_to_post_id": [PARENT]}}]},
        {"errors": [{"parameters": {"reply": ["..."], "reply.in_reply_to_tweet_id": [PARENT]}}]},
        NOT_FOUND | {"resource_id": PARENT},
        NOT_FOUND | {"value": PARENT},
        {"errors": [{"code": 385, "message": "..."}]},
        {"errors": [{"code": 144, "message": "..."}]},
    ],
)
def test_a_400_about_the_part_above_is_as_old_as_that_part(body):
    """Which status says that the post above is not found, X has changed before. What is ours and young goes again."""
    heard = heard_400(PARENT, **body)
    made = made_at(PARENT)
    asked = Asked(armed_at=made, parent=PARENT, own_parent=PARENT)
    young, old = (created(heard, asked, made + ago) for ago in (timedelta(seconds=9), timedelta(hours=1)))
    strange = created(heard, replace(asked, own_parent=None), made + timedelta(seconds=9))

    assert (Deferred, Cause.PARENT_UNSEEN) == (type(young), young.cause)
    assert [(Refused, Cause.TARGET_GONE)] * 2 == [(type(one), one.cause) for one in (old, strange)]


def test_a_400_about_the_text_is_no_word_about_the_part_above():
    heard = heard_400(PARENT, errors=[{"parameters": {"text": ["..."]}, "message": "is not valid"}])
    asked = Asked(armed_at=made_at(PARENT), parent=PARENT, own_parent=PARENT)
    outcome = created(heard, asked, made_at(PARENT) + timedelta(seconds=9))

    assert (Refused, Cause.REFUSED_OTHERWISE) == (type(outcome), outcome.cause)


def test_a_403_that_says_nothing_known_is_unconfirmed(alice, sandbox):
    """It may be X's next wording for a duplicate."""
    sandbox.weather({"fault": "forbidden", "params": {"detail": "This was said before."}})

    assert Unconfirmed is type(alice.asks_one())


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (187, (Unconfirmed, Cause.DUPLICATE)),
        (385, (Refused, Cause.TARGET_GONE)),
        (433, (Refused, Cause.TARGET_CLOSED)),
        (99999, (Unconfirmed, Cause.ODD_ANSWER)),
    ],
)
def test_x_s_own_number_goes_before_its_sentence(alice, sandbox, code, expected):
    """Whatever the words beside it are, in whatever language."""
    closed = next(one for one, cause in SENTENCES.items() if cause is Cause.TARGET_CLOSED)
    detail = closed if code == 187 else "You are not allowed to create a Tweet with duplicate content."
    sandbox.weather({"fault": "forbidden", "params": {"detail": detail, "errors": [{"code": code}]}})

    outcome = alice.asks_one()

    assert expected == (type(outcome), outcome.cause)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("resource-not-found", (Refused, Cause.TARGET_GONE)),
        ("resource-unavailable", (Refused, Cause.TARGET_GONE)),
        ("not-authorized-for-resource", (Refused, Cause.TARGET_CLOSED)),
        ("disallowed-resource", (Unconfirmed, Cause.ODD_ANSWER)),
    ],
)
def test_a_problems_type_goes_before_its_sentence(alice, sandbox, kind, expected):
    """When it names the post above; one that names something else, or is not known, says nothing of this post."""
    theirs = sandbox.hand_post("bob", "@alice Good evening")
    detail = "You are not allowed to create a Tweet with duplicate content."
    about = {"fault": "forbidden", "params": {"detail": detail, "type": kind, "resource_id": theirs}}

    sandbox.weather(about)
    outcome = alice.asks_one("Indeed", reply_to=theirs)
    sandbox.weather({**about, "params": {**about["params"], "resource_id": "1"}})
    other = alice.asks_one("Quite", reply_to=theirs)

    assert expected == (type(outcome), outcome.cause)
    assert (Unconfirmed, Cause.ODD_ANSWER) == (type(other), other.cause)


def test_rights_that_the_app_lacks(alice, sandbox):
    """The account rests, and a person is told what X said."""
    sandbox.weather({"fault": "rights"})

    outcome = alice.asks_one()

    assert (Deferred, Cause.SESSION_UNUSABLE) == (type(outcome), outcome.cause)
    assert "app permissions" in outcome.why


@pytest.mark.parametrize("fault", ["payment_required", "usage_capped"])
def test_spent_credit_ends_by_no_waiting(alice, sandbox, fault):
    """Both shapes: no end is named, and a person is needed."""
    sandbox.weather({"fault": fault})

    outcome = alice.asks_one()

    assert (Deferred, Cause.CREDIT_USED, None) == (type(outcome), outcome.cause, outcome.until)
    assert outcome.cause.needs_person
    assert "Add credit" in outcome.why


@pytest.mark.parametrize(
    ("fault", "cause"), [("rate_limited", Cause.RATE_LIMIT), ("daily_limit", Cause.DAILY_LIMIT)]
)
@pytest.mark.parametrize("ahead", [0, 240])
def test_a_rate_limit_ends_when_x_says(sandbox, alice, fault, cause, ahead):
    """By this machine's clock, however far X's is ahead."""
    sandbox.clock.set(offset_s=ahead)
    sandbox.weather({"fault": fault, "params": {"seconds": 300}})

    outcome = alice.asks_one()

    assert (Deferred, cause) == (type(outcome), outcome.cause)
    assert abs(outcome.until - datetime.now(UTC) - timedelta(seconds=300)) < timedelta(seconds=7)


def test_what_x_will_not_take(alice, sandbox):
    """A 400 in X's own form is its no; the reason is X's."""
    outcome = alice.asks_one(Part(text="  "))

    assert (Refused, "400") == (type(outcome), outcome.code)


def test_nobody_there(alice, sandbox):
    """Without a connection nothing was sent."""
    sandbox.__exit__()

    outcome = alice.asks_one()

    assert (NotSubmitted, Cause.NO_WAY_THERE) == (type(outcome), outcome.cause)


def test_keys_of_somebody_else(alice, sandbox):
    """Nothing is published as anybody but the account."""
    alice.handle = "bob"

    outcome = alice.asks_one()

    assert (NotSubmitted, Cause.OTHER_ACCOUNT) == (type(outcome), outcome.cause)
    assert [] == sandbox.asks()


def test_a_block_without_keys(alice, sandbox):
    """It is named, with what is missing, and X is not asked."""
    alice.secret = {"api_key": "k"}

    outcome = alice.asks_one()

    assert (NotSubmitted, Cause.SESSION_UNUSABLE) == (type(outcome), outcome.cause)
    assert [] == sandbox.requests


@pytest.mark.parametrize("reset", ["999999999999", "253402300800", "9" * 5000, "-1", "soon", ""])
def test_an_end_that_no_calendar_has_is_no_end(reset):
    """The post waits all the same."""
    heard = Answered(status=429, headers={"x-rate-limit-reset": reset}, body=b"{}")

    outcome = created(heard, Asked(armed_at=NOW), NOW)

    assert (Deferred, Cause.RATE_LIMIT, None) == (type(outcome), outcome.cause, outcome.until)


def test_x_s_words_are_cut_and_in_one_line():
    """A page of them helps nobody."""
    told = {"title": "Invalid", "detail": "no\nand no " * 1000}
    heard = Answered(status=400, headers={}, body=json.dumps(told).encode())

    outcome = created(heard, Asked(armed_at=NOW), NOW)

    assert len(outcome.why) < 400
    assert "\n" not in outcome.why


def test_nothing_is_asked_when_the_store_is_away(alice, sandbox):
    """Arming may have been written down. Nothing was sent, and nothing will be."""

    def away():
        raise OSError("no store")

    outcome = alice.asks_one(arm=away)

    assert (NotSubmitted, Cause.STORE_AWAY) == (type(outcome), outcome.cause)
    assert [] == sandbox.asks()


def test_who_watches_spoils_nothing(alice, sandbox):
    """A log that breaks behind the ask costs no id."""

    class Broken(list):
        def append(self, _):
            raise OSError("no log")

    alice.phases = Broken()

    assert isinstance(alice.asks_one(), Published)
    assert 1 == len(sandbox.asks())


def test_a_defect_behind_the_ask_costs_the_parts_before_nothing(alice, monkeypatch):
    """The first part is live under its id; of the second nobody knows."""
    understood = channel.created

    def breaks(heard, asked, now):
        if asked.parent is not None:
            raise ZeroDivisionError
        return understood(heard, asked, now)

    monkeypatch.setattr(channel, "created", breaks)

    one, two, three = alice.asks("One", "Two", "Three").outcomes

    assert isinstance(one, Published)
    assert (Unconfirmed, Cause.DEFECT) == (type(two), two.cause)
    assert (NotSubmitted, Cause.EARLIER_PART) == (type(three), three.cause)
