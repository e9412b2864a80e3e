"""Each fault does what its sentence says, as the asker sees it and as the ledger has it."""

from __future__ import annotations

import time

import httpx
import pytest

from sandbox.faults import ERROR_CODES, FAULTS, Where
from tests.sandbox.conftest import results, thread

HELD = "held open"
CUT = "cut off"
REST_ID = ("data", "create_tweet", "tweet_results", "result", "rest_id")


def at(body, path):
    for step in path:
        body = body.get(step, {}) if isinstance(body, dict) else {}
    return body or None


def answer_to(person, text, **options):
    """What the asker sees: a response, that nothing comes, or that the line is cut."""
    try:
        return person.ask(text, **options)
    except httpx.TimeoutException:
        return HELD
    except (httpx.RemoteProtocolError, httpx.ReadError):
        return CUT


# fault, parameters, what the asker sees, how many are live
ENDINGS = [
    ("drop_response", {}, CUT, 1),
    ("reset_connection", {}, CUT, 1),
    ("refuse_stream", {}, CUT, 1),
    ("misdirect", {}, 421, 1),
    ("length_required", {}, 200, 1),
    ("create_then_5xx", {}, 503, 1),
    ("create_then_5xx", {"status": 500}, 500, 1),
    ("create_then_hang", {}, HELD, 1),
    ("create_then_drip", {"seconds": 30}, HELD, 1),
    ("create_then_drip", {"seconds": 0.2}, 200, 1),
    ("reject_before_create", {}, 503, 0),
    ("hang_before_create", {}, HELD, 0),
    ("no_create_200_empty", {}, 200, 0),
    ("empty_result", {}, 200, 1),
    ("http_status", {"status": 403}, 403, 0),
    ("http_status", {"status": 404}, 404, 0),
    ("daily_limit", {"limit": 0}, 200, 0),
    ("vanish", {}, 200, 0),
    ("create_twice", {"guard": True}, 200, 1),
    ("create_twice", {"guard": False}, 200, 2),
]


@pytest.mark.parametrize(("fault", "params", "seen", "live"), ENDINGS)
def test_how_an_ask_ends(sandbox, alice, *, fault, params, seen, live):
    """What the asker learns and what is true are two things."""
    sandbox.weather({"fault": fault, "params": params})

    answer = answer_to(alice, "hello", timeout=0.6 if seen == HELD else 20)
    sandbox.wait_until(lambda s: s.asks()[0]["outcome"] != "pending", description="the ask is decided")

    assert (answer if isinstance(answer, str) else answer.status_code) == seen
    assert len(sandbox.live("alice")) == live
    assert sandbox.asks()[0]["weather"] == [fault]
    assert 1 == sandbox.weather()[0]["hits"]


def test_a_cut_answer_is_written_down_as_not_delivered(sandbox, alice):
    """The ledger knows which asks never heard back."""
    sandbox.weather({"fault": "drop_response", "count": 1})

    answer_to(alice, "lost")
    answer_to(alice, "found")

    assert [False, True] == [ask["delivered"] for ask in sandbox.asks()]


@pytest.mark.parametrize("code", sorted(set(ERROR_CODES) - {353, 385}))
def test_each_code_comes_in_the_networks_body(sandbox, alice, code):
    """A refusal carries its code twice, mostly under HTTP 200, and makes nothing."""
    sandbox.weather({"fault": "error_code", "params": {"code": code}})

    answer = alice.ask("hello")

    [error] = answer.json()["errors"]
    assert answer.status_code == (429 if code == 88 else 200)
    assert (error["code"], error["extensions"]["code"], error["message"]) == (code, code, ERROR_CODES[code])
    assert [] == sandbox.live()
    assert sandbox.asks()[0]["outcome"] == f"refused:{code}"


@pytest.mark.parametrize("fault", ["error_code", "http_status"])
def test_a_rate_limit_may_say_when_it_ends(sandbox, alice, fault):
    """429 comes with or without `x-rate-limit-reset`."""
    params = {"code": 88} if fault == "error_code" else {"status": 429}
    sandbox.weather({"fault": fault, "params": params})
    assert "x-rate-limit-reset" not in alice.ask("hello").headers

    sandbox.weather({"fault": fault, "params": {**params, "reset_seconds": 60}})
    answer = alice.ask("hello")

    assert 429 == answer.status_code
    assert abs(int(answer.headers["x-rate-limit-reset"]) - time.time() - 60) < 10


SHAPES = {
    "result": REST_ID,
    "result_wrapper": ("data", "create_tweet", "tweet_results", "result", "tweet", "rest_id"),
    "legacy_only": ("data", "create_tweet", "tweet_results", "result", "legacy", "id_str"),
    "errors_and_data": REST_ID,
    "moved_id": ("data", "create_tweet", "post_results", "result", "identity", "post", "value"),
}


@pytest.mark.parametrize(("kind", "path"), SHAPES.items())
def test_shapes_of_another_day(sandbox, alice, kind, path):
    """The post is live, and its id is where this shape has it, and at the usual place only if it says so."""
    sandbox.weather({"fault": "shape", "params": {"kind": kind}})

    body = alice.ask("hello").json()

    [post] = sandbox.live()
    assert at(body, path) == post["id"]
    assert (at(body, REST_ID) == post["id"]) == (path == REST_ID)
    assert ("errors" in body) == (kind == "errors_and_data")


def test_a_shape_that_is_no_json(sandbox, alice):
    """The post is live, and the answer cannot be read."""
    sandbox.weather({"fault": "shape", "params": {"kind": "not_json"}})

    answer = alice.ask("hello")

    assert (200, True) == (answer.status_code, answer.text.startswith("<!doctype"))
    assert 1 == len(sandbox.live())


def test_delays_before_and_after(sandbox, alice):
    """Before: not live while waiting, and carried out although the asker has left. After: live while waiting."""
    sandbox.weather({"fault": "delay_before_create", "params": {"seconds": 1.5}, "count": 1})
    assert answer_to(alice, "slow", timeout=0.3) == HELD
    sandbox.wait_until(lambda s: s.live(), description="the slow post is live")
    assert sandbox.live()[0]["created_at"] - sandbox.asks()[0]["arrived_at"] >= 1500
    assert sandbox.asks()[0]["delivered"] is False

    sandbox.weather({"fault": "delay_after_create", "params": {"seconds": 1.5}, "count": 1})
    assert answer_to(alice, "quick", timeout=0.3) == HELD
    sandbox.wait_until(lambda s: len(s.live()) == 2, description="the quick post is live")
    assert sandbox.asks()[1]["delivered"] is None


def test_latency_of_each_kind(sandbox, alice):
    """Latency lies on the answers that the rule names."""
    looks = {
        "create": lambda: alice.ask("hello"),
        "timeline": lambda: alice.look("HomeTimeline"),
        "page": lambda: alice.http.get("/home"),
    }
    for of, act in looks.items():
        sandbox.weather({"fault": "latency", "params": {"ms": 250, "of": of}})
        begun = time.monotonic()
        act()
        assert time.monotonic() - begun >= 0.25
        assert 1 == sandbox.weather()[0]["hits"]


def test_the_guard_can_be_off(sandbox, alice):
    """Without the duplicate guard two asks are two copies, and the counts say so."""
    sandbox.weather({"fault": "no_duplicate_guard"})

    alice.ask("hello")
    alice.ask("hello")

    assert [{"account": "alice", "text": "hello", "live": 2}] == sandbox.counts()["copies"]


def test_the_echo_of_an_ask_is_an_ask(sandbox, alice):
    """An ask that takes effect twice is two asks in the ledger; under the guard the second is refused."""
    sandbox.weather({"fault": "create_twice"})

    alice.ask("hello")

    assert ["created", "refused:187"] == [ask["outcome"] for ask in sandbox.asks()]


def test_a_daily_limit_counts_what_was_made(sandbox, alice):
    """The limit is on the making: a deleted post has used its place."""
    sandbox.delete(sandbox.hand_post("alice", "one"))
    sandbox.weather({"fault": "daily_limit", "params": {"limit": 2}})

    codes = [alice.ask(text).json().get("errors", [{}])[0].get("code") for text in ("two", "three")]

    assert [None, 344] == codes


def test_an_author_can_let_nobody_answer(sandbox, alice):
    """Answers to this post are refused; other answers, and posts that answer nothing, are not."""
    closed, other = sandbox.hand_post("bob", "For friends"), sandbox.hand_post("bob", "For all")
    sandbox.weather({"fault": "replies_refused", "params": {"of": closed}})

    alice.ask("to the closed one", reply_to=closed)
    alice.ask("to the other", reply_to=other)
    alice.ask("to nobody")

    assert ["refused:433", "created", "created"] == [ask["outcome"] for ask in sandbox.asks()]


def test_a_post_can_be_slow_to_show(sandbox, alice):
    """Live at once, at its own address at once, on timelines later."""
    sandbox.weather({"fault": "timeline_delay", "params": {"seconds": 1.5}, "match": "slow"})
    post = at(alice.ask("slow to show").json(), REST_ID)
    other = at(alice.ask("quick to show").json(), REST_ID)

    assert alice.profile() == [other]
    assert alice.sees("TweetDetail", focalTweetId=post) == [post]
    assert 1500 == sandbox.live()[0]["visible_at"] - sandbox.live()[0]["created_at"]
    sandbox.wait_until(lambda _: alice.profile() == [other, post], description="the timeline shows it")


# -- looks


@pytest.fixture
def past(sandbox):
    """Alice's older posts, the youngest first."""
    return sandbox.seed("alice", 6, every_s=60, youngest_s=60)


def test_a_stale_timeline(sandbox, alice, past):
    """The timeline of a while ago has nothing that came since, and still has what was deleted since."""
    alice.ask("new")
    sandbox.delete(past[2])
    sandbox.weather({"fault": "timeline_stale", "params": {"seconds": 90}})

    assert alice.profile() == past[1:]


def test_timelines_with_gaps(sandbox, alice, past):
    """Cut: the end is missing. Partial: every n-th, the newest first. Empty: nothing, without an error."""
    sandbox.weather({"fault": "timeline_cut", "params": {"n": 2}})
    assert alice.profile() == past[:2]
    sandbox.weather({"fault": "timeline_partial", "params": {"every": 3}})
    assert alice.profile() == [past[1], past[2], past[4], past[5]]
    sandbox.weather({"fault": "timeline_empty"})
    assert ([], False) == (alice.profile(), "errors" in alice.look("UserTweets", screen_name="alice").json())


def test_timelines_that_refuse(sandbox, alice, past):
    """An error is an HTTP error; a login wall asks to sign in although asks still work."""
    sandbox.weather({"fault": "timeline_error", "params": {"status": 502}})
    assert 502 == alice.look("UserTweets", screen_name="alice").status_code
    sandbox.weather({"fault": "timeline_login_wall"})
    assert 401 == alice.look("UserTweets", screen_name="alice").status_code
    assert 200 == alice.ask("still signed in").status_code


def test_weather_over_one_view_only(sandbox, alice, past):
    """A rule with a view leaves the others alone."""
    sandbox.weather({"fault": "timeline_empty", "params": {"view": "profile"}})

    assert [] == alice.profile()
    assert alice.sees("UserTweetsAndReplies", screen_name="alice") == past


def test_advertisements_are_marked_and_nobodys(sandbox, alice, past):
    """An advertisement comes first, is marked as one, and is not by the owner of the profile."""
    sandbox.weather({"fault": "timeline_promoted", "params": {"every": 3}})

    entries = alice.look("UserTweets", screen_name="alice").json()["data"]["user"]["result"]["timeline"][
        "timeline"
    ]
    marked = [
        "promotedMetadata" in entry["content"]["itemContent"]
        for entry in entries["instructions"][-1]["entries"]
        if "itemContent" in entry["content"]
    ]

    assert [True, False, False, False, True, False, False, False] == marked
    assert not {ad for ad in alice.profile() if ad not in past} & {post["id"] for post in sandbox.ledger()}


def test_texts_cut_earlier(sandbox, alice):
    """The short text stands in the list, the whole one only in the note and on the post's own page."""
    sandbox.hand_post("alice", "A text that is longer than it looks")
    sandbox.weather({"fault": "show_more_at", "params": {"n": 10}})

    told = alice.look("UserTweets", screen_name="alice").json()

    assert '"full_text":"A text tha…"' in str(httpx.Response(200, json=told).text)
    assert "longer than it looks" in str(told)


@pytest.mark.parametrize(
    ("said", "seen"), [("hang up", CUT), ("silence", HELD), ("503", 503), ("empty", 200)]
)
def test_a_post_can_come_to_life_long_after_its_answer(sandbox, alice, said, seen):
    """Whoever looks before that finds nothing, and nothing says that something is still to come."""
    sandbox.weather({"fault": "create_late", "params": {"seconds": 1.5, "answer": said}, "count": 1})

    answer = answer_to(alice, "late", timeout=0.4 if seen == HELD else 20)

    assert (answer if isinstance(answer, str) else answer.status_code) == seen
    assert ("late", [], []) == (sandbox.asks()[0]["outcome"], sandbox.live(), alice.profile())
    [post] = sandbox.wait_until(lambda s: s.live(), description="the late post is live")
    assert post["made_at_host"] - sandbox.asks()[0]["arrived_at_host"] >= 1500
    assert (sandbox.asks()[0]["outcome"], sandbox.asks()[0]["post"]) == ("created", post["id"])


def test_a_late_post_may_be_refused_as_a_copy(sandbox, alice):
    """With the guard, what was asked again in the meantime stays one post; without, there are two."""
    for guard, live in ((True, 1), (False, 2)):
        sandbox.forget()
        sandbox.weather(
            {
                "fault": "create_late",
                "params": {"seconds": 0.4, "answer": "empty", "guard": guard},
                "count": 1,
            }
        )
        alice.ask("twice")
        alice.ask("twice")
        sandbox.wait_until(lambda s: s.asks()[0]["outcome"] != "late", description="the first is decided")

        assert len(sandbox.live()) == live


def test_starting_over_forgets_what_was_still_to_come(sandbox, alice):
    """A test that ends leaves nothing that would turn up in the next one."""
    sandbox.weather({"fault": "create_late", "params": {"seconds": 0.3, "answer": "empty"}})
    alice.ask("gone")
    sandbox.forget()

    sandbox.weather({"fault": "create_late", "params": {"seconds": 0.4, "answer": "empty"}, "count": 1})
    alice.ask("later still")
    sandbox.wait_until(lambda s: s.live(), description="the second is live")
    assert ["later still"] == [post["text"] for post in sandbox.live()]


def test_a_post_that_is_edited_after_it_was_made(sandbox, alice):
    """The list has the new version, with its own id and words; the first one's address still leads somewhere."""
    sandbox.weather({"fault": "edited_after", "params": {"seconds": 0.2, "text": "Now better"}, "count": 1})
    first = at(alice.ask("At first").json(), REST_ID)

    second = sandbox.wait_until(
        lambda s: next((p["id"] for p in s.live() if p["edit_of"] == first), None), description="it is edited"
    )

    [told] = results(alice.look("UserTweets", screen_name="alice").json())
    assert (told["rest_id"], told["legacy"]["full_text"]) == (second, "Now better")
    assert told["edit_control"]["edit_control_initial"]["edit_tweet_ids"] == [first, second]
    assert told["edit_control"]["initial_tweet_id"] == first
    assert alice.sees("TweetDetail", focalTweetId=first) == [first]
    assert [(post["id"], bool(post["ask"])) for post in sandbox.live()] == [(first, True), (second, False)]


def test_a_timeline_that_leaves_one_post_out(sandbox, alice, past):
    """The one named, those that say something, the newest, or one by chance, and then always the same."""
    for params, gone in (
        ({"id": past[2]}, {past[2]}),
        ({"which": "newest"}, {past[0]}),
        (
            {"text": "Chapter|Bread"},
            {p["id"] for p in sandbox.live() if p["text"].startswith(("Chapter", "Bread"))},
        ),
    ):
        sandbox.weather({"fault": "timeline_omits", "params": params})
        assert set(past) - set(alice.profile()) == gone

    sandbox.weather({"fault": "timeline_omits"})
    first = alice.profile()
    assert len(first) == len(past) - 1
    assert (alice.profile(), alice.replies()) == (first, first)
    [missing] = set(past) - set(first)
    assert alice.sees("TweetDetail", focalTweetId=missing) == [missing]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("tombstone", "TweetTombstone"),
        ("limited", "TweetTombstone"),
        ("unavailable", "TweetUnavailable"),
        ("empty", None),
    ],
)
def test_a_notice_in_place_of_a_post(sandbox, alice, past, kind, told):
    """The list has something at its place, without an id; the post's own address has the post."""
    sandbox.weather({"fault": "timeline_tombstone", "params": {"id": past[1], "kind": kind}})

    answer = alice.look("UserTweets", screen_name="alice").json()

    assert [result.get("__typename") for result in results(answer)][:3] == ["Tweet", told, "Tweet"]
    assert alice.profile() == [past[0], "-", *past[2:]]
    assert alice.sees("TweetDetail", focalTweetId=past[1]) == [past[1]]


@pytest.mark.parametrize("deleted", [False, True])
def test_a_notice_at_a_posts_own_address(sandbox, alice, past, deleted):
    """Whether it is live or was deleted; lists are as always."""
    sandbox.weather({"fault": "address_tombstone", "params": {"id": past[1]}})
    if deleted:
        sandbox.delete(past[1])

    (told,) = results(alice.look("TweetDetail", focalTweetId=past[1]).json())

    assert told["__typename"] == "TweetTombstone"
    assert alice.profile() == [one for one in past if one != past[1] or not deleted]


def test_each_tab_lags_by_itself(sandbox, alice, past):
    """The one tab has a post that the other does not show yet."""
    sandbox.weather({"fault": "timeline_lag", "params": {"seconds": 90, "view": "replies"}})

    assert (alice.profile(), alice.replies()) == (past, past[1:])


def test_a_thread_cut_to_so_many_parts(sandbox, alice):
    """The rest is named in the list's metadata, and nowhere shown."""
    parts = thread(sandbox, 4)
    sandbox.weather({"fault": "thread_cut", "params": {"n": 2, "view": "profile"}})

    assert (alice.profile(), alice.replies()) == (parts[:2], parts[:3])


def test_strangers_lists_for_somebody_signed_in(sandbox, alice, past):
    """The list is public and nothing new is in it, although the session is good and asks work."""
    new = sandbox.hand_post("alice", "New")
    sandbox.weather({"fault": "public_list"})

    assert (set(alice.profile()), alice.replies()) == (set(past), [])
    assert new not in alice.profile()
    assert 200 == alice.ask("hello").status_code


def test_nobody_is_signed_in_and_nothing_says_so(sandbox, alice, past):
    """Public pages tell no name and lists are those for strangers; addresses of one's own, and asks, are as always."""
    sandbox.hand_post("alice", "New")
    sandbox.weather({"fault": "nobody_signed_in"})

    profile, home = alice.http.get("/alice"), alice.http.get("/home")

    assert '"viewer": null' in profile.text
    assert '"veiled": true' in profile.text
    assert '"handle": "alice"' in home.text
    assert set(alice.profile()) == set(past)
    assert 200 == alice.ask("hello").status_code


def test_shapes_of_lists_of_another_day(sandbox, alice, past):
    """A post one level deeper; no empty lists and no second name; another name for the timeline."""
    sandbox.weather({"fault": "timeline_shape", "params": {"kind": "wrapped", "every": 2}})
    told = results(alice.look("UserTweets", screen_name="alice").json())
    assert 3 == sum(result["__typename"] == "TweetWithVisibilityResults" for result in told)
    assert alice.profile() == past

    sandbox.weather({"fault": "timeline_shape", "params": {"kind": "lean"}})
    result = results(alice.look("UserTweets", screen_name="alice").json())[0]
    assert "legacy" not in result["core"]["user_results"]["result"]
    assert all(result["legacy"]["entities"].values())

    sandbox.weather({"fault": "timeline_shape", "params": {"kind": "timeline_v2"}})
    assert "timeline" not in alice.look("UserTweets", screen_name="alice").json()["data"]["user"]["result"]
    assert alice.profile() == past


# -- sessions and pages

STATES = [
    ("expired", "/i/flow/login", 401, 32),
    ("challenge", "/i/flow/challenge", 403, 326),
    ("locked", "/account/access", 403, 326),
    ("consent", "/i/flow/consent", 403, 326),
    ("suspended", None, 403, 64),
]


@pytest.mark.parametrize(("state", "address", "status", "code"), STATES)
def test_where_a_troubled_session_leads(sandbox, alice, bob, *, state, address, status, code):
    """The page leads elsewhere, asks are refused, and other accounts are untouched."""
    sandbox.weather({"fault": "login", "account": "alice", "params": {"state": state}})

    page = alice.http.get("/home")
    refused = alice.ask("hello")

    assert page.headers.get("location") == address
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (status, code)
    assert 200 == bob.ask("hello").status_code


def test_a_session_can_be_somebody_elses(sandbox, alice):
    """The page says who it belongs to, and what is asked is posted there."""
    sandbox.weather({"fault": "login", "params": {"state": "other_account", "handle": "bob"}, "count": 1})

    page = alice.http.get("/home")
    alice.ask("hello")

    assert '"handle": "bob"' in page.text
    assert ["bob"] == [post["author"] for post in sandbox.live()]


def test_nobody_becomes_somebody_else_under_an_open_page(sandbox, alice):
    """Cookies are one account's: a page that was opened as Alice asks as Alice, whatever the next page will say."""
    alice.http.get("/home")
    sandbox.weather({"fault": "login", "params": {"state": "other_account", "handle": "bob"}})

    alice.ask("opened before")
    alice.http.get("/home")
    alice.ask("opened after")

    assert [
        ("alice", "opened before"),
        ("bob", "opened after"),
    ] == [(post["author"], post["text"]) for post in sandbox.live()]


def test_pages_that_travel_badly(sandbox, alice):
    """Late, in drops, as an error, or not at all."""
    begun = time.monotonic()
    sandbox.weather({"fault": "page_delay", "params": {"seconds": 0.3}})
    assert 200 == alice.http.get("/home").status_code
    assert time.monotonic() - begun >= 0.3

    sandbox.weather({"fault": "page_drip", "params": {"seconds": 0.3}})
    begun = time.monotonic()
    with alice.http.stream("GET", "/home") as answer:
        arrivals = [time.monotonic() - begun for _ in answer.iter_raw()]
    assert arrivals[-1] - arrivals[0] > 0.2

    sandbox.weather({"fault": "page_error_status"})
    assert 503 == alice.http.get("/home").status_code
    sandbox.weather({"fault": "page_reset"})
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        alice.http.get("/home")


ELSEWHERE = {
    "delay_before_create",
    "delay_after_create",
    "error_code",
    "shape",
    "no_duplicate_guard",
    "timeline_delay",
    "replies_refused",
    "latency",
    "login",
    "page_delay",
    "page_drip",
    "page_error_status",
    "page_reset",
    "timeline_stale",
    "timeline_cut",
    "timeline_empty",
    "timeline_partial",
    "timeline_error",
    "timeline_login_wall",
    "timeline_promoted",
    "show_more_at",
    "create_late",
    "edited_after",
    "timeline_omits",
    "timeline_tombstone",
    "address_tombstone",
    "timeline_lag",
    "thread_cut",
    "public_list",
    "nobody_signed_in",
    "timeline_shape",
}
"""The faults that have a test of their own above; those of the page itself are in `test_page_weather.py`."""


def test_every_fault_is_held_to_its_sentence():
    """A fault that is added without a test is noticed here."""
    here = {fault for fault, *_ in ENDINGS} | ELSEWHERE
    page = {fault.name for fault in FAULTS.values() if fault.where is Where.UI}

    assert here | page == set(FAULTS)
