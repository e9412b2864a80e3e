"""Taking a live post down in Prefect's form: only with a plain yes, and it says what it did."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from flows import delete as room
from flows.delete import delete, take_down
from steadypost.browser import LaunchSettings, Pool
from steadypost.channels.port import Access, Order
from steadypost.domain.delivery import State
from steadypost.domain.post import Part, Post
from steadypost.intake.removal import RemovalOrder
from steadypost.store import AccountRecord, Outbox, Store, intake, reading, settling
from steadypost.store import accounts as account_rows
from steadypost.store.acts import By
from steadypost.store.removals import CannotBeTakenDown
from tasks.house import opened
from tasks.removals import NotTakenDown

NOW = datetime.now(UTC)
DORA = By(name="Dora", why="the wrong date")


pytestmark = pytest.mark.usefixtures("outside_of_a_run")


@pytest.fixture
def file(tmp_path):
    return tmp_path / "posts.jsonl"


@pytest.fixture
def house(tmp_path, file):
    """A house with one account that posts into a file, and a thread that is live there."""
    with (
        Store.create(f"sqlite:///{tmp_path / 'store.db'}") as store,
        opened(
            store=store,
            browsers=Pool(0, LaunchSettings(), run_dir=tmp_path / "run", name="test"),
            outbox=Outbox(tmp_path / "outbox", store.address),
            read_blocks=False,
        ) as house,
    ):
        store.write(
            account_rows.put, AccountRecord(name="me", channel="file", handle="me", network="file"), NOW
        )
        house.directory.accounts = {
            "me": Access(account="me", handle="me", base_url=f"file://{file}", secret={})
        }
        house.directory.channels = {"me": "file"}
        thread = Post(parts=(Part(text="One."), Part(text="Two.")))
        store.write(intake.add, thread, accounts=["me"], due_at=NOW, now=NOW)
        (claim,) = store.claim(worker="w", now=NOW, lease=timedelta(minutes=1), at_most=1, accounts=["me"])
        with house.channel("me", within=timedelta(seconds=5)) as channel:
            answer = channel.ask(
                house.directory.access("me"),
                Order(parts=claim.parts, key=claim.key, keyed_at=claim.keyed_at),
                arm=lambda: store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=NOW),
                deadline=float("inf"),
                progress=lambda _: None,
            )
        store.write(settling.answered, claim.attempt_id, answer, now=NOW, jitter=0.5)
        yield house


def ordered(**more):
    return RemovalOrder(**{"delivery": 1, "sure": True, "by": "Dora", "why": "the wrong date", **more})


def there(file):
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return [line["text"] for line in lines if "text" in line]


def test_it_takes_down_all_of_it(house, file):
    """The run says which posts, what they said, and how the delivery ended."""
    ended = take_down(house, ordered(), DORA)

    assert (True, "Completed") == (ended.is_completed(), ended.name)
    assert "'One.'" in ended.message
    assert [] == there(file)
    assert State.REMOVED is house.store.read(reading.show, 1).delivery.state


def test_without_the_yes_it_says_what_would_go(house, file):
    ended = take_down(house, ordered(sure=False), DORA)

    assert (True, "Failed") == (ended.is_failed(), ended.name)
    assert "'Two.'" in ended.message
    assert ["One.", "Two."] == there(file)
    assert () == house.store.read(reading.show, 1).acts


def test_an_account_that_cannot_be_opened_says_so(house):
    house.directory.accounts.clear()
    with pytest.raises(NotTakenDown, match="it has no block"):
        take_down(house, ordered(), DORA)


def test_what_cannot_be_meant_is_refused_before_anything_is_opened(monkeypatch):
    monkeypatch.setattr(room, "probing_house", lambda _: pytest.fail("a house was opened"))
    ended = delete.fn(ordered(by=" "))

    assert (True, "Failed") == (ended.is_failed(), ended.name)
    assert "say who you are" in ended.message


def test_what_is_not_live_is_refused(house):
    house.store.write(intake.add, Post(parts=(Part(text="Three."),)), accounts=["me"], due_at=NOW, now=NOW)
    with pytest.raises(CannotBeTakenDown, match="steadypost cancel 2"):
        take_down(house, ordered(delivery=2), DORA)
