"""The local server answers as the real one: it takes what that takes, and refuses what that refuses."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
import pytest

from sandbox.control import DOT

MP4 = b"\0\0\0\x18ftypmp42" + b"\0" * 32
HUGE = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (9000).to_bytes(4, "big") + (9000).to_bytes(4, "big") + b"\0" * 8


def test_a_post_is_in_the_answer_in_the_list_and_in_the_ledger(server, alice):
    told = alice.post("Hi & <bye>", spoiler_text="Food", language="de", visibility="unlisted").json()

    assert "<p>Hi &amp; &lt;bye&gt;</p>" == told["content"]
    assert ("Food", "unlisted", "de", True) == (
        told["spoiler_text"],
        told["visibility"],
        told["language"],
        told["sensitive"],
    )
    assert [told["id"]] == [one["id"] for one in alice.list().json()]
    assert [told["id"]] == [one["id"] for one in server.live("alice")]


def test_links_mentions_and_tags_are_written_as_the_real_server_does(alice):
    content = alice.post(
        "@bob@remote.example see https://www.example.com/a/path/longer/than/thirty #Tag"
    ).json()

    assert (
        '<a href="https://www.example.com/a/path/longer/than/thirty" target="_blank" '
        'rel="nofollow noopener noreferrer"><span class="invisible">https://www.</span>'
        '<span class="ellipsis">example.com/a/path/longer/than</span><span class="invisible">/thirty</span></a>'
    ) in content["content"]
    assert (
        '<a href="https://remote.example/@bob" class="u-url mention">@<span>bob</span></a>'
        in content["content"]
    )
    assert 'class="mention hashtag" rel="tag">#<span>Tag</span></a>' in content["content"]
    assert ["bob@remote.example"] == [one["acct"] for one in content["mentions"]]


def test_a_key_brings_the_same_post_again(server, alice):
    first, second = alice.post(key="k").json(), alice.post(key="k").json()

    assert first["id"] == second["id"]
    assert ["created", "repeated"] == [ask["outcome"] for ask in server.asks()]


def test_a_key_is_forgotten_after_its_time(server, alice):
    alice.post(key="k")
    server.set_limits(key_life_ms=300_000)
    server.set_clock(offset_s=200)
    alice.post(key="k")
    server.set_clock(offset_s=400)
    alice.post(key="k")

    assert ["created", "repeated", "created"] == [ask["outcome"] for ask in server.asks()]


def test_a_key_whose_post_was_deleted_is_answered_with_404(server, alice):
    server.delete(alice.post(key="k").json()["id"])

    assert 404 == alice.post(key="k").status_code
    assert [] == server.live()


def test_two_asks_with_one_key_at_once_make_one_post(server, alice):
    server.weather({"fault": "delay_after_create", "params": {"seconds": 0.5}})
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: alice.post(key="k").status_code, range(4)))

    assert [200, 503, 503, 503] == sorted(answers)
    assert 1 == len(server.live())


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"status": ""}, 422),
        ({"status": "   "}, 422),
        ({"status": "x" * 501}, 422),
        ({"status": "x" * 490, "spoiler_text": "y" * 11}, 422),
        ({"status": "x", "visibility": "friends"}, 422),
        ({"status": "x", "in_reply_to_id": "1"}, 404),
        ({"status": "x", "media_ids": ["1"]}, 422),
        ({"status": "👨‍👩‍👧‍👦" * 500}, 200),
        ({"status": "https://example.com/" + "a" * 600}, 200),
    ],
)
def test_refuses_what_the_real_one_refuses(server, alice, body, status):
    answer = alice.http.post("/api/v1/statuses", json=body)

    assert status == answer.status_code
    assert (1 if status == 200 else 0) == len(server.live())


def test_a_warning_without_a_text_becomes_the_text(alice):
    told = alice.post("", spoiler_text="Food").json()

    assert ("<p>Food</p>", "") == (told["content"], told["spoiler_text"])


def test_nobody_posts_without_a_token_or_without_its_scope(server):
    reader = {"authorization": f"Bearer {server.new_token('alice', ['read'])}"}
    with httpx.Client(base_url=server.url, trust_env=False) as http:
        strangers = http.post("/api/v1/statuses", json={"status": "x"})
        readers = http.post("/api/v1/statuses", json={"status": "x"}, headers=reader)

    assert (401, 403) == (strangers.status_code, readers.status_code)
    assert [] == server.live()


def test_a_form_is_taken_as_well(alice):
    assert "<p>Hi</p>" == alice.http.post("/api/v1/statuses", data={"status": "Hi"}).json()["content"]


# --- files


def test_a_file_belongs_to_one_post(server, alice):
    name = alice.upload(DOT, "A dot").json()["id"]
    told = alice.post("x", media_ids=[name]).json()

    assert ["A dot"] == [one["description"] for one in told["media_attachments"]]
    assert 422 == alice.post("y", media_ids=[name]).status_code
    assert 404 == alice.media(name).status_code


def test_a_file_that_is_not_processed_yet_cannot_be_posted(server, alice):
    server.weather({"fault": "slow_media", "params": {"seconds": 0.4}})
    taken = alice.upload(DOT)
    early = alice.post("x", media_ids=[taken.json()["id"]])
    states = {alice.media(taken.json()["id"]).status_code}
    server.wait_until(
        lambda _: alice.media(taken.json()["id"]).status_code == 200, description="the file is processed"
    )

    assert (202, None, 422, {206}) == (taken.status_code, taken.json()["url"], early.status_code, states)
    assert 200 == alice.post("x", media_ids=[taken.json()["id"]]).status_code


def test_a_file_that_breaks_is_told_when_asked_for(server, alice):
    server.weather({"fault": "media_breaks"})

    assert 422 == alice.media(alice.upload(DOT).json()["id"]).status_code


@pytest.mark.parametrize("content", [b"", b"plain text", HUGE])
def test_refuses_files_that_the_real_one_refuses(alice, content):
    assert 422 == alice.upload(content).status_code


def test_refuses_a_description_that_is_too_long(alice):
    assert 422 == alice.upload(DOT, "x" * 1501).status_code


def test_a_video_goes_alone(alice):
    video, picture = alice.upload(MP4).json()["id"], alice.upload(DOT).json()["id"]

    assert 422 == alice.post("x", media_ids=[video, picture]).status_code
    assert 200 == alice.post("x", media_ids=[video]).status_code


def test_five_pictures_are_too_many(alice):
    names = [alice.upload(DOT).json()["id"] for _ in range(5)]

    assert 422 == alice.post("x", media_ids=names).status_code
    assert 200 == alice.post("x", media_ids=names[:4]).status_code


# --- lists


def test_a_list_is_read_page_by_page(server, alice):
    server.seed("alice", 45)
    first = alice.list(limit=40).json()
    second = alice.list(limit=40, max_id=first[-1]["id"]).json()

    assert (40, 5) == (len(first), len(second))
    assert 40 == len(alice.list(limit=80).json())
    assert sorted((one["id"] for one in first), key=int, reverse=True) == [one["id"] for one in first]


def test_a_list_leaves_out_boosts_and_replies_when_asked(server, alice):
    own = server.hand("alice", "own")
    server.hand("alice", "answer", reply_to=own)
    server.repost("alice", server.hand("bob", "bob's"))

    assert 3 == len(alice.texts())
    assert ["<p>answer</p>", "<p>own</p>"] == alice.texts(exclude_reblogs="true")
    assert ["<p>own</p>"] == alice.texts(exclude_reblogs="true", exclude_replies="true")


def test_private_posts_are_shown_to_their_author_only(server, alice):
    server.hand("alice", "secret", visibility="private")
    strangers = httpx.get(f"{server.url}/api/v1/accounts/{alice.user_id}/statuses", trust_env=False)

    assert ["<p>secret</p>"] == alice.texts()
    assert [] == strangers.json()


def test_what_is_below_a_post_is_in_its_context(server, alice):
    root = server.hand("bob", "root")
    answer = server.hand("alice", "answer", reply_to=root)
    context = alice.http.get(f"/api/v1/statuses/{root}/context").json()

    assert [answer] == [one["id"] for one in context["descendants"]]
    assert 404 == alice.http.get("/api/v1/statuses/1").status_code


# --- clock and limits


def test_dates_and_times_are_of_the_servers_own_clock(server, alice):
    server.set_clock(offset_s=300)
    answer = alice.post()
    ahead = datetime.fromisoformat(answer.json()["created_at"]) - datetime.now(UTC)

    assert abs(ahead - timedelta(seconds=300)) < timedelta(seconds=5)
    date = parsedate_to_datetime(answer.headers["date"]) - datetime.now(UTC)
    assert abs(date - timedelta(seconds=300)) < timedelta(seconds=5)


def test_every_answer_says_what_is_left_of_the_limit(alice):
    headers = alice.post().headers

    assert "300" == headers["x-ratelimit-limit"]
    assert datetime.fromisoformat(headers["x-ratelimit-reset"]) > datetime.now(UTC)


def test_the_instance_tells_its_limits(server, alice):
    server.set_limits(max_characters=100)
    told = alice.http.get("/api/v2/instance").json()["configuration"]

    assert 100 == told["statuses"]["max_characters"]
    assert 422 == alice.post("x" * 101).status_code


# --- the weather, fault by fault

LOST = ["drop_response", "reset_connection", "create_then_hang"]
NOTHING = ["drop_request", "hang_before_create"]


@pytest.mark.parametrize("fault", LOST)
def test_lost_answers_leave_the_post_live(server, alice, fault):
    server.weather({"fault": fault})
    with pytest.raises(httpx.TransportError):
        alice.http.post("/api/v1/statuses", json={"status": "Hello"}, timeout=1)

    assert 1 == len(server.live())


@pytest.mark.parametrize("fault", NOTHING)
def test_lost_requests_make_nothing(server, alice, fault):
    server.weather({"fault": fault})
    with pytest.raises(httpx.TransportError):
        alice.http.post("/api/v1/statuses", json={"status": "Hello"}, timeout=1)

    assert [] == server.live()


@pytest.mark.parametrize(
    ("fault", "params", "status", "live"),
    [
        ("create_then_5xx", {"status": 503}, 503, 1),
        ("reject_before_create", {"status": 500}, 500, 0),
        ("proxy_504_after", {}, 504, 1),
        ("proxy_504_before", {}, 504, 0),
        ("refused", {}, 422, 0),
        ("too_many_posts", {"reset_seconds": 60}, 429, 0),
        ("media_lost", {}, 200, 1),
        ("vanish", {}, 200, 0),
        ("shape", {"kind": "not_json"}, 200, 1),
        ("shape", {"kind": "empty"}, 200, 1),
        ("shape", {"kind": "no_id"}, 200, 1),
        ("shape", {"kind": "number_id"}, 200, 1),
        ("shape", {"kind": "other_account"}, 200, 1),
        ("shape", {"kind": "bare"}, 200, 1),
    ],
)
def test_answers_that_are_not_the_usual_one(server, alice, fault, params, status, live):
    server.weather({"fault": fault, "params": params})

    assert status == alice.post().status_code
    assert live == len(server.live())


def test_a_504_comes_before_the_key_is_written_down(server, alice):
    server.weather({"fault": "proxy_504_after", "count": 1})
    alice.post(key="k")
    alice.post(key="k")

    assert 2 == len(server.live())


def test_a_repeated_key_may_be_answered_with_500(server, alice):
    server.weather({"fault": "key_500"})

    assert [200, 500] == [alice.post(key="k").status_code for _ in range(2)]
    assert 1 == len(server.live())


def test_a_key_may_mean_nothing(server, alice):
    server.weather({"fault": "key_ignored"})
    alice.post(key="k")
    alice.post(key="k")

    assert 2 == len(server.live())


def test_a_key_may_race(server, alice):
    server.weather({"fault": "key_races"}, {"fault": "delay_after_create", "params": {"seconds": 0.4}})
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: alice.post(key="k"), range(3)))

    assert 3 == len(server.live())


def test_a_post_may_become_live_after_its_answer(server, alice):
    server.weather({"fault": "create_late", "params": {"seconds": 0.2}})
    before = (alice.post().status_code, len(server.live()))

    assert (504, 0) == before
    assert server.wait_until(lambda one: one.live(), description="the post is live")


def test_lists_may_lag_and_leave_out(server, alice):
    server.weather({"fault": "timeline_delay", "params": {"seconds": 0.4}})
    alice.post("late")
    at_once = alice.texts()
    server.wait_until(lambda _: alice.texts(), description="the list shows the post")
    server.weather({"fault": "timeline_omits", "params": {"text": "^late"}})

    assert [] == at_once
    assert [] == alice.texts()


@pytest.mark.parametrize(
    ("fault", "params", "expected"),
    [
        ("timeline_empty", {}, (200, 0)),
        ("timeline_stale", {"seconds": 60}, (200, 0)),
        ("timeline_error", {"status": 503}, (503, 1)),
    ],
)
def test_lists_in_bad_weather(server, alice, fault, params, expected):
    server.hand("alice", "here")
    server.weather({"fault": fault, "params": params})
    answer = alice.list()

    assert expected == (answer.status_code, len(answer.json()))


@pytest.mark.parametrize(
    ("state", "status"), [("revoked", 401), ("disabled", 403), ("read_only", 403), ("other_account", 200)]
)
def test_tokens_in_bad_weather(server, alice, state, status):
    server.weather({"fault": "token", "params": {"state": state}})

    assert status == alice.post().status_code
    assert (["bob"] if status == 200 else []) == [one["author"] for one in server.live()]


def test_a_limit_is_told_by_the_server_or_by_a_proxy(server, alice):
    server.weather({"fault": "throttled", "params": {"of": "create", "reset_seconds": 90}, "count": 1})
    by_server = alice.post()
    server.weather({"fault": "throttled", "params": {"of": "create", "reset_seconds": 90, "by": "proxy"}})
    by_proxy = alice.post()

    assert (429, 429) == (by_server.status_code, by_proxy.status_code)
    ahead = datetime.fromisoformat(by_server.headers["x-ratelimit-reset"]) - datetime.now(UTC)
    assert timedelta(seconds=80) < ahead < timedelta(seconds=95)
    assert "90" == by_proxy.headers["retry-after"]
    assert [] == server.asks()


@pytest.mark.parametrize("status", [413, 503])
def test_files_in_bad_weather(server, alice, status):
    server.weather({"fault": "media_error", "params": {"status": status}})

    assert status == alice.upload(DOT).status_code


def test_a_description_may_get_lost(server, alice):
    server.weather({"fault": "description_lost"})

    assert None is alice.upload(DOT, "A dot").json()["description"]


def test_a_limited_account_posts_unlisted(server, alice):
    server.weather({"fault": "limited_account"})

    assert "unlisted" == alice.post().json()["visibility"]


def test_unknown_weather_is_refused(server):
    with pytest.raises(Exception, match="unknown fault"):
        server.weather({"fault": "error_code"})


def test_a_hand_posts_pictures_and_in_the_past(server, alice):
    media = [{"alt": "A dot", "content": base64.b64encode(DOT).decode()}]
    server.hand("alice", "old", at_ms=server.clock()["network_ms"] - 60_000, media=media)
    told = alice.list().json()[0]

    assert ["A dot"] == [one["description"] for one in told["media_attachments"]]
    assert datetime.fromisoformat(told["created_at"]) < datetime.now(UTC) - timedelta(seconds=50)
