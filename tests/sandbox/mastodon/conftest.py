"""One server for all of these tests, emptied before each, and people with tokens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from sandbox.mastodon.client import MastodonProcess


@dataclass
class Person:
    """Somebody with a client."""

    http: httpx.Client
    user_id: str

    def post(self, text: str = "Hello", *, key: str | None = None, **more) -> httpx.Response:
        headers = {} if key is None else {"idempotency-key": key}
        return self.http.post("/api/v1/statuses", json={"status": text, **more}, headers=headers)

    def upload(self, content: bytes, description: str | None = None) -> httpx.Response:
        data = {} if description is None else {"description": description}
        return self.http.post("/api/v2/media", files={"file": ("a", content)}, data=data)

    def media(self, name: str) -> httpx.Response:
        return self.http.get(f"/api/v1/media/{name}")

    def list(self, **params) -> httpx.Response:
        return self.http.get(f"/api/v1/accounts/{self.user_id}/statuses", params=params)

    def texts(self, **params) -> list[str]:
        return [one["content"] for one in self.list(**params).json()]


@pytest.fixture(scope="session")
def running() -> Iterator[MastodonProcess]:
    with MastodonProcess() as server:
        yield server


@pytest.fixture
def server(running):
    running.forget()
    running.set_clock(offset_s=0)
    running.set_limits(
        max_characters=500, max_media_attachments=4, description_limit=1500, key_life_ms=3_600_000
    )
    return running


@pytest.fixture
def alice(server) -> Iterator[Person]:
    headers = {"authorization": f"Bearer {server.tokens['alice']}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=20, trust_env=False) as http:
        yield Person(http, server.user_ids["alice"])
