"""What is decided from what the page shows, without a page: walls, drift, whose turn it is, how far a list goes."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from steadypost.channels.x_web.gate import Stopped, Turns
from steadypost.channels.x_web.look import Reading
from steadypost.channels.x_web.selectors import NEEDED, WAYS, Purpose, drifted, for_page
from steadypost.channels.x_web.survey import Box
from steadypost.channels.x_web.waiting import ANSWER_WITHIN, MARGIN, QUIET, Patience
from steadypost.channels.x_web.walls import ALERTS, wall
from steadypost.domain.outcome import Cause
from steadypost.domain.snowflake import id_at, made_at

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
    assert drifted({"profile": 0, "box": 3, "add": -1}) == ("box: role textbox",)


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


def request(text, parent=None):
    reply = {"reply": {"in_reply_to_tweet_id": parent}} if parent else {}
    return json.dumps({"variables": {"tweet_text": text, **reply}, "queryId": "q"})


def turns(*texts, reply_to=None, **ids):
    found = Turns(texts=texts, reply_to=reply_to, armed_at=NOW)
    found.ids.update({int(n[1:]): value for n, value in ids.items()})
    return found


def test_a_single_post_is_let_out_once():
    gate = turns("hello")

    assert [gate.judge(request("hello")), gate.judge(request("hello"))] == [0, None]


def test_the_page_may_trim_and_normalise():
    assert (
        turns("cafe\u0301 \r\n see https://example.org/x ").judge(request("café\nsee https://example.org/x"))
        == 0
    )


@pytest.mark.parametrize("text", ["hello @alice", "hell", "", "other"])
def test_another_text_is_not_let_out(text):
    assert turns("hello").judge(request(text)).cause is Cause.COMPOSER_DIFFERS


@pytest.mark.parametrize("parent", [None, FIRST])
def test_a_reply_is_let_out_under_its_parent_only(parent):
    assert turns("hello", reply_to=PARENT).judge(request("hello", PARENT)) == 0
    assert (
        turns("hello", reply_to=PARENT).judge(request("hello", parent)).cause is Cause.REPLY_CONTEXT_MISSING
    )


def test_a_post_that_is_no_reply_is_not_let_out_as_one():
    assert isinstance(turns("hello").judge(request("hello", PARENT)), Stopped)


def test_a_thread_is_let_out_in_order_and_chained():
    gate = turns("one", "two")

    assert gate.judge(request("one")) == 0
    gate.ids[0] = FIRST
    assert isinstance(gate.judge(request("two", PARENT)), Stopped)
    assert gate.judge(request("two", FIRST)) == 1
    assert gate.judge(request("two", FIRST)) is None


def test_before_the_id_is_known_a_parent_has_at_least_to_be_fresh():
    gate = turns("one", "two", reply_to=PARENT)
    gate.judge(request("one", PARENT))

    assert isinstance(gate.judge(request("two", PARENT)), Stopped)
    assert isinstance(gate.judge(request("two")), Stopped)
    assert gate.judge(request("two", FIRST)) == 1


def test_equal_parts_are_told_apart_by_their_parents():
    gate = turns("again", "again")

    assert gate.judge(request("again")) == 0
    assert gate.judge(request("again")) is None
    assert gate.judge(request("again", FIRST)) == 1


@pytest.mark.parametrize(
    "body", [None, "", "text=hello", "{}", '{"variables": 7}', '{"variables": {"tweet_text": 7}}']
)
def test_a_request_that_cannot_be_read_is_not_let_out(body):
    assert turns("hello").judge(body).cause is Cause.UI_DRIFT


# --- how far a list goes


def entry(ago, author="alice", **more):
    ids = {"id": id_at(NOW - timedelta(minutes=ago)), "author": author, "text": "", "cut": False}
    return {**ids, "context": False, "promoted": False} | more


def reading(*entries, **more):
    found = Reading("alice")
    found.take(entries)
    for name, value in more.items():
        setattr(found, name, value)
    return found


def minutes_back(found):
    reach = found.reach()
    return None if reach is None else round((NOW - reach) / timedelta(minutes=1))


def test_a_list_reaches_back_to_the_last_post_with_an_older_one_below():
    assert minutes_back(reading(entry(1), entry(5), entry(9))) == 5


def test_a_list_that_ended_reaches_back_to_its_last_post():
    assert minutes_back(reading(entry(1), entry(5), ended=True)) == 5


@pytest.mark.parametrize("extra", [{"context": True}, {"promoted": True}, {"author": "bob"}])
def test_pinned_reposted_promoted_and_others_posts_tell_nothing(extra):
    assert minutes_back(reading(entry(900, **extra), entry(1), entry(2), entry(3), entry(901, **extra))) == 2


def test_a_parent_above_its_reply_tells_nothing():
    """An old root stands high in the list when somebody went on with it today."""
    assert minutes_back(reading(entry(1), entry(600), entry(2), entry(3), entry(4))) == 3


def test_a_list_with_a_gap_reaches_nowhere():
    assert minutes_back(reading(entry(1), entry(2), entry(3), whole=False)) is None


def test_an_empty_list_reaches_nowhere():
    assert minutes_back(reading(ended=True)) is None


def test_only_the_first_of_a_list_can_be_pinned():
    first, second = reading(entry(900, context=True), entry(800, context=True)).posts

    assert (first.pinned, first.reposted, second.pinned, second.reposted) == (True, False, False, True)


def test_entries_without_a_true_id_are_passed_over():
    assert reading(entry(1, id="123"), entry(2)).posts[0].id == entry(2)["id"]


def test_ids_carry_their_time():
    assert made_at(entry(3)["id"]) == NOW - timedelta(minutes=3)


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
    """The rest of its account is not held up until the deadline: the post is in doubt, and is looked for."""
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
