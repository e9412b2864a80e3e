"""The sandbox is a process: it says when it is ready, keeps its secrets, and ends when it should."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import threading

import httpx
import pytest

from sandbox.client import SandboxControl, SandboxProcess
from sandbox.process import ROOT, SandboxError

CONTROL_ROUTES = ("/ledger", "/asks", "/counts", "/weather", "/faults", "/error-logs")


def test_the_ready_line_is_also_in_the_state_file_for_its_owner_only(tmp_path):
    """Whoever attaches later finds everything in the state file, and nobody else can read it."""
    path = tmp_path / "x.json"

    with SandboxProcess(accounts=("dora",), state_file=path) as sandbox:
        state = json.loads(path.read_text())
        mode = stat.S_IMODE(path.stat().st_mode)
        attached = SandboxControl(state["control_url"], state["control_token"])

        assert 0o600 == mode
        assert state["url"] == sandbox.url
        assert 0 == attached.counts()["live"]
        assert ["dora"] == [account["handle"] for account in state["accounts"]]


def test_a_session_holds_the_cookies_of_the_real_page(sandbox):
    """A storage state has what the page needs: who, by which token, with which CSRF value."""
    cookies = {cookie["name"]: cookie for cookie in sandbox.accounts["alice"]["cookies"]}

    assert {"auth_token", "ct0", "twid"} <= set(cookies)
    assert cookies["auth_token"]["httpOnly"]
    assert cookies["twid"]["value"] == f"u%3D{sandbox.user_ids['alice']}"


@pytest.mark.parametrize("path", CONTROL_ROUTES)
def test_the_control_port_answers_nobody_without_the_token(sandbox, path):
    """What is tested can not look at the truth."""
    for headers in ({}, {"authorization": "Bearer wrong"}):
        answer = httpx.get(sandbox.control_url + path, headers=headers, trust_env=False)

        assert 401 == answer.status_code


@pytest.mark.parametrize("path", CONTROL_ROUTES)
def test_the_page_port_serves_no_control_route(sandbox, stranger, path):
    """Behind the page's port there is only the page: a control route is one more address without a post."""
    answer = stranger.http.get(path, headers={"authorization": f"Bearer {sandbox.token}"})

    assert "react-root" in answer.text
    assert 405 == stranger.http.post("/hand-post", json={}).status_code


def test_it_ends_at_once_although_an_answer_hangs():
    """Weather that never answers does not keep the process alive."""
    with SandboxProcess(accounts=("alice",)) as sandbox:
        sandbox.weather({"fault": "create_then_hang"})
        cookies = {c["name"]: c["value"] for c in sandbox.accounts["alice"]["cookies"]}

        def ask() -> None:
            with httpx.Client(base_url=sandbox.url, cookies=cookies, trust_env=False) as client:
                body = {"variables": {"tweet_text": "hello"}}
                with contextlib.suppress(httpx.HTTPError):
                    client.post(
                        "/i/api/graphql/q/CreateTweet",
                        json=body,
                        headers={"x-csrf-token": cookies["ct0"]},
                        timeout=20,
                    )

        asking = threading.Thread(target=ask)
        asking.start()
        sandbox.wait_until(lambda s: s.counts()["live"], description="the post is live")

        process = sandbox._process
        sandbox.stop()
        asking.join(30)

    assert process.returncode != -signal.SIGKILL  # asked to end, it ended by itself
    assert not asking.is_alive()


def test_it_ends_with_its_parent():
    """A parent that is gone leaves no sandbox behind: its end of stdin closes."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--exit-with-parent"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    process.stdout.readline()

    process.stdin.close()

    assert 0 == process.wait(5)
    process.stdout.close()


def test_a_signal_ends_it_in_order():
    """SIGINT and SIGTERM are an ordinary end."""
    process = subprocess.Popen([sys.executable, "-m", "sandbox"], cwd=ROOT, stdout=subprocess.PIPE)
    process.stdout.readline()

    os.kill(process.pid, signal.SIGINT)

    assert 0 == process.wait(5)
    process.stdout.close()


def test_a_start_that_fails_says_why():
    """A sandbox that cannot start is an error with the process's own words in it."""
    with SandboxProcess(accounts=("alice",)) as first:
        port = int(first.url.rsplit(":", 1)[1])

        with pytest.raises(SandboxError, match="Address already in use"):
            SandboxProcess(port=port).start()


def test_bad_requests_are_refused_in_words(sandbox):
    """A mistake in a test is told as what it is."""
    with pytest.raises(SandboxError, match="no account 'zoe'"):
        sandbox.hand_post("zoe", "hello")
    with pytest.raises(SandboxError, match="no live post '1'"):
        sandbox.delete("1")
    with pytest.raises(SandboxError, match="needs text"):
        sandbox.call("POST", "/hand-post", {"account": "alice"})


def test_a_revoked_session_is_dead_and_a_new_one_lives(sandbox, alice):
    """Signing in again is the way back, as after a real revocation."""
    sandbox.revoke("alice")
    assert 401 == alice.ask("too late").status_code

    sandbox.accounts["alice"] = sandbox.sign_in("alice")
    fresh = {cookie["name"]: cookie["value"] for cookie in sandbox.accounts["alice"]["cookies"]}
    home = httpx.get(f"{sandbox.url}/home", cookies={"auth_token": fresh["auth_token"]}, trust_env=False)
    assert 200 == home.status_code
