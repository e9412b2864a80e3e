"""Start a local Mastodon server, or attach to one; its ledger, hands and weather: ``with MastodonProcess() as it:``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from sandbox.client import SandboxControl, SandboxProcess


class MastodonProcess(SandboxProcess):
    """A server of one's own, for a `with` block. It cannot outlive the process that started it."""

    module: ClassVar[str] = "sandbox.mastodon"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.tokens: dict[str, str] = {}
        """An access token of each account."""

    def _take_in(self, ready: Mapping[str, Any]) -> None:
        SandboxControl.__init__(self, ready["control_url"], ready["control_token"])
        self.url = ready["url"]
        self.tokens = {account["handle"]: account["access_token"] for account in ready["accounts"]}
        self.user_ids = {account["handle"]: account["user_id"] for account in ready["accounts"]}

    def new_token(self, account: str, scopes: Sequence[str] = ("read", "write", "profile")) -> str:
        """One more access token of an account."""
        body = {"account": account, "scopes": list(scopes)}
        return str(self.call("POST", "/sessions", body)["access_token"])

    def set_limits(self, **limits: int) -> dict[str, int]:
        """Change what the server allows: `max_characters=100`."""
        return dict(self.call("PUT", "/limits", limits))

    def files(self) -> list[dict[str, Any]]:
        """Every file that was taken, with the post that holds it."""
        return list(self.call("GET", "/media"))

    def hand(self, account: str, text: str, **how: Any) -> str:
        """Post as a person would: `warning`, `visibility`, `reply_to`, `media`, `at_ms`. The id of the post."""
        return str(self.call("POST", "/hand-post", {"account": account, "text": text, **how})["id"])
