"""A person has one post taken down through the page: that one, and nothing else is changed."""

import json
import time

import pytest

from steadypost.channels.x_web.requests import Removal
from steadypost.domain.evidence import Absent, Present
from steadypost.domain.network import Place
from steadypost.domain.outcome import Cause
from steadypost.domain.weighing import still_there

URL = "https://x.com/i/api/graphql/abc/DeleteTweet"


def removes(post):
    return json.dumps({"variables": {"tweet_id": post, "dark_request": False}})


@pytest.fixture
def removed(alice):
    """Have a post taken down; what came of it."""

    def remove(post):
        return alice.open().remove(alice.access, post, deadline=time.monotonic() + 60)

    return remove


@pytest.mark.browser
@pytest.mark.parametrize(
    "build",
    [{}, {"language": "ja", "buttons": "div", "testids": "absent", "tools": "reversed"}, {"faces": "icons"}],
    ids=["today's", "another", "icons"],
)
def test_that_post_is_gone_and_its_twin_is_there(alice, sandbox, removed, build):
    sandbox.build(build)
    try:
        sandbox.weather({"fault": "no_duplicate_guard", "account": "alice"})
        ours, copy = (sandbox.hand_post("alice", "The lamp is lit.") for _ in range(2))
        report = removed(copy)
        sandbox.wait_until(lambda world: world.live("alice"), description="the ledger answers")
        gone, there = (alice.look(Place.THREAD, post=post) for post in (copy, ours))
    finally:
        sandbox.build("todays")
        for post in (ours, copy):
            if post in {one["id"] for one in sandbox.live("alice")} - {ours}:
                sandbox.delete(post)

    assert report.asked
    assert [ours] == [post["id"] for post in sandbox.live("alice")]
    assert (Absent, Present) == tuple(
        type(still_there(post, [seen], "alice")) for post, seen in ((copy, gone), (ours, there))
    )


@pytest.mark.browser
def test_a_post_of_somebody_else_s_is_left_alone(sandbox, removed):
    post = sandbox.hand_post("bob", "Mine")
    report = removed(post)

    assert (False, Cause.OTHER_ACCOUNT) == (report.asked, report.cause)
    assert [post] == [one["id"] for one in sandbox.live("bob")]


@pytest.mark.browser
def test_a_post_that_is_gone_already_is_said_to_be(sandbox, removed):
    post = sandbox.hand_post("alice", "Gone")
    sandbox.delete(post)

    assert (False, Cause.TARGET_GONE) == ((report := removed(post)).asked, report.cause)


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("POST", URL, removes("21")),
        ("POST", URL, '{"variables":{"tweet_id":20}}'),
        ("POST", URL, "{"),
        ("POST", URL.replace("DeleteTweet", "PinTweet"), removes("20")),
        ("POST", URL.replace("DeleteTweet", "CreateTweet"), removes("20")),
        ("DELETE", "https://x.com/i/api/1.1/account.json", None),
    ],
)
def test_whatever_is_clicked_nothing_else_leaves(method, url, body):
    removal = Removal("20")

    assert not removal.lets_out(method, url, body)
    assert not removal.left


def test_it_leaves_once():
    removal = Removal("20")

    assert removal.lets_out("GET", URL, None)
    assert removal.lets_out("POST", URL, removes("20"))
    assert not removal.lets_out("POST", URL, removes("20"))
