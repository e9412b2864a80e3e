"""The sandbox of X's API as a process: it says where it is, obeys its control port, and ends with who started it."""

from __future__ import annotations

import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from sandbox.process import ROOT, SandboxError
from sandbox.x_api.client import XApiProcess


@pytest.fixture(scope="module")
def process():
    with XApiProcess(accounts=("dora",)) as running:
        yield running


@pytest.fixture
def sandbox(process):
    process.forget()
    process.clear_weather()
    return process


def test_the_ledger_tells_what_a_hand_made(sandbox):
    made = sandbox.hand_post("dora", "Hello")

    [told] = sandbox.ledger()
    assert (made, "dora", "Hello", True, True) == (
        told["id"],
        told["account"],
        told["text"],
        told["live"],
        told["by_hand"],
    )
    assert [] == sandbox.asks()
    sandbox.delete(made)
    assert [] == sandbox.live()


def test_what_is_live_twice_is_counted(sandbox):
    for _ in range(2):
        sandbox.hand_post("dora", "Hello")

    assert [{"account": "dora", "text": "Hello", "live": 2}] == sandbox.counts()["copies"]


def test_weather_is_put_told_and_cleared(sandbox):
    [rule] = sandbox.weather({"fault": "lost_after", "count": 1})
    assert ("lost_after", 0) == (rule["fault"], rule["hits"])

    sandbox.clear_weather()

    assert [] == sandbox.weather()


def test_what_cannot_be_meant_is_refused_in_words(sandbox):
    with pytest.raises(SandboxError, match="there is no fault 'hail'"):
        sandbox.weather({"fault": "hail"})
    with pytest.raises(SandboxError, match="/nowhere"):
        sandbox.call("GET", "/nowhere")


def test_nobody_is_answered_without_the_token(sandbox):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{sandbox.control_url}/ledger", timeout=10)  # noqa: S310 - our own http address

    refused.value.close()
    assert 401 == refused.value.code


def test_it_ends_when_whoever_started_it_is_gone():
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox.x_api", "--account", "dora", "--exit-with-parent"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout.readline()
        process.stdin.close()
        assert 0 == process.wait(20)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
