"""Timelines show posts as the network shows them: late, rewritten, and among other things."""

from __future__ import annotations

import pytest

from sandbox.client import SandboxProcess
from tests.sandbox.conftest import results


def entries_of(answer):
    timeline = answer.json()["data"]["user"]["result"]["timeline"]["timeline"]
    return timeline["instructions"]


def full_text(person, handle="alice"):
    told = entries_of(person.look("UserTweets", screen_name=handle))[-1]["entries"][0]
    return told["content"]["itemContent"]["tweet_results"]["result"]["legacy"]


def test_pages_of_a_long_past(sandbox, alice):
    """A cursor leads through everything, each post once, the newest first; the last page has none, and a cursor."""
    past = sandbox.seed("alice", 45)
    pages, cursor = [], None
    for _ in range(4):
        variables = {"screen_name": "alice", **({"cursor": cursor} if cursor else {})}
        answer = alice.look("UserTweets", **variables)
        pages.append([result["rest_id"] for result in results(answer.json())])
        bottom = entries_of(answer)[-1]["entries"][-1]["content"]
        assert "Bottom" == bottom["cursorType"]
        cursor = bottom["value"]

    assert [20, 20, 5, 0] == [len(page) for page in pages]
    assert [one for page in pages for one in page] == past


def test_a_pinned_post_comes_first_and_is_marked(sandbox, alice):
    """It stands in an instruction of its own, and at its own place as well."""
    past = sandbox.seed("alice", 3)
    sandbox.pin("alice", past[2])

    told = entries_of(alice.look("UserTweets", screen_name="alice"))

    assert ["TimelineClearCache", "TimelinePinEntry", "TimelineAddEntries"] == [one["type"] for one in told]
    assert alice.profile() == [past[2], *past]
    sandbox.pin("alice", None)
    assert alice.profile() == past


def test_a_repost_has_an_id_of_its_own(sandbox, alice):
    """What somebody else wrote stands on the timeline under the reposter's id."""
    original = sandbox.hand_post("bob", "Worth reading")
    repost = sandbox.repost("alice", original)

    legacy = full_text(alice)

    assert alice.profile() == [repost]
    assert legacy["full_text"].startswith("RT @bob")
    assert legacy["retweeted_status_result"]["result"]["rest_id"] == original


def test_replies_are_on_their_own_tab(sandbox, alice):
    """Posts without replies on the one tab; on the other each reply comes with what it answers."""
    question = sandbox.hand_post("bob", "Why?")
    reply = sandbox.hand_post("alice", "Because", reply_to=question)
    post = sandbox.hand_post("alice", "Anyway")

    assert alice.profile() == [post]
    assert alice.sees("UserTweetsAndReplies", screen_name="alice") == [post, question, reply]


def test_a_conversation_has_what_is_above_and_below(sandbox, alice):
    """Ancestors, the post, then its replies; a chain by one author stays together."""
    root = sandbox.hand_post("alice", "1/3")
    second = sandbox.hand_post("alice", "2/3", reply_to=root)
    third = sandbox.hand_post("alice", "3/3", reply_to=second)
    remark = sandbox.hand_post("bob", "Nice", reply_to=root)

    assert alice.sees("TweetDetail", focalTweetId=root) == [root, second, third, remark]
    assert alice.sees("TweetDetail", focalTweetId=third) == [root, second, third]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Tea & biscuits <3", "Tea &amp; biscuits &lt;3"),
        ("Read https://example.org/a?b=1&c=2 now", None),
    ],
)
def test_texts_are_rewritten(sandbox, alice, text, shown):
    """Entities are escaped, and links become short ones that say what they were."""
    sandbox.hand_post("alice", text)

    legacy = full_text(alice)

    if shown is not None:
        assert legacy["full_text"] == shown
        return
    [url] = legacy["entities"]["urls"]
    assert legacy["full_text"] == f"Read {url['url']} now"
    assert url["url"].startswith("https://t.co/")
    assert "https://example.org/a?b=1&c=2" == url["expanded_url"]
    assert "example.org/a?b=1&c=2" == url["display_url"]


def test_strangers_see_what_is_popular_and_nothing_new(sandbox, alice, stranger):
    """Without a session a profile shows its most liked posts: an absence there proves nothing."""
    past = sandbox.seed("alice", 5)
    alice.ask("Brand new")

    seen = stranger.profile()

    assert sorted(seen) == sorted(past)
    assert [] == stranger.sees("UserTweetsAndReplies", screen_name="alice")


def test_the_lag_of_a_whole_sandbox():
    """With `--lag-ms` every post takes that long to show."""
    with SandboxProcess(accounts=("alice",), lag_ms=60_000) as sandbox:
        sandbox.hand_post("alice", "Patience")
        [post] = sandbox.live()

        assert 60_000 == post["visible_at"] - post["created_at"]


def test_nobodys_profile_and_no_post(alice):
    """An unknown handle and an unknown id are answered without data."""
    assert {} == alice.look("UserTweets", screen_name="nobody").json()["data"]
    assert {} == alice.look("TweetDetail", focalTweetId="1").json()["data"]
