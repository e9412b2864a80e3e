"""An ask on Bluesky: one request, and one copy by construction."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from steadypost.channels.bluesky import channel as channel_module
from steadypost.channels.bluesky import limits
from steadypost.channels.bluesky.preparing import Preparing
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
from steadypost.networks.bluesky import tid
from tests.channels.bluesky.conftest import BOB, order

pytestmark = pytest.mark.usefixtures("sandbox")


def uri(person, wanted, n=0):
    return f"at://{person.did}/app.bsky.feed.post/{tid.name(wanted.key, wanted.keyed_at, wanted.first + n)}"


def test_one_post(alice, sandbox):
    wanted = order("Straße → https://example.com #Grüße")
    answer = alice.ask(wanted)
    live = sandbox.live()

    assert answer.outcomes == (Published(remote_id=uri(alice, wanted)),)
    assert [one["uri"] for one in live] == [uri(alice, wanted)]
    assert live[0]["record"]["text"] == wanted.parts[0].text
    assert [
        "link",
        "tag",
    ] == [one["features"][0]["$type"].partition("#")[2] for one in live[0]["record"]["facets"]]
    assert live[0]["record"]["createdAt"] == tid.created_at(wanted.keyed_at, 0)


def test_the_record_can_only_be_created(alice, sandbox):
    """Without ``swapRecord: null`` in the body the same request would overwrite."""
    alice.ask(order("one"))

    assert [("putRecord", True)] == [(ask["method"], ask["creates_only"]) for ask in sandbox.asks()]


def test_the_phases_are_told_in_their_order(alice):
    alice.ask(order("one"))

    assert alice.phases == [
        Phase.OPENED,
        Phase.SIGNED_IN,
        Phase.COMPOSED,
        Phase.ARMED,
        Phase.CLICKED,
        Phase.ANSWERED,
    ]


def test_nothing_is_asked_without_a_yes(alice, sandbox):
    def broken():
        raise RuntimeError("the store is away")

    answers = [alice.ask(order("one"), arm=arm).headline for arm in (lambda: False, lambda: None, broken)]

    assert [answer.cause for answer in answers] == [Cause.LEASE_LOST, Cause.LEASE_LOST, Cause.STORE_AWAY]
    assert all(isinstance(answer, NotSubmitted) for answer in answers)
    assert [] == sandbox.asks()


def test_everything_is_ready_before_the_store_is_asked(alice, sandbox, picture):
    """Between the yes and the ask there is no request: whatever could fail has been done."""
    seen = {}

    def arm():
        seen.update(sandbox.counts()["requests"])
        return True

    alice.ask(order(Part(text="hello @bob.test", media=(picture(),))), arm=arm)
    after = sandbox.counts()["requests"]

    assert 1 == seen["uploadBlob"]
    assert {"putRecord": 1} == {
        name: count - seen.get(name, 0) for name, count in after.items() if count != seen.get(name, 0)
    }


def test_a_second_ask_for_the_same_delivery_makes_no_second_post(alice, sandbox):
    wanted = order("one")
    first, second = alice.ask(wanted), alice.ask(wanted)

    assert first.outcomes == second.outcomes
    assert 1 == len(sandbox.ledger())


def test_a_second_ask_with_other_words_is_told(alice, sandbox):
    """The same delivery whose preview or text has changed meanwhile: nothing is overwritten, and a look decides."""
    wanted = order("one")
    alice.ask(wanted)
    again = alice.ask(replace(wanted, parts=(Part(text="two"),))).headline

    assert (type(again), again.cause) == (Unconfirmed, Cause.DUPLICATE)
    assert ["one"] == [one["text"] for one in sandbox.ledger()]


@pytest.mark.parametrize("parts", [1, 3])
def test_eight_at_once(alice, sandbox, parts):
    wanted = order(*[f"part {n}" for n in range(parts)])
    alice.ask(order("signed in"))
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(alice.ask(wanted))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 8 == len(answers)
    assert len([one for one in sandbox.ledger() if one["text"] != "signed in"]) == parts
    assert all(
        isinstance(outcome, Published | Unconfirmed) for answer in answers for outcome in answer.outcomes
    )
    assert any(isinstance(answer.headline, Published) for answer in answers)


def test_a_defect_is_no_exception(alice, sandbox, monkeypatch):
    """Before the ask nothing was asked; while it is asked, nobody knows."""
    alice.ask(order("signed in"))
    monkeypatch.setattr(channel_module, "request_of", lambda *_: 1 / 0)
    armed = alice.ask(order("one")).headline
    monkeypatch.setattr(Preparing, "prepare", lambda *_: 1 / 0)
    before = alice.ask(order("two")).headline

    assert (type(armed), armed.cause) == (Unconfirmed, Cause.DEFECT)
    assert (type(before), before.cause) == (NotSubmitted, Cause.DEFECT)
    assert 1 == len(sandbox.asks())


# --- threads


def test_a_thread_is_one_request(alice, sandbox):
    wanted = order("one", "two", "three")
    answer = alice.ask(wanted)
    live = sandbox.live()
    root, second, third = (one["record"].get("reply") for one in live)

    assert answer.outcomes == tuple(Published(remote_id=uri(alice, wanted, n)) for n in range(3))
    assert [("applyWrites", 3)] == [(ask["method"], len(ask["keys"])) for ask in sandbox.asks()]
    assert root is None
    assert second == {name: {"uri": live[0]["uri"], "cid": live[0]["cid"]} for name in ("root", "parent")}
    assert third["root"] == second["root"]
    assert third["parent"] == {"uri": live[1]["uri"], "cid": live[1]["cid"]}


def test_a_thread_is_written_whole_or_not_at_all(alice, sandbox):
    wanted = order("one", "two", "three")
    rkey = tid.name(wanted.key, wanted.keyed_at, 2)
    sandbox.hand_post(alice.handle, "in the way", rkey=rkey)
    answer = alice.ask(wanted)

    assert {(type(one), one.cause) for one in answer.outcomes} == {(Unconfirmed, Cause.SERVER_ERROR)}
    assert ["in the way"] == [one["text"] for one in sandbox.live()]


def test_a_thread_goes_on_where_it_ends(alice, sandbox):
    whole = order("one", "two", "three")
    first = alice.ask(replace(whole, parts=whole.parts[:1]))
    rest = replace(whole, parts=whole.parts[1:], first=1, live=(first.outcomes[0].remote_id,))
    answer = alice.ask(rest)
    live = sandbox.live()

    assert 1 == answer.first
    assert [one.remote_id for one in answer.outcomes] == [uri(alice, whole, 1), uri(alice, whole, 2)]
    assert live[2]["record"]["reply"]["root"]["uri"] == live[0]["uri"]
    assert live[2]["record"]["reply"]["parent"] == {"uri": live[1]["uri"], "cid": live[1]["cid"]}
    assert live[1]["record"]["reply"]["parent"]["cid"] == live[0]["cid"]


# --- replies


def test_a_reply_names_what_it_answers_and_where_that_began(alice, sandbox):
    root = sandbox.hand_post(BOB, "root")
    ref = {"uri": root["uri"], "cid": root["cid"]}
    parent = sandbox.hand_post(BOB, "parent", reply={"root": ref, "parent": ref})
    alice.ask(order("me too", reply_to=parent["uri"]))

    assert sandbox.live()[-1]["record"]["reply"] == {
        "root": ref,
        "parent": {"uri": parent["uri"], "cid": parent["cid"]},
    }


def test_a_reply_to_an_address_that_somebody_pasted(alice, sandbox):
    target = sandbox.hand_post(BOB, "root")
    by_handle = target["uri"].replace(sandbox.accounts[BOB]["did"], BOB)
    alice.ask(order("me too", reply_to=by_handle))

    assert sandbox.live()[-1]["record"]["reply"]["parent"]["uri"] == target["uri"]


def test_a_target_that_is_gone(alice, sandbox):
    target = sandbox.hand_post(BOB, "root")
    sandbox.delete(target["uri"])
    answers = [
        alice.ask(order("x", reply_to=to)).headline
        for to in (target["uri"], "at://nobody.test/app.bsky.feed.post/3jui7kd54zh2y")
    ]

    assert [(type(one), one.cause) for one in answers] == [(Refused, Cause.TARGET_GONE)] * 2
    assert [] == sandbox.asks()


# --- what the network says no to


def test_too_long_a_text_is_not_even_asked(alice, sandbox):
    answer = alice.ask(order("a" * 301)).headline

    assert (type(answer), answer.cause) == (Refused, Cause.TOO_LONG)
    assert [] == sandbox.asks()


def test_a_refusal_names_the_servers_reason(alice, sandbox):
    """What a server refuses that we took for good: nothing was written."""
    alice.options["languages"] = "not a language"
    answer = alice.ask(order("one")).headline

    assert (type(answer), answer.code) == (Refused, "InvalidRequest")
    assert "langs" in answer.why
    assert [] == sandbox.ledger()


# --- weather

LOST = {
    "drop_before": 0,
    "drop_after": 1,
    "reset_before": 0,
    "reset_after": 1,
    "proxy_before": 0,
    "proxy_after": 1,
    "broken_before": 0,
    "broken_after": 1,
    "odd_uri": 1,
    "odd_cid": 1,
    "odd_body": 1,
}


@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize("parts", [1, 3])
def test_an_answer_that_says_nothing_is_none(alice, sandbox, fault, parts):
    """Whatever happens to an answer, the delivery is unconfirmed, and the look settles it with the right ids."""
    wanted = order(*[f"part {n}" for n in range(parts)])
    alice.ask(order("signed in"))
    sandbox.weather({"fault": fault})
    answer = alice.ask(wanted)
    sandbox.clear_weather()
    seen = alice.look_for(wanted)
    there = [uri(alice, wanted, n) for n in range(parts)] if LOST[fault] else [None] * parts

    assert isinstance(answer.headline, Unconfirmed)
    assert list(seen.named.values()) == there
    assert [ask["method"] for ask in sandbox.asks()][1:] == ["putRecord" if parts == 1 else "applyWrites"]


@pytest.mark.parametrize("fault", ["silent_before", "silent_after"])
def test_nobody_answers(alice, sandbox, fault):
    alice.ask(order("signed in"))
    sandbox.weather({"fault": fault})
    wanted = order("one")
    answer = alice.ask(wanted, within=2).headline

    assert (type(answer), answer.cause) == (Unconfirmed, Cause.DEADLINE)
    assert len(sandbox.live()) == (2 if fault == "silent_after" else 1)


def test_a_record_that_is_written_after_the_look_said_no(alice, sandbox, wait_until):
    """A request that is still under way when it is asked for again meets its own name: one copy."""
    alice.ask(order("signed in"))
    sandbox.weather({"fault": "late", "params": {"seconds": 4}, "count": 1})
    wanted = order("one")
    alice.ask(wanted, within=2)
    seen = alice.look_for(wanted)
    alice.ask(wanted)
    wait_until(
        lambda: len(sandbox.asks()) == 3 and sandbox.asks()[1]["status"], description="the late one is done"
    )

    assert [None] == list(seen.named.values())
    assert 1 == len([one for one in sandbox.ledger() if one["text"] == "one"])


@pytest.mark.parametrize(
    ("fault", "params", "cause"),
    [
        ("too_many", {"policy": "5000;w=3600", "seconds": 60}, Cause.RATE_LIMIT),
        ("too_many", {"policy": "35000;w=86400", "seconds": 3000}, Cause.DAILY_LIMIT),
        ("too_many_bare", {}, Cause.RATE_LIMIT),
    ],
)
def test_too_many(alice, sandbox, fault, params, cause):
    alice.ask(order("signed in"))
    sandbox.weather({"fault": fault, "params": params, "method": "putRecord"})
    answer = alice.ask(order("one")).headline
    until = None if fault == "too_many_bare" else datetime.now(UTC) + timedelta(seconds=params["seconds"])

    assert (type(answer), answer.cause) == (Deferred, cause)
    assert until is None or abs(answer.until - until) < timedelta(seconds=5)
    assert 1 == len(sandbox.ledger())


def test_the_end_of_a_limit_is_told_by_the_networks_clock(alice, sandbox):
    sandbox.set_clock(offset_s=300)
    alice.ask(order("signed in"))
    sandbox.weather({"fault": "too_many", "params": {"seconds": 60}, "method": "putRecord"})
    answer = alice.ask(order("one")).headline

    assert abs(answer.until - datetime.now(UTC) - timedelta(seconds=60)) < timedelta(seconds=5)


def test_a_limit_met_before_the_ask_is_waited_for_as_long_as_it_lasts(alice, sandbox):
    """The account rests until the limit's end, and not for a quarter of an hour."""
    sandbox.weather({"fault": "too_many", "params": {"seconds": 60}, "method": "getSession"})
    answer = alice.ask(order("one")).headline

    assert (Deferred, Cause.RATE_LIMIT) == (type(answer), answer.cause)
    assert abs(answer.until - datetime.now(UTC) - timedelta(seconds=60)) < timedelta(seconds=5)
    assert [] == sandbox.ledger()


def test_points_that_are_used_up(alice, sandbox):
    sandbox.call("limits", points_hour=5)
    answers = [alice.ask(order(f"post {n}")).headline for n in range(3)]

    assert [type(one) for one in answers] == [Published, Published, Deferred]
    assert answers[2].cause is Cause.RATE_LIMIT


@pytest.mark.parametrize("fault", ["expired_token", "invalid_token"])
def test_a_token_that_ends_in_the_middle(alice, sandbox, fault):
    """The ask is not repeated: the next attempt renews the sign-in, and asks."""
    alice.ask(order("signed in"))
    sandbox.weather({"fault": fault, "method": "putRecord", "count": 1})
    wanted = order("one")
    first = alice.ask(wanted).headline
    second = alice.ask(wanted).headline

    assert (type(first), first.cause) == (Deferred, Cause.SIGN_IN_RENEWED)
    assert isinstance(second, Published)
    assert 3 == len(sandbox.asks())


@pytest.mark.parametrize("reset", ["999999999999", "253402300800", "9" * 5000, "-1", "soon", ""])
def test_an_end_that_no_calendar_has_is_no_end(reset):
    """The post waits all the same."""
    assert limits.until({"ratelimit-reset": reset}, None, datetime.now(UTC)) is None
