"""Start a sandbox of X's API, and hold its ledger, hands and weather: ``with XApiProcess(accounts=("alice",)):``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from sandbox.client import SandboxControl, SandboxProcess


class XApiProcess(SandboxProcess):
    """A sandbox of one's own, for a `with` block. It cannot outlive the process that started it."""

    module: ClassVar[str] = "sandbox.x_api"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.keys: dict[str, dict[str, str]] = {}
        """The four keys of each account (OAuth 1.0a)."""

    def _take_in(self, ready: Mapping[str, Any]) -> None:
        SandboxControl.__init__(self, ready["control_url"], ready["control_token"])
        self.url = ready["url"]
        self.keys = {handle: dict(one["keys"]) for handle, one in ready["accounts"].items()}
