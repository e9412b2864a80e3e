"""A secret is taken out in whatever form it got in; what everybody may see is left."""

from __future__ import annotations

import base64
import json

import pytest

from steadypost.domain.secrets import OUT, Redactor, of_session

# Of the length and the letters that X's own have; made up.
AUTH = "6f1d2c9a0be34f7785c1d2e3f4a5b6c7d8e9f001"
CT0 = "a1b2c3d4e5f60718293a4b5c6d7e8f90" * 5
KDT = "Zq8vTn3LkW0pYdR7sXc2mFh5GjBb1uEo9iAaKt4N"
STATE = {
    "cookies": [
        {"name": "auth_token", "value": AUTH, "domain": ".x.com", "path": "/", "httpOnly": True},
        {"name": "ct0", "value": CT0, "domain": ".x.com", "path": "/"},
        {"value": KDT, "name": "kdt", "domain": ".x.com"},
        {"name": "lang", "value": "en"},
    ],
    "origins": [{"origin": "https://x.com", "localStorage": [{"name": "device", "value": "d3v1ce-0042-9f"}]}],
}
B64 = base64.b64encode(json.dumps(STATE).encode()).decode()

FORMS = [
    f"auth_token={AUTH}; ct0={CT0}; lang=en",
    f"Cookie: auth_token={AUTH}; ct0={CT0}",
    f"Set-Cookie: ct0={CT0}; Path=/; Secure",
    f"x-csrf-token: {CT0}",
    f"Authorization: Bearer {AUTH}",
    json.dumps(STATE),
    json.dumps(json.dumps(STATE)),
    repr(STATE),
    json.dumps(STATE, indent=2),
    B64,
    f"the session {B64} cannot be read",
    f"ValueError: no cookie in {AUTH!r}",
    f"{CT0}",
    f"https://x.com/?ct0={CT0}&next=1",
]


@pytest.mark.parametrize("text", FORMS)
def test_a_session_nobody_told_of_is_known_by_its_shape(text):
    """Cookies by their names, headers, numbers of that length, and a whole session in base64."""
    told = Redactor()(text)

    for secret in (AUTH, CT0, B64, B64[:100]):
        assert secret not in told
    assert OUT in told


WORD = "Zq8vTn3LkW0pYdR7-sXc2mFh5_GjBb1uEo9iAaKt4N"
SIGNED = f"eyJhbGciOiJFUzI1NksifQ.{WORD}.{WORD}"


@pytest.mark.parametrize(
    "text",
    [
        f".a.example\tTRUE\t/\tTRUE\t1799999999\t_mastodon_session\t{WORD}",
        f'{{"accessJwt": "{SIGNED}", "did": "did:plc:1"}}',
        f"the token {SIGNED} has ended",
        f"refreshJwt={WORD}",
        f"https://a.example/authorize?oauth_token={WORD}&oauth_verifier={WORD}",
        f"http://127.0.0.1:8000/callback?state=1&code={WORD}",
        f"client_secret={WORD}",
        f'{{"clientSecret":"{WORD}"}}',
        f'{{"consumer_secret": "{WORD}"}}',
        f"X_ACCESS_TOKEN_SECRET={WORD}",
        f"bearer_token: {WORD}",
        f"api_secret_key={WORD}",
        f'Authorization: OAuth oauth_consumer_key="{WORD}", oauth_signature="{WORD}"',
        f"Authorization: Basic {WORD}",
        f"sessionid={WORD}",
        f"-----BEGIN PRIVATE KEY-----\n{WORD}\n-----END PRIVATE KEY-----",
    ],
)
def test_sign_ins_of_every_network_are_known_by_their_shape(text):
    """As settings, JSON, headers, addresses and files of cookies write them."""
    told = Redactor()(text)

    assert WORD not in told
    assert OUT in told


def test_an_app_password_is_known_by_its_shape():
    assert f"app_password: {OUT}" == Redactor()("app_password: abcd-ef2h-ijkl-mnop")
    assert f"no account has the name {OUT}" == Redactor()("no account has the name abcd-ef2h-ijkl-mnop")


@pytest.mark.parametrize("text", [*FORMS, KDT, "d3v1ce-0042-9f", base64.b64encode(KDT.encode()).decode()])
def test_a_session_that_is_known_is_taken_out_wherever_it_stands(text):
    """Also what has no shape of its own, and in base64."""
    redact = Redactor()
    redact.learn(of_session(STATE))

    told = redact(text)

    assert not [one for one in (AUTH, CT0, KDT, "d3v1ce-0042-9f") if one in told]
    assert base64.b64encode(KDT.encode()).decode().rstrip("=") not in told


@pytest.mark.parametrize(
    "text",
    [
        "delivery 17 as alice: Published 1996000000000000123",
        "https://x.com/alice/status/1996000000000000123",
        "the store at postgresql+psycopg://steadypost@db/steadypost is away",
        "attempt 3: came to clicked: asked, and never learnt: no answer within 30 s",
        "an X account block named alice: the session is missing",
        "0198b7d2-6c1f-7e55-9a44-3c2f1b0a9d8e",
        "/home/alice/.steadypost/run/outbox/0000000017-17643200000.json",
        "waits for a token of good will",
        "client_secret: it is empty; write what the app's page shows",
        "https://a.example/a-long-slug-with-many-words?code=summer-2026",
        "0198b7d2-6c1f-7e55-9a44 is a run",
        "token_type: Bearer, next_page: 3, tokens: 120000000000",
        "Die Sitzung ist abgelaufen. セッションが切れました。",
    ],
)
def test_what_everybody_may_see_is_left(text):
    """Ids, addresses, runs, paths and sentences: a log without them would be of no use."""
    assert text == Redactor()(text)


def test_a_password_in_an_address():
    """It goes, the rest stays."""
    assert "postgresql://bob:***@db/x" == Redactor()("postgresql://bob:s3cret@db/x")


def test_a_whole_document():
    """Every text of it, and its keys; numbers stay numbers."""
    told = Redactor().of({"a": [f"ct0={CT0}", 1, None, True], f"auth_token={AUTH}": {"b": 2.5}})

    assert [f"ct0={OUT}", 1, None, True] == told["a"]
    assert CT0 not in json.dumps(told) + json.dumps(list(told))
    assert AUTH not in json.dumps(told)


def test_short_values_are_no_secrets():
    """A cookie that says "en" would take "en" out of every sentence."""
    redact = Redactor()
    redact.learn(["en", "1"])

    assert "sent 1 then ended" == redact("sent 1 then ended")
