"""``mastodon_mock``: a server with Mastodon's API written elsewhere, with real HTTP and SQLite."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import httpx

from rehearsal.real.relay import Losses, relaying

READY_WITHIN = 60.0


@dataclass
class Server:
    """The server, asked past the relay: the truth."""

    url: str

    def statuses(self, handle: str = "alice") -> list[dict[str, Any]]:
        """Every post of an account, the oldest first."""
        with httpx.Client(base_url=self.url, headers=bearer(handle), trust_env=False) as http:
            me = http.get("/api/v1/accounts/verify_credentials").json()["id"]
            found: list[dict[str, Any]] = []
            while True:
                before = {"max_id": found[-1]["id"]} if found else {}
                page = http.get(f"/api/v1/accounts/{me}/statuses", params={"limit": 40, **before}).json()
                if not page:
                    return found[::-1]
                found += page

    def source(self, post: str, handle: str = "alice") -> str:
        """The text of a post of this account as it was sent."""
        with httpx.Client(base_url=self.url, headers=bearer(handle), trust_env=False) as http:
            return str(http.get(f"/api/v1/statuses/{post}/source").json()["text"])

    def fault(self, rule: dict[str, Any] | None) -> None:
        """Have the server answer otherwise, by its own means; with nothing, as always."""
        faults = f"{self.url}/api/v1/_mock/faults"
        if rule is None:
            httpx.delete(faults, trust_env=False)
        else:
            httpx.post(faults, json=rule, trust_env=False).raise_for_status()

    def reset(self) -> None:
        """Start over."""
        httpx.post(f"{self.url}/api/v1/_mock/reset", trust_env=False).raise_for_status()


def token(handle: str) -> str:
    """The access token of an account."""
    return f"{handle}_token"


def bearer(handle: str) -> dict[str, str]:
    """The header with which an account asks."""
    return {"authorization": f"Bearer {token(handle)}"}


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


CONFIG = """
[database]
path = {path}

[server]
host = "127.0.0.1"

[seed]
accounts = [
{people}    {{ username = "dave", domain = "remote.example" }},
]
"""


@contextmanager
def serving(folder: Path, handles: Sequence[str] = ("alice", "bob")) -> Iterator[Server]:
    """Run a server with its files in a folder."""
    people = "".join(
        f"    {{ username = {json.dumps(one)}, access_token = {json.dumps(token(one))} }},\n"
        for one in handles
    )
    config = folder / "mock.toml"
    config.write_text(CONFIG.format(path=json.dumps(str(folder / "mock.sqlite")), people=people))
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


def _ready(url: str, process: subprocess.Popen[bytes], told: Path) -> str:
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(f"{url}/api/v2/instance", trust_env=False, timeout=2).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.05)
        else:
            return url
    raise RuntimeError(f"mastodon_mock is not ready: {told.read_text()[-2000:]}")


class RealMastodon:
    """The server behind a relay, in the place of the sandbox in a rehearsal."""

    def __init__(self, *, accounts: Sequence[str]) -> None:
        self._handles = tuple(accounts)
        self._open = ExitStack()
        self._losses = Losses(frozenset({"/api/v1/statuses"}))
        self._server: Server | None = None
        self.url = ""
        self.tokens = {one: token(one) for one in accounts}

    def start(self) -> Self:
        """Start it and wait until it answers."""
        folder = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="steadypost-mastodon-")))
        self._server = self._open.enter_context(serving(folder, self._handles))
        relay = self._open.enter_context(relaying(self._server.url))
        relay.losses = self._losses
        self.url = relay.url
        return self

    def stop(self) -> None:
        """End it."""
        self._open.close()

    def weather(self, *rules: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Lose answers by these rules; with none, tell how those in force have struck."""
        return self._losses.weather(*rules)

    def ledger(self) -> list[dict[str, Any]]:
        """Every post of every account, in the form of the sandbox's ledger; pictures are named by their words."""
        server = self._server
        if server is None:
            return []
        return [
            {
                "id": post["id"],
                "author": handle,
                "text": server.source(post["id"], handle),
                "reply_to": post["in_reply_to_id"],
                "media": [{"sha256": f"shows: {one['description']}"} for one in post["media_attachments"]],
                "created_at": _ms(post["created_at"]),
                "ask": post["id"],
                "live": True,
            }
            for handle in self._handles
            for post in server.statuses(handle)
        ]

    def asks(self) -> list[dict[str, Any]]:
        """A real server keeps no list of requests: each post counts as asked for when it was made."""
        return []


def _ms(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp() * 1000
