"""``login``: a person signs an account in, in a window; what is kept is kept as ``account add`` keeps it."""

import json

import pytest

from blocks import XAccount
from steadypost.channels.port import Probe
from steadypost.channels.x_web.login import LoginReport
from steadypost.cli.account import login as room
from steadypost.cli.account import probing
from steadypost.cli.endings import Ending
from steadypost.domain.outcome import Cause
from steadypost.store import accounts as account_rows


def session(token):
    cookies = [
        {"name": name, "value": value, "domain": ".x.com", "path": "/", "expires": -1}
        for name, value in (("auth_token", token), ("ct0", "c" * 32))
    ]
    return {"cookies": cookies, "origins": []}


OLD, NEW = "o" * 40, "n" * 40


@pytest.fixture
def x(shelf):
    """An account of X's page that is set up, with limits of its own."""
    shelf.blocks["alice"] = XAccount(
        handle="alice",
        session=json.dumps(session(OLD)),
        rules_accepted=True,
        rules_accepted_by="Ann",
        per_day=7,
        approved_by="Bob",
    )
    return shelf


@pytest.fixture
def window(monkeypatch):
    """A display, and a person who signs in as they should; what the page is asked for is noted."""
    monkeypatch.setenv("DISPLAY", ":7")
    shown = []

    def watched(_, access, within):
        shown.append((access, within))
        return watched.report

    watched.report = LoginReport(session=session(NEW))
    watched.shown = shown
    monkeypatch.setattr(room, "_watched", watched)
    return watched


@pytest.fixture
def probe(monkeypatch):
    """A test of the account that ends as the test says."""

    def probed(_, name, block, tokens):
        del name, tokens
        probed.token = json.loads(block.session.get_secret_value())["cookies"][0]["value"]
        return probed.found

    probed.found = Probe(well=True, handle="alice")
    monkeypatch.setattr(probing, "probe", probed)
    return probed


def kept(x):
    return json.loads(x.blocks["alice"].session.get_secret_value())["cookies"][0]["value"]


def test_the_new_session_is_tested_and_kept_with_all_else_as_it_was(empty, x, window, probe, call):
    done = call("login", "alice")

    assert (Ending.OK, NEW, NEW) == (done.code, probe.token, kept(x))
    block = x.blocks["alice"]
    assert (7, "Bob", True, "Ann") == (
        block.per_day,
        block.approved_by,
        block.rules_accepted,
        block.rules_accepted_by,
    )
    assert ["alice"] == [one.name for one in empty.read(account_rows.every)]
    [(access, within)] = window.shown
    assert ("alice", "https://x.com", {}, 600) == (access.handle, access.base_url, access.secret, within)
    assert NEW not in done.out + done.err + repr(block)


def test_without_a_display_it_says_what_to_do_instead(empty, x, window, probe, call, monkeypatch):
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    done = call("login", "alice", "--json")

    assert (Ending.REFUSED, "no_display", []) == (done.code, done.json["error"]["kind"], window.shown)
    assert "export its cookies as JSON" in done.json["error"]["remedy"]
    assert OLD == kept(x)


@pytest.mark.parametrize("cause", [Cause.OTHER_ACCOUNT, Cause.DEADLINE, Cause.BROWSER_DIED])
def test_who_was_not_seen_signed_in_is_not_kept(empty, x, window, probe, call, cause):
    window.report = LoginReport(cause=cause, why="signed in as @bob, not as @alice")
    done = call("login", "alice")

    assert (Ending.REFUSED, OLD) == (done.code, kept(x))
    assert "Nothing was kept" in done.err


def test_a_session_that_cannot_publish_is_not_kept(empty, x, window, probe, call):
    probe.found = Probe(well=False, handle="", cause=Cause.SIGNED_OUT, why="the page offers to sign in")
    done = call("login", "alice")

    assert (Ending.REFUSED, OLD) == (done.code, kept(x))
    assert "The session was not kept" in done.err


def test_it_is_for_x_page_alone_and_for_accounts_that_are_there(empty, x, window, call):
    call("account", "add", "me", "--channel", "file")

    assert "reached through file, which needs no browser" in call("login", "me").err
    unknown = call("login", "nobody", "--json")
    assert "steadypost account add nobody --channel x_web" in unknown.json["error"]["remedy"]
    assert [] == window.shown


# -- account add


ANSWERS = ("--set", "rules_accepted=yes", "--set", "rules_accepted_by=Ann", "--set", "handle=alice")


def test_an_account_of_x_page_is_set_up_with_a_session_file(empty, shelf, probe, call, tmp_path):
    file = tmp_path / "session.json"
    file.write_text(json.dumps(session(NEW)))

    done = call("account", "add", "alice", "--channel", "x_web", *ANSWERS, "--set", f"session_file={file}")

    assert (Ending.OK, NEW, True) == (done.code, kept(shelf), shelf.blocks["alice"].rules_accepted)
    assert "permanent suspension" in done.err
    assert NEW not in done.out + done.err


def test_an_account_of_x_page_is_set_up_by_signing_in(empty, shelf, window, probe, call):
    """An empty answer opens the window."""
    done = call("account", "add", "alice", "--channel", "x_web", *ANSWERS, "--set", "session_file=")

    assert (Ending.OK, NEW, 1) == (done.code, kept(shelf), len(window.shown))


def test_a_session_that_is_none_is_refused_without_being_shown(empty, shelf, probe, call, tmp_path):
    file = tmp_path / "session.json"
    file.write_text(json.dumps({"cookies": [{"name": "ct0", "value": NEW, "domain": ".x.com"}]}))
    probe.found = None

    done = call(
        "account", "add", "alice", "--channel", "x_web", *ANSWERS, "--set", f"session_file={tmp_path}/none"
    )

    assert (Ending.USAGE, {}) == (done.code, shelf.blocks)
    assert "name a text file that you may read" in done.err
