"""Start a sandbox of Bluesky, and hold its ledger, its hands and its weather: ``with BlueskySandbox() as sandbox:``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from sandbox.process import Started, request


class BlueskySandbox(Started):
    """A sandbox of one's own, for a `with` block."""

    module: ClassVar[str] = "sandbox.bluesky"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._token = ""
        self.url = ""
        self.second_url = ""
        self.video_service = ""
        self.control_url = ""
        self.accounts: dict[str, dict[str, str]] = {}
        """Per handle: its DID and its app password."""

    @property
    def directory(self) -> str:
        """Where it says who lives where: the sandbox is its own directory."""
        return self.url

    def _take_in(self, ready: Mapping[str, Any]) -> None:
        self._token, self.control_url = ready["control_token"], ready["control_url"]
        self.url, self.second_url = ready["url"], ready["second_url"]
        self.video_service = ready["video_url"]
        self.accounts = {one["handle"]: one for one in ready["accounts"]}

    # --- the control port

    def call(self, name: str, /, **body: Any) -> Any:
        """Do one thing at the control port."""
        return request("POST", f"{self.control_url}/{name}", self._token, body)

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
