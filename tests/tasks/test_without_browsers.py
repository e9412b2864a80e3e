"""What needs no browser has none, waits for none, and is not held back by one that fails."""

import json
from datetime import timedelta

import pytest

from flows.publish import claim_due
from steadypost.browser import BrowserUnavailable, Reason
from steadypost.channels import executor
from steadypost.channels.port import Access
from steadypost.domain.circuit.catalogue import Dependency, Kind
from steadypost.domain.delivery import State
from steadypost.domain.post import Part, Post
from steadypost.store import AccountRecord, intake, reading, settling
from steadypost.store import accounts as account_rows
from tasks.deliveries import deliver
from tasks.dependencies import browser_here
from tasks.looks import look
from tasks.probes import to_probe
from tests.tasks.conftest import NOW


@pytest.fixture
def path(house, tmp_path):
    """The file that the account ``me`` posts into; every browser of this house fails."""
    path = tmp_path / "posts.jsonl"
    house.store.write(
        account_rows.put,
        AccountRecord(name="me", channel="file", handle="me", network="file", settle=timedelta(0)),
        now=NOW,
    )
    house.directory.accounts["me"] = Access(account="me", handle="me", base_url=f"file://{path}", secret={})
    house.browsers.trouble = BrowserUnavailable(Reason.MISSING, "no browser")
    house.browsers.size = 0
    return path


def add(house, *texts, account="me"):
    (added,) = house.store.write(
        intake.add,
        Post(parts=tuple(Part(text=text) for text in texts)),
        accounts=[account],
        due_at=house.clock(),
        late_after=None,
        now=house.clock(),
    )
    return added.delivery_id


def test_a_post_goes_out_and_is_seen_without_one(house, path, time):
    """Claimed though there is not one browser, written, and found by its name."""
    delivery_id = add(house, "The lamp is lit.", "And so is the other.")
    (claim,) = claim_due(house, at_most=4)
    deliver.fn(claim.attempt_id, claim.delivery_id, claim.account)
    time.pass_by(hours=1)
    look.fn("me")

    story = house.store.read(reading.show, delivery_id)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert State.PUBLISHED is story.delivery.state
    assert story.verified_at is not None
    assert [line["id"] for line in lines] == [part.remote_id for part in story.delivery.parts]
    assert 0 == house.browsers.lent


def test_what_needs_one_is_not_claimed_while_none_is_free(house, path):
    """It waits in the store, and keeps nobody else waiting."""
    add(house, "From alice", account="alice")
    add(house, "From me")

    assert ["me"] == [claim.account for claim in claim_due(house, at_most=4)]


def test_its_circuits_are_not_those_of_browsers(house, path):
    """A machine whose browsers do not start publishes what needs none."""
    assert browser_here() in house.behind("alice")
    assert browser_here() not in house.behind("me")


def test_a_part_that_is_not_there_is_asked_for_again_after_one_look(house, path, time):
    """The worker died with leave to act, and what acted is over: its name is not in the file, which is proof."""
    delivery_id = add(house, "The lamp is lit.")
    (claim,) = claim_due(house, at_most=1)
    with executor.acting() as acted:
        assert house.store.write(
            settling.arm, claim.attempt_id, fence=claim.fence, now=house.clock(), executor=acted
        )
        time.pass_by(minutes=5)
        house.store.rescue(house.clock())
        time.pass_by(minutes=1)
        look.fn("me")
        assert State.UNCONFIRMED is house.store.read(reading.show, delivery_id).delivery.state
    time.pass_by(minutes=20)
    look.fn("me")

    assert State.SCHEDULED is house.store.read(reading.show, delivery_id).delivery.state


def test_a_lost_answer_is_found_by_its_name(house, path, time):
    """It was written, and nobody heard so: adopted, and never written twice."""
    delivery_id = add(house, "The lamp is lit.")
    (claim,) = claim_due(house, at_most=1)
    with house.channel("me", within=timedelta(seconds=1)) as channel:
        from tasks.deliveries import _order  # noqa: PLC0415 - what the task itself would ask

        assert house.store.write(
            settling.arm, claim.attempt_id, fence=claim.fence, now=house.clock(), executor=channel.executor
        )
        channel.ask(
            house.directory.accounts["me"],
            _order(claim),
            arm=lambda: True,
            deadline=__import__("time").monotonic() + 5,
            progress=lambda _: None,
        )
    time.pass_by(minutes=5)
    house.store.rescue(house.clock())
    time.pass_by(minutes=1)
    look.fn("me")

    assert State.PUBLISHED is house.store.read(reading.show, delivery_id).delivery.state
    assert 1 == len(path.read_text().splitlines())


def test_one_that_is_down_keeps_no_browser_s_trial_waiting(house, path):
    """With so many that one of them is always due, the browsers would never be tried: what waits longest comes first."""
    fail(house, browser_here())
    house.clock.pass_by(minutes=1)
    fail(house, Dependency(Kind.X_PAGE, "me"))
    house.clock.pass_by(minutes=1)

    first, second = to_probe(house)

    assert first in {"alice", "bob"}
    assert "me" == second


def fail(house, dependency):
    for _ in range(3):
        house.circuits.came(dependency, house.circuits.may(dependency).ticket, well=False)
