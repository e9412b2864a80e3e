"""A page of own posts is read as X tells it, whatever it leaves out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from steadypost.channels.wire import Answered
from steadypost.channels.x_api.answers import told_or_trouble
from steadypost.channels.x_api.reading import page_of
from steadypost.domain.likeness import Grade, compare
from steadypost.domain.outcome import Cause
from steadypost.networks.x.snowflake import id_at
from tests.domain.test_evidence import NOON

OWN = id_at(NOON)
OTHER = id_at(NOON, sequence=1)


def told(text, *urls, note=False):
    """A page with one post that shows pictures."""
    entities = {"urls": [{"start": 0, "end": 23, **url} for url in urls]}
    said = {"text": text, "entities": entities}
    post = {
        "id": OWN,
        "author_id": "7",
        "conversation_id": OWN,
        "edit_history_tweet_ids": [OWN],
        "attachments": {"media_keys": ["3_1"]},
        **({"text": text[:20], "note_tweet": said} if note else said),
    }
    includes = {"users": [{"id": "7", "username": "alice"}], "media": [{"media_key": "3_1", "alt_text": "A"}]}
    return {"data": [post], "includes": includes, "meta": {"result_count": 1}}


def media(kind="photo", of=OWN, **more):
    return {
        "url": "https://t.co/m1",
        "expanded_url": f"https://x.com/alice/status/{of}/{kind}/1",
        **more,
    }


def test_a_video_s_description_is_not_told():
    """X takes none: a video that was sent with one is ours all the same."""
    page = told("Look")
    page["includes"]["media"] = [{"media_key": "3_1", "type": "video"}]

    assert (None,) == page_of(page, "alice").posts[0].media


@pytest.mark.parametrize("note", [False, True])
@pytest.mark.parametrize("url", [media(media_key="3_1"), media(), media(kind="video")])
def test_the_link_to_a_post_s_own_pictures_is_none_of_its_words(note, url):
    """Of a long post X tells no keys of its media. Whoever took the link for words would find the post absent."""
    page = page_of(told("Good morning https://t.co/m1", url, note=note), "alice")

    assert Grade.SAME is compare("Good morning", page.posts[0].said)


def test_the_link_to_another_post_s_pictures_was_typed():
    page = page_of(told("Good morning https://t.co/m1", media(of=OTHER)), "alice")

    assert Grade.OTHER is compare("Good morning", page.posts[0].said)
    typed = f"Good morning https://x.com/alice/status/{OTHER}/photo/1"
    assert Grade.SAME is compare(typed, page.posts[0].said)


def quoting(text, *urls):
    page = told(text, *urls)
    page["data"][0] |= {"attachments": {}, "referenced_posts": [{"type": "quoted", "id": OTHER}]}
    return page_of(page, "alice").posts[0]


def test_a_post_with_a_poll_says_so():
    """Nothing of ours is sent so."""
    page = told("Look")
    assert not page_of(page, "alice").posts[0].poll
    page["data"][0] |= {"attachments": {"poll_ids": ["1"]}}

    assert page_of(page, "alice").posts[0].poll


def test_a_post_that_quotes_another_without_a_link_says_so():
    """Nothing of ours is sent so; a typed link to the quoted post is told among its words."""
    link = {"url": "https://t.co/q1", "expanded_url": f"https://x.com/bob/status/{OTHER}"}

    assert quoting("Look").quotes
    assert Grade.UNCLEAR is compare(f"Look https://x.com/bob/status/{OTHER}", quoting("Look").said)
    assert not quoting("Look https://t.co/q1", link).quotes


@pytest.mark.parametrize(
    ("error", "has_gap"),
    [
        ({"title": "Not Found Error", "parameter": "referenced_posts", "resource_id": OTHER}, False),
        ({"title": "Not Found Error", "parameter": "referenced_tweets.id", "resource_id": OTHER}, False),
        ({"title": "Forbidden", "parameter": "attachments.media_keys"}, False),
        ({"title": "Authorization Error", "parameter": "id", "resource_id": OTHER}, True),
        ({"title": "Internal Error"}, True),
        ("odd", True),
    ],
)
def test_an_error_beside_a_list_may_have_taken_a_post(error, has_gap):
    """One about what a post refers to took nothing of the list."""
    page = page_of(told("Good morning", media()) | {"errors": [error]}, "alice")

    assert (1, has_gap) == (len(page.posts), page.has_gap)


@pytest.mark.parametrize("status", [401, 402, 403])
def test_a_machine_in_between_does_not_end_a_sign_in(status):
    """Its page is no word of X's: a person who makes new keys would change nothing."""
    heard = Answered(status=status, headers={}, body=b"<html>Access denied</html>")

    trouble = told_or_trouble(heard, "asking who is signed in", datetime.now(UTC), 200)

    assert Cause.SERVER_ERROR is trouble.cause
