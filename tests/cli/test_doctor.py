"""The doctor says what is wrong and what to do, and its exit code can wake somebody."""

import http.server
import os
import threading
from datetime import UTC, datetime, timedelta

import pytest

from steadypost.browser import proof
from steadypost.cli.endings import Stop
from steadypost.cli.up import lock
from steadypost.domain.outcome import Cause
from steadypost.domain.post import Part, Post
from steadypost.store import accounts as account_rows
from steadypost.store import intake, watches

NOW = datetime.now(UTC)


@pytest.fixture
def prefect(monkeypatch):
    """A Prefect that answers as it is told to."""

    class Api(http.server.BaseHTTPRequestHandler):
        code = 200

        def do_GET(self):
            self.send_response(self.code if self.path == "/api/admin/version" else 404)
            self.end_headers()

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
def on_watch(store):
    for flow in ("publish", "reconcile"):
        store.write(watches.take, flow, run_id="run", now=datetime.now(UTC))


@pytest.fixture
def well(store, prefect, on_watch):
    """A house in which nothing is wrong."""
    return store


@pytest.fixture
def examine(call):
    def run():
        told = call("doctor", "--json")
        findings = {}
        for one in told.json["findings"]:
            findings.setdefault(one["check"], []).append(one)
            assert one["verdict"] != "failing" or one["remedy"]
        return told.code, {
            check: "failing" if any(one["verdict"] == "failing" for one in found) else found[0]["verdict"]
            for check, found in findings.items()
        }

    return run


def waiting(store, *, due, account="alice", text="A good day."):
    post = Post(parts=(Part(text=text),))
    [added] = store.write(intake.add, post, accounts=[account], due_at=due, now=due - timedelta(minutes=1))
    return added.delivery_id


def test_a_house_that_is_well(well, examine, call):
    """Everything was looked at, and the end is nought."""
    code, verdicts = examine()

    assert 0 == code
    assert {"ok"} == set(verdicts.values())
    assert [
        "settings",
        "time zones",
        "browser",
        "store",
        "accounts",
        "moving",
        "for a person",
        "on watch",
        "Prefect",
    ] == list(verdicts)
    assert "failing" not in call("doctor").out


def test_a_setting_nobody_reads(well, examine, call, monkeypatch):
    """With the nearest name that somebody does."""
    monkeypatch.setenv("STEADYPOST_ZOOONE", "UTC")

    code, verdicts = examine()

    assert (4, "failing") == (code, verdicts["settings"])
    assert "STEADYPOST_ZONE" in call("doctor").out


def test_a_setting_that_cannot_be_meant_hides_nothing_else(well, examine, monkeypatch):
    """The doctor still looks at the rest."""
    monkeypatch.setenv("STEADYPOST_BROWSERS", "many")

    code, verdicts = examine()

    assert (
        4,
        "failing",
        "ok",
        "ok",
    ) == (code, verdicts["settings"], verdicts["browser"], verdicts["Prefect"])


def test_no_store(home, examine, prefect):
    """One line says so; what depends on it is not guessed at."""
    code, verdicts = examine()

    assert (4, "failing") == (code, verdicts["store"])
    assert "moving" not in verdicts


@pytest.fixture
def program(tmp_path):
    """A program that stands where another should be."""

    def write(script):
        path = tmp_path / "program"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return str(path)

    return write


@pytest.fixture
def of_browser(call):
    """What the doctor says of the browser, and with which code it ends."""

    def run():
        told = call("doctor", "--json")
        [found] = [one for one in told.json["findings"] if one["check"] == "browser"]
        return told.code, found

    return run


@pytest.mark.browser
def test_a_browser_that_starts(well, browser, of_browser, monkeypatch):
    """It is really started; which, and of what version, is told. A loaded machine is no reason to fail."""
    monkeypatch.setattr(proof, "prove", lambda: browser(within=60))

    code, found = of_browser()

    assert (0, "ok") == (code, found["verdict"])
    assert "starts and draws a page" in found["what"]


@pytest.mark.browser
def test_a_browser_that_is_not_there(well, proves, of_browser, monkeypatch, tmp_path):
    """The one that was named, not another that happens to be installed."""
    monkeypatch.setenv("STEADYPOST_CHROMIUM", str(tmp_path / "gone"))

    code, found = of_browser()

    assert (4, "failing") == (code, found["verdict"])
    assert "gone" in found["what"]
    assert "STEADYPOST_CHROMIUM" in found["remedy"]


@pytest.mark.browser
def test_a_browser_that_ends_at_once(well, proves, of_browser, program, monkeypatch):
    """An executable is no browser yet."""
    monkeypatch.setenv("STEADYPOST_CHROMIUM", program("echo no such library >&2; exit 127"))

    code, found = of_browser()

    assert (4, "failing") == (code, found["verdict"])
    assert "no such library" in found["what"]
    assert "by hand" in found["remedy"]


@pytest.mark.browser
def test_a_browser_that_hangs(well, browser, of_browser, program, monkeypatch):
    """The doctor does not wait for it for ever. Of how long it waits only a part is waited here."""
    monkeypatch.setattr(proof, "prove", lambda: browser(within=3))
    monkeypatch.setenv("STEADYPOST_CHROMIUM", program("exec sleep 600"))

    code, found = of_browser()

    assert (4, "failing") == (code, found["verdict"])
    assert "not up" in found["what"]
    assert "by hand" in found["remedy"]
    assert proof.WITHIN <= 15


def test_a_node_that_does_not_start(well, proves, of_browser, program, monkeypatch):
    """What drives the browser lacks a library: the package that brings it is named."""
    said = "node: error while loading shared libraries: libatomic.so.1: cannot open shared object file"
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", program(f"echo '{said}' >&2; exit 127"))

    code, found = of_browser()

    assert (4, "failing") == (code, found["verdict"])
    assert "libatomic.so.1" in found["what"]
    assert "apt-get install libatomic1" == found["remedy"]


def test_what_is_due_and_does_not_move(well, examine):
    """A minute late is a busy minute; ten are a fault."""
    waiting(well, due=datetime.now(UTC) - timedelta(minutes=1))
    assert "ok" == examine()[1]["moving"]

    waiting(well, due=datetime.now(UTC) - timedelta(minutes=10), text="Another one.")
    code, verdicts = examine()
    assert (4, "failing") == (code, verdicts["moving"])


def test_what_came_in_just_now_for_long_ago_is_not_stuck(well, examine, call):
    """Nobody has had the time to take it up."""
    call("add", "Late", "-a", "alice", "-w", "2024-01-01T10:00Z", "--late-within", "never")

    assert "ok" == examine()[1]["moving"]


def test_what_waits_for_a_paused_account_is_told_once(well, examine):
    """The account is the trouble, not each of its posts; a person has to sign in."""
    waiting(well, due=datetime.now(UTC) - timedelta(minutes=10), account="bob")
    until = datetime.now(UTC) + timedelta(hours=1)
    well.write(
        account_rows.pause,
        "bob",
        until=until,
        cause=Cause.SIGNED_OUT,
        why="signed out",
        session_mark="m",
        now=NOW,
    )

    code, verdicts = examine()

    assert (4, "failing", "ok") == (code, verdicts["accounts"], verdicts["moving"])


def test_a_pause_that_ends_by_itself_makes_nobody_ill(well, examine):
    """A limit of the network is not our fault, and passes."""
    until = datetime.now(UTC) + timedelta(hours=1)
    well.write(
        account_rows.pause,
        "bob",
        until=until,
        cause=Cause.RATE_LIMIT,
        why="too many",
        session_mark="",
        now=NOW,
    )

    code, verdicts = examine()

    assert (0, "unknown") == (code, verdicts["accounts"])


def test_a_watch_that_fell_silent(well, examine):
    """A lease is not a heartbeat."""
    well.write(watches.take, "publish", run_id="run", now=datetime.now(UTC) - timedelta(minutes=5))

    code, verdicts = examine()

    assert (4, "failing") == (code, verdicts["on watch"])


@pytest.mark.parametrize(("code", "verdict"), [(200, "ok"), (500, "failing"), (401, "failing")])
def test_prefect_is_asked_over_http(well, examine, prefect, code, verdict):
    """And need not be imported for it."""
    prefect.code = code

    assert examine()[1]["Prefect"] == verdict


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/api", "ftp://x", "http://[", "http://no.such.host.invalid/api"]
)
def test_a_prefect_that_cannot_be_reached(well, examine, monkeypatch, address):
    """Whatever stands in the variable."""
    monkeypatch.setenv("PREFECT_API_URL", address)

    assert "failing" == examine()[1]["Prefect"]


def test_without_an_address_of_prefect_nothing_is_claimed(well, examine, monkeypatch):
    """Not knowing is not failing."""
    monkeypatch.delenv("PREFECT_API_URL")

    code, verdicts = examine()

    assert (0, "unknown") == (code, verdicts["Prefect"])


def test_before_anything_was_started_one_command_is_named(home, call, monkeypatch):
    """A new home: it says what to start, and the same as the last line."""
    monkeypatch.delenv("PREFECT_API_URL", raising=False)

    told = call("doctor")

    assert 4 == told.code
    assert told.out.splitlines()[-1].startswith("Next: start everything with 'steadypost up'")


@pytest.fixture
def starting(home):
    """Somebody has just started everything."""
    home.mkdir(exist_ok=True)
    with lock.alone(home):
        yield


def test_while_up_starts_what_is_not_there_yet_is_no_trouble(starting, call, monkeypatch):
    """No store, no server and no runs on watch: one finding, and the one thing to do is to wait."""
    monkeypatch.delenv("PREFECT_API_URL", raising=False)

    told = call("doctor", "--json")

    assert (0, True) == (told.code, told.json["healthy"])
    [waits] = [one for one in told.json["findings"] if one["verdict"] != "ok"]
    assert ("starting", "unknown") == (waits["check"], waits["verdict"])
    assert "not there yet: store, Prefect" in waits["what"]
    assert waits["remedy"] == told.json["next"]


def test_what_up_has_not_brought_up_after_a_while_is_trouble(starting, home, call, monkeypatch):
    """A start takes minutes, not an hour."""
    long_ago = NOW.timestamp() - 3600
    os.utime(home / lock.LOCK, (long_ago, long_ago))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)

    assert 4 == call("doctor").code


def test_without_an_account_the_next_thing_is_to_set_one_up(empty, prefect, call):
    """Nothing is wrong with a new house."""
    for flow in ("publish", "reconcile"):
        empty.write(watches.take, flow, run_id="run", now=datetime.now(UTC))

    told = call("doctor", "--json")

    assert (0, True) == (told.code, told.json["healthy"])
    assert "set one up: steadypost account add me --channel file" == told.json["next"]


def test_one_runs_for_a_home_and_others_know_since_when(home):
    """While the first holds it, the second is refused; after it, nothing is said to run."""
    home.mkdir()
    with lock.alone(home):
        assert timedelta(0) <= datetime.now(UTC) - lock.started(home) < timedelta(minutes=1)
        with pytest.raises(Stop, match="another 'steadypost up' runs"), lock.alone(home):
            pass

    assert lock.started(home) is None
