"""Every answer X has been seen to give, and what it means. Nothing here reads a message."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from steadypost.channels.x_web.answers import (
    SPREADS_WITHIN,
    Asked,
    Received,
    interpret,
    parent_missing,
    shape,
    whole,
)
from steadypost.domain.clock import Offset
from steadypost.domain.delivery import Delivery, State
from steadypost.domain.matching import CLOCK_SKEW
from steadypost.domain.outcome import (
    Answer,
    Cause,
    Deferred,
    NotSubmitted,
    Phase,
    Published,
    Refused,
    Unconfirmed,
)
from steadypost.domain.parts import DeliveryPart, PartState
from steadypost.networks.x.snowflake import id_at

NOW = datetime(2026, 3, 4, 21, 30, tzinfo=UTC)
OURS = id_at(NOW, sequence=7)
PARENT = id_at(NOW - timedelta(hours=1))
AUTHOR = "1566077826414841856"

HOURS = timedelta(hours=1)


def heard(body, status=200, **headers):
    text = body if isinstance(body, str) else json.dumps(body)
    return Received(
        status=status, body=text, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def meaning(body, status=200, others=(), offset=None, **headers):
    armed_at = NOW - timedelta(seconds=3)
    asked = Asked(handle="alice", armed_at=armed_at, offset=offset, others=frozenset(others))
    return interpret(heard(body, status, **headers), asked, NOW)


def success(result, root="create_tweet"):
    return {"data": {root: {"tweet_results": {"result": result}}}}


def post(rest_id=OURS, handle="alice"):
    author = {"rest_id": AUTHOR, "core": {"screen_name": handle}, "legacy": {}}
    return {"core": {"user_results": {"result": author}}, "rest_id": rest_id, "legacy": {"id_str": rest_id}}


def errors(*codes, data=None, nested=False):
    listed = [
        {"message": "words", "path": ["create_tweet"], "extensions": {"code": code}}
        | ({} if nested else {"code": code})
        for code in codes
    ]
    return {"errors": listed, "data": data or {}}


# --- an id


@pytest.mark.parametrize(
    "body",
    [
        success(post()),
        success({"legacy": {"id_str": OURS}}),
        success({"__typename": "TweetWithVisibilityResults", "tweet": post()}),
        success(post(), root="notetweet_create"),
        success(post(handle="ALICE")),
        errors(187, data=success(post())["data"]),
        errors(226, 344, data=success(post())["data"]),
    ],
    ids=["usual", "legacy only", "wrapped", "long post", "other case", "errors and data", "more errors"],
)
def test_an_id_in_a_known_place_means_published(body):
    assert meaning(body) == Published(remote_id=OURS)


def test_an_id_counts_whatever_the_status():
    assert meaning(success(post()), status=503) == Published(remote_id=OURS)


@pytest.mark.parametrize(
    "result",
    [
        post(PARENT),
        post(id_at(NOW - timedelta(minutes=22))),
        post(id_at(NOW + timedelta(minutes=22))),
        post(int(OURS)),
        post("posted_1772659800"),
        post("1234567"),
        {**post(), "legacy": {"id_str": PARENT}},
        post(handle="bob"),
    ],
    ids=["parent", "older", "future", "number", "placeholder", "short", "two ids", "another author"],
)
def test_an_id_that_cannot_be_ours_is_no_id(result):
    found = meaning(success(result), others={PARENT})

    assert isinstance(found, Unconfirmed)
    assert found.cause is Cause.ODD_ANSWER


@pytest.mark.parametrize("ahead", [-600, -20, 0, 20, 600])
def test_x_s_own_date_decides_how_old_a_post_may_be(ahead):
    """This machine's clock may be minutes off: the answer says what time it is at X. What fits neither is not ours."""
    at_x = NOW + timedelta(seconds=ahead)
    date = format_datetime(at_x, usegmt=True)

    assert meaning(success(post(id_at(at_x, sequence=7))), date=date) == Published(
        remote_id=id_at(at_x, sequence=7)
    )
    assert meaning(success(post()), date=date) == Published(remote_id=OURS)
    for wrong in (min(at_x, NOW) - timedelta(seconds=20), max(at_x, NOW) + timedelta(seconds=20)):
        assert isinstance(meaning(success(post(id_at(wrong))), date=date), Unconfirmed)


def test_without_a_date_the_clocks_as_they_were_compared_decide():
    """And where nothing is known of X's clock, an id is held to what a clock may be off."""
    behind = Offset(ahead=timedelta(seconds=-60), within=timedelta(seconds=1))
    older = post(id_at(NOW - timedelta(seconds=60), sequence=7))

    assert isinstance(meaning(success(older), offset=behind), Published)
    assert isinstance(meaning(success(post(id_at(NOW - timedelta(seconds=30)))), offset=behind), Unconfirmed)
    assert isinstance(meaning(success(older)), Published)
    assert isinstance(meaning(success(post(id_at(NOW - timedelta(minutes=30))))), Unconfirmed)


def test_a_limit_ends_by_our_clock_when_x_names_its_end_by_its_own():
    """X's clock is ten minutes behind: what it calls a quarter past is twenty-five past here."""
    at_x = NOW - timedelta(minutes=10)
    reset = str(int((at_x + timedelta(minutes=15)).timestamp()))
    found = meaning(errors(88), date=format_datetime(at_x, usegmt=True), x_rate_limit_reset=reset)

    assert NOW + timedelta(minutes=15) == found.until


def test_the_authors_id_is_never_taken():
    """The first rest_id in an answer is the author's."""
    result = post()
    del result["rest_id"], result["legacy"]

    assert isinstance(meaning(success(result)), Unconfirmed)


def test_an_id_that_another_part_has_is_not_this_parts():
    assert isinstance(meaning(success(post()), others={OURS}), Unconfirmed)


HIDDEN = {
    "another root": {"create_post": {"tweet_results": {"result": {"rest_id": OURS}}}},
    "another path": {"create_tweet": {"post": {"result": {"rest_id": OURS}}}},
    "a number": {"create_post": {"id": int(OURS)}},
    "in a list": {"created": [{"post": {"id": OURS}}]},
    "accepted": {"create_tweet": {"status": "queued"}},
    "too deep": json.loads('{"x":' * 400 + "[]" + "}" * 400),
}


@pytest.mark.parametrize("data", HIDDEN.values(), ids=HIDDEN)
@pytest.mark.parametrize("codes", [(226,), (344,), (88,), (32,), (186,), (385,), ()])
@pytest.mark.parametrize("status", [200, 403, 404, 429])
def test_a_refusal_beside_something_we_cannot_read_proves_nothing(data, codes, status):
    """The post may be in it: an error can be a warning, and what was made has another name today."""
    body = errors(*codes, data=data) if codes else {"data": data}
    found = meaning(body, status)

    assert (Unconfirmed, Cause.ODD_ANSWER) == (type(found), found.cause)


@pytest.mark.parametrize(
    "data", [None, {}, {"create_tweet": None}, {"create_tweet": {"tweet_results": {}}}, {"x": [{}, []]}]
)
def test_a_refusal_beside_nothing_is_a_refusal(data):
    assert isinstance(meaning(errors(186) | {"data": data}), Refused)


# --- a code

DAY_END = datetime(2026, 3, 5, tzinfo=UTC)

CODES = [
    (186, Refused, Cause.TOO_LONG, None),
    (323, Refused, Cause.MEDIA_REFUSED, None),
    (324, Refused, Cause.MEDIA_REFUSED, None),
    (325, Refused, Cause.MEDIA_REFUSED, None),
    (144, Refused, Cause.TARGET_GONE, None),
    (179, Refused, Cause.TARGET_GONE, None),
    (385, Refused, Cause.TARGET_GONE, None),
    (433, Refused, Cause.TARGET_CLOSED, None),
    (32, Deferred, Cause.SIGNED_OUT, None),
    (89, Deferred, Cause.SIGNED_OUT, None),
    (215, Deferred, Cause.SIGNED_OUT, None),
    (353, Deferred, Cause.SIGNED_OUT, None),
    (37, Deferred, Cause.SUSPENDED, None),
    (64, Deferred, Cause.SUSPENDED, None),
    (141, Deferred, Cause.SUSPENDED, None),
    (326, Deferred, Cause.LOCKED, None),
    (366, Deferred, Cause.CHALLENGE, None),
    (88, Deferred, Cause.RATE_LIMIT, NOW + timedelta(minutes=15)),
    (185, Deferred, Cause.DAILY_LIMIT, DAY_END),
    (344, Deferred, Cause.DAILY_LIMIT, DAY_END),
    (226, Deferred, Cause.AUTOMATION_SUSPECTED, NOW + 6 * HOURS),
]


@pytest.mark.parametrize("nested", [False, True], ids=["code", "extensions.code"])
@pytest.mark.parametrize(("code", "kind", "cause", "until"), CODES)
def test_each_code_has_its_meaning(code, kind, cause, until, nested):
    found = meaning(errors(code, nested=nested))

    assert type(found) is kind
    assert found.cause is cause
    assert found.code == str(code)
    assert getattr(found, "until", None) == until


@pytest.mark.parametrize("status", [200, 400, 403, 429])
def test_a_code_means_the_same_under_any_status(status):
    assert meaning(errors(344), status=status).cause is Cause.DAILY_LIMIT


def test_a_duplicate_means_that_somebody_has_to_look():
    """A copy may be live: of all refusals the only one that proves no absence."""
    found = meaning(errors(187))

    assert isinstance(found, Unconfirmed)
    assert found.cause is Cause.DUPLICATE


def test_a_duplicate_among_other_errors_is_still_a_duplicate():
    assert meaning(errors(226, 187)).cause is Cause.DUPLICATE


def test_a_code_we_do_not_know_proves_nothing():
    assert isinstance(meaning(errors(99999)), Unconfirmed)


def test_a_message_is_never_read():
    """The words say automated, the code says daily limit."""
    body = errors(344)
    body["errors"][0]["message"] = "This request looks like it might be automated. (226) duplicate (187)"

    assert meaning(body).cause is Cause.DAILY_LIMIT


# --- when to come back


@pytest.mark.parametrize(("code", "status"), [(88, 200), (88, 429), (344, 200)])
def test_a_reset_header_names_the_end(code, status):
    end = NOW + timedelta(minutes=4)

    assert meaning(errors(code), status, x_rate_limit_reset=str(int(end.timestamp()))).until == end


def test_a_window_with_asks_left_is_not_the_one_that_ended():
    """X sends the header with every answer. The daily limit is another window."""
    soon = str(int((NOW + timedelta(minutes=4)).timestamp()))
    found = meaning(errors(344), x_rate_limit_reset=soon, x_rate_limit_remaining="288")

    assert found.until == DAY_END


@pytest.mark.parametrize("after", ["90", "Wed, 04 Mar 2026 21:31:30 GMT"])
def test_retry_after_names_the_end_too(after):
    assert meaning("", 429, retry_after=after).until == NOW + timedelta(seconds=90)


@pytest.mark.parametrize("reset", ["soon", "-1", "0", "9999999999", "1e9", "٣"])
def test_an_end_that_cannot_be_meant_is_not_believed(reset):
    assert meaning("", 429, x_rate_limit_reset=reset).until == NOW + timedelta(minutes=15)


# --- a bare status


@pytest.mark.parametrize("body", ["", "<!doctype html>", {}, {"errors": []}])
@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (401, Cause.SIGNED_OUT),
        (403, Cause.SIGNED_OUT),
        (404, Cause.UI_DRIFT),
        (429, Cause.RATE_LIMIT),
    ],
)
def test_a_bare_status_that_says_no(status, cause, body):
    found = meaning(body, status)

    assert isinstance(found, Deferred)
    assert (found.cause, found.code) == (cause, "-")


@pytest.mark.parametrize("status", [200, 201, 204, 301, 302, 400, 408, 418, 500, 502, 503, 504])
@pytest.mark.parametrize(
    "body",
    [
        "",
        "<!doctype html><title>X</title>",
        "null",
        "[]",
        "{}",
        '{"data": null}',
        '{"data": {"create_tweet": {"tweet_results": {}}}}',
        '{"data": {"create_tweet": {"post_results": {"result": {"identity": {"value": "1"}}}}}}',
        '{"errors": [null, 7, {"code": "344"}]}',
        "[" * 100_000,
    ],
)
def test_what_is_not_recognised_is_unconfirmed(status, body):
    found = meaning(body, status)

    assert isinstance(found, Unconfirmed)
    assert found.cause is Cause.ODD_ANSWER
    assert found.phase is Phase.ANSWERED


# --- the shape of the odd


def test_a_shape_holds_no_value():
    body = {"data": {"token": "abc123secret", "n": 7, "list": [{"deep": None}], "a key with blanks": True}}

    assert "{data: {token: str, n: int, list: [1 × {deep: null}], ?: bool}}" == shape(body)


def test_an_odd_answer_brings_its_shape_home():
    found = meaning({"data": {"create_tweet": {"tweet_results": {}}}})

    assert "{data: {create_tweet: {tweet_results: {}}}}" in found.why


def test_a_shape_has_an_end():
    assert len(shape({f"key_{n}": "x" for n in range(1000)})) <= 400


# --- a parent that is ours and young

MINUTES = timedelta(minutes=1)
YOUNG = [timedelta(0), timedelta(seconds=4), 3 * MINUTES, SPREADS_WITHIN, -CLOCK_SKEW]
OLD = [SPREADS_WITHIN + timedelta(seconds=1), HOURS, 30 * HOURS, -CLOCK_SKEW - timedelta(seconds=1)]


def below(age, code=385, *, ours=True):
    parent = id_at(NOW - age)
    asked = Asked(
        handle="alice",
        armed_at=NOW - timedelta(seconds=3),
        others=frozenset({parent}),
        own_parent=parent if ours else None,
    )
    return interpret(heard(errors(code)), asked, NOW)


@pytest.mark.parametrize("code", [144, 179, 385])
@pytest.mark.parametrize("age", YOUNG)
def test_a_young_own_parent_may_not_be_found_everywhere_yet(age, code):
    """The thread goes on in a moment: half of it live and a person asked is the wrong end."""
    outcome = below(age, code)

    assert (Deferred, Cause.PARENT_UNSEEN, None) == (type(outcome), outcome.cause, outcome.until)


@pytest.mark.parametrize("age", OLD)
def test_past_its_time_the_answer_means_what_it_says(age):
    """It is bounded; and an id from the future is no young one, or a clock that is behind would wait for ever."""
    assert (Refused, Cause.TARGET_GONE) == (type(below(age)), below(age).cause)


@pytest.mark.parametrize("code", [144, 179, 385])
def test_somebody_else_s_young_post_is_gone(code):
    """A reply's target that X does not find is not waited for."""
    assert isinstance(below(timedelta(seconds=4), code, ours=False), Refused)


@pytest.mark.parametrize("code", [433, 186])
def test_what_has_nothing_to_do_with_spreading_is_refused_below_our_own_too(code):
    """Who may reply, and how long a text is, time does not change."""
    assert isinstance(below(timedelta(seconds=4), code), Refused)


def test_the_tries_below_a_young_parent_come_to_an_end():
    """Asked again after growing waits, it is refused before the tenth try, and a person decides about the thread."""
    parent = id_at(NOW)
    delivery, moment, tries = resumed(parent), NOW, 0
    while delivery.state is State.SENDING and tries < 10:
        tries += 1
        answered = parent_missing(parent, "385", "X answered 385", moment)
        delivery = delivery.settle(Answer(outcomes=(answered,), first=1), moment, 0.0)
        if delivery.state is State.PARTIAL:
            moment, delivery = delivery.next_at, delivery.move(State.SENDING)

    assert (State.NEEDS_REVIEW, Cause.TARGET_GONE) == (delivery.state, delivery.cause)
    assert 3 <= tries < 10


def resumed(parent):
    parts = (DeliveryPart(n=0, state=PartState.LIVE, remote_id=parent), DeliveryPart(n=1))
    return Delivery(
        id=1, post_id=1, account="alice", state=State.SENDING, due_at=NOW, next_at=NOW, parts=parts
    )


# --- threads

LIVE = Published(remote_id=OURS)
UNCONFIRMED = Unconfirmed(cause=Cause.NO_ANSWER, why="", phase=Phase.CLICKED)
NO = Refused(cause=Cause.TOO_LONG, code="186", why="")


def test_parts_after_a_refusal_never_had_their_turn():
    outcomes = whole({0: LIVE, 1: NO}, {0, 1}, 4, stopped=True, fallback=UNCONFIRMED)

    assert outcomes[:2] == (LIVE, NO)
    assert [type(outcome) for outcome in outcomes[2:]] == [NotSubmitted, NotSubmitted]
    assert {outcome.cause for outcome in outcomes[2:]} == {Cause.EARLIER_PART}


def test_parts_after_a_lost_answer_are_unconfirmed():
    assert whole({0: LIVE, 1: UNCONFIRMED}, {0, 1}, 3, stopped=True, fallback=UNCONFIRMED) == (
        LIVE,
        UNCONFIRMED,
        UNCONFIRMED,
    )


def test_a_part_that_was_let_out_is_unconfirmed_even_after_a_refusal():
    assert whole({0: NO}, {0, 1}, 3, stopped=True, fallback=UNCONFIRMED)[1] == UNCONFIRMED


def test_while_the_page_may_still_send_nothing_is_certain():
    assert whole({0: NO}, {0}, 2, stopped=False, fallback=UNCONFIRMED) == (NO, UNCONFIRMED)


def test_an_answer_counts_whatever_came_before_it():
    assert whole({0: UNCONFIRMED, 1: LIVE}, {0, 1}, 2, stopped=True, fallback=UNCONFIRMED) == (
        UNCONFIRMED,
        LIVE,
    )
