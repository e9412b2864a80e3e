"""The sandbox of Bluesky keeps its promises: what a real server does, and every fault as it is described."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request

import pytest

from sandbox.bluesky.weather import FAULTS
from sandbox.process import SandboxError

POSTS = "app.bsky.feed.post"
KEY = "3jui7kd54zh2y"
WHEN = "2026-11-29T20:00:00.000Z"
HI = {"$type": POSTS, "text": "hi", "createdAt": WHEN}


class Visitor:
    """Somebody who talks to a server directly."""

    def __init__(self, sandbox, url=None):
        self.sandbox = sandbox
        self.url = url or sandbox.url
        self.did = sandbox.accounts["alice.test"]["did"]
        self.headers = {}
        self.token = self.sign_in()

    def call(self, method, body=None, *, token=None, timeout=2, kind="application/json", **params):
        """Give the status and what was said; ``None`` for a line that was cut."""
        query = "&".join(f"{name}={value}" for name, value in params.items())
        shown = self.token if token is None else token
        request = urllib.request.Request(  # noqa: S310 - our own address
            f"{self.url}/xrpc/com.atproto.{method}?{query}",
            data=body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode(),
            headers={"content-type": kind} | ({"authorization": f"Bearer {shown}"} if shown else {}),
        )
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310 - the same
                self.headers = answer.headers
                return answer.status, read(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                self.headers = error.headers
                return error.code, read(error.read())
        except (OSError, ConnectionError):
            return None, None

    def sign_in(self):
        self.token = ""
        body = {"identifier": self.did, "password": self.sandbox.accounts["alice.test"]["password"]}
        self.session = self.call("server.createSession", body)[1]
        return self.session["accessJwt"]

    def put(self, record=HI, rkey=KEY, **more):
        body = {"repo": self.did, "collection": POSTS, "rkey": rkey, "record": record}
        return self.call("repo.putRecord", body | more)

    def create_only(self, record=HI, **more):
        return self.put(record, swapRecord=None, **more)

    def apply(self, *texts, keys=None):
        writes = [
            {
                "$type": "com.atproto.repo.applyWrites#create",
                "collection": POSTS,
                "rkey": keys[n] if keys else f"3jui7kd54zh{n}2".replace("0", "a").replace("1", "b"),
                "value": HI | {"text": text},
            }
            for n, text in enumerate(texts)
        ]
        return self.call("repo.applyWrites", {"repo": self.did, "writes": writes})


def read(content):
    try:
        return json.loads(content or b"{}")
    except ValueError:
        return content


@pytest.fixture
def visitor(sandbox):
    return Visitor(sandbox)


# --- as the real server was measured to be


def test_a_record_that_is_only_created(visitor, sandbox):
    first = visitor.create_only()
    other = visitor.create_only(HI | {"text": "ho"})
    same = visitor.create_only()
    over = visitor.put(HI | {"text": "ho"})

    assert "bafyreibggrxhhy23epptuuemouwh3vv3wuaxkiixelezdtiv2hgof35hxu" == first[1]["cid"]
    assert (400, "InvalidSwap") == (other[0], other[1]["error"])
    assert same == (200, {**first[1]})
    assert 200 == over[0]
    assert [("hi", False), ("ho", True)] == [(one["text"], one["live"]) for one in sandbox.ledger()]


def test_a_used_key_is_500_for_whoever_creates(visitor, sandbox):
    visitor.create_only()
    created = visitor.call(
        "repo.createRecord", {"repo": visitor.did, "collection": POSTS, "rkey": KEY, "record": HI}
    )
    applied = visitor.apply("one", "two", keys=["3jui7kd54zh2z", KEY])

    assert (500, "InternalServerError") == (created[0], created[1]["error"])
    assert 500 == applied[0]
    assert ["hi"] == [one["text"] for one in sandbox.live()]


def test_deleted_and_created_again(visitor, sandbox):
    uri = visitor.create_only()[1]["uri"]
    sandbox.delete(uri)

    assert (
        "RecordNotFound"
        == visitor.call("repo.getRecord", token="", repo=visitor.did, collection=POSTS, rkey=KEY)[1]["error"]
    )
    assert 200 == visitor.create_only()[0]


@pytest.mark.parametrize(
    "record",
    [
        HI | {"text": "a" * 301},
        HI | {"text": "👨‍👩‍👧‍👦" * 121},
        HI | {"createdAt": "yesterday"},
        HI | {"langs": ["a", "b", "c", "d"]},
        HI | {"langs": ["not a language"]},
        HI | {"surprise": 1},
        HI | {"$type": "app.bsky.feed.like"},
        {"$type": POSTS, "text": "hi"},
        HI | {"facets": [{"index": {"byteStart": 0, "byteEnd": 3}, "features": []}]},
        HI | {"text": "ä", "facets": [{"index": {"byteStart": 0, "byteEnd": 1}, "features": []}]},
        HI
        | {
            "facets": [
                {
                    "index": {"byteStart": 0, "byteEnd": 2},
                    "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "x"}],
                }
            ]
        },
        HI
        | {
            "facets": [
                {
                    "index": {"byteStart": 0, "byteEnd": 2},
                    "features": [{"$type": "app.bsky.richtext.facet#mention", "did": "bob.test"}],
                }
            ]
        },
        HI
        | {
            "reply": {
                "root": {"uri": "at://a.test/app.bsky.feed.post/x", "cid": "y"},
                "parent": {"uri": "z", "cid": "y"},
            }
        },
        HI | {"embed": {"$type": "app.bsky.embed.images", "images": [{"image": {}, "alt": ""}]}},
        HI
        | {"embed": {"$type": "app.bsky.embed.external", "external": {"uri": "https://a.b", "title": "t"}}},
        HI | {"labels": {"values": []}},
    ],
)
def test_records_that_no_server_takes(visitor, sandbox, record):
    assert (400, []) == (visitor.create_only(record)[0], sandbox.ledger())


@pytest.mark.parametrize("rkey", ["abc", "3jui7kd54zh2", "kkkkkkkkkkkkk", ".."])
def test_keys_that_no_server_takes(visitor, rkey):
    assert 400 == visitor.create_only(rkey=rkey)[0]


def test_a_picture_has_to_be_there_and_small_enough(visitor, sandbox):
    blob = visitor.call("repo.uploadBlob", b"x" * 1_500_000, kind="image/png")[1]["blob"]
    record = HI | {"embed": {"$type": "app.bsky.embed.images", "images": [{"image": blob, "alt": ""}]}}
    taken = visitor.create_only(record)
    sandbox.call("limits", image=1_000_000)
    old = visitor.create_only(record, rkey="3jui7kd54zh2z")
    sandbox.call("limits", image=2_000_000)
    sandbox.call("lose_blobs", account="alice.test")
    lost = visitor.create_only(record, rkey="3jui7kd54zh2z")

    assert (200, 400, 400) == (taken[0], old[0], lost[0])
    assert ("InvalidRequest", "BlobNotFound") == (old[1]["error"], lost[1]["error"])
    assert 413 == visitor.call("repo.uploadBlob", b"x" * 6_000_000, kind="image/png")[0]


def test_a_thread_is_one_write_of_two_hundred_at_most(visitor, sandbox):
    assert 200 == visitor.apply("one", "two")[0]
    assert 400 == visitor.apply(*["x"] * 201)[0]
    assert 2 == len(sandbox.ledger())


def test_sessions_end_and_are_renewed(visitor, sandbox):
    sandbox.call("limits", access_seconds=1)
    token = visitor.token = visitor.sign_in()
    sandbox.set_clock(jump_s=2)
    ended = visitor.create_only()
    renewed = visitor.call("server.refreshSession", b"", token=visitor.session["refreshJwt"])
    again = visitor.call("server.refreshSession", b"", token=visitor.session["refreshJwt"])
    wrong = visitor.call("server.getSession", token=token + "x")
    misused = visitor.call("server.getSession", token=visitor.session["refreshJwt"])

    assert (400, "ExpiredToken") == (ended[0], ended[1]["error"])
    assert (200, 200) == (renewed[0], again[0])
    assert ("InvalidToken", "InvalidToken") == (wrong[1]["error"], misused[1]["error"])
    assert {"created": 2, "refreshed": 1, "reused": 1} == sandbox.counts()["sessions"]


def test_sessions_that_were_ended(visitor, sandbox):
    sandbox.call("revoke", account="alice.test")

    assert "ExpiredToken" == visitor.create_only()[1]["error"]
    assert (
        "ExpiredToken"
        == visitor.call("server.refreshSession", b"", token=visitor.session["refreshJwt"])[1]["error"]
    )


def test_somebody_elses_repository(visitor, sandbox):
    body = {"repo": "bob.test", "collection": POSTS, "rkey": KEY, "record": HI}

    assert 401 == visitor.call("repo.putRecord", body)[0]
    assert 401 == visitor.call("repo.putRecord", body | {"repo": visitor.did}, token="")[0]


def test_thirty_sign_ins_in_five_minutes(visitor):
    body = {"identifier": visitor.did, "password": "wrong"}
    answers = [visitor.call("server.createSession", body)[0] for _ in range(30)]

    assert answers == [401] * 29 + [429]
    assert "30;w=300" == visitor.headers["ratelimit-policy"]


def test_points(visitor, sandbox):
    sandbox.call("limits", points_hour=5)
    answers = [visitor.create_only(rkey=f"3jui7kd54zh2{n}")[0] for n in "abc"]

    assert [200, 200, 429] == answers
    assert int(visitor.headers["ratelimit-reset"]) > time.time() + 3000


def test_an_account_that_moved(visitor, sandbox):
    visitor.create_only()
    sandbox.call("move", account="alice.test")

    assert visitor.call("server.getSession")[1]["active"] is False
    assert "AccountDeactivated" == visitor.create_only(rkey="3jui7kd54zh2z")[1]["error"]
    assert 400 == visitor.call("repo.getRecord", repo=visitor.did, collection=POSTS, rkey=KEY)[0]
    there = Visitor(sandbox, sandbox.second_url)

    assert 200 == there.call("repo.getRecord", repo=visitor.did, collection=POSTS, rkey=KEY)[0]
    with urllib.request.urlopen(f"{sandbox.url}/{visitor.did}", timeout=5) as document:  # noqa: S310 - ours
        assert json.load(document)["service"][0]["serviceEndpoint"] == sandbox.second_url


def test_lists_page_by_page(visitor, sandbox):
    for n in range(5):
        sandbox.hand_post("alice.test", f"post {n}")
    first = visitor.call("repo.listRecords", repo=visitor.did, collection=POSTS, limit=3)[1]
    second = visitor.call(
        "repo.listRecords", repo=visitor.did, collection=POSTS, limit=3, cursor=first["cursor"]
    )[1]

    assert [one["value"]["text"] for one in (*first["records"], *second["records"])] == [
        f"post {n}" for n in (4, 3, 2, 1, 0)
    ]


def test_the_clock(visitor, sandbox):
    sandbox.set_clock(offset_s=-300)
    visitor.call("server.describeServer")

    assert (
        abs(
            time.mktime(time.strptime(visitor.headers["date"], "%a, %d %b %Y %H:%M:%S GMT"))
            - time.timezone
            - time.time()
            + 300
        )
        < 5
    )


# --- every fault does what its sentence says

WRITTEN = {
    "drop_after",
    "reset_after",
    "silent_after",
    "proxy_after",
    "broken_after",
    "late",
    "odd_uri",
    "odd_cid",
    "odd_body",
    "slow",
    "no_date",
}
ANSWERED = {
    "proxy_before": 504, "proxy_after": 504, "broken_before": 500, "broken_after": 500, "odd_uri": 200, "odd_cid": 200,
    "odd_body": 200, "too_many": 429, "too_many_bare": 429, "refused": 400, "expired_token": 400, "invalid_token": 400,
    "unavailable": 503, "slow": 200, "no_date": 200, "late": 200,
}  # fmt: skip


@pytest.mark.parametrize(
    "fault", [one for one, (methods, *_) in FAULTS.items() if not methods or "putRecord" in methods]
)
def test_faults(visitor, sandbox, fault):
    sandbox.weather({"fault": fault, "method": "putRecord"})
    status, _ = visitor.create_only()

    assert status == ANSWERED.get(fault)
    assert len(sandbox.ledger()) == (1 if fault in WRITTEN else 0)
    assert sandbox.asks()[0]["fault"] == fault
    assert sandbox.asks()[0]["wrote"] == (fault in WRITTEN)


def test_a_rule_strikes_whom_it_names_and_as_often_as_it_says(visitor, sandbox):
    sandbox.weather(
        {"fault": "broken_before", "match": "storm", "count": 1, "skip": 1, "account": "alice.test"}
    )
    answers = [
        visitor.create_only(HI | {"text": text}, rkey=f"3jui7kd54zh2{n}")[0]
        for n, text in zip("abcd", ("calm", "storm", "storm", "storm"), strict=True)
    ]

    assert [200, 200, 500, 200] == answers


@pytest.mark.parametrize(
    "rule",
    [
        {"fault": "snow"},
        {"fault": "drop_after", "params": {"x": 1}},
        {"fault": "drop_after", "x": 1},
        {"fault": "drop_after", "match": "("},
    ],
)
def test_rules_that_cannot_be_meant(sandbox, rule):
    with pytest.raises(SandboxError):
        sandbox.weather(rule)


def test_the_control_port_wants_its_token(sandbox):
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(f"{sandbox.control_url}/ledger", timeout=5)  # noqa: S310 - our own address

    refusal.value.close()
    assert 401 == refusal.value.code
