"""``make up``: everything can be looked at, and Ctrl-C leaves nothing behind."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import psutil
import pytest

from rehearsal.stack import MARK, ROOT

pytestmark = [pytest.mark.browser, pytest.mark.prefect, pytest.mark.slow, pytest.mark.timeout(600)]


def answer(url):
    """Ask an address; say its code and what it says."""
    try:
        with urllib.request.urlopen(url, timeout=10) as said:  # noqa: S310 - our own http address
            return said.status, said.read()
    except urllib.error.HTTPError as said:
        return said.code, said.read()


def below(folder):
    """Find every process that works below this folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("STEADYPOST_HOME", "").startswith(str(folder)):
                found.append(process)
        except psutil.Error:
            continue
    return [process for process in found if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


def test_everything_can_be_looked_at_and_ends(tmp_path, wait_until):
    """Prefect's pages, every network, metrics and health answer at the addresses it names; then it is told to end."""
    said = tmp_path / "said.txt"
    env = {name: value for name, value in os.environ.items() if name != MARK}
    with said.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "rehearsal.up"],
            cwd=tmp_path,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**env, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        )
        try:
            wait_until(
                lambda: "Everything is running" in said.read_text() or process.poll() is not None,
                description="everything is running",
                within=480,
            )
            assert process.poll() is None, said.read_text()
            urls = re.findall(r"http://127\.0\.0\.1:\d+[/\w-]*", said.read_text())
            prefect, _, board, page, *timelines, metrics, health = urls
            assert 200 == answer(prefect)[0]
            # By its own number as soon as it is written.
            assert board.startswith(
                (f"{prefect}/artifacts/key/steadypost-board", f"{prefect}/artifacts/artifact/")
            )
            assert 200 == answer(page)[0]
            assert ["x_api", "mastodon", "bluesky"] == [url.rpartition("/")[2] for url in timelines]
            assert [200, 200, 200] == [answer(url)[0] for url in timelines]
            for account in ("alice", "bob", "carol", "dora-x", "dora-mastodon", "dora-bluesky"):
                assert account in said.read_text()
            assert b"steadypost_deliveries" in answer(metrics)[1]
            code, told = answer(health)
            # Nobody has looked at everything yet, perhaps; then it says so, and does not call it well.
            assert (code == 200) == (json.loads(told)["status"] == "ok") == (not json.loads(told)["wrong"])
            assert below(tmp_path)
        finally:
            process.send_signal(signal.SIGINT)
            ended = process.wait(60)
    assert 0 == ended
    assert "nothing is left running" in said.read_text()
    assert [] == below(tmp_path)
