"""The requests to a server, each as one call: what is asked for, and what was heard."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from steadypost.channels.pictures import Prepared
from steadypost.channels.port import Access
from steadypost.channels.wire import Heard, Wire
from steadypost.domain import clock
from steadypost.domain.clock import Offset

TOKEN = "access_token"  # noqa: S105 - the name of the field, and no token
"""Where an account's secret holds its access token."""

AGENT = "Steadypost"

STEP = 15.0
"""Seconds for an answer to whatever only reads."""

UPLOAD = 60.0
"""Seconds for a server to take a file."""

PAGE = 40
"""How many posts a server gives at once, at the most."""


class Api:
    """One account on its server. Every call is one request, sent once."""

    def __init__(self, access: Access, *, deadline: float, now: clock.Clock) -> None:
        self._deadline = deadline
        self.sign_in = f"{access.base_url} {access.handle} {access.secret.get(TOKEN, '')}"
        """What tells one sign-in from another. It holds the token."""
        self.known: Offset | None = None
        """How far the server's clock is ahead, as it told before."""
        self._wire = Wire(
            access.base_url,
            headers={
                "authorization": f"Bearer {access.secret.get(TOKEN, '')}",
                "accept": "application/json",
                "user-agent": AGENT,
            },
            now=now,
        )

    @property
    def offset(self) -> Offset | None:
        """How far the server's clock is ahead, by the most exact of its answers so far."""
        return self._wire.offset or self.known

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return self._deadline - time.monotonic()

    def instance(self) -> Heard:
        """Ask what the server allows."""
        return self._get("/api/v2/instance")

    def account(self) -> Heard:
        """Ask whose token this is."""
        return self._get("/api/v1/accounts/verify_credentials")

    def app(self) -> Heard:
        """Ask what the program that got this token may do."""
        return self._get("/api/v1/apps/verify_credentials")

    def statuses(self, account: str, *, before: str | None = None) -> Heard:
        """Read one page of an account's posts and boosts, the newest first."""
        params: dict[str, Any] = {"limit": PAGE}
        if before is not None:
            params["max_id"] = before
        return self._get(f"/api/v1/accounts/{account}/statuses", params)

    def status(self, post: str) -> Heard:
        """Read one post at its own address."""
        return self._get(f"/api/v1/statuses/{post}")

    def context(self, post: str) -> Heard:
        """Read what is above and below a post."""
        return self._get(f"/api/v1/statuses/{post}/context")

    def history(self, post: str) -> Heard:
        """Read what a post said before it was edited, the first version first."""
        return self._get(f"/api/v1/statuses/{post}/history")

    def upload(self, file: Prepared, description: str) -> Heard:
        """Hand in a file with its description."""
        data = {"description": description} if description else {}
        return self._wire.send(
            "POST",
            "/api/v2/media",
            deadline=self._by(UPLOAD),
            files={"file": (file.name, file.content, file.kind)},
            data=data,
        )

    def media(self, name: str) -> Heard:
        """Ask whether a file is processed."""
        return self._get(f"/api/v1/media/{name}")

    def create(self, body: Mapping[str, Any], *, key: str, within: float) -> Heard:
        """Ask for a post: the one request that may cause one."""
        return self._wire.send(
            "POST",
            "/api/v1/statuses",
            deadline=self._by(within),
            json=body,
            headers={"idempotency-key": key},
        )

    def delete(self, post: str) -> Heard:
        """Ask for a post to be taken down. What is gone already is answered 404."""
        return self._wire.send("DELETE", f"/api/v1/statuses/{post}", deadline=self._by(STEP))

    def _get(self, path: str, params: Mapping[str, Any] | None = None) -> Heard:
        return self._wire.send("GET", path, deadline=self._by(STEP), params=params)

    def _by(self, within: float) -> float:
        return min(self._deadline, time.monotonic() + within)
