"""Alice, who posts to a Bluesky of her own."""

from __future__ import annotations

import io
import itertools
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from sandbox.bluesky.client import BlueskySandbox
from steadypost.channels.bluesky.channel import Bluesky
from steadypost.channels.bluesky.fetching import Fetcher
from steadypost.channels.bluesky.session import InMemory
from steadypost.channels.confirmed import Confirmed
from steadypost.channels.port import Access, LookRequest, Order
from steadypost.domain.network import Place
from steadypost.domain.post import Media, Part

ALICE = "alice.test"
BOB = "bob.test"


@pytest.fixture(scope="session")
def bluesky_process():
    with BlueskySandbox(accounts=(ALICE, BOB)) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(bluesky_process):
    bluesky_process.forget()
    return bluesky_process


@dataclass
class Person:
    """An account, the channel that posts to it, and what the store would keep."""

    sandbox: BlueskySandbox
    handle: str
    options: dict = field(default_factory=dict)
    tokens: InMemory = field(default_factory=InMemory)
    confirmed: Confirmed = field(default_factory=Confirmed)
    phases: list = field(default_factory=list)
    within: float = 30.0
    wire: object = None
    wait: object = time.sleep

    @property
    def did(self):
        return self.sandbox.accounts[self.handle]["did"]

    @property
    def access(self):
        return Access(
            account="alice",
            handle=self.handle,
            base_url=self.sandbox.url,
            secret={"app_password": self.sandbox.accounts[self.handle]["password"]},
            options={
                "directory": self.sandbox.url,
                "video_service": self.sandbox.video_service,
                "cards": False,
            }
            | self.options,
        )

    def channel(self):
        """Open the channel anew, as every attempt does."""
        return Bluesky(
            tokens=self.tokens,
            confirmed=self.confirmed,
            fetcher=Fetcher(allowed=lambda ip, _: ip.is_loopback),
            wire=self.wire,
            wait=self.wait,
        )

    def ask(self, order, *, arm=lambda: True, channel=None, within=None):
        """Ask once."""
        deadline = time.monotonic() + (within or self.within)
        return (channel or self.channel()).ask(
            self.access, order, arm=arm, deadline=deadline, progress=self.phases.append
        )

    def look(self, place=Place.NAMED, **how):
        """Look once."""
        request = LookRequest(place=place, back_to=how.pop("back_to", datetime.now(UTC)), **how)
        return self.channel().look(self.access, request, deadline=time.monotonic() + self.within)

    def look_for(self, order):
        """Look for every part of an order by its name."""
        return self.look(names=names(order))


def names(order):
    return tuple(order.name(n) for n in range(len(order.parts)))


def order(*texts, **more):
    """Give an order for these texts, of a delivery of its own."""
    parts = tuple(text if isinstance(text, Part) else Part(text=text) for text in texts)
    now = datetime.now(UTC)
    keyed_at = now.replace(microsecond=now.microsecond // 1000 * 1000)
    return Order(**{"parts": parts, "key": secrets.token_hex(16), "keyed_at": keyed_at} | more)


@pytest.fixture
def alice(sandbox):
    return Person(sandbox, ALICE)


@pytest.fixture
def picture(tmp_path):
    """Draw a picture into a file: every one another."""
    numbers = itertools.count()

    def draw(width=64, height=48, *, alt="a map", noise=False, **how):
        n = next(numbers)
        drawn = (
            Image.effect_noise((width, height), 90).convert("RGB")
            if noise
            else Image.new("RGB", (width, height), (n * 40 % 256, 90, 160))
        )
        path = Path(tmp_path) / f"{n}.jpg"
        out = io.BytesIO()
        drawn.save(out, "JPEG", quality=95, **how)
        path.write_bytes(out.getvalue())
        return Media(path=path, kind="image/jpeg", alt=alt)

    return draw
