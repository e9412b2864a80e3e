"""Start a sandbox of X's API as a process, and hold its ledger, its hands and its weather.

```python
with XApiProcess(accounts=("alice",)) as sandbox:
    sandbox.weather({"fault": "lost_after", "count": 1})
    ...  # a channel at sandbox.url, signed in with sandbox.keys["alice"]
    assert len(sandbox.live("alice")) == 1
```
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from sandbox.client import SandboxControl, SandboxProcess
from sandbox.process import Started


class XApiProcess(SandboxProcess):
    """A sandbox of one's own, for a `with` block. It cannot outlive the process that started it."""

    module: ClassVar[str] = "sandbox.x_api"

    def __init__(
        self,
        *,
        accounts: Sequence[str] = ("alice", "bob"),
        port: int = 0,
        control_port: int = 0,
        latency_ms: float = 0,
        lag_ms: int = 0,
        clock_offset_s: float = 0,
    ) -> None:
        Started.__init__(
            self,
            f"--port={port}",
            f"--control-port={control_port}",
            f"--latency-ms={latency_ms}",
            f"--lag-ms={lag_ms}",
            f"--clock-offset={clock_offset_s}",
            *(f"--account={handle}" for handle in accounts),
        )
        self.keys: dict[str, dict[str, str]] = {}
        """The four keys of each account (OAuth 1.0a)."""

    def _take_in(self, ready: Mapping[str, Any]) -> None:
        SandboxControl.__init__(self, ready["control_url"], ready["control_token"])
        self.url = ready["url"]
        self.keys = {handle: dict(one["keys"]) for handle, one in ready["accounts"].items()}
