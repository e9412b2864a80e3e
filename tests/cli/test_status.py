"""``steadypost status`` and ``steadypost why``: how everything stands, and why nothing goes out, in one sentence."""

from __future__ import annotations

import http.server
import json
import threading
from datetime import UTC, datetime, timedelta

import pytest

from steadypost.domain.health import Kind, Quiet, failing, ok, unknown
from steadypost.domain.incident import opened
from steadypost.domain.outcome import Cause
from steadypost.domain.post import Part, Post
from steadypost.domain.rollout import place
from steadypost.store import accounts as account_rows
from steadypost.store import incidents, intake, publishers, strikes, watches
from steadypost.store.acts import By
from steadypost.store.publishers import Role
from steadypost.store.strikes import Of

NOW = datetime.now(UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def switches(monkeypatch):
    """A Prefect that knows the switches' document; set ``document`` to what it is to say, ``code`` to how."""

    class Api(http.server.BaseHTTPRequestHandler):
        code, document = 200, {}

        def do_GET(self):
            assert self.path.endswith("/steadypost-switches/block_documents/name/steadypost")
            self.send_response(self.code)
            self.end_headers()
            self.wfile.write(json.dumps(self.document).encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{server.server_port}/api")
    yield Api
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def due(store):
    """Something of Alice's is due, and somebody is on watch."""
    moment = datetime.now(UTC)
    store.write(
        intake.add, Post(parts=(Part(text="Good morning!"),)), accounts=["alice"], due_at=moment, now=moment
    )
    store.write(watches.take, "publish", run_id="run", now=datetime.now(UTC))
    return store


def why(call):
    return call("why", "--json").json


def test_the_switch_is_asked_for_and_named_with_who_turned_it(due, call, switches):
    """Without importing Prefect; since when is when it was saved, unless it says so itself."""
    switches.document = {
        "updated": "2026-11-25T10:00:00Z",
        "data": {"publish": {"on": False, "by": "carol", "reason": "elections"}},
    }

    told = why(call)

    assert "turned off, by carol since 2026-11-25 10:00 UTC: elections" in told["sentence"]
    assert ("switched_off", "") == (told["reasons"][0]["kind"], told["unseen"])
    switches.document["data"]["publish"]["until"] = "2026-11-25T11:00:00Z"
    assert [] == why(call)["reasons"]


def test_a_share_of_nobody_is_off_and_a_share_of_some_is_off_for_the_others(due, call, switches):
    """As the flows read it: a share of 0 lets nothing out, and one of some only theirs."""
    switches.document = {"data": {"publish": {"on": True, "share": 0, "by": "carol", "reason": "elections"}}}
    assert ["switched_off"] == [one["kind"] for one in why(call)["reasons"]]
    assert "publishing is turned off, by carol" in call("why", "1").out

    switches.document["data"]["publish"]["share"] = place("publish", "alice") - 0.01
    assert ["switched_off"] == [one["kind"] for one in why(call)["reasons"]]
    switches.document["data"]["publish"]["share"] = place("publish", "alice") + 0.01
    assert [] == why(call)["reasons"]


def test_only_the_circuit_that_an_account_waits_for_is_named(due, call, switches):
    """Another machine's circuit holds up nobody here; the words are those of the round that judged it."""
    switches.code = 404
    there = failing(Kind.CIRCUIT, "open for 5 min: dies", "browser-there")
    due.write(incidents.keep_checks, [there], datetime.now(UTC))
    assert [] == why(call)["reasons"]

    held = ok(Kind.DUE, "the circuit x-page has been open for 5 min: away", "alice", Quiet.CIRCUIT_OPEN)
    due.write(incidents.keep_checks, [there, held], datetime.now(UTC))
    assert "because the circuit x-page has been open for 5 min: away." in why(call)["sentence"]
    assert "waits: the circuit x-page has been open" in call("why", "1").out


def test_a_prefect_that_does_not_answer_is_named_and_keeps_nothing_else_back(due, call, switches):
    """What could not be asked is said beside the answer; the watch's last word on it counts meanwhile."""
    switches.code = 500
    told = why(call)
    assert "Prefect answers 500" in told["unseen"]
    assert [] == told["reasons"]

    check = ok(Kind.DUE, "publishing was turned off by carol", "alice", Quiet.SWITCHED_OFF)
    due.write(incidents.keep_checks, [check], datetime.now(UTC))

    assert "turned off by carol" in why(call)["sentence"]


def test_that_nobody_looks_is_not_that_nobody_publishes(due, call, switches):
    """The watch's word on the one is not taken for the other."""
    switches.code = 500
    check = unknown(Kind.LIVE, "nobody looks", "alice", Quiet.SWITCHED_OFF)
    due.write(incidents.keep_checks, [check], datetime.now(UTC))

    assert "turned off" not in why(call)["sentence"]


def test_without_an_address_of_prefect(due, call):
    """It is said, in both forms."""
    assert "the address of Prefect's API is not set" in why(call)["unseen"]
    assert "(Not asked: the switches" in call("why").out


def test_a_pause_and_a_session(due, call, switches):
    """An account's own trouble, with what is to be done."""
    due.write(
        account_rows.pause,
        "alice",
        until=datetime.now(UTC) + 60 * MINUTE,
        cause=Cause.SIGNED_OUT,
        why="X asks to sign in",
        session_mark="",
        now=NOW,
    )
    assert "left alone (X asks to sign in): a person has to correct that" in why(call)["sentence"]

    due.write(account_rows.resume, "alice", NOW)
    due.write(
        incidents.keep_checks, [failing(Kind.SESSION, "no auth_token in it", "alice")], datetime.now(UTC)
    )
    assert "the account cannot be used: no auth_token in it" in why(call)["sentence"]
    # What was found long ago is not what is so.
    due.write(
        incidents.keep_checks, [failing(Kind.SESSION, "no auth_token in it", "alice")], NOW - 60 * MINUTE
    )
    assert [] == why(call)["reasons"]


def test_no_store_is_an_answer_and_no_error(home, call):
    """Whoever asks why nothing goes out is told, by a command that itself goes through."""
    told = call("why", "--json")

    assert 0 == told.code
    assert "there is no store" in told.json["sentence"]


def test_status(due, call, switches):
    """The verdict of the latest round, the accounts, the queue, circuits and incidents, for people and programs."""
    bad = failing(Kind.CIRCUIT, "open for 12 min: page_unreachable", "x-page-alice")
    held = ok(Kind.DUE, "the circuit x-page-alice is open", "alice", Quiet.CIRCUIT_OPEN)
    due.write(incidents.keep_checks, [bad, held, ok(Kind.STORE, "fine")], datetime.now(UTC))
    due.write(incidents.enter, opened(bad, NOW))

    told = call("status", "--json").json

    assert ("failing", 1) == (told["verdict"], told["counts"]["scheduled"])
    assert ["x-page-alice"] == [one["name"] for one in told["circuits"]]
    assert [("circuit", "x-page-alice")] == [(one["kind"], one["about"]) for one in told["incidents"]]
    alice = next(one for one in told["accounts"] if one["name"] == "alice")
    assert (1, "circuit_open") == (alice["due"], alice["held_by"])
    assert told["on_watch"]["publish"] < 60
    out = call("status").out
    for word in ("Health: failing", "x-page-alice", "Incident 1", "Queue: 1 scheduled", "alice", "publish"):
        assert word in out


def test_what_was_checked_long_ago_or_never_is_unknown(due, call, switches):
    """Never the last value."""
    assert "unknown" == call("status", "--json").json["verdict"]
    assert "nothing was ever checked" in call("status").out
    due.write(incidents.keep_checks, [ok(Kind.STORE, "fine")], datetime.now(UTC) - 60 * MINUTE)

    assert "unknown" == call("status", "--json").json["verdict"]
    assert "the last round of checks was 1h" in call("status").out


def test_a_strike_is_named_with_whose_it_is(due, call, switches):
    """Of the account itself, or of its whole channel."""
    due.write(strikes.put, Of.CHANNEL, "x_web", by=By(name="carol", why="a mistake is live"), now=NOW)

    told = why(call)

    assert "struck" == told["reasons"][0]["kind"]
    assert "carol has struck the channel x_web: a mistake is live" in told["sentence"]
    assert "stopped by an operator" in call("status").out


def test_status_says_which_machine_works_on_what(store, call):
    """Where there are several; one that fell silent is said to have."""
    for host, role, seconds, accounts in (
        ("anna", Role.LEAD, 1, {"alice", "bob"}),
        ("berta", Role.HELPER, 1, {"carol"}),
        ("clara", Role.HELPER, 50, {"alice"}),
    ):
        store.write(
            publishers.say,
            host,
            run_id=host,
            role=role,
            accounts={"alice", "bob", "carol"},
            works_on=accounts,
            now=datetime.now(UTC) - timedelta(seconds=seconds),
        )

    shown, told = call("status"), call("status", "--json").json["publishing"]

    assert [["alice", "bob"], ["carol"], []] == [one["accounts"] for one in told]
    assert "Machine anna (lead) publishes for alice, bob" in " ".join(shown.out.split())
    assert "Machine clara (helper) sent its last heartbeat" in " ".join(shown.out.split())
