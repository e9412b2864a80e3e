"""A real server that nobody here wrote, and a relay in front of it that cuts lines."""

from __future__ import annotations

import json
import os
import select
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent.parent
MODULES = ROOT / "var" / "networks" / "bluesky" / "node_modules"


def why_not() -> str | None:
    """Say why the real server cannot be started here; ``None`` when it can."""
    if shutil.which("node") is None:
        return "Node is not installed: a real Bluesky server needs version 20 of it"
    if not (MODULES / "@atproto" / "dev-env" / "package.json").exists():
        return "Bluesky's server is not installed: make test-networks installs it"
    return None


def node(script: str, **how) -> subprocess.Popen:
    """Start one of the scripts beside this file."""
    return subprocess.Popen(
        ["node", str(HERE / script)],
        env={**os.environ, "NODE_PATH": str(MODULES)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        **how,
    )


class RealServer:
    """A PDS and a PLC directory in a process of their own."""

    def __init__(self) -> None:
        self._process = node("server.js", stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            ready = self._ready(within=240)
        except BaseException:
            self.stop()
            raise
        self.pds, self.plc = ready["pds"], ready["plc"]

    def _ready(self, within: float) -> dict:
        ends = time.monotonic() + within
        seen = b""
        while time.monotonic() < ends:
            if select.select([self._process.stdout], [], [], 0.5)[0]:
                piece = os.read(self._process.stdout.fileno(), 65_536)
                if not piece:
                    raise RuntimeError("the server ended before it was ready")
                seen += piece
            for line in seen.splitlines():
                if b'"ready":true' in line:
                    return json.loads(line)
        raise RuntimeError(f"the server was not ready within {within:g} s")

    def stop(self) -> None:
        """End it."""
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def xrpc(self, method: str, body=None, token: str = "", **params) -> dict:
        """Ask it something, beside everything that is tested."""
        query = "&".join(f"{name}={value}" for name, value in params.items())
        request = urllib.request.Request(  # noqa: S310 - our own server's address
            f"{self.pds}/xrpc/{method}?{query}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"}
            | ({"authorization": f"Bearer {token}"} if token else {}),
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - the same
            return json.loads(answer.read() or b"{}")

    def account(self, handle: str) -> dict:
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

    def posts(self, did: str) -> list[dict]:
        """List every post of an account, the first one first."""
        found: list[dict] = []
        cursor = ""
        while True:
            more = {"cursor": cursor} if cursor else {}
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
            return answer.read()


class Relay:
    """Passes requests on, and cuts lines: before the server sees a request, or after it answered.

    ``cut`` decides for each request by its head: ``None``, ``"before"`` or ``"after"``.
    """

    def __init__(self, target: str) -> None:
        host, _, port = target.removeprefix("http://").partition(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.cut: Callable[[str], str | None] = lambda _: None
        self.cuts: list[tuple[str, str]] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take no more requests."""
        self._listener.close()

    def _run(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with line:
            request, head = _whole(line)
            if not head:
                return
            cut = self.cut(head)
            if cut is not None:
                self.cuts.append((cut, head.partition("\r\n")[0]))
            if cut == "before":
                return
            with socket.create_connection(self._target, timeout=60) as server:
                server.sendall(request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
                answer = _all(server)
            if cut is None:
                line.sendall(answer)


def _whole(line: socket.socket) -> tuple[bytes, str]:
    """Read one request to its end."""
    seen = b""
    while b"\r\n\r\n" not in seen:
        piece = line.recv(65_536)
        if not piece:
            return b"", ""
        seen += piece
    head, _, body = seen.partition(b"\r\n\r\n")
    lengths = [one for one in head.lower().split(b"\r\n") if one.startswith(b"content-length:")]
    length = int(lengths[0].partition(b":")[2]) if lengths else 0
    while len(body) < length:
        piece = line.recv(65_536)
        if not piece:
            return b"", ""
        body += piece
    clean = b"\r\n".join(one for one in head.split(b"\r\n") if not one.lower().startswith(b"connection:"))
    return clean + b"\r\n\r\n" + body, head.decode("latin-1")


def _all(server: socket.socket) -> bytes:
    seen = b""
    while piece := server.recv(65_536):
        seen += piece
    return seen
