"""An ask makes one post of each part, says what became of it, and never asks twice."""

from __future__ import annotations

import hashlib
import io
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from unittest import mock

import httpx
import pytest
from PIL import Image

from sandbox.control import DOT
from steadypost.channels.mastodon import preparing
from steadypost.channels.mastodon.api import TOKEN, Api
from steadypost.channels.port import Access
from steadypost.channels.videos import bare
from steadypost.channels.wire import Answered
from steadypost.domain.outcome import (
    Cause,
    Deferred,
    NotSubmitted,
    Phase,
    Published,
    Refused,
    Unconfirmed,
)
from steadypost.domain.post import Media, Part
from tests.channels.mastodon.conftest import KEY
from tests.videos import PLACE, box
from tests.videos import video as video_of

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
GIF = b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\1\0\1\0\0\2\2D\1\0;"


def texts(server) -> list[str]:
    return [post["text"] for post in server.live()]


def test_a_post_is_published_under_its_id(server, alice):
    outcome = alice.one("Hello")

    assert [outcome.remote_id] == [post["id"] for post in server.live("alice")]
    assert "" == outcome.lacking


def test_the_phases_are_told_in_order_and_it_is_armed_once(alice):
    alice.ask("Hello")

    assert [
        Phase.OPENED,
        Phase.SIGNED_IN,
        Phase.COMPOSED,
        Phase.ARMED,
        Phase.CLICKED,
        Phase.ANSWERED,
    ] == alice.phases
    assert 1 == alice.arms


def test_nothing_is_asked_when_arming_says_no(server, alice):
    alice.may = False
    outcome = alice.one("Hello")

    assert Cause.LEASE_LOST == outcome.cause
    assert isinstance(outcome, NotSubmitted)
    assert [] == server.asks()


def test_nothing_is_asked_when_the_store_is_away(server, alice):
    def broken() -> bool:
        raise OSError

    alice.arm = broken
    outcome = alice.one("Hello")

    assert Cause.STORE_AWAY == outcome.cause
    assert [] == server.asks()


def test_everything_beside_the_words_goes_along(server, alice):
    options = {"visibility": "unlisted", "language": "de", "warning": "Essen", "sensitive": True}
    alice.access = replace(alice.access, options=options)
    picture = alice.picture("Ein Punkt")
    outcome = alice.one(Part(text="Hallo", media=(picture,)))

    assert Published(remote_id=outcome.remote_id) == outcome
    told = server.live()[0]
    shown = (told["visibility"], told["language"], told["warning"], told["sensitive"])
    assert ("unlisted", "de", "Essen", True) == shown
    assert ["Ein Punkt"] == [one["alt"] for one in told["media"]]


def test_the_key_is_of_delivery_and_part_and_the_same_in_every_attempt(server, alice):
    server.weather({"fault": "refused", "count": 1, "match": "two"})
    alice.ask("one", "two")
    alice.ask("two", first=1)

    keys = [ask["key"] for ask in server.asks()]
    assert 3 == len(keys)
    assert keys[1] == keys[2]
    assert keys[0] != keys[1]


def test_a_repeated_key_brings_the_post_of_the_earlier_attempt(server, alice):
    order = alice.order("Hello", keyed_at=datetime.now(UTC))
    server.weather({"fault": "drop_response", "count": 1})
    first, second = alice.deliver(order).headline, alice.deliver(order).headline

    assert isinstance(first, Unconfirmed)
    assert [second.remote_id] == [post["id"] for post in server.live()]


def test_an_ask_is_one_request(server, alice):
    alice.ask("Hello")

    assert 1 == len(server.asks())


# --- threads


def test_each_part_answers_the_one_before(server, alice):
    target = server.hand("bob", "Question")
    answer = alice.ask("one", "two", "three", reply_to=target)

    ids = [one.remote_id for one in answer.outcomes]
    live = server.live("alice")
    assert ids == [post["id"] for post in live]
    assert [target, *ids[:2]] == [post["reply_to"] for post in live]


def test_a_thread_stops_at_the_first_part_that_fails(server, alice):
    server.weather({"fault": "drop_response", "match": "two"})
    first, second, third = alice.ask("one", "two", "three").outcomes

    assert isinstance(first, Published)
    assert isinstance(second, Unconfirmed)
    assert (Cause.EARLIER_PART, NotSubmitted) == (third.cause, type(third))
    assert ["one", "two"] == texts(server)


def test_a_thread_goes_on_under_its_last_live_part(server, alice):
    last = alice.ask("one").outcomes[0].remote_id
    alice.ask("two", first=1, live=(last,), reply_to=last)

    assert [None, last] == [post["reply_to"] for post in server.live()]


def test_the_rest_of_a_thread_waits_when_time_is_short(server, alice, monkeypatch):
    monkeypatch.setattr("steadypost.channels.mastodon.ask.KEEP", 1.0)
    monkeypatch.setattr("steadypost.channels.mastodon.ask.LEAST", 9.5)
    server.weather({"fault": "delay_after_create", "params": {"seconds": 1}, "match": "one"})
    alice.seconds = 10
    first, second = alice.ask("one", "two").outcomes

    assert isinstance(first, Published)
    assert Cause.DEADLINE == second.cause
    assert ["one"] == texts(server)


def test_a_target_that_is_gone_refuses(server, alice):
    target = server.hand("bob", "Question")
    server.delete(target)

    assert Cause.TARGET_GONE == alice.one("Answer", reply_to=target).cause


def test_an_own_part_of_just_now_is_not_yet_gone(server, alice):
    server.weather({"fault": "vanish", "match": "one"})
    outcome = alice.ask("one", "two").outcomes[1]

    assert (Cause.PARENT_UNSEEN, Deferred) == (outcome.cause, type(outcome))


@pytest.mark.parametrize(
    ("ago", "cause"),
    [(timedelta(seconds=5), Cause.PARENT_UNSEEN), (timedelta(minutes=10), Cause.TARGET_GONE)],
)
def test_an_own_part_of_an_earlier_attempt_is_as_old_as_that_attempt(server, alice, ago, cause):
    """The key was chosen with the first attempt, an hour of the server's outage ago: that is not the part's age."""
    first = alice.one("one").remote_id
    server.delete(first)
    now = datetime.now(UTC)
    outcome = alice.one(
        "two", first=1, live=(first,), reply_to=first, keyed_at=now - timedelta(hours=1), live_at=now - ago
    )

    assert cause is outcome.cause


def test_a_422_about_an_own_part_of_just_now_is_no_refusal(server, alice):
    """Some servers say so of a parent that they do not find, and their words are their own."""
    server.weather(
        {"fault": "refused", "params": {"words": "Cannot reply to a deleted status"}, "match": "two"}
    )
    first, second = alice.ask("one", "two").outcomes

    assert isinstance(first, Published)
    assert (Cause.PARENT_UNSEEN, Deferred, "422") == (second.cause, type(second), second.code)
    assert second.why.endswith("Cannot reply to a deleted status")
    assert ["one"] == texts(server)


def test_a_part_that_is_too_long_by_new_limits_is_refused_however_young_the_part_above_it(server, alice):
    alice.ask("Hello", key="e" * 32)
    server.set_limits(max_characters=100)
    second = alice.ask("one", "x" * 101).outcomes[1]

    assert (Cause.TOO_LONG, Refused) == (second.cause, type(second))


# --- before the ask


def test_a_revoked_token_is_found_before_the_ask(server, alice):
    server.weather({"fault": "token", "params": {"state": "revoked"}})
    outcome = alice.one("Hello")

    assert (Cause.SIGNED_OUT, Deferred, 0) == (outcome.cause, type(outcome), alice.arms)


def test_a_token_of_another_account_is_found_before_the_ask(server, alice):
    server.weather({"fault": "token", "params": {"state": "other_account"}})
    outcome = alice.one("Hello")

    assert (Cause.OTHER_ACCOUNT, 0) == (outcome.cause, alice.arms)
    assert [] == server.live()


def test_a_server_that_is_not_there_is_found_before_the_ask(alice):
    alice.access = replace(alice.access, base_url="http://127.0.0.1:9")

    assert (Cause.NO_WAY_THERE, 0) == (alice.one("Hello").cause, alice.arms)


@pytest.mark.parametrize(
    ("text", "field"),
    [("x" * 501, Cause.TOO_LONG), ("x" * 490 + " https://example.com", Cause.TOO_LONG)],
)
def test_what_is_too_long_is_refused_before_the_ask(server, alice, text, field):
    outcome = alice.one(text)

    assert (field, Refused, 0) == (outcome.cause, type(outcome), alice.arms)
    assert [] == server.asks()


def test_the_limit_is_the_servers_own(server, alice):
    server.set_limits(max_characters=1000)

    assert isinstance(alice.one("x" * 900), Published)


def test_limits_are_kept_for_a_day_and_read_again_after_a_refusal(server, alice):
    alice.ask("Hello")
    server.set_limits(max_characters=100)
    refused = alice.one("x" * 101, key="f" * 32)
    again = alice.one("y" * 101, key="e" * 32)

    assert (Cause.TOO_LONG, "422") == (refused.cause, refused.code)
    assert (Cause.TOO_LONG, "-") == (again.cause, again.code)
    assert 2 == len(server.asks())


def test_too_little_time_is_found_before_the_ask(server, alice):
    alice.seconds = 5
    outcome = alice.one("Hello")

    assert (Cause.DEADLINE, 0) == (outcome.cause, alice.arms)
    assert [] == server.asks()


# --- files


def test_a_file_is_processed_before_the_ask(server, alice):
    server.weather({"fault": "slow_media", "params": {"seconds": 1}})
    outcome = alice.one(Part(text="Hello", media=(alice.picture(),)))

    assert isinstance(outcome, Published)
    assert ["created"] == [ask["outcome"] for ask in server.asks()]


def test_a_file_that_takes_too_long_gives_the_post_back(server, alice):
    server.weather({"fault": "slow_media", "params": {"seconds": 30}})
    alice.seconds = 42
    outcome = alice.one(Part(text="Hello", media=(alice.picture(),)))

    assert (Cause.MEDIA_NOT_ATTACHED, 0) == (outcome.cause, alice.arms)
    assert [] == server.asks()


@pytest.mark.parametrize(
    ("rule", "cause", "kind"),
    [
        ({"fault": "media_breaks"}, Cause.MEDIA_REFUSED, Refused),
        ({"fault": "media_error", "params": {"status": 413}}, Cause.MEDIA_REFUSED, Refused),
        ({"fault": "media_error", "params": {"status": 503}}, Cause.SERVER_ERROR, NotSubmitted),
        ({"fault": "description_lost"}, Cause.MEDIA_NOT_ATTACHED, NotSubmitted),
        ({"fault": "throttled", "params": {"of": "media"}}, Cause.RATE_LIMIT, Deferred),
    ],
)
def test_a_file_that_is_not_taken_ends_it_before_the_ask(server, alice, rule, cause, kind):
    server.weather(rule)
    outcome = alice.one(Part(text="Hello", media=(alice.picture(),)))

    assert (cause, kind, 0) == (outcome.cause, type(outcome), alice.arms)
    assert [] == server.asks()


VIDEO = video_of(in_moov=box(b"udta", PLACE))


def test_a_video_goes_out_without_its_notes_once_it_is_processed(server, alice):
    """It is not made smaller; its server takes the longest over it."""
    server.weather({"fault": "slow_media", "params": {"seconds": 2}})
    video = alice.picture(alt="Waves", content=VIDEO, kind="video/mp4")

    assert isinstance(alice.one(Part(text="Hello", media=(video,))), Published)
    sent = server.files()[-1]
    assert ("video/mp4", "Waves", hashlib.sha256(bare(VIDEO)).hexdigest()) == (
        sent["mime"],
        sent["alt"],
        sent["sha256"],
    )
    assert ["created"] == [ask["outcome"] for ask in server.asks()]


def test_a_video_that_its_server_cannot_read_is_refused_before_the_ask(server, alice):
    """Taken at first, and found to be in no form that it knows while it is processed."""
    server.weather({"fault": "slow_media", "params": {"seconds": 1}}, {"fault": "media_breaks"})
    outcome = alice.one(Part(text="Hello", media=(alice.picture(content=VIDEO, kind="video/mp4"),)))

    assert (Refused, Cause.MEDIA_REFUSED, 0) == (type(outcome), outcome.cause, alice.arms)
    assert [] == server.asks()


def test_a_video_beside_a_picture_is_refused_before_anything_is_sent(server, alice):
    video = alice.picture(content=VIDEO, kind="video/mp4")
    outcome = alice.one(Part(text="Hello", media=(video, alice.picture())))

    assert (Refused, Cause.MEDIA_REFUSED, 0) == (type(outcome), outcome.cause, alice.arms)


def test_a_server_that_takes_less_than_it_said_gets_a_smaller_picture(server, alice):
    """Its limits are kept for a day; what it refuses meanwhile is measured by what it says now."""
    content = io.BytesIO()
    Image.effect_noise((200, 100), 90).save(content, "PNG")
    assert isinstance(alice.one("Hello"), Published)
    server.set_limits(image_matrix_limit=5_000)

    outcome = alice.one(Part(text="Look", media=(alice.picture(content=content.getvalue()),)), key=KEY[::-1])

    server.set_limits(image_matrix_limit=33_177_600)
    assert isinstance(outcome, Published)
    assert ["Hello", "Look"] == texts(server)


def test_a_file_that_cannot_be_read_refuses(server, alice, tmp_path):
    gone = Media(path=tmp_path / "gone.png", kind="image/png", alt="")
    outcome = alice.one(Part(text="Hello", media=(gone,)))

    assert (Cause.MEDIA_MISSING, 0) == (outcome.cause, alice.arms)


def test_a_file_of_a_kind_that_the_server_does_not_take_refuses(alice):
    picture = replace(alice.picture(), kind="image/tiff")

    assert Cause.MEDIA_REFUSED == alice.one(Part(text="Hello", media=(picture,))).cause


def test_a_refusal_of_a_post_whose_file_the_server_lost_is_looked_into(server, alice):
    """The words of its 422 are its own; that it has the file no more, it says in its answer about the file."""
    server.weather({"fault": "media_gone", "count": 1})
    picture = alice.picture()
    outcome = alice.one(Part(text="Hello", media=(alice.picture(), picture)))

    assert (Unconfirmed, Cause.MEDIA_NOT_ATTACHED) == (type(outcome), outcome.cause)
    assert [] == server.live()
    assert isinstance(alice.one(Part(text="Hello", media=(picture,))), Published)


def test_a_refusal_of_a_file_that_a_post_has_already_is_no_proof(server, alice):
    """A machine in between has sent the ask twice, and only the second answer came: the post is live."""
    upload, names = Api.upload, []

    def noted(api, *told):
        heard = upload(api, *told)
        names.append(heard.json()["id"])
        return heard

    def asked_before():
        headers = {"authorization": f"Bearer {server.tokens['alice']}"}
        told = {"status": "Hello", "media_ids": names}
        return httpx.post(f"{server.url}/api/v1/statuses", headers=headers, json=told).is_success

    with mock.patch.object(Api, "upload", noted), mock.patch.object(alice, "arm", asked_before):
        outcome = alice.one(Part(text="Hello", media=(alice.picture(),)))

    assert (Unconfirmed, 1) == (type(outcome), len(server.live()))


def test_a_refusal_of_a_file_that_is_not_ready_goes_again(server, alice):
    """A file that is not ready belongs to no post, so there is none."""
    server.weather({"fault": "media_unready", "count": 1})
    outcome = alice.one(Part(text="Hello", media=(alice.picture(),)))

    assert (Deferred, Cause.MEDIA_NOT_ATTACHED) == (type(outcome), outcome.cause)
    assert [] == server.live()


def test_a_refusal_of_what_is_not_a_file_is_one(server, alice):
    server.weather({"fault": "refused", "params": {"words": "Das geht nicht"}})
    outcome = alice.one(Part(text="Hello", media=(alice.picture(),)))

    assert (Refused, "422") == (type(outcome), outcome.code)


def test_a_published_post_whose_files_are_missing_says_so(server, alice):
    server.weather({"fault": "media_lost"})
    outcome = alice.one(Part(text="Hello", media=(alice.picture(), alice.picture())))

    assert [outcome.remote_id] == [post["id"] for post in server.live()]
    assert "0 of its 2 files are there" == outcome.lacking


def test_a_post_of_a_limited_account_says_who_sees_it(server, alice):
    server.weather({"fault": "limited_account"})
    alice.access = replace(alice.access, options={"visibility": "public"})

    assert "it is unlisted, not public" == alice.one("Hello").lacking


def test_a_name_of_a_file_says_nothing_of_this_machine(server, alice):
    alice.ask(Part(text="Hello", media=(alice.picture(content=GIF, kind="image/gif"),)))

    assert ["image/gif"] == [one["mime"] for one in server.files()]
    assert [len(DOT) > 0] == [bool(one["status"]) for one in server.files()]


# --- what is heard after the ask


@pytest.mark.parametrize(
    ("rule", "live"),
    [
        ({"fault": "drop_response"}, 1),
        ({"fault": "reset_connection"}, 1),
        ({"fault": "drop_request"}, 0),
        ({"fault": "create_then_5xx", "params": {"status": 500}}, 1),
        ({"fault": "create_then_5xx", "params": {"status": 503}}, 1),
        ({"fault": "reject_before_create", "params": {"status": 502}}, 0),
        ({"fault": "proxy_504_after"}, 1),
        ({"fault": "proxy_504_before"}, 0),
        ({"fault": "shape", "params": {"kind": "not_json"}}, 1),
        ({"fault": "shape", "params": {"kind": "empty"}}, 1),
        ({"fault": "shape", "params": {"kind": "no_id"}}, 1),
        ({"fault": "shape", "params": {"kind": "number_id"}}, 1),
        ({"fault": "shape", "params": {"kind": "other_account"}}, 1),
        ({"fault": "shape", "params": {"kind": "bare"}}, 1),
    ],
)
def test_what_does_not_say_whether_it_was_made_is_unconfirmed(server, alice, rule, live):
    server.weather(rule)
    outcome = alice.one("Hello")

    assert isinstance(outcome, Unconfirmed)
    assert live == len(server.live())
    assert 1 == len(server.asks())


def test_a_repeated_key_that_is_answered_with_500_is_unconfirmed(server, alice):
    order = alice.order("Hello")
    server.weather({"fault": "drop_response", "count": 1})
    alice.deliver(order)
    server.weather({"fault": "key_500"})

    assert isinstance(alice.deliver(order).headline, Unconfirmed)
    assert 1 == len(server.live())


def test_a_deadline_ends_the_wait_for_an_answer(server, alice, monkeypatch):
    monkeypatch.setattr("steadypost.channels.mastodon.ask.ANSWER_WITHIN", 1.0)
    server.weather({"fault": "create_then_hang"})
    began = time.monotonic()
    outcome = alice.one("Hello")

    assert (Cause.DEADLINE, Unconfirmed) == (outcome.cause, type(outcome))
    assert time.monotonic() - began < 10


def test_a_refusal_comes_with_the_servers_words(server, alice):
    server.weather({"fault": "refused", "params": {"words": "Validation failed: not here"}})
    outcome = alice.one("Hello")

    assert (Refused, Cause.REFUSED_OTHERWISE, "422") == (type(outcome), outcome.cause, outcome.code)
    assert outcome.why.endswith("Validation failed: not here")


@pytest.mark.parametrize(
    "rule",
    [
        {"fault": "too_many_posts", "params": {"reset_seconds": 120}},
        {"fault": "throttled", "params": {"of": "create", "reset_seconds": 120}},
        {"fault": "throttled", "params": {"of": "create", "reset_seconds": 120, "by": "proxy"}},
        {"fault": "throttled", "params": {"of": "account", "reset_seconds": 120}},
    ],
)
@pytest.mark.parametrize("offset_s", [0, 400, -400])
def test_a_limit_defers_until_its_end_by_our_clock(server, alice, rule, offset_s):
    server.set_clock(offset_s=offset_s)
    server.weather(rule)
    outcome = alice.one("Hello")

    assert (Deferred, Cause.RATE_LIMIT) == (type(outcome), outcome.cause)
    assert abs(outcome.until - datetime.now(UTC) - timedelta(seconds=120)) < timedelta(seconds=10)
    assert [] == server.live()


def test_a_limit_without_an_end_defers_for_a_window(server, alice):
    server.weather({"fault": "throttled", "params": {"of": "create", "by": "proxy"}})
    outcome = alice.one("Hello")

    assert abs(outcome.until - datetime.now(UTC) - timedelta(minutes=5)) < timedelta(seconds=10)


def test_a_token_revoked_between_is_deferred_for_a_person(server, alice):
    def revoke() -> bool:
        server.weather({"fault": "token", "params": {"state": "revoked"}})
        return True

    alice.arm = revoke
    outcome = alice.one("Hello")

    assert (Cause.SIGNED_OUT, Deferred) == (outcome.cause, type(outcome))
    assert [] == server.live()


# --- the clock, and secrets


@pytest.mark.parametrize("offset_s", [0, 300, -300])
def test_the_servers_clock_is_known_before_arming(server, alice, offset_s):
    server.set_clock(offset_s=offset_s)
    known = []

    def arm() -> bool:
        known.append(alice.channel.offset)
        return True

    alice.arm = arm
    outcome = alice.one("Hello")

    offset = known[0]
    assert abs(offset.ahead - timedelta(seconds=offset_s)) <= offset.within + timedelta(seconds=1)
    assert isinstance(outcome, Published)


def test_no_secret_is_in_what_is_told(server, alice, caplog):
    server.weather({"fault": "shape", "params": {"kind": "not_json"}})
    told = repr(alice.ask("Hello")) + repr(alice.channel) + repr(alice.access) + caplog.text

    assert server.tokens["alice"] not in told


# --- who is signed in, asked once a minute


@pytest.fixture
def reads(monkeypatch):
    """Each time that the account was read."""
    made, read = [], Api.account

    def counted(api):
        made.append(api)
        return read(api)

    monkeypatch.setattr(Api, "account", counted)
    return made


def test_who_was_confirmed_lately_is_not_asked_again(server, alice, reads):
    """The second post costs one request, and the server's clock is known all the same."""
    alice.one("One")
    alice.channel.offset = None
    assert isinstance(alice.one("Two", key=KEY[::-1]), Published)

    assert 1 == len(reads)
    assert alice.channel.offset is not None
    assert alice.channel.appears.identity.startswith(alice.access.network)


def test_one_account_has_one_identity_by_whatever_name_its_server_is_reached(alice):
    """A server has a domain for its web pages and one for its accounts, and may answer to further names."""
    by_address = alice.access
    assert isinstance(alice.one("One"), Published)
    told = {alice.channel.appears.identity, alice.look().identity}
    for host in ("localhost", "LOCALHOST"):
        alice.access = replace(by_address, base_url=by_address.base_url.replace("127.0.0.1", host))
        told.add(alice.look().identity)

    assert {alice.channel.appears.identity} == told
    assert "" not in told


@pytest.mark.parametrize(
    ("page", "server"),
    [
        ("https://social.example/@alice", "social.example"),
        ("https://Social.EXAMPLE.:443/@alice", "social.example"),
        ("https://bücher.example/@alice", "xn--bcher-kva.example"),
        ("https://xn--bcher-kva.example:8443/@alice", "xn--bcher-kva.example:8443"),
        ("https://social.example:port/@alice", "www.example"),
        ("https://a..example/@alice", "www.example"),
        ("nonsense", "www.example"),
        (None, "www.example"),
        (7, "www.example"),
    ],
)
def test_which_server_an_account_is_on_is_told_by_the_address_of_its_page(page, server):
    """Where that cannot be read, by the name that was asked."""
    told = Answered(
        status=200, headers={}, body=json.dumps({"id": "1", "acct": "alice", "url": page}).encode()
    )
    access = Access(account="a", handle="alice", base_url="https://www.example", secret={})
    found = preparing.identity(SimpleNamespace(account=lambda: told), access, NOW)

    assert f"{server}/1" == found.on(access.network)


def test_a_token_that_is_revoked_within_that_minute_posts_nothing(server, alice, reads):
    """The ask is turned down; the next attempt reads the account before it asks."""
    alice.one("One")
    server.weather({"fault": "token", "params": {"state": "revoked"}})

    two = alice.one("Two", key=KEY[::-1])
    three = alice.one("Three", key=KEY[1:] + KEY[0])

    assert (Cause.SIGNED_OUT, Deferred) == (two.cause, type(two))
    assert (Cause.SIGNED_OUT, 2, 2) == (three.cause, len(reads), alice.arms)
    assert ["One"] == texts(server)


def test_another_token_is_asked_about(server, alice):
    """Somebody put that of another account into the block."""
    alice.one("One")
    alice.access = replace(alice.access, secret={TOKEN: server.tokens["bob"]})

    two = alice.one("Two", key=KEY[::-1])

    assert (NotSubmitted, Cause.OTHER_ACCOUNT) == (type(two), two.cause)


def test_who_sees_a_post_is_said_in_the_request(alice, monkeypatch):
    """Its owner may change the account's own choice meanwhile, and a look expects what was read."""
    told, create = [], Api.create
    monkeypatch.setattr(Api, "create", lambda api, body, **how: told.append(body) or create(api, body, **how))

    assert isinstance(alice.one("One"), Published)

    assert ["public"] == [one["visibility"] for one in told]
    assert "public" == alice.channel.appears.options["visibility"]
