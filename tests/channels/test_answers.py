"""Every answer X has been seen to give, and what it means. Nothing here reads a message."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from steadypost.channels.x_web.answers import Asked, Received, interpret, shape, whole
from steadypost.domain.outcome import (
    Cause,
    Deferred,
    NotSubmitted,
    Phase,
    Published,
    Refused,
    Unconfirmed,
)
from steadypost.domain.snowflake import id_at

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


def meaning(body, status=200, others=(), **headers):
    asked = Asked(handle="alice", armed_at=NOW - timedelta(seconds=3), others=frozenset(others))
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
        post(id_at(NOW - timedelta(minutes=2))),
        post(id_at(NOW + timedelta(minutes=2))),
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


def test_the_authors_id_is_never_taken():
    """The first rest_id in an answer is the author's."""
    result = post()
    del result["rest_id"], result["legacy"]

    assert isinstance(meaning(success(result)), Unconfirmed)


def test_an_id_that_another_part_has_is_not_this_parts():
    assert isinstance(meaning(success(post()), others={OURS}), Unconfirmed)


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
    (433, Refused, Cause.TARGET_GONE, None),
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

    assert shape(body) == "{data: {token: str, n: int, list: [1 × {deep: null}], ?: bool}}"


def test_an_odd_answer_brings_its_shape_home():
    found = meaning({"data": {"create_tweet": {"tweet_results": {}}}})

    assert "{data: {create_tweet: {tweet_results: {}}}}" in found.why


def test_a_shape_has_an_end():
    assert len(shape({f"key_{n}": "x" for n in range(1000)})) <= 400


# --- threads

LIVE = Published(remote_id=OURS)
DOUBT = Unconfirmed(cause=Cause.NO_ANSWER, why="", phase=Phase.CLICKED)
NO = Refused(cause=Cause.TOO_LONG, code="186", why="")


def test_parts_after_a_refusal_never_had_their_turn():
    outcomes = whole({0: LIVE, 1: NO}, {0, 1}, 4, stopped=True, fallback=DOUBT)

    assert outcomes[:2] == (LIVE, NO)
    assert [type(outcome) for outcome in outcomes[2:]] == [NotSubmitted, NotSubmitted]
    assert {outcome.cause for outcome in outcomes[2:]} == {Cause.EARLIER_PART}


def test_parts_after_a_lost_answer_are_in_doubt():
    assert whole({0: LIVE, 1: DOUBT}, {0, 1}, 3, stopped=True, fallback=DOUBT) == (LIVE, DOUBT, DOUBT)


def test_a_part_that_was_let_out_is_in_doubt_even_after_a_refusal():
    assert whole({0: NO}, {0, 1}, 3, stopped=True, fallback=DOUBT)[1] == DOUBT


def test_while_the_page_may_still_send_nothing_is_certain():
    assert whole({0: NO}, {0}, 2, stopped=False, fallback=DOUBT) == (NO, DOUBT)


def test_an_answer_counts_whatever_came_before_it():
    assert whole({0: DOUBT, 1: LIVE}, {0, 1}, 2, stopped=True, fallback=DOUBT) == (DOUBT, LIVE)
