"""A look on Bluesky: posts by their own names, and the account's list."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from steadypost.channels.bluesky.looking import Looking
from steadypost.channels.bluesky.session import Session
from steadypost.channels.wire import Answered
from steadypost.domain.network import Place
from steadypost.domain.outcome import Cause
from steadypost.domain.token import Token
from steadypost.networks.bluesky import tid
from tests.channels.bluesky.conftest import BOB, names, order


def test_a_post_by_its_name(alice):
    wanted = order("one", "two")
    published = [one.remote_id for one in alice.ask(wanted).outcomes]
    seen = alice.look_for(wanted)

    assert ("alice.test", True, None) == (seen.account, seen.told, seen.trouble)
    assert seen.named == dict(zip(names(wanted), published, strict=True))
    assert [(one.id, one.text, one.reply_to) for one in seen.posts] == [
        (published[0], "one", None),
        (published[1], "two", published[0]),
    ]


def test_labels_and_languages_are_read_back(alice):
    """So that a post with other ones is not taken for ours."""
    alice.options |= {"languages": "en,de", "labels": "sexual, nudity"}
    wanted = order("one")
    alice.ask(wanted)

    [post] = alice.look_for(wanted).posts
    assert {"languages": "de,en", "labels": "nudity,sexual"} == post.options


def test_a_name_that_nothing_was_written_under(alice):
    wanted = order("one")

    assert alice.look_for(wanted).named == {names(wanted)[0]: None}


def test_a_post_that_a_person_deleted_is_not_there_and_the_look_says_only_that(alice, sandbox):
    """That it had been published is what the store knows; the network has forgotten it."""
    wanted = order("one")
    published = alice.ask(wanted).outcomes[0].remote_id
    sandbox.delete(published)
    seen = alice.look(Place.THREAD, post=published)

    assert alice.look_for(wanted).named == {names(wanted)[0]: None}
    assert seen.missing == {published}


def test_a_post_whose_words_somebody_changed(alice, sandbox):
    """It is there, under its name, and what it says is told beside it."""
    wanted = order("one")
    published = alice.ask(wanted).outcomes[0].remote_id
    sandbox.call("change", uri=published, text="something else")
    seen = alice.look_for(wanted)

    assert list(seen.named.values()) == [published]
    assert ["something else"] == [one.text for one in seen.posts]


def test_the_accounts_own_posts(alice, sandbox, picture):
    by_hand = sandbox.hand_post(alice.handle, "by hand")
    sandbox.hand_post(BOB, "somebody else's")
    from steadypost.domain.post import Part  # noqa: PLC0415 - for this test only

    published = alice.ask(order(Part(text="with a map", media=(picture(alt="a map"),)))).outcomes[0].remote_id
    seen = alice.look(Place.PROFILE, back_to=datetime.now(UTC) - timedelta(hours=1))

    assert {one.id: (one.text, one.media) for one in seen.posts} == {
        by_hand["uri"]: ("by hand", ()),
        published: ("with a map", ("a map",)),
    }
    assert seen.reached_back_to < datetime(2000, 1, 1, tzinfo=UTC)
    assert {"alice.test"} == {one.author for one in seen.posts}


def test_a_long_list_is_read_as_far_back_as_it_is_needed(alice, sandbox):
    for n in range(230):
        sandbox.hand_post(alice.handle, f"post {n}")
    far = alice.look(Place.PROFILE, back_to=datetime.now(UTC) - timedelta(days=1))
    near = alice.look(Place.PROFILE, back_to=datetime.now(UTC) + timedelta(days=1))

    assert 230 == len({one.id for one in far.posts})
    assert far.reached_back_to < datetime(2000, 1, 1, tzinfo=UTC)
    assert 100 == len(near.posts)
    assert near.reached_back_to > datetime(2000, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("method", ["getRecord", "getSession"])
@pytest.mark.parametrize("fault", ["unavailable", "hang_up", "too_many"])
def test_a_look_that_failed_is_none(alice, sandbox, method, fault):
    wanted = order("one")
    alice.ask(wanted)
    sandbox.weather({"fault": fault, "method": method})
    seen = alice.look_for(wanted)

    assert seen.trouble is not None
    assert {} == seen.named


def test_a_list_that_breaks_off_shows_nothing(alice, sandbox):
    for n in range(120):
        sandbox.hand_post(alice.handle, f"post {n}")
    sandbox.weather({"fault": "hang_up", "method": "listRecords", "skip": 1})
    seen = alice.look(Place.PROFILE, back_to=datetime.now(UTC) - timedelta(days=1))

    assert (True, ()) == (seen.trouble is not None, seen.posts)


def test_the_server_that_the_account_has_left_is_not_believed(alice, sandbox):
    """Its answer would be "nothing of that name", for a post that lives on elsewhere."""
    wanted = order("one")
    published = alice.ask(wanted).outcomes[0].remote_id
    sandbox.call("move", account=alice.handle)

    assert list(alice.look_for(wanted).named.values()) == [published]


def test_another_handle_is_the_same_account(alice, sandbox):
    wanted = order("one")
    published = alice.ask(wanted).outcomes[0].remote_id
    sandbox.call("rename", account=alice.handle, handle="alice-the-second.test")
    seen = alice.look_for(wanted)

    assert (seen.account, list(seen.named.values())) == ("alice.test", [published])


def test_the_clocks_are_compared(alice, sandbox):
    sandbox.set_clock(offset_s=-240)
    seen = alice.look_for(order("one"))

    assert abs(seen.offset.ahead + timedelta(seconds=240)) < timedelta(seconds=3)


def test_a_suspended_account_shows_nothing(alice, sandbox):
    wanted = order("one")
    alice.ask(wanted)
    sandbox.call("status", account=alice.handle, status="suspended")

    assert alice.look_for(wanted).trouble is Cause.SUSPENDED


NOW = datetime(2026, 11, 29, 20, 0, tzinfo=UTC)

DID = "did:plc:alice"


def record(at: datetime, n: int = 0, **more):
    rkey = tid.encode(int(at.timestamp() * 1_000_000) + n, 0)
    value = {"text": f"post {n}", "createdAt": at.isoformat(), **more}
    return {"uri": f"at://{DID}/app.bsky.feed.post/{rkey}", "value": value}


class Pages:
    """A server that gives these pages of records, each with a cursor."""

    def __init__(self, *pages) -> None:
        self._pages = list(pages)

    def send(self, *_, **__):
        page = self._pages.pop(0) if self._pages else []
        body = {"records": page} | ({"cursor": str(len(self._pages))} if page else {})
        return Answered(status=200, headers={}, body=json.dumps(body).encode())


def listed(*pages, back_to=NOW - timedelta(hours=1)):
    session = Session(
        did=DID, server="https://one.example", handle="alice.test", token=Token(secret={"access": "a"})
    )
    looking = Looking(session=session, server=Pages(*pages), handle="alice.test", deadline=0)
    return looking.listed(back_to)


def test_a_short_page_with_a_cursor_is_not_the_end_of_a_list():
    """A server may give fewer than it is asked for: what stands behind would be called absent."""
    first = [record(NOW - timedelta(minutes=n), n) for n in range(50)]
    second = [record(NOW - timedelta(minutes=50 + n), 50 + n) for n in range(50)]
    found = listed(first, second)

    assert 100 == len(found.posts)
    assert found.reached_back_to > datetime(2000, 1, 1, tzinfo=UTC)


def test_a_record_that_is_null_is_a_gap():
    """And it does not make the page a short one."""
    page = [record(NOW - timedelta(minutes=n), n) for n in range(99)]

    assert None is listed([*page[:50], None, *page[50:]]).reached_back_to


def test_a_key_out_of_order_reaches_no_further():
    """A server that lists records as they came shows one that was given an old key before younger ones."""
    first = [record(NOW, 1), record(NOW - timedelta(minutes=1), 2), record(NOW - timedelta(days=400), 3)]
    found = listed(first, [record(NOW - timedelta(minutes=2), 4)])

    assert ["post 1", "post 2", "post 3", "post 4"] == [one.text for one in found.posts]


@pytest.mark.parametrize(
    "embed",
    [
        {"$type": "app.bsky.embed.record", "record": {"uri": "at://x", "cid": "y"}},
        {
            "$type": "app.bsky.embed.recordWithMedia",
            "media": {"$type": "app.bsky.embed.images", "images": []},
        },
    ],
)
def test_a_post_that_quotes_another_says_so(embed):
    quoting, plain = listed([record(NOW, 1, embed=embed), record(NOW - timedelta(minutes=1), 2)]).posts

    assert (True, False) == (quoting.quotes, plain.quotes)


@pytest.mark.parametrize("key", ["0" * 32, "f" * 32, *(f"{n:032x}" for n in range(40))])
def test_no_post_of_ours_seems_older_than_its_key(key):
    """Keys are spread over a time before they are chosen; a post of ours whose name is lost is known by its age."""
    rkey = tid.name(key, NOW, 0)
    value = {"text": "ours", "createdAt": NOW.isoformat()}
    [seen] = listed([{"uri": f"at://{DID}/app.bsky.feed.post/{rkey}", "value": value}]).posts

    assert NOW <= seen.dated
