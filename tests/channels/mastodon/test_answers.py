"""What an answer means: only what is positively recognised is more than unconfirmed."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadypost.channels.mastodon.answers import Asked, before, interpret, limited, unless_unseen
from steadypost.channels.wire import Answered, NotSent, Unknown
from steadypost.domain.clock import Offset
from steadypost.domain.outcome import (
    Cause,
    Deferred,
    NotSubmitted,
    Phase,
    Published,
    Refused,
    Unconfirmed,
)
from steadypost.networks.mastodon.manner import Manner

NOW = datetime(2026, 11, 29, 20, 0, tzinfo=UTC)
SAME = Offset(ahead=timedelta(0), within=timedelta(seconds=1))
ASKED = Asked(handle="alice", text="Hello", how=Manner(), media=(), keyed_at=NOW, offset=SAME)
POST = {
    "id": "115593287164846001",
    "created_at": "2026-11-29T20:00:01.000Z",
    "account": {"acct": "alice"},
    "content": "<p>Hello</p>",
    "media_attachments": [],
    "mentions": [],
    "spoiler_text": "",
    "visibility": "public",
    "in_reply_to_id": None,
}


def answered(status: int, told=None, **headers) -> Answered:
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    return Answered(status=status, headers={k.replace("_", "-"): v for k, v in headers.items()}, body=body)


def test_a_post_of_ours_is_published():
    assert Published(remote_id=POST["id"]) == interpret(answered(200, POST), ASKED, NOW)


@pytest.mark.parametrize(
    "changed",
    [
        {"id": 115593287164846001},
        {"id": None},
        {"id": ""},
        {"account": {"acct": "bob"}},
        {"account": None},
        {"created_at": "2026-11-29T19:39:00.000Z"},
        {"created_at": "2026-11-29T19:59:00.000Z", "content": "<p>Else</p>"},
    ],
)
def test_a_post_that_cannot_be_this_one_is_unconfirmed(changed):
    assert isinstance(interpret(answered(200, {**POST, **changed}), ASKED, NOW), Unconfirmed)


def test_a_post_of_these_words_may_be_dated_by_a_slower_clock_than_its_answer():
    """A proxy dates the answer, and a server at home the post."""
    told = {**POST, "created_at": "2026-11-29T19:42:00.000Z"}

    assert Published(remote_id=POST["id"]) == interpret(answered(200, told), ASKED, NOW)


@pytest.mark.parametrize("told", [b"", b"<html>", [], {}, None, "x", 5, {"error": "x"}])
def test_a_success_without_a_post_is_unconfirmed(told):
    assert isinstance(interpret(answered(200, told), ASKED, NOW), Unconfirmed)


def test_a_post_of_an_earlier_attempt_with_this_key_is_ours():
    asked = Asked(
        handle="alice",
        text="Hello",
        how=Manner(),
        media=(),
        keyed_at=NOW - timedelta(minutes=30),
        offset=SAME,
    )

    assert isinstance(interpret(answered(200, POST), asked, NOW + timedelta(minutes=5)), Published)


@pytest.mark.parametrize(
    ("changed", "lacking"),
    [
        ({"media_attachments": [{"description": "x"}]}, "1 of its 0 files are there"),
        ({"content": "<p>Else</p>"}, "it says something else"),
        ({"spoiler_text": "Food"}, ""),
        ({"content": None}, ""),
    ],
)
def test_what_is_not_as_ordered_is_said_of_a_published_post(changed, lacking):
    outcome = interpret(answered(200, {**POST, **changed}), ASKED, NOW)

    assert Published(remote_id=POST["id"], lacking=lacking) == outcome


def test_everything_that_is_not_as_ordered_is_said():
    how = Manner(visibility="private", warning="Food")
    asked = Asked(
        handle="alice", text="Hello", how=how, media=("a", "b"), keyed_at=NOW, reply_to="1", offset=SAME
    )
    told = {**POST, "media_attachments": [{"description": "a"}, {"description": "c"}]}
    outcome = interpret(answered(200, told), asked, NOW)

    assert (
        "a description of a file differs; its content warning differs; it is public, not private; "
        "it does not answer the post that it was to answer"
    ) == outcome.lacking


@pytest.mark.parametrize(
    ("status", "kind", "cause"),
    [
        (400, Refused, Cause.REFUSED_OTHERWISE),
        (401, Deferred, Cause.SIGNED_OUT),
        (403, Deferred, Cause.SESSION_UNUSABLE),
        (404, Refused, Cause.REFUSED_OTHERWISE),
        (413, Refused, Cause.REFUSED_OTHERWISE),
        (422, Refused, Cause.REFUSED_OTHERWISE),
        (429, Deferred, Cause.RATE_LIMIT),
    ],
)
def test_a_no_is_a_no(status, kind, cause):
    outcome = interpret(answered(status, {"error": "no"}), ASKED, NOW)

    assert (kind, cause) == (type(outcome), outcome.cause)


@pytest.mark.parametrize(
    ("status", "seconds", "cause"),
    [
        (400, 5, Cause.PARENT_UNSEEN),
        (404, 5, Cause.PARENT_UNSEEN),
        (422, 5, Cause.PARENT_UNSEEN),
        (400, 121, Cause.REFUSED_OTHERWISE),
        (404, 121, Cause.TARGET_GONE),
        (422, 121, Cause.REFUSED_OTHERWISE),
        (413, 5, Cause.REFUSED_OTHERWISE),
        (404, None, Cause.TARGET_GONE),
        (422, None, Cause.REFUSED_OTHERWISE),
    ],
)
def test_a_no_about_an_own_part_of_just_now_is_none_yet(status, seconds, cause):
    """Servers differ in how they say that the parent is not there; somebody else's post is not waited for."""
    made_at = None if seconds is None else NOW - timedelta(seconds=seconds)
    asked = replace(ASKED, reply_to="1", own_parent_at=made_at)
    outcome = unless_unseen(interpret(answered(status, {"error": "no"}), asked, NOW), asked, NOW)

    assert cause is outcome.cause
    assert isinstance(outcome, Deferred) is (cause is Cause.PARENT_UNSEEN)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
@pytest.mark.parametrize(
    "page", [b"<html>Access denied</html>", b"", [], "no"], ids=["page", "empty", "list", "text"]
)
def test_a_no_of_a_proxy_is_not_the_server_s(status, page):
    """Whether the request came to the server is not known, and the account is not at fault."""
    outcome = interpret(answered(status, page), ASKED, NOW)

    assert (Unconfirmed, Cause.ODD_ANSWER) == (type(outcome), outcome.cause)


def test_a_limit_is_one_whoever_sets_it():
    assert isinstance(interpret(answered(429, b"<html>slow down</html>"), ASKED, NOW), Deferred)


@pytest.mark.parametrize(
    "status", [100, 201, 202, 204, 206, 301, 302, 307, 308, 408, 409, 418, 425, 500, 502, 503, 504, 520]
)
def test_what_is_in_no_table_is_unconfirmed(status):
    assert isinstance(interpret(answered(status, POST), ASKED, NOW), Unconfirmed)


def test_what_was_not_sent_was_not_submitted_and_what_may_have_been_is_unconfirmed():
    never = interpret(NotSent(cause=Cause.NO_WAY_THERE, why="x"), ASKED, NOW)
    lost = interpret(Unknown(cause=Cause.NO_ANSWER, why="x"), ASKED, NOW)

    assert (NotSubmitted, Cause.NO_WAY_THERE) == (type(never), never.cause)
    assert (Unconfirmed, Cause.NO_ANSWER, Phase.CLICKED) == (type(lost), lost.cause, lost.phase)


def test_a_refusals_words_are_cut_and_in_one_line():
    outcome = interpret(answered(422, {"error": "no\n" * 400}), ASKED, NOW)

    assert "\n" not in outcome.why
    assert len(outcome.why) < 400


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x_ratelimit_reset": "2026-11-29T20:02:00.123456Z"}, 120),
        ({"x_ratelimit_reset": "2026-11-29T21:02:00+01:00"}, 120),
        ({"retry_after": "60"}, 60),
        ({"retry_after": "Sun, 29 Nov 2026 20:03:00 GMT"}, 180),
        ({"x_ratelimit_reset": "1795982700"}, 300),
        ({"x_ratelimit_reset": "2026-11-29T19:00:00Z"}, 300),
        ({"x_ratelimit_reset": "2027-11-29T19:00:00Z"}, 300),
        ({"retry_after": "soon"}, 300),
        ({}, 300),
    ],
)
def test_a_limit_ends_when_it_says_and_else_after_a_window(headers, seconds):
    outcome = interpret(answered(429, {"error": "no"}, **headers), ASKED, NOW)

    assert timedelta(seconds=seconds) == timedelta(seconds=int((outcome.until - NOW).total_seconds()))


@pytest.mark.parametrize(
    ("status", "kind", "cause"),
    [
        (301, NotSubmitted, Cause.PAGE_UNREACHABLE),
        (401, Deferred, Cause.SIGNED_OUT),
        (403, Deferred, Cause.SESSION_UNUSABLE),
        (404, NotSubmitted, Cause.PAGE_UNREACHABLE),
        (429, Deferred, Cause.RATE_LIMIT),
        (502, NotSubmitted, Cause.SERVER_ERROR),
    ],
)
def test_before_the_ask_nothing_is_unconfirmed(status, kind, cause):
    outcome = before(answered(status, {}), NOW, "x")

    assert (kind, cause) == (type(outcome), outcome.cause)
    assert None is before(answered(200, {}), NOW, "x")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*POST, "error"]), inner, max_size=6)
    ),
    max_leaves=12,
)


@given(
    st.integers(100, 599),
    JSON | st.dictionaries(st.sampled_from(list(POST)), JSON).map(lambda d: {**POST, **d}),
)
def test_no_answer_whatever_it_holds_is_more_than_it_says(status, told):
    outcome = interpret(answered(status, told), ASKED, NOW)

    if isinstance(outcome, Published):
        assert 200 == status
        assert outcome.remote_id == told["id"]
        assert "alice" == told["account"]["acct"].casefold()
    if status >= 500 or status in {408, 409, 425}:
        assert isinstance(outcome, Unconfirmed)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-ratelimit-reset": "9999-12-31T23:59:59Z"},
        {"x-ratelimit-reset": "0001-01-01T00:00:00+14:00"},
        {"retry-after": "Fri, 31 Dec 9999 23:59:59 -1400"},
        {"retry-after": "Thu, 01 Jan 2026 00:00:00 +99999999999999"},
        {"retry-after": "9" * 5000},
    ],
)
def test_an_end_that_no_calendar_has_is_no_end(headers):
    """Some write the calendar's last day for "never"; the post waits as for a limit without an end."""
    behind = Offset(ahead=timedelta(hours=-5), within=timedelta(seconds=1))

    outcome = limited(Answered(status=429, headers=headers, body=b"", offset=behind), NOW)

    assert NOW + timedelta(minutes=5) == outcome.until


@pytest.mark.parametrize("status", [401, 403])
def test_a_machine_in_between_does_not_end_a_sign_in(status):
    """Its page is no word of the server's: a person who makes a new token would change nothing."""
    stopped = before(answered(status, b"<html>Access denied</html>"), NOW, "reading the account")

    assert (NotSubmitted, Cause.PAGE_UNREACHABLE) == (type(stopped), stopped.cause)


def test_a_date_without_a_zone_is_not_of_this_machines_zone(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        heard = answered(429, None, retry_after="Sun, 29 Nov 2026 20:10:00 -0000")
        assert NOW + timedelta(minutes=10) == limited(heard, NOW).until
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("https://new.example/api/v1/accounts/verify_credentials?token=s3cr3t", "leads to new.example"),
        ("/auth/sign_in", "leads elsewhere"),
        ("http://[broken", "leads elsewhere"),
        (None, "leads elsewhere"),
    ],
)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_server_that_has_moved_says_where_to(status, location, told):
    """It is not followed, as a token would go along; a person corrects the address in the block."""
    headers = {} if location is None else {"location": location}
    outcome = before(answered(status, **headers), NOW, "the account could not be read")

    assert Cause.PAGE_UNREACHABLE is outcome.cause
    assert told in outcome.why
    assert "the address in its block" in outcome.why
    assert "s3cr3t" not in outcome.why
