"""Start a sandbox of Bluesky, and hold its ledger, its hands and its weather.

```python
with BlueskySandbox() as sandbox:
    sandbox.weather({"fault": "drop_after", "count": 1})
    ...  # a channel at sandbox.url, signed in with sandbox.accounts["alice.test"]
    assert sandbox.counts()["copies"] == []
```
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from sandbox.client import ROOT, START_WITHIN, SandboxError, ended


class BlueskySandbox:
    """A sandbox of one's own, for a `with` block. It cannot outlive the process that started it."""

    def __init__(
        self,
        *,
        accounts: Sequence[str] = ("alice.test", "bob.test"),
        seed: int = 1,
        clock_offset_s: float = 0.0,
    ) -> None:
        self._arguments = [f"--seed={seed}", f"--clock-offset={clock_offset_s}"]
        self._arguments += [f"--account={handle}" for handle in accounts]
        self._process: subprocess.Popen[bytes] | None = None
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self._token = ""
        self.url = ""
        self.second_url = ""
        self.control_url = ""
        self.accounts: dict[str, dict[str, str]] = {}
        """Per handle: its DID and its app password."""

    @property
    def directory(self) -> str:
        """Where it says who lives where: the sandbox is its own directory."""
        return self.url

    def start(self) -> Self:
        """Start it and wait until it says that it is ready."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "sandbox.bluesky", "--exit-with-parent", *self._arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            ready = json.loads(_ready_line(self._process))
        except BaseException:  # also Ctrl-C leaves no server behind
            self.stop()
            raise
        self._token = ready["control_token"]
        self.url, self.second_url = ready["url"], ready["second_url"]
        self.control_url = ready["control_url"]
        self.accounts = {one["handle"]: one for one in ready["accounts"]}
        return self

    def stop(self) -> None:
        """End it, by force if need be."""
        process, self._process = self._process, None
        if process is not None:
            ended(process)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # --- the control port

    def call(self, name: str, /, **body: Any) -> Any:
        """Do one thing at the control port."""
        request = urllib.request.Request(  # noqa: S310 - always our own http address
            f"{self.control_url}/{name}",
            data=json.dumps(body).encode(),
            headers={"authorization": f"Bearer {self._token}"},
        )
        try:
            with self._opener.open(request, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                raise SandboxError(f"{name}: {error.read().decode(errors='replace')}") from error

    def ledger(self, account: str | None = None) -> list[dict[str, Any]]:
        """Every record that was ever written, the oldest first."""
        return [one for one in self.call("ledger") if account in {None, one["account"]}]

    def live(self, account: str | None = None) -> list[dict[str, Any]]:
        """The records that are live."""
        return [one for one in self.ledger(account) if one["live"]]

    def asks(self, account: str | None = None) -> list[dict[str, Any]]:
        """Every request that asked for a record."""
        return [one for one in self.call("asks") if account in {None, one["account"]}]

    def counts(self) -> dict[str, Any]:
        """The sums; `copies` lists every text that is live more than once."""
        return dict(self.call("counts"))

    def hand_post(self, account: str, text: str, **more: Any) -> dict[str, Any]:
        """Post as a person would from elsewhere; what was written."""
        return dict(self.call("hand_post", account=account, text=text, **more))

    def delete(self, uri: str) -> bool:
        """Take a post down; whether it was there."""
        return bool(self.call("delete", uri=uri))

    def weather(self, *rules: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Replace the weather by these rules; with none, tell how those in force have hit."""
        return list(self.call("weather", rules=list(rules)) if rules else self.call("weather"))

    def clear_weather(self) -> None:
        """Fair weather."""
        self.call("weather", rules=[])

    def set_clock(self, **how: float) -> dict[str, Any]:
        """Set the network's clock: `offset_s`, `drift_ppm`, `jump_s`."""
        return dict(self.call("clock", **how))

    def page(self, name: str, kind: str, content: bytes) -> str:
        """Put up a page of a stranger; its address."""
        return str(self.call("page", name=name, kind=kind, content=content.hex())["url"])

    def forget(self) -> None:
        """Start over with the same accounts."""
        self.call("forget")


def _ready_line(process: subprocess.Popen[bytes]) -> bytes:
    if process.stdout is None:
        raise SandboxError("it has no output to say that it is ready")
    deadline = time.monotonic() + START_WITHIN.total_seconds()
    line = b""
    while not line.endswith(b"\n"):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
            raise SandboxError(f"not ready within {START_WITHIN}")
        piece = os.read(process.stdout.fileno(), 65_536)
        if not piece:
            raise SandboxError("it ended before it was ready")
        line += piece
    return line
