"""A PDS and its directory written elsewhere: Bluesky's own development servers, in memory."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from rehearsal.real.relay import Losses, relaying

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
MODULES = ROOT / "var" / "networks" / "bluesky" / "node_modules"


def why_not() -> str | None:
    """Say why the real server cannot be started here; ``None`` when it can."""
    if shutil.which("node") is None:
        return "Node is not installed: a real Bluesky server needs version 20 of it"
    if not (MODULES / "@atproto" / "dev-env" / "package.json").exists():
        return "Bluesky's server is not installed: make test-networks installs it"
    return None


def node(script: Path, **how: Any) -> subprocess.Popen[bytes]:
    """Start a script that uses Bluesky's packages."""
    return subprocess.Popen(
        ["node", str(script)],
        env={**os.environ, "NODE_PATH": str(MODULES)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        **how,
    )


class RealServer:
    """A PDS and a PLC directory in a process of their own."""

    def __init__(self) -> None:
        self._process = node(HERE / "bluesky.js", stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            ready = self._ready(within=240)
        except BaseException:  # also Ctrl-C leaves no server behind
            self.stop()
            raise
        self.pds, self.plc = ready["pds"], ready["plc"]

    def _ready(self, within: float) -> dict[str, str]:
        ends = time.monotonic() + within
        seen = b""
        out = self._process.stdout
        while out is not None and time.monotonic() < ends:
            if select.select([out], [], [], 0.5)[0]:
                piece = os.read(out.fileno(), 65_536)
                if not piece:
                    raise RuntimeError("the server ended before it was ready")
                seen += piece
            for line in seen.splitlines():
                if b'"ready":true' in line:
                    return dict(json.loads(line))
        raise RuntimeError(f"the server was not ready within {within:g} s")

    def stop(self) -> None:
        """End it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def xrpc(
        self, method: str, body: Mapping[str, Any] | None = None, token: str = "", **params: object
    ) -> dict[str, Any]:
        """Ask it something, beside everything that is tested."""
        query = "&".join(f"{name}={value}" for name, value in params.items())
        request = urllib.request.Request(  # noqa: S310 - our own server's address
            f"{self.pds}/xrpc/{method}?{query}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"}
            | ({"authorization": f"Bearer {token}"} if token else {}),
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - the same
            return dict(json.loads(answer.read() or b"{}"))

    def account(self, handle: str) -> dict[str, str]:
        """Open an account: its DID, its handle and an app password."""
        body = {"handle": handle, "email": f"{handle}@example.test", "password": "the-main-password"}
        made = self.xrpc("com.atproto.server.createAccount", body)
        app = self.xrpc("com.atproto.server.createAppPassword", {"name": "steadypost"}, made["accessJwt"])
        return {
            "did": made["did"],
            "handle": handle,
            "password": app["password"],
            "access": made["accessJwt"],
        }

    def posts(self, did: str) -> list[dict[str, Any]]:
        """List every post of an account, the first one first."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            more: dict[str, Any] = {"cursor": cursor} if cursor else {}
            told = self.xrpc(
                "com.atproto.repo.listRecords",
                repo=did,
                collection="app.bsky.feed.post",
                limit=100,
                reverse="true",
                **more,
            )
            found += told["records"]
            cursor = told.get("cursor", "")
            if len(told["records"]) < 100:
                return found

    def blob(self, did: str, cid: str) -> bytes:
        """Read an uploaded file back."""
        url = f"{self.pds}/xrpc/com.atproto.sync.getBlob?did={did}&cid={cid}"
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - the same
            return bytes(answer.read())


WRITES = frozenset({"/xrpc/com.atproto.repo.createRecord", "/xrpc/com.atproto.repo.putRecord",
                    "/xrpc/com.atproto.repo.applyWrites"})  # fmt: skip
"""What makes a post."""


class RealBluesky:
    """The servers behind relays, in the place of the sandbox in a rehearsal."""

    def __init__(self, *, accounts: Sequence[str]) -> None:
        self._handles = tuple(accounts)
        self._open = ExitStack()
        self._losses = Losses(WRITES)
        self._server: RealServer | None = None
        self.url = ""
        self.directory = ""
        self.video_service = ""
        """The server itself, which takes none: there is no service of this kind to run here."""
        self.accounts: dict[str, dict[str, str]] = {}
        """Per handle: its DID and its app password."""

    def start(self) -> Self:
        """Start them, and open the accounts."""
        server = self._server = RealServer()
        self._open.callback(server.stop)
        relay = self._open.enter_context(relaying(server.pds))
        relay.losses = self._losses
        directory = self._open.enter_context(relaying(server.plc))
        # The directory says where an account lives; a client that believed it would go past the relay.
        directory.replaced = {server.pds.encode(): relay.url.encode()}
        self.url, self.directory, self.video_service = relay.url, directory.url, relay.url
        self.accounts = {handle: server.account(handle) for handle in self._handles}
        return self

    def stop(self) -> None:
        """End them."""
        self._open.close()

    def weather(self, *rules: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Lose answers by these rules; with none, tell how those in force have struck."""
        return self._losses.weather(*rules)

    def ledger(self) -> list[dict[str, Any]]:
        """Every post of every account, in the form of the sandbox's ledger."""
        server = self._server
        return [
            {
                "uri": post["uri"],
                "account": handle,
                "record": post["value"],
                "made_ms": datetime.fromisoformat(post["value"]["createdAt"]).timestamp() * 1000,
                "by": "us",
                "live": True,
            }
            for handle, one in self.accounts.items()
            for post in (server.posts(one["did"]) if server is not None else ())
        ]

    def asks(self) -> list[dict[str, Any]]:
        """A real server keeps no list of requests: each post counts as asked for when it was made."""
        return []
