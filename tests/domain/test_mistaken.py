"""A session is known in every form people have one in; a list of posts is never taken for one."""

import base64
import json

import pytest

from steadypost.domain.mistaken import looks_like_session

AUTH = "6f1d2c9a0be34f7785c1d2e3f4a5b6c7d8e9f001"
CT0 = "a1b2c3d4e5f60718293a4b5c6d7e8f90" * 5
COOKIES = [
    {"name": "auth_token", "value": AUTH, "domain": ".x.com", "path": "/", "httpOnly": True},
    {"name": "ct0", "value": CT0, "domain": ".x.com", "path": "/"},
]
STATE = json.dumps({"cookies": COOKIES, "origins": []})
B64 = base64.b64encode(STATE.encode()).decode()
NETSCAPE = f"# Netscape HTTP Cookie File\n\n.x.com\tTRUE\t/\tTRUE\t1830297600\tauth_token\t{AUTH}\n"
HAR = {"log": {"entries": [{"request": {"headers": [{"name": "Cookie", "value": f"auth_token={AUTH}"}]}}]}}

TOKEN = "Zk3y0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ"

SESSIONS = {
    "storage state": STATE,
    "storage state, indented": json.dumps(json.loads(STATE), indent=4),
    "storage state of another site": json.dumps(
        {"cookies": [{"name": "sid", "value": "12345678", "domain": "a.example"}]}
    ),
    "cookies as an extension gives them": json.dumps(COOKIES),
    "one cookie on each line": "\n".join(map(json.dumps, COOKIES)),
    "a storage state in a string": json.dumps(STATE),
    "base64": B64,
    "base64 in lines": "\n".join(B64[at : at + 76] for at in range(0, len(B64), 76)),
    "base64 for addresses": base64.urlsafe_b64encode(STATE.encode()).decode().rstrip("="),
    "base64 that lost its end": B64[:301],
    "base64 in a field": json.dumps({"state": B64}),
    "base64 in a setting": f"X_STATE={B64}",
    "netscape": NETSCAPE,
    "netscape without its first line": NETSCAPE.partition("\n\n")[2],
    "netscape, http only": f"#HttpOnly_.x.com\tTRUE\t/\tTRUE\t1830297600\tauth_token\t{AUTH}",
    "a file of settings": f"HANDLE=alice\nexport AUTH_TOKEN='{AUTH}'\nCT0={CT0}\n",
    "settings of an app": "MASTODON_ACCESS_TOKEN=Zq8vTn3LkW0pYdR7sXc2mFh5GjBb1uEo\nHOST=a.example",
    "yaml": f"account: alice\npassword: correct-horse-battery\nnote: {AUTH}",
    "a header": f"GET / HTTP/2\nHost: x.com\nCookie: auth_token={AUTH}; ct0={CT0}",
    "an authorization": "Authorization: Bearer AAAAAAAAAAAAAAAAAAAA",
    "tokens": json.dumps({"access_token": "Zq8vTn3LkW0p", "token_type": "Bearer"}),
    "tokens, nested": json.dumps({"alice": {"oauth": {"consumerKey": "k", "client-secret": "Zq8vTn3LkW0p"}}}),
    "a session of bluesky": json.dumps({"did": "did:plc:x", "accessJwt": "eyJhbGciOiJIUzI1NiJ9.e30.x"}),
    "a recording": json.dumps(HAR),
    "a sheet of cookies": f"name;value;domain;path\nauth_token;{AUTH};.x.com;/\n",
    "a storage state that broke off": STATE[: STATE.index(AUTH) + 30],
    "cookies in one line": f"auth_token={AUTH}; ct0={CT0}; lang=en",
    "what a console prints": f"{{'name': 'auth_token', 'value': '{AUTH}', 'domain': '.x.com'}}",
    "a token and nothing else": f"{TOKEN}\n",
    "a token in a string": json.dumps(TOKEN),
    "tokens in a list": json.dumps([TOKEN, TOKEN[::-1]]),
    "a token on each line": f"{TOKEN}\n\n{TOKEN[::-1]}\n",
    "an app password": "k3jd-9fqm-x2ab-7hzp\n",
    "a signed token": f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJkaWQ6cGxjOmFiYyJ9.{TOKEN * 4}",
    "a private key": f"-----BEGIN PRIVATE KEY-----\n{TOKEN}\n-----END PRIVATE KEY-----\n",
    "with a mark at its beginning": "\N{ZERO WIDTH NO-BREAK SPACE}" + STATE,
    "with a zero after each letter": "\0".join(STATE),
}

POSTS = {
    "a list": "key,text,accounts,when\na,Good morning,alice,now\n",
    "a list about tokens": f'text,accounts,when\n"We rotated auth_token={AUTH}, see the post",alice,now\n',
    "a list with semicolons": "text;accounts;when\nPassword: what makes a good one?;alice;now\n",
    "posts": json.dumps([{"text": f"token: {AUTH}", "accounts": ["alice"], "when": "now"}]),
    "wrapped posts": json.dumps({"posts": [{"text": "session: 12345678", "accounts": ["a"], "when": "now"}]}),
    "a post on each line": '{"text": "a", "accounts": ["a"], "when": "now"}\n{"text": "b", "accounts": ["a"]}',
    "a post with a field too many": json.dumps([{"text": "a", "accounts": ["a"], "token": "12345678"}]),
    "nothing": "",
    "prose": "Dear diary, the session was long and the cookies were good.\nWe paid by token.",
    "a sheet of something": "name,age\nalice,30\nbob,40\n",
    "another tool's sheet": "Date,Message,Media\n2026-01-01,Happy new year,\n",
    "numbers": "[1, 2, 3]",
    "words": json.dumps(["Good", "morning"]),
    "one long word": "Donaudampfschifffahrtsgesellschaftskapitaen\n",
    "an address": "https://blog.example/2026/11/29/how-we-moved-to-postgresql-18\n",
    "addresses without a scheme": "blog.example/2026/11/29/how-we-moved\nblog.example/2026/11/30/and-why\n",
    "dates": "2026-11-29T18:30:00+01:00\n2026-11-30T18:30:00+01:00\n",
    "text in base64 that is no session": base64.b64encode(b"Good morning, everybody! " * 8).decode(),
}


@pytest.mark.parametrize("which", SESSIONS)
def test_a_session_is_known_in_whatever_form(which):
    """Nothing of it may be shown, so it is known before it is read."""
    assert looks_like_session(SESSIONS[which])


@pytest.mark.parametrize("which", POSTS)
def test_anything_else_is_not_taken_for_one(which):
    """A post may be about tokens; what is refused for other reasons shows where it is wrong."""
    assert not looks_like_session(POSTS[which])
