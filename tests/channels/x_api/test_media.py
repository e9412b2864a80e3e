"""Pictures and videos are at X, made ready and described, before anything is asked."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from steadypost.channels.videos import bare
from steadypost.channels.wire import Answered
from steadypost.channels.x_api.answers import Asked, created
from steadypost.channels.x_api.line import Line
from steadypost.domain.likeness import Grade, compare
from steadypost.domain.outcome import Cause, Deferred, NotSubmitted, Published, Refused
from steadypost.domain.post import Part
from tests.videos import PLACE, box

MEGABYTE = 1024 * 1024


def showing(*media):
    return Part(text="Look", media=media)


def test_a_picture_goes_in_one_request(alice, sandbox, picture):
    """And its description with it, before the ask."""
    assert isinstance(alice.asks_one(showing(picture())), Published)

    assert ["getUsersMe", "mediaUpload", "createMediaMetadata", "createPosts"] == sandbox.requests
    assert ["Dawn over the harbour"] == sandbox.live()[0]["alts"]


def test_a_large_file_goes_in_pieces(alice, sandbox, picture):
    """Every byte of it, in order: X adds them up."""
    video = picture(9 * MEGABYTE, kind="video/mp4", name="a.mp4")
    assert isinstance(alice.asks_one(showing(video)), Published)

    pieces = ["initializeMediaUpload", *["appendMediaUpload"] * 3, "finalizeMediaUpload"]
    assert ["getUsersMe", *pieces, *["getMediaUploadStatus"] * 2, "createPosts"] == sandbox.requests


@pytest.mark.parametrize(
    ("kind", "name", "category"), [("image/gif", "a.gif", "tweet_gif"), ("video/mp4", "a.mp4", "tweet_video")]
)
def test_what_has_to_be_made_over_is_waited_for(alice, sandbox, picture, kind, name, category):
    """X is asked as often as it says, and the post only when it is ready."""
    assert isinstance(alice.asks_one(showing(picture(kind=kind, name=name))), Published)

    assert ["getMediaUploadStatus"] * 2 == [one for one in sandbox.requests if one == "getMediaUploadStatus"]
    assert [category] == [file.category for file in sandbox.world.files.values()]
    assert [1.0, 1.0] == alice.waits


def test_what_x_cannot_use_is_refused(alice, sandbox, picture):
    """The file has to be changed; nothing was asked."""
    sandbox.weather({"fault": "media_fails", "on": "getMediaUploadStatus"})

    outcome = alice.asks_one(showing(picture(kind="image/gif", name="a.gif")))

    assert (Refused, Cause.MEDIA_REFUSED) == (type(outcome), outcome.cause)
    assert [] == sandbox.asks()


def test_a_video_is_read_back_as_what_was_asked_for(alice, sandbox, picture):
    """Without its notes, whole, and known again although X keeps no description of a video."""
    video = picture(6 * MEGABYTE, kind="video/mp4", name="a.mp4", in_moov=box(b"udta", PLACE))
    assert isinstance(alice.asks_one(showing(video)), Published)

    came = video.path.read_bytes()
    assert PLACE in came
    assert PLACE not in bare(came)
    assert [hashlib.sha256(bare(came)).hexdigest()] == sandbox.live()[0]["media"]
    [seen] = alice.looks().posts
    assert (None,) == seen.media
    assert Grade.SAME is compare("Look", seen.said)


def test_a_video_that_x_cannot_use_is_refused(alice, sandbox, picture):
    """It is found out while X makes it over, before the ask."""
    sandbox.weather({"fault": "media_fails", "on": "getMediaUploadStatus"})

    outcome = alice.asks_one(showing(picture(kind="video/mp4", name="a.mp4")))

    assert (Refused, Cause.MEDIA_REFUSED) == (type(outcome), outcome.cause)
    assert [] == sandbox.asks()


@pytest.mark.parametrize("on", ["mediaUpload", "createMediaMetadata"])
@pytest.mark.parametrize("fault", ["lost_after", "server_error", "gateway_timeout"])
def test_what_goes_wrong_before_the_ask_costs_the_post_nothing(alice, sandbox, picture, on, fault):
    """It goes again by itself."""
    sandbox.weather({"fault": fault, "on": on})

    assert isinstance(alice.asks_one(showing(picture())), NotSubmitted)
    assert [] == sandbox.asks()


def test_a_video_that_is_not_ready_in_time(alice, sandbox, picture):
    """The attempt ends before its deadline does."""
    sandbox.world.polls = 1000

    outcome = alice.asks_one(showing(picture(kind="video/mp4", name="a.mp4")), within=1.0)

    assert (NotSubmitted, Cause.DEADLINE) == (type(outcome), outcome.cause)


def test_a_file_that_is_gone(alice, sandbox, picture):
    """It is named, with what to do."""
    missing = picture()
    missing.path.unlink()

    outcome = alice.asks_one(showing(missing))

    assert (NotSubmitted, Cause.MEDIA_MISSING) == (type(outcome), outcome.cause)
    assert outcome.why.startswith("dawn.png: it cannot be read")


def test_a_file_that_x_has_no_more_goes_again(alice, sandbox, picture):
    """Its answer names the field and the id: nothing was posted, and the next attempt brings the file anew."""

    def lapsed():
        sandbox.world.files.clear()
        return True

    outcome = alice.asks_one(showing(picture()), arm=lapsed)

    assert (Deferred, Cause.MEDIA_NOT_ATTACHED) == (type(outcome), outcome.cause)
    assert [] == sandbox.live()
    assert isinstance(alice.asks_one(showing(picture())), Published)


@pytest.mark.parametrize(
    "errors",
    [
        [],
        "media.media_ids",
        [{"message": "Your media IDs are invalid."}],
        [{"parameters": {"media.media_ids": []}}],
        [{"parameters": {"media.media_ids": ["8"]}}],
        [{"parameters": {"media.media_ids": ["7"]}}, {"parameters": {"text": [""]}}],
        [{"parameters": {"media.media_ids": ["7"], "text": [""]}}],
        [{"parameters": {"media.media_ids": [["7"]]}}],
    ],
)
def test_a_refusal_that_is_not_about_a_file_alone_is_final(errors):
    """It would be so again."""
    told = {
        "title": "Invalid Request",
        "type": "https://api.x.com/2/problems/invalid-request",
        "errors": errors,
    }
    now = datetime.now(UTC)
    heard = Answered(status=400, headers={}, body=json.dumps(told).encode())
    outcome = created(heard, Asked(armed_at=now, media=frozenset({"7"})), now)

    assert (Refused, Cause.REFUSED_OTHERWISE) == (type(outcome), outcome.cause)


def test_every_part_s_pictures_are_there_before_the_first_ask(alice, sandbox, picture):
    """A thread does not stop half live because of a file."""
    sandbox.weather({"fault": "server_error", "on": "mediaUpload", "skip": 1})

    answer = alice.asks(showing(picture()), Part(text="And", media=(picture(name="b.png"),)))

    assert [NotSubmitted, NotSubmitted] == list(map(type, answer.outcomes))
    assert [] == sandbox.asks()


@pytest.mark.parametrize("told", [{}, {"data": {}}, {"data": {"id": "7"}}])
def test_an_answer_that_does_not_speak_of_the_file_makes_it_not_ready(
    alice, sandbox, picture, monkeypatch, told
):
    """Such as a captive portal's page. An ask with a file that is not ready is refused for good."""
    sandbox.world.polls = 5
    get = Line.get

    def odd(line, path, params, deadline):
        heard = get(line, path, params, deadline)
        return replace(heard, body=json.dumps(told).encode()) if "command" in params else heard

    monkeypatch.setattr(Line, "get", odd)

    outcome = alice.asks_one(showing(picture(kind="image/gif", name="a.gif")))

    assert (NotSubmitted, Cause.ODD_ANSWER) == (type(outcome), outcome.cause)
    assert [] == sandbox.asks()
