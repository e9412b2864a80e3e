"""The status board says how everything stands; that it cannot be written is nobody's trouble but its own."""

from __future__ import annotations

import base64
import contextlib
import re
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest

from steadypost.domain.health import Kind, failing, ok, unknown
from steadypost.domain.incident import opened
from steadypost.domain.observed import BlocksSeen, CircuitSeen, SignIn, SwitchSeen
from steadypost.domain.outcome import Answer, Cause, Published
from steadypost.domain.post import Part, Post
from steadypost.domain.standing import cannot_be_used, standing
from steadypost.networks.x.snowflake import id_at
from steadypost.store import accounts as account_rows
from steadypost.store import incidents, intake, settling
from tasks import board as boards
from tests.domain.test_secrets import AUTH, B64
from tests.tasks.conftest import NOW

HOUR = timedelta(hours=1)


@pytest.fixture
def written(monkeypatch):
    """What was put into Prefect's artifacts, by its key."""
    found = {}

    def write(client, key, data, **_):
        found[key] = data
        return f"id-of-{key}"

    monkeypatch.setattr(boards.runs, "client", contextlib.nullcontext)
    monkeypatch.setattr(boards.pages, "write", write)
    monkeypatch.setattr(boards.forms, "keep", lambda *_: [])
    return found


def test_the_page_says_it_all(house, claimed, written, monkeypatch):
    """The verdict, why nothing goes out, each account, circuits, the queue, incidents, figures, and what nobody knows."""
    claimed("Good morning!")
    bad = failing(Kind.DUE, "delivery 1 hangs", "alice")
    house.store.write(
        incidents.keep_checks, [bad, unknown(Kind.READER, "a login wall", "bob"), ok(Kind.STORE, "fine")], NOW
    )
    house.store.write(incidents.enter, opened(bad, NOW))
    house.store.write(
        account_rows.pause,
        "bob",
        until=NOW + HOUR,
        cause=Cause.CHALLENGE,
        why="X wants a code",
        session_mark="",
        now=NOW,
    )
    blocks = BlocksSeen(
        off={"publish": SwitchSeen(by="carol", reason="elections")},
        open_circuits=[CircuitSeen(name="x-page-alice", since=NOW - HOUR, why="page_unreachable")],
    )

    assert boards.board.fn(blocks)

    page = written["steadypost-board"]
    for word in (
        "🔴 Steadypost: failing",
        "turned off, by carol: elections",
        "🔴 alice",
        "🔴 bob",
        "paused until Mon 04 May 13:00: X wants a code",
        "x-page-alice",
        "delivery 1 hangs",
        "reader of bob",
        "| sending | 1 |",
        "last 7 days",
        "nothing was due",
    ):
        assert word in page.replace("\\", ""), word
    [drawn] = re.findall(r"!\[[^]]+\]\(data:image/svg\+xml;base64,([^)]+)\)", page)
    ET.fromstring(base64.b64decode(drawn))  # noqa: S314 - our own


def test_what_fails_is_logged_and_left(house, written, monkeypatch):
    """With Prefect's API away, or the store: the task itself goes through."""
    monkeypatch.setattr(boards.pages, "write", lambda *_, **__: 1 / 0)

    assert boards.board.fn(None) is False


def test_no_page_holds_a_secret_and_no_text_is_markup(house, written):
    """What anybody wrote is shown as text, and a cookie in it is not shown at all."""
    said = f"<script>alert(1)</script> | [x](http://x) auth_token={AUTH} {B64}"
    house.store.write(incidents.keep_checks, [failing(Kind.DUE, said, "alice")], NOW)
    house.store.write(incidents.enter, opened(failing(Kind.DUE, said, "alice"), NOW))

    boards.board.fn(None)

    page = written["steadypost-board"]
    assert AUTH not in page.replace("\\", "")
    assert B64[:60] not in page.partition("## The week")[0].replace("\\", "")
    assert "<script" not in page
    assert not re.search(r"(?<!\\)\[x(?<!\\)\]", page)


def test_the_next_posts_are_listed_in_the_zone_of_whoever_reads(house, written, monkeypatch):
    """The next ten, by the moment they are due: whose, when by the clocks of that zone, what they say, which number."""
    monkeypatch.setenv("STEADYPOST_ZONE", "Europe/Berlin")
    for n in range(12):
        house.store.write(
            intake.add,
            Post(parts=(Part(text=f"The ferry leaves at {n}."),)),
            accounts=["alice"],
            due_at=NOW + (12 - n) * HOUR,
            now=NOW,
        )

    boards.board.fn(None)

    page = written["steadypost-board"]
    assert "All times are those of **Europe/Berlin**" in page
    said = re.findall(
        r"\| (\w+ \d\d \w+ \d\d:\d\d) \| alice \| The ferry leaves at (\d+)\. \| (\d+) \|", page
    )
    assert [("Mon 04 May 15:00", "11", "12"), ("Mon 04 May 16:00", "10", "11")] == said[:2]
    assert 10 == len(said)


@pytest.mark.parametrize(
    ("place", "address"),
    [("https://x.com", f"https://x.com/alice/status/{id_at(NOW + timedelta(seconds=1))}"), (None, "")],
)
def test_what_is_live_is_linked_where_its_network_shows_it(house, claimed, written, place, address):
    """At the address of the account's own network; where that is not known, it is named all the same."""
    claim = claimed("It is live, and *well*.")
    house.store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=NOW)
    live = Published(remote_id=id_at(NOW + timedelta(seconds=1)))
    house.store.write(settling.answered, claim.attempt_id, Answer(outcomes=(live,)), now=NOW, jitter=0.5)
    blocks = BlocksSeen(places={"alice": place} if place else {})

    boards.board.fn(blocks)

    [line] = [one for one in written["steadypost-board"].splitlines() if "It is live" in one]
    assert (f"](<{address}>)" in line) == bool(address)
    assert r"\*well\*" in line


def test_an_account_stands_on_the_board_as_everywhere(house, written):
    """The same judgement of the same facts: one that cannot be used is not called ready because nothing was due yet."""
    house.store.write(
        incidents.keep_checks, [failing(Kind.SESSION, "its rules were not accepted", "alice")], NOW
    )

    boards.board.fn(BlocksSeen())

    [line] = [one for one in written["steadypost-board"].splitlines() if "alice" in one and "cannot" in one]
    seen = next(one for one in house.store.observe(NOW, claims_of=HOUR).accounts if one.name == "alice")
    closed = cannot_be_used([failing(Kind.SESSION, "its rules were not accepted", "alice")])
    assert str(standing(seen, NOW, closed).word) in line
    assert "🔴" in line


def test_the_forms_follow_the_accounts(house, written, monkeypatch):
    """With the board, by the accounts that the blocks name; not by nothing, while nobody could read them."""
    kept = []
    monkeypatch.setattr(
        boards.forms, "keep", lambda _, names, board: kept.append((sorted(names), board)) or []
    )

    boards.board.fn(None)
    boards.board.fn(BlocksSeen(sign_ins={"bob": SignIn(), "alice": SignIn(closed="no")}))

    assert [(["alice", "bob"], "id-of-steadypost-board")] == kept


def test_what_was_written_down_in_utc_stands_on_the_board_in_its_zone(house, written, monkeypatch):
    """Within a check's words and an incident's too: a board has one zone."""
    monkeypatch.setenv("STEADYPOST_ZONE", "Pacific/Auckland")
    kept = "goes again at 2026-11-30 22:05:00 UTC"
    house.store.write(incidents.keep_checks, [unknown(Kind.DUE, kept, "alice")], NOW)
    house.store.write(incidents.enter, opened(failing(Kind.DUE, kept, "bob"), NOW))

    boards.board.fn(None)

    assert "UTC" not in written["steadypost-board"]
    assert 2 == written["steadypost-board"].count("2026-12-01 11:05:00 (Pacific/Auckland)")
