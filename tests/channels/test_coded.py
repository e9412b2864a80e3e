"""A request that says the post in code is the post, or may be; what a page tells of itself is neither."""

import base64
import gzip
import hashlib
import json
import zlib
from urllib.parse import quote

import pytest

from steadypost.channels.x_web.coded import may_say_in_code, says_in_code

TEXT = "Hello there\n\nsecond line é"
ASK = json.dumps({"variables": {"tweet_text": TEXT, "media": {}}, "queryId": "q1"})
CODED = base64.b64encode(ASK.encode()).decode()


@pytest.mark.parametrize(
    "body",
    [
        CODED,
        base64.urlsafe_b64encode(ASK.encode()).decode().rstrip("="),
        json.dumps({"payload": CODED}),
        f"d={quote(CODED)}&v=1",
        base64.b64encode(CODED.encode()).decode(),
        json.dumps({"hex": ASK.encode().hex()}),
        json.dumps({"p": base64.b64encode(gzip.compress(ASK.encode())).decode()}),
        json.dumps({"p": base64.b64encode(zlib.compress(ASK.encode(), wbits=-15)).decode()}),
        json.dumps({"p": quote(ASK)}),
        json.dumps({"p": json.dumps({"q": ASK})}),
        json.dumps({"codes": list(ASK.encode())}),
        json.dumps([ord(sign) for sign in TEXT]),
        "codes=[" + ", ".join(f"{ord(sign):03d}" for sign in TEXT) + "]",
    ],
)
def test_a_known_code_is_read(body):
    assert says_in_code(body, [TEXT])


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"sealed": base64.b64encode(hashlib.sha512(b"sealed").digest()).decode()}),
        json.dumps({"sealed": hashlib.sha256(b"sealed").hexdigest()}),
        "".join(chr(ord(sign) ^ 1) for sign in ASK),
    ],
)
def test_what_cannot_be_read_and_is_long_enough_may_be_the_post(body):
    assert not says_in_code(body, [TEXT])
    assert may_say_in_code(body, body, [TEXT])


COUNTED = [
    {"_category_": "client_event", "event_namespace": {"client": "m5", "element": "tweet_button"}},
    {"client_app_id": "3033300", "triggered_on": 1764540000123, "event_value": 12.5},
    {"session": "6f2d2b7e-9a43-4f1c-8a75-0a0f6f0d9b1e", "id": "1995238472938472938"},
    {"features": {"responsive_web_graphql_skip_user_profile_image_extensions_enabled": True}},
    {
        "token": "s8dh2kLqPx0ZbbVn3yT4kA8m1c",
        "release": hashlib.new("sha1", b"x", usedforsecurity=False).hexdigest(),
    },
    {"agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"},
    {
        "from": "https://x.com/compose/post",
        "trace": "4bf92f3577b34da6a3ce929d0e0e4736",
        "q": "k2Fq8LhT1zV0bQeJw3XyZg",
    },
]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "ping",
        json.dumps({"clicked": "post"}),
        json.dumps({"media_id": "1", "alt_text": {"text": f"A poster that says: {TEXT}"}}),
        json.dumps({"packed": base64.b64encode(b"something else, which is readable").decode()}),
        json.dumps(COUNTED),
        f"debug=true&log={quote(json.dumps(COUNTED))}",
        "\n".join(json.dumps(one) for one in COUNTED),
    ],
)
def test_what_a_page_tells_of_itself_is_not_the_post(body):
    assert not says_in_code(body, [TEXT])
    assert not may_say_in_code(body, body, [TEXT])


def test_a_short_text_is_not_found_in_every_message():
    assert not says_in_code(json.dumps(COUNTED), ["Posts"])
    assert not may_say_in_code(json.dumps(COUNTED), json.dumps(COUNTED), ["Posts", ""])
