"""A video goes to the service that processes it, all before arming; its troubles are the post's alone."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.bluesky.lexicon import LEXICONS, check_record
from steadypost.channels.bluesky import video_service
from steadypost.channels.bluesky.video_service import did_web
from steadypost.domain.outcome import Cause, Deferred, NotSubmitted, Phase, Published, Refused
from steadypost.domain.post import Media, Part
from tests.channels.bluesky.conftest import BOB, Person, order
from tests.videos import PLACE, box, video

SHAPE = struct.pack(">9i2I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000, 640 << 16, 360 << 16)


@pytest.fixture
def alice(sandbox):
    """Alice, who does not really wait between two questions."""
    return Person(sandbox, "alice.test", wait=lambda _: None)


@pytest.fixture
def film(tmp_path):
    """Write a video: every one another."""

    def film(name="dawn.mp4", *, alt="Waves at dawn", **how):
        path = tmp_path / name
        path.write_bytes(video(**how))
        return Media(path=path, kind="video/mp4", alt=alt, seconds=2.0)

    return film


def posted(sandbox):
    return sandbox.live()[-1]["record"]


def asked(sandbox):
    """Count what the service was asked."""
    told = sandbox.counts()["requests"]
    return {name: told.get(name, 0) for name in ("getUploadLimits", "uploadVideo", "getJobStatus")}


def test_a_video_is_in_the_record_with_its_words(alice, sandbox, film):
    outcome = alice.ask(order(Part(text="Dawn", media=(film(in_moov=box(b"udta", PLACE)),)))).headline

    embed = posted(sandbox)["embed"]
    assert isinstance(outcome, Published)
    assert ("app.bsky.embed.video", "Waves at dawn", "video/mp4") == (
        embed["$type"], embed["alt"], embed["video"]["mimeType"]
    )  # fmt: skip
    assert "aspectRatio" not in embed
    check_record("app.bsky.feed.post", posted(sandbox), {})
    assert 0 == sandbox.counts()["requests"].get("uploadBlob", 0)


def test_its_shape_is_told_where_it_says_one(alice, sandbox, tmp_path):
    path = tmp_path / "dawn.mp4"
    path.write_bytes(video().replace(box(b"tkhd", bytes(84)), box(b"tkhd", bytes(40) + SHAPE)))
    alice.ask(order(Part(text="Dawn", media=(Media(path=path, kind="video/mp4", seconds=2.0),))))

    assert {"width": 640, "height": 360} == posted(sandbox)["embed"]["aspectRatio"]
    assert "alt" not in posted(sandbox)["embed"]


def test_everything_is_done_before_arming_and_progress_is_told(alice, sandbox, film):
    def arm():
        assert asked(sandbox)["getJobStatus"] > 0
        return False

    outcome = alice.ask(order(Part(text="Dawn", media=(film(),))), arm=arm).headline

    assert (NotSubmitted, Cause.LEASE_LOST, []) == (type(outcome), outcome.cause, sandbox.asks())
    assert alice.phases.count(Phase.SIGNED_IN) > 2


def test_a_look_reads_what_the_record_says_of_it(alice, film):
    wanted = order(Part(text="Dawn", media=(film(),)))
    alice.ask(wanted)

    [post] = alice.look_for(wanted).posts
    assert ("Waves at dawn",) == post.media


def test_a_part_of_a_thread_may_have_one(alice, sandbox, film, picture):
    answer = alice.ask(
        order(Part(text="One", media=(picture(),)), Part(text="Two", media=(film(),)), Part(text="Three"))
    )

    assert all(isinstance(one, Published) for one in answer.outcomes)
    kinds = [one["record"].get("embed", {}).get("$type") for one in sandbox.live()]
    assert ["app.bsky.embed.images", "app.bsky.embed.video", None] == kinds


def test_the_same_file_again_costs_no_second_processing(alice, sandbox, film):
    """The service says that it has it, and which job that was."""
    first, second = (alice.ask(order(Part(text=text, media=(film(),)))).headline for text in ("One", "Two"))

    assert (Published, Published) == (type(first), type(second))
    assert {"uploadVideo": 2, "getJobStatus": 3} == {
        name: n for name, n in asked(sandbox).items() if name != "getUploadLimits"
    }


def test_an_upload_whose_answer_is_lost_is_found_there(alice, sandbox, film):
    sandbox.weather({"fault": "upload_lost", "count": 1})
    wanted = order(Part(text="Dawn", media=(film(),)))

    first, second = alice.ask(wanted).headline, alice.ask(wanted).headline

    assert (Deferred, Cause.MEDIA_NOT_ATTACHED, None) == (type(first), first.cause, first.until)
    assert isinstance(second, Published)
    assert 1 == len(sandbox.live())


def test_questions_that_are_lost_are_asked_again(alice, sandbox, film):
    sandbox.weather(
        {"fault": "hang_up", "method": "getJobStatus", "count": 1},
        {"fault": "unavailable", "method": "getJobStatus", "count": 1},
    )

    assert isinstance(alice.ask(order(Part(text="Dawn", media=(film(),)))).headline, Published)


def test_slow_processing_is_waited_for(alice, sandbox, film):
    sandbox.weather({"fault": "job_slow", "params": {"questions": 3}})

    assert isinstance(alice.ask(order(Part(text="Dawn", media=(film(),)))).headline, Published)
    assert 4 == asked(sandbox)["getJobStatus"]


def test_processing_that_does_not_end_in_time_goes_again(alice, sandbox, film, monkeypatch):
    """Nothing is armed with too little time left, and what is processed meanwhile is found."""
    wanted = order(Part(text="Dawn", media=(film(),)))
    alice.wait = lambda _: monkeypatch.setattr(video_service, "KEEP", 10_000)  # as if all of it had passed

    first = alice.ask(wanted).headline
    monkeypatch.undo()
    alice.wait = lambda _: None
    second = alice.ask(wanted).headline

    assert (NotSubmitted, Cause.MEDIA_NOT_ATTACHED) == (type(first), first.cause)
    assert isinstance(second, Published)


@pytest.mark.parametrize(
    ("code", "kind", "cause"),
    [
        ("encoding_failure", Refused, Cause.MEDIA_REFUSED),
        ("validation_failure", Refused, Cause.MEDIA_REFUSED),
        ("pds_upload_failure", NotSubmitted, Cause.MEDIA_NOT_ATTACHED),
        ("something_new", NotSubmitted, Cause.MEDIA_NOT_ATTACHED),
    ],
)
def test_a_job_that_fails(alice, sandbox, film, code, kind, cause):
    """What the file is to blame for is refused; the rest is tried again, and then a person's."""
    sandbox.weather({"fault": "job_fails", "params": {"code": code}})

    outcome = alice.ask(order(Part(text="Dawn", media=(film(),)))).headline

    assert (kind, cause) == (type(outcome), outcome.cause)
    assert code in outcome.why
    assert [] == sandbox.asks()


@pytest.mark.parametrize("left", [{"videos": 0, "bytes": 0}, {"videos": 3, "bytes": 10}])
def test_a_day_that_is_used_up_keeps_only_this_post(alice, sandbox, film, left):
    """Whatever has no video goes out meanwhile: neither account nor network is at fault."""
    sandbox.weather({"fault": "over_the_day", "params": left})

    outcome = alice.ask(order(Part(text="Dawn", media=(film(),)))).headline

    assert (Deferred, Cause.MEDIA_NOT_ATTACHED) == (type(outcome), outcome.cause)
    assert timedelta(minutes=50) < outcome.until - datetime.now(UTC) < timedelta(minutes=70)
    assert "today" in outcome.why
    assert 0 == asked(sandbox)["uploadVideo"]
    assert isinstance(alice.ask(order("Words alone")).headline, Published)


@pytest.mark.parametrize(
    ("rule", "kind", "cause", "says"),
    [
        ({"fault": "not_allowed"}, NotSubmitted, Cause.MEDIA_NOT_ATTACHED, "Bluesky's own app"),
        ({"fault": "unconfirmed_email"}, Refused, Cause.MEDIA_REFUSED, "confirm it"),
        ({"fault": "unauthorized", "method": "uploadVideo"}, NotSubmitted, Cause.MEDIA_NOT_ATTACHED, "401"),
        ({"fault": "unauthorized", "method": "getUploadLimits"}, NotSubmitted, Cause.MEDIA_NOT_ATTACHED, "401"),
        ({"fault": "unavailable", "method": "uploadVideo"}, Deferred, Cause.MEDIA_NOT_ATTACHED, "503"),
        ({"fault": "hang_up", "method": "getUploadLimits"}, Deferred, Cause.MEDIA_NOT_ATTACHED, "no answer"),
        ({"fault": "too_many", "method": "uploadVideo"}, Deferred, Cause.MEDIA_NOT_ATTACHED, "no more for now"),
        ({"fault": "unavailable", "method": "getServiceAuth"}, NotSubmitted, Cause.SERVER_ERROR, "503"),
    ],
)  # fmt: skip
def test_trouble_with_the_service_is_this_post_s(alice, sandbox, film, rule, kind, cause, says):
    sandbox.weather(rule)

    outcome = alice.ask(order(Part(text="Dawn", media=(film(),)))).headline

    assert (kind, cause) == (type(outcome), outcome.cause)
    assert says in outcome.why
    assert [] == sandbox.asks()


def test_a_service_that_is_not_there(alice, sandbox, film):
    alice.options["video_service"] = "http://127.0.0.1:9"

    outcome = alice.ask(order(Part(text="Dawn", media=(film(),)))).headline

    assert (Deferred, Cause.MEDIA_NOT_ATTACHED) == (type(outcome), outcome.cause)


def test_a_clock_that_is_off_gets_a_token_all_the_same(alice, sandbox, film):
    """The server judges the token's end by its own clock."""
    sandbox.set_clock(offset_s=-590)

    assert isinstance(alice.ask(order(Part(text="Dawn", media=(film(),)))).headline, Published)


def test_an_account_on_another_server(sandbox, film):
    """The token is for the server that holds the account's records."""
    sandbox.call("move", account=BOB)
    bob = Person(sandbox, BOB, wait=lambda _: None)

    assert isinstance(bob.ask(order(Part(text="Dawn", media=(film(),)))).headline, Published)
    assert "did:web:morel.us-east.host.bsky.network" == did_web("https://morel.us-east.host.bsky.network")


def test_a_sign_in_that_ended_is_renewed(alice, sandbox, film):
    alice.ask(order("signed in"))
    sandbox.weather({"fault": "expired_token", "method": "getServiceAuth", "count": 1})

    assert isinstance(alice.ask(order(Part(text="Dawn", media=(film(),)))).headline, Published)


def test_descriptions_can_be_required(alice, film):
    alice.options["needs_alt"] = True

    outcome = alice.ask(order(Part(text="Dawn", media=(film(alt=" "),)))).headline
    assert (Refused, Cause.MEDIA_REFUSED) == (type(outcome), outcome.cause)


def test_the_lexicons_know_every_method_that_is_called():
    assert {
        "app.bsky.video.getUploadLimits", "app.bsky.video.uploadVideo", "app.bsky.video.getJobStatus",
        "app.bsky.embed.video", "com.atproto.server.getServiceAuth",
    } <= set(LEXICONS)  # fmt: skip
