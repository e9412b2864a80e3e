"""X's API as the channel meets it: the sandbox, its accounts, and a channel opened for one attempt."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from sandbox.x_api import XApiSandbox
from steadypost.channels.port import Access, LookRequest, Means, Order
from steadypost.channels.x_api.channel import XApi
from steadypost.channels.x_api.line import Memory
from steadypost.domain.network import Place
from steadypost.domain.post import Media, Part
from steadypost.domain.token import Token
from tests.videos import video

KEY = "0123456789abcdef" * 2


class Tokens:
    """A place for tokens, in memory. The store's own is held by its own tests."""

    def __init__(self) -> None:
        self.kept: dict[str, Token] = {}

    def current(self, account):
        return self.kept.get(account)

    def refresh(self, account, using, now, *, stale=None, patience=None):
        kept = self.kept.get(account)
        if kept is not None and stale is not None and kept != stale:
            return kept
        self.kept[account] = using(kept)
        return self.kept[account]


class Alice:
    """Alice's account, and what one does with it."""

    def __init__(self, sandbox: XApiSandbox, home) -> None:
        self.sandbox = sandbox
        self.memory = Memory()
        self.tokens = Tokens()
        self.secret = sandbox.keys("alice")
        self.options: dict[str, str | bool] = {}
        self.handle = "alice"
        self.home = home
        self.phases = []
        self.waits = []

    def channel(self) -> XApi:
        means = Means(browser=contextlib.nullcontext, home=self.home, tokens=self.tokens)
        return XApi(means, memory=self.memory, wait=self.waits.append)

    def access(self) -> Access:
        return Access(
            account="alice",
            handle=self.handle,
            base_url=self.sandbox.url,
            secret=self.secret,
            options=self.options,
        )

    def asks(self, *parts, first=0, live=(), reply_to=None, arm=lambda: True, within=60.0):
        order = Order(
            parts=tuple(Part(text=one) if isinstance(one, str) else one for one in parts),
            key=KEY,
            keyed_at=datetime.now(UTC),
            first=first,
            live=live,
            reply_to=reply_to,
        )
        return self.channel().ask(
            self.access(), order, arm=arm, deadline=time.monotonic() + within, progress=self.phases.append
        )

    def asks_one(self, part="Good morning", **how):
        [outcome] = self.asks(part, **how).outcomes
        return outcome

    def looks(self, place=Place.REPLIES, *, back=timedelta(minutes=5), post=None):
        request = LookRequest(place=place, back_to=datetime.now(UTC) - back, post=post)
        return self.channel().look(self.access(), request, deadline=time.monotonic() + 40)

    def probes(self):
        return self.channel().probe(self.access(), deadline=time.monotonic() + 40)


@pytest.fixture
def sandbox():
    """X's API in fair weather."""
    with XApiSandbox() as running:
        yield running


@pytest.fixture
def alice(sandbox, tmp_path):
    """Alice, signed in with four keys."""
    return Alice(sandbox, tmp_path)


@pytest.fixture
def by_token(sandbox, tmp_path):
    """Alice, signed in by OAuth 2.0."""
    made = Alice(sandbox, tmp_path)
    made.secret = sandbox.grant("alice")
    return made


@pytest.fixture
def picture(tmp_path):
    """A file of its kind; a video has so many bytes, and notes where they are given."""

    def make(size=1000, *, kind="image/png", alt="Dawn over the harbour", name="dawn.png", **notes):
        path = tmp_path / name
        if kind.startswith("image/"):
            Image.effect_noise((40, 30), 90).save(path, kind.removeprefix("image/"))
        else:
            path.write_bytes(video(size=size, **notes))
        return Media(path=path, kind=kind, alt=alt)

    return make
