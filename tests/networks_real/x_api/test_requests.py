"""Every request that the channel makes is one that X's OpenAPI allows, says an independent program."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from steadypost.channels.wire import Answered, Wire
from steadypost.channels.x_api import requests
from steadypost.channels.x_api.line import Line, Memory
from steadypost.channels.x_api.secret import Keys
from steadypost.channels.x_api.signing import ByKeys
from steadypost.domain import clock
from steadypost.domain.post import Media, Part
from tests.networks_real.x_api.prism import serving, why_not

pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(why_not() is not None, reason=why_not() or ""),
]

MEDIA = "1900000000000000001"
POST = "1590000000000000001"


@pytest.fixture(scope="module")
def prism():
    with serving() as address:
        yield address


@pytest.fixture
def line(prism):
    keys = Keys(
        api_key="a" * 16, api_secret="b" * 32, access_token="1001-" + "c" * 24, access_secret="d" * 32
    )
    return Line(Wire(prism), prism, ByKeys(keys), Memory(), clock.now)


def picture(tmp_path, kind="image/png"):
    path = tmp_path / "a"
    path.write_bytes(b"\x89PNG")
    return Media(path=path, kind=kind, alt="Dawn")


def violations(heard):
    """What Prism found wrong with a request; it answers all the same, and finds fault with its own answers too."""
    assert isinstance(heard, Answered), heard
    told = json.loads(heard.headers.get("sl-violations", "[]"))
    return [one["message"] for one in told if one["location"][0] == "request"], heard.status


def deadline():
    return time.monotonic() + 30


def since():
    return datetime.now(UTC) - timedelta(minutes=5)


CREATES = {
    "text": requests.create_body(Part(text="Good morning"), [], None, {}),
    "media": requests.create_body(Part(text="Look"), [MEDIA] * 4, None, {}),
    "reply": requests.create_body(Part(text="Indeed"), [], POST, {}),
    "options": requests.create_body(
        Part(text="All"),
        [MEDIA],
        POST,
        {"made_with_ai": True, "paid_partnership": True, "reply_settings": "verified", "colour": "blue"},
    ),
}


@pytest.mark.parametrize("name", CREATES)
def test_posts(line, name):
    """Alone, with pictures, as an answer, with every option there is."""
    assert ([], 201) == violations(line.once(requests.CREATE, CREATES[name], deadline()))


@pytest.mark.parametrize("body", [{"text": "a", "colour": "blue"}, {"text": 1}, {"text": "a", "reply": {}}])
def test_what_is_wrong_is_found(line, body):
    """A Prism that let everything through would prove nothing."""
    told, status = violations(line.once(requests.CREATE, body, deadline()))

    assert told or status == 422


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (requests.ME, {"user.fields": "username"}),
        (requests.timeline_path("1001"), requests.timeline_query(since(), None, replies=True)),
        (requests.timeline_path("1001"), requests.timeline_query(since(), "p100", replies=False)),
        (requests.POSTS, requests.post_query(POST)),
        (requests.UPLOAD, requests.status_query(MEDIA)),
    ],
    ids=["me", "timeline", "timeline-page", "post", "status"],
)
def test_questions(line, path, query):
    """By all that is asked with them."""
    assert ([], 200) == violations(line.get(path, query, deadline()))


@pytest.mark.parametrize("kind", ["image/png", "image/gif", "video/mp4"])
def test_uploads(line, tmp_path, kind):
    """In one request, in pieces, and described."""
    media = picture(tmp_path, kind)
    files = {"media": ("a", media.path.read_bytes(), kind)}
    form = {"media_category": requests.category_of(media)}
    told = [
        line.post(requests.UPLOAD, deadline(), data=form, files=files),
        line.post(requests.INITIALIZE, deadline(), json=requests.initialize_body(media, 4)),
        line.post(requests.append_path(MEDIA), deadline(), data={"segment_index": "0"}, files=files),
        line.post(requests.finalize_path(MEDIA), deadline()),
        line.post(requests.DESCRIBE, deadline(), json=requests.describe_body(MEDIA, media.alt)),
    ]

    assert [([], 200)] * 5 == list(map(violations, told))
