"""A local server for all of these tests, emptied before each; Alice's channel, and orders of hers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.control import DOT
from sandbox.mastodon.client import MastodonProcess
from steadypost.channels.mastodon.api import TOKEN
from steadypost.channels.mastodon.channel import Mastodon
from steadypost.channels.mastodon.knowledge import Knowledge
from steadypost.channels.port import Access, LookRequest, Order
from steadypost.domain.evidence import Sighting
from steadypost.domain.network import Place
from steadypost.domain.outcome import Answer, Outcome, Phase
from steadypost.domain.post import Media, Part
from steadypost.domain.remote_id import RemoteId

KEY = "0123456789abcdef" * 2


@dataclass
class Publisher:
    """A channel with somebody's account, as a worker has it."""

    access: Access
    folder: Path
    channel: Mastodon = field(default_factory=lambda: Mastodon(knowledge=Knowledge()))
    phases: list[Phase] = field(default_factory=list)
    arms: int = 0
    may: bool = True
    seconds: float = 60

    def order(self, *parts: Part | str, key: str = KEY, **more) -> Order:
        told = tuple(Part(text=part) if isinstance(part, str) else part for part in parts)
        keyed_at = more.pop("keyed_at", datetime.now(UTC))
        return Order(parts=told, key=key, keyed_at=keyed_at, **more)

    def ask(self, *parts: Part | str, **more) -> Answer:
        return self.deliver(self.order(*parts, **more))

    def deliver(self, order: Order) -> Answer:
        deadline = time.monotonic() + self.seconds
        return self.channel.ask(
            self.access, order, arm=self.arm, deadline=deadline, progress=self.phases.append
        )

    def one(self, *parts: Part | str, **more) -> Outcome:
        return self.ask(*parts, **more).headline

    def arm(self) -> bool:
        self.arms += 1
        return self.may

    def look(
        self, *, back: timedelta = timedelta(minutes=10), place=Place.REPLIES, post: str | None = None
    ) -> Sighting:
        request = LookRequest(
            place=place, back_to=datetime.now(UTC) - back, post=None if post is None else RemoteId(post)
        )
        return self.channel.look(self.access, request, deadline=time.monotonic() + self.seconds)

    def probe(self):
        return self.channel.probe(self.access, deadline=time.monotonic() + self.seconds)

    def picture(self, alt: str = "A dot", content: bytes = DOT, kind: str = "image/png") -> Media:
        path = self.folder / f"{len(list(self.folder.iterdir()))}.png"
        path.write_bytes(content)
        return Media(path=path, kind=kind, alt=alt)


@pytest.fixture(scope="session")
def mastodon() -> Iterator[MastodonProcess]:
    with MastodonProcess(requests=100_000) as server:
        yield server


@pytest.fixture
def server(mastodon):
    mastodon.forget()
    mastodon.set_clock(offset_s=0)
    mastodon.set_limits(max_characters=500, max_media_attachments=4, key_life_ms=3_600_000)
    return mastodon


def access_of(server, handle: str = "alice", **options) -> Access:
    token = {TOKEN: server.tokens[handle]}
    return Access(account=handle, handle=handle, base_url=server.url, secret=token, options=options)


@pytest.fixture
def alice(server, tmp_path) -> Publisher:
    return Publisher(access_of(server), tmp_path)
