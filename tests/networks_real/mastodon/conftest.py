"""An independent Mastodon server (``mastodon_mock``), and a relay before it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from rehearsal.real.mastodon import Server, serving
from rehearsal.real.relay import Relay, relaying
from sandbox.control import DOT
from steadypost.channels.mastodon.api import TOKEN
from steadypost.channels.mastodon.channel import Mastodon
from steadypost.channels.mastodon.knowledge import Knowledge
from steadypost.channels.port import Access, LookRequest, Order
from steadypost.domain.network import Place
from steadypost.domain.outcome import Answer
from steadypost.domain.post import Media, Part

ASK = "/api/v1/statuses"


@pytest.fixture(scope="session")
def mock(tmp_path_factory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("mastodon")) as server:
        yield server


@pytest.fixture
def server(mock) -> Server:
    mock.reset()
    return mock


@pytest.fixture
def relay(server) -> Iterator[Relay]:
    with relaying(server.url) as relay:
        yield relay


@dataclass
class Publisher:
    """Alice's channel, through the relay."""

    access: Access
    folder: Path
    channel: Mastodon = field(default_factory=lambda: Mastodon(knowledge=Knowledge()))
    files: Iterator[int] = field(default_factory=itertools.count)

    def order(self, *parts: Part | str, **more) -> Order:
        told = tuple(Part(text=part) if isinstance(part, str) else part for part in parts)
        return Order(parts=told, key=uuid4().hex, keyed_at=datetime.now(UTC), **more)

    def ask(self, order: Order) -> Answer:
        deadline = time.monotonic() + 90
        return Mastodon(knowledge=Knowledge()).ask(
            self.access, order, arm=lambda: True, deadline=deadline, progress=lambda _: None
        )

    def look(self, back_to: datetime | None = None, *, place: Place = Place.REPLIES, post: str | None = None):
        request = LookRequest(
            place=place, back_to=back_to or datetime.now(UTC) - timedelta(minutes=10), post=post
        )
        return self.channel.look(self.access, request, deadline=time.monotonic() + 60)

    def picture(self, alt: str) -> Media:
        path = self.folder / f"{next(self.files)}.png"
        path.write_bytes(DOT)
        return Media(path=path, kind="image/png", alt=alt)


@pytest.fixture
def alice(relay, tmp_path) -> Publisher:
    secret = {TOKEN: "alice_token"}
    return Publisher(Access(account="alice", handle="alice", base_url=relay.url, secret=secret), tmp_path)
