"""The status board says how everything stands; that it cannot be written is nobody's trouble but its own."""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest

from steadypost.domain.board import BAD, GOOD, LATE, week
from steadypost.domain.delivery import State
from steadypost.domain.figures import Owed
from steadypost.domain.health import Kind, failing, ok, unknown
from steadypost.domain.incident import opened
from steadypost.domain.observed import BlocksSeen, CircuitSeen, SwitchSeen
from steadypost.domain.outcome import Cause
from tasks import board as boards
from tests.domain.test_secrets import AUTH, B64
from tests.tasks.conftest import NOW

HOUR = timedelta(hours=1)


@pytest.fixture
def written(monkeypatch):
    """What was put into Prefect's artifacts, by its key."""
    found = {}
    monkeypatch.setattr(boards, "create_markdown_artifact", lambda text, key, **_: found.update({key: text}))
    monkeypatch.setattr(boards, "create_image_artifact", lambda url, key, **_: found.update({key: url}))
    monkeypatch.setattr(boards, "_thin_out", lambda: None)
    return found


def test_the_page_says_it_all(house, claimed, written, monkeypatch):
    """The verdict, why nothing goes out, each account, circuits, the queue, incidents, figures, and what nobody knows."""
    claimed("Good morning!")
    bad = failing(Kind.DUE, "delivery 1 stands still", "alice")
    house.store.keep_checks([bad, unknown(Kind.READER, "a login wall", "bob"), ok(Kind.STORE, "fine")], NOW)
    house.store.enter_incident(opened(bad, NOW))
    house.store.pause_account(
        "bob", until=NOW + HOUR, cause=Cause.CHALLENGE, why="X wants a code", session_mark="", now=NOW
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
        "⚪ bob",
        "paused until Mon 04 May 13:00: X wants a code",
        "x-page-alice",
        "delivery 1 stands still",
        "reader of bob",
        "| sending | 1 |",
        "last 7 days",
        "nothing was due",
    ):
        assert word in page.replace("\\", ""), word
    assert written["steadypost-week"].startswith("data:image/svg+xml;base64,")
    ET.fromstring(base64.b64decode(written["steadypost-week"].partition(",")[2]))  # noqa: S314 - our own


def test_what_fails_is_logged_and_left(house, monkeypatch):
    """With Prefect's API away, or the store: the task itself goes through."""
    monkeypatch.setattr(boards, "create_markdown_artifact", lambda *_, **__: 1 / 0)

    assert boards.board.fn(None) is False


def test_no_page_holds_a_secret_and_no_text_is_markup(house, written):
    """What anybody wrote is shown as text, and a cookie in it is not shown at all."""
    said = f"<script>alert(1)</script> | [x](http://x) auth_token={AUTH} {B64}"
    house.store.keep_checks([failing(Kind.DUE, said, "alice")], NOW)
    house.store.enter_incident(opened(failing(Kind.DUE, said, "alice"), NOW))

    boards.board.fn(None)

    page = written["steadypost-board"]
    assert AUTH not in page.replace("\\", "")
    assert B64[:60] not in page.replace("\\", "")
    assert "<script" not in page
    assert not re.search(r"(?<!\\)\[x(?<!\\)\]", page)


def test_the_week_is_drawn_by_the_hour_posts_were_due():
    """The worst of an hour gives it its colour, and the number says how many they were; tomorrow is still to come."""
    owed = [
        Owed(
            account="alice", at=NOW - HOUR, state=State.PUBLISHED, live_at=NOW - HOUR, recorded_at=NOW - HOUR
        ),
        Owed(account="alice", at=NOW - 3 * HOUR, state=State.PUBLISHED, live_at=NOW, recorded_at=NOW),
        Owed(account="alice", at=NOW - 25 * HOUR, state=State.UNCONFIRMED),
        Owed(
            account="bob", at=NOW - 25 * HOUR, state=State.PUBLISHED, live_at=NOW - 25 * HOUR, recorded_at=NOW
        ),
        Owed(account="bob", at=NOW + 20 * HOUR, state=State.SCHEDULED),
        Owed(account="bob", at=NOW - 30 * 24 * HOUR, state=State.UNCONFIRMED),
    ]

    drawn = week(owed, now=NOW, within=timedelta(minutes=5), zone="Europe/Berlin")

    ET.fromstring(drawn)  # noqa: S314 - our own
    cells = re.findall(r'fill="(#\w+)"/><text[^>]*text-anchor="middle"[^>]*>(\d+)<', drawn)
    assert [(BAD, "2"), (LATE, "1"), (GOOD, "1"), ("#dfe7f3", "1")] == cells
    assert "Europe/Berlin" in drawn
