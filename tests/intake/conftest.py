"""A store with three accounts, a fixed moment, and drafts that are right until a test bends them."""

import io
from datetime import UTC, datetime

import pytest
from PIL import Image

from steadypost.domain.quota import Limits
from steadypost.intake import Draft, KnownAccount
from steadypost.networks.bluesky import NETWORK as BLUESKY
from steadypost.networks.mastodon import NETWORK as MASTODON
from steadypost.networks.x import NETWORK as X
from steadypost.store import AccountRecord, Store
from steadypost.store import accounts as account_rows

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def known():
    return {
        "alice": KnownAccount(name="alice", network=X),
        "bob": KnownAccount(name="bob", network=X, longest=25_000),
        "mast": KnownAccount(name="mast", network=MASTODON),
        "sky": KnownAccount(name="sky", network=BLUESKY),
        "carol": KnownAccount(name="carol", network=X, limits=Limits(per_hour=2, per_day=10)),
    }


@pytest.fixture
def draft():
    def make(**changes):
        return Draft.model_validate({"text": "A good day.", "accounts": ["alice"], "when": "now", **changes})

    return make


@pytest.fixture
def store(tmp_path, now):
    with Store.create(f"sqlite:///{tmp_path / 'steadypost.db'}") as opened:
        for name in ("alice", "bob", "carol"):
            opened.write(account_rows.put, AccountRecord(name=name, channel="x_web", handle=name), now)
        yield opened


@pytest.fixture
def png(tmp_path):
    """A PNG of one pixel, of any size."""

    def make(name="sun.png", size=200):
        path = tmp_path / name
        drawn = io.BytesIO()
        Image.new("RGB", (1, 1), "gold").save(drawn, "PNG")
        path.write_bytes(drawn.getvalue() + bytes(max(0, size - len(drawn.getvalue()))))
        return path

    return make
