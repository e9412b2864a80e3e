"""The service for videos keeps its promises: whom it answers, in which forms, and every fault as it is described."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

from sandbox.bluesky.lexicon import LEXICONS, Invalid, check_record
from sandbox.bluesky.videos import did_web
from sandbox.bluesky.weather import FAULTS

UPLOAD, LIMITS = "com.atproto.repo.uploadBlob", "app.bsky.video.getUploadLimits"
OURS = ("getUploadLimits", "uploadVideo", "getJobStatus")


@pytest.fixture
def service(sandbox):
    return Service(sandbox)


class Service:
    """The service, and Alice's own server beside it."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.alice = sandbox.accounts["alice.test"]
        body = json.dumps({"identifier": self.alice["did"], "password": self.alice["password"]}).encode()
        self.access = self.call(sandbox.url, "com.atproto.server.createSession", body)[1]["accessJwt"]

    def call(self, url, method, body=None, *, token="", kind="application/json", **params):
        """Give the status and what was said; ``None`` for a line that was cut."""
        query = urllib.parse.urlencode(params)
        headers = {"content-type": kind} | ({"authorization": f"Bearer {token}"} if token else {})
        request = urllib.request.Request(f"{url}/xrpc/{method}?{query}", data=body, headers=headers)  # noqa: S310 - ours
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - the same
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)
        except (OSError, urllib.error.URLError):
            return None, None

    def vouch(self, aud, lxm, **more):
        return self.call(
            self.sandbox.url, "com.atproto.server.getServiceAuth", token=self.access, aud=aud, lxm=lxm, **more
        )

    def limits(self, aud=None, lxm=LIMITS):
        token = self.vouch(aud or did_web(self.sandbox.video_service), lxm)[1]["token"]
        return self.call(self.sandbox.video_service, LIMITS, token=token)

    def upload(self, content=b"a video", aud=None, lxm=UPLOAD, kind="video/mp4", did=None):
        token = self.vouch(aud or did_web(self.sandbox.url), lxm)[1]["token"]
        method, did = "app.bsky.video.uploadVideo", did or self.alice["did"]
        return self.call(
            self.sandbox.video_service, method, content, token=token, kind=kind, did=did, name="a.mp4"
        )

    def status(self, job):
        return self.call(self.sandbox.video_service, "app.bsky.video.getJobStatus", jobId=job)

    def ended(self, job):
        """Ask until the job has ended."""
        for _ in range(10):
            told = self.status(job)[1]["jobStatus"]
            if told["state"] in {"JOB_STATE_COMPLETED", "JOB_STATE_FAILED"}:
                return told
        raise AssertionError("it does not end")


def known(told):
    """Whether all that is told of a job is in its lexicon."""
    schema = LEXICONS["app.bsky.video.defs"]["defs"]["jobStatus"]
    return set(schema["required"]) <= set(told) <= set(schema["properties"])


def test_a_video_from_its_upload_to_its_blob(service):
    status, job = service.upload()
    blob = service.ended(job["jobId"])["blob"]

    assert (200, True) == (status, known(job))
    assert ("video/mp4", 7) == (blob["mimeType"], blob["size"])
    check_record("app.bsky.feed.post", record(blob), {})
    with pytest.raises(Invalid):
        check_record("app.bsky.feed.post", record({**blob, "mimeType": "image/png"}), {})


def record(blob):
    embed = {"$type": "app.bsky.embed.video", "video": blob}
    return {
        "$type": "app.bsky.feed.post",
        "text": "",
        "createdAt": "2026-11-29T20:00:00.000Z",
        "embed": embed,
    }


def test_the_same_file_is_there_already(service):
    job = service.upload()[1]["jobId"]
    service.ended(job)
    status, again = service.upload()

    assert (409, "already_exists", job) == (status, again["error"], again["jobId"])
    assert known(again)


@pytest.mark.parametrize(
    "how",
    [
        {"aud": "did:web:elsewhere.example"},
        {"lxm": LIMITS},
        {"did": "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"},
    ],
)
def test_a_token_is_for_one_service_one_method_and_one_account(service, how):
    assert 401 == service.upload(**how)[0]


def test_a_token_for_the_limits_is_for_the_service_itself(service):
    assert 200 == service.limits()[0]
    assert 401 == service.limits(aud=did_web(service.sandbox.url))[0]
    assert 401 == service.limits(lxm=UPLOAD)[0]


@pytest.mark.parametrize("seconds", [-60, 2 * 3600])
def test_no_token_that_has_ended_or_lasts_too_long(service, seconds):
    status, told = service.vouch("did:web:a.example", UPLOAD, exp=int(time.time()) + seconds)

    assert (400, "BadExpiration") == (status, told["error"])


def test_only_mp4_is_taken(service):
    assert 400 == service.upload(kind="video/quicktime")[0]


def test_what_is_left_of_the_day(service):
    before = service.limits()[1]
    service.upload()
    after = service.limits()[1]

    assert before["remainingDailyVideos"] - 1 == after["remainingDailyVideos"]
    assert before["remainingDailyBytes"] - 7 == after["remainingDailyBytes"]


FOUND = {
    "upload_lost": lambda service: service.upload()[0] is None and service.upload()[0] == 409,
    "job_slow": lambda service: (
        [service.status(job)[1]["jobStatus"]["state"] for job in [service.upload()[1]["jobId"]] * 4]
        == ["JOB_STATE_ENCODING"] * 3 + ["JOB_STATE_COMPLETED"]
    ),
    "job_fails": lambda service: (
        service.ended(service.upload()[1]["jobId"])["failureCode"] == "encoding_failure"
    ),
    "unconfirmed_email": lambda service: service.upload()[1]["jobStatus"]["error"] == "unconfirmed_email",
    "unauthorized": lambda service: service.upload()[0] == 401 == service.limits()[0],
    "over_the_day": lambda service: service.limits()[1]["canUpload"] is False,
    "not_allowed": lambda service: service.limits()[1]["error"] == "uploads_forbidden",
}


@pytest.mark.parametrize("fault", [one for one, (methods, *_) in FAULTS.items() if set(methods) & set(OURS)])
def test_faults(service, sandbox, fault):
    sandbox.weather({"fault": fault, **({"count": 1} if fault == "upload_lost" else {})})

    assert FOUND[fault](service)
