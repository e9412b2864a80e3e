"""``mastodon_mock``: a server with Mastodon's API that nobody here wrote, with real HTTP and SQLite."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

READY_WITHIN = 60.0


@dataclass
class Server:
    """The server, asked past the relay: the truth."""

    url: str

    def statuses(self, handle: str = "alice") -> list[dict]:
        """Every post of an account, the oldest first."""
        with httpx.Client(base_url=self.url, headers=bearer(handle), trust_env=False) as http:
            me = http.get("/api/v1/accounts/verify_credentials").json()["id"]
            found: list[dict] = []
            while True:
                before = {"max_id": found[-1]["id"]} if found else {}
                page = http.get(f"/api/v1/accounts/{me}/statuses", params={"limit": 40, **before}).json()
                if not page:
                    return found[::-1]
                found += page

    def source(self, post: str) -> str:
        """What somebody typed."""
        with httpx.Client(base_url=self.url, headers=bearer("alice"), trust_env=False) as http:
            return http.get(f"/api/v1/statuses/{post}/source").json()["text"]

    def fault(self, rule: dict | None) -> None:
        """Have the server answer otherwise, by its own means; with nothing, as always."""
        faults = f"{self.url}/api/v1/_mock/faults"
        if rule is None:
            httpx.delete(faults, trust_env=False)
        else:
            httpx.post(faults, json=rule, trust_env=False).raise_for_status()

    def reset(self) -> None:
        """Start over."""
        httpx.post(f"{self.url}/api/v1/_mock/reset", trust_env=False).raise_for_status()


def bearer(handle: str) -> dict[str, str]:
    return {"authorization": f"Bearer {handle}_token"}


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


CONFIG = """
[database]
path = {path}

[server]
host = "127.0.0.1"

[seed]
accounts = [
    {{ username = "alice", access_token = "alice_token" }},
    {{ username = "bob", access_token = "bob_token" }},
    {{ username = "dave", domain = "remote.example" }},
]
"""


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """Run a server with its files in a folder."""
    config = folder / "mock.toml"
    config.write_text(CONFIG.format(path=json.dumps(str(folder / "mock.sqlite"))))
    port = _free_port()
    told = folder / "told"
    with told.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "mastodon_mock", "serve", "--config", str(config), "--port", str(port)],
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=folder,
        )
    try:
        yield Server(_ready(f"http://127.0.0.1:{port}", process, told))
    finally:
        process.terminate()
        process.wait(10)


def _ready(url: str, process: subprocess.Popen, told: Path) -> str:
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(f"{url}/api/v2/instance", trust_env=False, timeout=2).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.05)
        else:
            return url
    raise RuntimeError(f"mastodon_mock is not ready: {told.read_text()[-2000:]}")
