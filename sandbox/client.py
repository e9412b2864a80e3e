"""Start a sandbox, or attach to one, and hold its ledger, hands and weather: ``with SandboxProcess() as sandbox:``."""

from __future__ import annotations

import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Self

from sandbox.process import SandboxError, Started, request

Rule = Mapping[str, Any]


class SandboxControl:
    """The control port of a running sandbox."""

    def __init__(self, control_url: str, token: str) -> None:
        self.control_url = control_url.rstrip("/")
        self._token = token

    def call(self, method: str, path: str, body: Any = None, **query: str | None) -> Any:
        """One request to the control port."""
        asked = {name: value for name, value in query.items() if value is not None}
        url = f"{self.control_url}{path}" + (f"?{urllib.parse.urlencode(asked)}" if asked else "")
        return request(method, url, self._token, body)

    # -- the truth

    def ledger(self, account: str | None = None) -> list[dict[str, Any]]:
        """Every post that was ever made, the oldest first; `live` tells which still are."""
        return list(self.call("GET", "/ledger", account=account))

    def live(self, account: str | None = None) -> list[dict[str, Any]]:
        """The posts that are live, the oldest first."""
        return [post for post in self.ledger(account) if post["live"]]

    def asks(self, account: str | None = None) -> list[dict[str, Any]]:
        """Every request that asked for a post, in the order of arrival."""
        return list(self.call("GET", "/asks", account=account))

    def counts(self) -> dict[str, Any]:
        """The sums of both; `copies` lists every text that is live more than once."""
        return dict(self.call("GET", "/counts"))

    def error_logs(self) -> list[dict[str, Any]]:
        """What pages reported about asks that were rejected."""
        return list(self.call("GET", "/error-logs"))

    def sheets(self) -> list[dict[str, Any]]:
        """What was answered to the sheets that came by themselves."""
        return list(self.call("GET", "/sheets"))

    # -- the build of the page

    def build(
        self, variant: str | Mapping[str, str] = "todays", *, seed: int | None = None
    ) -> dict[str, Any]:
        """Ship another build of the page: `random`, `todays`, or choices by axis; what it is made of."""
        body = {"variant": variant} if seed is None else {"variant": variant, "seed": seed}
        return dict(self.call("PUT", "/variant", body))

    def variant(self) -> dict[str, Any]:
        """Today's build."""
        return dict(self.call("GET", "/variant"))

    def axes(self) -> dict[str, Any]:
        """Every axis on which builds differ."""
        return dict(self.call("GET", "/axes"))

    # -- a person's hands

    def hand_post(
        self,
        account: str,
        text: str,
        *,
        reply_to: str | None = None,
        post_id: str | None = None,
        media: Sequence[Mapping[str, Any]] = (),
    ) -> str:
        """Post as a person would from elsewhere; the id of the post. An id of one's own tells its moment.

        Each of `media` is `{"alt", "content"}`, the content in base64; without content it is a dot.
        """
        body = {"account": account, "text": text, "reply_to": reply_to, "id": post_id, "media": list(media)}
        return str(self.call("POST", "/hand-post", body)["id"])

    def hand_again(self, post_id: str, **how: str | None) -> str:
        """Say what a post says once more; `link` replaces its last link, `reply_to` its parent. The id of the copy."""
        return str(self.call("POST", "/hand-again", {"id": post_id, **how})["id"])

    def edit(self, post_id: str, text: str) -> str:
        """Say something else in a post; the id of the new version."""
        return str(self.call("POST", "/edit", {"id": post_id, "text": text})["id"])

    def delete(self, post_id: str) -> None:
        """Take a post down."""
        self.call("POST", "/delete", {"id": post_id})

    def pin(self, account: str, post_id: str | None) -> None:
        """Pin a post to the top of a profile, or with `None` unpin."""
        self.call("POST", "/pin", {"account": account, "id": post_id})

    def repost(self, account: str, post_id: str) -> str:
        """Let an account show another's post; the id of the repost."""
        return str(self.call("POST", "/repost", {"account": account, "id": post_id})["id"])

    def seed(self, account: str, count: int, *, every_s: float = 3600, youngest_s: float = 3600) -> list[str]:
        """Give an account a past; the ids, the youngest first."""
        body = {"account": account, "count": count, "every_s": every_s, "youngest_s": youngest_s}
        return list(self.call("POST", "/seed", body)["ids"])

    def sign_in(self, account: str) -> dict[str, Any]:
        """A new session of an account, as a browser's storage state."""
        return dict(self.call("POST", "/sessions", {"account": account}))

    def revoke(self, account: str) -> None:
        """End every session of an account."""
        self.call("POST", "/sessions/revoke", {"account": account})

    def forget(self) -> None:
        """Start over with the same accounts: no posts, no asks, fair weather."""
        self.call("POST", "/forget", {})

    # -- the clock

    def clock(self) -> dict[str, Any]:
        """Both clocks, in milliseconds: `network_ms` and `host_ms`, with `offset_s` and `drift_ppm`."""
        return dict(self.call("GET", "/clock"))

    def set_clock(self, **how: float) -> dict[str, Any]:
        """Set the network's clock: `offset_s` from the host's, `drift_ppm`, `jump_s` from where it is."""
        return dict(self.call("PUT", "/clock", how))

    # -- the weather

    def weather(self, *rules: Rule) -> list[dict[str, Any]]:
        """Replace the weather by these rules; with none, tell how the rules in force have hit."""
        return list(self.call("PUT", "/weather", list(rules)) if rules else self.call("GET", "/weather"))

    def add_weather(self, *rules: Rule) -> list[dict[str, Any]]:
        """Add rules to those in force."""
        return list(self.call("POST", "/weather", list(rules)))

    def clear_weather(self) -> None:
        """Fair weather."""
        self.call("DELETE", "/weather")

    def faults(self) -> list[dict[str, Any]]:
        """Every fault there is, with its parameters."""
        return list(self.call("GET", "/faults"))

    # -- waiting

    def wait_until(self, what: Callable[[Self], Any], *, description: str, within: float = 10.0) -> Any:
        """Ask again until the answer is true, and return it; say what was waited for if it never is."""
        deadline = time.monotonic() + within
        while not (found := what(self)):
            if time.monotonic() > deadline:
                raise SandboxError(f"{description}: not within {within:g} s")
            time.sleep(0.02)
        return found


class SandboxProcess(Started, SandboxControl):
    """A sandbox of one's own, for a `with` block. It cannot outlive the process that started it."""

    module: ClassVar[str] = "sandbox"

    def __init__(self, **options: Any) -> None:
        Started.__init__(self, **options)
        self.url = ""
        self.accounts: dict[str, dict[str, Any]] = {}
        self.user_ids: dict[str, str] = {}

    @property
    def token(self) -> str:
        """What the control port wants to be shown."""
        return self._token

    def _take_in(self, ready: Mapping[str, Any]) -> None:
        SandboxControl.__init__(self, ready["control_url"], ready["control_token"])
        self.url = ready["url"]
        self.accounts = {account["handle"]: account["storage_state"] for account in ready["accounts"]}
        self.user_ids = {account["handle"]: account["user_id"] for account in ready["accounts"]}
