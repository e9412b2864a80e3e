"""Which posts a list shows and which it keeps to itself: as the network does, not as one would like."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.sandbox.conftest import instructions, results, thread


def entries(person, operation="UserTweets", **variables):
    """The entries of a list, without cursors."""
    variables = variables or {"screen_name": "alice"}
    told = instructions(person.look(operation, **variables).json())[-1]["entries"]
    return [one for one in told if one["content"]["entryType"] != "TimelineTimelineCursor"]


def test_the_posts_tab_leaves_out_what_answers_others(sandbox, alice):
    """A reply to somebody else is on the replies tab only; what its author goes on to say under it as well."""
    question = sandbox.hand_post("bob", "Why?")
    reply = sandbox.hand_post("alice", "Because", reply_to=question)
    more = sandbox.hand_post("alice", "And also", reply_to=reply)
    post = sandbox.hand_post("alice", "Anyway")

    assert alice.profile() == [post]
    assert alice.replies() == [post, question, reply, more]


@pytest.mark.parametrize(
    ("text", "on_posts"),
    [
        ("@bob good morning", False),
        ("@Bob, good morning", False),
        ("@nasa look", False),
        (".@bob good morning", True),
        ("Good morning @bob", True),
        ("@nobody_at_all good morning", True),
        ("@bob@carol hello", True),
    ],
)
def test_the_posts_tab_leaves_out_what_begins_with_a_name(sandbox, alice, text, on_posts):
    """Such a post is addressed to somebody: it is on the replies tab only. A name that nobody has is a word."""
    post = sandbox.hand_post("alice", text)

    assert alice.profile() == ([post] if on_posts else [])
    assert alice.replies() == [post]
    assert alice.sees("TweetDetail", focalTweetId=post) == [post]


@pytest.mark.parametrize("tab", ["UserTweets", "UserTweetsAndReplies"])
def test_a_thread_is_one_entry_with_its_first_parts(sandbox, alice, tab):
    """Three parts are shown, of four only three; every id is in the entry's metadata."""
    short, long = thread(sandbox, 3), thread(sandbox, 5)

    [newest, before] = entries(alice, tab)

    assert alice.sees(tab, screen_name="alice") == [*long[:3], *short]
    ids = [entry["content"]["metadata"]["conversationMetadata"]["allTweetIds"] for entry in (newest, before)]
    assert ids == [long, short]
    kinds = {item["item"]["itemContent"]["tweetDisplayType"] for item in newest["content"]["items"]}
    assert {"SelfThread"} == kinds


def test_a_thread_stands_where_its_last_part_belongs(sandbox, alice):
    """What is added to an old thread brings all of it to the top, and may itself not be shown."""
    parts = thread(sandbox, 3)
    between = sandbox.hand_post("alice", "In between")
    added = sandbox.hand_post("alice", "A fourth part", reply_to=parts[-1])

    assert alice.profile() == [*parts, between]
    assert added not in alice.profile()
    assert added in alice.sees("TweetDetail", focalTweetId=parts[0])


def test_sort_indices_are_nobodys_ids(sandbox, alice):
    """They fall from the top of the list, look like ids, and are none."""
    sandbox.seed("alice", 5)

    indices = [int(entry["sortIndex"]) for entry in entries(alice)]

    assert all(upper > lower for upper, lower in pairwise(indices))
    assert not {str(index) for index in indices} & {post["id"] for post in sandbox.ledger()}


def test_what_answers_a_deleted_post_stands_under_a_tombstone(sandbox, alice):
    """In the conversation and on the replies tab; the post itself still says what it answered."""
    question = sandbox.hand_post("bob", "Why?")
    reply = sandbox.hand_post("alice", "Because", reply_to=question)
    sandbox.delete(question)

    for told in (
        results(alice.look("TweetDetail", focalTweetId=reply).json()),
        results(alice.look("UserTweetsAndReplies", screen_name="alice").json()),
    ):
        assert ["TweetTombstone", "Tweet"] == [one["__typename"] for one in told]
        assert told[0]["tombstone"]["text"]["text"].startswith("This Post was deleted")
        assert told[1]["legacy"]["in_reply_to_status_id_str"] == question


def test_the_rest_of_a_long_thread_is_behind_a_cursor(sandbox, alice):
    """Under a post twenty parts are told, and a cursor that brings the others."""
    parts = thread(sandbox, 24)
    first = alice.look("TweetDetail", focalTweetId=parts[0]).json()
    assert [one["rest_id"] for one in results(first)] == parts[:21]

    module = instructions(first)[-1]["entries"][-1]
    cursor = module["content"]["items"][-1]["item"]["itemContent"]
    [rest] = instructions(alice.look("TweetDetail", focalTweetId=parts[0], cursor=cursor["value"]).json())

    assert ("ShowMore", "TimelineAddToModule") == (cursor["cursorType"], rest["type"])
    assert rest["moduleEntryId"] == module["entryId"]
    told = [one["item"]["itemContent"]["tweet_results"]["result"]["rest_id"] for one in rest["moduleItems"]]
    assert told == parts[21:]


def test_a_post_by_its_id(sandbox, alice, stranger):
    """There for anybody at once; nothing, and no error, where there is none."""
    post = sandbox.hand_post("alice", "@bob hello")
    sandbox.weather({"fault": "timeline_delay", "params": {"seconds": 60}})

    for person in (alice, stranger):
        told = person.look("TweetResultByRestId", tweetId=post).json()["data"]["tweetResult"]["result"]
        assert (told["rest_id"], told["legacy"]["full_text"]) == (post, "@bob hello")
    sandbox.delete(post)
    assert {"data": {"tweetResult": {}}} == alice.look("TweetResultByRestId", tweetId=post).json()


def test_an_edited_post_keeps_its_place(sandbox, alice):
    """One entry, under the new id, where the first version stood."""
    first, second = sandbox.hand_post("alice", "One"), sandbox.hand_post("alice", "Two")

    edited = sandbox.edit(first, "One, and a half")

    assert alice.profile() == [second, edited]
    sandbox.delete(edited)
    assert alice.profile() == [second]
    assert sandbox.ledger()[0]["live"] is False
