"""What is decided from what the page shows, without a page: walls, drift, whose turn it is, how far a list goes."""

import json
from datetime import UTC, datetime, timedelta
from unittest.mock import Mock
from urllib.parse import urlencode

import pytest

from steadypost.channels.x_web import hearing
from steadypost.channels.x_web.look import Reading, proves
from steadypost.channels.x_web.requests import makes_a_post
from steadypost.channels.x_web.selectors import NEEDED, WAYS, Purpose, drifted, for_page
from steadypost.channels.x_web.survey import Box
from steadypost.channels.x_web.told import Told
from steadypost.channels.x_web.turns import Stopped, Turns
from steadypost.channels.x_web.waiting import ANSWER_WITHIN, MARGIN, QUIET, Patience
from steadypost.channels.x_web.walls import ALERTS, wall
from steadypost.domain.likeness import Link
from steadypost.domain.network import Place
from steadypost.domain.outcome import Cause
from steadypost.networks.x.snowflake import id_at

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


# --- walls


@pytest.mark.parametrize(
    ("path", "cause"),
    [
        ("/i/flow/login", Cause.SIGNED_OUT),
        ("/i/flow/signup", Cause.SIGNED_OUT),
        ("/login", Cause.SIGNED_OUT),
        ("/i/flow/consent", Cause.CONSENT),
        ("/i/flow/challenge", Cause.CHALLENGE),
        ("/i/flow/verify", Cause.CHALLENGE),
        ("/i/flow/something_new", Cause.CHALLENGE),
        ("/account/verify", Cause.CHALLENGE),
        ("/account/access", Cause.LOCKED),
    ],
)
def test_an_address_tells_the_wall(path, cause):
    assert wall(path, [], who=None, sign_in=True)[0] is cause


@pytest.mark.parametrize(
    "path", ["/home", "/compose/post", "/alice", "/i/status/1", "/accountant", "/loginov"]
)
def test_other_addresses_are_no_walls(path):
    assert wall(path, [], who="alice", sign_in=False) is None


def test_an_offer_to_sign_in_is_a_wall_only_to_strangers():
    assert wall("/alice", [], who=None, sign_in=True)[0] is Cause.SIGNED_OUT
    assert wall("/alice", [], who="alice", sign_in=True) is None


@pytest.mark.parametrize(("pattern", "cause"), ALERTS)
def test_the_pages_own_alert_is_a_wall(pattern, cause):
    assert wall("/home", [pattern], who="alice", sign_in=False)[0] is cause


# --- selectors


@pytest.mark.parametrize("purpose", Purpose)
def test_every_purpose_has_a_way(purpose):
    assert WAYS[purpose]


@pytest.mark.parametrize("purpose", [p for p in NEEDED if p is not Purpose.DIALOG])
def test_what_is_needed_has_a_way_without_its_test_id(purpose):
    """X renames test ids; then something else has to do."""
    assert any("data-testid" not in way.css for way in WAYS[purpose])


@pytest.mark.parametrize("purpose", Purpose)
def test_the_names_of_ways_are_distinct(purpose):
    names = [way.name for way in WAYS[purpose]]

    assert len(set(names)) == len(names)


def test_drift_is_named_by_what_hit():
    assert ("box: role textbox",) == drifted({"profile": 0, "box": 3, "add": -1})


def test_the_ways_travel_as_plain_data():
    assert json.loads(json.dumps(for_page())) == for_page()


# --- what a text box holds


@pytest.mark.parametrize(
    ("held", "exact", "wanted", "same"),
    [
        ("one\ntwo", True, "one\r\ntwo", True),
        ("one\n\ntwo", True, "one\ntwo", False),
        ("one\n\n\ntwo", False, "one\n\ntwo", True),
        ("cafe\u0301", True, "café", True),
        ("a\u00a0b", True, "a b", True),
        ("hello", True, "hello ", True),
        ("hello", True, "hello @alice", False),
        ("helo", False, "hello", False),
        ("", True, "", True),
    ],
)
def test_a_box_holds_the_text_or_not(held, exact, wanted, same):
    assert Box(held, exact).holds(wanted) is same


# --- whose turn it is

PARENT = id_at(NOW - timedelta(days=1))
FIRST = id_at(NOW, sequence=1)


def request(text, parent=None, pictures=0):
    reply = {"reply": {"in_reply_to_tweet_id": parent}} if parent else {}
    media = {"media": {"media_entities": [{"media_id": str(n)} for n in range(pictures)]}}
    return json.dumps({"variables": {"tweet_text": text, **reply, **media}, "queryId": "q"})


def turns(*texts, reply_to=None, pictures=(), **ids):
    found = Turns(texts=texts, reply_to=reply_to, pictures=pictures)
    found.ids.update({int(n[1:]): value for n, value in ids.items()})
    return found


def test_a_single_post_is_let_out_once():
    gate = turns("hello")

    assert [0, None] == [gate.judge(request("hello")), gate.judge(request("hello"))]


def test_the_page_may_trim_and_normalise():
    assert 0 == turns("cafe\u0301\r\n\r\nsee x ").judge(request("café\n\nsee x"))


@pytest.mark.parametrize(
    "sent",
    [
        "see a.example/two",
        "see  a.example/one",
        "See a.example/one",
        "see a.example/one,",
        "see\na.example/one",
    ],
)
def test_what_only_looks_alike_is_another_text(sent):
    """Two texts are never equal because both were made poorer: where a link leads is part of a text."""
    assert turns("see a.example/one").judge(request(sent)).cause is Cause.COMPOSER_DIFFERS


def test_a_part_leaves_with_all_its_pictures_or_not_at_all():
    assert turns("look", pictures=[2]).judge(request("look", pictures=1)).cause is Cause.MEDIA_NOT_ATTACHED
    assert 0 == turns("look", pictures=[2]).judge(request("look", pictures=2))


@pytest.mark.parametrize(
    ("url", "body", "asks"),
    [
        ("/i/api/graphql/q/CreateTweet", "{}", True),
        ("/i/api/graphql/q/useComposerQuery", request("anything"), True),
        ("/i/api/2/whatever", '{"status": "our text"}', True),
        ("/i/api/1.1/client/event.json", '{"event": "click"}', False),
        ("/i/media/upload.json", None, False),
        ("/i/api/1.1/media/metadata/create.json", '{"alt_text": {"text": "our text"}}', False),
    ],
)
def test_an_ask_is_known_by_its_name_or_by_what_it_says(url, body, asks):
    assert makes_a_post("POST", f"https://x.com{url}", body, ["our text"]) is asks
    assert not makes_a_post("OPTIONS", f"https://x.com{url}", body, ["our text"])


BORDER = "--x\r\nContent-Disposition: form-data; name=a\r\n\r\n"


@pytest.mark.parametrize("text", ["our text", "hi", "two\nlines & more", "two\r\nlines", "naïve 🗺️"])
@pytest.mark.parametrize(
    "form",
    [
        lambda text: urlencode({"a": "1", "status": text}),
        lambda text: f"{BORDER}{text}\r\n--x--\r\n",
        lambda text: f"for(;;);{json.dumps({'say': text})}",
        lambda text: f"{json.dumps(['log'])}\n{json.dumps([text], ensure_ascii=False)}",
    ],
    ids=["urlencoded", "in pieces", "guarded", "lines"],
)
def test_a_text_is_known_in_whichever_form_it_is_sent(form, text):
    assert makes_a_post("POST", "https://x.com/i/api/publish", form(text), [text])
    assert not makes_a_post("POST", "https://x.com/i/api/publish", form("something else"), [text])


@pytest.mark.parametrize(
    ("url", "asks"),
    [
        ("/i/api/graphql/q/CreateTweet?variables=%7B%7D", True),
        ("/i/api/graphql/q/Composer?variables=%7B%22tweet_text%22%3A%22x%22%7D", True),
        ("/1.1/statuses/update.json?status=x", True),
        ("/i/api/graphql/q/UserTweets?variables=%7B%7D", False),
        ("/i/api/1.1/search/typeahead.json?q=our%20text", False),
        ("/alice/status/20?s=tweet_text_x", False),
    ],
)
def test_an_address_can_make_a_post_too(url, asks):
    assert makes_a_post("GET", f"https://x.com{url}", None, ["our text"]) is asks


@pytest.mark.parametrize("text", ["hello @alice", "hell", "", "other"])
def test_another_text_is_not_let_out(text):
    assert turns("hello").judge(request(text)).cause is Cause.COMPOSER_DIFFERS


@pytest.mark.parametrize("parent", [None, FIRST])
def test_a_reply_is_let_out_under_its_parent_only(parent):
    assert 0 == turns("hello", reply_to=PARENT).judge(request("hello", PARENT))
    assert (
        turns("hello", reply_to=PARENT).judge(request("hello", parent)).cause is Cause.REPLY_CONTEXT_MISSING
    )


def test_a_post_that_is_no_reply_is_not_let_out_as_one():
    assert isinstance(turns("hello").judge(request("hello", PARENT)), Stopped)


def test_a_thread_is_let_out_in_order_and_chained():
    gate = turns("one", "two")

    assert 0 == gate.judge(request("one"))
    gate.ids[0] = FIRST
    assert isinstance(gate.judge(request("two", PARENT)), Stopped)
    assert 1 == gate.judge(request("two", FIRST))
    assert gate.judge(request("two", FIRST)) is None


def test_a_part_whose_parent_is_not_known_does_not_leave():
    """What answered the part before was not understood: under which post the next would stand is not known."""
    gate = turns("one", "two", reply_to=PARENT)
    gate.judge(request("one", PARENT))

    for parent in (PARENT, None, FIRST):
        assert isinstance(gate.judge(request("two", parent)), Stopped)


def test_equal_parts_are_told_apart_by_their_parents():
    gate = turns("again", "again")

    assert 0 == gate.judge(request("again"))
    assert gate.judge(request("again")) is None
    gate.ids[0] = FIRST
    assert 1 == gate.judge(request("again", FIRST))


@pytest.mark.parametrize(
    "body", [None, "", "text=hello", "{}", '{"variables": 7}', '{"variables": {"tweet_text": 7}}']
)
def test_a_request_that_cannot_be_read_is_not_let_out(body):
    assert turns("hello").judge(body).cause is Cause.UI_DRIFT


# --- what a page paints


def entry(ago, author="alice", **more):
    ids = {"id": id_at(NOW - timedelta(minutes=ago)), "author": author, "said": ["Hello"], "cut": False}
    return {**ids, "context": False, "promoted": False} | more


def reading(*entries, place=Place.PROFILE):
    found = Reading(who="alice")
    found.paint(entries, place)
    return found


def test_a_painted_list_reaches_nowhere():
    """It leaves posts out, and nobody can say which."""
    assert reading(entry(1), entry(2)).reached_back_to is None


def test_only_the_first_of_a_list_can_be_pinned():
    first, second = reading(entry(900, context=True), entry(800, context=True)).posts

    assert (True, False, False, True) == (first.pinned, first.reposted, second.pinned, second.reposted)


def test_entries_without_a_true_id_are_passed_over():
    assert [entry(2)["id"]] == [post.id for post in reading(entry(1, id="123"), entry(2)).posts]


def test_links_are_known_by_their_words():
    """Where a painted link leads, only its words tell; what it answers, nothing tells but the list of plain posts."""
    [post] = reading(entry(1, said=["See ", {"shown": "a.example/p"}])).posts
    [reply] = reading(entry(1), place=Place.REPLIES).posts

    assert (("See ", Link(None, "a.example/p")), True) == (post.said.pieces, post.said.painted)
    assert (True, False) == (post.parent_known, reply.parent_known)


# --- how long to wait


class Clock:
    """Time that only moves when told."""

    def __init__(self):
        self.at = 100.0

    def __call__(self):
        """Tell it."""
        return self.at


def test_patience_ends_when_the_page_stays_quiet():
    clock = Clock()
    patience = Patience(lambda: 1000.0, clock)
    clock.at += QUIET + 1

    assert patience.ended(waiting=False)


def test_patience_does_not_end_while_an_answer_is_on_its_way():
    """X is silent for longer than a page may be: its answer is on its way for up to half a minute."""
    clock = Clock()
    patience = Patience(lambda: 1000.0, clock)
    assert not patience.ended(waiting=True)
    clock.at += 30

    assert not patience.ended(waiting=True)


def test_patience_ends_when_an_answer_takes_longer_than_any_did():
    """The rest of its account is not held up until the deadline: the post is unconfirmed, and is looked for."""
    clock = Clock()
    patience = Patience(lambda: 1000.0, clock)
    assert not patience.ended(waiting=True)
    clock.at += ANSWER_WITHIN + 1

    assert patience.ended(waiting=True)


def test_every_part_of_a_thread_is_given_its_time():
    """An answer to one part begins the wait for the next anew, whether or not anybody saw the instant between."""
    clock = Clock()
    patience = Patience(lambda: 1000.0, clock)
    for answered in range(5):
        assert not patience.ended(waiting=True, answered=answered)
        clock.at += ANSWER_WITHIN - 1
        assert not patience.ended(waiting=True, answered=answered)
        clock.at += 0.5
    clock.at += 1

    assert patience.ended(waiting=True, answered=4)


def test_patience_ends_before_the_deadline():
    assert Patience(lambda: MARGIN / 2, Clock()).ended(waiting=True)


# What a look may say -----------------------------------------------------------------------------------------


def test_a_post_s_own_page_is_a_whole_list_only_with_what_stands_around_it():
    """The post alone, or a page of which a part failed, proves nothing of the replies to it."""
    assert proves(Told(ended=True), Place.THREAD)
    assert not proves(Told(), Place.THREAD)
    assert proves(Told(), Place.REPLIES)
    assert not proves(None, Place.REPLIES)


class Moved:
    """A clock that somebody sets."""

    def __init__(self, monkeypatch):
        self.by = timedelta(0)
        monkeypatch.setattr(hearing, "now", lambda: datetime.now(UTC) + self.by)


@pytest.mark.parametrize(("seconds", "known"), [(0, True), (-3600, False), (4, False)])
def test_a_clock_that_is_moved_while_we_listen_compares_nothing(monkeypatch, seconds, known):
    """Neither before it was moved nor after does an answer say how far apart the clocks are now."""
    clock = Moved(monkeypatch)
    ear = hearing.Ear(Mock(), Mock(), "https://x.com")
    monkeypatch.setattr(hearing, "offset", lambda _: "compared")
    clock.by = timedelta(seconds=seconds)

    assert ("compared" if known else None) == ear.offset()
