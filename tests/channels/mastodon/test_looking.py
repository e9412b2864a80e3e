"""A look reads what is there, says how far it reached, and proves nothing that it did not see."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from steadypost.channels.mastodon.api import Api
from steadypost.channels.mastodon.look import Looking, agreed, seen
from steadypost.channels.port import Access, LookRequest
from steadypost.channels.wire import Answered
from steadypost.domain.clock import Offset
from steadypost.domain.evidence import Absent, CannotTell, Present, SeenPost, Sighting, Wanted
from steadypost.domain.likeness import Grade, plain
from steadypost.domain.network import Place
from steadypost.domain.outcome import Cause
from steadypost.domain.post import Part
from steadypost.domain.weighing import judge
from steadypost.networks.mastodon import NETWORK
from steadypost.networks.mastodon.likeness import compare

NOW = datetime(2026, 11, 29, 20, 0, tzinfo=UTC)


def wanted(text: str, began: datetime, offset: Offset | None, **more) -> Wanted:
    return Wanted(
        delivery_id=1,
        n=0,
        network=NETWORK,
        handle="alice",
        text=text,
        began_at=began,
        ended_at=began,
        offset=offset,
        **more,
    )


TEXT = "@bob@remote.example https://example.com/a?b=1 #Tag\n\n日本 👨‍👩‍👧‍👦"


def test_everything_of_a_post_is_read_back(server, alice):
    target = server.hand("bob", "Question")
    alice.access = replace(alice.access, options={"warning": "Essen", "visibility": "private"})
    part = Part(text=TEXT, media=(alice.picture("Ein Punkt"),))
    given = alice.one(part, reply_to=target).remote_id
    post = next(one for one in alice.look().posts if one.id == given)

    assert Grade.SAME == compare(TEXT, post.said)
    assert ("alice", target, ("Ein Punkt",)) == (post.author, post.reply_to, post.media)
    # A server hides the pictures of whatever has a warning, and says so.
    assert {"warning": "Essen", "visibility": "private", "sensitive": "yes"} == post.options
    assert abs(post.made - datetime.now(UTC)) < timedelta(seconds=10)


def test_a_lost_answer_is_found_under_its_id(server, alice):
    server.weather({"fault": "drop_response"})
    began = datetime.now(UTC)
    alice.ask("Hello")
    sighting = alice.look()

    found = judge([wanted("Hello", began, sighting.offset)], sighting)
    assert [Present(remote_id=server.live()[0]["id"])] == list(found.values())


def test_a_lost_request_is_absent(server, alice):
    server.seed("alice", 3)
    server.weather({"fault": "drop_request"})
    began = datetime.now(UTC)
    alice.ask("Hello")
    sighting = alice.look()

    assert sighting.told
    assert isinstance(judge([wanted("Hello", began, sighting.offset)], sighting)[1, 0], Absent | CannotTell)
    assert sighting.reached_back_to < began


def test_the_list_is_read_back_past_the_instant(server, alice):
    server.seed("alice", 130, every_s=60, youngest_s=60)
    sighting = alice.look(back=timedelta(minutes=100))

    assert 120 == len(sighting.posts)
    assert sighting.reached_back_to < datetime.now(UTC) - timedelta(minutes=100)


def test_a_list_that_ends_reaches_back_to_the_beginning(server, alice):
    server.seed("alice", 3, every_s=1, youngest_s=1)

    assert 1970 == alice.look().reached_back_to.year


def test_a_new_account_has_an_empty_list_and_that_is_told(server, alice):
    sighting = alice.look()

    assert ((), True, 1970) == (sighting.posts, sighting.told, sighting.reached_back_to.year)


def test_an_account_with_only_boosts_has_an_empty_list(server, alice):
    server.repost("alice", server.hand("bob", "Bob's"))

    assert ((), None) == (alice.look().posts, alice.look().trouble)


def test_an_empty_list_of_an_account_with_posts_is_not_believed(server, alice):
    server.hand("alice", "here")
    server.weather({"fault": "timeline_empty"})
    sighting = alice.look()

    assert (Cause.ODD_ANSWER, False) == (sighting.trouble, sighting.told)


def test_boosts_are_left_out(server, alice):
    server.repost("alice", server.hand("bob", "Bob's"))
    own = server.hand("alice", "own")

    assert [own] == [post.id for post in alice.look().posts]


def test_private_posts_are_read_with_the_own_token(server, alice):
    own = server.hand("alice", "secret", visibility="direct")

    assert [own] == [post.id for post in alice.look().posts]


def test_a_pinned_post_stands_in_its_own_place(server, alice):
    own = server.hand("alice", "pinned")
    server.pin("alice", own)

    assert [(own, False)] == [(post.id, post.pinned) for post in alice.look().posts]


def test_an_edited_post_is_read_as_it_was_at_first(server, alice):
    given = alice.one("Hello").remote_id
    server.edit(given, "Something else")

    assert [Grade.SAME] == [compare("Hello", post.said) for post in alice.look().posts]


def test_the_thread_below_a_post_is_read(server, alice):
    target = server.hand("bob", "Question")
    own = server.hand("alice", "Answer", reply_to=target)
    sighting = alice.look(place=Place.THREAD, post=target)

    assert [target, own] == [post.id for post in sighting.posts]
    assert (Place.THREAD, target, True) == (sighting.place, sighting.post, sighting.told)


def test_a_post_that_is_gone_is_missing_at_its_address(server, alice):
    own = server.hand("alice", "gone")
    server.delete(own)

    assert frozenset({own}) == alice.look(place=Place.THREAD, post=own).missing


@pytest.mark.parametrize("status", [404, 410])
def test_a_proxy_s_page_says_of_no_post_that_it_is_gone(server, alice, monkeypatch, status):
    """Only the server itself knows what it has."""
    own = server.hand("alice", "still there")
    page = Answered(status=status, headers={"content-type": "text/html"}, body=b"<html>Not found</html>")
    monkeypatch.setattr(Api, "status", lambda *_: page)
    sighting = alice.look(place=Place.THREAD, post=own)

    assert frozenset() == sighting.missing
    assert sighting.trouble is Cause.PAGE_UNREACHABLE


@pytest.mark.parametrize(
    ("rule", "cause"),
    [
        ({"fault": "timeline_error", "params": {"status": 503}}, Cause.SERVER_ERROR),
        ({"fault": "token", "params": {"state": "revoked"}}, Cause.SIGNED_OUT),
        ({"fault": "token", "params": {"state": "other_account"}}, Cause.OTHER_ACCOUNT),
        ({"fault": "throttled", "params": {"of": "timeline"}}, Cause.RATE_LIMIT),
    ],
)
def test_trouble_is_told_and_proves_nothing(server, alice, rule, cause):
    server.hand("alice", "here")
    server.weather(rule)
    sighting = alice.look()

    assert (cause, False, None) == (sighting.trouble, sighting.told, sighting.reached_back_to)


@pytest.mark.parametrize("offset_s", [0, 300, -300])
def test_the_servers_clock_is_compared(server, alice, offset_s):
    server.set_clock(offset_s=offset_s)
    offset = alice.look().offset

    assert abs(offset.ahead - timedelta(seconds=offset_s)) <= offset.within + timedelta(seconds=1)


def test_a_post_of_the_future_shows_that_a_date_is_not_of_its_clock():
    close = Offset(ahead=timedelta(0), within=timedelta(seconds=1))
    late = SeenPost(id="1", author="alice", said=plain("x"), made=NOW + timedelta(seconds=60))
    now = SeenPost(id="1", author="alice", said=plain("x"), made=NOW)

    assert close == agreed(close, (now,), NOW)
    assert None is agreed(close, (late,), NOW)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, Present),
        ({"warning": "Food", "visibility": "public"}, Present),
        ({"warning": "Other", "visibility": "public"}, CannotTell),
        ({"warning": "Food", "visibility": "direct"}, CannotTell),
    ],
)
def test_another_warning_or_visibility_is_not_told_apart(server, alice, options, expected):
    server.hand("alice", "Hello", warning="Food", visibility="public")
    sighting = alice.look()
    began = datetime.now(UTC) - timedelta(seconds=3)
    item = wanted("Hello", began, sighting.offset, options=options)

    assert expected is type(judge([item], sighting)[1, 0])


def test_twins_on_a_server_whose_ids_are_no_numbers():
    """GoToSocial gives ULIDs, Pleroma flake ids: two posts that fit alike are named, the older first."""
    ids = ("01KB7Z0000AAAAAAAAAAAAAAAA", "01KB7Z0001AAAAAAAAAAAAAAAA")
    posts = tuple(
        SeenPost(id=one, author="alice", said=plain("Hello"), media=(), made=NOW + timedelta(seconds=n))
        for n, one in enumerate(ids)
    )
    offset = Offset(ahead=timedelta(0), within=timedelta(seconds=1))
    sighting = Sighting(
        account="alice",
        at=NOW,
        posts=posts[::-1],
        reached_back_to=NOW - timedelta(hours=1),
        told=True,
        offset=offset,
        place=Place.REPLIES,
    )
    [found] = judge([wanted("Hello", NOW, offset)], sighting).values()

    assert ids == found.twins


def test_an_answer_to_a_post_that_was_deleted_since_may_be_ours():
    """The server nulls ``in_reply_to_id`` of every answer then, so a list seems to show a post that answers nothing."""
    told = {
        "id": "1234567",
        "account": {"acct": "alice"},
        "content": "<p>Hello</p>",
        "created_at": (NOW + timedelta(seconds=1)).isoformat(),
        "in_reply_to_id": None,
        "in_reply_to_account_id": "7",
        "media_attachments": [],
    }
    offset = Offset(ahead=timedelta(0), within=timedelta(seconds=1))
    about = Sighting(
        account="alice", at=NOW, told=True, offset=offset, reached_back_to=NOW - timedelta(hours=1)
    )
    seen_lists = [
        replace(about, place=Place.REPLIES, posts=(seen(told),)),
        replace(about, place=Place.THREAD, post="1234500", missing=frozenset({"1234500"})),
    ]
    [found] = judge([wanted("Hello", NOW, offset, reply_to="1234500")], seen_lists).values()

    assert isinstance(found, CannotTell)


class Pages:
    """A server that tells who is signed in, and gives these pages of posts."""

    def __init__(self, count: int, *pages: list[dict]) -> None:
        self.offset = Offset(ahead=timedelta(0), within=timedelta(seconds=1))
        self._count, self._pages = count, [*pages]

    def account(self):
        return self._told({"id": "7", "acct": "alice", "statuses_count": self._count})

    def statuses(self, _account, **_):
        return self._told(self._pages.pop(0) if self._pages else [])

    def _told(self, body):
        return Answered(status=200, headers={}, body=json.dumps(body).encode())


def entry(number: int, made: datetime, **more) -> dict:
    return {
        "id": f"1000{number}",
        "account": {"acct": "alice"},
        "content": "<p>Hello</p>",
        "created_at": made.isoformat(),
        "media_attachments": [],
        **more,
    }


def reached(server: Pages):
    request = LookRequest(place=Place.REPLIES, back_to=NOW - timedelta(hours=1))
    access = Access(account="alice", handle="alice", base_url="https://one.example", secret={})
    return Looking(server, access, request, lambda: NOW).run()


def test_an_empty_page_after_the_first_is_no_end_of_a_list_that_lacks_posts():
    """Some servers filter a page after they have cut it: what stands behind it was not read."""
    seen_there = reached(Pages(90, [entry(9, NOW), entry(8, NOW - timedelta(minutes=1))], []))

    assert NOW == seen_there.reached_back_to


def test_an_empty_page_is_the_end_when_every_post_was_read():
    assert 1970 == reached(Pages(2, [entry(9, NOW), entry(8, NOW)], [])).reached_back_to.year


def test_a_burst_of_boosts_does_not_hide_what_is_below():
    """A post of ours, forty boosts above it: the boosts are read past."""
    boosts = [entry(n, NOW, reblog={"id": "1"}) for n in range(90, 50, -1)]
    seen_there = reached(Pages(41, boosts, [entry(9, NOW)], []))

    assert ["10009"] == [one.id for one in seen_there.posts]


LONG_AGO = NOW - timedelta(days=400)

JUST_BEFORE = NOW - timedelta(minutes=1)


@pytest.mark.parametrize(
    "below",
    [
        entry(50, LONG_AGO, reblog={"id": "1"}),
        entry(50, LONG_AGO),
    ],
    ids=["a boost dated as what it boosts", "a post dated by its author"],
)
def test_an_entry_that_is_dated_out_of_order_reaches_no_further(below):
    """What stands on the next page is younger than it: a list that ended there would make ours absent."""
    pages = [entry(90, NOW), entry(60, JUST_BEFORE), below], [entry(40, NOW - timedelta(minutes=2))], []
    seen_there = reached(Pages(9000, *pages))

    assert "100040" in [one.id for one in seen_there.posts]
    assert seen_there.reached_back_to >= NOW - timedelta(minutes=2)


def test_a_pinned_post_before_the_others_reaches_no_further():
    pages = [entry(1, LONG_AGO), entry(90, NOW)], [entry(40, JUST_BEFORE)], []
    seen_there = reached(Pages(9000, *pages))

    assert ["10001", "100090", "100040"] == [one.id for one in seen_there.posts]
    assert seen_there.reached_back_to >= JUST_BEFORE


def test_a_server_that_gives_the_same_page_again_reaches_to_its_end():
    page = [entry(90, NOW), entry(60, JUST_BEFORE), entry(50, LONG_AGO, reblog={"id": "1"})]

    assert reached(Pages(9000, *([page] * 3))).reached_back_to >= JUST_BEFORE


@pytest.mark.parametrize(
    "quoting",
    [
        {"quote": {"state": "accepted", "quoted_status": {"id": "1"}}},
        {"quote": {"state": "deleted", "quoted_status": None}},
        {"quote_id": "1"},
        {"poll": {"id": "1", "options": [{"title": "Yes"}, {"title": "No"}], "expired": False}},
        {"pleroma": {"quote_url": "https://one.example/1"}},
        {"content": '<p class="quote-inline">RE: <a href="https://one.example/1">one</a></p><p>Hello</p>'},
    ],
)
def test_a_quote_or_poll_with_the_same_words_is_taken_up_by_nobody(quoting):
    """Ours has neither. A server that made a quote of a link in it has not been seen; absent it is not called."""
    about = Sighting(
        account="alice",
        at=NOW,
        told=True,
        offset=Offset(ahead=timedelta(0), within=timedelta(seconds=1)),
        reached_back_to=NOW - timedelta(hours=1),
        place=Place.REPLIES,
    )
    theirs = seen(entry(9, NOW + timedelta(seconds=1), **quoting))
    item = wanted("Hello", NOW, about.offset)
    [found] = judge([item], replace(about, posts=(theirs,))).values()

    assert isinstance(found, CannotTell)
    assert [Present(remote_id="10009")] == list(
        judge(
            [item], replace(about, posts=(seen(entry(9, NOW + timedelta(seconds=1), quote=None, poll=None)),))
        ).values()
    )
