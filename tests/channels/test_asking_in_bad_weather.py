"""Whatever goes wrong, the answer says of every part the truth, or that it is not known. Judged by the ledger."""

import os
import signal
import threading
import time

import pytest

from steadypost.channels.port import Place
from steadypost.channels.x_web.waiting import ANSWER_WITHIN
from steadypost.domain.evidence import Present
from steadypost.domain.outcome import (
    Cause,
    Deferred,
    NotSubmitted,
    Phase,
    Published,
    Refused,
    Unconfirmed,
)
from tests.browser.support import slowness

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _a_past(sandbox):
    """Older posts: below them a look need not go on."""
    sandbox.seed("alice", 3)


SWITCHED = {"fault": "ui", "account": "alice"}


def ui(kind, **params):
    return SWITCHED | {"params": {"kind": kind, **params}}


def create(fault, **params):
    return {"fault": fault, "account": "alice", "params": params}


def assert_nothing_sent(sandbox, outcome, cause):
    assert isinstance(outcome, NotSubmitted), outcome
    assert outcome.cause is cause
    assert [] == sandbox.asks()


# --- X answers with a refusal

CODES = [
    (186, Refused, Cause.TOO_LONG),
    (324, Refused, Cause.MEDIA_REFUSED),
    (226, Deferred, Cause.AUTOMATION_SUSPECTED),
    (344, Deferred, Cause.DAILY_LIMIT),
    (185, Deferred, Cause.DAILY_LIMIT),
    (88, Deferred, Cause.RATE_LIMIT),
    (326, Deferred, Cause.LOCKED),
    (64, Deferred, Cause.SUSPENDED),
    (32, Deferred, Cause.SIGNED_OUT),
    (366, Deferred, Cause.CHALLENGE),
    (187, Unconfirmed, Cause.DUPLICATE),
]


@pytest.mark.parametrize(("code", "kind", "cause"), CODES)
def test_a_refusal_is_told_apart_and_nothing_is_live(alice, sandbox, code, kind, cause):
    sandbox.weather(create("error_code", code=code))
    outcome = alice.say("Not today")

    assert (type(outcome), outcome.cause) == (kind, cause)
    assert [] == alice.ledger()
    assert 1 == len(sandbox.asks())


@pytest.mark.parametrize(
    ("status", "kind", "cause"),
    [
        (403, Deferred, Cause.SIGNED_OUT),
        (404, Deferred, Cause.UI_DRIFT),
        (429, Deferred, Cause.RATE_LIMIT),
        (503, Unconfirmed, Cause.ODD_ANSWER),
    ],
)
def test_a_bare_status_is_told_apart(alice, sandbox, status, kind, cause):
    sandbox.weather(create("http_status", status=status))
    outcome = alice.say("Not today")

    assert (type(outcome), outcome.cause) == (kind, cause)
    assert [] == alice.ledger()


def test_xs_own_refusal_of_a_copy_means_that_somebody_has_to_look(alice):
    first = alice.say("Only once")
    second = alice.say("Only once")

    assert isinstance(second, Unconfirmed)
    assert second.cause is Cause.DUPLICATE
    assert [post["id"] for post in alice.ledger()] == [first.remote_id]


# --- X answers in another shape


@pytest.mark.parametrize("kind", ["result_wrapper", "legacy_only", "errors_and_data"])
def test_a_known_shape_of_another_day_brings_the_id(alice, sandbox, kind):
    sandbox.weather(create("shape", kind=kind))
    outcome = alice.say("In another shape")

    (post,) = alice.ledger()
    assert outcome == Published(remote_id=post["id"])


@pytest.mark.parametrize(
    "fault", [("shape", {"kind": "moved_id"}), ("shape", {"kind": "not_json"}), ("empty_result", {})]
)
def test_a_shape_nobody_knows_is_unconfirmed_and_then_found(alice, sandbox, fault):
    name, params = fault
    sandbox.weather(create(name, **params))
    outcome = alice.say("In a shape nobody knows")

    (post,) = alice.ledger()
    assert isinstance(outcome, Unconfirmed)
    assert outcome.cause is Cause.ODD_ANSWER
    assert alice.finds("In a shape nobody knows", alice.look()) == Present(remote_id=post["id"])


# --- X does not answer


@pytest.mark.parametrize("fault", ["drop_response", "reset_connection", "create_then_5xx"])
def test_a_lost_answer_is_unconfirmed_and_then_found(alice, sandbox, fault):
    sandbox.weather(create(fault))
    outcome = alice.say("Live, but nobody said so")

    (post,) = alice.ledger()
    assert isinstance(outcome, Unconfirmed)
    assert alice.finds("Live, but nobody said so", alice.look()) == Present(remote_id=post["id"])


@pytest.mark.slow
def test_an_answer_that_never_comes_is_unconfirmed_before_the_deadline(alice, sandbox):
    sandbox.weather(create("create_then_hang"))
    outcome = alice.say("Into the silence", within=11.0)

    assert isinstance(outcome, Unconfirmed)
    assert (outcome.cause, outcome.phase) == (Cause.NO_ANSWER, Phase.CLICKED)
    assert 1 == len(sandbox.asks())


def test_an_answer_has_its_own_time_and_the_attempt_ends_with_it(alice, sandbox):
    """Decision 0021: what the deadline leaves is not waited out, and what a later answer would tell, a look tells."""
    sandbox.weather(create("delay_after_create", seconds=120))
    began = time.monotonic()
    outcome = alice.say("Whenever you like", within=100.0, answer_within=2.0)

    assert time.monotonic() - began < ANSWER_WITHIN - 5  # it is the time handed in that ends it
    assert isinstance(outcome, Unconfirmed)
    assert (outcome.cause, outcome.phase) == (Cause.NO_ANSWER, Phase.CLICKED)
    (post,) = alice.ledger()
    assert alice.finds("Whenever you like", alice.look()) == Present(remote_id=post["id"])


def test_each_answer_of_a_thread_has_a_time_of_its_own(alice, sandbox):
    sandbox.weather(create("delay_after_create", seconds=3))
    outcomes = alice.ask("One of three", "Two of three", "Three of three", answer_within=7.0).outcomes

    assert [outcome.remote_id for outcome in outcomes] == [post["id"] for post in alice.ledger()]


def test_a_slow_answer_is_waited_for(alice, sandbox):
    sandbox.weather(create("delay_after_create", seconds=2))

    assert isinstance(alice.say("Slowly"), Published)


# --- threads


def test_after_a_lost_answer_the_rest_of_a_thread_is_unconfirmed(alice, sandbox):
    sandbox.weather(create("drop_response") | {"match": "^Two"})
    outcomes = alice.ask("One of three", "Two of three", "Three of three").outcomes

    posts = alice.ledger()
    assert outcomes[0] == Published(remote_id=posts[0]["id"])
    assert [type(outcome) for outcome in outcomes[1:]] == [Unconfirmed, Unconfirmed]
    assert ["One of three", "Two of three"] == [post["text"] for post in posts]
    seen = {post.text: post.id for post in alice.look(Place.THREAD, post=posts[0]["id"]).posts}
    assert seen["Two of three"] == posts[1]["id"]


def test_after_a_refusal_the_rest_of_a_thread_provably_had_no_turn(alice, sandbox):
    sandbox.weather(create("error_code", code=344) | {"match": "^Two"})
    outcomes = alice.ask("One of three", "Two of three", "Three of three").outcomes

    (post,) = alice.ledger()
    assert outcomes[0] == Published(remote_id=post["id"])
    assert isinstance(outcomes[1], Deferred)
    assert isinstance(outcomes[2], NotSubmitted)
    assert outcomes[2].cause is Cause.EARLIER_PART
    assert 2 == len(sandbox.asks())


# --- the session


@pytest.mark.parametrize(
    ("state", "cause"),
    [
        ("expired", Cause.SIGNED_OUT),
        ("challenge", Cause.CHALLENGE),
        ("locked", Cause.LOCKED),
        ("suspended", Cause.SUSPENDED),
        ("consent", Cause.CONSENT),
        ("other_account", Cause.OTHER_ACCOUNT),
    ],
)
@pytest.mark.parametrize("is_reply", [False, True], ids=["post", "reply"])
def test_a_wall_ends_it_before_a_word_is_typed(alice, sandbox, state, cause, is_reply):
    parent = sandbox.hand_post("bob", "Hello") if is_reply else None
    sandbox.weather({"fault": "login", "account": "alice", "params": {"state": state}})
    outcome = alice.say("Never", reply_to=parent)

    assert_nothing_sent(sandbox, outcome, cause)
    assert Phase.SIGNED_IN not in alice.phases


def test_a_revoked_session_is_told_and_a_new_one_works_at_once(alice, sandbox):
    sandbox.revoke("alice")
    gone = alice.say("Not with this")
    sandbox.accounts["alice"] = sandbox.sign_in("alice")
    back = alice.but(secret=sandbox.accounts["alice"]).say("With a new one")

    assert (type(gone), gone.cause) == (NotSubmitted, Cause.SIGNED_OUT)
    assert isinstance(back, Published)


# --- the page


@pytest.mark.parametrize(
    ("testid", "drift"),
    [
        ("tweetTextarea_0", "box: tweetTextarea_0RichTextInputContainer"),
        ("tweetButton", "submit: words on a button"),
        ("AppTabBar_Profile_Link", "profile: aria-label Profile"),
    ],
)
def test_a_renamed_element_is_found_another_way_and_named(alice, sandbox, testid, drift):
    sandbox.weather(ui("renamed_testid", **{"from": testid, "to": "x7"}))
    outcome = alice.say("Under another name")

    assert isinstance(outcome, Published)
    assert 1 == len(alice.channel.drift)
    assert alice.channel.drift[0].replace("{n}", "0") == drift


def test_a_thread_goes_out_with_a_renamed_add_button(alice, sandbox):
    sandbox.weather(ui("renamed_testid", **{"from": "addButton"}))
    outcomes = alice.ask("One", "Two").outcomes

    assert [type(outcome) for outcome in outcomes] == [Published, Published]
    assert ("add: aria-label Add post",) == alice.channel.drift


def test_without_a_composer_it_is_the_page_that_has_changed(alice, sandbox):
    sandbox.weather(ui("no_composer"))

    assert_nothing_sent(sandbox, alice.say("Never", within=15.0), Cause.UI_DRIFT)


def test_a_slow_composer_is_waited_for(alice, sandbox):
    sandbox.weather(ui("slow_composer", seconds=1))

    assert isinstance(alice.say("At last"), Published)


def test_a_cookie_banner_is_taken_away(alice, sandbox):
    sandbox.weather(ui("overlay", dismissable=True))

    assert isinstance(alice.say("Without cookies"), Published)


def test_what_cannot_be_taken_away_ends_it(alice, sandbox):
    sandbox.weather(ui("overlay", dismissable=False))

    assert_nothing_sent(sandbox, alice.say("Never"), Cause.OVERLAY)


def test_a_draft_that_was_left_over_is_cleared(alice, sandbox):
    sandbox.weather(ui("leftover_draft", text="From yesterday\nand never finished"))
    alice.say("From today")

    assert ["From today"] == [post["text"] for post in alice.ledger()]


def test_characters_that_get_lost_are_typed_again_key_by_key(alice, sandbox):
    sandbox.weather(ui("dropped_characters", every=5, bulk_only=True))
    alice.say("Every character of this counts\n\nand of this @bob")

    assert ["Every character of this counts\n\nand of this @bob"] == [post["text"] for post in alice.ledger()]


@pytest.mark.parametrize(
    "fault",
    [
        ui("dropped_characters", characters="://", bulk_only=False),
        ui("dropped_characters", characters="e", bulk_only=False),
        ui("autocomplete", text="@somebody_else "),
    ],
    ids=["lost in links", "lost keys", "a mention by itself"],
)
def test_another_text_than_ours_is_never_sent(alice, sandbox, fault):
    sandbox.weather(fault)
    outcome = alice.say("See https://example.org for more")

    assert sandbox.asks() == [] or alice.ledger()[0]["text"] == "See https://example.org for more"
    if not alice.ledger():
        assert_nothing_sent(sandbox, outcome, Cause.COMPOSER_DIFFERS)


def test_a_button_that_wants_keys_gets_keys(alice, sandbox):
    sandbox.weather(ui("disabled_button", unless_typed=True))

    assert isinstance(alice.say("Typed, then"), Published)


def test_a_button_that_stays_disabled_ends_it(alice, sandbox):
    sandbox.weather(ui("disabled_button"))

    assert_nothing_sent(sandbox, alice.say("Never"), Cause.BUTTON_DISABLED)


def test_a_text_that_is_too_long_keeps_the_button_disabled(alice, sandbox):
    assert_nothing_sent(sandbox, alice.say("x" * 281), Cause.BUTTON_DISABLED)


@pytest.mark.parametrize("when", ["open", "typing", "click"])
def test_a_reply_that_lost_its_parent_never_becomes_a_post_of_its_own(alice, sandbox, when):
    """Lost at the click itself, it is the gate that holds the request back."""
    parent = sandbox.hand_post("bob", "What do you think?")
    sandbox.weather(ui("reply_context_dropped", when=when))
    outcome = alice.say("I think so", reply_to=parent)

    assert_nothing_sent(sandbox, outcome, Cause.REPLY_CONTEXT_MISSING)
    assert outcome.phase is (Phase.CLICKED if when == "click" else outcome.phase)


def test_a_page_that_takes_one_click_for_two_sends_one(alice, sandbox):
    sandbox.weather(ui("click_twice"), create("no_duplicate_guard"))
    outcome = alice.say("Once")

    (post,) = alice.ledger()
    assert outcome == Published(remote_id=post["id"])
    assert 1 == len(sandbox.asks())


@pytest.mark.parametrize(
    "kind", ["keeps_text_after_success", "toast_generic_error", "silent_after_click", "page_error"]
)
def test_what_the_page_says_after_the_answer_changes_nothing(alice, sandbox, kind):
    sandbox.weather(ui(kind))
    outcome = alice.say("Said and done")

    (post,) = alice.ledger()
    assert outcome == Published(remote_id=post["id"])


def test_a_page_that_leaves_at_once_leaves_no_wrong_answer(alice, sandbox):
    sandbox.weather(ui("closes_after_click", seconds=0), create("delay_after_create", seconds=1))
    outcome = alice.say("Gone in an instant", within=15.0)

    assert isinstance(outcome, Unconfirmed)
    assert outcome.cause is Cause.NO_ANSWER
    # Whether the request got out before the page went is anybody's guess. The look knows.
    assert isinstance(alice.finds("Gone in an instant", alice.look()), Present) is bool(alice.ledger())


def test_a_button_that_does_nothing_asked_for_nothing(alice, sandbox):
    """Nothing has passed the gate and the page is closed: provably not submitted, and known within seconds."""
    sandbox.weather(ui("dead_button"))
    clicked_at = []
    outcome = alice.say(
        "Hello?", on=lambda phase: phase is Phase.CLICKED and clicked_at.append(time.monotonic())
    )

    assert_nothing_sent(sandbox, outcome, Cause.NOTHING_LEFT)
    assert outcome.phase is Phase.CLICKED
    assert time.monotonic() - clicked_at[0] < 5 * slowness()


# --- the way to the page


@pytest.mark.parametrize(
    ("fault", "params", "cause"),
    [
        ("page_reset", {}, Cause.PAGE_UNREACHABLE),
        ("page_error_status", {"status": 503}, Cause.SERVER_ERROR),
        ("page_error_status", {"status": 429}, Cause.RATE_LIMIT),
        ("page_delay", {"seconds": 30}, Cause.PAGE_UNREACHABLE),
        ("page_drip", {"seconds": 30}, Cause.PAGE_UNREACHABLE),
    ],
)
def test_a_page_that_does_not_open_sends_nothing(alice, sandbox, fault, params, cause):
    sandbox.weather(create(fault, **params))

    assert_nothing_sent(sandbox, alice.say("Never", within=15.0), cause)


# --- the browser


def kill_browser(alice):
    os.kill(alice.browsers.runner_at_work.identity.chromium.pid, signal.SIGKILL)


def test_a_browser_that_dies_before_the_click_sent_nothing(alice, sandbox):
    # There is nothing to write into yet: however late it is heard of, it dies before the click.
    sandbox.weather(ui("slow_composer", seconds=60))

    def die(phase):
        if phase is Phase.OPENED:
            kill_browser(alice)

    outcome = alice.say("Never", on=die)

    assert_nothing_sent(sandbox, outcome, Cause.BROWSER_DIED)


def test_a_browser_that_dies_after_the_click_leaves_it_unconfirmed_and_then_evidence(alice, sandbox):
    sandbox.weather(create("delay_after_create", seconds=20))

    def die_when_asked():
        sandbox.wait_until(lambda _: alice.ledger(), description="the post is live", within=60)
        kill_browser(alice)

    killer = threading.Thread(target=die_when_asked)
    killer.start()
    outcome = alice.say("My last words", within=90.0)
    killer.join()

    (post,) = alice.ledger()
    assert isinstance(outcome, Unconfirmed)
    assert outcome.phase is Phase.CLICKED
    assert alice.finds("My last words", alice.look()) == Present(remote_id=post["id"])


def test_what_was_known_of_a_thread_survives_the_browser(alice, sandbox):
    sandbox.weather(create("delay_after_create", seconds=20) | {"match": "^Two"})

    def die_when_asked():
        sandbox.wait_until(lambda _: len(alice.ledger()) == 2, description="two parts are live")
        kill_browser(alice)

    killer = threading.Thread(target=die_when_asked)
    killer.start()
    outcomes = alice.ask("One of three", "Two of three", "Three of three").outcomes
    killer.join()

    assert outcomes[0] == Published(remote_id=alice.ledger()[0]["id"])
    assert [type(outcome) for outcome in outcomes[1:]] == [Unconfirmed, Unconfirmed]


def test_the_deadline_ends_it_wherever_it_is(alice, sandbox):
    sandbox.weather(create("page_drip", seconds=60))
    outcome = alice.say("Never", within=0.5)

    assert isinstance(outcome, NotSubmitted)
    assert outcome.cause is Cause.DEADLINE
    assert [] == sandbox.asks()
