"""A person's hands: what somebody does from elsewhere, past all weather."""

from __future__ import annotations

import base64

import pytest

from sandbox.process import SandboxError
from tests.sandbox.conftest import results

GIF = base64.b64encode(b"GIF89a\x10\x00\x08\x00" + bytes(8)).decode()


def told(person, post):
    return person.look("TweetResultByRestId", tweetId=post).json()["data"]["tweetResult"]["result"]


def test_a_post_with_pictures(sandbox, alice):
    """Described and not, of any kind that the network takes, with what they are."""
    post = sandbox.hand_post("alice", "Look", media=[{"alt": "A dot"}, {"content": GIF}])

    dot, gif = told(alice, post)["legacy"]["extended_entities"]["media"]

    assert ("photo", "A dot", 1) == (dot["type"], dot["ext_alt_text"], dot["original_info"]["width"])
    assert ("animated_gif", False) == (gif["type"], "ext_alt_text" in gif)
    assert (16, 8) == (gif["original_info"]["width"], gif["original_info"]["height"])
    assert ["A dot", None] == [media["alt"] for media in sandbox.ledger()[0]["media"]]


def test_the_same_words_again(sandbox, alice):
    """With another link, under another post, or both, as a person does who says it twice."""
    first, second = sandbox.hand_post("bob", "One"), sandbox.hand_post("bob", "Two")
    post = sandbox.hand_post("alice", "New: https://example.com/one!", reply_to=first)

    sandbox.hand_again(post, link="https://example.com/two")
    sandbox.hand_again(post, reply_to=second)
    sandbox.hand_again(post, account="carol", link="example.net", reply_to=second)

    said = [(p["author"], p["text"], p["reply_to"]) for p in sandbox.ledger()[3:]]
    assert said == [
        ("alice", "New: https://example.com/two!", first),
        ("alice", "New: https://example.com/one!", second),
        ("carol", "New: example.net!", second),
    ]


def test_edits_have_ids_of_their_own(sandbox, alice):
    """The last version is told in lists, each at its own address; one deletion takes all."""
    first = sandbox.hand_post("alice", "Frist")
    second = sandbox.edit(first, "First")
    third = sandbox.edit(first, "First!")

    [shown] = results(alice.look("UserTweets", screen_name="alice").json())
    assert (shown["rest_id"], shown["legacy"]["full_text"]) == (third, "First!")
    control = shown["edit_control"]["edit_control_initial"]
    assert (control["edit_tweet_ids"], control["edits_remaining"]) == ([first, second, third], "3")
    assert told(alice, first)["edit_control"]["edit_tweet_ids"] == [first, second, third]
    sandbox.delete(first)
    assert [] == sandbox.live()


def test_what_hands_cannot_do_is_refused_in_words(sandbox):
    """A mistake in a test is told as what it is."""
    with pytest.raises(SandboxError, match="no live post '1'"):
        sandbox.edit("1", "x")
    with pytest.raises(SandboxError, match="no picture"):
        sandbox.hand_post("alice", "x", media=[{"content": base64.b64encode(b"MZ").decode()}])
    with pytest.raises(SandboxError, match="media must be a list"):
        sandbox.hand_post("alice", "x", media=["dot.png"])
