"""``deadman`` outside of everything, ``notices`` and ``incidents``: they need the store and nothing else."""

from datetime import UTC, datetime, timedelta

import pytest

from rehearsal.pager import Pager
from steadypost.cli.endings import Ending
from steadypost.domain.health import Kind, failing
from steadypost.domain.incident import Tried, opened
from steadypost.domain.remedy import Remedy
from steadypost.store import incidents, notices, watches

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Apprise's own imports

FLOWS = ("watch", "publish", "reconcile")


@pytest.fixture
def pager(monkeypatch):
    with Pager() as pager:
        monkeypatch.setenv("STEADYPOST_ON_CALL", pager.apprise)
        yield pager


def heartbeat(store, ago=timedelta(0)):
    for flow in FLOWS:
        store.write(watches.take, flow, run_id="run", now=datetime.now(UTC) - ago)


def test_somebody_is_there(store, call, pager):
    """Exit code 0, and nobody is called."""
    heartbeat(store)
    told = call("deadman", "--json")

    assert (Ending.OK, False, []) == (told.code, told.json["silent"], pager.heard)


def test_silence_is_told_once_and_its_end_once(store, call, pager):
    """However often cron asks."""
    heartbeat(store, timedelta(minutes=10))
    codes = [call("deadman").code for _ in range(3)]
    heartbeat(store)
    codes += [call("deadman").code for _ in range(2)]

    assert [Ending.UNHEALTHY] * 3 + [Ending.OK] * 2 == codes
    assert ["Steadypost is silent", "Steadypost runs again"] == [one.title for one in pager.heard]
    assert "watch sent its last heartbeat 10.0 min ago" in pager.heard[0].body


def test_a_way_that_is_down_is_tried_again(store, call, pager):
    """What was not taken was not told."""
    heartbeat(store, timedelta(minutes=10))
    pager.is_down = True
    assert "did not accept it" in call("deadman").out
    pager.is_down = False
    call("deadman")

    assert 1 == len(pager.heard)


def test_without_an_address_the_exit_code_still_says_it(store, call):
    """Cron's own mail may be enough for somebody."""
    heartbeat(store, timedelta(minutes=10))
    told = call("deadman")

    assert Ending.UNHEALTHY == told.code
    assert "STEADYPOST_ON_CALL" in told.out


def test_a_store_that_is_away_is_silence(home, call, pager):
    """It is found out without the store's help."""
    told = call("deadman")

    assert Ending.UNHEALTHY == told.code
    assert "there is no store" in pager.heard[0].body


def test_the_address_is_shown_nowhere(call, monkeypatch):
    """It holds a token; a wrong one is refused without being repeated."""
    monkeypatch.setenv("STEADYPOST_ON_CALL", "s3cr3t-token-without-a-scheme")
    told = call("deadman")

    assert Ending.USAGE == told.code
    assert "s3cr3t" not in told.out + told.err


def test_notices_say_what_waits_and_why(store, call):
    """In both forms; what got through is not waiting."""
    now = datetime.now(UTC)
    for key in ("a", "b"):
        store.write(notices.put, key=key, title=f"Message {key}", body="...", now=now)
    first, second = store.read(notices.every)
    store.write(notices.sent, first.id, now)
    store.write(notices.not_sent, second.id, why="custom-webhook/pager: HTTPStatusError", next_at=now)

    assert ["Message b"] == [one["title"] for one in call("notices", "--waiting", "--json").json["notices"]]
    assert "HTTPStatusError" in call("notices").out
    assert 2 == len(call("notices", "--json").json["notices"])


def test_incidents_say_what_was_tried(store, call):
    """With each remedy and its effect."""
    incident = store.write(
        incidents.enter, opened(failing(Kind.WORKER, "the worker is gone"), datetime.now(UTC))
    )
    store.write(
        incidents.begin_remedy,
        incident.id,
        Tried(n=1, remedy=Remedy.RESTART_WORKER, at=datetime.now(UTC), effect="started"),
    )

    [told] = call("incidents", "--open", "--json").json["incidents"]
    assert ("worker", "restart_worker") == (told["kind"], told["tries"][0]["remedy"])
    assert "restart_worker: started" in call("incidents").out
