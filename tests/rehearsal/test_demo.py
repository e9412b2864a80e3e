"""A demo in which nothing goes out says why, and ends; it does not wait for its time to be over."""

import csv
import inspect
import json
import os
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from rehearsal import demo
from rehearsal.demo import LASTING, NOTHING_WITHIN, PROVEN_AFTER, REASON_AFTER, Firsts, NothingGoesOut
from rehearsal.stack import ROOT
from steadypost.browser.proof import NotProven
from steadypost.domain import holding, standstill
from steadypost.domain.delivery import State
from steadypost.store import Store, reading
from steadypost.store import accounts as account_rows
from tests.browser.support import slowness

DUE = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def chromium(path, script):
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def demonstrate(folder, browser, within):
    """Run the demo in a folder of its own, with this browser."""
    began = time.monotonic()
    named = {"STEADYPOST_CHROMIUM": browser} if browser else {}
    done = subprocess.run(
        [sys.executable, "-m", "rehearsal.demo"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **named},
        capture_output=True,
        text=True,
        timeout=within,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr, time.monotonic() - began


@pytest.mark.browser
def test_a_browser_that_ends_at_once_ends_the_demo(tmp_path):
    """Before anything else is started."""
    browser = chromium(tmp_path / "chromium", "echo no such library >&2; exit 127")

    code, said, seconds = demonstrate(tmp_path, browser, within=60)

    assert 1 == code
    assert "no browser starts here: the browser ends as soon as it is started (no such library)" in said
    assert "remedy:" in said
    assert "Prefect server" not in said
    assert seconds < 20 * slowness()


class Watched:
    """A store and a stack of which a test says what they would say, and a clock it moves."""

    def __init__(self):
        self.published = 0
        self.now = DUE
        self.kinds = []
        self.proofs = 0
        self.asked = 0

    def read(self, question, **_):
        return {reading.queue: self.queue, reading.counts: self.counts}[question]()

    def queue(self):
        there = [
            (DUE - timedelta(days=400), State.MISSED),
            (DUE - timedelta(days=400), State.SCHEDULED),  # not yet seen to be too late
            (DUE + timedelta(seconds=30), State.SCHEDULED),
            (DUE, State.SCHEDULED),
        ]
        return [SimpleNamespace(delivery=SimpleNamespace(due_at=due, state=state)) for due, state in there]

    def counts(self):
        return {State.PUBLISHED: self.published}

    def run(self, *arguments, within):
        self.asked += 1
        said = {"sentence": "Because.", "reasons": [{"kind": kind} for kind in self.kinds]}
        return SimpleNamespace(stdout=json.dumps(said), stderr="")

    def prove(self):
        self.proofs += 1


@pytest.fixture
def watched(monkeypatch):
    stands_in = Watched()
    monkeypatch.setattr(demo, "prove", stands_in.prove)
    monkeypatch.setattr(demo.clock, "now", lambda: stands_in.now)
    return stands_in


@pytest.fixture
def at(watched):
    """Look once, so long after the first was due."""
    firsts = Firsts(watched, watched, DUE - timedelta(seconds=5))

    def look(after):
        watched.now = DUE + after + timedelta(seconds=0.1)
        firsts.look()

    return look


def test_nothing_is_asked_before_its_time_or_once_a_post_is_out(watched, at):
    """A demo that goes well is not disturbed."""
    at(timedelta(0))
    assert (0, 0) == (watched.proofs, watched.asked)

    watched.published = 1
    at(NOTHING_WITHIN)

    assert (0, 0) == (watched.proofs, watched.asked)


def test_a_reason_that_lasts_ends_it_within_twenty_seconds(watched, at):
    """No more waiting would mend it."""
    watched.kinds = ["circuit_open", "paused"]
    at(PROVEN_AFTER)

    with pytest.raises(NothingGoesOut, match=r"Because\."):
        at(REASON_AFTER)

    assert 1 == watched.proofs
    assert timedelta(seconds=20) > REASON_AFTER


def test_a_reason_that_may_pass_is_given_its_time(watched, at):
    """A machine that is slow is no failure yet; a minute without one post is."""
    watched.kinds = ["circuit_open", "waits"]
    at(PROVEN_AFTER)
    at(REASON_AFTER)
    assert 1 == watched.asked

    with pytest.raises(NothingGoesOut, match=r"60 s after .* Because\."):
        at(NOTHING_WITHIN)


def test_a_browser_that_no_longer_starts_ends_it(watched, at, monkeypatch):
    """The proof's own word is the reason."""

    def refuse():
        raise NotProven("gone", "bring it back")

    monkeypatch.setattr(demo, "prove", refuse)

    with pytest.raises(NotProven, match="gone"):
        at(PROVEN_AFTER)


def test_the_reasons_that_last_are_reasons():
    """Each is one that ``steadypost why`` gives."""
    told = inspect.getsource(standstill) + inspect.getsource(holding)

    assert [] == [kind for kind in sorted(LASTING) if f'"{kind}"' not in told]


# --- the whole demo


def in_the_store(folder, channel):
    """What the store says is live as whom on one channel: author and text of each part."""
    with Store.open(f"sqlite:///{folder}/steadypost.db") as store:
        accounts = {one.name: one for one in store.read(account_rows.every) if one.channel == channel}
        stories = [
            store.read(reading.show, entry.delivery.id) for entry in store.read(reading.queue, limit=1000)
        ]
        return Counter(
            (part.remote_id, accounts[story.delivery.account].handle, said.text)
            for story in stories
            if story.delivery.account in accounts
            for part, said in zip(story.delivery.parts, story.post.parts, strict=True)
            if part.remote_id
        )


@pytest.mark.browser
@pytest.mark.prefect
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_network_holds_what_the_store_says_and_each_thing_once(tmp_path):
    """Four channels; on each an answer was lost after the post was made, and a look has found it."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")

    code, said, _ = demonstrate(tmp_path, os.environ.get("STEADYPOST_CHROMIUM", ""), within=880)

    assert 0 == code, said
    home = tmp_path / "var" / "demo"
    ledgers = json.loads((home / "ledgers.json").read_text())
    report = json.loads((home / "report.json").read_text())
    assert {"x_web", "x_api", "mastodon", "bluesky"} == set(ledgers) == set(report["channels"])
    for channel, posts in ledgers.items():
        live = Counter(
            (one["id"], one["author"], one["text"]) for one in posts if one["live"] and not one["by_hand"]
        )
        figures = report["channels"][channel]
        assert in_the_store(home, channel) == live
        assert len(live) >= figures["due"] == figures["published"] > 0
        assert figures["duplicates"] == figures["false_status"] == 0
        assert 1 == figures["answers_lost"] <= figures["settled_by_a_look"]
    assert "networks.csv:8, text" in said
    for network, channel in (("mastodon", "mastodon"), ("bluesky", "bluesky"), ("x", "x_api")):
        live = {one["text"] for one in ledgers[channel]}
        assert own_words(network) & live == own_words(network) != set()


def own_words(network):
    """What the file has one network say in words of its own."""
    with (ROOT / "examples" / "networks.csv").open(newline="") as rows:
        return {row[f"text@{network}"] for row in csv.DictReader(rows)} - {""}
