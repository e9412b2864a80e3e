"""What is away takes nothing else with it: the rows of docs/degradation.md that no other file proves."""

from __future__ import annotations

import logging
import subprocess
import sys
import textwrap
import threading
import time as real_time
from datetime import timedelta
from pathlib import Path

import pytest

from blocks import Switches
from blocks.switches import Switch
from flows.publish import claim_due
from flows.reconcile import accounts_to_look_at
from steadypost.browser import BrowserUnavailable, Reason
from steadypost.channels.port import Probe
from steadypost.domain.delivery import State
from steadypost.domain.outcome import Answer, Cause, NotSubmitted, Phase, Published
from steadypost.domain.post import Part, Post
from steadypost.networks.x.snowflake import id_at
from steadypost.store import Store, StoreAway, intake, notices, reading
from steadypost.store import accounts as account_rows
from tasks import documents
from tasks.canaries import probe
from tasks.deliveries import deliver, rest_account
from tasks.documents import ApiAway, Documents
from tasks.house import LEASE, here
from tests.rooms import instead


def live(house):
    def answer(order, arm):
        assert arm()
        return Answer(outcomes=(Published(remote_id=id_at(house.clock() + timedelta(seconds=1))),))

    return answer


def run(claim):
    here().take(claim)
    deliver.fn(claim.attempt_id, claim.delivery_id, claim.account)


def state(house, claim):
    return house.store.read(reading.show, claim.delivery_id).delivery.state


def away(*_, **__):
    raise StoreAway("gone", remedy="-")


# --- what no post needs


def test_a_notice_that_cannot_be_written_fails_no_post(house, channel, claimed, monkeypatch):
    """Nobody can be told that the account is signed out: it rests all the same, and the other one publishes."""
    instead(monkeypatch, house.store, notices.put, away)
    signed_out = NotSubmitted(cause=Cause.SIGNED_OUT, why="login page", phase=Phase.OPENED)
    channel.on_ask = lambda *_: Answer(outcomes=(signed_out,))
    run(claimed("One."))
    channel.on_ask = live(house)
    run(other := claimed("Two.", account="bob"))

    assert house.store.read(account_rows.one, "alice").is_paused(house.clock())
    assert state(house, other) is State.PUBLISHED


ON_THE_WAY = """
    import sys, flows.publish
    for name, module in sorted(sys.modules.items()):
        if name.partition(".")[0] in ("flows", "tasks", "blocks", "steadypost") and module.__file__:
            print(module.__file__)
"""


def test_what_publishes_knows_nothing_of_artifacts_and_metrics():
    """They cannot fail a post: of all that is loaded to publish, nothing writes any."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(ON_THE_WAY)], capture_output=True, text=True, check=True
    )
    files = [Path(line) for line in done.stdout.splitlines()]

    assert len(files) > 40
    assert [] == [
        file for file in files if {"prefect.artifacts", "prometheus_client"} & set(file.read_text().split())
    ]


def test_media_that_cannot_be_uploaded_stop_their_own_post_only(house, channel, claimed):
    """It is tried again and in the end before a person; all others of its account go out."""
    no_upload = NotSubmitted(cause=Cause.MEDIA_NOT_ATTACHED, why="the upload failed", phase=Phase.SIGNED_IN)
    channel.on_ask = lambda *_: Answer(outcomes=(no_upload,))
    run(with_media := claimed("A picture."))
    channel.on_ask = live(house)
    run(without := claimed("No picture."))

    delivery = house.store.read(reading.show, with_media.delivery_id).delivery
    assert (delivery.state, delivery.broken) == (State.SCHEDULED, 1)
    assert state(house, without) is State.PUBLISHED


def test_all_browsers_away_stop_publishing_and_nothing_else(house, channel, claimed):
    """No post is charged, posts still come in, and the first browser that is back publishes."""
    house.browsers.trouble = BrowserUnavailable(Reason.MISSING, "no browser")
    run(claim := claimed("One."))
    assert 0 == house.store.read(reading.show, claim.delivery_id).delivery.broken
    house.store.write(
        intake.add,
        Post(parts=(Part(text="Two."),)),
        accounts=["bob"],
        due_at=house.clock(),
        now=house.clock(),
    )
    assert [] == accounts_to_look_at(house)

    house.browsers.trouble = None
    channel.on_ask = live(house)
    (second,) = house.store.claim(
        worker=house.worker, now=house.clock(), lease=LEASE, at_most=1, accounts=["bob"]
    )
    run(second)
    assert state(house, second) is State.PUBLISHED


# --- Prefect's API


def test_an_api_that_does_not_answer_keeps_no_post_waiting(house, monkeypatch):
    """It takes the connection and says nothing: the blocks are read by somebody else, who waits alone."""
    asked, let_go = threading.Event(), threading.Event()

    def hangs():
        asked.set()
        let_go.wait(30)
        raise ApiAway("ReadTimeout")

    monkeypatch.setattr(documents, "read", hangs)
    monkeypatch.setattr("tasks.house.REFRESH_EVERY", 0.01)
    house.read_along()
    try:
        assert asked.wait(10)
        began = real_time.perf_counter()
        for _ in range(100):
            house.refresh()
        assert real_time.perf_counter() - began < 0.5
    finally:
        let_go.set()
        house.read_no_more()


def test_with_the_api_away_the_accounts_last_read_serve(house, channel, claimed, monkeypatch):
    """Publishing goes on with them."""

    def read():
        raise ApiAway("ConnectError")

    monkeypatch.setattr(documents, "read", read)
    house.refresh(at_once=True)
    channel.on_ask = live(house)
    run(claim := claimed("One."))

    assert state(house, claim) is State.PUBLISHED


# --- the store, the disk


def test_while_the_store_is_away_nothing_is_claimed_and_nobody_gives_up(house, monkeypatch):
    """No intent can be written, so nothing is asked; when it is back, the next cycle claims."""
    now = house.clock()
    house.store.write(intake.add, Post(parts=(Part(text="One."),)), accounts=["alice"], due_at=now, now=now)
    with monkeypatch.context() as gone:
        gone.setattr(house.store, "claim", away)
        assert [] == claim_due(house, at_most=2)

    assert 1 == len(claim_due(house, at_most=2))


FULL_DISK = """
    import resource, signal, sys
    from datetime import UTC, datetime, timedelta
    from steadypost.domain.post import Part, Post
    from steadypost.store import Store, StoreAway, intake
    url, size = sys.argv[1], int(sys.argv[2])
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    store = Store.open(url)
    now = datetime.now(UTC)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    claims = added = 0
    try:
        for added in range(2000):
            post = Post(parts=(Part(text=f"{added} " * 60),))
            store.write(intake.add, post, accounts=["alice"], due_at=now, now=now)
    except StoreAway:
        try:
            claims = len(store.claim(worker="w", now=now, lease=timedelta(seconds=30), at_most=1, accounts=["alice"]))
        except StoreAway:
            print("away", added)
"""


def test_a_full_disk_stops_publishing_before_any_click_and_loses_nothing(tmp_path, house):
    """The kernel takes no more bytes: the store says that it is away, nothing can be claimed, and so nothing is
    asked. With room again all that had come in is there.
    """
    url = f"sqlite:///{tmp_path}/full.db"
    with Store.create(url) as store:
        store.write(account_rows.put, house.store.read(account_rows.one, "alice"), house.clock())
    size = max(path.stat().st_size for path in tmp_path.glob("full.db*")) + 200_000
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FULL_DISK), url, str(size)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.startswith("away"), done.stderr

    with Store.open(url) as store:
        assert store.read(reading.counts)[State.SCHEDULED] == int(done.stdout.split()[1])
        claims = store.claim(
            worker="w", now=house.clock() + timedelta(days=400), lease=LEASE, at_most=1, accounts=["alice"]
        )
    assert 1 == len(claims)


def test_a_page_that_cannot_be_kept_keeps_nobody_from_resting(house, channel, monkeypatch):
    """Disk space is short: the account rests for a changed page all the same."""

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tasks.page_snapshots.keep", full)
    drifted = Probe(well=False, handle="alice", cause=Cause.UI_DRIFT, why="no composer", page="<p>")
    channel.on_probe = lambda _: drifted
    probe.fn("alice")

    assert house.store.read(account_rows.one, "alice").pause_cause is Cause.UI_DRIFT
    assert "could not be kept" in house.store.read(notices.every)[0].body


# --- without


def test_without_degradation_the_first_failure_stops_the_run(house, monkeypatch, caplog):
    """The old way, for comparison: a store that is away for a moment ends the run on watch."""
    house.log = logging.getLogger("test")
    monkeypatch.setattr("flows.publish.is_anything_due", away)
    monkeypatch.setattr(documents, "read", lambda: Documents(accounts={}, switches=Switches()))
    assert [] == claim_due(house, at_most=1)
    house.refresh()

    house.switches = Switches(degradation=Switch(on=False))
    claim_due(house, at_most=1)
    with pytest.raises(StoreAway):
        house.refresh()


def test_without_degradation_nothing_is_asked_twice_either(house, channel, claimed, monkeypatch):
    """The answer of the ask is kept before anything else is looked at, whatever stops the run."""
    house.switches = Switches(degradation=Switch(on=False))
    channel.on_ask = live(house)
    claim = claimed("One.")
    instead(monkeypatch, house.store, account_rows.pause, away)
    run(claim)
    rest_account(
        house, "alice", Answer(outcomes=(NotSubmitted(cause=Cause.SIGNED_OUT, why="-", phase=Phase.OPENED),))
    )

    assert state(house, claim) is State.PUBLISHED
    assert 1 == len(channel.asked)
